"""A world per test, on a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from store.engine import Database
from tests.notifications.world import World


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """An empty world."""
    database = Database(database_url, pool=5)
    yield World(database)
    await database.aclose()
