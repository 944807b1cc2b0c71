"""Pairs of cards that are probably one person, and what people said of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row

SUGGESTION = ("id", "one", "other", "score", "band", "reasons", "due_at")


class Suggestion(NamedTuple):
    """One pair."""

    id: UUID
    one: UUID
    other: UUID
    score: float
    """Bits for being one person."""
    band: str
    reasons: list[list[Any]]
    """[field, level, bits], the strongest first."""
    state: str
    due_at: datetime
    created_at: datetime
    decided_by: str | None


_COLUMNS = "id, one, other, score, band, reasons, state, due_at, created_at, decided_by"


async def put(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Write pairs (one < other) in the order of SUGGESTION, `reasons` as JSON text; a known pair gets the new score."""
    if rows:
        await connection.execute(_PUT, bulk.arrays(sorted(rows, key=lambda row: row[1:3])))


_PUT = text(
    """INSERT INTO suggestions AS s (id, one, other, score, band, reasons, due_at)
       SELECT * FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[]), CAST(:c2 AS uuid[]), CAST(:c3 AS float8[]),
         CAST(:c4 AS text[]), CAST(:c5 AS jsonb[]), CAST(:c6 AS timestamptz[]))
       ON CONFLICT (one, other) DO UPDATE SET score = excluded.score, band = excluded.band, reasons = excluded.reasons,
         state = CASE s.state WHEN 'gone' THEN 'open' ELSE s.state END"""
)


async def drop(connection: AsyncConnection, cards: Sequence[UUID], but: Sequence[tuple[UUID, UUID]]) -> None:
    """These cards are like no others any more but in these pairs (one < other): their other open pairs are gone."""
    values = {"cards": list(cards), "ones": [one for one, _ in but], "others": [other for _, other in but]}
    await connection.execute(_DROP, values)


_DROP = text(
    """UPDATE suggestions s SET state = 'gone' WHERE s.state = 'open' AND (s.one, s.other) IN (
         SELECT one, other FROM suggestions WHERE one = ANY(CAST(:cards AS uuid[]))
         UNION SELECT one, other FROM suggestions WHERE other = ANY(CAST(:cards AS uuid[]))
         EXCEPT SELECT * FROM unnest(CAST(:ones AS uuid[]), CAST(:others AS uuid[])))"""
)


async def settle_within(connection: AsyncConnection, cards: Sequence[UUID], actor: str, at: datetime) -> None:
    """These cards are one person now: nobody need be asked about pairs of them."""
    await connection.execute(_SETTLE, {"cards": list(cards), "actor": actor, "at": at})


_SETTLE = text(
    """UPDATE suggestions SET state = 'same', decided_at = :at, decided_by = :actor
       WHERE state = 'open' AND one = ANY(CAST(:cards AS uuid[])) AND other = ANY(CAST(:cards AS uuid[]))"""
)


async def reopen(connection: AsyncConnection, cards: Iterable[UUID]) -> None:
    """These cards were parted: whether those that are two persons now are one is open again.

    Nobody is asked in a chat a second time: the pair waits in the list.
    """
    await connection.execute(_REOPEN, {"cards": list(cards)})


_REOPEN = text(
    """UPDATE suggestions s SET state = 'open', decided_at = NULL, decided_by = NULL
       FROM contacts a, contacts b
       WHERE s.state = 'same' AND s.one = ANY(CAST(:cards AS uuid[])) AND a.id = s.one AND b.id = s.other
         AND coalesce(a.leader_id, a.id) <> coalesce(b.leader_id, b.id)"""
)


async def get(connection: AsyncConnection, suggestion: UUID, *, lock: bool = False) -> Suggestion | None:
    """One, or None."""
    row = (await connection.execute(_GET_LOCKED if lock else _GET, {"id": suggestion})).first()
    return Suggestion(*row) if row else None


_GET = text(f"SELECT {_COLUMNS} FROM suggestions WHERE id = :id").columns(reasons=JSONB)
_GET_LOCKED = text(f"SELECT {_COLUMNS} FROM suggestions WHERE id = :id FOR UPDATE").columns(reasons=JSONB)


async def open_ones(connection: AsyncConnection, *, limit: int = 50, after: float | None = None) -> list[Suggestion]:
    """What nobody has decided yet and is due, the strongest first; `after`: below this score."""
    rows = await connection.execute(_OPEN, {"limit": limit, "after": after})
    return [Suggestion(*row) for row in rows]


_OPEN = text(
    f"""SELECT {_COLUMNS} FROM suggestions s WHERE state = 'open' AND due_at <= now()
          AND (CAST(:after AS float8) IS NULL OR score < :after)
          AND (SELECT coalesce(leader_id, id) FROM contacts c WHERE c.id = s.one)
              IS DISTINCT FROM (SELECT coalesce(leader_id, id) FROM contacts c WHERE c.id = s.other)
        ORDER BY score DESC, id LIMIT :limit"""
).columns(reasons=JSONB)


async def decide(connection: AsyncConnection, suggestion: UUID, state: str, actor: str, at: datetime) -> bool:
    """Write down what a person said: "same" or "different". False when it was decided before."""
    values = {"id": suggestion, "state": state, "actor": actor, "at": at}
    return bool((await connection.execute(_DECIDE, values)).rowcount)


_DECIDE = text(
    """UPDATE suggestions SET state = :state, decided_at = :at, decided_by = :actor WHERE id = :id AND state = 'open'"""
)


async def put_off(connection: AsyncConnection, suggestion: UUID, until: datetime) -> bool:
    """Ask again then. False when it was decided before."""
    return bool((await connection.execute(_PUT_OFF, {"id": suggestion, "until": until})).rowcount)


_PUT_OFF = text("UPDATE suggestions SET due_at = :until, asked_at = NULL WHERE id = :id AND state = 'open'")


async def open_again(connection: AsyncConnection, suggestion: UUID) -> None:
    """What was said is taken back. Nobody is asked by himself again."""
    await connection.execute(_OPEN_AGAIN, {"id": suggestion})


_OPEN_AGAIN = text("UPDATE suggestions SET state = 'open', decided_at = NULL, decided_by = NULL WHERE id = :id")
