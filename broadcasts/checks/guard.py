"""Where an address that somebody wrote may lead us: to the public internet, and never into our own network.

The address that was checked is the one that is connected to: `Guard.socket` sees it last, at the connection itself, so
a name that means another address by then (DNS rebinding) leads nowhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

PORTS = frozenset({80, 443})
ALWAYS_THERE = "a.root-servers.net"
"""A name that everybody knows who has a way into the internet: some resolvers without one know no name at all."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""An IPv4 address behind a translator: its last four bytes (RFC 6052)."""
_NOBODYS = (
    ipaddress.ip_network("192.88.99.0/24"),  # relays of 6to4 (RFC 7526)
    ipaddress.ip_network("64:ff9b:1::/48"),  # translators within one network (RFC 8215)
    ipaddress.ip_network("3fff::/20"),  # documentation (RFC 9637): older Pythons do not know it
    ipaddress.ip_network("::/96"),  # "IPv4-compatible" (RFC 4291, section 2.5.5.1)
)


class Refused(OSError):
    """We do not go there."""


def is_public(address: str) -> bool:
    """Whether this is the address of one machine of the public internet, in its full form. Pure.

    An IPv6 address that holds an IPv4 one (mapped, 6to4, Teredo, NAT64) is as public as that one.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return _is_open(found)
    if found.scope_id:
        return False
    if found.ipv4_mapped:
        return _is_open(found.ipv4_mapped)
    return _is_open(found) and all(map(_is_open, _within(found)))


def _within(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that it leads to."""
    found = [address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return [one for one in found if one is not None]


def _is_open(address: IPv4Address | IPv6Address) -> bool:
    special = address.is_multicast or address.is_reserved or address.is_loopback or address.is_unspecified
    site = isinstance(address, IPv6Address) and address.is_site_local
    # the range of NAT64 is "reserved" by the registry, and leads to the whole of IPv4
    special = special and address not in _NAT64
    return address.is_global and not special and not site and not any(address in network for network in _NOBODYS)


class Guard(AbstractResolver):
    """Resolves names to public addresses alone, and opens sockets to no others.

    `allowed` are addresses and `ports` are ports that are opened nonetheless: tests run their servers on loopback.
    """

    def __init__(self, *, allowed: Collection[str] = (), ports: Collection[int] = PORTS) -> None:
        self._allowed, self._ports = frozenset(allowed), frozenset(ports)

    def permits(self, url: str) -> bool:
        """Whether this is worth a request: the web, at its usual ports, without a user, no inner address. Pure."""
        try:
            parts = urlsplit(url)
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
        except ValueError:
            return False
        host = (parts.hostname or "").rstrip(".")
        if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or port not in self._ports:
            return False
        return self.admits(host) if _is_number(host) else host != "localhost"

    def admits(self, address: str) -> bool:
        """Whether we connect to this IP address. Pure."""
        return address in self._allowed or is_public(address)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises Refused when one of them is not public: that is a trap, or a mistake."""
        found = await self.look_up(host, port)
        if not all(self.admits(address) for _, address in found):
            raise Refused(f"{host} leads to an address that is not public")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for kind, address in found
        ]

    async def look_up(self, host: str, port: int) -> list[tuple[int, str]]:
        """(family, address) as the machine's resolver says. Raises OSError."""
        loop = asyncio.get_running_loop()
        rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [(int(family), str(address[0])) for family, _, _, _, address in rows]

    async def close(self) -> None: ...

    def socket(self, found: tuple[Any, ...]) -> socket.socket:
        """The socket for one address that is about to be connected to. Raises Refused."""
        family, kind, proto, _, address = found
        if not self.admits(address[0]) or address[1] not in self._ports:
            raise Refused(f"{address[0]}:{address[1]} is not public")
        return socket.socket(family, kind, proto)


def _is_number(host: str) -> bool:
    """An IP address in any spelling that some program takes for one: 127.1, 0x7f.1, 2130706433, ::1."""
    last = host.rpartition(".")[2].lower()
    return ":" in host or last.isdigit() or (last.startswith("0x") and all(c in "0123456789abcdef" for c in last[2:]))
