"""Messages of other programs with files: bounded, kept once, sent as they came, forgotten when their time is over."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from broadcasts.attachments import LARGEST
from domain.ids import new_id
from domain.messages import utcnow
from notifications.letters import compiler
from notifications.posts import Posts
from notifications.render import Renderer
from notifications.texts import say
from store import message_files, pinned
from store.engine import Database
from store.files import key_of
from tests.api.conftest import Call, Held, client, token_for
from tests.api.test_broadcasts import OFFICE
from tests.broadcasts.world import HOUSE, World

PDF = b"%PDF-1.7 the invoice"
PHOTO = b"\x89PNG\r\n\x1a\n a photo"


def file(name: str, data: bytes, **more: str) -> dict[str, str]:
    return {"name": name, "content": base64.b64encode(data).decode(), **more}


def message(*files: dict[str, str], channel: str = "mail", to: str = "anna@example.org") -> dict[str, Any]:
    return {"channel": channel, "to": to, "text": "Here it is.", "attachments": list(files)}


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
async def call(database: Database, held: Held) -> AsyncIterator[Call]:
    key = await token_for(database, "messages:send")
    async with client(database, office=OFFICE, files=held) as http:

        async def send(method: str, path: str, json: Any = None, **headers: str) -> Any:
            given = {"Authorization": f"Bearer {key}"} | {k.replace("_", "-"): v for k, v in headers.items()}
            return await http.request(method, path, json=json, headers=given)

        yield send


async def sent(world: World, held: Held, channel: str, count: int) -> list[Any]:
    kinds: Any = {name: one.kind for name, one in world.accounts.items()}
    posts = Posts(compile=compiler(HOUSE), base="https://leads.example")
    async with world.sending() as loop:
        loop._dispatch._renderer = Renderer(
            database=world.database, kinds=kinds, say=say, read_file=held.get, posts=posts
        )
        await world.until(lambda: len(world.wires[channel].sent) == count)
    return world.wires[channel].sent


async def test_files_go_with_it_once(call: Call, world: World, held: Held) -> None:
    await world.person(email="anna@example.org", telegram="1")
    body = message(file("../../invoice 7.pdf", PDF), file("photo.png", PHOTO, type="image/png"), file("x", b"?"))
    first = await call("POST", "/messages", body, Idempotency_Key="order-7")
    again = await call("POST", "/messages", body, Idempotency_Key="order-7")
    assert (first.status_code, again.json()["id"]) == (202, first.json()["id"]), first.text
    other = message(file("invoice 7.pdf", b"another"))
    assert (await call("POST", "/messages", other, Idempotency_Key="order-7")).json()["code"] == "reused"
    [letter] = await sent(world, held, "mail", 1)
    assert [(f.name, f.type, f.data) for f in letter.files] == [
        ("invoice 7.pdf", "application/pdf", PDF),
        ("photo.png", "image/png", PHOTO),
        ("x", "application/octet-stream", b"?"),
    ]
    await call("POST", "/messages", message(file("photo.png", PHOTO), channel="bot", to="1"))
    [chat] = await sent(world, held, "bot", 1)
    assert [(f.name, f.type) for f in chat.files] == [("photo.png", "image/png")]


@pytest.mark.parametrize(
    ("body", "status", "code", "reason"),
    [
        (message(file("a.pdf", PDF), channel="sms", to="+79160000001"), 422, "broadcast", "attachments-channel"),
        (message(*[file("a.pdf", PDF)] * 11), 422, "broadcast", "attachments-many"),
        (message(file("a.pdf", b"")), 422, "broadcast", "attachment-empty"),
        (message({"name": "a.pdf", "content": "no base64!"}), 422, "attachment", None),
        (message({"name": "a.pdf", "content": "eA==", "type": "text/html\r\nBcc: x"}), 422, "unreadable", None),
        (message(*[file("a.pdf", b"x" * (LARGEST // 2 + 1))] * 2), 422, "broadcast", "attachments-large"),
        (message(file("a.pdf", b"x" * (LARGEST + 1_000_000))), 413, "too-large", None),
    ],
)
async def test_what_cannot_go_is_refused_and_not_kept(
    call: Call, world: World, held: Held, body: Any, status: int, code: str, reason: str | None
) -> None:
    await world.person(email="anna@example.org", phone="+79160000001")
    for language in ("en", "ru"):
        answer = await call("POST", "/messages", body, Accept_Language=language)
        assert (answer.status_code, answer.json()["code"], answer.json().get("reason")) == (status, code, reason)
    assert held._held == {}
    assert await world.ask("SELECT count(*) FROM deliveries") == [0]


async def test_the_houses_own_limit_holds(database: Database, world: World) -> None:
    await world.person(email="anna@example.org")
    headers = {"Authorization": f"Bearer {await token_for(database, 'messages:send')}"}
    async with client(database, office=OFFICE, max_file=1000) as http:
        answer = await http.post("/messages", json=message(file("a.pdf", b"x" * 1001)), headers=headers)
    assert (answer.json()["reason"], "larger than 1 kB" in answer.json()["detail"]) == ("attachment-large", True)


async def test_who_may_not_be_written_to_leaves_no_file(call: Call, world: World, held: Held) -> None:
    await world.person(email="anna@example.org")
    await world.ask(
        """INSERT INTO suppressions (channel, address, reason, created_at)
           VALUES ('mail', 'anna@example.org', 'bounced', now()) RETURNING 1"""
    )
    assert (await call("POST", "/messages", message(file("a.pdf", PDF)))).status_code == 409
    assert held._held == {}


async def test_they_are_forgotten_unless_somebody_else_has_them(call: Call, world: World, held: Held) -> None:
    await world.person(email="anna@example.org")
    await call("POST", "/messages", message(file("a.pdf", PDF), file("b.png", PHOTO)))
    await call("POST", "/messages", message(file("b.png", PHOTO)))
    later = utcnow()
    async with world.database.begin() as connection:
        assert await message_files.count(connection, later) == 0
        assert await message_files.forget(connection, later) == (0, [])
    await world.ask("UPDATE deliveries SET state = 'sent' WHERE jsonb_array_length(facts -> 'files') = 2 RETURNING 1")
    async with world.database.begin() as connection:
        await pinned.attach(connection, [(new_id(), new_id(), key_of(PDF), "a.pdf", "application/pdf", 1, "x", later)])
    async with world.database.begin() as connection:
        assert await message_files.count(connection, later) == 1
        assert await message_files.forget(connection, later) == (1, [])  # a card and another message have them
        assert await message_files.forget(connection, later) == (0, [])
    await world.ask("DELETE FROM contact_files RETURNING 1")
    await world.ask("UPDATE deliveries SET state = 'sent' RETURNING 1")
    async with world.database.begin() as connection:
        assert await message_files.forget(connection, utcnow()) == (1, [key_of(PHOTO)])


async def test_a_templates_pictures_go_with_its_messages(database: Database, world: World, held: Held) -> None:
    await world.person(email="anna@example.org")
    content = {"subject": "x", "blocks": [{"type": "image", "src": "cid:logo.png", "alt": "Logo"}, {"type": "footer"}]}
    headers = {"Authorization": f"Bearer {await token_for(database, 'admin')}", "Accept-Language": "ru"}
    async with client(database, office=OFFICE, files=held) as http:

        async def put(data: bytes, text: str = "x") -> Any:
            given = {"content": {**content, "preheader": text}, "pictures": [file("logo.png", data)]}
            return await http.put("/templates/logo", json=given, headers=headers)

        assert (await put(b"no picture")).json()["detail"].startswith("«logo.png» — не PNG, JPEG, GIF или WebP")
        broken = (await put(PHOTO, "{{ name")).json()
        assert [(p["at"], p["code"]) for p in broken["problems"]] == [("preheader", "template")]
        assert "не читается" in broken["problems"][0]["message"]
        assert (await put(PHOTO)).status_code == 200
        body = {"channel": "mail", "to": "anna@example.org", "template": "logo"}
        answer = await http.post("/messages", json=body | {"attachments": [file("a.pdf", PDF)]}, headers=headers)
        assert answer.status_code == 202, answer.text
    [letter] = await sent(world, held, "mail", 1)
    assert [(f.name, f.content_id, f.data) for f in letter.files] == [
        ("logo.png", "logo.png", PHOTO), ("a.pdf", "", PDF),
    ]  # fmt: skip
    await world.ask("UPDATE deliveries SET state = 'sent' RETURNING 1")
    async with world.database.begin() as connection:
        assert await message_files.forget(connection, utcnow()) == (1, [key_of(PDF)])  # the template keeps its own
