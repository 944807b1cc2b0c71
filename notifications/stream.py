"""The mailings of one channel on their way out: claimed ahead, then put on the wire as many at once as it takes.

Each recipient has another address, so nobody waits for anybody. What goes on the wire is written down just before: when
a sender dies, only that is in doubt.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from broadcasts.allotment import ACCOUNT
from domain.messages import ChannelName
from notifications.dispatch import Dispatch
from notifications.mailing import Mailings
from notifications.outbox import Outbox
from notifications.verdict import Outcome, put_off
from store import mailing
from store.deliveries import Delivery
from store.engine import Database

_AHEAD = 8
"""Times what is on the wire at once is in hand: a sender that dies holds the rest up until its lease is over."""
_FEWEST = 128
_BREATH = 40
"""Messages made in one go: meanwhile no answer of a provider is heard, and its connections lie idle."""
_BRAKES_EVERY = 1.0
"""Seconds between two looks whether a provider of what is in hand has had enough."""


class Stream:
    """The rows of running broadcasts that this process has in hand on one channel."""

    def __init__(
        self,
        channel: ChannelName,
        database: Database,
        mailings: Mailings,
        dispatch: Dispatch,
        outbox: Outbox,
        *,
        most: int,
        lease: timedelta,
        look_every: float,
    ) -> None:
        """`most`: rows in hand. `look_every`: seconds until it is looked again, where there was nothing more."""
        self._channel = channel
        self._database = database
        self._mailings = mailings
        self._dispatch, self._flow = dispatch, dispatch.flows[channel]
        self._outbox = outbox
        self._most, self._lease, self._look_every = most, lease, look_every
        self._dry_until = self._brakes_at = 0.0
        self._queue: deque[Delivery] = deque()
        self._some = asyncio.Event()
        self._closing = False
        self.in_hand: dict[UUID, Delivery] = {}
        """Claimed, and not yet written down as settled."""

    @property
    def is_low(self) -> bool:
        """Whether it is time to claim more."""
        return len(self.in_hand) <= self._enough // 2 and time.monotonic() >= self._dry_until

    @property
    def _enough(self) -> int:
        return min(self._most, max(_FEWEST, _AHEAD * self._flow.room))

    async def claim(self) -> None:
        """Fill up, when it is time; else let those wait whose provider has had enough meanwhile."""
        if self._closing:
            return
        if not self.is_low:
            await self._obey_brakes()
            return
        async with self._database.begin() as connection:
            room = self._enough - len(self.in_hand)
            claimed = await self._mailings.claim(connection, self._channel, room, self._lease)
        fresh = [row for row in claimed if row.id not in self.in_hand]  # else our lease had lapsed: it is on its way
        if len(claimed) < room:
            self._dry_until = time.monotonic() + self._look_every
        self.in_hand.update((row.id, row) for row in fresh)
        self._queue.extend(fresh)
        self._some.set()

    async def _obey_brakes(self) -> None:
        if not self._queue or time.monotonic() < self._brakes_at:
            return
        self._brakes_at = time.monotonic() + _BRAKES_EVERY
        async with self._database.begin() as connection:
            stopped = await self._mailings.stopped(connection, self._channel)
        if not stopped:
            return
        rows, self._queue = self._queue, deque()
        for row in rows:
            if brake := stopped.get(row.provider) or stopped.get(ACCOUNT):
                self._outbox.add(put_off(row, brake.until, brake.reason))
            else:
                self._queue.append(row)

    async def run(self) -> None:
        """Put what is claimed on the wire, until closed."""
        while not self._closing:
            self._some.clear()
            if not self._queue:
                await self._some.wait()
                continue
            free = await self._flow.free()
            if not self._closing:
                await self._offer([self._queue.popleft() for _ in range(min(free, len(self._queue)))])

    async def _offer(self, rows: Sequence[Delivery]) -> None:
        """These, as far as their broadcasts still run; the others wait again, or never go."""
        try:
            async with self._database.begin() as connection:
                offered = await mailing.offer(connection, rows)
        except BaseException:
            self._queue.extendleft(reversed(rows))
            raise
        for number, row in enumerate(rows):
            if row.id in offered:
                self._dispatch.post(row, self._told)
            else:
                del self.in_hand[row.id]
            if number % _BREATH == 0:
                await asyncio.sleep(0)

    def _told(self, outcome: Outcome) -> None:
        self._outbox.add(self._mailings.followed(outcome))

    def settled(self, delivery: Delivery) -> None:
        """It is written down."""
        del self.in_hand[delivery.id]

    def close(self) -> None:
        """Claim and offer nothing more: `run` returns."""
        self._closing = True
        self._some.set()

    def give_back(self) -> None:
        """What was claimed and never offered waits again."""
        while self._queue:
            self._outbox.add(put_off(self._queue.popleft(), None, "Leadwire was stopping"))
