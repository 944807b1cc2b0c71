"""Consent by the API: proof, version, and a refusal that holds at once."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import pytest

from people import opting
from people.opting import Subject, Way
from store.engine import Database
from tests.api.conftest import Call, Make
from tests.people.law import agreed, queued
from tests.router.conftest import Ask


async def test_a_receipt_with_its_proof(call: Call, make: Make, ask: Ask) -> None:
    anna = await make("Anna", "anna@example.org")
    [identity] = await ask("SELECT id FROM identities")
    given = {
        "purpose": "news", "channel": "email", "granted": True, "text": "I want <news>", "version": "3",
        "identity": str(identity),
    }  # fmt: skip
    answer = await call("POST", f"/contacts/{anna}/consents", given)
    [receipt] = answer.json()["receipts"]
    assert (receipt["version"], receipt["address"], receipt["actor"]) == ("3", "anna@example.org", "test")
    page = await call("GET", f"/contacts/{anna}/consents/proof", Accept_Language="ru")
    assert page.headers["content-type"].startswith("text/html")
    assert "I want &lt;news&gt;" in page.text
    assert receipt["text_hash"] in page.text
    assert "Подтверждения согласий" in page.text
    assert (await call("GET", f"/contacts/{uuid4()}/consents/proof")).status_code == 404


async def test_a_refusal_drops_what_waits(call: Call, make: Make, ask: Ask, database: Database) -> None:
    anna = await make("Anna", "anna@example.org")
    async with database.begin() as connection:
        await queued(connection, anna, "anna@example.org", purpose="news")
        await queued(connection, anna, "anna@example.org", purpose="sales")
    refused = {"purpose": "news", "channel": "sms", "granted": False}
    await call("POST", f"/contacts/{anna}/consents", refused)
    assert await ask("SELECT state FROM deliveries") == ["pending", "pending"]
    await call("POST", f"/contacts/{anna}/consents", refused | {"channel": "email"})
    assert sorted(await ask("SELECT state FROM deliveries")) == ["pending", "skipped"]


@pytest.mark.parametrize(
    ("changes", "field", "allowed"),
    [
        ({"channel": "fax"}, "channel", ["", "email", "sms", "telegram", "whatsapp"]),
        ({"channel": "*"}, "channel", ["", "email", "sms", "telegram", "whatsapp"]),
        ({"channel": "Email"}, "channel", ["", "email", "sms", "telegram", "whatsapp"]),
        ({"purpose": "weather"}, "purpose", ["marketing", "news", "sales"]),
        ({"purpose": "News"}, "purpose", ["marketing", "news", "sales"]),
        ({"purpose": "service"}, "purpose", ["marketing", "news", "sales"]),
        ({"purpose": "weather", "granted": False}, "purpose", ["marketing", "news", "sales"]),
    ],
)
async def test_what_nobody_can_agree_to_is_refused_by_name(
    call: Call, make: Make, ask: Ask, changes: dict[str, Any], field: str, allowed: list[str]
) -> None:
    anna = await make("Anna", "anna@example.org")
    given = {"purpose": "news", "channel": "email", "granted": True, "text": "I agree"} | changes
    for language in ("en", "ru"):
        answer = await call("POST", f"/contacts/{anna}/consents", given, Accept_Language=language)
        said = answer.json()
        assert (answer.status_code, said["code"], said["field"], said["allowed"]) == (422, "not-known", field, allowed)
        assert all(name in said["detail"] for name in allowed)
    assert await ask("SELECT count(*) FROM consents") == [0]


@pytest.mark.parametrize(
    "changes", [{"text": ""}, {"text": " "}, {"version": "3" * 101}, {"identity": str(uuid4())}, {"granted": "perhaps"}]
)
async def test_a_receipt_that_proves_nothing_is_refused(
    call: Call, make: Make, ask: Ask, changes: dict[str, Any]
) -> None:
    anna = await make("Anna", "anna@example.org")
    given = {"purpose": "news", "granted": True, "text": "I agree"} | changes
    assert (await call("POST", f"/contacts/{anna}/consents", given)).status_code in (404, 422)
    assert await ask("SELECT count(*) FROM consents") == [0]


async def test_a_topic_that_has_gone_may_be_taken_back(call: Call, make: Make, database: Database) -> None:
    anna = await make("Anna", "anna@example.org")
    async with database.begin() as connection:
        await agreed(connection, anna, "weather")
    where, given = f"/contacts/{anna}/consents", {"purpose": "weather", "granted": False}
    assert (await call("POST", where, given)).status_code == 201
    assert (await call("POST", where, given | {"granted": True, "text": "x"})).status_code == 422


async def test_a_colleague_brings_nobody_back(call: Call, make: Make, database: Database) -> None:
    anna = await make("Anna", "anna@example.org")
    async with database.begin() as connection:
        subject = Subject(kind="email", value="anna@example.org", card=anna)
        await opting.opt_out(connection, subject, "news", Way.LINK)
    given = {"purpose": "news", "granted": True, "text": "She said so by phone"}
    answer = await call("POST", f"/contacts/{anna}/consents", given)
    assert answer.json()["consents"] == [{"purpose": "news", "channel": "", "granted": False}]


@pytest.mark.parametrize(("confirmed", "title"), [(False, "Запрошено, ответа нет"), (True, "Запрошено и подтверждено")])
async def test_what_was_asked_is_shown_as_what_it_is(
    call: Call, make: Make, database: Database, confirmed: bool, title: str
) -> None:
    anna = await make("Anna", "anna@example.org")
    async with database.begin() as connection:
        subject = Subject(kind="email", value="anna@example.org", card=anna)
        id_ = await opting.ask(connection, subject, "news", text="<News>", version="2", source="form:site", actor="")
        asked = await opting.asked(connection, id_)
        if confirmed and asked:
            await opting.confirm(connection, asked)
    told = (await call("GET", f"/contacts/{anna}/consents")).json()
    [request] = told["requests"]
    assert (request["source"], request["text"], bool(request["confirmed_at"])) == ("form:site", "<News>", confirmed)
    assert len(told["receipts"]) == len(told["consents"]) == int(confirmed)
    page = (await call("GET", f"/contacts/{anna}/consents/proof", Accept_Language="ru")).text
    assert title in page and "&lt;News&gt;" in page and "в веб-форме «site»" in page
    assert hashlib.sha256(b"<News>").hexdigest() in page
