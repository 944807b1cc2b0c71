"""What providers took lately, and what holds us back from them; locked while an account's rows are claimed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row


class Quota(NamedTuple):
    """What is used of one window."""

    channel: str
    provider: str
    span: str
    began_at: datetime
    used: int


async def used(connection: AsyncConnection, channel: str, others: Sequence[str] = ()) -> list[Quota]:
    """The windows of an account and of `others` (of its broadcasts).

    The account is ours until the end of the transaction: two processes never share the last place of a window.
    """
    await connection.execute(_LOCK, {"name": f"pace:{channel}"})
    return await quotas(connection, [channel, *others])


async def quotas(connection: AsyncConnection, channels: Sequence[str]) -> list[Quota]:
    """The windows of these, as they are: for looking at."""
    return [Quota(*row) for row in await connection.execute(_USED, {"channels": list(channels)})]


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_USED = text(
    "SELECT channel, provider, span, began_at, used FROM quotas WHERE channel = ANY(CAST(:channels AS text[]))"
)


async def use(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Count (channel, provider, span, began_at, used): added to the same window, or in place of an older one."""
    if rows:
        await connection.execute(_USE, bulk.arrays(sorted(rows)))


_USE = text(
    """INSERT INTO quotas AS q (channel, provider, span, began_at, used)
       SELECT * FROM unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[]), CAST(:c2 AS text[]), CAST(:c3 AS timestamptz[]),
         CAST(:c4 AS integer[]))
       ON CONFLICT (channel, provider, span) DO UPDATE SET began_at = excluded.began_at,
         used = excluded.used + CASE WHEN q.began_at = excluded.began_at THEN q.used ELSE 0 END"""
)


class BrakeRow(NamedTuple):
    """How far a provider is slowed down."""

    channel: str
    provider: str
    level: int
    until: datetime
    reason: str
    share: float
    at: datetime


async def brakes(connection: AsyncConnection, channels: Collection[str] | None = None) -> list[BrakeRow]:
    """Those of these accounts, or all."""
    values = {"channels": None if channels is None else list(channels)}
    return [BrakeRow(*row) for row in await connection.execute(_BRAKES, values)]


_BRAKES = text(
    """SELECT channel, provider, level, until, reason, share, at FROM brakes
       WHERE CAST(:channels AS text[]) IS NULL OR channel = ANY(CAST(:channels AS text[]))"""
)


async def brake(connection: AsyncConnection, rows: Iterable[BrakeRow]) -> None:
    """Put brakes on, or change them."""
    found = sorted(rows)
    if found:
        await connection.execute(_BRAKE, bulk.arrays(found))


_BRAKE = text(
    """INSERT INTO brakes (channel, provider, level, until, reason, share, at)
       SELECT * FROM unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[]), CAST(:c2 AS smallint[]),
         CAST(:c3 AS timestamptz[]), CAST(:c4 AS text[]), CAST(:c5 AS double precision[]), CAST(:c6 AS timestamptz[]))
       ON CONFLICT (channel, provider) DO UPDATE SET level = excluded.level, until = excluded.until,
         reason = excluded.reason, share = excluded.share, at = excluded.at"""
)


async def release(connection: AsyncConnection, pairs: Iterable[tuple[str, str]]) -> None:
    """Take brakes off these (channel, provider)."""
    found = sorted(pairs)
    if found:
        await connection.execute(_RELEASE, bulk.arrays(found))


_RELEASE = text(
    """DELETE FROM brakes b USING unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[])) AS r(channel, provider)
       WHERE b.channel = r.channel AND b.provider = r.provider"""
)


async def count(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Add (channel, provider, minute, sent, soft, hard, blocked, complaints) to what was counted in that minute."""
    if rows:
        await connection.execute(_COUNT, bulk.arrays(sorted(rows)))


_COUNT = text(
    """INSERT INTO pulses AS p (channel, provider, minute, sent, soft, hard, blocked, complaints)
       SELECT * FROM unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[]), CAST(:c2 AS timestamptz[]),
         CAST(:c3 AS integer[]), CAST(:c4 AS integer[]), CAST(:c5 AS integer[]), CAST(:c6 AS integer[]),
         CAST(:c7 AS integer[]))
       ON CONFLICT (channel, provider, minute) DO UPDATE SET sent = p.sent + excluded.sent,
         soft = p.soft + excluded.soft, hard = p.hard + excluded.hard, blocked = p.blocked + excluded.blocked,
         complaints = p.complaints + excluded.complaints"""
)


class PulseRow(NamedTuple):
    """What a provider answered."""

    channel: str
    provider: str
    sent: int
    soft: int
    hard: int
    blocked: int
    complaints: int


async def pulses(connection: AsyncConnection, channel: str, since: datetime) -> list[PulseRow]:
    """Of an account's providers since then, leaving out what was answered before a brake let mail through again."""
    return [PulseRow(*row) for row in await connection.execute(_PULSES, {"channel": channel, "since": since})]


_PULSES = text(
    """SELECT p.channel, p.provider, sum(sent)::integer, sum(soft)::integer, sum(hard)::integer,
         sum(blocked)::integer, sum(complaints)::integer
       FROM pulses p LEFT JOIN brakes b ON b.channel = p.channel AND b.provider = p.provider
       WHERE p.channel = :channel AND p.minute >= greatest(CAST(:since AS timestamptz), date_trunc('minute', b.until))
       GROUP BY p.channel, p.provider"""
)


async def forget(connection: AsyncConnection, before: datetime) -> None:
    """What was counted before then is of no use any more."""
    await connection.execute(_FORGET, {"before": before})


_FORGET = text("DELETE FROM pulses WHERE minute < :before")


async def warm(connection: AsyncConnection, channel: str, at: datetime) -> datetime:
    """When this account sent its first mailing: now, if it has sent none."""
    await connection.execute(_WARM, {"channel": channel, "at": at})
    return await warmed_since(connection, channel) or at


async def warmed_since(connection: AsyncConnection, channel: str) -> datetime | None:
    """When this account sent its first mailing; None: it has sent none."""
    found: datetime | None = await connection.scalar(_WARMED, {"channel": channel})
    return found


_WARM = text("INSERT INTO warmups (channel, began_at) VALUES (:channel, :at) ON CONFLICT DO NOTHING")
_WARMED = text("SELECT began_at FROM warmups WHERE channel = :channel")
