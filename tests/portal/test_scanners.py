"""Whatever a scanner does with a mailing, nobody is unsubscribed by it; and a link is its own reader's alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest

from people import consent, signed
from people.consent import Word
from people.signed import Kind
from people.wishes import House as Purposes
from portal.preferences import Preferences
from portal.visits import Installation
from store.engine import Database
from tests.broadcasts.world import World
from tests.people.law import NEWS, agreed, proved, queued
from tests.portal.law import CLICK, KINDS, TOPICS, key_of, path, visitor
from tests.portal.mailed import opening, world
from tests.router.conftest import Ask, ask, database

__all__ = ["ask", "database", "world"]
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
CLICKED = b"List-Unsubscribe=One-Click"
PARTS = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n'
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def scanner(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    """A mail filter in front of all that a mailing links to."""
    place = Installation(database=world.database, kinds=KINDS, house=Purposes(topics=TOPICS), company="Orchard")
    async with opening(world, AGENT, Preferences(place).routes()) as client:
        yield client


async def addresses_in_a_mail(world: World) -> list[str]:
    """Every address of ours in a mail that has arrived: in its text, its HTML and its header."""
    await world.crowd(1)
    broadcast = await world.broadcast()
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
    [mail] = world.wires["mail"].sent
    whole = f"{mail.text} {mail.html} {mail.unsubscribe}"
    found = sorted(set(re.findall(r"https://leads\.example(/[a-z]/[\w-]+)", whole)))
    assert {address[:3] for address in found} == {"/u/", "/c/", "/o/"}
    return found


async def traces(world: World) -> dict[str, list[Any]]:
    """All that a visit might change."""
    return {
        "opt-outs": await world.ask("SELECT count(*) FROM opt_outs"),
        "consents": await world.ask("SELECT CAST(c AS text) FROM consents c ORDER BY 1"),
        "suppressed": await world.ask("SELECT count(*) FROM suppressions"),
        "outcome": await world.ask(
            "SELECT state, code, left_at, opened_at, clicked_at, answered_at FROM deliveries ORDER BY id"
        ),
    }


async def test_who_opens_everything_of_a_mail_again_and_again_changes_nothing(
    world: World, scanner: httpx2.AsyncClient
) -> None:
    found = await addresses_in_a_mail(world)
    before = await traces(world)
    for address in found * 3:
        for method in ("GET", "HEAD"):
            assert (await scanner.request(method, address)).status_code in (200, 302), address
    assert await traces(world) == before


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", {}),
        (b"", FORM),
        (b"page=1", FORM),  # of our own form, without its button
        (b"one-click", FORM),
        (b"List-Unsubscribe=Yes", FORM),
        (b"List-Unsubscribe", FORM),
        (b'{"List-Unsubscribe": "One-Click"}', {"Content-Type": "application/json"}),
        (PARTS, {"Content-Type": "multipart/form-data; boundary=b"}),
    ],
)
async def test_who_posts_without_the_words_of_the_form_changes_nothing(
    world: World, scanner: httpx2.AsyncClient, body: bytes, kind: dict[str, str]
) -> None:
    found = await addresses_in_a_mail(world)
    before = await traces(world)
    for address in found * 2:
        answer = await scanner.post(address, content=body, headers=kind)
        assert answer.status_code == (400 if address.startswith("/u/") else 405), address
    assert await traces(world) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
async def test_only_a_post_is_a_post(world: World, scanner: httpx2.AsyncClient, method: str) -> None:
    """Whatever it carries, and whatever it calls itself."""
    found = await addresses_in_a_mail(world)
    before = await traces(world)
    tricks = {**FORM, "X-HTTP-Method-Override": "POST", "X-Method-Override": "POST", "X-HTTP-Method": "POST"}
    for address in found:
        answer = await scanner.request(method, f"{address}?_method=POST", content=CLICKED, headers=tricks)
        assert answer.status_code in ((200, 302) if method in ("GET", "HEAD") else (405,))
    assert await traces(world) == before


async def letters(database: Database) -> dict[str, UUID]:
    """Anna and Boris, each with a waiting letter of one topic."""
    made = {}
    async with database.begin() as connection:
        for name in ("anna", "boris"):
            card = await proved(connection, ("email", f"{name}@example.org"), name=name)
            await agreed(connection, card)
            made[name] = await queued(connection, card, f"{name}@example.org", purpose=NEWS)
    return made


async def test_a_link_is_its_own_readers_alone(database: Database, ask: Ask) -> None:
    sent = await letters(database)
    async with visitor(database) as http:
        for body in (CLICK, {**CLICK, "page": "1", "scope": "all", "delivery": str(sent["boris"])}):
            where = await path(database, Kind.UNSUBSCRIBE, sent["anna"])
            assert (await http.post(f"{where}?delivery={sent['boris']}", data=body)).status_code == 200
    assert await ask("SELECT DISTINCT value FROM opt_outs") == ["anna@example.org"]
    states = await ask("SELECT address || ' ' || state FROM deliveries ORDER BY 1")
    assert states == ["anna@example.org skipped", "boris@example.org pending"]


async def test_a_part_of_a_link_is_no_link(database: Database, ask: Ask) -> None:
    sent = await letters(database)
    key = await key_of(database)
    whole = signed.token(key, Kind.UNSUBSCRIBE, sent["anna"])
    other = signed.token(key, Kind.UNSUBSCRIBE, sent["boris"])
    pieced = [whole[:n] + other[n:] for n in range(8, len(whole), 4) if whole[:n] + other[n:] not in (whole, other)]
    async with visitor(database) as http:
        for token in [*(whole[:n] for n in range(1, len(whole))), *(whole[n:] for n in range(1, 44)), *pieced]:
            for answer in (await http.post(f"/u/{token}", data=CLICK), await http.get(f"/u/{token}")):
                assert answer.status_code == 404, token
    assert await ask("SELECT count(*) FROM opt_outs") == [0]


async def test_a_click_that_comes_ten_times_at_once_is_one(database: Database, ask: Ask) -> None:
    sent = await letters(database)
    where = await path(database, Kind.UNSUBSCRIBE, sent["anna"])
    async with visitor(database) as http:
        answers = await asyncio.gather(*(http.post(where, data=CLICK) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert await ask("SELECT count(*) FROM opt_outs") == [1]
    assert await ask("SELECT count(*) FROM deliveries WHERE left_at IS NOT NULL") == [1]


async def test_an_old_link_says_no_again_and_a_look_at_it_nothing(database: Database, ask: Ask) -> None:
    """Who came back and follows the link of a letter from before means it; who only opens it does not."""
    sent = await letters(database)
    where = await path(database, Kind.UNSUBSCRIBE, sent["anna"])
    said = "SELECT granted FROM consents WHERE contact_id = :card AND purpose = 'news' ORDER BY id"
    [card] = await ask("SELECT contact_id FROM deliveries WHERE address = 'anna@example.org'")
    async with visitor(database) as http:
        await http.post(where, data=CLICK)
        async with database.begin() as connection:
            word = Word(card=card, purpose=NEWS, text="Yes, again")
            await consent.grant(connection, [word], source="site")
        for method in ("GET", "HEAD", "GET"):
            assert (await http.request(method, where)).status_code == 200
        assert await ask(said, card=card) == [False, True]
        assert (await http.post(where, data=CLICK)).status_code == 200
    assert await ask(said, card=card) == [False, True, False]
