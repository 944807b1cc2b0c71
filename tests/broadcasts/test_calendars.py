"""Caps per person, quiet hours and zones over random calendars: nobody gets too much, in his night, or too little."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import make_url, text

from store.engine import Database
from tests.broadcasts.calendars import CLOCK, STARTS, Calendar, Got, Life, Mailed, calendars
from tests.broadcasts.world import World

EXAMPLES, MANY = 5, 300


@asynccontextmanager
async def timeless(url: str) -> AsyncIterator[World]:
    """A world whose database shows the time that a calendar sets."""
    before = Database(url, pool=1)
    async with before.begin() as connection:
        for statement in CLOCK:
            await connection.execute(text(statement))
        name = make_url(url).database
        await connection.execute(text(f"ALTER DATABASE {name} SET search_path = clock, public, pg_catalog"))
    await before.aclose()
    database = Database(url, pool=2)
    try:
        yield World(database)
    finally:
        await database.aclose()


def within(life: Life) -> None:
    """What must hold of every calendar."""
    assert max(Counter((one.person, one.broadcast) for one in life.got).values(), default=0) <= 1
    for number, one in enumerate(life.got):
        cap, quiet = life.plans[one.broadcast].cap, life.plans[one.broadcast].quiet
        assert cap is None or life.had(one.person, one.broadcast, one.at, number) < cap[0], one
        assert quiet is None or not sleeps(life, one, quiet), (one, life.clock_of(one))
    for left in life.capped:
        cap = life.plans[left.broadcast].cap
        assert cap and left.before >= cap[0], left
    people, mailings = len(life.zones), len(life.plans)
    assert len(life.got) + len(life.capped) == people * mailings


def sleeps(life: Life, one: Got, quiet: tuple[str, str]) -> bool:
    """Whether the person's clock stood within his quiet hours."""
    shown, (since, to) = f"{life.clock_of(one):%H:%M}", quiet
    return since <= shown < to if since <= to else not to <= shown < since


def test_nobody_gets_too_much_or_too_little_or_in_his_night(database_url: str, thorough: bool) -> None:
    """Whoever has no mailing in the end has had as many as its plan allows by then."""
    with asyncio.Runner() as runner:

        async def lived(world: World, calendar: Calendar) -> None:
            life = Life(world, calendar)
            await life.live()
            within(life)

        @settings(max_examples=MANY if thorough else EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(calendars)
        def hold(calendar: Calendar) -> None:
            runner.run(lived(world, calendar))

        opening = timeless(database_url)
        world = runner.run(opening.__aenter__())
        try:
            hold()
        finally:
            runner.run(opening.__aexit__(None, None, None))


NIGHT = ("21:00", "09:00")
HOUR = timedelta(hours=1)


def plan(after: timedelta, **given: Any) -> Mailed:
    return Mailed(**{"after": after, "cap": None, "quiet": None, "zone": "UTC", "per_hour": None, **given})


def calendar(*broadcasts: Mailed, people: int = 1, zone: str = "", **given: Any) -> Calendar:
    usual: dict[str, Any] = {"start": STARTS[0], "per_day": None, "mishaps": (), "gaps": (60,), "batch": 100}
    return Calendar(zones=(zone,) * people, broadcasts=broadcasts, **usual | given)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(
            calendar(plan(20 * HOUR, quiet=NIGHT), people=9, per_day=3), id="who sleeps uses up nothing of a day"
        ),
        pytest.param(
            calendar(plan(20 * HOUR, per_hour=1, quiet=NIGHT), plan(21 * HOUR, cap=(1, 3)), people=2),
            id="who sleeps takes no place under the cap",
        ),
        pytest.param(
            calendar(plan(0 * HOUR, per_hour=1), plan(26 * HOUR, cap=(1, 1)), people=8, mishaps=["uncertain"] * 8),
            id="what waited long and may have arrived counts from then",
        ),
        pytest.param(calendar(plan(0 * HOUR, quiet=NIGHT), zone="no/where"), id="a zone that is none is the plan's"),
    ],
)
async def test_days_that_were_hard(database_url: str, told: Calendar) -> None:
    async with timeless(database_url) as world:
        life = Life(world, told)
        await life.live()
        within(life)
