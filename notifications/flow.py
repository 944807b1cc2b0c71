"""How many of a mailing's messages a provider has in hand at once: few while it is slow, many while it is fast.

What is in hand is what an answer to a customer has to wait for at worst, so it is kept to what goes out within a
moment (Little's law: in hand = rate x time): one more for each quick answer, a tenth fewer for each slow one.
"""

from __future__ import annotations

import asyncio
import time

QUICK, SLOW = 0.2, 0.4
"""Seconds that one message takes."""
FEWEST, MOST = 16, 1000
"""A slow provider takes some side by side all the same: `FEWEST` leaves the mailer connections for answers."""
_PORTION = 2
"""A place alone is not worth a transaction: half of them are waited for."""


class Flow:
    """Counts who enters and leaves; `free` says how many more the last ones have earned."""

    def __init__(self, first: int = FEWEST) -> None:
        self._room = float(first)
        self._inside = 0
        self._turn = asyncio.Event()

    @property
    def room(self) -> int:
        """How many may be in hand now."""
        return int(self._room)

    async def free(self) -> int:
        """How many more may be in hand, as soon as it is a portion."""
        while (free := self.room - self._inside) < self.room // _PORTION:
            self._turn.clear()
            await self._turn.wait()
        return free

    def enter(self) -> float:
        """One more is in hand; the moment, for `leave`."""
        self._inside += 1
        return time.monotonic()

    def leave(self, entered: float) -> None:
        """It is out of hand, one way or another."""
        self._inside -= 1
        took = time.monotonic() - entered
        if took < QUICK:
            self._room = min(MOST, self._room + 1)
        elif took > SLOW:
            self._room = max(FEWEST, self._room * 0.9)
        self._turn.set()
