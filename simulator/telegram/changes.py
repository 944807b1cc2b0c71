"""How a page learns that it must look again."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from simulator.telegram.model import Change


class Subscription(AsyncIterator[Change]):
    """Changes in order. Whoever does not read for 1,000 changes loses the oldest: the chats hold the truth."""

    def __init__(self) -> None:
        self._changes: deque[Change] = deque(maxlen=1000)
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._changes)

    def put(self, change: Change) -> None:
        """Hand over one change."""
        self._changes.append(change)
        self._arrived.set()

    async def __anext__(self) -> Change:
        while not self._changes:
            self._arrived.clear()
            await self._arrived.wait()
        return self._changes.popleft()
