"""A bot's updates until they are confirmed, and the one long poll that may wait for them.

Source: https://core.telegram.org/bots/api#getupdates
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from simulator.telegram.errors import ApiError

ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that a bot gets only when it names them in allowed_updates."""
OTHER_POLL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
WEBHOOK_SET = "Conflict: terminated by setWebhook request"


class Inbox:
    """The queue of one bot. Updates have consecutive ids and stay until an offset passes them."""

    def __init__(self, first_id: int) -> None:
        self._next_id = first_id
        self._updates: deque[dict[str, Any]] = deque()
        self._changed = asyncio.Event()
        self._poll: asyncio.Future[str] | None = None
        self.allowed: tuple[str, ...] = ()
        """As the bot said last; empty means all but `ON_REQUEST`."""

    def put(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Queue an update, unless the bot does not want its kind. A waiting poll wakes at once."""
        wanted = kind in self.allowed if self.allowed else kind not in ON_REQUEST
        if not wanted:
            return
        self._updates.append({"update_id": self._next_id, kind: payload})
        self._next_id += 1
        self._changed.set()

    @property
    def polled(self) -> bool:
        """Whether a getUpdates runs now."""
        return self._poll is not None

    def __len__(self) -> int:
        return len(self._updates)

    def confirm(self, offset: int) -> None:
        """Forget what lies before `offset`; a negative one keeps only the last -offset updates."""
        if offset < 0:
            offset = self._updates[offset]["update_id"] if len(self._updates) >= -offset else 0
        while self._updates and self._updates[0]["update_id"] < offset:
            self._updates.popleft()

    def clear(self) -> None:
        """Forget everything (drop_pending_updates)."""
        self._updates.clear()

    def first(self, limit: int) -> list[dict[str, Any]]:
        """The oldest updates, at most `limit`."""
        return [update for update, _ in zip(self._updates, range(limit), strict=False)]

    async def poll(self, limit: int, seconds: float) -> list[dict[str, Any]]:
        """The oldest updates, waiting for one if there is none. A poll that waits already ends with 409."""
        self.end_poll(OTHER_POLL)
        mine = self._poll = asyncio.get_running_loop().create_future()
        try:
            if not self._updates and seconds > 0:
                await self._wait(mine, seconds)
            return self.first(limit)
        finally:
            mine.cancel()
            if self._poll is mine:
                self._poll = None

    async def _wait(self, ended: asyncio.Future[str], seconds: float) -> None:
        arrival = asyncio.ensure_future(self.arrival())
        try:
            await asyncio.wait((arrival, ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise ApiError(409, ended.result())
        finally:
            arrival.cancel()

    async def arrival(self) -> None:
        """Return as soon as there is an update."""
        while not self._updates:
            self._changed.clear()
            await self._changed.wait()

    def end_poll(self, reason: str) -> None:
        """End the waiting poll, if there is one, with 409."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(reason)
