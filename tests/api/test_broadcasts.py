"""Broadcasts by the API, from the draft to the ledger."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.pool import QueuePool

from broadcasts.checks.links import Link, Links, State
from broadcasts.checks.outside import Surroundings
from broadcasts.lifecycle import Rules
from broadcasts.office import Office
from domain.ids import new_id
from notifications.letters import compiler
from notifications.posts import Posts
from notifications.render import Renderer
from notifications.texts import say
from store.engine import Database
from tests.api.conftest import Call, client, token_for
from tests.broadcasts.world import ACCOUNTS, HOUSE, TEXT, World

OFFICE = Office(rules=Rules(accounts=ACCOUNTS), house=HOUSE, public_url="https://leads.example")
PLAN: dict[str, Any] = {"audience": {"all": []}, "steps": [{"channel": "mail"}], "quiet": None}
LINKED = {**TEXT, "blocks": [{"type": "button", "text": "Go", "url": "https://shop.by/"}, {"type": "footer"}]}
WRONG = {"blocks": [{"type": "button", "text": "x", "color": "red"}]}


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
async def call(database: Database) -> AsyncIterator[Call]:
    """As everywhere, but with channels."""
    admin = await token_for(database, "admin")
    async with client(database, office=OFFICE) as http:

        async def send(method: str, path: str, json: Any = None, **headers: str) -> Any:
            given = {"Authorization": f"Bearer {admin}"} | {k.replace("_", "-"): v for k, v in headers.items()}
            return await http.request(method, path, json=json, headers=given)

        yield send


async def drafted(call: Call, **given: Any) -> str:
    answer = await call("POST", "/broadcasts", {"name": "News", "plan": PLAN, "content": TEXT} | given)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/broadcasts/{answer.json()['id']}"
    return str(answer.json()["id"])


async def ran(world: World, broadcast: str) -> None:
    await world.conduct()
    async with world.sending():
        await world.settled(UUID(broadcast))
    await world.conduct()


async def test_from_the_draft_to_the_ledger(call: Call, world: World) -> None:
    await world.crowd(2)
    refused = await world.person(email="no@example.com", consents=())
    broadcast = await drafted(call)
    changed = (await call("PATCH", f"/broadcasts/{broadcast}", {"revision": 1, "name": "Apples"})).json()
    assert (changed["name"], changed["revision"], changed["state"]) == ("Apples", 2, "draft")
    ahead = (await call("GET", f"/broadcasts/{broadcast}/forecast", Accept_Language="ru")).json()
    assert (ahead["people"], ahead["gets"], ahead["left_out"]) == (2, {"mail": 2}, {"no_consent": 1})
    assert ahead["left_out_said"] == {"no_consent": "нет согласия на рассылки"}
    assert ahead["findings"] == []
    assert (await call("POST", f"/broadcasts/{broadcast}/schedule", {})).json()["state"] == "scheduled"
    await ran(world, broadcast)
    shown = (await call("GET", f"/broadcasts/{broadcast}", Accept_Language="ru")).json()
    assert (shown["state"], shown["said"]) == ("finished", "закончена")
    found = (await call("GET", f"/broadcasts/{broadcast}/progress")).json()
    assert (found["people"], found["done"], found["share"], found["waits"]) == (3, 3, 1.0, [])
    assert {(t["outcome"], t["code"], t["people"]) for t in found["totals"]} == {
        ("sent", "", 2), ("skipped", "no_consent", 1),
    }  # fmt: skip
    left = (await call("GET", f"/broadcasts/{broadcast}/recipients?outcome=skipped")).json()
    assert [(r["contact"], r["why"]) for r in left["recipients"]] == [(str(refused), "has not agreed to mailings")]
    assert [b["id"] for b in (await call("GET", "/broadcasts")).json()] == [broadcast]


class Dead(Links):
    """No link leads anywhere. They are asked while no connection is held, for it takes half a minute at worst."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database

    async def look(self, urls: Sequence[str]) -> list[Link]:
        pool = self.database._engine.pool
        assert isinstance(pool, QueuePool) and pool.checkedout() == 0
        return [Link(url, State.DEAD, 404) for url in urls]


async def test_the_forecast_is_the_whole_preflight(database: Database, world: World) -> None:
    await world.crowd(2)
    key = {"Authorization": f"Bearer {await token_for(database, 'admin')}", "Accept-Language": "ru"}
    office = replace(OFFICE, around=Surroundings(links=Dead(database)), topics=frozenset({"news"}))
    async with client(database, office=office) as http:

        async def ahead(given: dict[str, Any], query: str = "") -> Any:
            plan = {"name": "News", "plan": PLAN | given, "content": LINKED}
            made = (await http.post("/broadcasts", json=plan, headers=key)).json()["id"]
            return made, (await http.get(f"/broadcasts/{made}/forecast{query}", headers=key)).json()

        sent, found = await ahead({"purpose": "gossip"})
        assert (codes(found), found["compared_with"]) == ([("error", "purpose_unknown")], None)
        assert found["findings"][0]["said"].startswith("Темы «gossip» люди не выбирают")
        _, found = await ahead({}, f"?outside=true&compared_with={sent}")
        assert codes(found) == [("warning", "link_dead"), ("note", "new_people")]
        assert (found["compared_with"], found["before"]) == (sent, 0)
        answer = await http.get(f"/broadcasts/{sent}/forecast?compared_with={new_id()}", headers=key)
        assert (answer.status_code, answer.json()["reason"]) == (404, "unknown")


def codes(found: Any) -> list[tuple[str, str]]:
    return [(one["severity"], one["code"]) for one in found["findings"]]


async def test_what_the_preflight_calls_an_error_does_not_begin(database: Database, world: World) -> None:
    await world.crowd(1)
    key = {"Authorization": f"Bearer {await token_for(database, 'admin')}"}
    async with client(database, office=replace(OFFICE, public_url="")) as http:
        plan = {"name": "News", "plan": PLAN, "content": TEXT}
        made = (await http.post("/broadcasts", json=plan, headers=key)).json()["id"]
        assert codes((await http.get(f"/broadcasts/{made}/forecast", headers=key)).json()) == [
            ("error", "no_public_url")
        ]
        answer = await http.post(f"/broadcasts/{made}/schedule", json={}, headers=key)
    assert (answer.status_code, [one["code"] for one in answer.json()["findings"]]) == (409, ["no_public_url"])
    assert "on this machine only. Mend that first." in answer.json()["detail"]
    assert await world.ask("SELECT state FROM broadcasts") == ["draft"]


async def test_pages_of_the_ledger_part_nobody_and_lose_nobody(call: Call, world: World) -> None:
    await world.person(telegram="99", consents=())  # one row, and the others two each
    for n in range(9):
        await world.person(telegram=str(n), phone=f"+7916000{n:04}")
    steps = [{"channel": "bot", "until": "read", "wait_minutes": 1}, {"channel": "sms"}]
    broadcast = await drafted(call, plan=PLAN | {"steps": steps})
    await call("POST", f"/broadcasts/{broadcast}/schedule", {})
    await ran(world, broadcast)
    await world.pass_time()
    await ran(world, broadcast)
    found: list[tuple[str, int]] = []
    after = ""
    while after is not None:
        page = (await call("GET", f"/broadcasts/{broadcast}/recipients?limit=1{after and '&after=' + after}")).json()
        found += [(r["contact"], r["step"]) for r in page["recipients"]]
        after = page["next"]
    all_rows = await world.ask("SELECT CAST(contact_id AS text), step FROM deliveries ORDER BY contact_id, step")
    assert len(all_rows) == 19
    assert found == all_rows


async def test_stopping_going_on_and_trying_again(call: Call, world: World) -> None:
    await world.crowd(2)
    broadcast = await drafted(call)
    await call("POST", f"/broadcasts/{broadcast}/schedule", {})
    assert (await call("POST", f"/broadcasts/{broadcast}/unschedule")).json()["state"] == "draft"
    await call("POST", f"/broadcasts/{broadcast}/schedule", {})
    await world.conduct()
    paused = (await call("POST", f"/broadcasts/{broadcast}/pause", {"reason": "A typing error"})).json()
    assert (paused["state"], paused["reason"]) == ("paused", "A typing error")
    [wait] = (await call("GET", f"/broadcasts/{broadcast}/progress")).json()["waits"]
    assert wait["said"] == "paused: A typing error"
    assert (await call("POST", f"/broadcasts/{broadcast}/resume")).json()["state"] == "running"
    await world.ask(
        "UPDATE deliveries SET state = 'failed', code = 'soft' WHERE broadcast_id = :id RETURNING 1", id=UUID(broadcast)
    )
    await call("POST", f"/broadcasts/{broadcast}/retry", {"codes": ["soft"]})
    assert await world.outcomes(UUID(broadcast)) == {"planned": 2}
    assert (await call("POST", f"/broadcasts/{broadcast}/cancel")).json()["state"] == "cancelled"
    assert await world.outcomes(UUID(broadcast)) == {"skipped:cancelled": 2}
    copied = await call("POST", f"/broadcasts/{broadcast}/copy", {"name": "Again"})
    assert (copied.status_code, copied.json()["state"], copied.json()["name"]) == (201, "draft", "Again")


async def test_what_is_refused_says_why(call: Call) -> None:
    broadcast, nobody = await drafted(call), new_id()
    empty = await drafted(call, content={"blocks": [{"type": "button", "text": "Buy"}]})
    for method, path, body, status, code, reason in (
        ("GET", f"/broadcasts/{nobody}", None, 404, "broadcast", "unknown"),
        ("POST", "/broadcasts", {"name": " ", "plan": PLAN, "content": TEXT}, 422, "broadcast", "name"),
        ("POST", "/broadcasts", {"name": "x", "plan": PLAN | {"zone": "Mars"}, "content": TEXT}, 422,
         "broadcast-plan", ""),
        ("POST", "/broadcasts", {"name": "x", "plan": PLAN | {"steps": [{"channel": "pigeon"}]}, "content": TEXT}, 422,
         "broadcast", "channel"),
        ("POST", "/broadcasts", {"name": "x", "plan": PLAN, "content": WRONG}, 422, "broadcast-content", ""),
        ("PATCH", f"/broadcasts/{broadcast}", {"revision": 7, "name": "x"}, 409, "broadcast", "changed"),
        ("POST", f"/broadcasts/{broadcast}/resume", None, 409, "broadcast", "state"),
        ("POST", f"/broadcasts/{broadcast}/confirm", {"revision": 1}, 409, "broadcast", "own"),
        ("POST", f"/broadcasts/{empty}/schedule", {}, 409, "broadcast-unfit", ""),
        ("POST", f"/broadcasts/{broadcast}/test", {"channel": "mail"}, 422, "broadcast", "test"),
        ("GET", "/templates/none", None, 404, "broadcast", "template"),
        ("POST", "/messages", {"channel": "mail", "to": "a@example.org"}, 422, "broadcast", "message"),
        ("POST", "/messages", {"channel": "mail", "to": "nothing", "text": "x"}, 422, "address", ""),
        ("POST", "/messages", {"channel": "mail", "contact": str(nobody), "text": "x"}, 404, "broadcast", "contact"),
    ):  # fmt: skip
        answer = await call(method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.json().get("reason", "") == reason
        assert not answer.json()["detail"].startswith(("it ", "a ", "there ", "who ", "this ", "somebody "))
        said = (await call(method, path, body, Accept_Language="ru")).json()["detail"]
        assert any("а" <= sign <= "я" for sign in said.lower()), said
    problem = (await call("POST", "/broadcasts", {"name": "x", "plan": PLAN, "content": WRONG})).json()["problems"][0]
    assert (problem["at"], problem["code"], "url" in problem["allowed"]) == ("blocks[0].color", "unknown_field", True)


async def test_above_a_number_a_second_person_confirms(database: Database, world: World) -> None:
    await world.crowd(2)
    rules = Rules(accounts=OFFICE.rules.accounts, confirm_over=1)
    keys = [await token_for(database, "admin") for _ in range(2)]
    first, second = [{"Authorization": f"Bearer {key}"} for key in keys]
    async with client(database, office=replace(OFFICE, rules=rules)) as http:
        made = (await http.post("/broadcasts", json={"name": "N", "plan": PLAN, "content": TEXT}, headers=first)).json()
        path = f"/broadcasts/{made['id']}"
        refused = await http.post(f"{path}/schedule", json={}, headers=first)
        assert (refused.status_code, refused.json()["reason"]) == (409, "unconfirmed")
        assert (await http.post(f"{path}/confirm", json={"revision": 1}, headers=first)).json()["reason"] == "own"
        assert (await http.post(f"{path}/confirm", json={"revision": 1}, headers=second)).status_code == 200
        assert (await http.post(f"{path}/schedule", json={}, headers=first)).json()["state"] == "scheduled"


@pytest.mark.parametrize(
    ("scopes", "path", "shown"),
    [
        (("broadcasts:read",), "recipients", False),
        (("broadcasts:read", "contacts:read"), "recipients", True),
        (("broadcasts:read", "contacts:read"), "recipients.csv", False),
        (("broadcasts:read", "exports:read"), "recipients.csv", True),
    ],
)
async def test_addresses_need_a_right_of_their_own(
    call: Call, database: Database, world: World, scopes: tuple[str, ...], path: str, shown: bool
) -> None:
    await world.crowd(1)
    broadcast = await drafted(call)
    await call("POST", f"/broadcasts/{broadcast}/schedule", {})
    await world.conduct()
    key = await token_for(database, *scopes)
    async with client(database, office=OFFICE) as http:
        answer = await http.get(f"/broadcasts/{broadcast}/{path}", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert ("p0@example.com" in answer.text) is shown


async def test_the_file_opens_in_a_spreadsheet_and_calculates_nothing(call: Call, world: World) -> None:
    await world.person(phone="+79161234567")
    broadcast = await drafted(call, plan=PLAN | {"steps": [{"channel": "sms"}]})
    await call("POST", f"/broadcasts/{broadcast}/schedule", {})
    await world.conduct()
    await world.ask("UPDATE deliveries SET reason = '=1+1' WHERE broadcast_id = :id RETURNING 1", id=UUID(broadcast))
    answer = await call("GET", f"/broadcasts/{broadcast}/recipients.csv")
    assert answer.text.startswith("\ufeff")
    [row] = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (row["address"], row["reason"], row["said"]) == ("'+79161234567", "'=1+1", "to be sent")


async def test_clicks_of_people_and_of_machines_are_told_apart(call: Call, world: World) -> None:
    await world.crowd(2)
    broadcast = await drafted(call)
    await call("POST", f"/broadcasts/{broadcast}/schedule", {})
    await ran(world, broadcast)
    await world.ask(
        """INSERT INTO engagements (id, delivery_id, kind, link, machine, at)
           SELECT gen_random_uuid(), d.id, 'click', 0, m, now()
           FROM deliveries d, (VALUES (true), (false), (false)) v(m)
           RETURNING 1"""
    )
    [link] = (await call("GET", f"/broadcasts/{broadcast}/links")).json()
    assert link == {"kind": "click", "channel": "mail", "link": 0, "people": 2, "machines": 2}


async def test_a_preview_is_what_that_contact_gets(call: Call, world: World) -> None:
    anna = await world.person(email="anna@example.org", values={"name": "Anna <b>"})
    broadcast = await drafted(call)
    shown = (await call("POST", f"/broadcasts/{broadcast}/preview", {"channel": "mail", "contact": str(anna)})).json()
    assert shown["subject"] == "News for Anna <b>"
    assert "Hello, Anna &lt;b&gt;" in shown["html"]
    nobody = (await call("POST", f"/broadcasts/{broadcast}/preview", {"channel": "bot"})).json()
    assert "Hello, dear customer" in nobody["html"]
    assert nobody["buttons"] == [["To the shop", "https://shop.example/apples"]]


def renderer(database: Database) -> Renderer:
    async def nothing(key: str) -> bytes:
        raise FileNotFoundError(key)

    posts = Posts(compile=compiler(HOUSE), base="https://leads.example")
    kinds = {"mail": "email", "bot": "telegram", "sms": "sms"}
    return Renderer(database=database, kinds=kinds, say=say, read_file=nothing, posts=posts)  # type: ignore[arg-type]  # plain texts are channel names


async def test_a_test_letter_goes_out_marked_and_is_not_counted(call: Call, world: World) -> None:
    anna = await world.person(email="anna@example.org", consents=(), values={"name": "Anna"})
    broadcast = await drafted(call)
    body = {"channel": "mail", "contacts": [str(anna)], "addresses": ["Me@Example.org"]}
    answer = await call("POST", f"/broadcasts/{broadcast}/test", body, Idempotency_Key="1")
    assert answer.status_code == 202, answer.text
    assert [(t["address"], t["barred"]) for t in answer.json()] == [("anna@example.org", ""), ("me@example.org", "")]
    assert (await call("POST", f"/broadcasts/{broadcast}/test", body, Idempotency_Key="1")).json() == []
    async with world.sending() as loop:
        loop._dispatch._renderer = renderer(world.database)
        await world.until(lambda: len(world.wires["mail"].sent) == 2)
    sent = {letter.to: letter for letter in world.wires["mail"].sent}
    assert sent["anna@example.org"].subject == "[Test] News for Anna"
    assert sent["me@example.org"].subject == "[Test] News for friend"
    assert await world.outcomes(UUID(broadcast)) == {}


async def test_templates_keep_what_they_were(call: Call) -> None:
    assert (await call("PUT", "/templates/spring", {"content": TEXT})).json()["version"] == 1
    second = (await call("PUT", "/templates/spring", {"content": {**TEXT, "subject": "Spring"}})).json()
    assert (second["version"], second["content"]["subject"]) == (2, "Spring")
    assert (await call("GET", "/templates/spring?version=1")).json()["content"]["subject"] == TEXT["subject"]
    assert [t["version"] for t in (await call("GET", "/templates/spring/versions")).json()] == [2, 1]
    assert [(t["name"], t["version"]) for t in (await call("GET", "/templates")).json()] == [("spring", 2)]
    ready = (await call("GET", "/templates/ready?language=ru")).json()
    assert [t["name"] for t in ready] == ["welcome", "news", "offer"]
    await drafted(call, content=ready[0]["content"])
    assert (await call("PUT", "/templates/spring", {"content": WRONG})).json()["code"] == "broadcast-content"


async def test_a_message_goes_out_once_and_past_mailings(call: Call, world: World) -> None:
    anna = await world.person(email="anna@example.org", consents=(), values={"name": "Anna"})
    body = {
        "channel": "mail",
        "contact": str(anna),
        "subject": "Order 7",
        "text": "Paid.",
        "html": "<p onclick=x()>Paid.",
    }
    first = await call("POST", "/messages", body, Idempotency_Key="order-7")
    assert (first.status_code, first.json()["state"]) == (202, "pending")
    assert (await call("POST", "/messages", body, Idempotency_Key="order-7")).json()["id"] == first.json()["id"]
    await call("PUT", "/templates/order", {"content": {**TEXT, "subject": "Order {{ number }}, {{ name }}"}})
    await call(
        "POST",
        "/messages",
        {"channel": "mail", "to": "anna@example.org", "template": "order", "values": {"number": "8"}},
    )
    assert await world.ask("SELECT DISTINCT priority FROM deliveries") == [0]
    async with world.sending() as loop:
        loop._dispatch._renderer = renderer(world.database)
        await world.until(lambda: len(world.wires["mail"].sent) == 2)
    subjects = {letter.subject: letter for letter in world.wires["mail"].sent}
    assert set(subjects) == {"Order 7", "Order 8, Anna"}
    assert subjects["Order 7"].html == "<p>Paid.</p>"
    assert (await call("GET", f"/messages/{first.json()['id']}")).json()["state"] == "sent"


async def test_who_wants_nothing_at_all_gets_no_message(call: Call, world: World) -> None:
    await world.person(email="anna@example.org")
    await world.ask(
        """INSERT INTO suppressions (channel, address, reason, created_at)
           VALUES ('mail', 'anna@example.org', 'bounced', now()) RETURNING 1"""
    )
    answer = await call("POST", "/messages", {"channel": "mail", "to": "anna@example.org", "text": "Hello"})
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (409, "message-barred", "suppressed")
    assert await world.ask("SELECT count(*) FROM deliveries") == [0]
    [trial] = (
        await call(
            "POST", f"/broadcasts/{await drafted(call)}/test", {"channel": "mail", "addresses": ["anna@example.org"]}
        )
    ).json()
    assert (trial["delivery"], trial["barred"]) == (None, "suppressed")


async def test_who_leaves_while_a_message_waits_gets_it_no_more(call: Call, world: World) -> None:
    await world.person(email="anna@example.org")
    body = {"channel": "mail", "to": "anna@example.org", "text": "Hello", "subject": "Hello"}
    message = (await call("POST", "/messages", body)).json()["id"]
    await world.ask(
        """INSERT INTO opt_outs (kind, value, purpose, reason, at)
           VALUES ('email', 'anna@example.org', '', 'link', now()) RETURNING 1"""
    )
    async with world.sending() as loop:
        loop._dispatch._renderer = renderer(world.database)
        async with asyncio.timeout(20):
            while await world.ask("SELECT 1 FROM deliveries WHERE state IN ('pending', 'sending')"):  # noqa: ASYNC110 - the sender tells nobody
                await asyncio.sleep(0.01)
    shown = (await call("GET", f"/messages/{message}")).json()
    assert (shown["state"], shown["reason"], world.wires["mail"].sent) == ("skipped", "withdrawn", [])
