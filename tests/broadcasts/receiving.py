"""A world whose mail goes to a provider that misbehaves as it is told, and in which time is moved on by hand."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from broadcasts.plan import SPANS
from broadcasts.progress import Wait, progress
from channels.email.channel import EmailChannel
from channels.email.settings import EmailSettings
from domain.messages import ChannelName, utcnow
from domain.ports import Host
from simulator.mail.provider import Provider
from store import deliveries
from store.deliveries import Lane, Purpose
from store.engine import Database
from tests.broadcasts.world import Wire, World
from tests.channels.email.conftest import Memory

OWN = "news@orchard.test"
BATCH = 12
"""Mailings in hand at once: with all of them in hand at once no brake could act."""


class Receiving(World):
    """Gmail is whatever `provider.script["gmail.com"]` says; everybody else is well."""

    def __init__(self, database: Database, provider: Provider) -> None:
        super().__init__(database)
        self.provider = provider

    @asynccontextmanager
    async def over(self, *, batch: int = BATCH, **smtp: Any) -> AsyncIterator[None]:
        """The send loop and the real channel are at work."""
        server = {"host": self.provider.host, "port": self.provider.port, "security": "none", "timeout": 5}
        raw = {"kind": "email", "address": OWN, "smtp": {**server, "connections": 4, **smtp}}
        channel = EmailChannel(ChannelName("mail"), EmailSettings.model_validate(raw), Host(cursors=Memory()))
        self.wires["mail"] = cast(Wire, channel)
        try:
            async with self.sending(most_mailings=batch):
                yield
        finally:
            await channel.aclose()

    async def people(self, count: int, others: int = 3) -> list[str]:
        """So many who read their mail at Gmail, and some who do not; their addresses."""
        made = [f"p{n}@gmail.com" for n in range(count)] + [f"q{n}@shop.test" for n in range(others)]
        for address in made:
            await self.person(email=address)
        return made

    async def reply(self, to: str) -> None:
        """Have a customer answered."""
        row = deliveries.row(
            Purpose.REPLY, Lane.ANSWER, channel="mail", address=to, at=utcnow(), facts=json.dumps({"n": "Yes, we do."})
        )
        async with self.database.begin() as connection:
            await deliveries.add(connection, [row])

    async def braked(self) -> tuple[str, int, str]:
        """Wait for the one brake: whom it slows down, how much, why."""
        found: list[Any] = []

        async def look() -> bool:
            found[:] = await self.ask("SELECT provider, level, reason FROM brakes")
            return bool(found)

        await self.eventually(look)
        [brake] = found
        return cast(tuple[str, int, str], brake)

    async def is_braked(self, level: int) -> bool:
        """Whether the one brake has come to this level."""
        return await self.ask("SELECT level FROM brakes") == [level]

    async def is_held(self, broadcast: UUID, provider: str, reason: str) -> bool:
        """Whether a marketer sees that it waits for this."""
        return (provider, reason) in await self.waits(broadcast)

    async def waits(self, broadcast: UUID) -> dict[tuple[str, str], Wait]:
        """What a marketer sees of it: (provider, reason) -> the wait."""
        row = await self.get(broadcast)
        async with self.database.begin() as connection:
            seen = await progress(connection, row, self.accounts, utcnow())
        return {(wait.provider, wait.reason): wait for wait in seen.waits}

    async def claimable(self) -> int:
        """How many rows the limits would let out now; none is."""
        async with self.database.begin() as connection:
            rows = await self.mailings().claim(connection, ChannelName("mail"), 1000, timedelta(seconds=60))
            await connection.rollback()
        return len(rows)

    async def eventually(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait for what must be asked, 20 s at most."""
        async with asyncio.timeout(20):
            while not await holds():  # noqa: ASYNC110 - what happens, happens in other tasks
                await asyncio.sleep(0.01)

    @property
    def copies(self) -> Counter[str]:
        """Address -> how many mails the provider has for it."""
        return Counter(mail.to for mail in self.provider.taken)

    async def later(self, **span: float) -> None:
        """Let that much time pass: everything that is written down is that much older."""
        await moved(self, timedelta(**span))


async def moved(world: World, span: timedelta) -> None:
    """Move all that has a time into the past."""
    for statement in _MOVED:
        await world.ask(f"{statement} RETURNING 1", span=span)
    for name, length in SPANS.items():
        whole = span // length * length
        await world.ask(
            "UPDATE quotas SET began_at = began_at - CAST(:span AS interval) WHERE span = :name RETURNING 1",
            span=whole,
            name=name,
        )


_BACK = "- CAST(:span AS interval)"
_MOVED = (
    f"UPDATE deliveries SET due_at = due_at {_BACK}, sent_at = sent_at {_BACK}, offered_at = offered_at {_BACK}",
    f"UPDATE brakes SET until = until {_BACK}, at = at {_BACK}",
    f"UPDATE pauses SET until = until {_BACK}, created_at = created_at {_BACK}",
    "UPDATE pulses SET minute = minute - interval '1000 days'",  # no row may meet another one on the way
    f"UPDATE pulses SET minute = minute + interval '1000 days' {_BACK}",
)
