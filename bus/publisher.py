"""Publishing: one pipeline in flight, and whatever arrives meanwhile goes into the next one.

Each caller waits for the reply to its own XADD, which with `appendfsync always` comes after the disk has it. A pipeline
shares one sync among all its entries: the more callers, the cheaper each, with no timer that would make a single
caller wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis

from bus.connect import AWAY, faststream
from bus.streams import Event, encode, shard_of, stream
from domain.errors import Unpublished

_PIPELINE = 500  # entries
_WAITING = 20_000  # entries that may wait for their pipeline; more than a second's worth is not worth waiting for


@dataclass(slots=True)
class _Letter:
    stream: str
    payload: bytes
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Publisher:
    """Puts events on their streams. Safe to use from any number of tasks of one loop."""

    def __init__(self, url: str, *, shards: int, replicas: int, patience: timedelta) -> None:
        # A retry after a lost reply may write an entry twice: consumers are idempotent
        self._broker = faststream(url, retries=20)
        self._shards = shards
        self._replicas = replicas
        self._patience = patience.total_seconds()
        self._waiting: deque[_Letter] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Ready to publish; connects at the first event."""
        await self._broker.connect()
        self._task = asyncio.create_task(self._run(), name="bus publisher")

    async def aclose(self) -> None:
        """Let the pipeline in flight end, refuse the rest."""
        task, self._task = self._task, None
        if task is None:
            return
        self._wake.set()
        await task
        self._fail(list(self._waiting), "the bus is closed")
        self._waiting.clear()
        await self._broker.stop()

    async def publish(self, event: Event) -> None:
        """Return once the event is durable. Raises Unpublished, Refused, or ValueError (see `streams.encode`)."""
        letter = _Letter(stream(shard_of(event, self._shards)), encode(event))
        if self._task is None:
            raise Unpublished("the bus is closed")
        if len(self._waiting) >= _WAITING:
            raise Unpublished(f"{_WAITING} events are waiting for Redis already")
        self._waiting.append(letter)
        self._wake.set()
        await letter.done

    async def _run(self) -> None:
        while self._task is not None:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting and self._task is not None:
                letters = [self._waiting.popleft() for _ in range(min(len(self._waiting), _PIPELINE))]
                await self._send(letters)

    async def _send(self, letters: list[_Letter]) -> None:
        try:
            async with asyncio.timeout(self._patience):
                replies = await self._pipeline(letters)
        except AWAY as error:
            reason = str(error) or f"no answer within {self._patience:g} s"
            self._fail([*letters, *self._waiting], f"Redis did not take the event: {reason}", error)
            self._waiting.clear()
        else:
            self._settle(letters, replies)

    async def _pipeline(self, letters: list[_Letter]) -> list[Any]:
        redis: Redis = await self._broker.connect()
        async with redis.pipeline(transaction=False) as pipeline:
            for letter in letters:
                await self._broker.publish(letter.payload, stream=letter.stream, pipeline=pipeline)
            if self._replicas:  # milliseconds; Redis 7.2, WAITAOF: what this connection wrote is on so many disks
                pipeline.execute_command("WAITAOF", 1, self._replicas, int(self._patience * 800))
            return await pipeline.execute(raise_on_error=False)

    def _settle(self, letters: list[_Letter], replies: list[Any]) -> None:
        if self._replicas:
            copies = replies.pop()
            if isinstance(copies, Exception) or copies[0] < 1 or copies[1] < self._replicas:
                self._fail(letters, f"not on the disk of {self._replicas} replicas in time: {copies}")
                return
        for letter, reply in zip(letters, replies, strict=True):
            if isinstance(reply, Exception):
                self._fail([letter], f"Redis refused the event: {reply}", reply)
            elif not letter.done.done():
                letter.done.set_result(None)

    @staticmethod
    def _fail(letters: list[_Letter], reason: str, cause: BaseException | None = None) -> None:
        for letter in letters:
            if not letter.done.done():  # else its caller was cancelled
                error = Unpublished(reason)
                error.__cause__ = cause
                letter.done.set_exception(error)
