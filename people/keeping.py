"""Removes every day what is older than the configuration keeps, or only counts it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from domain.messages import utcnow
from people import retention
from people.retention import Discard
from store.engine import AWAY, Database
from store.events import SYSTEM
from store.locks import exclusive

log = logging.getLogger(__name__)
DAY, SOON = 86_400.0, 60.0
"""Seconds until the next time: usually, and after one for which PostgreSQL was away."""


class Keeping:
    """The job. `days`: kind -> how long it is kept, `discard` as in `people.retention`; `dry_run`: only count."""

    def __init__(self, database: Database, days: Mapping[str, int], discard: Discard, *, dry_run: bool = False) -> None:
        self._database = database
        self._discard = discard
        self._days = days
        self._dry_run = dry_run

    async def run(self) -> None:
        """Until cancelled: at once, and then once a day."""
        while True:
            pause = SOON
            with suppress(*AWAY):
                await self.tidy()
                pause = DAY
            await asyncio.sleep(pause)

    async def tidy(self) -> Mapping[str, int]:
        """Remove it, unless another process does so now; kind -> how many were too old.

        What is cut off is gone on with the next time: each portion is a transaction of its own.
        """
        async with exclusive(self._database, "retention") as held:
            if held is None:
                return {}
            now = utcnow()
            wanted = retention.periods(self._days, now)
            found = await retention.counts(self._database, wanted)
            for period in wanted:
                said = "would remove" if self._dry_run else "removing"
                log.info("retention: %s %d %s from before %s", said, found[period.kind], period.kind, period.before)
            if not self._dry_run:
                async for _ in retention.run(self._database, wanted, actor=SYSTEM, now=now, discard=self._discard):
                    await held.confirm()
            return found
