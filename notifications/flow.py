"""How many of a mailing's messages a provider has in hand at once: few while it is slow, many while it is fast.

What is in hand is what an answer to a customer has to wait for at worst, so it is kept to what goes out within a
moment (Little's law: in hand = rate x time): one more for each quick answer, a tenth fewer for each slow one.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

QUICK, SLOW = 0.2, 0.8
"""Seconds that one message takes."""
FEWEST, MOST = 4, 1000


class Flow:
    """An asynchronous context per message; it lets in as many as the last ones have earned."""

    def __init__(self, first: int = 16) -> None:
        self._room = float(first)
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._entered: dict[asyncio.Task[object] | None, float] = {}

    @property
    def room(self) -> int:
        """How many may be in hand now."""
        return int(self._room)

    async def __aenter__(self) -> None:
        while self._inside >= int(self._room):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._next()
                raise
        self._inside += 1
        self._entered[asyncio.current_task()] = time.monotonic()

    async def __aexit__(self, *_: object) -> None:
        self._inside -= 1
        took = time.monotonic() - self._entered.pop(asyncio.current_task())
        if took < QUICK:
            self._room = min(MOST, self._room + 1)
        elif took > SLOW:
            self._room = max(FEWEST, self._room * 0.9)
        self._next()

    def _next(self) -> None:
        """Wake as many as have room."""
        free = int(self._room) - self._inside
        while self._waiting and free > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1
