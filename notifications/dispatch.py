"""One delivery from the gate to the provider; whatever happens on the way ends in an `Outcome`."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from broadcasts.attachments import FILES
from domain.errors import SendError, Unavailable
from domain.messages import ChannelName, Outbound, Sent, utcnow
from domain.ports import Poster, Sender
from notifications.flow import Flow
from notifications.verdict import Later, Outcome, Skip, gate, put_off, verdict, went_out
from store.deliveries import Delivery, Purpose
from store.engine import is_away

log = logging.getLogger(__name__)

_CARRIED_AT_ONCE = 8  # up to 10 MB each (`broadcasts.attachments.LARGEST`), and the same in Base64
_RENDERED_AT_ONCE = 8  # each takes a connection of the pool


class Renderer(Protocol):
    """Makes the message of a delivery: `notifications.render.Renderer`."""

    async def render(self, delivery: Delivery) -> Outbound:
        """Raises Skip when there is nothing to send, Later when something else must be sent first."""
        ...

    async def with_files(self, message: Outbound, stored: Iterable[Mapping[str, Any]]) -> Outbound:
        """The same with these files of the store."""
        ...


class Letters(Protocol):
    """Makes the messages of mailings, of whose facts everything is known: `notifications.mailing.Mailings`."""

    def render(self, delivery: Delivery) -> Outbound:
        """Raises Skip when there is nothing to send."""
        ...


class RateLimits(Protocol):
    """How fast we may send: `notifications.limits.Limits`."""

    async def wait_for(self, channel: ChannelName, address: str) -> timedelta: ...
    def may_wait(self, wait: timedelta) -> bool: ...
    async def hold(self, channel: ChannelName, address: str, rest: timedelta) -> None: ...
    def ahead(self, channel: ChannelName, most: int, *, seconds: float = 2) -> int: ...
    def is_limited(self, channel: ChannelName) -> bool: ...


class Dispatch:
    """Renders, waits for the limits, sends."""

    def __init__(
        self,
        senders: Mapping[ChannelName, Sender],
        renderer: Renderer,
        limits: RateLimits,
        *,
        concurrency: int,
        timeout: float,
        mailings: Letters | None = None,
    ) -> None:
        self._senders = senders
        self._renderer = renderer
        self._mailings = mailings
        self.flows = {name: Flow() for name in senders}
        """How many mailings each channel has in hand."""
        self._limits = limits
        self._timeout = timeout
        self._rendering = asyncio.Semaphore(_RENDERED_AT_ONCE)
        self._carrying = asyncio.Semaphore(_CARRIED_AT_ONCE)
        self._resting: dict[str, str] = {}
        self._slots = {name: asyncio.Semaphore(concurrency) for name in senders}
        self._posters = {
            name: sender
            for name, sender in senders.items()
            if isinstance(sender, Poster) and not limits.is_limited(name)
        }
        self.posted: set[asyncio.Future[Sent] | asyncio.Task[None]] = set()
        """What is on its way by `post`."""

    async def deliver(self, delivery: Delivery) -> Outcome:
        """What became of it. Raises nothing but CancelledError."""
        if barred := gate(delivery):
            return barred
        message = await self._rendered(delivery)
        if isinstance(message, Outcome):
            return message
        try:
            await self._wait_for_limits(delivery)
            sent = await self._carried(delivery, message)
        except Exception as error:  # noqa: BLE001 - an adapter's fault fails its delivery, and is logged below
            outcome = self._failed(error, delivery)
        else:
            return went_out(delivery, sent)
        if outcome.holds:
            await self._limits.hold(ChannelName(delivery.channel), delivery.address, outcome.holds)
        return outcome

    def post(self, delivery: Delivery, tell: Callable[[Outcome], None]) -> None:
        """The same for a row of a mailing; `tell` gets what became of it, maybe before this returns.

        Where a channel without limits takes many at once, no task is made: each would cost as much as its mail.
        """
        channel = ChannelName(delivery.channel)
        poster = self._posters.get(channel)
        if poster is None or FILES in delivery.facts:
            task = asyncio.create_task(self._posted(delivery, self.flows[channel].enter(), tell))
            self.posted.add(task)
            task.add_done_callback(self.posted.discard)
            return
        try:
            message = self._message(delivery, channel)
            sending = message if isinstance(message, Outcome) else poster.post(message)
        except Exception as error:  # noqa: BLE001 - as above
            sending = self._failed(error, delivery)
        if isinstance(sending, Outcome):
            tell(sending)
            return
        self.posted.add(sending)
        sending.add_done_callback(partial(self._came, delivery, self.flows[channel].enter(), tell))

    def _message(self, delivery: Delivery, channel: ChannelName) -> Outbound | Outcome:
        if barred := gate(delivery):
            return barred
        if reason := self._resting.get(channel):
            raise Later(reason, None)
        assert self._mailings, "nothing else is posted"
        return self._mailings.render(delivery)

    def _came(
        self, delivery: Delivery, entered: float, tell: Callable[[Outcome], None], sending: asyncio.Future[Sent]
    ) -> None:
        self.posted.discard(sending)
        self.flows[ChannelName(delivery.channel)].leave(entered)
        if sending.cancelled():  # everything ends: nobody knows what became of it
            return
        error = sending.exception()
        tell(self._failed(error, delivery) if error else went_out(delivery, sending.result()))

    async def _posted(self, delivery: Delivery, entered: float, tell: Callable[[Outcome], None]) -> None:
        try:
            outcome = await self.deliver(delivery)
        finally:
            self.flows[ChannelName(delivery.channel)].leave(entered)
        tell(outcome)

    def resume(self, channel: ChannelName) -> None:
        """The channel rests no more: the store gave us work for it."""
        self._resting.pop(channel, None)

    async def _rendered(self, delivery: Delivery) -> Outbound | Outcome:
        try:
            if delivery.broadcast and self._mailings:
                return self._mailings.render(delivery)
            async with self._rendering:
                return await self._renderer.render(delivery)
        except Exception as error:  # noqa: BLE001 - a fault in rendering fails its delivery, and is logged below
            if is_away(error):
                return put_off(delivery, None, "the database was away")
            return self._failed(error, delivery)

    async def _wait_for_limits(self, delivery: Delivery) -> None:
        """Sit out a short wait. Raises Later for a long one. The answer to a press is no message and never waits."""
        if delivery.purpose == Purpose.TOAST:
            return
        wait = await self._limits.wait_for(ChannelName(delivery.channel), delivery.address)
        if not self._limits.may_wait(wait):
            raise Later("waits for its turn under the rate limits", wait)
        if wait:
            await asyncio.sleep(wait.total_seconds())

    async def _carried(self, delivery: Delivery, message: Outbound) -> Sent:
        """With the files of a mailing's row: few at once, for each message holds megabytes of them."""
        channel, stored = ChannelName(delivery.channel), delivery.facts.get(FILES)
        if not stored:
            return await self._send(channel, message, bool(delivery.broadcast))
        async with self._carrying:
            message = await self._renderer.with_files(message, stored)
            return await self._send(channel, message, bool(delivery.broadcast))

    async def _send(self, channel: ChannelName, message: Outbound, is_mailing: bool) -> Sent:
        if is_mailing:  # the flow says how many
            return await self._sent(channel, message)
        async with self._slots[channel]:
            return await self._sent(channel, message)

    async def _sent(self, channel: ChannelName, message: Outbound) -> Sent:
        if reason := self._resting.get(channel):  # what was in hand when the channel was paused
            raise Later(reason, None)
        try:
            async with asyncio.timeout(self._timeout):
                return await self._senders[channel].send(message)
        except TimeoutError as error:
            raise Unavailable(f"no answer within {self._timeout:.0f} s") from error

    def _failed(self, error: BaseException, delivery: Delivery) -> Outcome:
        if not isinstance(error, SendError | Skip | Later):
            log.error("a fault while sending delivery %s (%s)", delivery.id, delivery.purpose, exc_info=error)
        outcome = verdict(error, delivery, utcnow(), random.random())  # noqa: S311 - jitter, no secret
        if outcome.rests:
            self._resting[delivery.channel] = outcome.rests.reason
        return outcome
