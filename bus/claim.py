"""Bringing back what a consumer took and never finished, and forgetting consumers that are gone."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from bus.connect import AWAY, rest
from bus.consumer import Consumer
from bus.streams import GROUP, Entry

log = logging.getLogger(__name__)

_COUNT = 200  # entries a call; with FastStream's own `min_idle_time` it would be one
_GONE = 600_000  # milliseconds without a word; a living consumer asks every two seconds


async def claim_forever(consumer: Consumer, streams: Sequence[str]) -> None:
    """Look through the streams twice in each idle time, until cancelled. Says when Redis goes away and comes back."""
    away = False
    while True:
        try:
            for stream in streams:
                await _claim(consumer, stream)
        except AWAY as error:
            if not away:
                log.error("Redis is away: %s; consuming goes on when it is back", error)
            away = True
        else:
            if away:
                log.info("Redis is back")
            away = False
        await rest(consumer.rules.idle.total_seconds() / 2)


async def _claim(consumer: Consumer, stream: str) -> None:
    try:
        await claim_abandoned(consumer, stream)
        await forget_gone(consumer.redis, stream, but=consumer.name)
    except ResponseError as error:
        if "NOGROUP" not in str(error) and "no such key" not in str(error):
            raise
        log.error("%s is gone, Redis came back without it; it is made anew for the next reader", stream)


async def claim_abandoned(consumer: Consumer, stream: str) -> None:
    """Handle everything that has been pending for too long, whoever had it."""
    start = b"0-0"
    idle = int(consumer.rules.idle.total_seconds() * 1000)
    while True:
        start, found, *_ = await consumer.redis.xautoclaim(
            stream, GROUP, consumer.name, min_idle_time=idle, start_id=start, count=_COUNT
        )
        if found:
            log.warning("%s: took over %d abandoned entries", stream, len(found))
            entries = [Entry.of(id_, fields) for id_, fields in found]
            await consumer.handle(stream, entries, await _attempts(consumer, stream, entries))
        if start == b"0-0":
            return


async def _attempts(consumer: Consumer, stream: str, entries: Sequence[Entry]) -> dict[bytes, int]:
    rows = await consumer.redis.xpending_range(
        stream, GROUP, min=entries[0].id, max=entries[-1].id, count=1000, consumername=consumer.name
    )
    return {cast(bytes, row["message_id"]): cast(int, row["times_delivered"]) for row in rows}


async def forget_gone(redis: Redis, stream: str, *, but: str, gone: int = _GONE) -> None:
    """Remove consumers that have nothing pending and have been quiet for `gone` milliseconds."""
    for row in await redis.xinfo_consumers(stream, GROUP):
        if row["pending"] == 0 and row["idle"] > gone and row["name"].decode() != but:
            await leave(redis, stream, row["name"])


async def leave(redis: Redis, stream: str, name: str | bytes) -> None:
    """Remove a consumer. If it took entries in this very moment, everything that is still there is read once more."""
    lost = await redis.xgroup_delconsumer(stream, GROUP, name)
    if lost:
        log.warning("%s: a consumer that was removed had %d entries; the stream is read once more", stream, lost)
        await redis.xgroup_setid(stream, GROUP, id="0")
