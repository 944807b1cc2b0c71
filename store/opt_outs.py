"""Addresses that were told to be left alone, for a purpose or for all, for good or for a while."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row

Pair = tuple[str, str]
"""(kind, value) of an address."""
OPT_OUT = ("kind", "value", "purpose", "reason", "at", "until")


class OptOut(NamedTuple):
    """What an address was told."""

    kind: str
    value: str
    purpose: str
    """"" for everything but answers."""
    reason: str
    at: datetime
    until: datetime | None
    """When a pause ends."""


async def add(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Write these down, in the order of OPT_OUT. A pause shortens nothing: neither a longer one, nor a "for good"."""
    if rows:
        await connection.execute(_ADD, bulk.arrays(sorted(rows, key=lambda row: row[:3])))


_ADD = text(
    """INSERT INTO opt_outs (kind, value, purpose, reason, at, until)
       SELECT DISTINCT ON (kind, value, purpose) * FROM unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[]),
         CAST(:c2 AS text[]), CAST(:c3 AS text[]), CAST(:c4 AS timestamptz[]), CAST(:c5 AS timestamptz[]))
         AS o(kind, value, purpose, reason, at, until)
       ORDER BY kind, value, purpose, until DESC NULLS FIRST
       ON CONFLICT (kind, value, purpose) DO UPDATE
         SET reason = excluded.reason, at = excluded.at, until = excluded.until
         WHERE opt_outs.until IS NOT NULL AND (excluded.until IS NULL OR excluded.until > opt_outs.until)"""
)


async def of(connection: AsyncConnection, pairs: Iterable[Pair], at: datetime) -> list[OptOut]:
    """What holds of these addresses at that time."""
    if not (wanted := sorted(set(pairs))):
        return []
    rows = await connection.execute(_OF, {**bulk.arrays(wanted), "at": at})
    return [OptOut(*row) for row in rows]


_OF = text(
    """SELECT o.kind, o.value, o.purpose, o.reason, o.at, o.until FROM opt_outs o
       JOIN unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[])) AS a(kind, value) USING (kind, value)
       WHERE o.until IS NULL OR o.until > CAST(:at AS timestamptz) ORDER BY 1, 2, 3"""
)


async def lift(connection: AsyncConnection, pair: Pair, purposes: Iterable[str], *, pauses: bool = False) -> None:
    """The person wants it again: nothing stands against these purposes any more; with `pauses`, only pauses end."""
    values = {"kind": pair[0], "value": pair[1], "purposes": list(purposes), "pauses": pauses}
    await connection.execute(_LIFT, values)


_LIFT = text(
    """DELETE FROM opt_outs WHERE kind = :kind AND value = :value AND purpose = ANY(CAST(:purposes AS text[]))
       AND (until IS NOT NULL OR NOT CAST(:pauses AS boolean))"""
)


async def forget(connection: AsyncConnection, pairs: Iterable[Pair]) -> list[OptOut]:
    """Remove all that these addresses were told, and suppressions with it; what it was. For `people.erasure`."""
    if not (wanted := sorted(set(pairs))):
        return []
    found = [OptOut(*row) for row in await connection.execute(_FORGET, bulk.arrays(wanted))]
    await connection.execute(_UNSUPPRESS, {"values": [value for _, value in wanted]})
    return found


_FORGET = text(
    """DELETE FROM opt_outs o USING unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[])) AS a(kind, value)
       WHERE o.kind = a.kind AND o.value = a.value
       RETURNING o.kind, o.value, o.purpose, o.reason, o.at, o.until"""
)
_UNSUPPRESS = text("DELETE FROM suppressions WHERE address = ANY(CAST(:values AS text[]))")
