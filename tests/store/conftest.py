"""A database per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from store.engine import Database
from tests.store.rows import opened


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The test's own database, as one process sees it."""
    async for made in opened(database_url):
        yield made


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """The same one, as another process sees it."""
    async for made in opened(database_url):
        yield made
