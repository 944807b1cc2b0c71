"""How often a key may be used, and how often an address may come with wrong ones. Counted in this process."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import TypeVar
from uuid import UUID

K = TypeVar("K")
V = TypeVar("V")


class Buckets:
    """`burst` requests at once, then `per_second`. Only keys that exist have one, so there are few."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._clock = clock
        self._filled: dict[UUID, tuple[float, float]] = {}

    def wait(self, key: UUID) -> float:
        """Take a token: 0.0, or how many seconds to wait for the next one; then none is taken."""
        now = self._clock()
        tokens, at = self._filled.get(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._per_second)
        if tokens < 1:
            self._filled[key] = tokens, now
            return (1 - tokens) / self._per_second
        self._filled[key] = tokens - 1, now
        return 0.0


class Strangers:
    """Wrong keys by the caller's address: `most` in a minute, then none of them is even looked up for a while.

    A key that was right before passes: others behind the same address must not lock it out. Both tables are bounded,
    and hold no key but a hash.
    """

    def __init__(self, most: int = 20, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def wait(self, place: str, given: str) -> float:
        """0.0, or how many seconds this address has to wait."""
        count, since = self._wrong.get(_network(place), (0, 0.0))
        left = since + self._seconds - self._clock()
        return 0.0 if count < self._most or left <= 0 or _hash(given) in self._right else left

    def wrong(self, place: str) -> None:
        """Count a wrong key."""
        network, now = _network(place), self._clock()
        count, since = self._wrong.pop(network, (0, now))
        over = now - since >= self._seconds
        _remember(self._wrong, network, (1, now) if over else (count + 1, since))

    def right(self, given: str) -> None:
        """Remember a right one."""
        key = _hash(given)
        self._right.pop(key, None)
        _remember(self._right, key, None)


_REMEMBERED = 10_000


def _remember(table: OrderedDict[K, V], key: K, value: V) -> None:
    table[key] = value
    if len(table) > _REMEMBERED:
        table.popitem(last=False)


def _network(place: str) -> str:
    """An IPv6 host has a whole /64 to choose from (RFC 6177). Pure."""
    try:
        found = ip_address(place)
    except ValueError:
        return place[:100]
    if isinstance(found, IPv6Address) and not found.ipv4_mapped:
        return found.exploded[:19]
    return str(found.ipv4_mapped if isinstance(found, IPv6Address) else found)


def _hash(given: str) -> bytes:
    return hashlib.sha256(given.encode("utf-8", "replace")).digest()
