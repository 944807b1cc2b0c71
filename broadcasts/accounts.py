"""The sender accounts of mailings, as configured: how fast each is, what it costs, who receives its mail. Values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from broadcasts.content.blocks import Channel
from broadcasts.plan import Pace

REACHES: Mapping[str, str] = {"email": "email", "telegram": "telegram", "sms": "phone", "whatsapp": "phone"}
"""Kind of channel -> the kind of address that it reaches (domain.messages.AddressKind)."""
SPEAKS: Mapping[str, Channel] = {"email": "email", "telegram": "telegram", "sms": "sms", "whatsapp": "whatsapp"}
"""Kind of channel -> what it says of a content."""

PROVIDERS: Mapping[str, str] = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), "gmail"),
    **dict.fromkeys(("yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua", "narod.ru"), "yandex"),
    **dict.fromkeys(("mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru", "xmail.ru"), "mailru"),
    **dict.fromkeys(("outlook.com", "hotmail.com", "live.com", "msn.com", "passport.com"), "outlook"),
    **dict.fromkeys(("yahoo.com", "ymail.com", "rocketmail.com", "aol.com"), "yahoo"),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), "icloud"),
    **dict.fromkeys(("rambler.ru", "lenta.ru", "autorambler.ru", "myrambler.ru", "ro.ru"), "rambler"),
    **dict.fromkeys(("proton.me", "protonmail.com", "pm.me"), "proton"),
    **dict.fromkeys(("gmx.de", "gmx.net", "web.de"), "gmx"),
}
"""Domain -> who receives its mail, as the providers name their domains; any other is "other"."""
REPORTED = frozenset({"sms", "whatsapp"})
"""Kinds of channel whose provider tells what was delivered."""
OTHER = "other"
NAMES = ("", OTHER, *sorted(set(PROVIDERS.values())))
"""Every value of a delivery's `provider`; "" is none: a chat, a phone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One channel as a sender of mailings."""

    name: str
    kind: str
    pace: Pace = field(default_factory=Pace)
    providers: Mapping[str, Pace] = field(default_factory=dict)
    warmup: tuple[int, ...] = ()
    """So many on the first day, the second, ...; afterwards as the pace says."""
    price: Decimal = Decimal(0)
    """Of one message; of an SMS, of one part."""

    @property
    def reaches(self) -> str:
        """The kind of address."""
        return REACHES[self.kind]

    @property
    def consents(self) -> str:
        """The kind of channel as receipts of consent name it."""
        return self.kind
