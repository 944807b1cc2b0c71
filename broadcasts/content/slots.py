"""A text that is compiled once and filled in for each person: constant pieces, with slots between them. Pure.

While a text is being made, slots travel through Markdown, MJML and CSS as marks, words that no text holds. At the end
it is cut at the marks. So no value ever meets a parser, and filling in is one join.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Protocol

from broadcasts.content import links
from broadcasts.content.variables import Code
from domain.messages import Woven

LONGEST = 2000
"""Characters of one value; a name of a megabyte is somebody's attempt."""
_HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, those that turn the direction of the text around them, and halves of surrogate pairs."""

Values = Mapping[str, str]


class Urls(Protocol):
    """The addresses that are one recipient's own."""

    @property
    def unsubscribe(self) -> str:
        """The page where they leave."""

    @property
    def open(self) -> str | None:
        """The picture of one pixel that tells of an opened letter; None where that is not asked."""

    def click(self, number: int) -> str | None:
        """The address that leads to the link of this number and tells of it; None for the plain link."""


Slot = Callable[[Values, Urls], str]


def clean(value: str) -> str:
    """A person's value without what could only do harm."""
    value = value[:LONGEST]
    return value if value.isprintable() else _HARMFUL.sub("", value)


@dataclass(frozen=True, slots=True)
class Field:
    """A variable, or what stands for it."""

    name: str
    default: str

    def __call__(self, values: Values, urls: Urls) -> str:
        return clean(values.get(self.name, "")) or self.default


@dataclass(frozen=True, slots=True)
class Computed:
    """An expression over variables."""

    code: Code
    defaults: tuple[tuple[str, str], ...]
    """Each of its variables, with what stands for it."""
    ours: tuple[tuple[str, str], ...] = ()
    """Those that the house fills in."""

    def __call__(self, values: Values, urls: Urls) -> str:
        return str(self._value(values))[:LONGEST]

    def holds(self, values: Values) -> bool:
        """Whether it is so: as a condition."""
        return bool(self._value(values))

    def _value(self, values: Values) -> object:
        given = {name: clean(values.get(name, "")) or other for name, other in self.defaults}
        return self.code({**given, **dict(self.ours)})


@dataclass(frozen=True, slots=True)
class Constant:
    """What is the same for all, and known before."""

    text: str

    def __call__(self, values: Values, urls: Urls) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """The address of the page where this person leaves."""

    def __call__(self, values: Values, urls: Urls) -> str:
        return urls.unsubscribe


@dataclass(frozen=True, slots=True)
class Click:
    """A link of the broadcast's list."""

    number: int
    url: str

    def __call__(self, values: Values, urls: Urls) -> str:
        return urls.click(self.number) or self.url


@dataclass(frozen=True, slots=True)
class Personal:
    """An address with variables in it: values are percent-encoded, and choose neither scheme nor host.

    Only where the whole of it begins with a variable, that one is the address: it is led to if it is a safe one.
    """

    parts: tuple[Slot, ...]
    added: tuple[tuple[str, str], ...]
    picture: bool = False

    def __call__(self, values: Values, urls: Urls) -> str:
        url = ""
        for part in self.parts:
            text = part(values, urls)
            url += text if isinstance(part, Constant) or not url else links.escaped(text, url)
        if not (links.picture(url) if self.picture else links.usable(url)):
            return links.UNUSABLE
        return links.with_parameters(url, self.added)


@dataclass(frozen=True, slots=True)
class Pixel:
    """The picture that tells of an opened letter, or nothing. Markup already."""

    def __call__(self, values: Values, urls: Urls) -> str:
        if not urls.open:
            return ""
        return f'<img src="{escape(urls.open)}" alt="" width="1" height="1" style="display:block;border:0" />'


@dataclass(frozen=True, slots=True)
class Escaped:
    """What another slot gives, as text of HTML or value of an attribute."""

    slot: Slot

    def __call__(self, values: Values, urls: Urls) -> str:
        text = self.slot(values, urls)
        return text if text.isalnum() else escape(text)


@dataclass(frozen=True, slots=True)
class Strip:
    """Constant, slot, constant, ... constant. Each different slot is asked once, however often it stands there."""

    pieces: tuple[str, ...]
    """The constants: one more than places of slots."""
    slots: tuple[Slot, ...]
    order: tuple[int, ...]
    """Which slot stands in the first place, the second, and so on."""

    def __call__(self, values: Values, urls: Urls) -> str:
        return str(self.weave(values, urls)) if self.order else self.pieces[0]

    def weave(self, values: Values, urls: Urls) -> Woven:
        """The text in pieces."""
        found = [slot(values, urls) for slot in self.slots]
        return Woven(self.pieces, tuple([found[slot] for slot in self.order]))


@dataclass(frozen=True, slots=True)
class Choice:
    """The first branch whose condition holds; the condition None always does."""

    branches: tuple[tuple[Computed | None, Strip], ...]

    def __call__(self, values: Values, urls: Urls) -> str:
        for asked, strip in self.branches:
            if asked is None or asked.holds(values):
                return strip(values, urls)
        return ""


def strip(parts: list[str | Slot]) -> Strip:
    """Constants and slots in their order as a strip; neighbouring constants become one."""
    pieces: list[str] = [""]
    slots: dict[Slot, int] = {}
    order: list[int] = []
    for part in parts:
        if isinstance(part, str):
            pieces[-1] += part
            continue
        order.append(slots.setdefault(part, len(slots)))
        pieces.append("")
    return Strip(tuple(pieces), tuple(slots), tuple(order))


_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>]*?(/?)>")
_VOID = frozenset("area base br col hr img input link meta wbr".split())


def balanced(markup: str) -> bool:
    """Whether every element that begins in this piece of HTML ends there, and none else."""
    open_: list[str] = []
    for closing, tag, closed in _TAG.findall(markup):
        name = tag.lower()
        if closed or name in _VOID:
            continue
        if not closing:
            open_.append(name)
        elif not open_ or open_.pop() != name:
            return False
    return not open_
