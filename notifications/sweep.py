"""Takes back what dead senders had claimed, catches up with reports that overtook their delivery, rings for both."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from domain.messages import utcnow
from store import cards, chats, deliveries, reports
from store.engine import Connection, Database, is_away
from store.reports import Reported

log = logging.getLogger(__name__)
Tell = Callable[[Connection, Sequence[Reported], datetime], Awaitable[None]]
"""Says what late reports mean to whom they concern (`router.route.Router.told`)."""


async def _show(connection: Connection, moved: Sequence[Reported], now: datetime) -> None:
    await chats.refresh(connection, [m.lead for m in moved if m.lead], now)


class Sweep:
    """Looks for lapsed leases every now and then. Any number of processes may do so at once."""

    def __init__(
        self,
        database: Database,
        ring: Callable[[], Awaitable[None] | None],
        *,
        tell: Tell = _show,
        every: timedelta = timedelta(seconds=5),
        mercy: timedelta = timedelta(seconds=20),
    ) -> None:
        """`mercy`: after PostgreSQL was away, living senders get that long to renew leases that lapsed meanwhile."""
        self._database = database
        self._ring = ring
        self._tell = tell
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
            await self._tell(connection, moved, utcnow())
        if swept:
            log.warning("%d deliveries were taken back from a sender that went away", swept)
        if (swept or moved) and isinstance(rung := self._ring(), Awaitable):
            await rung
        return swept
