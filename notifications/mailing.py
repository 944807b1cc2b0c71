"""The rows of running broadcasts on their way to a sender: claimed as the limits allow, judged once more, rendered.

Everything that many rows share is asked once for all of them: which broadcasts run, what each provider takes, who may
be written to, what their cards say. Rendering itself asks nobody.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from broadcasts import allotment, attachments, brakes, plan
from broadcasts.accounts import NAMES, Account
from broadcasts.allotment import Facts
from broadcasts.brakes import Brake, Pulse
from broadcasts.hours import allowed_at
from broadcasts.pace import Used
from broadcasts.plan import Choose, Plan, Until
from domain.messages import ChannelName, DeliveryState, Outbound, utcnow
from notifications.letters import Compile, Letter, Live, Template
from notifications.verdict import Outcome, Skip, left_out
from store import broadcasts, deliveries, mailing, pacing, permission, secrets
from store.broadcasts import Broadcast
from store.deliveries import Delivery, Verdict
from store.engine import Connection
from store.mailing import Share
from store.pacing import BrakeRow

REFRESHED = 1.0
"""Seconds after which it is asked again which broadcasts run: a pause takes effect within them."""
ZONE = "timezone"


class Mailings:
    """What the send loop asks for mailings."""

    def __init__(
        self,
        accounts: Mapping[ChannelName, Account],
        compile_: Compile,
        *,
        public_url: str,
        marketing: str = permission.OPT_IN,
        leave_by_mail: Mapping[ChannelName, str] | None = None,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        """`leave_by_mail`: an account's address that takes a mail with "unsubscribe TOKEN" as its subject."""
        self._accounts = accounts
        self._compile = compile_
        self._base = public_url
        self._marketing = marketing
        self._leave_by_mail = leave_by_mail or {}
        self._clock = clock
        self._live: dict[UUID, Live] = {}
        self._asked = 0.0
        self._letters: dict[str, Letter] = {}

    async def claim(self, connection: Connection, channel: ChannelName, most: int, lease: timedelta) -> list[Delivery]:
        """Rows that may go out on this channel now, with their people's values; what may not is settled at once."""
        account = self._accounts.get(channel)
        if account is None or not await self._running(connection):
            return []
        waiting = await mailing.waiting(connection, channel, list(self._live), NAMES)
        if not waiting:
            return []
        facts = await self._facts(connection, account)
        pairs = [(w.broadcast, w.provider) for w in waiting]
        shares = [Share(*share) for share in allotment.allot(facts, pairs, most).shares]
        rows = await mailing.claim(connection, channel, shares, lease)
        if not rows:
            return []
        good = await self._judged(connection, account, await self._with_values(connection, rows))
        await pacing.use(connection, allotment.spending(facts, [(_id(d), d.provider) for d in good]))
        return good

    async def stopped(self, connection: Connection, channel: ChannelName) -> dict[str, Brake]:
        """The providers that take nothing at the moment, or ACCOUNT for all of them."""
        account, now = self._accounts.get(channel), self._clock()
        if account is None:
            return {}
        return {p: brake for p, brake in (await braked(connection, account.name, now)).items() if now < brake.until}

    def render(self, delivery: Delivery) -> Outbound:
        """The message of a claimed row. Raises Skip when there is nothing to say."""
        live = self._live.get(_id(delivery))
        if live is None:
            raise Skip("its broadcast is over")
        return self._letters[delivery.channel].write(delivery, live, self._template(live, delivery.channel))

    def followed(self, outcome: Outcome) -> Outcome:
        """With the moment at which the cascade looks at it again, if there is another channel."""
        live = self._live.get(_id(outcome.delivery))
        state = outcome.verdict.state
        if live is None or len(live.plan.steps) == 1 or state not in (DeliveryState.SENT, DeliveryState.FAILED):
            return outcome
        number = outcome.delivery.step
        step = live.plan.steps[min(number, len(live.plan.steps) - 1)]
        if live.plan.choose is Choose.FIRST and number >= len(live.plan.steps) - 1:
            return outcome
        kind = self._accounts[ChannelName(outcome.delivery.channel)].kind
        arrived = step.until is Until.SENT or (step.until is Until.DELIVERED and kind == "telegram")  # or it says so
        if state is DeliveryState.SENT and arrived:
            return outcome
        wait = timedelta(minutes=step.wait_minutes) if state is DeliveryState.SENT else timedelta(0)
        return replace(outcome, verdict=replace(outcome.verdict, next_at=self._clock() + wait))

    async def _running(self, connection: Connection) -> bool:
        if time.monotonic() - self._asked > REFRESHED:
            rows = await broadcasts.live(connection)
            if rows and not self._letters:  # before the others see that something runs
                self._letters = self._made(await secrets.key(connection, secrets.LINKS))
            self._live = {row.id: self._kept(row) for row in rows}
            self._asked = time.monotonic()
        return bool(self._live)

    def _made(self, key: bytes) -> dict[str, Letter]:
        mails, host = self._leave_by_mail, urlsplit(self._base).hostname or "localhost"
        return {
            name: Letter(base=self._base, key=key, host=host, leave_by_mail=mails.get(name, ""))
            for name in self._accounts
        }

    def _kept(self, row: Broadcast) -> Live:
        known = self._live.get(row.id)
        if known and known.row.revision == row.revision:
            return replace(known, row=row)
        return Live(row=row, plan=plan.read(row.plan))

    def _template(self, live: Live, channel: str) -> Template:
        kind = self._accounts[ChannelName(channel)].kind
        if kind not in live.templates:
            live.templates[kind] = self._compile(live.row.content, kind)
        return live.templates[kind]

    async def _facts(self, connection: Connection, account: Account) -> Facts:
        """What limits the account; its brakes are put on and off here, where they are obeyed."""
        now = self._clock()
        cells = [allotment.cell_of(broadcast)[0] for broadcast in self._live]
        quotas = await pacing.used(connection, account.name, cells)
        used: dict[allotment.Cell, dict[str, Used]] = defaultdict(dict)
        for quota in quotas:
            used[quota.channel, quota.provider][quota.span] = Used(began_at=quota.began_at, used=quota.used)
        began_at = await pacing.warm(connection, account.name, now) if account.warmup else None
        return Facts(
            account=account,
            now=now,
            began_at=began_at,
            used=used,
            brakes=await braked(connection, account.name, now),
            paces={broadcast: live.plan.pace for broadcast, live in self._live.items()},
        )

    async def _judged(self, connection: Connection, account: Account, rows: Sequence[Delivery]) -> list[Delivery]:
        """The gate: those that may go out; the others are settled with the reason."""
        barred: dict[UUID, Verdict] = {}
        if capped := {d.contact for d in rows if d.contact and self._live[_id(d)].plan.cap}:
            await mailing.lock(connection, capped)
        taken: Counter[UUID] = Counter()
        for broadcast, theirs in _by_broadcast(rows).items():
            left = await self._permitted(connection, account, self._live[broadcast], theirs, barred)
            for d in await self._over_cap(connection, self._live[broadcast].plan, left, [d.id for d in rows], taken):
                barred[d.id] = left_out(d, "capped", self._clock())
        await deliveries.settle(connection, list(barred.values()), self._clock())
        return [row for row in rows if row.id not in barred]

    async def _permitted(
        self,
        connection: Connection,
        account: Account,
        live: Live,
        rows: Sequence[Delivery],
        barred: dict[UUID, Verdict],
    ) -> list[Delivery]:
        aims = {d.id: permission.Aim(d.contact, account.consents, d.address, d.channel) for d in rows}
        words = await permission.judge(connection, aims.values(), live.plan.purpose, self._marketing)
        for d in rows:
            if word := words[aims[d.id]]:
                barred[d.id] = left_out(d, word.code, self._clock())
            elif isinstance(lacks := d.facts.get(attachments.FILES), str):
                barred[d.id] = left_out(d, lacks, self._clock())
        return [d for d in rows if d.id not in barred]

    async def _over_cap(
        self, connection: Connection, the: Plan, rows: Sequence[Delivery], in_hand: Sequence[UUID], taken: Counter[UUID]
    ) -> list[Delivery]:
        """Those who had enough. `taken`: what this claim has let through so far, of all broadcasts."""
        had: Mapping[UUID, int] = {}
        if the.cap:
            since = self._clock() - timedelta(days=the.cap.days)
            had = await mailing.had(connection, {d.contact for d in rows if d.contact}, since, in_hand)
        over = []
        for d in rows:
            if d.contact and the.cap and had.get(d.contact, 0) + taken[d.contact] >= the.cap.count:
                over.append(d)
            elif d.contact:
                taken[d.contact] += 1
        return over

    async def _with_values(self, connection: Connection, rows: Sequence[Delivery]) -> list[Delivery]:
        """Each with what its person's card says; whose clock is in quiet hours meanwhile is put off.

        Who lacks a file goes to the gate with the code of that: its own reason comes first.
        """
        found: list[Delivery] = []
        later: list[Verdict] = []
        for broadcast, theirs in _by_broadcast(rows).items():
            live = self._live[broadcast]
            known = await mailing.values(
                connection, [d.contact for d in theirs if d.contact], self._wanted(live, theirs)
            )
            files = await self._files(connection, live, theirs)
            for d in theirs:
                values = known.get(d.contact, {}) if d.contact else {}
                own = files.get(d.contact, []) if d.contact else []
                if isinstance(own, str) or (until := self._quiet_until(live.plan, values)) is None:
                    facts = {**d.facts, **values}
                    found.append(d._replace(facts={**facts, attachments.FILES: own} if own else facts))
                else:
                    later.append(_put_off(d, until))
        await deliveries.settle(connection, later, self._clock())
        return found

    async def _files(
        self, connection: Connection, live: Live, rows: Sequence[Delivery]
    ) -> Mapping[UUID, list[dict[str, Any]] | str]:
        """Each one's files, or the code why nothing goes without them."""
        try:
            template = self._template(live, rows[0].channel)
        except Skip:
            return {}
        people = [d.contact for d in rows if d.contact]
        return await attachments.of_people(connection, template.content, template.compiled, people)

    def _wanted(self, live: Live, rows: Sequence[Delivery]) -> list[str]:
        try:
            names = set(self._template(live, rows[0].channel).fields)
        except Skip:
            names = set()
        return sorted(names | {ZONE}) if live.plan.quiet else sorted(names)

    def _quiet_until(self, the: Plan, values: Mapping[str, str]) -> datetime | None:
        now = self._clock()
        until = allowed_at(now, zone_of(values, the), the.quiet)
        return until if until > now else None


async def braked(connection: Connection, channel: str, now: datetime) -> dict[str, Brake]:
    """The brakes of an account's providers, after what was answered lately; changes are written down."""
    rows = await pacing.brakes(connection, [channel])
    found = {r.provider: Brake(level=r.level, until=r.until, reason=r.reason, share=r.share, at=r.at) for r in rows}
    pulses = {
        p.provider: Pulse(sent=p.sent, soft=p.soft, hard=p.hard, blocked=p.blocked, complaints=p.complaints)
        for p in await pacing.pulses(connection, channel, now - brakes.WINDOW)
    }
    changes = allotment.judged(found, pulses, now)
    for provider, brake in changes.items():
        if brake is None:
            del found[provider]
        else:
            found[provider] = brake
    put = [BrakeRow(channel, p, b.level, b.until, b.reason, b.share, b.at) for p, b in changes.items() if b]
    await pacing.brake(connection, put)
    await pacing.release(connection, [(channel, p) for p, b in changes.items() if b is None])
    return found


def zone_of(values: Mapping[str, str], the: Plan) -> ZoneInfo:
    """The clock of a person: his card's zone, else the plan's."""
    try:
        return ZoneInfo(values[ZONE])
    except (KeyError, ValueError, OSError):
        return the.clock


def _id(delivery: Delivery) -> UUID:
    return delivery.broadcast or UUID(int=0)


def _by_broadcast(rows: Iterable[Delivery]) -> dict[UUID, list[Delivery]]:
    found: dict[UUID, list[Delivery]] = defaultdict(list)
    for row in rows:
        found[_id(row)].append(row)
    return found


def _put_off(delivery: Delivery, until: datetime) -> Verdict:
    return Verdict(
        id=delivery.id, state=DeliveryState.PENDING, reason="quiet hours", code="quiet", retry_at=until, counted=False
    )
