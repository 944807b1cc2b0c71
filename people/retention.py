"""How long things are kept (`[retention]`): what is older goes, and can be counted before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from store import events, message_files, retention
from store.engine import Database
from store.retention import Period

KINDS = ("events", "messages", "leads")
WITH_FILES = "messages"
Discard = Callable[[str], Awaitable[None]]


def periods(days: Mapping[str, int], now: datetime) -> Sequence[Period]:
    """What is too old. `days`: kind -> how long it is kept; 0 for ever. Pure."""
    return [Period(kind, now - timedelta(days=days[kind])) for kind in KINDS if days.get(kind)]


async def counts(database: Database, wanted: Sequence[Period]) -> dict[str, int]:
    """Kind -> how many would go now."""
    async with database.begin() as connection:
        found = {period.kind: await retention.count(connection, period) for period in wanted}
        for period in (p for p in wanted if p.kind == WITH_FILES):
            found[period.kind] += await message_files.count(connection, period.before)
    return found


async def run(
    database: Database, wanted: Sequence[Period], *, actor: str, now: datetime, discard: Discard
) -> AsyncIterator[str]:
    """Remove them, a transaction a portion; yields the kind after each. It may be stopped and begun again.

    `discard` takes a file out of the store by its key.
    """
    for period in wanted:
        total = 0
        while True:
            async with database.begin() as connection:
                gone = await retention.remove(connection, period)
                total += gone
                if gone < retention.AT_ONCE and total:
                    kind = f"retention.{period.kind}"
                    await events.record(
                        connection, kind, at=now, actor=actor, removed=total, before=f"{period.before:%Y-%m-%d}"
                    )
            yield period.kind
            if gone < retention.AT_ONCE:
                break
        if period.kind == WITH_FILES:
            async for _ in _files(database, period, discard):
                yield period.kind


async def _files(database: Database, period: Period, discard: Discard) -> AsyncIterator[int]:
    """Take off what other programs had us send along; what is nobody else's leaves the file store, after the commit."""
    while True:
        async with database.begin() as connection:
            gone, keys = await message_files.forget(connection, period.before)
        for key in keys:
            await discard(key)
        if gone:
            yield gone
        if gone < message_files.AT_ONCE:
            return
