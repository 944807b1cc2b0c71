"""When to try again, as data: one row per purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from store.deliveries import Purpose

LONGEST_PAUSE = timedelta(hours=1)
"""However long a provider asks us to wait, we ask again after this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Exponential back-off with jitter."""

    first: timedelta
    factor: float
    most: timedelta
    attempts: int
    """How often a delivery is offered to the provider before it is given up."""

    def delay(self, attempt: int, chance: float) -> timedelta:
        """How long to wait after the `attempt`-th one (from 1); `chance` in [0, 1) spreads it by a quarter each way."""
        steps = min(attempt - 1, 64)
        plain = min(self.first.total_seconds() * self.factor**steps, self.most.total_seconds())
        return timedelta(seconds=plain * (0.75 + chance / 2))


_ANSWER = Backoff(first=timedelta(seconds=5), factor=2.5, most=timedelta(minutes=15), attempts=10)  # about an hour
_CARD = Backoff(first=timedelta(seconds=2), factor=2.0, most=timedelta(minutes=10), attempts=40)  # about five hours
_EDIT = Backoff(first=timedelta(seconds=2), factor=3.0, most=timedelta(minutes=5), attempts=6)
_TOAST = Backoff(first=timedelta(seconds=1), factor=2.0, most=timedelta(seconds=4), attempts=3)  # a press goes stale
_MAILING = Backoff(first=timedelta(minutes=1), factor=3.0, most=timedelta(hours=1), attempts=6)

RETRY: Mapping[Purpose, Backoff] = {
    Purpose.CARD: _CARD,
    Purpose.REFRESH: _EDIT,
    Purpose.RETIRE: _EDIT,
    Purpose.RELAY: _CARD,
    Purpose.REPLY: _ANSWER,
    Purpose.GREETING: _ANSWER,
    Purpose.NOTICE: _ANSWER,
    Purpose.REVIEW: _EDIT,
    Purpose.TOAST: _TOAST,
    Purpose.BROADCAST: _MAILING,
    Purpose.TEST: _ANSWER,
    Purpose.MESSAGE: _ANSWER,
}
