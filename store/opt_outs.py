"""Addresses that were told to be left alone, for a purpose or for all, for good or for a while.

A pause is a person's: its kind is `store.permission.PERSON`, and its value the id of a card.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

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


async def undo(connection: AsyncConnection, pair: Pair, since: datetime, reasons: Iterable[str]) -> None:
    """Remove what was told for good since then, for one of these reasons."""
    await connection.execute(_UNDO, {"kind": pair[0], "value": pair[1], "since": since, "reasons": list(reasons)})


_UNDO = text(
    """DELETE FROM opt_outs WHERE kind = :kind AND value = :value AND at >= :since AND until IS NULL
       AND reason = ANY(CAST(:reasons AS text[]))"""
)


async def close_others(
    connection: AsyncConnection, card: UUID, pair: Pair, purpose: str, reason: str, at: datetime
) -> None:
    """Leave the other addresses of this card's person alone, but for those that are other people's as well."""
    values = {"card": card, "kind": pair[0], "value": pair[1], "purpose": purpose, "reason": reason, "at": at}
    await connection.execute(_CLOSE_OTHERS, values)


_CLOSE_OTHERS = text(
    """INSERT INTO opt_outs (kind, value, purpose, reason, at)
       SELECT DISTINCT i.kind, i.value, CAST(:purpose AS text), CAST(:reason AS text), CAST(:at AS timestamptz)
       FROM contacts c JOIN identities i ON i.contact_id = coalesce(c.leader_id, c.id)
       LEFT JOIN shared_addresses s ON s.kind = i.kind AND s.value = i.value
       WHERE c.id = :card AND i.kind IN ('email', 'phone', 'telegram') AND i.variant NOT LIKE '~%'
         AND NOT coalesce(s.shared, false) AND (i.kind, i.value) <> (CAST(:kind AS text), CAST(:value AS text))
       ORDER BY 1, 2
       ON CONFLICT (kind, value, purpose) DO UPDATE SET until = NULL WHERE opt_outs.until IS NOT NULL"""
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
