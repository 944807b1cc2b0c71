"""Messages as customers send them, for the router's tests."""

from __future__ import annotations

from itertools import count
from typing import Any

from domain.messages import Address, AddressKind, ChannelName, Inbound, utcnow

INBOX, BOT, SMS, FORM = (ChannelName(name) for name in ("inbox", "bot", "sms", "site"))
_numbers = count(1)


def mail(value: str, *, proved: bool = True) -> Address:
    """An e-mail address."""
    return Address(kind=AddressKind.EMAIL, value=value, proved=proved)


def phone(value: str, *, proved: bool = True) -> Address:
    """A phone."""
    return Address(kind=AddressKind.PHONE, value=value, proved=proved)


def chat(value: str) -> Address:
    """A Telegram user."""
    return Address(kind=AddressKind.TELEGRAM, value=value, proved=True)


def message(channel: ChannelName, *addresses: Address, **more: Any) -> Inbound:
    """A message of somebody, with an id of its own."""
    given: dict[str, Any] = {
        "external_id": f"m{next(_numbers)}",
        "text": "What is the price?",
        "received_at": utcnow(),
    } | more
    return Inbound(channel=channel, addresses=addresses, **given)


def filled(*addresses: Address, **more: Any) -> Inbound:
    """A web form with typed addresses: claimed, not proved."""
    return message(FORM, *(Address(kind=a.kind, value=a.value) for a in addresses), **more)
