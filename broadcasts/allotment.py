"""How many rows of which broadcast may go to which provider now. Pure.

Everything that limits is a cell: the account, each provider of it, each broadcast. A row goes out when all its cells
have room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from broadcasts import brakes as braking
from broadcasts.accounts import Account
from broadcasts.brakes import Brake, Pulse
from broadcasts.pace import Room, Used, room, slowed, warmed, window
from broadcasts.plan import Pace

ACCOUNT = ""
"""The provider of a cell or a brake that holds for the whole account."""
Cell = tuple[str, str]
"""(the account's name or "broadcast:ID", provider)."""


def cell_of(broadcast: UUID) -> Cell:
    """The cell of a broadcast's own pace."""
    return f"broadcast:{broadcast}", ACCOUNT


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of an account at one moment."""

    account: Account
    now: datetime
    began_at: datetime | None
    """Its first mailing."""
    used: Mapping[Cell, Mapping[str, Used]]
    brakes: Mapping[str, Brake]
    """By provider."""
    paces: Mapping[UUID, Pace]
    """Of the broadcasts that are running."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A provider that takes nothing now."""

    provider: str
    reason: str
    """second, minute, hour, day; or why the brake is on: soft, hard, blocked, complaints."""
    until: datetime
    limit: int = 0
    broadcast: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Allotment:
    """What may go, and what holds the rest."""

    shares: Sequence[tuple[UUID, str, int]]
    held: Sequence[Held]


def judged(brakes: Mapping[str, Brake], pulses: Mapping[str, Pulse], now: datetime) -> dict[str, Brake | None]:
    """The brakes that change now; None: it comes off."""
    changes: dict[str, Brake | None] = {}
    for provider in brakes.keys() | pulses.keys():
        old = brakes.get(provider)
        new = braking.after(old, pulses.get(provider, Pulse()), now)
        if new != old:
            changes[provider] = new
    return changes


def allot(facts: Facts, waiting: Sequence[tuple[UUID, str]], most: int) -> Allotment:
    """Shares of at most `most` rows for these (broadcast, provider) pairs, evenly."""
    spent: Counter[Cell] = Counter()
    shares: list[tuple[UUID, str, int]] = []
    held: dict[tuple[str, str, UUID | None], Held] = {}
    left = most
    for n, (broadcast, provider) in enumerate(waiting):
        fair = max(1, left // (len(waiting) - n))
        tightest = _tightest(facts, broadcast, provider, spent, fair)
        if tightest.room.count:
            shares.append((broadcast, provider, tightest.room.count))
            left -= tightest.room.count
            spent.update(dict.fromkeys(_cells(facts, broadcast, provider), tightest.room.count))
        elif held_by := _held(tightest, broadcast):
            held[held_by.provider, held_by.reason, held_by.broadcast] = held_by
        if left <= 0:
            break
    return Allotment(shares=shares, held=list(held.values()))


@dataclass(frozen=True, slots=True)
class _Tightest:
    cell: Cell
    room: Room


def _tightest(facts: Facts, broadcast: UUID, provider: str, spent: Counter[Cell], most: int) -> _Tightest:
    """The cell with the least room."""
    found = _Tightest((facts.account.name, provider), Room(count=most))
    for cell, pace in _cells(facts, broadcast, provider).items():
        if brake := _stopping(facts, cell):
            return _Tightest(cell, Room(count=0, again_at=brake.until, reason=brake.reason))
        used = _with(facts.used.get(cell, {}), spent[cell], pace, facts.now)
        if (here := room(pace, used, facts.now, most)).count < found.room.count:
            found = _Tightest(cell, here)
    return found


def _with(used: Mapping[str, Used], more: int, pace: Pace, now: datetime) -> Mapping[str, Used]:
    if not more:
        return used
    found = dict(used)
    for span, _ in pace.windows:
        began = window(span, now)
        before = used[span].used if span in used and used[span].began_at == began else 0
        found[span] = Used(began_at=began, used=before + more)
    return found


def _stopping(facts: Facts, cell: Cell) -> Brake | None:
    brake = facts.brakes.get(cell[1]) if cell[0] == facts.account.name else None
    return brake if brake and facts.now < brake.until else None


def _cells(facts: Facts, broadcast: UUID, provider: str) -> dict[Cell, Pace]:
    """Every cell of a row, with the pace that holds there now."""
    account = facts.account
    whole = warmed(account.pace, account.warmup, facts.began_at, facts.now)
    found = {(account.name, ACCOUNT): _braked(whole, facts.brakes.get(ACCOUNT))}
    if provider != ACCOUNT:
        found[account.name, provider] = _braked(account.providers.get(provider, Pace()), facts.brakes.get(provider))
    found[cell_of(broadcast)] = facts.paces.get(broadcast, Pace())
    return found


def _braked(pace: Pace, brake: Brake | None) -> Pace:
    return slowed(pace, brake.share) if brake else pace


def _held(tightest: _Tightest, broadcast: UUID) -> Held | None:
    name, provider = tightest.cell
    here = tightest.room
    if here.again_at is None:
        return None
    own = broadcast if name.startswith("broadcast:") else None
    return Held(provider=provider, reason=here.reason, until=here.again_at, limit=here.limit, broadcast=own)


def spending(facts: Facts, sent: Iterable[tuple[UUID, str]]) -> list[tuple[str, str, str, datetime, int]]:
    """What these rows use of each window that has a limit: (channel, provider, span, began_at, used)."""
    found: Counter[tuple[str, str, str, datetime]] = Counter()
    for (broadcast, provider), count in Counter(sent).items():
        for (name, where), pace in _cells(facts, broadcast, provider).items():
            for span, _ in pace.windows:
                found[name, where, span, window(span, facts.now)] += count
    return [(*key, count) for key, count in found.items()]


def until_room(held: Iterable[Held], now: datetime) -> timedelta | None:
    """How long until something may go again; None: nothing is held."""
    return min((h.until - now for h in held), default=None)
