"""Pictures that we host: everybody with the address sees them, nobody else sees anything, and nothing is kept of it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from domain.ids import new_id
from people import signed
from people.signed import Kind
from portal import pictures
from portal.pictures import Pictures
from store import secrets
from store.engine import Database
from store.files import FileMissing, Folder, key_of

SAMPLES = {
    "image/png": b"\x89PNG\r\n\x1a\n a logo",
    "image/jpeg": b"\xff\xd8\xff\xe0 a photo",
    "image/gif": b"GIF89a dots",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
}
PNG = SAMPLES["image/png"]
OTHERS = {
    "html": b"<html><script>alert(1)</script>",
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
    "pdf": b"%PDF-1.7 an invoice",
    "letter": b"Return-Path: <anna@example.org>\r\n\r\nDear Orchard",
    "empty": b"",
}
SAFE = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
}


class Place:
    """The portal's pictures, their files, and somebody who looks."""

    def __init__(self, database: Database, files: Any, key: bytes) -> None:
        self.files, self.key = files, key
        app = Starlette(routes=Pictures(database, files).routes())
        self.reader = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://leads.example")

    def path(self, data: bytes) -> str:
        return signed.picture_url("", signed.picture_token(self.key, key_of(data)))


@pytest.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    database = Database(database_url, pool=2)
    async with database.begin() as connection:
        key = await secrets.key(connection, secrets.LINKS)
    made = Place(database, Folder(tmp_path), key)
    for data in (*SAMPLES.values(), *OTHERS.values()):
        await made.files.put(data)
    yield made
    await made.reader.aclose()
    await database.aclose()


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_whoever_has_the_address_sees_it(place: Place, method: str, kind: str) -> None:
    data = SAMPLES[kind]
    answer = await place.reader.request(method, place.path(data))
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["content-length"] == str(len(data))
    assert method == "HEAD" or answer.content == data
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["etag"] == f'"{key_of(data)}"'
    assert SAFE.items() <= dict(answer.headers).items()
    assert "set-cookie" not in answer.headers


TAG = f'"{key_of(PNG)}"'


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (TAG, 304),
        (f"W/{TAG}", 304),
        (f'"other", {TAG}', 304),
        ("*", 304),
        ('"other"', 200),
        (TAG.strip('"'), 200),
        ("", 200),
    ],
)
async def test_who_has_it_already_is_told_so(place: Place, asked: str, status: int) -> None:
    answer = await place.reader.get(place.path(PNG), headers={"If-None-Match": asked})
    assert (answer.status_code, answer.headers["etag"]) == (status, TAG)
    assert answer.content == (b"" if status == 304 else PNG)
    assert "max-age=31536000" in answer.headers["cache-control"]


Forge = Callable[[Place], str]


def _of_kind(kind: Kind) -> Forge:
    """A link of ours for something else."""
    id_ = new_id()
    return lambda p: f"/i/{signed.token(p.key, kind, id_, 7)}"


def _of_data(data: bytes) -> Forge:
    """Well signed, but no picture."""
    return lambda p: p.path(data)


WRONG: dict[str, Forge] = {
    "of another key": lambda p: signed.picture_url("", signed.picture_token(b"no key of ours" * 3, key_of(PNG))),
    "of another picture": lambda p: p.path(SAMPLES["image/gif"])[:10] + p.path(PNG)[10:],
    "last sign": lambda p: p.path(PNG)[:-1] + ("A" if p.path(PNG)[-1] != "A" else "B"),
    "truncated": lambda p: p.path(PNG)[:-1],
    "without its signature": lambda p: p.path(PNG)[:-22],
    "with more": lambda p: p.path(PNG) + "A",
    "padded": lambda p: p.path(PNG) + "==",
    "in other letters": lambda p: p.path(PNG).upper().replace("/I/", "/i/"),
    "not Latin": lambda p: "/i/" + "ж" * 66,
    "a digest": lambda p: f"/i/{key_of(PNG)}",
    "a short one": lambda p: "/i/x",
    "a path": lambda p: "/i/..%5c..%5cetc%5cpasswd",
    **{f"of {kind.name}": _of_kind(kind) for kind in Kind},
    **{name: _of_data(data) for name, data in OTHERS.items()},
    "gone": lambda p: p.path(b"\x89PNG\r\n\x1a\n that nobody has kept"),
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("how", WRONG)
async def test_everything_else_has_one_answer(place: Place, how: str, method: str) -> None:
    url = WRONG[how](place)
    answer = await place.reader.request(method, url, headers={"If-None-Match": "*"})
    usual = await place.reader.request(method, "/i/nothing")
    assert (answer.status_code, answer.content) == (404, usual.content), url
    assert dict(answer.headers) == dict(usual.headers)
    assert answer.headers["cache-control"] == "no-store" and SAFE.items() <= dict(answer.headers).items()


async def test_one_that_is_removed_is_gone(place: Place) -> None:
    assert (await place.reader.get(place.path(PNG))).status_code == 200
    await place.files.remove(key_of(PNG))
    assert (await place.reader.get(place.path(PNG))).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_it_is_only_looked_at(place: Place, method: str) -> None:
    assert (await place.reader.request(method, place.path(PNG))).status_code == 405


async def test_nothing_is_written_down(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    for path in (place.path(PNG), "/i/x"):
        await place.reader.get(path, headers={"User-Agent": "anna-looks", "Cookie": "id=anna"})
    assert not [line for line in caplog.messages if "anna" in line or "/i/" in line]


async def test_one_network_does_not_ask_for_ever(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PER_MINUTE", 2)
    app = Starlette(routes=Pictures(Database("postgresql+asyncpg://nobody@127.0.0.1:1/none"), place.files).routes())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://leads") as reader:
        seen = [await reader.get("/i/x") for _ in range(3)]
    assert [one.status_code for one in seen] == [503, 503, 429]
    assert all(one.headers["cache-control"] == "no-store" and one.headers["retry-after"] for one in seen)


class Broken:
    """A file store that is away."""

    async def get(self, key: str) -> bytes:
        raise OSError("the bucket is away")

    async def put(self, data: bytes) -> str:
        raise FileMissing


async def test_a_store_that_is_away_is_no_answer_for_ever(database_url: str, place: Place) -> None:
    database = Database(database_url, pool=2)
    other = Place(database, Broken(), place.key)
    answer = await other.reader.get(other.path(PNG))
    assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
    assert (await other.reader.get("/i/x")).status_code == 404
    await other.reader.aclose()
    await database.aclose()
