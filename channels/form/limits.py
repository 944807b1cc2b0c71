"""How many submissions one network may send a minute: in memory, per process."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address, ip_address, ip_network

_MOST_NETWORKS = 50_000


class MinuteLimit:
    """Counts by IP address in windows of one minute. The memory is bounded by the networks of one minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._window = 0
        self._counts: Counter[str] = Counter()

    def take(self, address: str, now: float) -> bool:
        """Whether this address may send once more. `now` is in seconds of any clock that only goes forward."""
        if not self._per_minute:
            return True
        window = int(now // 60)
        if window != self._window or len(self._counts) > _MOST_NETWORKS:
            self._window = window
            self._counts.clear()
        network = _network(address)
        self._counts[network] += 1
        return self._counts[network] <= self._per_minute


def _network(address: str) -> str:
    """An IPv6 subscriber owns a /64 (RFC 6177): its addresses are one. A mapped IPv4 address is that IPv4 address."""
    try:
        found = ip_address(address.partition("%")[0])  # fe80::1%eth0
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
