"""Rows for the store's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from domain.ids import new_id
from domain.messages import utcnow
from store import contacts, deliveries, leads, staff
from store.deliveries import Delivery, Lane, Purpose
from store.engine import Database
from store.staff import Member

LEASE = timedelta(minutes=1)
OVER = timedelta(seconds=-1)
"""A lease that is over when it begins."""


async def opened(url: str) -> AsyncIterator[Database]:
    """A database, closed at the end."""
    database = Database(url, pool=4)
    yield database
    await database.aclose()


async def ask(database: Database, sql: str, **values: Any) -> list[Any]:
    """Rows, a single column unpacked."""
    async with database.begin() as connection:
        rows = (await connection.execute(text(sql), values)).all()
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


async def queue(database: Database, *addresses: str, **given: Any) -> list[UUID]:
    """One delivery each, in this order of being due; `given` goes to `deliveries.row`."""
    now = utcnow()
    options: dict[str, Any] = {"channel": "bot", "at": now} | given
    purpose, lane = options.pop("purpose", Purpose.NOTICE), options.pop("lane", Lane.NOTICE)
    wait = options.pop("wait", timedelta(0))
    rows = [
        deliveries.row(purpose, lane, address=a, due_at=now + wait - timedelta(minutes=len(addresses) - n), **options)
        for n, a in enumerate(addresses)
    ]
    async with database.begin() as connection:
        await deliveries.add(connection, rows)
    return [row[0] for row in rows]


async def claim(database: Database, *channels: str, limit: int = 100, lease: timedelta = LEASE) -> list[Delivery]:
    """What is due on these channels; "bot" when none is named."""
    async with database.begin() as connection:
        return await deliveries.claim(connection, channels or ("bot",), limit, lease)


def addresses(claimed: Sequence[Delivery]) -> list[str]:
    return [one.address for one in claimed]


async def member(database: Database, name: str = "Anna") -> Member:
    """Somebody who works here, not linked yet."""
    async with database.begin() as connection:
        return await staff.add(connection, name, "sales", "en", utcnow())


async def lead(database: Database, owner: UUID | None = None) -> UUID:
    """An open lead of a new person."""
    now, contact, identity, made = utcnow(), new_id(), new_id(), new_id()
    async with database.begin() as connection:
        rows = [(identity, "email", f"{identity.hex}@example.com", "", contact, contact, True, "Ivan", now)]
        await contacts.add(connection, [(contact, now)], rows)
        await leads.add(connection, [(made, contact, contact, identity, "sales", "open", "mail", owner, now, now)], [])
    return made
