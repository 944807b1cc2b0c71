"""Order: what goes to one address of one channel goes one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta

from domain.messages import DeliveryState
from notifications.verdict import Outcome, put_off
from store.deliveries import Delivery, Purpose

Lane = tuple[str, str, bool]
"""(channel, address, whether it answers a press: such an answer overtakes messages)."""
_STEP = timedelta(microseconds=1)


class Lanes:
    """Deliveries in hand, one task per lane that has any."""

    def __init__(
        self, deliver: Callable[[Delivery], Awaitable[Outcome]], settle: Callable[[Outcome], Awaitable[None]]
    ) -> None:
        """`deliver` sends one; `settle` gets every outcome at once and returns when it is written down."""
        self._deliver = deliver
        self._settle = settle
        self._lanes: dict[Lane, deque[Delivery]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def admit(self, delivery: Delivery) -> None:
        """Send it when everything before it in its lane is done."""
        lane = (delivery.channel, delivery.address, delivery.purpose == Purpose.TOAST)
        if lane in self._lanes:
            self._lanes[lane].append(delivery)
            return
        self._lanes[lane] = deque([delivery])
        task = asyncio.create_task(self._drain(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, grace: float) -> None:
        """Give back what was not begun, and wait at most `grace` seconds for what was."""
        self._closing = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _drain(self, lane: Lane) -> None:
        """One after the other, each written down before the next: what follows may hang on its external id."""
        queue = self._lanes[lane]
        try:
            while queue:
                outcome = await self._one(queue.popleft())
                written = [self._settle(outcome)]
                if outcome.verdict.state is DeliveryState.PENDING:
                    written += self._put_off(queue, outcome)
                await asyncio.gather(*written)
        finally:
            del self._lanes[lane]

    async def _one(self, delivery: Delivery) -> Outcome:
        if self._closing:
            return put_off(delivery, None, "Leadwire was stopping")
        return await self._deliver(delivery)

    def _put_off(self, followers: deque[Delivery], head: Outcome) -> list[Awaitable[None]]:
        """What follows waits at least as long, so that it stays behind."""
        at, written = head.verdict.retry_at, []
        while followers:
            at = at + _STEP if at else None
            written.append(self._settle(put_off(followers.popleft(), at, head.verdict.reason)))
        return written
