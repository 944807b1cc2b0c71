"""People who may be written to, accounts, and a send loop that writes to a list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from broadcasts import lifecycle
from broadcasts.accounts import Account
from broadcasts.conducting import Conductor
from broadcasts.lifecycle import Rules
from broadcasts.plan import Pace
from domain.ids import new_id
from domain.messages import ChannelName, Outbound, Sent, utcnow
from notifications.letters import House, compiler
from notifications.mailing import Mailings
from notifications.sender import SendLoop
from people import consent, signed
from people.consent import Word
from store import contacts, fields, secrets
from store.broadcasts import Broadcast
from store.engine import Database
from store.files import key_of
from store.outcomes import totals
from tests.notifications.world import NoLimits, Plain

EVERYBODY: Mapping[str, Any] = {"all": []}
TEXT: Mapping[str, Any] = {
    "subject": "News for {{ name }}",
    "blocks": [
        {"type": "heading", "level": 1, "text": "Hello, {{ name | default('dear customer') }}"},
        {"type": "text", "text": "Apples are **ripe**."},
        {"type": "button", "text": "To the shop", "url": "https://shop.example/apples"},
        {"type": "footer", "text": "You asked for our news."},
    ],
    "variants": {"sms": {"text": "Apples are ripe. {{ name }}"}},
    "variables": {"name": "friend"},
}
HOUSE = House(company="Orchard", address="1 Apple Lane", language="en")


def account(name: str, kind: str, **given: Any) -> Account:
    """An account without limits."""
    return Account(name=name, kind=kind, **given)


ACCOUNTS = {
    "mail": account("mail", "email"),
    "bot": account("bot", "telegram"),
    "sms": account("sms", "sms"),
}


@dataclass
class Wire:
    """A sender that remembers, and fails as it is told."""

    name: ChannelName
    sent: list[Outbound] = field(default_factory=list)
    script: Callable[[Outbound], Exception | None] = lambda message: None
    before: Callable[[], Awaitable[None]] | None = None

    async def send(self, message: Outbound) -> Sent:
        if self.before:
            await self.before()
        if error := self.script(message):
            raise error
        self.sent.append(message)
        return Sent(external_id=f"{self.name}:{message.delivery}")

    async def ping(self) -> None: ...

    async def aclose(self) -> None: ...


@dataclass
class World:
    """An installation without processes: each part is stepped by hand."""

    database: Database
    accounts: dict[str, Account] = field(default_factory=lambda: dict(ACCOUNTS))
    wires: dict[str, Wire] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wires = {name: Wire(ChannelName(name)) for name in self.accounts}

    @property
    def rules(self) -> Rules:
        return Rules(accounts=self.accounts)

    async def person(
        self,
        *,
        email: str = "",
        telegram: str = "",
        phone: str = "",
        consents: Sequence[str] = ("",),
        values: Mapping[str, str] | None = None,
    ) -> UUID:
        """Somebody with these addresses who agreed to mailings by these channels ("" is all)."""
        card, now = new_id(), utcnow()
        given = (("email", email), ("telegram", telegram), ("phone", phone))
        rows = [(new_id(), kind, value, "", card, card, True, None, now) for kind, value in given if value]
        async with self.database.begin() as connection:
            await contacts.add(connection, [(card, now)], rows)
            words = [Word(card=card, purpose="marketing", channel=c, text="Send me news") for c in consents]
            await consent.grant(connection, words, source="test")
            kept = [(new_id(), card, name, value, "test", now) for name, value in (values or {}).items()]
            await fields.put(connection, kept)
        return card

    async def crowd(self, count: int, **given: Any) -> list[UUID]:
        """So many people with an e-mail address each."""
        return [await self.person(email=f"p{n}@example.com", **given) for n in range(count)]

    async def broadcast(
        self, *steps: Mapping[str, Any], at: datetime | None = None, content: Any = TEXT, **plan: Any
    ) -> UUID:
        """A scheduled one to everybody; quiet hours are off unless they are given."""
        raw = {"audience": EVERYBODY, "steps": list(steps) or [{"channel": "mail"}], "quiet": None, **plan}
        async with self.database.begin() as connection:
            made = await lifecycle.create(
                connection, self.rules, name="News", plan=raw, content=content, actor="staff:1"
            )
            await lifecycle.schedule(connection, self.rules, made.id, at, actor="staff:1")
        return made.id

    async def picture(self, data: bytes, type_: str = "image/png") -> dict[str, Any]:
        """How a content names a picture that was put."""
        async with self.database.begin() as connection:
            token = signed.picture_token(await secrets.key(connection, secrets.LINKS), key_of(data))
        return {"key": key_of(data), "type": type_, "size": len(data), "token": token}

    async def conduct(self, now: datetime | None = None) -> None:
        """Everything that the job has to do now."""
        conductor = Conductor(self.database, self.accounts)
        for _ in range(100):
            if not await conductor.look(now):
                return

    async def get(self, broadcast: UUID) -> Broadcast:
        async with self.database.begin() as connection:
            return await lifecycle.one(connection, broadcast)

    def mailings(self, **given: Any) -> Mailings:
        accounts = {ChannelName(name): one for name, one in self.accounts.items()}
        return Mailings(accounts, compiler(HOUSE), public_url="https://leads.example", **given)

    @asynccontextmanager
    async def sending(self, **given: Any) -> AsyncIterator[SendLoop]:
        """The send loop, running."""
        loop = SendLoop(
            database=self.database,
            senders={ChannelName(name): wire for name, wire in self.wires.items()},
            renderer=Plain(),
            mailings=self.mailings(),
            poll=0.02,
            **{"limits": NoLimits(), **given},
        )
        task = asyncio.create_task(loop.run())
        try:
            yield loop
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def outcomes(self, broadcast: UUID, steps: int = 1) -> dict[str, int]:
        """ "outcome" or "outcome:code" -> how many recipients."""
        async with self.database.begin() as connection:
            rows = await totals(connection, broadcast, steps=steps)
        found: dict[str, int] = {}
        for row in rows:
            key = f"{row.outcome}:{row.code}" if row.code else row.outcome
            found[key] = found.get(key, 0) + row.people
        return found

    async def settled(self, broadcast: UUID) -> None:
        """Wait until nothing of it is pending or being sent now."""
        async with asyncio.timeout(20):
            while await self._is_busy(broadcast):  # noqa: ASYNC110 - the sender is another task, and tells nobody
                await asyncio.sleep(0.01)

    async def _is_busy(self, broadcast: UUID) -> bool:
        return bool(
            await self.ask(
                """SELECT 1 FROM deliveries WHERE broadcast_id = :id
                   AND (state = 'sending' OR (state = 'pending' AND due_at <= now())) LIMIT 1""",
                id=broadcast,
            )
        )

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for it, 20 s at most."""
        async with asyncio.timeout(20):
            while not holds():  # noqa: ASYNC110 - what happens, happens in other tasks
                await asyncio.sleep(0.01)

    async def pass_time(self) -> None:
        """What the cascade waits for is over."""
        await self.ask("UPDATE deliveries SET next_at = now() WHERE next_at IS NOT NULL RETURNING 1")

    async def ask(self, sql: str, **values: Any) -> list[Any]:
        async with self.database.begin() as connection:
            rows = (await connection.execute(text(sql), values)).all()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]


MINUTE = timedelta(minutes=1)
FAST = Pace()
