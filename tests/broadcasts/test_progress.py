"""When a broadcast will be over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from broadcasts.progress import Wait, ends
from store.outcomes import Pulse

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def at(**given: float) -> datetime:
    return NOW + timedelta(**given)


def waits(reason: str, until: datetime | None, count: int, limit: int = 0) -> Wait:
    return Wait(channel="news", provider="", reason=reason, until=until, count=count, limit=limit)


def pulse(sent: int = 0, later: int = 0, last: datetime | None = None) -> Pulse:
    return Pulse(sent=sent, waiting=0, later=later, next_at=at(minutes=1) if later else None, last_at=last)


@pytest.mark.parametrize(
    ("left", "now", "held", "end"),
    [
        pytest.param(0, pulse(60), [], None, id="over"),
        pytest.param(600, pulse(), [], None, id="nobody can say yet"),
        pytest.param(600, pulse(60), [], at(minutes=10), id="the last minute's rate"),
        pytest.param(3, pulse(0, 3, at(hours=11)), [], at(hours=11), id="the last quiet hour, not the first"),
        pytest.param(601, pulse(60, 1, at(minutes=5)), [], at(minutes=10), id="one try later holds up nobody"),
        pytest.param(5, pulse(), [waits("day", at(hours=7), 5, 1)], at(days=4, hours=7), id="one a day"),
        pytest.param(90, pulse(10), [waits("minute", at(seconds=30), 90, 10)], at(minutes=8, seconds=30), id="window"),
        pytest.param(9, pulse(), [waits("blocked", at(minutes=15), 9)], at(minutes=15), id="a brake"),
        pytest.param(9, pulse(9), [waits("cascade", at(hours=2), 4)], at(minutes=1), id="a cascade may end sooner"),
    ],
)
def test_about_when_it_ends(left: int, now: Pulse, held: list[Wait], end: datetime | None) -> None:
    row: Any = SimpleNamespace(state="running")
    assert ends(NOW, row, left, now, held) == end


def test_what_rests_has_no_end() -> None:
    row: Any = SimpleNamespace(state="paused")
    assert ends(NOW, row, 10, pulse(60), []) is None
