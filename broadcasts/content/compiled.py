"""A content compiled once per broadcast and channel, and filled in for each person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from broadcasts.content import links
from broadcasts.content.blocks import CHANNELS, Channel, Content, words_of
from broadcasts.content.mail import MailHtml
from broadcasts.content.marks import House, Marks, Scope, Seen
from broadcasts.content.plain import PlainText, Sms
from broadcasts.content.slots import Strip, Urls, Values, clean, strip
from broadcasts.content.telegram import TelegramText
from domain.messages import Woven
from domain.templates import Template
from people.greeting import called
from people.signed import picture_url

__all__ = ["CHANNELS", "Compiled", "Filled", "House", "compile"]
_NOTHING = strip([])
GIVEN, WHOLE = "given_name", "name"
"""Cards that came from a form or a chat have but a whole name: a greeting takes the given one out of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """What one person gets."""

    subject: str = ""
    """Mail: one line."""
    text: str
    """Mail's text part, Telegram's or the SMS's text. Empty only where a chat's or phone's own words were."""
    html: str = ""
    """Mail's HTML, or Telegram's subset; empty for plain text."""
    woven: Woven | None = None
    """Mail's HTML in pieces."""
    buttons: tuple[tuple[str, str], ...] = ()
    """Telegram: (text, address), one below the other."""
    photo: str = ""
    """Telegram: the address of the photo; an attached one is no address, and goes as a file."""
    template: Template | None = None
    """WhatsApp: what is sent in place of the text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """A channel's texts with slots. It holds nothing of any person, and may be used by many tasks."""

    channel: Channel
    language: str
    links: tuple[str, ...]
    """The links that can be counted, each once; their place is the number that `Urls.click` is given."""
    attached: tuple[str, ...]
    """Names of the pictures that go with the message: "cid:name", and in a chat "host:name", too."""
    hosted: tuple[str, ...]
    """Mail: names of the pictures that its readers fetch from us ("host:name")."""
    variables: frozenset[str]
    """The variables of a person that stand in it, or are asked for."""
    leaves: bool
    """Whether the reader finds a link to unsubscribe."""
    seen: tuple[Seen, ...]
    """Every address in it, for the pre-flight."""
    company: str
    subject: Strip = _NOTHING
    text: Strip = _NOTHING
    html: Strip | None = None
    buttons: tuple[tuple[Strip, Strip], ...] = ()
    photo: Strip | None = None
    template: tuple[str, Mapping[str, Strip]] | None = None
    """WhatsApp: the approved text's id, and what stands at its placeholders."""

    def fill(self, values: Values, urls: Urls) -> Filled:
        """The texts for one person. Values are text, as it is: they are escaped here. Raises nothing."""
        values = _greeted(values) if GIVEN in self.variables else values
        subject = " ".join(self.subject(values, urls).split())
        text = _tidy(self.text(values, urls))
        if self.channel == "email":
            text = text or subject or self.company
        html, woven = self._html(values, urls)
        return Filled(
            subject=subject,
            text=text,
            html=html,
            woven=woven,
            buttons=self._buttons(values, urls) if self.buttons else (),
            photo="" if self.photo is None else _photo(self.photo(values, urls)),
            template=self._filled_template(values, urls) if self.template else None,
        )

    def _filled_template(self, values: Values, urls: Urls) -> Template | None:
        if self.template is None:
            return None
        id_, places = self.template
        return Template(id_, {name: said(values, urls).strip() for name, said in places.items()})

    def _html(self, values: Values, urls: Urls) -> tuple[str, Woven | None]:
        if self.html is None:
            return "", None
        if self.channel != "email":
            return _tidy(self.html(values, urls)), None
        woven = self.html.weave(values, urls)
        return str(woven), woven

    def _buttons(self, values: Values, urls: Urls) -> tuple[tuple[str, str], ...]:
        filled = ((text(values, urls).strip(), _address(url(values, urls))) for text, url in self.buttons)
        return tuple((text, url) for text, url in filled if text and url)


def _greeted(values: Values) -> Values:
    if values.get(GIVEN) or not (whole := values.get(WHOLE)):
        return values
    return {**values, GIVEN: called(clean(whole))}


def _tidy(text: str) -> str:
    """No more than one empty line, where a person has no value or a condition does not hold."""
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip()


def _address(url: str) -> str:
    return "" if url == links.UNUSABLE else url


def _photo(url: str) -> str:
    return "" if links.attached(url) else _address(url)


@dataclass(kw_only=True, slots=True)
class _Compiler:
    content: Content
    house: House
    language: str
    channel: Channel
    scope: Scope

    def compile(self) -> Compiled:
        own = self.content.variant(self.channel)
        if own is not None and own.text:
            return self._compiled(
                text=self._words(f"variants.{words_of(self.channel)}.text", own.text), subject=self._subject()
            )
        match self.channel:
            case "email":
                return self._mail()
            case "telegram":
                return self._telegram()
            case "sms" | "whatsapp":
                marks = Marks(self.scope, html=False)
                text = Sms(marks, self.house, self.language).render(*self.content.said("sms"))
                return self._compiled(text=marks.finish(text))

    def _words(self, where: str, text: str) -> Strip:
        marks = Marks(self.scope, html=False)
        return marks.finish(marks.text(text, where))

    def _subject(self) -> Strip:
        return self._words("subject", self.content.subject) if self.channel == "email" else _NOTHING

    def _mail(self) -> Compiled:
        where, blocks = self.content.said("email")
        rich, plain = Marks(self.scope, html=True), Marks(self.scope, html=False)
        letter = MailHtml(rich, self.house, self.language)
        html = letter.render(self.content.subject, self.content.preheader, where, blocks)
        text = PlainText(plain, self.house, self.language).render(where, blocks)
        return self._compiled(subject=self._subject(), text=plain.finish(text), html=rich.finish(html))

    def _telegram(self) -> Compiled:
        where, blocks = self.content.said("telegram")
        chat = TelegramText(self.scope, self.house, self.language)
        html = chat.marks.finish(chat.render(where, blocks))
        plain = Marks(self.scope, html=False)
        return self._compiled(
            html=html,
            text=plain.finish(PlainText(plain, self.house, self.language).render(where, blocks)),
            photo=chat.aside.finish(chat.photo) if chat.photo else None,
            buttons=tuple((chat.aside.finish(text), chat.aside.finish(url)) for text, url in chat.buttons),
        )

    def _compiled(
        self,
        *,
        text: Strip,
        subject: Strip = _NOTHING,
        html: Strip | None = None,
        photo: Strip | None = None,
        buttons: tuple[tuple[Strip, Strip], ...] = (),
    ) -> Compiled:
        template = self._template()  # first: its variables count, too
        shown = [one.url for one in self.scope.seen if one.picture]
        attached, hosted = set(map(links.attached, shown)) - {""}, set(map(links.hosted, shown)) - {""}
        if self.channel != "email":  # Telegram could fetch a photo by its address: one way for both is enough
            attached, hosted = attached | hosted, set()
        return Compiled(
            channel=self.channel,
            language=self.language,
            links=tuple(self.scope.links),
            attached=tuple(sorted(attached)),
            hosted=tuple(sorted(hosted)),
            variables=frozenset(self.scope.names | ({WHOLE} if GIVEN in self.scope.names else set())),
            leaves=self.scope.leaves,
            seen=tuple(dict.fromkeys(self.scope.seen)),
            company=self.house.company,
            subject=subject,
            text=text,
            html=html,
            photo=photo,
            buttons=buttons,
            template=template,
        )

    def _template(self) -> tuple[str, Mapping[str, Strip]] | None:
        own = self.content.variants.whatsapp
        if own is None or self.channel != "whatsapp":
            return None
        where = "variants.whatsapp.values"
        return own.template, {name: self._words(f"{where}.{name}", text) for name, text in own.values.items()}


def compile(content: Content, channel: Channel, *, house: House) -> Compiled:
    """The channel's texts of this content. Raises NotCompiled for a text that is no template.

    Costs some milliseconds, `Compiled.fill` some microseconds. An address that may not be led to becomes "#".
    """
    scope = Scope.of(content, house)
    scope.hosted = _addresses(content, house) if channel == "email" else {}
    return _Compiler(
        content=content, house=house, language=content.language or house.language, channel=channel, scope=scope
    ).compile()


def _addresses(content: Content, house: House) -> dict[str, str]:
    """Name of a picture -> where everybody fetches it: the same for all, and so no slot."""
    shown = content.pictures.items() if house.public_url else ()
    return {name: picture_url(house.public_url, one.token) for name, one in shown if one.token}
