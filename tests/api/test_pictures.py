"""Pictures over the API: put with a template, shown to everybody at their address, and no way to a customer's file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from app.http import application
from app.settings import Server
from portal.pictures import Pictures
from store.engine import Database
from store.files import key_of
from tests.api.conftest import Held, client, nowhere, token_for
from tests.api.test_attachments import PDF, PHOTO, file
from tests.api.test_broadcasts import OFFICE
from tests.broadcasts.world import World

HERE = replace(OFFICE, house=replace(OFFICE.house, public_url="https://leads.example"))
CONTENT = {"subject": "x", "blocks": [{"type": "image", "src": "host:logo.png", "alt": "Logo"}, {"type": "footer"}]}
BODY = {"channel": "mail", "to": "anna@example.org", "template": "logo"}


@pytest.fixture
def held() -> Held:
    return Held()


async def marketer(database: Database, held: Held, office: Any = HERE) -> httpx2.AsyncClient:
    """Somebody whose key may write and send."""
    http = client(database, office=office, files=held)
    key = await token_for(database, "broadcasts:read", "broadcasts:write", "messages:send")
    http.headers.update({"Authorization": f"Bearer {key}", "Accept-Language": "ru"})
    return http


@pytest.fixture
async def http(database: Database, held: Held) -> AsyncIterator[httpx2.AsyncClient]:
    async with await marketer(database, held) as opened:
        yield opened


async def test_it_is_put_previewed_and_seen(database: Database, held: Held, http: httpx2.AsyncClient) -> None:
    await World(database).person(email="anna@example.org")
    given = {"content": CONTENT, "pictures": [file("logo.png", PHOTO)]}
    assert (await http.put("/templates/logo", json=given)).status_code == 200
    kept = (await http.get("/templates/logo")).json()["content"]
    plan = {"audience": {"all": []}, "steps": [{"channel": "mail"}]}
    made = await http.post("/broadcasts", json={"name": "News", "plan": plan, "content": kept})
    assert made.status_code == 201, made.text
    shown = (await http.post(f"/broadcasts/{made.json()['id']}/preview", json={"channel": "mail"})).json()
    address = f"https://leads.example/i/{kept['pictures']['logo.png']['token']}"
    assert f'src="{address}"' in shown["html"]
    assert (await http.post("/messages", json=BODY)).status_code == 202
    app: Any = application({}, nowhere, Server(), links=Pictures(database, held).routes())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as reader:
        answer = await reader.get(address)
    assert (answer.status_code, answer.content) == (200, PHOTO)


async def test_a_digest_that_somebody_knows_is_refused(http: httpx2.AsyncClient, held: Held) -> None:
    stolen = {"key": await held.put(PDF), "type": "image/png", "size": len(PDF)}
    assert stolen["key"] == key_of(PDF)
    content = {**CONTENT, "pictures": {"logo.png": stolen}}
    plan = {"audience": {"all": []}, "steps": [{"channel": "mail"}]}
    for answer in (
        await http.put("/templates/logo", json={"content": content}),
        await http.put("/templates/logo", json={"content": content, "pictures": [file("own.png", PHOTO)]}),
        await http.post("/broadcasts", json={"name": "News", "plan": plan, "content": content}),
    ):
        assert answer.status_code == 422
        [problem] = answer.json()["problems"]
        assert (problem["at"], problem["code"]) == ("pictures.logo.png.key", "picture_strange")
    assert (await http.get("/templates/logo")).status_code == 404


async def test_without_a_public_address_nothing_is_sent(database: Database, held: Held) -> None:
    await World(database).person(email="anna@example.org")
    async with await marketer(database, held, OFFICE) as http:
        given = {"content": CONTENT, "pictures": [file("logo.png", PHOTO)]}
        assert (await http.put("/templates/logo", json=given)).status_code == 200
        answer = await http.post("/messages", json=BODY)
    assert (answer.status_code, answer.json()["reason"]) == (409, "picture-unhosted")
    assert "укажите server.public_url" in answer.json()["detail"]
    assert await World(database).ask("SELECT 1 FROM deliveries") == []
