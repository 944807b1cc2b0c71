"""The real application with a real database, and keys to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from api.app import api
from app.http import application
from app.settings import Server
from broadcasts.office import Office
from domain.messages import Inbound, Report, utcnow
from store import keys
from store.engine import Database
from store.files import FileMissing, key_of
from tests.router.conftest import ask, hire, router

__all__ = ["ask", "hire", "router"]

Call = Callable[..., Awaitable[httpx2.Response]]
"""`await call("POST", "/merges", json)`: the answer to the request, with an admin's key unless another is given."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The test's own database."""
    opened = Database(database_url)
    yield opened
    await opened.aclose()


async def nowhere(event: Inbound | Report) -> None:
    raise AssertionError("nothing is accepted here")


class Held:
    """Files that are in memory for as long as a test."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    async def put(self, data: bytes) -> str:
        self._held[key_of(data)] = data
        return key_of(data)

    async def get(self, key: str) -> bytes:
        if key not in self._held:
            raise FileMissing(key)
        return self._held[key]

    def holds(self, key: str) -> bool:
        return key in self._held

    async def remove(self, key: str) -> None:
        self._held.pop(key, None)

    async def put_file(self, path: Path) -> str:
        return await self.put(path.read_bytes())  # noqa: ASYNC240

    async def save(self, key: str, path: Path) -> None:
        path.write_bytes(await self.get(key))  # noqa: ASYNC240


async def token_for(database: Database, *scopes: str) -> str:
    """A new key with these scopes."""
    async with database.begin() as connection:
        return (await keys.add(connection, "test", scopes, utcnow()))[1]


def client(database: Database, **limits: Any) -> httpx2.AsyncClient:
    """Somebody who calls the application under its real addresses."""
    office = Office(topics=frozenset({"news", "sales"}))
    given: dict[str, Any] = {"per_second": 1000, "burst": 1000, "files": Held(), "office": office} | limits
    app: Any = application({}, nowhere, Server(), api(database, country="RU", **given))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://leads.example.com/api")


@pytest.fixture
async def call(database: Database) -> AsyncIterator[Call]:
    admin = await token_for(database, "admin")
    async with client(database) as http:

        async def send(method: str, path: str, json: Any = None, **headers: str) -> httpx2.Response:
            given = {"Authorization": f"Bearer {admin}"} | {k.replace("_", "-"): v for k, v in headers.items()}
            return await http.request(method, path, json=json, headers={k: v for k, v in given.items() if v})

        yield send


Make = Callable[..., Awaitable[UUID]]


@pytest.fixture
def make(call: Call) -> Make:
    """`await make("Anna", "anna@example.org", city="Perm")`: the new contact's id."""

    async def run(name: str, email: str = "", **fields: str) -> UUID:
        addresses = [{"kind": "email", "value": email}] if email else []
        answer = await call("POST", "/contacts", {"name": name, "addresses": addresses, "fields": fields})
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    return run
