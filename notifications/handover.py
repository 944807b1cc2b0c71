"""The lines under an automatic first answer: where the request can be followed, and gone on with in Telegram."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain import links as tokens
from domain.messages import Address, AddressKind
from store import links
from store.deliveries import Delivery
from store.engine import Database

_ADDRESSED_BY: Mapping[str, AddressKind] = {
    "email": AddressKind.EMAIL,
    "sms": AddressKind.PHONE,
    "whatsapp": AddressKind.PHONE,
}
"""Where a link proves the address that it is sent to. Who writes by Telegram is there already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOver:
    """What links are made of."""

    database: Database
    public_url: str = ""
    bot: Callable[[], str] = str
    """The bot's name, without "@"; empty while nobody has told it, or there is none."""

    async def links(self, delivery: Delivery, kind: str, now: datetime) -> Mapping[str, str]:
        """Key of `notifications.texts` -> address, each with a fresh token that this delivery's address alone gets.

        The row is there for good before the message goes. A message that is rendered twice has two tokens: the first
        try may have arrived.
        """
        address, bot = _ADDRESSED_BY.get(kind), self.bot()
        if address is None or delivery.message is None or not (self.public_url or bot):
            return {}
        token, to = tokens.new_token(), Address(kind=address, value=delivery.address)
        async with self.database.begin() as connection:
            await links.issue_to(connection, tokens.digest(token), delivery.message, to, now)
        found = {"follow": tokens.tracking(self.public_url, token)} if self.public_url else {}
        return found | ({"continue": tokens.deep_link(bot, token)} if bot else {})
