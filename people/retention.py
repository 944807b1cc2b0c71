"""How long things are kept (`[retention]`): what is older goes, and can be counted before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta

from store import events, retention
from store.engine import Database
from store.retention import Period

KINDS = ("events", "messages", "leads")


def periods(days: Mapping[str, int], now: datetime) -> Sequence[Period]:
    """What is too old. `days`: kind -> how long it is kept; 0 for ever. Pure."""
    return [Period(kind, now - timedelta(days=days[kind])) for kind in KINDS if days.get(kind)]


async def counts(database: Database, wanted: Sequence[Period]) -> dict[str, int]:
    """Kind -> how many would go now."""
    async with database.begin() as connection:
        return {period.kind: await retention.count(connection, period) for period in wanted}


async def run(database: Database, wanted: Sequence[Period], *, actor: str, now: datetime) -> AsyncIterator[str]:
    """Remove them, a transaction a portion; yields the kind after each. It may be stopped and begun again."""
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
