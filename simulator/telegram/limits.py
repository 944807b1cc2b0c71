"""Telegram's rate limits: 30 messages a second in all, one a second per chat, 20 a minute per group.

Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from datetime import datetime

from simulator.telegram.errors import too_many
from simulator.telegram.model import Bot, Chat

PER_BOT = (30, 1.0)
PER_PRIVATE_CHAT = (5, 5.0)  # one a second; "short bursts that go over this limit" are tolerated
PER_GROUP = (20, 60.0)


class Window:
    """At most `count` events in any `seconds`."""

    def __init__(self, count: int, seconds: float) -> None:
        self._times: deque[float] = deque(maxlen=count)
        self._seconds = seconds

    def wait(self, now: float) -> float:
        """Seconds until one more event fits; not above 0 when it fits now."""
        if len(self._times) < (self._times.maxlen or 0):
            return 0.0
        return self._times[0] + self._seconds - now

    def count(self, now: float) -> None:
        """One event happened."""
        self._times.append(now)


class Limits:
    """The windows of all bots and chats. A refused request counts for nothing."""

    def __init__(self, *, enabled: bool, clock: Callable[[], datetime]) -> None:
        self.enabled = enabled
        self.refused = 0
        """How many requests were answered with 429."""
        self._clock = clock
        self._windows: dict[tuple[int, str], Window] = {}

    def spend(self, bot: Bot, chat: Chat, messages: int = 1) -> None:
        """Count messages of the bot to the chat. Raises 429 with the whole seconds to wait when they are too many."""
        if not self.enabled:
            return
        now = self._clock().timestamp()
        per_chat = PER_PRIVATE_CHAT if chat.type == "private" else PER_GROUP
        windows = [self._window(bot, "", PER_BOT), self._window(bot, chat.key, per_chat)]
        wait = max(window.wait(now) for window in windows)
        if wait > 0:
            self.refused += 1
            raise too_many(max(1, math.ceil(wait)))
        for window in windows * messages:
            window.count(now)

    def _window(self, bot: Bot, chat: str, size: tuple[int, float]) -> Window:
        return self._windows.setdefault((bot.id, chat), Window(*size))
