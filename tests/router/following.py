"""Links to requests, and who opens the bot by them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.links import digest, new_token
from domain.messages import Address, Inbound, Source, utcnow
from store import links
from store.engine import Database
from tests.router.people import BOT, chat, message


async def sent_to(database: Database, request: UUID | None, address: Address, at: datetime | None = None) -> str:
    """The token of a link to this request that this address alone was sent."""
    assert request
    token = new_token()
    async with database.begin() as connection:
        await links.issue_to(connection, digest(token), request, address, at or utcnow())
    return token


def started(user: str, token: str, **more: Any) -> Inbound:
    """What Telegram says when this user opens the bot with this token."""
    given: dict[str, Any] = {"text": f"/start {token}", "source": Source(campaign=token)} | more
    return message(BOT, chat(user), **given)
