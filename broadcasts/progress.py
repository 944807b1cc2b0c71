"""How far a running broadcast is, how fast it goes, and what it waits for, in figures that a person can check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcasts import allotment
from broadcasts import plan as plans
from broadcasts.accounts import Account
from broadcasts.allotment import Facts, Held
from broadcasts.brakes import Brake
from broadcasts.pace import Used
from broadcasts.plan import SPANS
from store import cascade, outcomes, pacing, suppressions
from store.broadcasts import Broadcast, State
from store.engine import Connection
from store.outcomes import Pulse, Total
from store.suppressions import Pause


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Why something waits, and how long still."""

    channel: str
    provider: str
    reason: str
    """A window (second, minute, hour, day), a brake (soft, hard, blocked, complaints), or: cascade, later, paused,
    channel."""
    until: datetime | None
    count: int
    """Rows that wait for it."""
    limit: int = 0
    words: str = ""
    """What the provider said, where a whole channel is paused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """One look."""

    totals: Sequence[Total]
    people: int
    done: int
    """People with an outcome: everybody but the planned."""
    per_minute: int
    """Sent in the last minute."""
    ends_at: datetime | None
    """About when the last one goes out; None while nobody can say."""
    waits: Sequence[Wait]

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.done / self.people if self.people else 1.0


async def progress(connection: Connection, row: Broadcast, accounts: Mapping[str, Account], now: datetime) -> Progress:
    """Where it stands now."""
    the = plans.read(row.plan)
    totals = await outcomes.totals(connection, row.id, steps=len(the.steps))
    pulse = await outcomes.pulse(connection, row.id, now)
    people = sum(total.people for total in totals)
    left = sum(total.people for total in totals if total.outcome == outcomes.Outcome.PLANNED)
    waits = await _waits(connection, row, accounts, now)
    followed, at = await cascade.waits(connection, row.id)
    if followed and row.state == State.RUNNING:
        waits.append(Wait(channel="", provider="", reason="cascade", until=at, count=followed))
    if pulse.later and pulse.next_at and row.state != State.PAUSED:  # a pause is the one wait that counts
        waits.append(Wait(channel="", provider="", reason="later", until=pulse.next_at, count=pulse.later))
    return Progress(
        totals=totals,
        people=people,
        done=people - left,
        per_minute=pulse.sent,
        ends_at=ends(now, row, left, pulse, waits),
        waits=waits,
    )


def ends(now: datetime, row: Broadcast, left: int, pulse: Pulse, waits: Iterable[Wait]) -> datetime | None:
    """About when the last of `left` people has it; None while nobody can say. Pure.

    At the rate of the last minute, but not before the last row is due, nor before what waits for a window or for a
    provider may go: as many windows as it needs.
    """
    if row.state != State.RUNNING or not left:
        return None
    held = [wait for wait in waits if wait.until and wait.reason not in ("cascade", "later")]
    moments = [wait.until + _windows(wait) for wait in held if wait.until]
    moments += [pulse.last_at] if pulse.last_at else []
    free = max(0, left - pulse.later - sum(wait.count for wait in held))
    if pulse.sent:
        moments.append(now + timedelta(minutes=free / pulse.sent))
    return max(moments, default=None)


def _windows(wait: Wait) -> timedelta:
    """How long after the first window the last of them goes."""
    return SPANS[wait.reason] * ((wait.count - 1) // wait.limit) if wait.reason in SPANS and wait.limit else timedelta()


async def _waits(connection: Connection, row: Broadcast, accounts: Mapping[str, Account], now: datetime) -> list[Wait]:
    if row.state == State.PAUSED:
        return [Wait(channel="", provider="", reason="paused", until=row.resumes_at, count=0, words=row.reason or "")]
    due = await outcomes.waiting_by_provider(connection, row.id, now)
    stopped = {pause.channel: pause for pause in await suppressions.pauses(connection)}
    found: list[Wait] = []
    for name in sorted({channel for channel, _ in due}):
        rows = {provider: count for (channel, provider), count in due.items() if channel == name}
        if name in stopped:
            found.append(_stopped(stopped[name], sum(rows.values())))
        elif name in accounts:
            facts = await _facts(connection, row, accounts[name], now)
            held = allotment.allot(facts, [(row.id, provider) for provider in rows], 10**9).held
            found += [_wait(name, one, rows) for one in held]
    return found


def _stopped(pause: Pause, count: int) -> Wait:
    return Wait(
        channel=pause.channel, provider="", reason="channel", until=pause.until, count=count, words=pause.reason
    )


def _wait(channel: str, held: Held, rows: Mapping[str, int]) -> Wait:
    count = rows.get(held.provider, sum(rows.values())) if held.provider else sum(rows.values())
    return Wait(
        channel=channel, provider=held.provider, reason=held.reason, until=held.until, count=count, limit=held.limit
    )


async def _facts(connection: Connection, row: Broadcast, account: Account, now: datetime) -> Facts:
    """What limits it, read without a lock: a look changes nothing."""
    cell = allotment.cell_of(row.id)[0]
    used: dict[allotment.Cell, dict[str, Used]] = {}
    for quota in await pacing.quotas(connection, [account.name, cell]):
        windows = used.setdefault((quota.channel, quota.provider), {})
        windows[quota.span] = Used(began_at=quota.began_at, used=quota.used)
    brakes = {
        b.provider: Brake(level=b.level, until=b.until, reason=b.reason, share=b.share, at=b.at)
        for b in await pacing.brakes(connection, [account.name])
    }
    return Facts(
        account=account,
        now=now,
        began_at=await pacing.warmed_since(connection, account.name),
        used=used,
        brakes=brakes,
        paces={row.id: plans.read(row.plan).pace},
    )
