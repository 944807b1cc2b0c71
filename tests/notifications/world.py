"""A small world for these tests: rows in a real database, and the one faked seam, the provider."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from domain.ids import new_id
from domain.messages import ChannelName, Outbound, Sent, utcnow
from notifications.dispatch import RateLimits, Renderer
from notifications.sender import SendLoop
from store import contacts, deliveries, leads, messages, staff
from store.deliveries import Delivery, Lane, Purpose
from store.engine import Database
from store.staff import Member

BOT, MAIL = ChannelName("bot"), ChannelName("mail")


class FakeSender:
    """A provider. `script` gives an error per delivery or address, or None; what it takes is in `sent`."""

    def __init__(self, name: ChannelName = BOT) -> None:
        self.name = name
        self.offered: list[Outbound] = []
        self.sent: list[Outbound] = []
        self.script: Callable[[Outbound], Exception | None] = lambda message: None
        self.before: Callable[[Outbound], Awaitable[None]] | None = None
        self.ping_error: Exception | None = None
        self.pings = 0

    async def send(self, message: Outbound) -> Sent:
        self.offered.append(message)
        if self.before:
            await self.before(message)
        if error := self.script(message):
            raise error
        self.sent.append(message)
        return Sent(external_id=message.edits or f"{message.to}:{len(self.sent)}")

    async def ping(self) -> None:
        self.pings += 1
        if self.ping_error:
            raise self.ping_error

    async def aclose(self) -> None:
        return


class Plain:
    """A renderer that reads nothing."""

    def __init__(self) -> None:
        self.script: Callable[[Delivery], Exception | None] = lambda delivery: None

    async def render(self, delivery: Delivery) -> Outbound:
        if error := self.script(delivery):
            raise error
        return Outbound(delivery=str(delivery.id), to=delivery.address, text=str(delivery.facts.get("n", "")))

    async def with_files(self, message: Outbound, stored: Iterable[Mapping[str, Any]]) -> Outbound:
        return message


class NoLimits:
    """As fast as it can."""

    def __init__(self) -> None:
        self.held: list[tuple[str, str, timedelta]] = []
        self.waits: dict[str, timedelta] = {}

    async def wait_for(self, channel: ChannelName, address: str) -> timedelta:
        return self.waits.get(address, timedelta(0))

    def may_wait(self, wait: timedelta) -> bool:
        return wait <= timedelta(seconds=2)

    async def hold(self, channel: ChannelName, address: str, rest: timedelta) -> None:
        self.held.append((channel, address, rest))

    def ahead(self, channel: ChannelName, most: int, *, seconds: float = 2) -> int:
        return most

    def is_limited(self, channel: ChannelName) -> bool:
        return bool(self.waits)


@dataclass
class World:
    """The database and what is in it."""

    database: Database
    sender: FakeSender = field(default_factory=FakeSender)
    renderer: Renderer = field(default_factory=Plain)
    limits: RateLimits = field(default_factory=NoLimits)

    async def member(self, name: str = "Anna", language: str = "en", address: str | None = "500") -> Member:
        """A linked member of staff."""
        async with self.database.begin() as connection:
            member = await staff.add(connection, name, "sales", language, utcnow())
            await connection.execute(
                text("UPDATE staff SET channel = 'bot', address = :a WHERE id = :id"), {"a": address, "id": member.id}
            )
        return member

    async def lead(self, owner: UUID | None = None, *, name: str = "Ivan Petrov", channel: str = "mail") -> UUID:
        """An open lead of a person with one proved e-mail."""
        now, contact, identity, lead = utcnow(), new_id(), new_id(), new_id()
        async with self.database.begin() as connection:
            rows = [(identity, "email", f"{identity.hex}@example.com", "", contact, contact, True, name, now)]
            await contacts.add(connection, [(contact, now)], rows)
            await leads.add(
                connection, [(lead, contact, contact, identity, "sales", "open", channel, owner, now, now)], []
            )
        return lead

    async def message(self, lead: UUID, words: str = "Hello", *, direction: str = "in", **given: Any) -> UUID:
        """A message of that lead; `given`: columns of `store.messages.MESSAGE`, facts as a dict."""
        now, message = given.pop("at", utcnow()), new_id()
        async with self.database.begin() as connection:
            identity = await connection.scalar(text("SELECT opened_by FROM leads WHERE id = :id"), {"id": lead})
            row = {
                "id": message, "channel": "mail", "external_id": message.hex, "direction": direction,
                "identity_id": identity, "staff_id": None, "lead_id": lead, "ref": "", "thread": "t", "subject": None,
                "text": words, "received_at": now, "created_at": now,
            } | given  # fmt: skip
            row["facts"] = json.dumps(given.get("facts", {}))
            await messages.add(connection, [tuple(row[name] for name in messages.MESSAGE)])
        return message

    async def queue(self, purpose: Purpose = Purpose.NOTICE, *, count: int = 1, **given: Any) -> list[UUID]:
        """Deliveries, by default notices to one chat, numbered in the fact "n"."""
        rows = []
        for n in range(count):
            facts = {"n": n, **given.get("facts", {})}
            to = given.get("address", "500")
            rows.append(
                deliveries.row(
                    purpose, given.get("lane", Lane.NOTICE), channel=given.get("channel", BOT),
                    address=to(n) if callable(to) else to,
                    at=given.get("at", utcnow()) + timedelta(microseconds=n), facts=json.dumps(facts),
                    lead=given.get("lead"), message=given.get("message"), staff=given.get("staff"),
                )
            )  # fmt: skip
        async with self.database.begin() as connection:
            await deliveries.add(connection, rows)
        return [UUID(str(row[0])) for row in rows]

    async def row(self, delivery: UUID) -> Any:
        """The delivery as it stands."""
        return (await self.all("SELECT * FROM deliveries WHERE id = :id", id=delivery))[0]

    async def all(self, query: str, **values: Any) -> list[Any]:
        """Rows of a query."""
        async with self.database.connect() as connection:
            return list(await connection.execute(text(query), values))

    async def do(self, statement: str, **values: Any) -> None:
        """A statement."""
        async with self.database.connect() as connection:
            await connection.execute(text(statement), values)

    async def claimed(self, delivery: UUID) -> Delivery:
        """Claim it."""
        async with self.database.begin() as connection:
            for found in await deliveries.claim(connection, [BOT, MAIL, "sms"], 100, timedelta(seconds=60)):
                if found.id == delivery:
                    return found
        raise AssertionError("it is not due")

    def loop(self, **given: Any) -> SendLoop:
        """A loop over the one fake sender."""
        wanted: dict[str, Any] = {"database": self.database, "senders": {BOT: self.sender}, "renderer": self.renderer}
        wanted |= {"limits": self.limits, "poll": 0.02, "grace": 3}
        return SendLoop(**wanted | given)

    @asynccontextmanager
    async def sending(self, **given: Any) -> AsyncIterator[SendLoop]:
        """A running loop."""
        loop = self.loop(**given)
        task = asyncio.create_task(loop.run())
        try:
            yield loop
            assert not task.done(), "the loop has ended"
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def settled(self, *ids: UUID) -> list[Any]:
        """The deliveries once none of them waits or is being sent."""
        rows: list[Any] = await until(lambda: self._ended(ids))
        return rows

    async def _ended(self, ids: tuple[UUID, ...]) -> list[Any]:
        rows = [await self.row(one) for one in ids]
        return rows if all(row.state not in ("pending", "sending") for row in rows) else []


async def until(look: Callable[[], Any], seconds: float = 8) -> Any:
    """What `look` returns as soon as it is true."""
    async with asyncio.timeout(seconds):
        while True:
            found = look()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.01)


def later(**span: float) -> datetime:
    """A time from now."""
    return utcnow() + timedelta(**span)


__all__ = ["BOT", "MAIL", "FakeSender", "NoLimits", "Plain", "World", "later", "until"]
