"""The kinds of channels there are: a table that you can read.

Adapters are named, not imported: a process loads only the vendors' libraries that its configuration and role need
(aiogram alone takes seconds to import).
"""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import NamedTuple

from pydantic import BaseModel

from domain.messages import AddressKind, ChannelName
from domain.ports import Channel, Host


class Kind(NamedTuple):
    """One kind of channel."""

    settings_class: str
    adapter: str
    """(name, settings, host) -> the adapter."""
    reaches: AddressKind | None
    """What kind of address it can write to; None: it only takes in."""

    def settings(self) -> type[BaseModel]:
        """The class of its settings."""
        found: type[BaseModel] = resolve_name(self.settings_class)
        return found

    def build(self, name: ChannelName, settings: BaseModel, host: Host) -> Channel:
        """An adapter for one configured account."""
        channel: Channel = resolve_name(self.adapter)(name, settings, host)
        return channel


KINDS: Mapping[str, Kind] = {
    "email": Kind("channels.email.settings:EmailSettings", "channels.email.channel:EmailChannel", AddressKind.EMAIL),
    "telegram": Kind(
        "channels.telegram.settings:TelegramSettings",
        "channels.telegram.updates:telegram_channel",
        AddressKind.TELEGRAM,
    ),
    "form": Kind("channels.form.settings:FormSettings", "channels.form.channel:FormChannel", None),
    "sms": Kind("channels.sms.settings:SmsSettings", "channels.sms.channel:SmsChannel", AddressKind.PHONE),
}
