"""A server that falls silent holds no posted mail: each comes back soon, and none that may have gone out as unsent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from channels.email.mailer import Mailer
from domain.errors import SendError, Unavailable, Uncertain
from domain.messages import Sent
from simulator.mail.provider import Provider
from tests.channels.email.test_dialogue import MAIL, mailer
from tests.counterparts.counterparts import Proxy, until

Posting = AbstractAsyncContextManager[tuple[Mailer, Provider]]
Made = AsyncIterator[tuple[Mailer, Provider]]
TIMEOUT, ALL = 0.3, 200
"""One after the other over two lines they would take a hundred timeouts."""
SOON = 10.0
"""Seconds: some thirty timeouts, for a slow machine."""


@asynccontextmanager
async def taking_and_saying_nothing() -> Made:
    async with Provider() as provider:
        provider.script["customer.test"] = "silent"
        yield mailer(provider, timeout=TIMEOUT, connections=2), provider


@asynccontextmanager
async def silent_from_now_on() -> Made:
    """Its lines are open, and have carried mail."""
    async with Provider() as provider:
        proxy = Proxy(provider.port)
        await proxy.open()
        sending = mailer(provider, port=proxy.port, timeout=TIMEOUT, connections=2)
        await asyncio.gather(*post(sending, 20))
        provider.taken.clear()
        proxy.freeze()
        yield sending, provider
        await proxy.close()


@asynccontextmanager
async def that_never_greets() -> Made:
    async with Provider() as provider:
        proxy = Proxy(provider.port)
        await proxy.open()
        proxy.freeze()
        yield mailer(provider, port=proxy.port, timeout=TIMEOUT, connections=2), provider
        await proxy.close()


def post(sending: Mailer, count: int) -> list[asyncio.Future[Sent]]:
    return [sending.post(MAIL, sender="us@shop.test", to=f"p{n}@customer.test", bulk=n % 5 > 0) for n in range(count)]


@pytest.mark.parametrize("server", [taking_and_saying_nothing, silent_from_now_on, that_never_greets])
async def test_nothing_waits_for_ever_in_the_box(server: Callable[[], Posting]) -> None:
    async with server() as (sending, provider):
        posted = post(sending, ALL)
        await until(lambda: all(one.done() for one in posted), "every mail to come back", SOON)
        errors = [one.exception() for one in posted]
        await sending.aclose()
    assert all(isinstance(error, SendError) for error in errors)
    unsure = {f"p{n}@customer.test" for n, error in enumerate(errors) if isinstance(error, Uncertain)}
    assert {mail.to for mail in provider.taken} <= unsure
    assert {type(error) for error in errors} <= {Unavailable, Uncertain}
    assert len(unsure) < ALL / 4
