"""What a broadcast would do if it began now: who gets it by what, who does not and why, what it costs, when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from broadcasts import plan as plans
from broadcasts.accounts import SPEAKS, Account
from broadcasts.attachments import CARRY
from broadcasts.conducting import Conductor
from broadcasts.content.blocks import Attachment
from broadcasts.hours import allowed_at
from broadcasts.pace import seconds_for, warmed
from broadcasts.plan import Choose, Pace
from store import forecasts, pacing
from store.broadcasts import Broadcast
from store.engine import Connection
from store.forecasts import Share
from store.unfiled import Asked


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """The figures of one moment."""

    gets: Mapping[str, int]
    """Channel -> how many people."""
    not_: Mapping[str, int]
    """Reason (a code) -> how many people."""
    before: int
    """Of those who get it so many were sent the broadcast that it is compared with."""
    cost: Decimal
    """Of everybody's first message."""
    cost_most: Decimal
    """When all of them have to be followed by every further channel of the cascade."""
    seconds: float
    """How long it takes under the present limits."""
    begins_at: datetime
    ends_at: datetime

    @property
    def people(self) -> int:
        """How many get it."""
        return sum(self.gets.values())


async def forecast(
    connection: Connection,
    conductor: Conductor,
    row: Broadcast,
    now: datetime,
    *,
    parts: Mapping[str, int] | None = None,
    files: Sequence[Attachment] = (),
    compared_with: UUID | None = None,
) -> Forecast:
    """The figures for this draft. `parts`: channel -> parts of its message, where one is several.

    `files`: each one's own that go with it; who lacks one is counted as the sender will find him, by what is on the
    cards now.
    """
    the = plans.read(row.plan)
    shares = await forecasts.forecast(
        connection,
        await conductor.expansion(connection, row, now),
        compared_with,
        files=[Asked(one.name, one.field) for one in files if one.missing == "skip"],
        carriers=[name for name, account in conductor.accounts.items() if SPEAKS[account.kind] in CARRY],
    )
    began = {name: await pacing.warmed_since(connection, name) for name in conductor.accounts}
    begins = max(now, row.scheduled_at or now)
    return figures(shares, conductor.accounts, the, begins, began, parts or {})


def figures(
    shares: Sequence[Share],
    accounts: Mapping[str, Account],
    the: plans.Plan,
    begins: datetime,
    began: Mapping[str, datetime | None],
    parts: Mapping[str, int],
) -> Forecast:
    """Pure."""
    good = [share for share in shares if not share.code]
    gets = _sums((share.channel, share.people) for share in good)
    seconds = max((_seconds(accounts[name], good, the.pace, began.get(name), begins) for name in gets), default=0.0)
    starts = allowed_at(begins, the.clock, the.quiet)
    chains = {name: _chain(name, accounts, the) for name in gets}
    prices = {name: account.price * parts.get(name, 1) for name, account in accounts.items()}
    return Forecast(
        gets=gets,
        not_=_sums((share.code, share.people) for share in shares if share.code),
        before=sum(share.before for share in good),
        cost=sum((prices[name] * count for name, count in gets.items()), Decimal(0)),
        cost_most=sum((prices[n] * count for name, count in gets.items() for n in chains[name]), Decimal(0)),
        seconds=seconds,
        begins_at=starts,
        ends_at=_end(starts, seconds, the),
    )


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, count in pairs:
        found[key] = found.get(key, 0) + count
    return found


def _chain(first: str, accounts: Mapping[str, Account], the: plans.Plan) -> Sequence[str]:
    """The channels that somebody may be written to by who gets it by this one first."""
    names = [step.channel for step in the.steps if step.channel in accounts]
    if the.choose is Choose.PREFERRED:  # which may have begun anywhere
        return names
    if the.choose is Choose.CHEAPEST:
        names.sort(key=lambda name: accounts[name].price)
    return names[names.index(first) :]


def _seconds(account: Account, shares: Sequence[Share], own: Pace, began_at: datetime | None, now: datetime) -> float:
    """The slowest of its cells."""
    mine = [share for share in shares if share.channel == account.name]
    whole = sum(share.people for share in mine)
    by_provider = _sums((share.provider, share.people) for share in mine)
    slowest = max((seconds_for(n, account.providers.get(p, Pace())) for p, n in by_provider.items()), default=0.0)
    return max(_warming(whole, account, began_at, now), seconds_for(whole, own), slowest)


def _warming(count: int, account: Account, began_at: datetime | None, now: datetime) -> float:
    """The account's own time: day by day while it is warmed up."""
    seconds, day = 0.0, now
    first = began_at or now
    while count > 0 and account.warmup:
        pace = warmed(account.pace, account.warmup, first, day)
        if pace == account.pace:
            break
        limit = pace.day or count
        if count <= limit:
            return seconds + seconds_for(count, Pace(second=pace.second, minute=pace.minute, hour=pace.hour))
        count -= limit
        seconds += timedelta(days=1).total_seconds()
        day += timedelta(days=1)
    return seconds + seconds_for(count, account.pace)


def _end(starts: datetime, seconds: float, the: plans.Plan) -> datetime:
    """With the quiet hours of the plan's zone between."""
    if the.quiet is None:
        return starts + timedelta(seconds=seconds)
    at, left = starts, timedelta(seconds=seconds)
    for _ in range(1000):
        quiet = _next_quiet(at, the)
        if at + left <= quiet:
            return at + left
        left -= quiet - at
        at = allowed_at(quiet, the.clock, the.quiet)
    return at + left


def _next_quiet(at: datetime, the: plans.Plan) -> datetime:
    assert the.quiet is not None
    local = at.astimezone(the.clock)
    since = plans.at_clock(the.quiet.since)
    day = local.date() if local.time() < since else local.date() + timedelta(days=1)
    return datetime.combine(day, since, the.clock).astimezone(at.tzinfo)
