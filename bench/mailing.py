"""A town that is written to, and everything that a mailing to it takes: what the benchmarks of mailings share."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import make_url, text

from bench import mail
from bench.scenery import admin
from broadcasts import lifecycle
from broadcasts.accounts import Account
from broadcasts.conducting import Conductor
from broadcasts.lifecycle import Rules
from channels.email.channel import EmailChannel
from domain.messages import ChannelName, Outbound, utcnow
from domain.ports import Host, Sender
from notifications.letters import House, compiler
from notifications.mailing import Mailings
from notifications.sender import SendLoop
from store import deliveries
from store.deliveries import Lane, Purpose
from store.engine import Database
from store.migrations import upgrade

NEWS = ChannelName("news")
ACCOUNTS = {"news": Account(name="news", kind="email")}
PEOPLE = """
INSERT INTO contacts (id, created_at, match_due)
  SELECT CAST(lpad(to_hex(g), 32, '0') AS uuid), now(), false FROM generate_series(1, {n}) g;
INSERT INTO identities (id, kind, value, contact_id, home_id, proved, name, created_at)
  SELECT CAST(md5('e' || g) AS uuid), 'email', 'person' || g || '@example.org', c, c, true, 'Person ' || g, now()
  FROM (SELECT g, CAST(lpad(to_hex(g), 32, '0') AS uuid) AS c FROM generate_series(1, {n}) g) x;
INSERT INTO field_values (id, contact_id, field, value, source, at)
  SELECT CAST(md5('f' || g) AS uuid), CAST(lpad(to_hex(g), 32, '0') AS uuid), 'name', 'Person ' || g, 'bench', now()
  FROM generate_series(1, {n}) g;
INSERT INTO consents (id, contact_id, purpose, channel, granted, text, text_hash, source, at)
  SELECT CAST(md5('k' || g) AS uuid), CAST(lpad(to_hex(g), 32, '0') AS uuid), 'marketing', '', true, 'yes',
  sha256('yes'), 'bench', now() FROM generate_series(1, {n}) g;
"""
CONTENT = {
    "subject": "Скидки недели, {{ name }}",
    "blocks": [
        {"type": "heading", "level": 1, "text": "News, {{ name | default('friend') }}"},
        {"type": "text", "text": mail.PARAGRAPH * 2},
        {"type": "button", "text": "To the shop", "url": "https://shop.test/apples"},
        {"type": "footer", "text": "You asked for our news."},
    ],
}


async def town(base: str, people: int) -> str:
    """A database of so many people, each with an address and a consent; its URL."""
    url = make_url(base).set(database=f"town_{people}").render_as_string(hide_password=False)
    await admin(base, f"CREATE DATABASE town_{people}")
    await upgrade(url)
    await admin(url, PEOPLE.format(n=people))
    for table in ("contacts", "identities", "field_values", "consents"):
        await admin(url, f"VACUUM ANALYZE {table}")
    return url


async def made(database: Database, **plan: Any) -> UUID:
    """A broadcast to all of them, started."""
    rules = Rules(accounts=ACCOUNTS)
    raw = {"audience": {"all": []}, "steps": [{"channel": "news"}], "quiet": None, **plan}
    async with database.begin() as connection:
        made = await lifecycle.create(connection, rules, name="News", plan=raw, content=CONTENT, actor="bench")
        await lifecycle.schedule(connection, rules, made.id, None, actor="bench")
    return made.id


async def expand(database: Database) -> None:
    """A row for each of them."""
    conductor = Conductor(database, ACCOUNTS)
    while await conductor.look():
        pass


async def over(database: Database, broadcast: UUID) -> None:
    """Nothing more of it goes out."""
    async with database.begin() as connection:
        await lifecycle.cancel(connection, broadcast, actor="bench")


def channel_to(port: int, connections: int = mail.LINES) -> EmailChannel:
    """The account that sends them."""
    return EmailChannel(NEWS, mail.settings(port, connections), Host(cursors=mail.Nothing()))


Sending = Callable[[], AbstractAsyncContextManager[None]]
"""Within it mailings are sent."""


async def sent(url: str, sending: Sending, mails: int, waits: list[float]) -> float:
    """Send it to `mails` of them, the whole way; mails a second. `waits`: the seconds that answers took meanwhile."""
    database = Database(url)
    broadcast = await made(database, split=None)
    await expand(database)
    await admin(url, f"DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries OFFSET {mails})")
    await admin(url, "VACUUM ANALYZE deliveries")
    gc.collect()
    began = time.perf_counter()
    async with sending():
        answering = asyncio.create_task(_answers(database, waits))
        while await _left(database, broadcast):  # noqa: ASYNC110 - the sender tells nobody
            await asyncio.sleep(0.05)
        took = time.perf_counter() - began
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
    await admin(url, "TRUNCATE deliveries")
    await over(database, broadcast)
    await database.aclose()
    return mails / took


async def sent_here(url: str, channel: EmailChannel, mails: int, waits: list[float]) -> float:
    """By this process."""
    database = Database(url)
    rate = await sent(url, lambda: loop(database, channel), mails, waits)
    await channel.aclose()
    await database.aclose()
    return rate


async def sent_by(processes: int, url: str, port: int, mails: int, waits: list[float]) -> float:
    """By so many processes of `bench.sending`, which share the connections of one."""
    lines = mail.LINES // processes
    command = (sys.executable, "-m", "bench.sending", url, str(port), str(lines))
    senders = [
        await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    for sender in senders:
        assert sender.stdout
        await sender.stdout.readline()
    rate = await sent(url, lambda: _told(senders), mails, waits)
    for sender in senders:
        assert sender.stdin
        sender.stdin.close()
        await sender.wait()
    return rate


@asynccontextmanager
async def _told(senders: Sequence[asyncio.subprocess.Process]) -> AsyncIterator[None]:
    for sender in senders:
        assert sender.stdin
        sender.stdin.write(b"go\n")
    yield


async def _left(database: Database, broadcast: UUID) -> bool:
    async with database.begin() as connection:
        rows = await connection.execute(_LEFT, {"id": broadcast})
        return bool(rows.scalar())


_LEFT = text(
    """SELECT EXISTS (SELECT FROM deliveries WHERE broadcast_id = :id AND state = 'pending')
         OR EXISTS (SELECT FROM deliveries WHERE state = 'sending' AND lease_until IS NOT NULL)"""
)


async def _answers(database: Database, waits: list[float]) -> None:
    """An answer ten times a second, and how long each took to leave."""
    number = 0
    while True:
        number += 1
        now = utcnow()
        row = deliveries.row(
            Purpose.NOTICE, Lane.ANSWER, channel=NEWS, address=f"asks{number}@example.org", at=now, facts='{"key": "x"}'
        )
        async with database.begin() as connection:
            await deliveries.add(connection, [row])
        began = time.perf_counter()
        while not await _is_sent(database, row[0]):  # noqa: ASYNC110 - the sender tells nobody
            await asyncio.sleep(0.05)
        waits.append(time.perf_counter() - began)
        await asyncio.sleep(0.1)


async def _is_sent(database: Database, delivery: UUID) -> bool:
    async with database.begin() as connection:
        return bool(await connection.scalar(_IS_SENT, {"id": delivery}))


_IS_SENT = text("SELECT state = 'sent' FROM deliveries WHERE id = :id")


class _NoLimits:
    async def wait_for(self, channel: ChannelName, address: str) -> timedelta:
        return timedelta(0)

    def may_wait(self, wait: timedelta) -> bool:
        return True

    async def hold(self, channel: ChannelName, address: str, rest: timedelta) -> None: ...

    def ahead(self, channel: ChannelName, most: int, *, seconds: float = 2) -> int:
        return most

    def is_limited(self, channel: ChannelName) -> bool:
        return False


class _Plain:
    async def render(self, delivery: deliveries.Delivery) -> Outbound:
        return Outbound(delivery=str(delivery.id), to=delivery.address, subject="Re: apples", text="They are ripe.")

    async def with_files(self, message: Outbound, stored: Iterable[Mapping[str, Any]]) -> Outbound:
        return message


@asynccontextmanager
async def loop(database: Database, sender: Sender) -> AsyncIterator[None]:
    """The send loop, running."""
    mailings = Mailings(
        {NEWS: ACCOUNTS["news"]}, compiler(House(company="Orchard", address="1 Lane")), public_url="https://leads.test"
    )
    senders, limits = {NEWS: sender}, _NoLimits()
    sending = SendLoop(database=database, senders=senders, renderer=_Plain(), limits=limits, mailings=mailings)
    task = asyncio.create_task(sending.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
