"""How often a key may be used: a bucket of tokens for each, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID


class Buckets:
    """`burst` requests at once, then `per_second`. Only keys that exist have one, so there are few."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._clock = clock
        self._filled: dict[UUID, tuple[float, float]] = {}

    def wait(self, key: UUID) -> float:
        """Take a token: 0.0, or how many seconds to wait for the next one; then none is taken."""
        now = self._clock()
        tokens, at = self._filled.get(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._per_second)
        if tokens < 1:
            self._filled[key] = tokens, now
            return (1 - tokens) / self._per_second
        self._filled[key] = tokens - 1, now
        return 0.0
