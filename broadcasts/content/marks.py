"""Slots on their way through Markdown, MJML and CSS: words that stand for them, and the cut at the end. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from broadcasts.content import links, variables
from broadcasts.content.blocks import Content, to_json
from broadcasts.content.slots import (
    Choice,
    Click,
    Computed,
    Constant,
    Escaped,
    Field,
    Personal,
    Slot,
    Strip,
    Unsubscribe,
    balanced,
    strip,
)
from broadcasts.content.variables import Control, Expression, TemplateError, Variable

UNSUBSCRIBE = "unsubscribe"
"""The variable that is each one's own address for leaving."""
OURS = ("our_company", "our_address", "our_site")
"""Variables that the house fills in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """Who writes."""

    company: str
    address: str = ""
    """Where it can be found: the law asks for it in every mailing."""
    language: str = "en"
    site: str = ""
    """Its site: https://..."""
    color: str = "#1d5fd1"
    """Of buttons and links: # and six hexadecimal digits."""
    public_url: str = ""
    """Under which the world fetches the pictures that we host; empty: nobody can."""

    def __post_init__(self) -> None:
        if re.fullmatch(r"#[0-9a-fA-F]{6}", self.color) is None:
            raise ValueError(f"{self.color!r} is no colour: # and six hexadecimal digits")

    def constants(self) -> dict[str, str]:
        """The house's own variables."""
        return dict(zip(OURS, (self.company, self.address, self.site), strict=True))


class NotCompiled(ValueError):
    """A text is no template. `where`: its place in the JSON; `key` and `detail` as in `TemplateError`."""

    def __init__(self, where: str, error: TemplateError) -> None:
        self.where, self.key, self.detail = where, error.key, error.detail
        super().__init__(f"{where}: {error}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """An address that was met."""

    where: str
    url: str
    """As it is written, with variables in braces."""
    usable: bool
    personal: bool = False
    picture: bool = False


@dataclass(kw_only=True, slots=True)
class Scope:
    """What the texts of one channel share while they are compiled."""

    house: Mapping[str, str]
    defaults: Mapping[str, str]
    utm: tuple[tuple[str, str], ...]
    word: str
    """What marks begin with: nothing in the content does."""
    hosted: Mapping[str, str] = field(default_factory=dict)
    """Name of a picture that we host -> its address."""
    links: dict[str, int] = field(default_factory=dict)
    """Link -> its number."""
    seen: list[Seen] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    """The person's variables that were met."""
    leaves: bool = False
    """Whether a link to unsubscribe was met."""

    @classmethod
    def of(cls, content: Content, house: House) -> Scope:
        """The scope of a content, before any of its texts."""
        word, written = "lwslot", (to_json(content) + repr(house)).lower()
        while word in written:
            word += "q"
        return cls(house=house.constants(), defaults=content.variables, utm=content.utm.pairs(), word=word)


@dataclass(frozen=True, slots=True)
class _Markup:
    """HTML that is put in at the end, past the parsers."""

    text: str


class Marks:
    """The slots of one text; `html` says whether its values are escaped. Raises NotCompiled."""

    def __init__(self, scope: Scope, *, html: bool) -> None:
        self.scope, self.html = scope, html
        self._kept: list[Slot | Control | _Markup] = []
        self._mark = re.compile(rf"{scope.word}(\d+)x")

    def keep(self, kept: Slot | Control | _Markup) -> str:
        """The mark of this slot; what it gives goes into the text as it is."""
        self._kept.append(kept)
        return f"{self.scope.word}{len(self._kept) - 1}x"

    def later(self, markup: str) -> str:
        """The mark of HTML that no parser of ours is to see."""
        return self.keep(_Markup(markup))

    def text(self, source: str, where: str) -> str:
        """The text with marks for its expressions; nothing in it is escaped."""
        try:
            return "".join(one if isinstance(one, str) else self._piece(one) for one in variables.pieces(source))
        except TemplateError as error:
            raise NotCompiled(where, error) from error

    def shown(self, source: str, where: str) -> str:
        """The text with marks, and escaped if this is HTML."""
        marked = self.text(source, where)
        return escape(marked) if self.html else marked

    def _piece(self, piece: Variable | Expression | Control) -> str:
        match piece:
            case Variable(name="unsubscribe"):
                self.scope.leaves = True
                return self.keep(Unsubscribe())
            case Variable(name=name, default=default):
                ours = self.scope.house.get(name)
                if ours is not None:
                    return self.keep(Constant(ours or default or ""))
                self.scope.names.add(name)
                return self.keep(Field(name, default if default is not None else self.scope.defaults.get(name, "")))
            case Expression():
                return self.keep(self._computed(piece))
        return self.keep(piece)

    def _computed(self, expression: Expression) -> Computed:
        if UNSUBSCRIBE in expression.names:
            raise TemplateError("forbidden", expression.source)
        theirs = sorted(expression.names - self.scope.house.keys())
        self.scope.names.update(theirs)
        ours = sorted(expression.names & self.scope.house.keys())
        return Computed(
            variables.code(expression),
            tuple((name, self.scope.defaults.get(name, "")) for name in theirs),
            tuple((name, self.scope.house[name]) for name in ours),
        )

    def url(self, source: str, where: str, *, picture: bool = False) -> str:
        """A mark for the address of a link, or of a picture."""
        return self.link(self.text(source.strip(), where), where, picture=picture)

    def link(self, marked: str, where: str, *, picture: bool = False) -> str:
        """The same, of an address that has marks already."""
        parts = self._parts(marked)
        if all(isinstance(part, Constant) for part in parts):
            url = "".join(part.text for part in parts if isinstance(part, Constant))
            return self.keep(self._fixed(url, where, picture))
        if parts == [Unsubscribe()]:
            return self.keep(self._safe(Unsubscribe()))
        good = not any(isinstance(part, Control | Unsubscribe) for part in parts) and _leads(parts)
        self.scope.seen.append(Seen(where=where, url=_written(parts), usable=good, personal=True, picture=picture))
        slots = tuple(part for part in parts if not isinstance(part, Control))
        found = Personal(slots, () if picture else self.scope.utm, picture)
        return self.keep(self._safe(found if good else Constant(links.UNUSABLE)))

    def _parts(self, marked: str) -> list[Slot | Control]:
        parts: list[Slot | Control] = []
        for at, piece in enumerate(self._mark.split(marked)):
            kept = self._kept[int(piece)] if at % 2 else Constant(piece)
            if isinstance(kept, _Markup) or kept == Constant(""):
                continue
            if parts and isinstance(kept, Constant) and isinstance(before := parts[-1], Constant):
                parts[-1] = Constant(before.text + kept.text)
            else:
                parts.append(kept)
        return parts

    def _fixed(self, url: str, where: str, picture: bool) -> Slot:
        hosted = links.hosted(url) if picture else ""
        good = bool(hosted) or (links.picture(url) if picture else links.usable(url))
        self.scope.seen.append(Seen(where=where, url=url, usable=good, picture=picture))
        if not good:
            return Constant(links.UNUSABLE)
        if hosted:
            url = self.scope.hosted.get(hosted, links.UNUSABLE)
        if picture or not links.on_web(url):
            return self._safe(Constant(url))
        url = links.with_parameters(url, self.scope.utm)
        return self._safe(Click(self.scope.links.setdefault(url, len(self.scope.links)), url))

    def _safe(self, slot: Slot) -> Slot:
        return Escaped(slot) if self.html else slot

    def only_controls(self, marked: str) -> bool:
        """Whether nothing but borders of conditions stands in this text."""
        found = self._parts(marked)
        return bool(found) and all(
            isinstance(part, Control) or (isinstance(part, Constant) and not part.text.strip()) for part in found
        )

    def finish(self, text: str) -> Strip:
        """The text cut at its marks. Raises NotCompiled for a condition that cuts through an element."""
        whole = self._mark.sub(self._put_in, text)
        parts: list[str | Slot | Control] = []
        for at, piece in enumerate(self._mark.split(whole)):
            parts.append(self._final(int(piece)) if at % 2 else piece)
        try:
            made, rest = self._branch(parts, 0)
            if rest != len(parts):
                raise TemplateError("cut", "{% if %}")
        except TemplateError as error:
            raise NotCompiled("", error) from error
        return strip(made)

    def _put_in(self, mark: re.Match[str]) -> str:
        kept = self._kept[int(mark[1])]
        return kept.text if isinstance(kept, _Markup) else mark[0]

    def _final(self, number: int) -> str | Slot | Control:
        kept = self._kept[number]
        match kept:
            case Constant(text=text):
                return escape(text) if self.html else text
            case Escaped(slot=Constant(text=text)):
                return escape(text)
            case Field() | Computed() | Unsubscribe() if self.html:
                return Escaped(kept)
            case _Markup(text=text):
                return text
        return kept

    def _branch(self, parts: list[str | Slot | Control], at: int) -> tuple[list[str | Slot], int]:
        """The parts up to a border that does not open, and where that is."""
        made: list[str | Slot] = []
        while at < len(parts):
            part = parts[at]
            if isinstance(part, Control):
                if part.word != "if":
                    break
                choice, at = self._choice(parts, at)
                made.append(choice)
            else:
                made.append(part)
                at += 1
        return made, at

    def _choice(self, parts: list[str | Slot | Control], at: int) -> tuple[Choice, int]:
        branches: list[tuple[Computed | None, Strip]] = []
        while at < len(parts) and isinstance(border := parts[at], Control) and border.word != "endif":
            made, at = self._branch(parts, at + 1)
            if self.html and not balanced("".join(one for one in made if isinstance(one, str))):
                raise TemplateError("cut", f"{{% {border.word} %}}")
            branches.append((self._computed(border.asked) if border.asked else None, strip(made)))
        if at >= len(parts):
            raise TemplateError("cut", "{% endif %}")
        return Choice(tuple(branches)), at + 1


def _leads(parts: list[Slot | Control]) -> bool:
    """Whether values choose neither scheme nor host, unless one value is the beginning of the address."""
    first, *rest = parts
    if isinstance(first, Constant):
        return links.fixed(first.text)
    return not rest or (isinstance(rest[0], Constant) and rest[0].text[0] in "/?#")


def _written(parts: list[Slot | Control]) -> str:
    return "".join(map(_as_written, parts))


def _as_written(part: Slot | Control) -> str:
    match part:
        case Constant(text=text):
            return text
        case Field(name=name):
            return f"{{{{ {name} }}}}"
    return "{{ ... }}"
