"""A bus with a short temper on a real Valkey."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bus.broker import Bus
from bus.dead import DeadLetters


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A plain client, to look behind the bus."""
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    """Two shards; abandoned after 0.3 s, dead after 3 failures."""
    started = Bus(redis_url, shards=2, batch=50, delivery_limit=3, idle=timedelta(seconds=0.3))
    await started.start()
    yield started
    await started.aclose()


@pytest.fixture
async def dead(redis_url: str) -> AsyncIterator[DeadLetters]:
    letters = DeadLetters(redis_url)
    yield letters
    await letters.aclose()
