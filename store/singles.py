"""Messages to one person each that belong to no broadcast: tests of a mailing, and what other programs have us send."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class Single(NamedTuple):
    """How far one is."""

    id: UUID
    channel: str
    address: str
    contact: UUID | None
    state: str
    code: str | None
    reason: str | None
    created_at: datetime
    sent_at: datetime | None
    reported_at: datetime | None


async def get(connection: AsyncConnection, delivery: UUID, purpose: str) -> Single | None:
    """The delivery, when it is of this purpose."""
    row = (await connection.execute(_GET, {"id": delivery, "purpose": purpose})).first()
    return Single(*row) if row else None


_GET = text(
    """SELECT id, channel, address, contact_id, state, code, reason, created_at, sent_at, reported_at
       FROM deliveries WHERE id = :id AND purpose = :purpose"""
)


async def tests(connection: AsyncConnection, broadcast: UUID, limit: int) -> list[Single]:
    """The tests of a broadcast, the latest first."""
    return [Single(*row) for row in await connection.execute(_TESTS, {"broadcast": str(broadcast), "limit": limit})]


_TESTS = text(
    """SELECT id, channel, address, contact_id, state, code, reason, created_at, sent_at, reported_at
       FROM deliveries WHERE purpose = 'test' AND facts ->> 'broadcast' = :broadcast
       ORDER BY created_at DESC, id DESC LIMIT :limit"""
)


async def address_of(connection: AsyncConnection, person: UUID, kind: str) -> str | None:
    """The address of this kind by which the person is written to: a proved one, else the latest. None: none."""
    found: str | None = (await connection.execute(_ADDRESS, {"person": person, "kind": kind})).scalar()
    return found


_ADDRESS = text(
    """SELECT value FROM identities WHERE contact_id = :person AND kind = :kind AND variant NOT LIKE '~%'
       ORDER BY proved DESC, created_at DESC LIMIT 1"""
)


async def holder_of(connection: AsyncConnection, kind: str, value: str) -> UUID | None:
    """The one person who has this address; None: nobody, or several."""
    found = list((await connection.execute(_HOLDERS, {"kind": kind, "value": value})).scalars())
    return found[0] if len(found) == 1 else None


_HOLDERS = text(
    """SELECT DISTINCT contact_id FROM identities
       WHERE kind = :kind AND value = :value AND variant NOT LIKE '~%' LIMIT 2"""
)
