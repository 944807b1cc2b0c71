"""The bus: events in, events out, and a doorbell; Redis streams by FastStream, with its defaults cured.

tests/bus/test_traps.py names what the defaults do and shows each cure.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import FAKE_CONSUMER, RedisBatchStreamMessage
from faststream.redis.subscriber.usecases import StreamBatchSubscriber

from bus.claim import claim_forever, leave
from bus.connect import AWAY, POLL, client, ensure_group, faststream, patiently, rest
from bus.consumer import Consumer, Handler, Rules
from bus.durability import problems
from bus.publisher import Publisher
from bus.streams import BELL, GROUP, MAX_SHARDS, Entry, Event, stream

__all__ = ["Bus", "Handler"]

log = logging.getLogger(__name__)

_WATCH = 0.2  # seconds between looks whether a subscriber still runs


class Bus:
    """One process's way to the streams.

    `shards`: over how many streams senders are spread; the same in all processes. `batch`: events a handler gets at
    most. `delivery_limit`: failures of one event before it is dead. `idle`: after which an event that somebody took
    and never finished is handled by somebody else. `replicas`: on how many replicas' disks an event must be before it
    counts as published. `patience`: after which publishing gives up.
    """

    def __init__(
        self,
        url: str,
        *,
        shards: int = 8,
        batch: int = 200,
        delivery_limit: int = 5,
        idle: timedelta = timedelta(seconds=30),
        replicas: int = 0,
        patience: timedelta = timedelta(seconds=10),
    ) -> None:
        if not 1 <= shards <= MAX_SHARDS:
            raise ValueError(f"shards: {shards}, expected 1 to {MAX_SHARDS}")
        self._url = url
        self._shards = shards
        self._batch = batch
        self._delivery_limit = delivery_limit
        self._idle = idle
        self._replicas = replicas
        self._redis = client(url)
        self._publisher = Publisher(url, shards=shards, replicas=replicas, patience=patience)

    async def start(self) -> None:
        """Make the streams and their groups; wait for Redis as long as it takes."""
        for shard in range(self._shards):
            await self._ensure(stream(shard))
        await self._publisher.start()

    async def aclose(self) -> None:
        """Twice is fine."""
        await self._publisher.aclose()
        await self._redis.aclose()

    async def publish(self, event: Event) -> None:
        """Return once the event is durable.

        Raises Unpublished when it may not be (it may be, too: publishing again is right), Refused when it is too
        large, ValueError when a file still has its content.
        """
        await self._publisher.publish(event)

    async def consume(
        self,
        handler: Handler,
        *,
        retryable: tuple[type[BaseException], ...],
        shards: Sequence[int] | None = None,
    ) -> None:
        """Give batches to the handler until cancelled; what it returned from is deleted.

        `retryable` says that it cannot work now: the batch waits. Anything else that it raises is an attempt against
        each event alone, and too many of these make the event dead. The handler must bear an event twice. It runs for
        all shards at once. `shards`: which, all by default. Redis may go and come back at any time.
        """
        rules = Rules(retryable=retryable, delivery_limit=self._delivery_limit, idle=self._idle)
        consumer = Consumer(self._redis, _unique_name(), handler, rules)
        streams = (
            [stream(shard) for shard in shards]
            if shards is not None
            else await patiently(self._streams, what="see the streams")
        )
        broker = faststream(self._url, retries=-1)
        await broker.connect()
        try:
            async with asyncio.TaskGroup() as tasks:
                for name in streams:
                    tasks.create_task(self._keep_running(_subscriber(broker, name, self._batch, consumer), name))
                tasks.create_task(claim_forever(consumer, streams))
        finally:
            consumer.stopping.set()
            await broker.stop()
            await self._leave(streams, consumer.name)

    async def ring(self) -> None:
        """Tell the senders that deliveries are due. Never raises for a lost Redis: they look by themselves, too."""
        with suppress(*AWAY):
            async with asyncio.timeout(1):
                await self._redis.publish(BELL, b"")

    async def bells(self) -> AsyncIterator[None]:
        """Wake at each ring; rings that came meanwhile count as one. Wakes, too, whenever one may have been missed."""
        while True:
            try:
                async with self._redis.pubsub() as listening:
                    await listening.subscribe(BELL)
                    while True:
                        await rest(0)
                        # each new connection begins with the confirmation of the subscription: a wake, too
                        if await listening.get_message(timeout=POLL / 1000):
                            while await listening.get_message(timeout=0):
                                pass
                            yield
            except AWAY as error:
                log.error("the doorbell is silent, Redis is away: %s", error)
                await patiently(self.ping, what="listen to the doorbell")

    async def ping(self) -> None:
        """Raises an error of the redis package when Redis would not serve us now."""
        await self._redis.ping()

    async def backlog(self) -> Mapping[str, int]:
        """How many events of each stream are waiting or being handled."""
        return {name: int(await self._redis.xlen(name)) for name in await self._streams()}

    async def durability(self) -> list[str]:
        """What could lose events at a crash, in words, each with the line that mends it. Empty when all is well."""
        return await problems(self._redis, replicas=self._replicas)

    async def _ensure(self, name: str) -> None:
        await patiently(lambda: ensure_group(self._redis, name), what=f"make the stream {name}")

    async def _streams(self) -> list[str]:
        """Ours, and those with something in them from a time when there were more shards."""
        names = [stream(shard) for shard in range(MAX_SHARDS)]
        async with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.xlen(name)
            lengths = await pipeline.execute()
        return [name for n, name in enumerate(names) if n < self._shards or lengths[n]]

    async def _keep_running(self, subscriber: StreamBatchSubscriber, name: str) -> None:
        """Start FastStream's subscriber, and again when its stream has vanished: it would end the app."""
        while True:
            if not subscriber.running:
                await self._ensure(name)
                with suppress(*AWAY):  # also FastStream's own timeout; it runs by then, or the next look starts it
                    await subscriber.start()
            await rest(_WATCH)

    async def _leave(self, streams: Sequence[str], name: str) -> None:
        """Nobody shall have to wonder who this consumer was; what it still has pending keeps it listed."""
        with suppress(*AWAY):
            async with asyncio.timeout(2):
                for one in streams:
                    for row in await self._redis.xinfo_consumers(one, GROUP):
                        if row["name"].decode() == name and row["pending"] == 0:
                            await leave(self._redis, one, name)


def _unique_name() -> str:
    return f"{platform.node()}-{os.getpid()}-{secrets.token_hex(4)}"


def _subscriber(broker: RedisBroker, name: str, batch: int, consumer: Consumer) -> StreamBatchSubscriber:
    """FastStream reads; parsing and decoding are ours, for its own fail a whole batch at one bad entry."""

    async def parse(message: Any) -> RedisBatchStreamMessage:
        return RedisBatchStreamMessage(raw_message=message, body=b"", consumer=FAKE_CONSUMER, group=GROUP)

    async def decode(message: RedisBatchStreamMessage) -> list[Entry]:
        raw = message.raw_message
        return [Entry.of(id_, fields) for id_, fields in zip(raw["message_ids"], raw["data"], strict=True)]

    async def handle(entries: list[Entry]) -> None:
        await consumer.handle(name, entries, {})

    where = StreamSub(name, group=GROUP, consumer=consumer.name, batch=True, max_records=batch, polling_interval=POLL)
    subscriber = broker.subscriber(stream=where, parser=parse, decoder=decode)
    subscriber(handle)
    return subscriber
