"""A portal with one form, and what its customers have sent."""

from __future__ import annotations

from typing import Any, cast

from starlette.applications import Starlette

from channels.form.channel import FormChannel
from channels.form.settings import FormSettings
from domain.messages import AddressKind, ChannelName, Inbound, Report
from domain.ports import Cursors, Host
from portal.routes import portal

FORM: dict[str, Any] = {
    "title": {"en": "Ask for a quote", "ru": "Рассчитать кухню"},
    "intro": {"en": "We answer within an hour.", "ru": "Ответим в течение часа."},
    "fields": [
        {"name": "name", "label": {"en": "Name", "ru": "Имя"}},
        {"name": "phone", "type": "phone", "label": {"en": "Phone", "ru": "Телефон"}},
        {"name": "email", "type": "email", "label": {"en": "E-mail", "ru": "Эл. почта"}},
        {
            "name": "what",
            "type": "select",
            "required": True,
            "label": {"en": "About", "ru": "О чём"},
            "options": [{"value": "kitchen", "label": {"en": "A kitchen", "ru": "Кухня"}}, "door"],
        },
        {"name": "when", "type": "date", "label": {"en": "By when", "ru": "К сроку"}},
        {"name": "message", "type": "textarea", "label": {"en": "Message", "ru": "Сообщение"}, "required": True},
        {"name": "plan", "type": "file", "label": {"en": "Drawing", "ru": "Чертёж"}},
        {"name": "call", "type": "checkbox", "label": {"en": "Call me", "ru": "Перезвоните"}},
        {"name": "product", "type": "hidden"},
    ],
    "consent": {
        "text": {"en": "I agree to the policy.", "ru": "Я согласен."},
        "url": "https://example.com/policy",
        "version": "2",
    },
    "min_seconds": 0,
}
ASKS = {ChannelName("quote"): frozenset({AddressKind.PHONE})}
GOOD = {"phone": "8 916 123-45-67", "what": "kitchen", "message": "Сколько стоит?", "consent": "yes"}


class Place:
    """The portal, what was accepted, and what `accept` raises: `errors`, one after another."""

    def __init__(self, *, frame_ancestors: tuple[str, ...] = (), **changes: Any) -> None:
        self.events: list[Inbound] = []
        self.errors: list[Exception] = []
        settings = FormSettings.model_validate(FORM | changes)
        web = "https://leads.example.com"
        host = Host(cursors=cast("Cursors", None), public_url=web, bot=lambda: "orchard_bot", asks=ASKS)
        self.form = FormChannel(ChannelName("quote"), settings, host)
        self.app: Starlette = portal({"quote": self.form}, self.accept, frame_ancestors=frame_ancestors)

    async def accept(self, event: Inbound | Report) -> None:
        """Keep it."""
        if self.errors:
            raise self.errors.pop(0)
        self.events.append(cast("Inbound", event))
