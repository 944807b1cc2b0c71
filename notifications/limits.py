"""Rate limits that all processes share: a generic cell rate algorithm (ITU-T I.371, annex A) per key, in Redis.

A key keeps one number, the theoretical arrival time (TAT): when the next message would be exactly on time. Each key is
asked by itself, so that no command touches two of them and the same code runs on a cluster.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from redis.asyncio import BlockingConnectionPool, Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from domain.messages import ChannelName

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=2)
"""A wait up to this is sat out in the process, so its place is booked at once."""
_AGAIN = 5.0  # seconds before Redis is asked again after it was away
_MOST_OWN = 10_000  # keys kept in the process before those that are over are dropped


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """How fast one channel account may send. None: as fast as it can."""

    per_second: float | None = None
    burst: int = 1
    """How many may go at once; a part of `per_second`, so that no second ever holds more."""
    per_address_per_second: float | None = None
    per_group_per_minute: int | None = None
    """Of a group's chat (a negative id): a quarter may go at once, and no minute ever holds more."""


RATES: Mapping[str, Rates] = {
    "telegram": Rates(per_second=26, per_address_per_second=1, per_group_per_minute=20),
    "sms": Rates(per_second=1),
    "email": Rates(per_second=10, burst=4),
}
"""By kind of channel.

Telegram allows 30 a second (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this), but
counts what arrives: at an even 30 every little delay makes some second hold 31, and each refusal stops the whole bot
for a second (measured at 24 messages a second: cards waited 6.4 s at 30, 0.05 s at 26).
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One key's rule, in microseconds."""

    key: str
    interval: int
    tolerance: int
    """How far ahead of the clock the TAT may be for a message to go at once."""


def cells(channel: ChannelName, address: str, rates: Rates) -> Iterator[Cell]:
    """The rules that a message to this address has to keep, the narrowest first."""
    yield from _of_address(channel, address, rates)
    if rates.per_second:
        yield _cell(f"limit:{channel}", rates.per_second, 1, rates.burst)


def _of_address(channel: ChannelName, address: str, rates: Rates) -> Iterator[Cell]:
    if rates.per_group_per_minute and address.startswith("-"):
        yield _cell(f"limit:{channel}:group:{address}", rates.per_group_per_minute, 60, rates.per_group_per_minute // 4)
    if rates.per_address_per_second:
        yield _cell(f"limit:{channel}:to:{address}", rates.per_address_per_second, 1, 1)


def _cell(key: str, count: float, seconds: int, burst: int) -> Cell:
    """`count` in any `seconds`: a burst of b, then evenly, so that b - 1 + seconds / interval = count."""
    burst = max(1, min(burst, int(count)))
    interval = math.ceil(seconds * 1_000_000 / (count - burst + 1))
    return Cell(key, interval, interval * (burst - 1))


def gcra(tat: int, now: int, cell: Cell, patience: int) -> tuple[int | None, int]:
    """The new TAT, or None when the wait is too long to book a place; and the wait. All in microseconds."""
    tat = max(tat, now)
    wait = max(0, tat - cell.tolerance - now)
    return (tat + cell.interval if wait <= patience else None), wait


# The same as `gcra`, where the key lives. KEYS: the cell. ARGV: interval, tolerance, patience, now ("" for the clock
# of Redis, which all processes share). Numbers stay below 2**53, where Lua's doubles are exact.
_BOOK = """
local now = tonumber(ARGV[4])
if not now then local t = redis.call('TIME'); now = t[1] * 1000000 + t[2] end
local tat = math.max(tonumber(redis.call('GET', KEYS[1])) or 0, now)
local wait = math.max(0, tat - ARGV[2] - now)
if wait <= tonumber(ARGV[3]) then
  local new = tat + ARGV[1]
  redis.call('SET', KEYS[1], string.format('%.0f', new), 'PX', math.ceil((new - now) / 1000) + 1)
end
return string.format('%.0f', wait)
"""
# KEYS: the cell. ARGV: how long it rests, its tolerance, now. It never shortens a rest.
_HOLD = """
local now = tonumber(ARGV[3])
if not now then local t = redis.call('TIME'); now = t[1] * 1000000 + t[2] end
local tat = math.max(tonumber(redis.call('GET', KEYS[1])) or 0, now + ARGV[1] + ARGV[2])
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1)
return '0'
"""


class Limits:
    """The limits of every channel. While Redis is away, each process keeps the same rates by itself."""

    def __init__(
        self,
        redis_url: str,
        rates: Mapping[ChannelName, Rates],
        *,
        patience: timedelta = PATIENCE,
        clock: Callable[[], int] | None = None,
    ) -> None:
        """`clock` gives microseconds, for tests; else it is the clock of Redis."""
        pool = BlockingConnectionPool.from_url(
            redis_url, max_connections=8, timeout=2, socket_timeout=2, socket_connect_timeout=2
        )
        self._redis = Redis.from_pool(pool)
        self._book, self._hold = self._redis.register_script(_BOOK), self._redis.register_script(_HOLD)
        self._rates = rates
        self._patience = _micro(patience)
        self._clock = clock
        self._own: dict[str, int] = {}
        self._away_until = 0.0

    async def wait_for(self, channel: ChannelName, address: str) -> timedelta:
        """How long a message to this address has to wait; zero: go.

        A wait of at most `patience` is booked: sleep, then send without asking again. A longer one is not.
        """
        longest = 0
        for cell in cells(channel, address, self._rates.get(channel, Rates())):
            longest = max(longest, await self._ask(cell))
            if longest > self._patience:
                break
        return timedelta(microseconds=longest)

    def may_wait(self, wait: timedelta) -> bool:
        """Whether that wait was booked."""
        return _micro(wait) <= self._patience

    async def hold(self, channel: ChannelName, address: str, rest: timedelta) -> None:
        """The provider wants nothing for this address that long, whatever our own rates say."""
        for cell in _of_address(channel, address, self._rates.get(channel, Rates())):
            self._own[cell.key] = max(self._own.get(cell.key, 0), self._now() + _micro(rest) + cell.tolerance)
            await self._run(self._hold, cell, _micro(rest), cell.tolerance)

    def ahead(self, channel: ChannelName, most: int, *, seconds: float = 2) -> int:
        """How many messages of the channel are worth having in hand: what it may send in about so many seconds."""
        rate = self._rates.get(channel, Rates()).per_second
        return most if rate is None else max(4, min(most, int(rate * seconds)))

    def is_limited(self, channel: ChannelName) -> bool:
        """Whether any rule of ours holds for it."""
        rates = self._rates.get(channel, Rates())
        return bool(rates.per_second or rates.per_address_per_second or rates.per_group_per_minute)

    async def aclose(self) -> None:
        """Let go of connections. Twice is fine."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    async def _ask(self, cell: Cell) -> int:
        wait = await self._run(self._book, cell, cell.interval, cell.tolerance, self._patience)
        return self._ask_oneself(cell) if wait is None else wait

    def _ask_oneself(self, cell: Cell) -> int:
        now = self._now()
        if len(self._own) > _MOST_OWN:
            self._own = {key: tat for key, tat in self._own.items() if tat > now}
        booked, wait = gcra(self._own.get(cell.key, 0), now, cell, self._patience)
        if booked is not None:
            self._own[cell.key] = booked
        return wait

    async def _run(self, script: AsyncScript, cell: Cell, *numbers: int) -> int | None:
        """The script's answer, or None while Redis is away."""
        if time.monotonic() < self._away_until:
            return None
        now = "" if self._clock is None else self._clock()
        try:
            answer = int(await script(keys=[cell.key], args=[*numbers, now]))
        except (RedisError, OSError) as error:
            if not self._away_until:
                log.warning("Redis is away (%s): this process keeps the rate limits by itself meanwhile", error)
            self._away_until = time.monotonic() + _AGAIN
            return None
        if self._away_until:
            log.info("Redis is back: the rate limits are shared again")
            self._away_until = 0.0
        return answer

    def _now(self) -> int:
        return time.time_ns() // 1000 if self._clock is None else self._clock()


def _micro(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
