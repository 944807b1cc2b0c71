"""Quiet hours over random calendars: Python and SQL agree, and nobody is written to in his night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcasts.hours import allowed_at, is_quiet
from broadcasts.plan import Quiet
from store import expansion
from store.engine import Database
from store.expansion import Times

ZONES = ("Europe/Moscow", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC")
clocks = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.sampled_from((0, 15, 30, 59)))
quiets = st.builds(lambda a, b: Quiet(since=a, to=b), clocks, clocks)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants the bounds naive


@given(moments, st.sampled_from(ZONES), quiets)
def test_nobody_is_written_to_in_quiet_hours(at: datetime, zone: str, quiet: Quiet) -> None:
    found = allowed_at(at, ZoneInfo(zone), quiet)
    assert found >= at
    assert found - at <= timedelta(hours=25)  # a night may hold the hour that autumn gives twice
    assert not is_quiet(found.astimezone(ZoneInfo(zone)).time(), quiet)
    assert allowed_at(found, ZoneInfo(zone), quiet) == found


@pytest.mark.parametrize(
    ("local", "since", "to", "expected"),
    [
        ("2026-11-26 20:59", "21:00", "09:00", "2026-11-26 20:59"),
        ("2026-11-26 21:00", "21:00", "09:00", "2026-11-27 09:00"),
        ("2026-11-27 08:59", "21:00", "09:00", "2026-11-27 09:00"),
        ("2026-11-27 09:00", "21:00", "09:00", "2026-11-27 09:00"),
        ("2026-11-27 13:30", "13:00", "14:00", "2026-11-27 14:00"),
        ("2026-11-27 12:00", "12:00", "12:00", "2026-11-27 12:00"),
    ],
)
def test_the_edges_of_a_night(local: str, since: str, to: str, expected: str) -> None:
    zone = ZoneInfo("Europe/Moscow")
    at, wanted = (datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC) for text in (local, expected))
    assert allowed_at(at, zone, Quiet(since=since, to=to)) == wanted


async def test_postgresql_says_the_same(database_url: str) -> None:
    """300 moments a quarter of a day apart, in each zone, by day and over midnight."""
    database = Database(database_url, pool=1)
    start = datetime(2026, 3, 1, 0, 7, tzinfo=UTC)
    moments = [start + timedelta(hours=7 * n) for n in range(300)]
    async with database.begin() as connection:
        for since, to in (("21:00", "09:00"), ("12:30", "14:00"), ("00:00", "06:00")):
            quiet = Quiet(since=since, to=to)
            for zone in ZONES:
                times = Times(at=start, zone=zone, quiet=(since, to))
                found = await expansion.due_at(connection, moments, zone, times)
                assert found == [allowed_at(at, ZoneInfo(zone), quiet) for at in moments], (zone, quiet)
    await database.aclose()
