"""Days on which several broadcasts go out, drawn at random, and a house that lives through them on a clock of its own.

PostgreSQL's clock is set, too: a `now()` of ours stands before its own in the search path. So the very statements that
claim and settle in earnest are what runs here, and months pass in a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy import text

from broadcasts.plan import Pace
from domain.errors import Throttled, Unavailable, Uncertain
from domain.messages import ChannelName, Sent
from notifications.letters import Template, compiler
from notifications.mailing import Mailings
from notifications.verdict import put_off, verdict, went_out
from store import deliveries, mailing
from store.deliveries import Delivery, Verdict
from tests.broadcasts.world import HOUSE, TEXT, World, account

MAIL = ChannelName("mail")
LEASE = timedelta(days=400)
"""Nobody dies here, so nothing is taken back."""
LONGEST = timedelta(days=14)
"""At two messages a day twelve take six days, from the third one on at the latest."""
ZONES = ("", "no/where", "Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago")
"""Of a person's card; what is no zone is the plan's."""
STARTS = (
    datetime(2027, 1, 4, tzinfo=UTC),
    datetime(2027, 3, 13, tzinfo=UTC),  # a day before the clocks of New York change, two weeks before London's
    datetime(2027, 10, 30, tzinfo=UTC),
)
CLOCK = (
    "CREATE SCHEMA clock",
    "CREATE TABLE clock.moment AS SELECT pg_catalog.now() AS at",
    "CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM clock.moment'",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mailed:
    """One broadcast."""

    after: timedelta
    cap: tuple[int, int] | None
    """So many in so many days."""
    quiet: tuple[str, str] | None
    zone: str
    per_hour: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """What happens."""

    start: datetime
    zones: Sequence[str]
    """One person each."""
    broadcasts: Sequence[Mailed]
    per_day: int | None
    """Of the account."""
    mishaps: Sequence[str]
    """What becomes of the first messages; all further ones are taken."""
    gaps: Sequence[int]
    """Minutes between two looks, over and over."""
    batch: int


clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 30)))
mailed = st.builds(
    Mailed,
    after=st.integers(0, 60).map(lambda hours: timedelta(hours=hours)),
    cap=st.none() | st.tuples(st.integers(1, 2), st.integers(1, 3)),
    quiet=st.none() | st.just(("21:00", "09:00")) | st.tuples(clocks, clocks),
    zone=st.sampled_from(("UTC", "Europe/London", "Asia/Kolkata")),
    per_hour=st.none() | st.integers(1, 2),
)
calendars = st.builds(
    Calendar,
    start=st.sampled_from(STARTS),
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3),
    broadcasts=st.lists(mailed, min_size=2, max_size=4),
    per_day=st.none() | st.integers(2, 4),
    mishaps=st.lists(st.sampled_from(("sent", "later", "soft", "uncertain", "throttled")), max_size=5),
    gaps=st.lists(st.integers(60, 400), min_size=1, max_size=4),
    batch=st.integers(1, 6),
)


class Got(NamedTuple):
    """Somebody has a mailing, or may have it."""

    person: UUID
    broadcast: UUID
    at: datetime


class Capped(NamedTuple):
    """Somebody was left out."""

    person: UUID
    broadcast: UUID
    at: datetime
    before: int
    """What he had by then, and what was on its way to him."""


@cache
def _template(kind: str) -> Template:
    return compiler(HOUSE)(TEXT, kind)


@dataclass
class Life:
    """One calendar, from its start until nothing is left to be sent."""

    world: World
    calendar: Calendar
    zones: dict[UUID, str] = field(default_factory=dict)
    plans: dict[UUID, Mailed] = field(default_factory=dict)
    got: list[Got] = field(default_factory=list)
    """In the order in which they went out."""
    capped: list[Capped] = field(default_factory=list)
    offered: int = 0
    _begins: datetime | None = None

    async def live(self) -> None:
        """All of it."""
        await self._begin()
        now, number = self.calendar.start, 0
        while (due := await self._next()) is not None:
            now = max(now, due)
            assert now < self.calendar.start + LONGEST, f"somebody starves: {await self.left()}"
            await self._look(now)
            now += timedelta(minutes=self.calendar.gaps[number % len(self.calendar.gaps)])
            number += 1

    async def left(self) -> list[Any]:
        """What is still to be sent."""
        return await self.world.ask(
            "SELECT state, due_at, reason FROM deliveries WHERE state IN ('pending', 'sending')"
        )

    async def _begin(self) -> None:
        async with self.world.database.begin() as connection:
            await connection.execute(text("TRUNCATE contacts, identities, broadcasts, deliveries, quotas CASCADE"))
        await self._set(self.calendar.start - timedelta(days=1))
        self.world.accounts["mail"] = account("mail", "email", pace=Pace(day=self.calendar.per_day))
        for n, zone in enumerate(self.calendar.zones):
            person = await self.world.person(email=f"p{n}@example.com", values={"timezone": zone} if zone else None)
            self.zones[person] = zone
        for one in self.calendar.broadcasts:
            self.plans[await self._planned(one)] = one

    async def _planned(self, one: Mailed) -> UUID:
        plan: dict[str, Any] = {"zone": one.zone, "pace": {"hour": one.per_hour} if one.per_hour else {}}
        plan["quiet"] = {"since": one.quiet[0], "to": one.quiet[1]} if one.quiet else None
        plan["cap"] = {"count": one.cap[0], "days": one.cap[1]} if one.cap else None
        return await self.world.broadcast(at=self.calendar.start + one.after, **plan)

    async def _next(self) -> datetime | None:
        """When something is due; None: everything is over."""
        [(due, begins)] = await self.world.ask(
            """SELECT (SELECT min(due_at) FROM deliveries WHERE state = 'pending'),
                 (SELECT min(scheduled_at) FROM broadcasts WHERE state = 'scheduled')"""
        )
        self._begins = begins
        return min((at for at in (due, begins) if at), default=None)

    async def _set(self, now: datetime) -> None:
        await self.world.ask("UPDATE clock.moment SET at = :now RETURNING 1", now=now)

    async def _look(self, now: datetime) -> None:
        """Two senders claim, one after the other, before either has sent anything."""
        await self._set(now)
        if self._begins and self._begins <= now:
            await self.world.conduct(now)
        in_hand: list[Delivery] = []
        for _ in range(2):
            in_hand += await self._claim(now, in_hand)
        async with self.world.database.begin() as connection:
            assert await mailing.offer(connection, in_hand) == {row.id for row in in_hand}
            await deliveries.settle(connection, [self._sent(row, now) for row in in_hand], now)

    async def _claim(self, now: datetime, in_hand: Sequence[Delivery]) -> list[Delivery]:
        accounts = {MAIL: self.world.accounts["mail"]}
        mailings = Mailings(
            accounts, lambda _, kind: _template(kind), public_url="https://x.example", clock=lambda: now
        )
        async with self.world.database.begin() as connection:
            rows = await mailings.claim(connection, MAIL, self.calendar.batch, LEASE)
        if not any(plan.cap for plan in self.plans.values()):
            return rows
        known = {(one.person, one.broadcast) for one in self.capped}
        barred = await self.world.ask("SELECT contact_id, broadcast_id FROM deliveries WHERE code = 'capped'")
        for person, broadcast in set(barred) - known:
            coming = sum(row.contact == person for row in (*in_hand, *rows))
            before = self.had(person, broadcast, now, len(self.got)) + coming
            self.capped.append(Capped(person, broadcast, now, before))
        return rows

    def had(self, person: UUID, broadcast: UUID, now: datetime, upto: int) -> int:
        """How many of the first `upto` the person got within the days of this broadcast's cap."""
        cap = self.plans[broadcast].cap
        since = now - timedelta(days=cap[1] if cap else 0)
        return sum(one.person == person and one.at > since for one in self.got[:upto])

    def _sent(self, row: Delivery, now: datetime) -> Verdict:
        """The message goes out; what becomes of it."""
        mishaps = self.calendar.mishaps
        word = mishaps[self.offered] if self.offered < len(mishaps) else "sent"
        self.offered += 1
        assert row.contact and row.broadcast
        if word in ("sent", "uncertain"):
            self.got.append(Got(row.contact, row.broadcast, now))
        match word:
            case "later":
                return put_off(row, now + timedelta(minutes=10), "its turn has not come").verdict
            case "soft":
                return verdict(Unavailable("450 later"), row, now).verdict
            case "uncertain":
                return verdict(Uncertain("cut"), row, now).verdict
            case "throttled":
                error = Throttled("too fast", retry_after=timedelta(minutes=40), address_only=True)
                return verdict(error, row, now).verdict
            case _:
                return went_out(row, Sent(external_id=str(row.id))).verdict

    def clock_of(self, one: Got) -> datetime:
        """What the person's clock showed."""
        plan, zone = self.plans[one.broadcast], self.zones[one.person]
        return one.at.astimezone(ZoneInfo(plan.zone if zone in ("", "no/where") else zone))
