"""Counted links and pictures: readers arrive, machines are told apart, forged links lead nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest

from domain.ids import new_id
from people import signed
from store import secrets
from tests.broadcasts.world import World
from tests.portal.mailed import opening, world

__all__ = ["world"]
READER = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
SHOP = "https://shop.example/apples"


@pytest.fixture
async def browser(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    async with opening(world, READER) as client:
        yield client


async def a_letter(world: World, **plan: Any) -> tuple[UUID, bytes]:
    """A delivery that was sent a minute ago, and the key of its links."""
    await world.crowd(1)
    broadcast = await world.broadcast(**plan)
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
    [delivery] = await world.ask("UPDATE deliveries SET sent_at = now() - interval '1 minute' RETURNING id")
    async with world.database.begin() as connection:
        return delivery, await secrets.key(connection, secrets.LINKS)


async def test_a_reader_comes_to_the_page_and_is_counted_once(world: World, browser: httpx2.AsyncClient) -> None:
    delivery, key = await a_letter(world)
    for _ in range(2):
        answer = await browser.get(signed.click_url("", key, delivery, 0))
        assert (answer.status_code, answer.headers["location"]) == (302, SHOP)
    assert await world.ask("SELECT clicked_at IS NOT NULL, opened_at IS NOT NULL FROM deliveries") == [(True, True)]
    assert (await world.outcomes(await only(world))) == {"clicked": 1}


@pytest.mark.parametrize("behind", [".", ",", ")", ").", ">", "!", "»", "…"])
async def test_a_sign_behind_the_address_is_no_part_of_it(
    world: World, browser: httpx2.AsyncClient, behind: str
) -> None:
    """ "Read on: https://.../c/TOKEN." Some mail programs take the full stop along, and it led nowhere."""
    delivery, key = await a_letter(world)
    answer = await browser.get(signed.click_url("", key, delivery, 0) + behind)
    assert (answer.status_code, answer.headers.get("location")) == (302, SHOP)


async def only(world: World) -> UUID:
    [found] = await world.ask("SELECT id FROM broadcasts")
    assert isinstance(found, UUID)
    return found


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"User-Agent": ""}),
        ("GET", {"User-Agent": "Barracuda Sentinel (EE)"}),
        ("GET", {"User-Agent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"User-Agent": "TelegramBot (like TwitterBot)"}),
    ],
)
async def test_machines_are_counted_apart(
    world: World, browser: httpx2.AsyncClient, method: str, headers: dict[str, str]
) -> None:
    delivery, key = await a_letter(world)
    for url in (signed.click_url("", key, delivery, 0), signed.open_url("", key, delivery)):
        answer = await browser.request(method, url, headers=headers)
        assert answer.status_code in (200, 302)
    assert await world.ask("SELECT opened_at, clicked_at FROM deliveries") == [(None, None)]
    assert sorted(await world.ask("SELECT kind, machine FROM engagements")) == [("click", True), ("open", True)]


async def test_who_follows_a_link_at_once_is_a_machine(world: World, browser: httpx2.AsyncClient) -> None:
    delivery, key = await a_letter(world)
    await world.ask("UPDATE deliveries SET sent_at = now() RETURNING 1")
    await browser.get(signed.open_url("", key, delivery))
    assert await world.ask("SELECT machine FROM engagements") == [True]


async def test_forged_links_lead_nowhere(world: World, browser: httpx2.AsyncClient) -> None:
    delivery, key = await a_letter(world)
    good = signed.click_url("", key, delivery, 0)
    wrong = [
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        signed.click_url("", b"another key that is not ours....", delivery, 0),
        signed.click_url("", key, new_id(), 0),
        signed.click_url("", key, delivery, 7),
        signed.open_url("", key, delivery).replace("/o/", "/c/"),
        "/c/x",
    ]
    for url in wrong:
        answer = await browser.get(url)
        assert answer.status_code == 404, url
        assert "location" not in answer.headers
    assert await world.ask("SELECT 1 FROM engagements") == []


async def test_a_picture_is_always_a_picture(world: World, browser: httpx2.AsyncClient) -> None:
    delivery, key = await a_letter(world)
    for url in (signed.open_url("", key, delivery), "/o/forged"):
        answer = await browser.get(url)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert await world.outcomes(await only(world)) == {"opened": 1}


async def test_what_is_not_to_be_counted_is_not(world: World, browser: httpx2.AsyncClient) -> None:
    delivery, key = await a_letter(world, track_opens=False, track_clicks=False)
    [message] = world.wires["mail"].sent
    assert "/o/" not in (message.html or "")
    assert "/c/" not in (message.html or "")
    await browser.get(signed.click_url("", key, delivery, 0))
    assert await world.ask("SELECT 1 FROM engagements") == []
