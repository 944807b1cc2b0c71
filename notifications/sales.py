"""The sales card: one lead on one phone screen, as Telegram HTML with buttons. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from domain.messages import Button
from domain.money import Money
from notifications.lines import one_line, paragraph
from notifications.reasons import explain
from notifications.words import moment, more, sum_of, words
from store.cards import EXCERPT, CardView, Line

LIMIT = 4096
"""UTF-16 units of a message (https://core.telegram.org/bots/api#sendmessage). Markup counts here too, to be safe."""
KIND_ICONS = {"email": "✉️", "telegram": "✈️", "sms": "💬", "whatsapp": "💬", "form": "🌐"}

_ADDRESS_ICONS = {"email": "✉️", "phone": "📞", "telegram": "✈️", "vk": "🆔", "external": "🆔"}
_STATE_ICONS = {"won": "🏆", "lost": "⚪️", "spam": "🚫"}
_TICKS = {
    "pending": "🕓",
    "sending": "🕓",
    "sent": "✓",
    "delivered": "✓✓",
    "read": "👁",
    "failed": "✗",
    "skipped": "✗",
    "unknown": "❓",
}
_USERNAME = re.compile(r"[A-Za-z0-9_]{2,32}")
_TECHNICAL = frozenset({"album", "edited", "topic", "file_id", "migrate_to_chat_id", "content", "file_error", "name"})

_TEMPLATES = Environment(
    loader=PackageLoader("notifications"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who looks at the card."""

    language: str
    zone: ZoneInfo
    staff: UUID | None
    """None: a whole team, in its chat."""
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class Fit:
    """How many characters of what are shown."""

    first: int
    line: int
    lines: int
    single: int


# The first one shows every text whole that the router does not relay separately (600 characters).
_FITS = (
    Fit(EXCERPT, EXCERPT, 5, 120),
    Fit(EXCERPT, 400, 5, 100),
    Fit(EXCERPT, 250, 4, 80),
    Fit(500, 150, 3, 60),
    Fit(250, 100, 2, 40),
    Fit(60, 30, 1, 16),
)


def card(view: CardView, kinds: Mapping[str, str], reader: Reader, now: datetime) -> str:
    """The card as Telegram HTML, at most LIMIT long whatever is in it. `kinds`: channel -> its kind."""
    template = _TEMPLATES.get_template("card.html.j2")
    html = ""
    for fit in _FITS:
        html = template.render(_Card(view, kinds, reader, now, fit).facts()).strip()
        if len(html.encode("utf-16-le")) // 2 <= LIMIT:
            return html
    return html


_VERBS = (
    ("take", "take"),
    ("pass", "pass"),
    ("reply", "reply"),
    ("win", "won"),
    ("lose", "lost"),
    ("spam", "spam"),
    ("reopen", "reopen"),
)
"""The word on the button and what the desk calls it."""


def buttons(view: CardView, reader: Reader) -> tuple[tuple[Button, ...], ...]:
    """What this reader can do with the lead now.

    Taking a lead edits the card under his finger, and a chat keeps either the top or the bottom of a message in its
    place. So there are two rows before and after: where Reply and Take were is Reply, where Pass was Pass or Won.
    """
    say = words(reader.language)
    take, hand_on, reply, won, lost, spam, reopen = (
        Button(text=say[word], data=f"{verb}:{view.lead.hex}") for word, verb in _VERBS
    )
    is_his = view.owner_id is not None and view.owner_id == reader.staff and not reader.is_group
    if view.state != "open":
        return ((reopen,),) if is_his and view.state in _STATE_ICONS else ()
    if view.under:
        return ()
    if view.owner_id is None:
        return ((take,),) if reader.is_group or reader.staff is None else ((reply, take),)
    if not is_his:
        return ()
    return ((reply,), (hand_on, won, lost, spam)) if view.taken_at else ((reply, take), (hand_on, spam))


class _Card:
    """The facts of one card, cut to one fit."""

    def __init__(self, view: CardView, kinds: Mapping[str, str], reader: Reader, now: datetime, fit: Fit) -> None:
        self._view = view
        self._kinds = kinds
        self._reader = reader
        self._now = now
        self._fit = fit
        self._say = words(reader.language)
        self._first = view.lines[0] if view.lines else None
        self._later = view.lines[1:][-fit.lines :]

    def facts(self) -> dict[str, Any]:
        """What the template shows."""
        view, first = self._view, self._first
        hidden = view.total - len(self._later) - (first is not None)
        return {
            "say": self._say,
            "icon": self._icon(),
            "number": view.number,
            "state": self._state(),
            "joined": self._joined(),
            "sum": self._sum(),
            "name": self._short(view.name or "") or self._say["unnamed"],
            "addresses": [self._address(a) for a in view.addresses[:5]],
            "channel": self._channel(),
            "since": self._at(view.opened_at),
            "source": list(self._source(first.facts)) if first else [],
            "subject": self._short(first.subject or "") if first else "",
            "first": paragraph(self._text(first), self._fit.first) if first else "",
            "files": self._files(first) if first else [],
            "hidden": more(hidden, self._reader.language) if hidden > 0 else "",
            "lines": [self._line(line) for line in self._later],
        }

    def _channel(self) -> str:
        """The kind in words; the account's name where there are several; a form's receipt, which customers name."""
        name, kind = self._view.channel, self._kinds.get(self._view.channel, "")
        words = self._say.get(f"kind_{kind}", self._short(name))
        if kind and list(self._kinds.values()).count(kind) > 1:
            words = f"{words} ({self._short(name)})"
        receipt = self._first.external_id if self._first and kind == "form" else ""
        return " · ".join(filter(None, [f"{KIND_ICONS.get(kind, '•')} {words}", self._short(receipt)]))

    def _short(self, text: str) -> str:
        return one_line(text, self._fit.single)

    def _at(self, at: datetime) -> str:
        return moment(at, self._now, self._reader.zone, self._reader.language)

    def _joined(self) -> str:
        """That this is one person's with other leads, and where to go on."""
        if self._view.under:
            return self._say["under"].format(number=self._view.under)
        return self._say["also"].format(numbers=", ".join(f"#{n}" for n in self._view.also)) if self._view.also else ""

    def _sum(self) -> str:
        """For how much; its seller is asked once it is won."""
        view = self._view
        if view.amount is not None:
            return sum_of(Money(view.amount, view.currency or ""), self._reader.language)
        return self._say["how_much"] if view.state == "won" and view.owner_id == self._reader.staff else ""

    def _icon(self) -> str:
        if self._view.state != "open":
            return _STATE_ICONS.get(self._view.state, "⚪️")
        return "🟢" if self._view.taken_at else "🆕"

    def _state(self) -> str:
        view, say = self._view, self._say
        name = self._short(view.owner or say["nobody"])
        if view.state != "open":
            state = say.get(view.state, view.state)
            return say["owned"].format(state=state, name=name) if view.owner_id else state
        if view.owner_id is None:
            return say["new"]
        return say["taken"].format(name=name, at=self._at(view.taken_at)) if view.taken_at else self._offer(name)

    def _offer(self, name: str) -> str:
        return self._say["new" if self._view.owner_id == self._reader.staff else "offered"].format(name=name)

    def _address(self, address: Mapping[str, Any]) -> dict[str, Any]:
        kind, value = str(address["kind"]), str(address["value"])
        text, link = self._short(value), ""
        if kind == "telegram" and value.isdecimal():
            user = self._username(value)
            text, link = (
                (f"@{user}", f"https://t.me/{user}") if user else (f"Telegram {value}", f"tg://user?id={value}")
            )
        return {"icon": _ADDRESS_ICONS.get(kind, "•"), "text": text, "link": link, "proved": address["proved"]}

    def _username(self, value: str) -> str:
        """What the Telegram user with this id last called himself; empty when he has no such name."""
        for line in reversed(self._view.lines):
            user = str((line.facts.get("fields") or {}).get("username", ""))
            is_from = any(list(a[:2]) == ["telegram", value] for a in line.facts.get("from") or ())
            if is_from and _USERNAME.fullmatch(user):
                return user
        return ""

    def _source(self, facts: Mapping[str, Any]) -> Iterator[str]:
        """Where the request came from, then what else the customer filled in."""
        source = facts.get("source") or {}
        if page := _place(source.get("page", "")):
            yield f"📄 {self._short(page)}"
        if referrer := _place(source.get("referrer", "")):
            yield f"↩️ {self._say['referrer']}: {self._short(referrer)}"
        tags = [str(v) for v in (source.get("utm") or {}).values() if v]
        if campaign := " / ".join([*tags, *filter(None, [str(source.get("campaign", ""))])]):
            yield f"🎯 {self._short(campaign)}"
        yield from self._fields(facts.get("fields") or {})

    def _fields(self, fields: Mapping[str, Any]) -> Iterator[str]:
        """Form fields that the card does not show elsewhere."""
        addresses = [str(a["value"]) for a in self._view.addresses]
        names = [self._view.name or "", *map(self._username, addresses)]
        shown = {_key(text) for text in (*addresses, *names)}
        text = self._first.text if self._first else ""
        wanted = (
            (name, str(value))
            for name, value in fields.items()
            if value and name not in _TECHNICAL and name[:1] != "_" and _key(str(value)) not in shown
        )
        further = ((name, value) for name, value in wanted if value != text and (len(value) < 40 or value not in text))
        for name, value in islice(further, 6):
            yield f"▫️ {self._short(name)}: {self._short(value)}"

    def _text(self, line: Line) -> str:
        if reason := line.facts.get("unreadable"):
            return self._say["unreadable"].format(reason=self._short(str(reason)))
        return line.text

    def _files(self, line: Line) -> list[str]:
        named = [self._short(str(f.get("name", ""))) or "?" for f in list(line.facts.get("files") or ())[:5]]
        if line.facts.get("fields", {}).get("file_error"):
            named.append(f"{self._say['file_error']}: {self._short(str(line.facts['fields']['file_error']))}")
        return named

    def _line(self, line: Line) -> dict[str, Any]:
        ours = line.direction == "out"
        reason = one_line(explain(line.reason or "", self._reader.language), self._fit.line)
        trouble = reason if line.state in ("failed", "skipped") else ""
        return {
            "who": self._short(line.author or self._say["we"]) if ours else self._say["customer"],
            "at": self._at(line.at),
            "tick": _TICKS.get(line.state or "pending", "") if ours else "",
            "text": paragraph(self._text(line), self._fit.line),
            "files": self._files(line),
            "trouble": self._say["unknown"].format(reason=reason) if line.state == "unknown" else trouble,
        }


def _key(value: str) -> str:
    """What two spellings of one name, address or phone have in common."""
    digits = "".join(c for c in value if c.isdecimal())
    is_phone = len(digits) >= 10 and not any(c.isalpha() for c in value)
    return digits[-10:] if is_phone else value.casefold()


def _place(url: str) -> str:
    """A page's address as people say it: without scheme, "www." and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}" or url
