"""The job behind broadcasts: begins what is due, gives everybody a row, follows the cascade, finishes, repeats.

Any number of processes may run it: each step is one transaction on a locked broadcast.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from broadcasts import plan as plans
from broadcasts.accounts import PROVIDERS, REPORTED, Account
from broadcasts.audience import audience
from broadcasts.plan import Choose, Plan, Step, Until
from domain.messages import utcnow
from store import broadcasts, cascade, events, expansion, mailing
from store.broadcasts import NO_ONE, Broadcast, State
from store.cascade import Waiting
from store.engine import AWAY, Connection, Database, is_lost_race
from store.expansion import LAST, Expansion, Query, Times, Way
from store.permission import OPT_IN

log = logging.getLogger(__name__)
PAGE = 10_000
"""People per transaction: small enough that a pause takes effect at once."""
EVERY = 0.5
"""Seconds between two looks when nothing is to be done."""
ACTOR = "leadwire"


class Conductor:
    """The job."""

    def __init__(self, database: Database, accounts: Mapping[str, Account], *, marketing: str = OPT_IN) -> None:
        self._database = database
        self.accounts = accounts
        self._marketing = marketing

    def kind_of(self, channel: str) -> str:
        """The kind of a configured channel; empty for one that is gone."""
        return self.accounts[channel].kind if channel in self.accounts else ""

    async def run(self) -> None:
        """Until cancelled. While PostgreSQL is away it waits."""
        while True:
            try:
                busy = await self.look()
            except AWAY:
                busy = False
            except Exception as error:
                if not is_lost_race(error):
                    raise
                busy = True
            if not busy:
                await asyncio.sleep(EVERY)

    async def look(self, now: datetime | None = None) -> bool:
        """One step for each broadcast that has one; whether there was any."""
        at = now or utcnow()
        async with self._database.begin() as connection:
            rows = await broadcasts.live(connection, (State.SCHEDULED, State.RUNNING, State.PAUSED))
        moved = [await self._step(row, at) for row in rows]
        return any(moved) or await self._follow(rows, at)

    async def _step(self, row: Broadcast, now: datetime) -> bool:
        match row.state:
            case State.SCHEDULED if row.scheduled_at and self._begins(row) <= now:
                return await self._start(row.id, now)
            case State.PAUSED if row.resumes_at and row.resumes_at <= now:
                return await self._resume(row, now)
            case State.RUNNING:
                return await self._expand(row.id, now)
            case _:
                return False

    def _begins(self, row: Broadcast) -> datetime:
        """With local times the first people's clocks are fourteen hours ahead of UTC."""
        assert row.scheduled_at is not None
        the = plans.read(row.plan)
        return (
            _wall(row.scheduled_at, the).replace(tzinfo=ZoneInfo("Pacific/Kiritimati"))
            if the.local
            else row.scheduled_at
        )

    async def _start(self, broadcast: UUID, now: datetime) -> bool:
        async with self._database.begin() as connection:
            row = await broadcasts.get(connection, broadcast, lock=True)
            if row is None or row.state != State.SCHEDULED:
                return False
            await broadcasts.start(connection, broadcast, "{}", now)
            await events.record(connection, "broadcast.running", at=now, actor=ACTOR, broadcast=str(broadcast))
        return True

    async def _resume(self, row: Broadcast, now: datetime) -> bool:
        async with self._database.begin() as connection:
            moved = await broadcasts.move(connection, row.id, (State.PAUSED,), State.RUNNING, at=now)
            if moved:
                await events.record(connection, "broadcast.running", at=now, actor=ACTOR, broadcast=str(row.id))
        return moved

    async def _expand(self, broadcast: UUID, now: datetime) -> bool:
        """The next page of people; or, when everybody has a row, late comers or the end."""
        async with self._database.begin() as connection:
            row = await broadcasts.get(connection, broadcast, lock=True)
            if row is None or row.state != State.RUNNING:
                return False
            upto = row.upto or NO_ONE
            if row.cursor is not None and row.cursor < upto:
                page = await expansion.expand(
                    connection, await self.expansion(connection, row, now), row.cursor, upto, PAGE
                )
                await broadcasts.advance(connection, broadcast, page.last or upto)
                return True
            return await self._settle(connection, row, now)

    async def _settle(self, connection: Connection, row: Broadcast, now: datetime) -> bool:
        if row.expanded_at is None:
            await broadcasts.expanded(connection, row.id, now)
            return True
        if await mailing.is_under_way(connection, row.id):
            return await self._widen(connection, row, now)
        await broadcasts.move(connection, row.id, (State.RUNNING,), State.FINISHED, at=now)
        await events.record(connection, "broadcast.finished", at=now, actor=ACTOR, broadcast=str(row.id))
        await self._repeat(connection, row, now)
        return True

    async def _widen(self, connection: Connection, row: Broadcast, now: datetime) -> bool:
        """Late comers: whoever is in the audience now and was made after it began."""
        if not plans.read(row.plan).late_comers:
            return False
        highest = await broadcasts.highest_contact(connection)
        if highest is None or (row.upto and highest <= row.upto):
            return False
        await broadcasts.widen(connection, row.id, highest)
        return True

    async def _repeat(self, connection: Connection, row: Broadcast, now: datetime) -> None:
        """The next one of a recurring broadcast, at the same time of its zone's clock."""
        the = plans.read(row.plan)
        if the.repeat is None or row.scheduled_at is None:
            return
        at = next_time(row.scheduled_at, the, now)
        if the.repeat.until is not None and at > the.repeat.until:
            return
        made = await broadcasts.add(
            connection, name=row.name, plan=plans.to_json(the), content=msgspec.json.encode(row.content).decode(),
            actor=row.created_by, at=now, parent=row.id,
        )  # fmt: skip
        await broadcasts.move(connection, made, (State.DRAFT,), State.SCHEDULED, at=now, scheduled_at=at)

    async def expansion(
        self,
        connection: Connection,
        row: Broadcast,
        now: datetime,
        people: Query | None = None,
        tried: Sequence[int] = (),
    ) -> Expansion:
        """Who gets it how; `people` instead of its audience, by the steps that they have not `tried`."""
        the = plans.read(row.plan)
        return Expansion(
            broadcast=row.id,
            people=people or await audience(connection, the, row.started_at or now),
            ways=self._ways(the, tried),
            purpose=the.purpose,
            times=Times(
                at=now,
                zone=the.zone,
                local=_wall(row.scheduled_at, the) if the.local and row.scheduled_at else None,
                quiet=(the.quiet.since, the.quiet.to) if the.quiet else None,
                zones=await expansion.has_zones(connection),
            ),
            marketing=self._marketing,
            providers=PROVIDERS,
            prefers=the.choose is Choose.PREFERRED,
        )

    def _ways(self, the: Plan, tried: Sequence[int]) -> list[Way]:
        """The steps in the order in which they are tried, from behind the last one that was."""
        steps = [(n, step) for n, step in enumerate(the.steps) if step.channel in self.accounts]
        if the.choose is Choose.CHEAPEST:
            steps.sort(key=lambda pair: (self.accounts[pair[1].channel].price, pair[0]))
        ways = [_way(n, self.accounts[step.channel], rank) for rank, (n, step) in enumerate(steps)]
        last = max((way.rank for way in ways if way.step in tried), default=-1)
        if the.choose is Choose.PREFERRED:  # which may have begun anywhere
            last = -1
        return [way for way in ways if way.step not in tried and way.rank > last]

    async def _follow(self, rows: Sequence[Broadcast], now: datetime) -> bool:
        """The next channel for those whom the last one did not reach in time."""
        running = {row.id: row for row in rows if row.state == State.RUNNING}
        async with self._database.begin() as connection:
            waiting = await cascade.due(connection, list(running), now, PAGE)
            groups: dict[tuple[UUID, tuple[int, ...]], list[UUID]] = defaultdict(list)
            for one in waiting:
                row = running[one.broadcast]
                reported = self.kind_of(one.channel) in REPORTED
                if not is_satisfied(one, plans.read(row.plan).steps, reported=reported):
                    groups[row.id, tuple(one.tried)].append(one.contact)
            for (broadcast, tried), people in groups.items():
                made = await self.expansion(connection, running[broadcast], now, cascade.these(people), tried)
                if made.ways:
                    await expansion.expand(connection, made, NO_ONE, LAST, len(people))
            await cascade.done(connection, [one.delivery for one in waiting])
        return bool(waiting)


def is_satisfied(one: Waiting, steps: Sequence[Step], *, reported: bool) -> bool:
    """Whether what this step waited for has happened, so that no other channel is tried. Pure.

    `reported`: the channel tells what was delivered. Where it does not (mail, Telegram), what was taken and did not
    come back is taken for delivered.
    """
    until = steps[min(one.step, len(steps) - 1)].until
    if one.engaged:
        return True  # also who complained, which the store calls failed: he has it
    if one.state in ("failed", "skipped"):
        return False
    if one.state not in ("sent", "delivered"):
        return True  # unknown: better never than twice
    return until is Until.SENT or (until is Until.DELIVERED and (one.state == "delivered" or not reported))


def next_time(scheduled: datetime, the: Plan, now: datetime) -> datetime:
    """When a recurring broadcast comes again after `now`: at the same time of the zone's clock. Pure."""
    assert the.repeat is not None
    wall = _wall(scheduled, the)
    while True:
        wall += timedelta(days=the.repeat.days)
        at = wall.replace(tzinfo=the.clock).astimezone(scheduled.tzinfo)
        if at > now:
            return at


def _wall(at: datetime, the: Plan) -> datetime:
    return at.astimezone(the.clock).replace(tzinfo=None)


def _way(step: int, account: Account, rank: int) -> Way:
    return Way(step, account.name, account.reaches, account.consents, rank)
