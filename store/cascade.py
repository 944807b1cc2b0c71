"""People whom a broadcast's first channel did not reach in time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.expansion import Query


class Waiting(NamedTuple):
    """One row that is to be looked at."""

    delivery: UUID
    broadcast: UUID
    contact: UUID
    step: int
    state: str
    channel: str
    engaged: bool
    """Opened, clicked, answered, or left."""
    tried: Sequence[int]
    """The steps that this person has rows of, in order."""


async def due(connection: AsyncConnection, broadcasts: Collection[UUID], now: datetime, limit: int) -> list[Waiting]:
    """Rows whose time has come, locked. Call `done` with them in the same transaction."""
    if not broadcasts:
        return []
    values = {"broadcasts": list(broadcasts), "now": now, "limit": limit}
    return [Waiting(*row) for row in await connection.execute(_DUE, values)]


_DUE = text(
    """SELECT d.id, d.broadcast_id,
         coalesce((SELECT c.leader_id FROM contacts c WHERE c.id = d.contact_id), d.contact_id), d.step,
         d.state, d.channel,
         coalesce(d.opened_at, d.clicked_at, d.answered_at, d.left_at, d.complained_at) IS NOT NULL,
         ARRAY(SELECT o.step FROM deliveries o WHERE o.contact_id = d.contact_id AND o.broadcast_id = d.broadcast_id
           ORDER BY o.step)
       FROM deliveries d WHERE d.next_at <= :now AND d.broadcast_id = ANY(CAST(:broadcasts AS uuid[]))
       ORDER BY d.next_at LIMIT :limit FOR UPDATE SKIP LOCKED"""
)


async def done(connection: AsyncConnection, deliveries: Collection[UUID]) -> None:
    """These need no other look."""
    if deliveries:
        await connection.execute(_DONE, {"ids": sorted(deliveries)})


_DONE = text("UPDATE deliveries SET next_at = NULL WHERE id = ANY(CAST(:ids AS uuid[]))")


async def waits(connection: AsyncConnection, broadcast: UUID) -> tuple[int, datetime | None]:
    """How many rows may be followed by the next channel, and when the first of them is looked at."""
    row = (await connection.execute(_WAITS, {"id": broadcast})).one()
    return row[0], row[1]


_WAITS = text("SELECT count(*), min(next_at) FROM deliveries WHERE next_at IS NOT NULL AND broadcast_id = :id")


def these(people: Sequence[UUID]) -> Query:
    """Exactly these people, as `store.expansion` takes an audience."""
    sql = """SELECT p AS id FROM unnest(CAST(:people AS uuid[])) AS p
             WHERE p > CAST(:after AS uuid) AND p <= CAST(:upto AS uuid) ORDER BY p LIMIT :page"""
    return Query(sql, {"people": list(people)})
