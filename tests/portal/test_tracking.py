"""The page of a request: what it shows to whoever has its link, and what it shows to nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx2
import pytest
from sqlalchemy import text

from domain.ids import new_id
from domain.links import digest, new_token
from domain.messages import Inbound, utcnow
from portal.routes import portal
from portal.texts import TEXTS
from portal.tracking import PER_MINUTE, Place, Tracking
from router.route import Router
from router.rules import Rules
from store.engine import Database
from store.links import VALID
from tests.portal.html import Page
from tests.router.following import sent_to
from tests.router.people import FORM, INBOX, SMS, filled, mail, message

ANNA = mail("anna@example.org")
SECRET = "Zyxwvut"


class House:
    """The page, a router, and the database behind both."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.router = Router(self.database, Rules())
        kinds = {FORM: "form", INBOX: "email", SMS: "sms"}
        place = Place(database=self.database, kinds=kinds, zone=ZoneInfo("Europe/Moscow"), bot=lambda: "orchard_bot")
        self.app: Any = portal({}, self._nowhere, tracking=Tracking(place))

    async def _nowhere(self, event: object) -> None:
        raise AssertionError(event)

    async def fetch(self, path: str, method: str = "GET", **headers: str) -> httpx2.Response:
        """Ask once, without following redirects."""
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://leads.example.com") as client:
            return await client.request(method, path, headers=headers)

    async def take(self, request: Inbound) -> UUID:
        """Route it; the message's id."""
        [outcome] = await self.router.route([request])
        assert outcome.message
        return outcome.message

    async def do(self, sql: str, **values: Any) -> list[Any]:
        """Rows, or none."""
        async with self.database.begin() as connection:
            done = await connection.execute(text(sql), values)
            return list(done.all()) if done.returns_rows else []

    async def everything(self) -> list[Any]:
        """All that a page might have changed."""
        tables = ("links", "identities", "claims", "contacts", "leads", "messages", "events", "deliveries")
        return [await self.do(f"SELECT CAST(t AS text) FROM {table} t ORDER BY 1") for table in tables]


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    opened = House(database_url)
    yield opened
    await opened.database.aclose()


async def test_a_full_stop_behind_the_address_is_no_part_of_it(house: House) -> None:
    assert (await house.fetch(f"/t/{await form_link(house)}.")).status_code == 200


async def form_link(house: House, **more: Any) -> str:
    token = new_token()
    await house.take(filled(ANNA, link=digest(token), **more))
    return token


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["Your request", "Received", "Web form"]), ("ru", ["Ваше обращение", "Получено", "Форма на сайте"])],
)
async def test_it_says_how_the_request_stands_and_nothing_of_the_person(
    house: House, language: str, words: list[str]
) -> None:
    token = await form_link(house, text=f"{SECRET}?", name=f"Anna {SECRET}", subject=SECRET)
    answer = await house.fetch(f"/t/{token}", **{"Accept-Language": language})
    page = Page(answer.text)
    assert answer.status_code == 200
    assert page.all("html") == [{"lang": language}]
    assert all(word in page.text for word in words)
    assert f"https://t.me/orchard_bot?start={token}" in {a["href"] for a in page.all("a")}
    assert not any(word in answer.text for word in (SECRET, "Anna", ANNA.value, "#1"))


async def test_who_has_the_page_does_not_pass_it_on(house: House) -> None:
    headers = (await house.fetch(f"/t/{await form_link(house)}")).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


async def test_all_wrong_tokens_have_one_answer(house: House) -> None:
    message_id = await house.take(filled(ANNA))
    old = await sent_to(house.database, message_id, ANNA, utcnow() - VALID - timedelta(seconds=1))
    gone = await sent_to(house.database, new_id(), ANNA)
    wrong = [new_token(), old, gone, "x", "x" * 5000, "%00", "%ED%A0%80", "'; DROP TABLE links"]
    answers = [await house.fetch(f"/t/{token}", method) for token in wrong for method in ("GET", "POST")]
    assert {(a.status_code, a.text) for a in answers} == {(404, answers[0].text)}
    assert TEXTS["en"].untracked in answers[0].text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_changes_nothing(house: House, method: str) -> None:
    token = await sent_to(house.database, await house.take(filled(ANNA)), ANNA)
    before = await house.everything()
    for _ in range(3):
        assert (await house.fetch(f"/t/{token}", method)).status_code == 200
    assert await house.everything() == before


@pytest.mark.parametrize(
    ("done", "state"),
    [
        ([], TEXTS["en"].state_received),
        (["taken_at = now()"], TEXTS["en"].state_taken),
        (["taken_at = now()", "state = 'won', closed_at = now()"], TEXTS["en"].state_closed),
        (["taken_at = now() - interval '1 day'"], TEXTS["en"].state_received),
        (["state = 'lost', closed_at = now() - interval '1 day'"], TEXTS["en"].state_received),
    ],
)
async def test_states(house: House, done: list[str], state: str) -> None:
    """What was done to the lead before the request came is not this request's."""
    token = await form_link(house)
    for change in done:
        await house.do(f"UPDATE leads SET {change}")
    assert f"<strong>{state}</strong>" in (await house.fetch(f"/t/{token}")).text


@pytest.mark.parametrize(("mine", "state"), [(True, "Answered"), (False, "Received")])
async def test_it_is_answered_by_an_answer_to_itself_alone(house: House, mine: bool, state: str) -> None:
    other = await house.take(message(INBOX, ANNA))
    token = await form_link(house)
    [(request,)] = await house.do("SELECT id FROM messages WHERE channel = 'site'")
    values = {"id": new_id(), "answers": str(request if mine else other)}
    await house.do(
        """INSERT INTO messages (id, channel, external_id, direction, lead_id, ref, thread, text, facts, received_at,
             created_at) SELECT :id, 'bot', 'say', 'out', lead_id, '', '', 'Dear',
             jsonb_build_object('answers', CAST(:answers AS text)), now(), now() FROM messages LIMIT 1""",
        **values,
    )
    await house.do(
        """INSERT INTO deliveries
             (id, channel, address, purpose, facts, state, priority, due_at, message_id, created_at)
           VALUES (gen_random_uuid(), 'inbox', 'anna@example.org', 'reply', '{}', 'sent', 0, now(), :id, now())""",
        id=values["id"],
    )
    assert f"<strong>{state}</strong>" in (await house.fetch(f"/t/{token}")).text


async def test_the_page_of_a_form_is_the_same_whether_the_address_is_known(house: House) -> None:
    """Otherwise whoever types an address learns whether its owner is a customer."""
    await house.take(message(INBOX, ANNA, text=SECRET))
    await house.do("UPDATE leads SET taken_at = now()")
    at, tokens, pages = utcnow(), [new_token(), new_token()], set()
    for address, token in zip((ANNA, mail("nobody@example.org")), tokens, strict=True):
        await house.take(filled(address, link=digest(token), received_at=at))
        pages.add((await house.fetch(f"/t/{token}")).text.replace(token, "TOKEN"))
    assert len(pages) == 1


async def test_the_button_confirms_and_comes_back(house: House) -> None:
    token = await sent_to(house.database, await house.take(filled(ANNA)), ANNA)
    [form] = Page((await house.fetch(f"/t/{token}?lang=ru")).text).all("form")
    assert form == {"method": "post", "action": f"/t/{token}?lang=ru"}
    answer = await house.fetch(form["action"], "POST")
    assert (answer.status_code, answer.headers["Location"]) == (303, form["action"])
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert await house.do("SELECT proved FROM identities") == [(True,)]
    after = await house.fetch(form["action"])
    assert TEXTS["ru"].confirmed in after.text
    assert Page(after.text).all("form") == []
    before = await house.everything()
    await house.fetch(form["action"], "POST")
    assert await house.everything() == before


async def test_a_link_that_a_form_showed_confirms_nothing(house: House) -> None:
    token = await form_link(house)
    assert Page((await house.fetch(f"/t/{token}")).text).all("form") == []
    before = await house.everything()
    assert (await house.fetch(f"/t/{token}", "POST")).status_code == 303
    assert await house.everything() == before


async def test_who_looks_too_often_is_asked_to_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.tracking.time", SimpleNamespace(monotonic=lambda: 0.0))
    statuses = [(await house.fetch(f"/t/{new_token()}")).status_code for _ in range(PER_MINUTE + 1)]
    assert statuses == [404] * PER_MINUTE + [429]


async def test_without_the_database_it_says_so() -> None:
    away = House("postgresql+asyncpg://u@127.0.0.1:9/none")
    answer = await away.fetch(f"/t/{new_token()}")
    assert (answer.status_code, TEXTS["en"].away in answer.text) == (503, True)
    await away.database.aclose()
