"""Takes back what dead senders had claimed, and rings for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from domain.messages import utcnow
from store import cards, chats, deliveries, reports
from store.engine import Database, is_away

log = logging.getLogger(__name__)


class Sweep:
    """Looks for lapsed leases every now and then. Any number of processes may do so at once."""

    def __init__(
        self,
        database: Database,
        ring: Callable[[], Awaitable[None] | None],
        *,
        every: timedelta = timedelta(seconds=5),
        mercy: timedelta = timedelta(seconds=20),
    ) -> None:
        """`mercy`: after PostgreSQL was away, living senders get that long to renew leases that lapsed meanwhile."""
        self._database = database
        self._ring = ring
        self._every = every.total_seconds()
        self._mercy = mercy.total_seconds()

    async def run(self) -> None:
        """Until cancelled, whatever happens to PostgreSQL."""
        while True:
            try:
                await self.sweep()
                await asyncio.sleep(self._every)
            except Exception as error:
                if is_away(error):
                    log.warning("the sweep waits, PostgreSQL is away: %s", error)
                else:
                    log.exception("the sweep failed and goes on")
                await asyncio.sleep(self._mercy)

    async def sweep(self) -> int:
        """Once; how many were taken back. Raises what PostgreSQL raises."""
        async with self._database.begin() as connection:
            swept = await cards.take_back(connection, utcnow()) + await deliveries.sweep(connection)
            moved = await reports.catch_up_overtaken(connection)
            await chats.refresh(connection, [m.lead for m in moved if m.lead], utcnow())
        if swept:
            log.warning("%d deliveries were taken back from a sender that went away", swept)
            if isinstance(rung := self._ring(), Awaitable):
                await rung
        return swept
