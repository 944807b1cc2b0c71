"""Files on a contact over the API: as they came, never run by a browser, each card's own after an unmerge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from domain.ids import new_id
from store.engine import Database
from store.files import Folder
from tests.api.conftest import client, token_for
from tests.router.conftest import Ask

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


@pytest.fixture
async def http(database: Database, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with client(database, files=Folder(tmp_path / "files"), max_file=200_000) as found:
        found.headers["Authorization"] = f"Bearer {await token_for(database, 'admin')}"
        yield found


async def contact(http: httpx2.AsyncClient, name: str) -> UUID:
    return UUID((await http.post("/contacts", json={"name": name})).json()["id"])


async def put(http: httpx2.AsyncClient, card: UUID, name: str = "offer.pdf", data: bytes = PNG) -> dict[str, Any]:
    answer = await http.post(f"/contacts/{card}/files", files={"file": (name, data, "text/html")})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_file_is_put_got_and_taken_off(http: httpx2.AsyncClient, ask: Ask) -> None:
    card = await contact(http, "Anna")
    made = await put(http, card, "Смета №1.png")
    assert (made["name"], made["type"], made["size"], made["card"]) == ("Смета №1.png", "image/png", 58, str(card))
    assert "key" not in made
    assert [one["id"] for one in (await http.get(f"/contacts/{card}/files")).json()] == [made["id"]]
    [shown] = (await http.get(f"/contacts/{card}")).json()["files"]
    assert shown["name"] == made["name"]
    got = await http.get(f"/contacts/{card}/files/{made['id']}")
    assert got.content == PNG
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%D0%A1")
    assert (await http.delete(f"/contacts/{card}/files/{made['id']}")).status_code == 204
    assert (await http.delete(f"/contacts/{card}/files/{made['id']}")).status_code == 404
    assert (await http.get(f"/contacts/{card}/files/{made['id']}")).status_code == 404
    kinds = [(e["text"], e["data"].get("name")) for e in (await http.get(f"/contacts/{card}/timeline")).json()["items"]]
    assert ("contact.file_removed", "Смета №1.png") in kinds, "that it was there stays on record"


@pytest.mark.parametrize(
    ("name", "data", "kept", "kind"),
    [
        ("../../etc/passwd", b"<script>alert(1)</script>", "passwd", "application/octet-stream"),
        ("C:\\a\\b.html", b"<html>", "b.html", "application/octet-stream"),
        ('a"\r\nX: y.svg', b"<svg onload='x'>", None, "application/octet-stream"),
        ("x" * 500, b"%PDF-1.7", "x" * 200, "application/pdf"),
        ("photo", b"\xff\xd8\xff\xe0", "photo", "image/jpeg"),
        ("photo", b"RIFF0000WEBP", "photo", "image/webp"),
    ],
)
async def test_neither_name_nor_type_is_believed(
    http: httpx2.AsyncClient, name: str, data: bytes, kept: str | None, kind: str
) -> None:
    card = await contact(http, "Anna")
    made = await put(http, card, name, data)
    assert made["type"] == kind
    assert kept is None or made["name"] == kept
    got = await http.get(f"/contacts/{card}/files/{made['id']}")
    assert got.headers["content-type"] == kind
    assert not {"x"} & {header.lower() for header in got.headers}


async def test_a_merge_shows_all_and_an_unmerge_parts_them(http: httpx2.AsyncClient) -> None:
    one, other = await contact(http, "Anna"), await contact(http, "Anna S.")
    first, second = await put(http, one, "one"), await put(http, other, "other")
    merge = (await http.post("/merges", json={"one": str(one), "other": str(other)})).json()["id"]
    third = await put(http, other, "after")
    for card in (one, other):
        assert {f["name"] for f in (await http.get(f"/contacts/{card}/files")).json()} == {"one", "other", "after"}
        assert (await http.get(f"/contacts/{card}/files/{second['id']}")).status_code == 200
    await http.delete(f"/merges/{merge}")
    assert [f["id"] for f in (await http.get(f"/contacts/{one}/files")).json()] == [first["id"]]
    assert {f["id"] for f in (await http.get(f"/contacts/{other}/files")).json()} == {second["id"], third["id"]}
    assert (await http.get(f"/contacts/{one}/files/{second['id']}")).status_code == 404


async def test_what_is_too_large_or_of_nobody(http: httpx2.AsyncClient, ask: Ask) -> None:
    card = await contact(http, "Anna")
    for size in (250_000, 1_200_000):
        large = await http.post(f"/contacts/{card}/files", files={"file": ("a", b"x" * size)})
        assert (large.status_code, large.json()["code"]) == (413, "too-large")
    nobody = await http.post(f"/contacts/{new_id()}/files", files={"file": ("a", PNG)})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown-contact")
    assert await ask("SELECT count(*) FROM contact_files") == [0]
