"""How we speak to Redis: one place for timeouts, retries and what counts as "away"."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from faststream import AckPolicy
from faststream.redis import RedisBroker
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import (
    ConnectionError as Disconnected,
)
from redis.exceptions import (
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    TimeoutError as NoAnswer,
)

from bus.streams import GROUP

log = logging.getLogger(__name__)

T = TypeVar("T")

AWAY = (RedisError, OSError, TimeoutError)
"""What a command may raise when Redis is away, is starting, changes its master, or is out of order."""

POLL = 2000
"""Milliseconds that a read waits for an entry: below redis-py's socket_timeout, else each quiet read is an error."""
SOCKET_TIMEOUT = 5
"""Seconds."""


def retry(times: int) -> Retry:
    """Again after a lost connection, on a new one, with pauses up to 0.5 s; for ever when `times` is negative.

    ReadOnlyError is a master that became a replica, OutOfMemoryError and NoPermissionError are an operator's to mend:
    FastStream would repeat those at once, without a pause.
    """
    errors = (Disconnected, NoAnswer, ReadOnlyError, OutOfMemoryError, NoPermissionError)
    return Retry(ExponentialWithJitterBackoff(cap=0.5, base=0.02), times, supported_errors=errors)


def client(url: str, *, connections: int = 16) -> Redis:
    """A client for everything but the blocking reads. Its pool waits for a free connection instead of failing."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=SOCKET_TIMEOUT,
        socket_timeout=SOCKET_TIMEOUT,
        socket_connect_timeout=SOCKET_TIMEOUT,
        health_check_interval=10,
        retry=retry(3),
    )
    return Redis.from_pool(pool)


def faststream(url: str, *, retries: int) -> RedisBroker:
    """A FastStream broker that neither injects nor confirms by itself, and leaves the talking to us.

    Its own words in trouble ("restart the application") would mislead: whoever uses it here goes on by himself.
    """
    quiet = logging.getLogger("bus.faststream")
    quiet.setLevel(logging.CRITICAL + 1)
    return RedisBroker(
        url,
        logger=quiet,
        apply_types=False,
        ack_policy=AckPolicy.MANUAL,
        graceful_timeout=5,
        socket_timeout=SOCKET_TIMEOUT,
        socket_connect_timeout=SOCKET_TIMEOUT,
        retry=retry(retries),
    )


async def ensure_group(redis: Redis, name: str) -> None:
    """The stream and its group from the first entry on: a group made later would skip what was published before."""
    try:
        await redis.xgroup_create(name, GROUP, id="0", mkstream=True)
    except ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


async def rest(seconds: float) -> None:
    """Sleep between two rounds of an endless loop, unless the loop has been cancelled.

    Before Python 3.12 `asyncio.wait_for` swallows a cancellation that arrives when its future is done already, and
    redis-py sends every command through it: of 435 cancelled pipelines 129 went on as if nothing had happened.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    await asyncio.sleep(seconds)


async def patiently(work: Callable[[], Awaitable[T]], *, what: str) -> T:
    """Repeat until Redis does it, however long that takes. Says so when it is away, and when it is back."""
    pause, said = 0.05, False
    while True:
        try:
            result = await work()
        except AWAY as error:
            if not said:
                log.error("Redis is away (%s); waiting to %s", error, what)
                said = True
            await rest(pause)
            pause = min(pause * 2, 2.0)
        else:
            if said:
                log.info("Redis is back: could %s", what)
            return result
