"""Looks after channels that were paused because the provider refused us, and lifts the pause when it would serve us."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import SendError
from domain.messages import ChannelName, utcnow
from domain.ports import Channel
from notifications.ledger import Ledger
from store import deliveries, suppressions
from store.engine import Database

log = logging.getLogger(__name__)

_SLOWEST = timedelta(minutes=15)
_FORGOTTEN = timedelta(minutes=30)
"""A channel that was well for so long is pinged at the first rate again."""


@dataclass(slots=True)
class _Patient:
    """How often we have pinged a paused channel, and when to do so next."""

    tries: int
    due: datetime


class Watch:
    """Pings paused channels: after `every`, then ever more rarely, also when a channel fails again and again."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[ChannelName, Channel],
        ledger: Ledger,
        *,
        every: timedelta = timedelta(seconds=30),
        timeout: float = 20,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._database = database
        self._channels = channels
        self._ledger = ledger
        self._every = every
        self._timeout = timeout
        self._clock = clock
        self._patients: dict[ChannelName, _Patient] = {}

    async def run(self) -> None:
        """Until cancelled. Raises what PostgreSQL raises when it is away."""
        while True:
            await self.look()
            await asyncio.sleep(self._every.total_seconds() / 4)

    async def look(self) -> None:
        """Ping every channel that is paused until it is mended, and due."""
        async with self._database.connect() as connection:
            paused = {p.channel for p in await suppressions.pauses(connection) if p.until is None}
        now = self._clock()
        for name, channel in self._channels.items():
            if name in paused and self._is_due(name, now):
                await self._ping(name, channel)
        self._patients = {
            name: patient
            for name, patient in self._patients.items()
            if name in paused or now < patient.due + _FORGOTTEN
        }

    def _is_due(self, name: ChannelName, now: datetime) -> bool:
        """True when it is time to ping; then the next time is set."""
        patient = self._patients.setdefault(name, _Patient(0, now + self._every))
        if now < patient.due:
            return False
        patient.tries += 1
        patient.due = now + min(self._every * 2 ** min(patient.tries, 20), _SLOWEST)
        return True

    async def _ping(self, name: ChannelName, channel: Channel) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await channel.ping()
        except (SendError, TimeoutError) as error:
            log.warning("channel %s is still paused: %s", name, error or "no answer")
        except Exception:
            log.exception("the ping of channel %s has a fault", name)
        else:
            await self._lift(name)

    async def _lift(self, name: ChannelName) -> None:
        log.warning("channel %s answers again: what waited is sent now", name)
        async with self._database.begin() as connection:
            await suppressions.unpause(connection, name)
            await deliveries.add(
                connection, self._ledger.alert("channel_resumed", "", self._clock(), {"channel": name})
            )
