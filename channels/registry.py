"""The kinds of channels there are: a table that you can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pydantic import BaseModel

from channels.email.channel import EmailChannel
from channels.email.settings import EmailSettings
from channels.form.channel import FormChannel
from channels.form.settings import FormSettings
from channels.sms.channel import SmsChannel
from channels.sms.settings import SmsSettings
from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import telegram_channel
from domain.messages import AddressKind
from domain.ports import Channel


class Kind(NamedTuple):
    """One kind of channel."""

    settings: type[BaseModel]
    build: Callable[..., Channel]
    """(name, settings, host) -> the adapter."""
    reaches: AddressKind | None
    """What kind of address it can write to; None: it only takes in."""


KINDS: Mapping[str, Kind] = {
    "email": Kind(EmailSettings, EmailChannel, AddressKind.EMAIL),
    "telegram": Kind(TelegramSettings, telegram_channel, AddressKind.TELEGRAM),
    "form": Kind(FormSettings, FormChannel, None),
    "sms": Kind(SmsSettings, SmsChannel, AddressKind.PHONE),
}
