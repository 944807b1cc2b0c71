"""The fixtures of the desk's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from store.engine import Database
from tests.desk.world import World


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.aclose()


@pytest.fixture
def world(database: Database) -> World:
    return World(database)
