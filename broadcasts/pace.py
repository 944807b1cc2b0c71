"""How many may go out now: windows of the clock, warm-up, brakes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from broadcasts.plan import SPANS, Pace

DAY = timedelta(days=1)
BRAKED = 600
"""Messages a minute that an account without any limit is taken to send, so that a brake has something to halve."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """What is used of one window."""

    began_at: datetime
    used: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """How many may go, and when there is room again if that is none."""

    count: int
    again_at: datetime | None = None
    reason: str = ""
    """Which limit it is, as a word: second, minute, hour, day, warm-up, brake."""
    limit: int = 0


def window(span: str, now: datetime) -> datetime:
    """When the window of this span that holds `now` began: full seconds, minutes, hours, days of UTC."""
    length = SPANS[span]
    return now - (now - datetime(1970, 1, 1, tzinfo=UTC)) % length


def room(pace: Pace, used: Mapping[str, Used], now: datetime, most: int) -> Room:
    """What all windows leave of `most`; of full windows the one that opens last."""
    found = Room(count=most)
    for span, limit in pace.windows:
        began = window(span, now)
        spent = used[span].used if span in used and used[span].began_at == began else 0
        left = max(0, limit - spent)
        if left == 0:
            again = began + SPANS[span]
            if found.again_at is None or again > found.again_at:
                found = Room(count=0, again_at=again, reason=span, limit=limit)
        elif found.count > left:
            found = Room(count=left, reason=span, limit=limit)
    return found


def warmed(pace: Pace, warmup: Sequence[int], began_at: datetime | None, now: datetime) -> Pace:
    """The pace of an account that is being warmed up: on its n-th day at most the n-th number, afterwards all."""
    day = 0 if began_at is None else int((window("day", now) - window("day", began_at)) / DAY)
    if day >= len(warmup):
        return pace
    limit = warmup[day] if pace.day is None else min(warmup[day], pace.day)
    return Pace(second=pace.second, minute=pace.minute, hour=pace.hour, day=limit)


def slowed(pace: Pace, share: float) -> Pace:
    """The pace under a brake: that share of each window, at least one message."""
    if share >= 1:
        return pace
    if not pace.windows:
        return Pace(minute=max(1, int(BRAKED * share)))
    return Pace(**{span: max(1, int(limit * share)) for span, limit in pace.windows})


def slowest(paces: Iterable[Pace]) -> Pace:
    """What keeps all of them."""
    limits: dict[str, int] = {}
    for pace in paces:
        for span, limit in pace.windows:
            limits[span] = min(limit, limits.get(span, limit))
    return Pace(**limits)


def seconds_for(count: int, pace: Pace) -> float:
    """About how long `count` messages take under this pace, in seconds: what a preview and a progress bar say."""
    return max((count / limit * SPANS[span].total_seconds() for span, limit in pace.windows), default=0.0)
