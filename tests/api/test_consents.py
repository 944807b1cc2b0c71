"""Consent by the API: proof, version, and a refusal that holds at once."""

from __future__ import annotations

from uuid import uuid4

from store.engine import Database
from tests.api.conftest import Call, Make
from tests.people.law import queued
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
