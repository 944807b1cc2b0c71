"""What people have said of pairs of cards: that they are not the same, or that joining them was wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.tables import verdicts


async def differ(connection: AsyncConnection, pairs: Iterable[tuple[UUID, UUID]], actor: str, at: datetime) -> None:
    """Remember that these cards are not the same person."""
    rows = sorted({(min(pair), max(pair), actor, at) for pair in pairs})
    await bulk.insert_new(connection, verdicts, ("one", "other", "actor", "at"), rows)


async def said_to_differ(
    connection: AsyncConnection, cards: Iterable[UUID], others: Iterable[UUID]
) -> list[tuple[UUID, UUID]]:
    """The pairs across these two sets of cards that a person has said are not the same."""
    rows = await connection.execute(_DIFFER, {"ours": list(cards), "theirs": list(others)})
    return [(r.one, r.other) for r in rows]


_DIFFER = text(
    """SELECT one, other FROM verdicts
       WHERE (one = ANY(CAST(:ours AS uuid[])) AND other = ANY(CAST(:theirs AS uuid[])))
          OR (other = ANY(CAST(:ours AS uuid[])) AND one = ANY(CAST(:theirs AS uuid[])))"""
)


async def forget_difference(connection: AsyncConnection, pairs: Sequence[tuple[UUID, UUID]]) -> None:
    """A person has changed his mind about these pairs."""
    if pairs:
        await connection.execute(_FORGET, bulk.arrays(list(pairs)))


_FORGET = text(
    """DELETE FROM verdicts v USING unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[])) AS p(one, other)
       WHERE v.one = p.one AND v.other = p.other"""
)
