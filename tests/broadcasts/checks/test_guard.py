"""Addresses that a link may lead us to, and all those that it may not."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcasts.checks.guard import Guard, Refused, is_public

INNER = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.1.2.3 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.1 192.0.0.170 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1
203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 64:ff9b::7f00:1
64:ff9b::10.0.0.1 64:ff9b::192.168.1.1 64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1::1 2001:db8::1 2002:7f00:1::1
2002:a00:1::1 2002:c0a8:101:: 3fff::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
2001:0:4136:e378:8000:63bf:f5ff:fffe 5f00::1
""".split()
NO_ADDRESS = ["127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "0x7f000001", "localhost", "", "8.8.8.8.", "8.8.8.8 "]
OUTER = """
1.1.1.1 8.8.8.8 77.88.55.88 172.32.0.1 172.15.255.255 100.63.255.255 100.128.0.1 169.253.0.1 11.0.0.1 223.255.255.254
2606:4700:4700::1111 2a02:6b8::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1
""".split()


@pytest.mark.parametrize("address", INNER + NO_ADDRESS)
def test_inner_addresses_are_refused(address: str) -> None:
    assert not is_public(address)
    assert not Guard().admits(address)


@pytest.mark.parametrize("address", OUTER)
def test_the_internet_is_open(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_within_another_is_as_public_as_it_is_alone(inner: ipaddress.IPv4Address) -> None:
    number, alone = int(inner), is_public(str(inner))
    assert is_public(str(ipaddress.IPv6Address((0xFFFF << 32) + number))) == alone
    assert is_public(str(ipaddress.IPv6Address((0x2002 << 112) + (number << 80) + 1))) == alone
    assert is_public(str(ipaddress.IPv6Address((0x64FF9B << 96) + number))) == alone


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example/a?b=c", True),
        ("http://shop.example:80/", True),
        ("http://shop.example:443/", True),
        ("https://8.8.8.8/", True),
        ("https://[2606:4700:4700::1111]/", True),
        ("http://shop.example:8080/", False),
        ("http://shop.example:22/", False),
        ("http://shop.example:99999/", False),
        ("ftp://shop.example/", False),
        ("file:///etc/passwd", False),
        ("gopher://shop.example:80/", False),
        ("//shop.example/", False),
        ("https:///a", False),
        ("https://user:word@shop.example/", False),
        ("https://8.8.8.8@127.0.0.1/", False),
        ("http://localhost/", False),
        ("http://LOCALHOST./", False),
        ("http://127.0.0.1/", False),
        ("http://127.1/", False),
        ("http://2130706433/", False),
        ("http://0x7f000001/", False),
        ("http://0x7f.0.0.1/", False),
        ("http://0177.0.0.1/", False),
        ("http://[::1]/", False),
        ("http://[::ffff:127.0.0.1]/", False),
        ("http://[fe80::1%25eth0]/", False),
        ("http://169.254.169.254/latest/meta-data/", False),
        ("http://[/", False),
    ],
)
def test_which_addresses_are_worth_a_request(url: str, expected: bool) -> None:
    assert Guard().permits(url) is expected


TABLE = {"good": ["8.8.8.8"], "inner": ["10.0.0.1"], "both": ["8.8.8.8", "127.0.0.1"]}


class Names(Guard):
    """A guard whose names are a table."""

    async def look_up(self, host: str, port: int) -> list[tuple[int, str]]:
        return [(socket.AF_INET, address) for address in TABLE[host]]


async def test_a_name_with_one_inner_address_is_refused_as_a_whole() -> None:
    assert [found["host"] for found in await Names().resolve("good", 443)] == ["8.8.8.8"]
    for host in ("inner", "both"):
        with pytest.raises(Refused):
            await Names().resolve(host, 443)


@pytest.mark.parametrize(
    ("address", "port"), [("127.0.0.1", 80), ("8.8.8.8", 22), ("2130706433", 80), ("localhost", 80)]
)
def test_no_socket_is_opened_to_what_was_not_checked(address: str, port: int) -> None:
    """The last look, when the name has been resolved: whatever stood in the table before, this is connected to."""
    with pytest.raises(Refused):
        Guard().socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)))


def test_a_socket_to_the_internet_is_opened() -> None:
    Guard().socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))).close()
