"""One recipient's message of a broadcast. Asks nobody: everything it needs is in the row, the template and the key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from broadcasts.accounts import SPEAKS
from broadcasts.content.blocks import Content
from broadcasts.content.compiled import Compiled, Filled, House, compile
from broadcasts.content.marks import NotCompiled
from broadcasts.content.parse import NotContent, parse
from broadcasts.plan import Plan
from domain.messages import Button, Outbound
from notifications.verdict import Skip
from people import signed
from store.broadcasts import Broadcast
from store.deliveries import Delivery

__all__ = ["Compile", "House", "Letter", "Live", "compiler"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A content, compiled for a kind of channel."""

    content: Content
    compiled: Compiled
    fields: tuple[str, ...]
    """The fields of a card that it may show."""


Compile = Callable[[Mapping[str, Any], str], Template]
"""Makes the template of a content for a kind of channel; raises Skip when it has nothing to say there."""


def compiler(house: House) -> Compile:
    """Compiles contents in the name of this house."""

    def compile_(content: Mapping[str, Any], kind: str) -> Template:
        spoken = SPEAKS.get(kind)
        if spoken is None:
            raise Skip(f"no mailings go through a channel of kind {kind}")
        text = msgspec.json.encode(content).decode()
        try:
            parsed = parse(text, html=True)
            made = compile(parsed, spoken, house=house)
        except (NotContent, NotCompiled) as error:
            raise Skip(f"its content cannot be read: {error}") from error
        return Template(content=parsed, compiled=made, fields=tuple(sorted(made.variables)))

    return compile_


@dataclass(frozen=True, kw_only=True, slots=True)
class Live:
    """A running broadcast."""

    row: Broadcast
    plan: Plan
    templates: dict[str, Template] = field(default_factory=dict)


class Ours:
    """The addresses that are one recipient's own (`broadcasts.content.slots.Urls`), each signed once."""

    __slots__ = ("_base", "_clicks", "_delivery", "_key", "open", "unsubscribe")

    def __init__(self, base: str, key: bytes, delivery: UUID, *, opens: bool, clicks: bool) -> None:
        self._base, self._key, self._delivery = base, key, delivery
        self._clicks: dict[int, str] | None = {} if clicks else None
        self.unsubscribe = signed.unsubscribe_url(base, key, delivery)
        self.open = signed.open_url(base, key, delivery) if opens else None

    def click(self, number: int) -> str | None:
        """The counted address of this link; None: it is not counted."""
        if self._clicks is None:
            return None
        if number not in self._clicks:
            self._clicks[number] = signed.click_url(self._base, self._key, self._delivery, number)
        return self._clicks[number]


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What all letters of an account have in common."""

    base: str
    """Our public URL."""
    key: bytes
    host: str
    """Of the URL: mailings have names in it."""
    leave_by_mail: str = ""
    """The account's address that takes a mail with "unsubscribe TOKEN" as its subject."""

    def write(self, delivery: Delivery, live: Live, template: Template) -> Outbound:
        """The message of this row, with its person's values in its facts."""
        the = live.plan
        urls = Ours(self.base, self.key, delivery.id, opens=the.track_opens, clicks=the.track_clicks)
        filled = template.compiled.fill(delivery.facts, urls)
        is_mail = template.compiled.channel == "email"
        return message_of(delivery, filled, self._mail(delivery, live, urls) if is_mail else {})

    def _mail(self, delivery: Delivery, live: Live, urls: Ours) -> Mapping[str, Any]:
        """What a mail of a mailing says of itself."""
        leave = signed.unsubscribe_mail(self.leave_by_mail, self.key, delivery.id) if self.leave_by_mail else ""
        return {
            "automatic": True,
            "unsubscribe": urls.unsubscribe,
            "unsubscribe_mail": leave.removeprefix("mailto:"),
            "list_id": f"{live.plan.purpose}.{self.host}",
            "feedback": f"{live.row.id}:{live.plan.purpose}:broadcast:leadwire",
        }


_NOTHING: Mapping[str, Any] = {}


def message_of(delivery: Delivery, filled: Filled, more: Mapping[str, Any] = _NOTHING) -> Outbound:
    """A filled content as the message of this row, with `more` of its fields."""
    return Outbound(
        delivery=str(delivery.id),
        to=delivery.address,
        text=filled.text,
        html=filled.html or None,
        woven=filled.woven,
        subject=filled.subject or None,
        buttons=tuple((Button(text=text, url=url),) for text, url in filled.buttons),
        photo=filled.photo,
        template=filled.template,
        **more,
    )
