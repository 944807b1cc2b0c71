"""Claim, send, settle: the one loop through which everything leaves the house.

SendLoop  claims what is due, per channel as much as it can use within a moment
Lanes     one after the other to each address
Stream    the mailings of a channel, which wait for nobody
Dispatch  gate, render, limits, send; every error becomes an Outcome (`verdict`)
Outbox    settles many in one transaction (`Ledger`)
Watch     pings channels that are paused until somebody mends them
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from domain.messages import ChannelName
from domain.ports import Sender
from notifications.dispatch import Dispatch, RateLimits, Renderer
from notifications.lanes import Lanes
from notifications.ledger import Ledger, Operator
from notifications.mailing import Mailings
from notifications.outbox import Outbox
from notifications.stream import Stream
from notifications.verdict import Outcome
from notifications.watch import Watch
from store import deliveries
from store.deliveries import Delivery, Purpose
from store.engine import Database, is_away

log = logging.getLogger(__name__)

Bells = Callable[[], AsyncIterator[None]]
"""Opens the doorbell: it yields when there may be work, and only saves the wait for the next look."""

_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.2, 10.0
_AWAY_BACKOFF = 1.0
"""Asking PostgreSQL once a second whether it is back costs nothing, and mailings go on at once."""


class SendLoop:
    """Sends everything that is due on its channels until it is cancelled."""

    def __init__(
        self,
        *,
        database: Database,
        senders: Mapping[ChannelName, Sender],
        renderer: Renderer,
        limits: RateLimits,
        bells: Bells | None = None,
        operators: Sequence[Operator] = (),
        lease: timedelta = timedelta(seconds=30),
        batch: int = 200,
        poll: float = 0.2,
        concurrency: int = 16,
        timeout: float = 300,
        grace: float = 10,
        ping_every: timedelta = timedelta(seconds=30),
        mailings: Mailings | None = None,
        most_mailings: int = 6000,
    ) -> None:
        """`operators` are told when a channel has to be mended. `batch`: deliveries in hand per channel;
        `concurrency`: sent at once per channel. Seconds: `poll` between looks without a bell, `timeout` for one
        message, `grace` to finish when cancelled. `mailings`: without them no broadcast is sent; `most_mailings`: of
        their rows in hand per channel.
        """
        self._database = database
        self._senders = senders
        self._bells = bells
        self._lease = lease
        self._poll = poll
        self._grace = grace
        ledger = Ledger(database, operators)
        self._outbox = Outbox(ledger, self._settled)
        self._dispatch = Dispatch(
            senders, renderer, limits, concurrency=concurrency, timeout=timeout, mailings=mailings
        )
        self._lanes = Lanes(self._dispatch.deliver, self._outbox.put)
        self._watch = Watch(database, senders, ledger, every=ping_every)
        self._most = {name: limits.ahead(name, batch) for name in senders}
        self._wake = {name: asyncio.Event() for name in senders}
        self._in_hand: dict[UUID, Delivery] = {}
        self._load: Counter[str] = Counter()
        self._streams: dict[ChannelName, Stream] = {}
        for name in senders:
            if mailings is None:
                break
            most = limits.ahead(name, most_mailings, seconds=1)
            self._streams[name] = Stream(
                name, database, mailings, self._dispatch, self._outbox, most=most, lease=lease, look_every=poll
            )
        self._closing = False

    async def run(self) -> None:
        """Until cancelled; then what is being sent is finished and settled. No fault of a part ends the whole."""
        lasting = [
            self._start("settling", self._outbox.run),
            self._start("renewing leases", self._renew),
            self._start("watching paused channels", self._watch.run),
            self._start("listening to the doorbell", self._listen),
        ]
        serving = [
            *(self._start(f"serving {name}", partial(self._serve, name)) for name in self._senders),
            *(self._start(f"mailings of {name}", stream.run) for name, stream in self._streams.items()),
        ]
        try:
            await asyncio.wait([*lasting, *serving])
        finally:
            await self._wind_down(serving)
            for task in (*lasting, *serving):
                task.cancel()
            await asyncio.gather(*lasting, *serving, return_exceptions=True)

    def ring(self) -> None:
        """There may be work."""
        for event in self._wake.values():
            event.set()

    async def _wind_down(self, serving: Sequence[asyncio.Task[None]]) -> None:
        """Claim nothing more, finish what was begun, write it down."""
        self._closing = True
        for stream in self._streams.values():
            stream.close()
        self.ring()
        if serving:
            await asyncio.wait(serving, timeout=self._grace)
        await self._lanes.close(self._grace)
        for stream in self._streams.values():
            stream.give_back()
        if posted := self._dispatch.posted:
            await asyncio.wait(posted, timeout=self._grace)
        try:
            async with asyncio.timeout(self._grace):
                await self._outbox.empty()
        except TimeoutError:
            log.warning("stopped before everything was settled: some of it will be sent again")

    def _start(self, name: str, part: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        return asyncio.create_task(self._keep(name, part), name=name)

    async def _keep(self, name: str, part: Callable[[], Awaitable[None]]) -> None:
        """Run a part, again whenever it fails."""
        loop, backoff = asyncio.get_running_loop(), _FIRST_BACKOFF
        while not self._closing:
            started, longest = loop.time(), _AWAY_BACKOFF
            try:
                await part()
                return
            except Exception as error:
                if not is_away(error):
                    longest = _LONGEST_BACKOFF
                    log.exception("%s failed and is started again", name)
                elif backoff == _FIRST_BACKOFF:  # once is enough, until it has been well for a while
                    log.warning("%s is interrupted and goes on as soon as it can: %s", name, error)
            if loop.time() - started > _LONGEST_BACKOFF:
                backoff = _FIRST_BACKOFF
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, longest)

    async def _listen(self) -> None:
        if self._bells is None:
            return
        try:
            async for _ in self._bells():
                self.ring()
        except Exception as error:
            raise ConnectionError(f"the doorbell is out of order ({error})") from error
        raise ConnectionError("the doorbell fell silent")

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            held = [id_ for hand in (self._in_hand, *(s.in_hand for s in self._streams.values())) for id_ in hand]
            if held:
                async with self._database.begin() as connection:
                    await deliveries.renew(connection, held, self._lease)

    async def _serve(self, channel: ChannelName) -> None:
        while not self._closing:
            self._wake[channel].clear()
            room = self._most[channel] - self._load[channel]
            if room > 0:
                await self._claim(channel, room)
            if stream := self._streams.get(channel):
                await stream.claim()
            await self._rung(channel)

    async def _rung(self, channel: ChannelName) -> None:
        try:
            async with asyncio.timeout(self._poll):
                await self._wake[channel].wait()
        except TimeoutError:
            return

    async def _claim(self, channel: ChannelName, room: int) -> None:
        async with self._database.begin() as connection:
            claimed = await deliveries.claim(connection, [channel], room, self._lease)
        if claimed:
            self._dispatch.resume(channel)
        for delivery in claimed:
            if delivery.id in self._in_hand:  # our lease had lapsed; it is being sent, and will be settled
                continue
            self._in_hand[delivery.id] = delivery
            self._load[channel] += 1
            self._lanes.admit(_with_earlier_tries(delivery))

    def _settled(self, outcomes: Sequence[Outcome]) -> None:
        """What is written down is no longer in hand; a channel that has become half empty looks for more at once."""
        for delivery in (outcome.delivery for outcome in outcomes):
            if delivery.broadcast:
                self._streams[ChannelName(delivery.channel)].settled(delivery)
            else:
                del self._in_hand[delivery.id]
                self._load[delivery.channel] -= 1
        for channel, event in self._wake.items():
            stream = self._streams.get(channel)
            if self._load[channel] <= self._most[channel] // 2 or (stream and stream.is_low):
                event.set()


def _with_earlier_tries(delivery: Delivery) -> Delivery:
    """An edit that was put off is a new row (`store.cards.put_off`), which says how often it was tried before."""
    if delivery.purpose != Purpose.REFRESH:
        return delivery
    return delivery._replace(attempts=delivery.attempts + int(delivery.facts.get("tries", 0)))
