"""Broadcasts on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from store.engine import Database
from tests.broadcasts.world import World


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """An installation with three accounts and nobody in it."""
    database = Database(database_url, pool=6)
    yield World(database)
    await database.aclose()
