"""The scripted provider, as a second client sees it: the standard library's."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable
from typing import TypeVar

import pytest

from simulator.mail.provider import AT_DOT, AT_RCPT, CUTS, Provider

T = TypeVar("T")


def _send(provider: Provider, *to: str) -> int:
    """The code of the last answer; 250 when all was taken. Over one connection."""
    with smtplib.SMTP(provider.host, provider.port, timeout=5) as client:
        for each in to:
            try:
                client.sendmail("news@shop.test", [each], b"Subject: hi\r\n\r\n.\r\nHello\r\n")
            except smtplib.SMTPRecipientsRefused as error:
                return error.recipients[each][0]
            except smtplib.SMTPResponseException as error:
                return error.smtp_code
    return 250


async def _apart(work: Callable[..., T], *given: object) -> T:
    return await asyncio.to_thread(work, *given)


@pytest.mark.parametrize(("word", "reply"), [*AT_RCPT.items(), *AT_DOT.items(), ("anna", "250"), ("slow", "250")])
@pytest.mark.parametrize("form", ["{}@customer.test", "{}+17@customer.test", "anna@{}.test"])
async def test_the_address_says_what_happens(word: str, reply: str, form: str) -> None:
    async with Provider(late=0.01) as provider:
        to = form.format(word)
        assert await _apart(_send, provider, to) == int(reply[:3])
        assert [mail.to for mail in provider.taken] == ([to] if reply == "250" else [])
        assert provider.answers[reply[:3]] == 1


@pytest.mark.parametrize("word", sorted(CUTS))
async def test_lines_break_before_or_after_the_mail_was_taken(word: str) -> None:
    async with Provider() as provider:
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            await _apart(_send, provider, f"{word}@customer.test")
        assert len(provider.taken) == (word == "cut-after-dot")


async def test_a_script_is_given_and_taken_away_again() -> None:
    async with Provider() as provider:
        provider.script |= {"customer.test": "p451", "anna@customer.test": "p550"}
        assert await _apart(_send, provider, "ivan@customer.test") == 451
        assert await _apart(_send, provider, "anna@customer.test") == 550
        provider.script.clear()
        assert await _apart(_send, provider, "anna@customer.test") == 250


async def test_limits_of_a_connection_and_of_a_domain() -> None:
    people = [f"n{number}@customer.test" for number in range(4)]
    async with Provider(per_connection=3) as provider:
        assert await _apart(_send, provider, *people[:3]) == 250
        assert await _apart(_send, provider, *people) == 421
    async with Provider(per_second=3) as provider:
        assert await _apart(_send, provider, *people) == 421
        assert await _apart(_send, provider, people[3]) == 250, "a new connection counts anew"
    async with Provider(domain_per_second=3) as provider:
        assert await _apart(_send, provider, *people) == 450
        assert await _apart(_send, provider, "anna@else.test") == 250


async def test_one_connection_too_many() -> None:
    async with Provider(connections=1) as provider:
        _, writer = await asyncio.open_connection(provider.host, provider.port)
        with pytest.raises(smtplib.SMTPConnectError) as caught:
            await _apart(_send, provider, "anna@customer.test")
        assert caught.value.smtp_code == 421
        assert provider.refused == 1
        writer.close()


async def test_stopping_twice_drops_everybody() -> None:
    provider = Provider()
    await provider.start()
    reader, writer = await asyncio.open_connection(provider.host, provider.port)
    assert (await reader.readline()).startswith(b"220 ")
    await provider.stop()
    await provider.stop()
    assert await reader.read() == b""
    writer.close()
