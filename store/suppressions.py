"""Addresses that take nothing more, and channels that send nothing now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk, direct
from store.bulk import Row
from store.tables import suppressions


async def stop(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Write nothing more to these (channel, address, reason, at)."""
    await bulk.insert_new(connection, suppressions, ("channel", "address", "reason", "created_at"), sorted(rows))


async def resume(connection: AsyncConnection, addresses: Iterable[tuple[str, str]]) -> None:
    """These (channel, address) take messages again."""
    if pairs := sorted(addresses):
        await direct.execute(connection, _RESUME, *zip(*pairs, strict=True))


_RESUME = """DELETE FROM suppressions s USING unnest(CAST($1 AS text[]), CAST($2 AS text[])) AS a(channel, address)
       WHERE s.channel = a.channel AND s.address = a.address"""


async def sent_to(connection: AsyncConnection, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(channel, external id) -> the address that this delivery of ours went to."""
    if not (pairs := sorted(set(names))):
        return {}
    return {(r.channel, r.external_id): r.address for r in await connection.execute(_SENT_TO, bulk.arrays(pairs))}


_SENT_TO = text(
    """SELECT d.channel, d.external_id, d.address FROM deliveries d
       JOIN unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[])) AS n(channel, external_id) USING (channel, external_id)"""
)


async def among(
    connection: AsyncConnection, channels: Iterable[str], addresses: Iterable[str]
) -> frozenset[tuple[str, str]]:
    """Those (channel, address) of all combinations that take nothing more."""
    wanted = {"channels": list(channels), "addresses": list(addresses)}
    return frozenset((r.channel, r.address) for r in await connection.execute(_AMONG, wanted))


_AMONG = text(
    """SELECT channel, address FROM suppressions
       WHERE channel = ANY(CAST(:channels AS text[])) AND address = ANY(CAST(:addresses AS text[]))"""
)


class Pause(NamedTuple):
    """A channel that sends nothing now."""

    channel: str
    until: datetime | None
    reason: str


async def pause(connection: AsyncConnection, channel: str, until: datetime | None, reason: str, at: datetime) -> bool:
    """Pause the channel until then, or until somebody lifts it; never shorter. True when it was not paused before."""
    values = {"channel": channel, "until": until, "reason": reason, "at": at}
    return bool(await connection.scalar(_PAUSE, values))


_PAUSE = text(
    """WITH before AS (SELECT until FROM pauses WHERE channel = :channel AND (until IS NULL OR until > :at))
       INSERT INTO pauses (channel, until, reason, created_at)
       VALUES (:channel, CAST(:until AS timestamptz), :reason, :at)
       ON CONFLICT (channel) DO UPDATE SET
         until = CASE WHEN pauses.until IS NOT NULL AND excluded.until IS NOT NULL
           THEN greatest(excluded.until, pauses.until) END,
         reason = CASE WHEN pauses.until > excluded.until THEN pauses.reason ELSE excluded.reason END
       RETURNING NOT EXISTS (SELECT FROM before)"""
)


async def unpause(connection: AsyncConnection, channel: str) -> None:
    """Let the channel send again."""
    await connection.execute(text("DELETE FROM pauses WHERE channel = :channel"), {"channel": channel})


async def pauses(connection: AsyncConnection) -> list[Pause]:
    """The pauses in force."""
    rows = await connection.execute(
        text("SELECT channel, until, reason FROM pauses WHERE until IS NULL OR until > now() ORDER BY channel")
    )
    return [Pause(*r) for r in rows]
