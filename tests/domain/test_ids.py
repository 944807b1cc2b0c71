"""RFC 9562, section 5.7: a version 7 UUID begins with the time."""

from __future__ import annotations

import time
from uuid import RFC_4122, UUID

import pytest

from domain.ids import Ids, new_id


def stamp(id_: UUID) -> int:
    """The milliseconds in an id."""
    return id_.int >> 80


def test_the_shape() -> None:
    before = time.time_ns() // 1_000_000
    made = Ids()()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= stamp(made) <= time.time_ns() // 1_000_000 + 1


def test_a_hundred_thousand_are_different_and_ascend() -> None:
    made = [new_id() for _ in range(100_000)]
    assert len(set(made)) == len(made)
    assert made == sorted(made)
    assert [str(one) for one in made[:1000]] == sorted(str(one) for one in made[:1000])
    assert all((one.version, one.variant) == (7, RFC_4122) for one in made[:5000])


def test_a_clock_that_goes_back_does_not_turn_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_800_000_000_000
    clock = iter([now, now, now - 60_000, now - 1, now + 1])
    monkeypatch.setattr(time, "time_ns", lambda: next(clock) * 1_000_000)
    make = Ids()
    made = [make() for _ in range(5)]
    assert made == sorted(made)
    assert [stamp(one) - now for one in made] == [0, 0, 0, 0, 1]


def test_a_full_counter_borrows_from_the_future(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_800_000_000_000 * 1_000_000)
    make = Ids()
    made = [make() for _ in range(0x1000 + 1)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert stamp(made[-1]) - stamp(made[0]) == 1


def test_two_generators_of_one_moment_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_800_000_000_000 * 1_000_000)
    one, other = Ids(), Ids()
    assert {one() for _ in range(1000)}.isdisjoint({other() for _ in range(1000)})
