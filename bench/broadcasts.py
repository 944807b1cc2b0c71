"""Mailings with their whole ledger: expansion against INSERT ... SELECT, mail against Postfix's load generator."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
import psutil
from sqlalchemy import make_url, text

from app.embedded import Embedded
from bench import mail
from bench.report import ratio, say, seconds
from bench.scenery import admin
from broadcasts import lifecycle
from broadcasts.accounts import Account
from broadcasts.conducting import Conductor
from broadcasts.lifecycle import Rules
from channels.email.channel import EmailChannel
from channels.email.render import render
from domain.messages import ChannelName, Outbound, Sent, utcnow
from domain.ports import Host, Sender
from notifications.letters import House, compiler
from notifications.mailing import Mailings
from notifications.sender import SendLoop
from store import deliveries
from store.deliveries import Lane, Purpose
from store.engine import Database
from store.migrations import upgrade

MAILS, EXPANDED, ROUNDS = 20_000, 100_000, 3
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


async def main(mails: int = MAILS, expanded: int = EXPANDED) -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        async with Embedded(Path(folder), valkey=False) as embedded:
            url = await _town(embedded.database_url, expanded)
            await _expansion(url, expanded)
            await _mail(url, mails)


async def _town(base: str, people: int) -> str:
    url = make_url(base).set(database=f"town_{people}").render_as_string(hide_password=False)
    await admin(base, f"CREATE DATABASE town_{people}")
    await upgrade(url)
    await admin(url, PEOPLE.format(n=people))
    for table in ("contacts", "identities", "field_values", "consents"):
        await admin(url, f"VACUUM ANALYZE {table}")
    return url


BARE = """INSERT INTO deliveries (id, channel, address, purpose, facts, priority, due_at, contact_id, broadcast_id,
    step, provider, created_at)
  SELECT gen_random_uuid(), 'news', i.value, 'broadcast', '{}', 3, now(), c.id, CAST($1 AS uuid), 0, 'other', now()
  FROM contacts c JOIN identities i ON i.contact_id = c.id"""


async def _expansion(url: str, people: int) -> None:
    """In turn; each into the same table, with the same indexes."""
    ours, bare = [], []
    database = Database(url)
    for n in range(ROUNDS):
        broadcast = await _made(database)
        began = time.perf_counter()
        await _expand(database)
        ours.append(people / (time.perf_counter() - began))
        connection = await asyncpg.connect(_plain(url))
        began = time.perf_counter()
        await connection.execute(BARE, UUID(int=n + 1))
        bare.append(people / (time.perf_counter() - began))
        await connection.close()
        await admin(url, "TRUNCATE deliveries")
        await _over(database, broadcast)
    await database.aclose()
    ratio("expansion against a bare INSERT ... SELECT, recipients/s", median(ours), median(bare), least=0.5)


async def _made(database: Database, **plan: Any) -> UUID:
    rules = Rules(accounts=ACCOUNTS)
    raw = {"audience": {"all": []}, "steps": [{"channel": "news"}], "quiet": None, **plan}
    async with database.begin() as connection:
        made = await lifecycle.create(connection, rules, name="News", plan=raw, content=CONTENT, actor="bench")
        await lifecycle.schedule(connection, rules, made.id, None, actor="bench")
    return made.id


async def _expand(database: Database) -> None:
    conductor = Conductor(database, ACCOUNTS)
    while await conductor.look():
        pass


async def _over(database: Database, broadcast: UUID) -> None:
    async with database.begin() as connection:
        await lifecycle.cancel(connection, broadcast, actor="bench")


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


async def _mail(url: str, mails: int) -> None:
    """The whole way: claim, judge, render per person, send, settle; answers to customers go out between."""
    rates: dict[str, list[float]] = {"ours": [], "source": [], "bare": []}
    waits: list[float] = []
    async with mail.sink() as port:
        one = await _one(url, port)
        say(f"  {mails:,} mails of {len(one):,} bytes, {mail.LINES} connections, for all three")
        for _ in range(ROUNDS):
            rates["source"].append(await mail.rate(mails, lambda: mail.by_smtp_source(port, mails, len(one))))
            rates["ours"].append(await _sent(url, _channel(port), mails, waits))
            rates["bare"].append(await mail.rate(mails, lambda: mail.by_aiosmtplib(port, mails, one)))
    ours, source, bare = (median(rates[name]) for name in ("ours", "source", "bare"))
    ratio("mail with its ledger against smtp-source -d, mails/s", ours, source, least=0.4)
    ratio("mail with its ledger against bare aiosmtplib without one, mails/s", ours, bare, least=1.0)
    waits.sort()
    seconds("an answer during a mailing, p99", waits[int(len(waits) * 0.99)], 2)
    say(f"  the sender holds {psutil.Process().memory_info().rss / 2**20:,.0f} MB")


class _Keeping(EmailChannel):
    """Remembers what it was given last."""

    kept = Outbound(delivery="", to="")

    def post(self, message: Outbound) -> asyncio.Future[Sent]:
        self.kept = message
        return super().post(message)


async def _one(url: str, port: int) -> bytes:
    """A mail as each of them is."""
    settings = mail.settings(port)
    channel = _Keeping(NEWS, settings, Host(cursors=mail.Nothing()))
    await _sent(url, channel, 1, [])
    return render(channel.kept, settings, now=utcnow())


def _channel(port: int) -> EmailChannel:
    return EmailChannel(NEWS, mail.settings(port), Host(cursors=mail.Nothing()))


async def _sent(url: str, channel: EmailChannel, mails: int, waits: list[float]) -> float:
    """Mails a second."""
    database = Database(url)
    broadcast = await _made(database, split=None)
    await _expand(database)
    await admin(url, f"DELETE FROM deliveries WHERE ctid NOT IN (SELECT ctid FROM deliveries LIMIT {mails})")
    await admin(url, "VACUUM ANALYZE deliveries")
    gc.collect()
    began = time.perf_counter()
    async with _loop(database, channel):
        answering = asyncio.create_task(_answers(database, waits))
        while await _left(database, broadcast):  # noqa: ASYNC110 - the sender tells nobody
            await asyncio.sleep(0.05)
        took = time.perf_counter() - began
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
    await channel.aclose()
    await admin(url, "TRUNCATE deliveries")
    await _over(database, broadcast)
    await database.aclose()
    return mails / took


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


@asynccontextmanager
async def _loop(database: Database, sender: Sender) -> AsyncIterator[None]:
    mailings = Mailings(
        {NEWS: ACCOUNTS["news"]}, compiler(House(company="Orchard", address="1 Lane")), public_url="https://leads.test"
    )
    loop = SendLoop(database=database, senders={NEWS: sender}, renderer=_Plain(), limits=_NoLimits(), mailings=mailings)
    task = asyncio.create_task(loop.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
