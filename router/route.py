"""The router: reads the facts for a batch, decides, writes the whole plan in one transaction."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from domain.messages import Inbound, Report, ReportKind, utcnow
from router import complaints
from router.answered import answered
from router.assign import at_work
from router.handed import handed
from router.late import ASKED, ask_back
from router.leaving import reported
from router.plan import decide, senders_of
from router.planned import Facts, Outcome, Plan
from router.rules import Rules
from router.write import Circumstances, write
from store import cards, chats, contacts, deliveries, events, leads, merges, messages, staff, suppressions
from store.bulk import Lost
from store.deliveries import Lane, Purpose
from store.engine import Connection, Database, is_lost_race
from store.reports import Reported, report
from store.staff import Member

log = logging.getLogger(__name__)
ATTEMPTS = 30
GREETING_EVERY = timedelta(days=1)


class _Joins(Exception):
    """The plan joins people, which nobody may be reading meanwhile: decide again with the lock to ourselves."""


class Router:
    """Its two entries: `route` for messages, `settle` for reports."""

    def __init__(self, database: Database, rules: Rules) -> None:
        self._database = database
        self._rules = rules

    async def route(self, batch: Sequence[Inbound]) -> list[Outcome]:
        """Make leads of messages; one outcome per message, in order. Idempotent.

        Messages of staff are not acted on here: their outcome says that they are staff's, and the desk acts.
        Raises what `store.engine.AWAY` names while PostgreSQL is away: nothing is written then.
        """
        outcomes: list[Outcome] = []
        while len(outcomes) < len(batch):
            outcomes += await self._persist(batch[len(outcomes) :])
        return outcomes

    async def _persist(self, batch: Sequence[Inbound]) -> list[Outcome]:
        """One transaction, decided anew for as long as other routers are first on our keys."""
        alone = False
        for attempt in range(ATTEMPTS):
            try:
                return await self._attempt(batch, alone=alone)
            except _Joins:
                alone = True
                continue
            except Lost as lost:
                log.info("another router was first (%s), deciding again", lost)
            except Exception as error:
                if not is_lost_race(error):
                    raise
                log.info("lost a race in the database, deciding again")
            await asyncio.sleep(random.uniform(0, 0.01 * min(attempt, 20)))  # noqa: S311  # a jitter, not a secret
        raise RuntimeError(f"no progress in {ATTEMPTS} attempts on a batch of {len(batch)}")

    async def _attempt(self, batch: Sequence[Inbound], *, alone: bool) -> list[Outcome]:
        now = utcnow()
        async with self._database.begin() as connection:
            if alone:
                await merges.alone(connection)
            roster, former = await staff.everybody(connection, merges.LOCK)
            batch, spends = await handed(connection, await answered(connection, batch), now)
            facts = await _read(connection, batch, roster, former)
            facts.spends = spends
            plan = decide(batch, facts, self._rules, now)
            if plan.joins and not alone:
                raise _Joins
            given = Circumstances(
                rules=self._rules,
                roster=roster,
                turns=await self._turns(plan, roster),
                greeted=await _greeted(connection, plan, self._rules, now),
                now=now,
            )
            await write(connection, plan, given)
        return plan.outcomes

    async def _turns(self, plan: Plan, roster: Sequence[Member]) -> Mapping[str, int]:
        """As many turns of each team's rotation as it gets leads."""
        wanted = Counter(opened.pipeline for opened in plan.opened)
        manned = {team: count for team, count in wanted.items() if at_work(roster, team)}
        if not manned:
            return {}
        async with self._database.connect() as connection:
            return await leads.reserve_turns(connection, manned)

    async def settle(self, reports: Sequence[Report]) -> None:
        """Write down what providers say of earlier deliveries, and whom they can reach no more. Idempotent."""
        now = utcnow()
        resumed = {(r.channel, r.address.value) for r in reports if r.kind is ReportKind.RESUMED and r.address}
        async with self._database.begin() as connection:
            reports = await complaints.named(connection, reports)
            moved = await report(connection, reports)
            stopped = await _stopped(connection, reports)
            await suppressions.stop(connection, [(*pair, reason, now) for pair, reason in stopped.items()])
            await suppressions.resume(connection, resumed)
            await reported(connection, reports, stopped)
            await self.told(connection, moved, now)

    async def told(self, connection: Connection, moved: Sequence[Reported], now: datetime) -> None:
        """Show and say what reports have moved: on the cards, to the authors of answers that failed, to customers whom
        an answer came too late for. Also for what the sweep has caught up with.
        """
        await chats.refresh(connection, [m.lead for m in moved if m.lead and m.purpose in ("reply", "greeting")], now)
        asked = await ask_back(connection, moved, self._rules, now)
        await _tell_authors(connection, moved, asked, now)
        for m in moved:
            await events.record(connection, f"delivery.{m.state}", at=now, lead=m.lead, delivery=str(m.id))


async def _read(
    connection: Connection, batch: Sequence[Inbound], roster: Sequence[Member], former: frozenset[str]
) -> Facts:
    known = await messages.known(connection, ((m.channel, m.external_id) for m in batch))
    keys = sorted({(a.kind.value, a.value) for m in batch for a in senders_of(m)})
    people = await contacts.known(connection, keys, {m.channel for m in batch})
    return Facts(
        known=known,
        people=people,
        leads=await leads.open_of(connection, {i.contact for i in people.identities.values()}),
        threads=await messages.threads(connection, {(m.channel, ref) for m in batch for ref in m.refers_to}),
        staff={m.address: m for m in roster if m.address},
        former=former,
    )


async def _stopped(connection: Connection, reports: Sequence[Report]) -> dict[tuple[str, str], str]:
    """(channel, address) -> why it takes nothing more.

    A report about a delivery stops the address that we sent it to, and none if we sent no such thing: anybody can
    write a bounce about anybody. One without a delivery is the provider's own word, behind its signature; but for a
    complaint by mail, which ends mailings alone.
    """
    stops = [r for r in reports if r.kind is ReportKind.STOPPED and not complaints.is_of_address(r)]
    sent = await suppressions.sent_to(connection, [(r.channel, r.external_id) for r in stops if r.external_id])
    stopped: dict[tuple[str, str], str] = {}
    for r in stops:
        address = sent.get((r.channel, r.external_id)) if r.external_id else r.address and r.address.value
        if address:
            stopped[r.channel, address] = r.reason
    return stopped


async def _tell_authors(
    connection: Connection, moved: Sequence[Reported], asked: Collection[UUID], now: datetime
) -> None:
    """Who wrote an answer that bounced after it was sent is told so, and whether its customer is `asked` to write."""
    lost = {m.message: m for m in moved if m.message and m.purpose == Purpose.REPLY and m.state == "failed"}
    rows = []
    for author in await cards.authors(connection, list(lost)) if lost else ():
        reply = lost[author.message]
        reason = f"{reply.reason}; {ASKED}" if reply.id in asked else reply.reason or ""
        facts = msgspec.json.encode({"key": "reply_failed", "reason": reason}).decode()
        rows.append(
            deliveries.row(
                Purpose.NOTICE,
                Lane.NOTICE,
                channel=author.channel,
                address=author.address,
                at=now,
                facts=facts,
                lead=reply.lead,
                staff=author.staff,
            )
        )
    await deliveries.add(connection, rows)


async def _greeted(connection: Connection, plan: Plan, rules: Rules, now: datetime) -> set[str]:
    """Those who would be greeted but were within the last day."""
    first = [o.inbound for o in plan.opened] + [inbound for _, inbound in plan.welcomed]
    addresses = [a for inbound in first if rules.intake(inbound.channel).greet for a in inbound.addresses]
    if not addresses:
        return set()
    return await deliveries.greeted(connection, {a.value for a in addresses}, now - GREETING_EVERY)
