"""What happens to a batch of entries between the stream and the handler.

    read ─ decode ─┬─ handler takes the batch ──────────────────── deleted
                   ├─ it raises: each entry alone ─┬─ taken ────── deleted
                   │                               ├─ raises ───── stays pending, comes back when idle
                   │                               └─ too often ── dead
                   └─ undecodable ──────────────────────────────── dead

While the database is away (`retryable`) the batch stays where it is: failing it would sweep the stream into pending.
Meanwhile its entries are touched, so that no other consumer takes them for abandoned.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from redis.asyncio import Redis
from redis.typing import StreamIdT

from bus.connect import AWAY, patiently, rest
from bus.dead import bury
from bus.streams import GROUP, Entry, Event, Undecodable, decode

log = logging.getLogger(__name__)

Handler = Callable[[Sequence[Event]], Awaitable[None]]
"""Returns once the events are in the database."""


class Stopping(Exception):
    """We are asked to stop while the handler cannot work: the entries stay pending."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What a consumer goes by."""

    retryable: tuple[type[BaseException], ...]
    """The handler cannot work now: the same batch again, with back-off."""
    delivery_limit: int
    """So many failures of one entry are enough."""
    idle: timedelta
    """After which a pending entry counts as abandoned."""


@dataclass(frozen=True, slots=True)
class _Letter:
    entry: Entry
    event: Event
    attempts: int


@dataclass(slots=True)
class Consumer:
    """Handles batches of any of its streams, one batch of a stream at a time."""

    redis: Redis
    name: str
    handler: Handler
    rules: Rules
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def handle(self, stream: str, entries: Sequence[Entry], attempts: Mapping[bytes, int]) -> None:
        """Handle entries that we have pending. `attempts`: how often each was delivered, 1 when it is not there."""
        async with self._touched(stream, entries), self._turns[stream]:
            try:
                letters = await self._readable(stream, entries, attempts)
                taken = await self._deliver(stream, letters)
                await self._delete(stream, [letter.entry.id for letter in taken])
            except Stopping:
                log.info("%s: %d entries stay pending, we are stopping", stream, len(entries))

    async def _readable(self, stream: str, entries: Sequence[Entry], attempts: Mapping[bytes, int]) -> list[_Letter]:
        letters = []
        for entry in entries:
            tries = attempts.get(entry.id, 1)
            try:
                letters.append(_Letter(entry, decode(entry.payload), tries))
            except Undecodable as error:
                await self._bury(stream, entry, str(error), tries)
        return letters

    async def _deliver(self, stream: str, letters: list[_Letter]) -> list[_Letter]:
        """The letters that the handler took."""
        limit = self.rules.delivery_limit
        if len(letters) > 1 and all(letter.attempts <= limit for letter in letters):
            try:
                await self._persist([letter.event for letter in letters])
                return letters
            except Stopping:
                raise
            except Exception as error:  # noqa: BLE001 whatever it is, one of them may be the cause: each alone
                log.warning("%s: a batch of %d failed (%r), each one alone", stream, len(letters), error)
        return [letter for letter in letters if await self._alone(stream, letter)]

    async def _alone(self, stream: str, letter: _Letter) -> bool:
        limit = self.rules.delivery_limit
        if letter.attempts > 2 * limit:  # a failure would have ended it at the limit: it took its consumers along
            await self._bury(stream, letter.entry, "its consumer died over it every time", letter.attempts)
            return False
        try:
            await self._persist([letter.event])
        except Stopping:
            raise
        except Exception as error:
            log.exception("%s %s failed, attempt %d", stream, letter.entry.id.decode(), letter.attempts)
            if letter.attempts >= limit:
                await self._bury(stream, letter.entry, repr(error), letter.attempts)
            return False
        return True

    async def _persist(self, events: Sequence[Event]) -> None:
        """Give the events to the handler until it can work. Raises what else it raises, and Stopping."""
        pause = 0.05
        while True:
            try:
                return await self.handler(events)
            except self.rules.retryable as error:
                log.warning("cannot handle %d events now (%r), again in %.2g s", len(events), error, pause)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.stopping.wait()
                raise Stopping
            pause = min(pause * 2, 5.0)

    async def _bury(self, stream: str, entry: Entry, error: str, attempts: int) -> None:
        log.error("%s %s is dead after %d attempts: %s", stream, entry.id.decode(), attempts, error)
        await patiently(
            lambda: bury(self.redis, stream, entry, error=error, attempts=attempts), what="bury a dead letter"
        )
        await self._delete(stream, [entry.id])

    async def _delete(self, stream: str, ids: list[bytes]) -> None:
        """Delete, then acknowledge: what is deleted and still pending is forgotten by the next XAUTOCLAIM; an entry
        that is acknowledged and still there would stay for ever."""

        async def both() -> None:
            async with self.redis.pipeline(transaction=False) as pipeline:
                pipeline.xdel(stream, *ids)
                pipeline.xack(stream, GROUP, *ids)
                await pipeline.execute()

        if ids:
            await patiently(both, what=f"take handled entries off {stream}")

    @asynccontextmanager
    async def _touched(self, stream: str, entries: Sequence[Entry]) -> AsyncIterator[None]:
        ids: list[StreamIdT] = [entry.id for entry in entries]
        touching = asyncio.create_task(self._touch(stream, ids))
        try:
            yield
        finally:
            touching.cancel()

    async def _touch(self, stream: str, ids: list[StreamIdT]) -> None:
        """Set the entries' idle time back, without counting a delivery."""
        while True:
            await rest(self.rules.idle.total_seconds() / 3)
            with suppress(*AWAY):
                await self.redis.xclaim(stream, GROUP, self.name, min_idle_time=0, message_ids=ids, justid=True)
