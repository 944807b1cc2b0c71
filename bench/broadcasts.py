"""Mailings with their whole ledger: expansion against INSERT ... SELECT, mail against Postfix's load generator."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median
from uuid import UUID

import asyncpg
import psutil
from sqlalchemy import make_url

from app.embedded import Embedded
from bench import mail, mailing
from bench.report import ratio, say, seconds
from bench.scenery import admin
from channels.email.channel import EmailChannel
from channels.email.render import render
from domain.messages import Outbound, Sent, utcnow
from domain.ports import Host
from store.engine import Database

MAILS, EXPANDED, ROUNDS = 20_000, 100_000, 3
PROCESSES = 2
"""As many as the machine has cores: `leadwire send` runs as often as one likes."""


async def main(mails: int = MAILS, expanded: int = EXPANDED) -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        async with Embedded(Path(folder), valkey=False) as embedded:
            url = await mailing.town(embedded.database_url, expanded)
            await _expansion(url, expanded)
            await _mail(url, mails)


BARE = """INSERT INTO deliveries (id, channel, address, purpose, facts, priority, due_at, contact_id, broadcast_id,
    step, provider, created_at)
  SELECT gen_random_uuid(), 'news', i.value, 'broadcast', '{}', 3, now(), c.id, CAST($1 AS uuid), 0, 'other', now()
  FROM contacts c JOIN identities i ON i.contact_id = c.id"""


async def _expansion(url: str, people: int) -> None:
    """In turn; each into the same table, with the same indexes."""
    ours, bare = [], []
    database = Database(url)
    for n in range(ROUNDS):
        broadcast = await mailing.made(database)
        began = time.perf_counter()
        await mailing.expand(database)
        ours.append(people / (time.perf_counter() - began))
        connection = await asyncpg.connect(_plain(url))
        began = time.perf_counter()
        await connection.execute(BARE, UUID(int=n + 1))
        bare.append(people / (time.perf_counter() - began))
        await connection.close()
        await admin(url, "TRUNCATE deliveries")
        await mailing.over(database, broadcast)
    await database.aclose()
    ratio("expansion against a bare INSERT ... SELECT, recipients/s", median(ours), median(bare), least=0.5)


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


async def _mail(url: str, mails: int) -> None:
    """The whole way: claim, judge, render per person, send, settle; answers to customers go out between."""
    rates: dict[str, list[float]] = {"ours": [], "alone": [], "source": [], "bare": []}
    waits: list[float] = []
    async with mail.sink() as port:
        one = await _one(url, port)
        say(f"  {mails:,} mails of {len(one):,} bytes, {mail.LINES} connections, for all three")
        for _ in range(ROUNDS):
            rates["source"].append(await mail.rate(mails, lambda: mail.by_smtp_source(port, mails, len(one))))
            rates["ours"].append(await mailing.sent_by(PROCESSES, url, port, mails, waits))
            rates["alone"].append(await mailing.sent_here(url, mailing.channel_to(port), mails, waits))
            rates["bare"].append(await mail.rate(mails, lambda: mail.by_aiosmtplib(port, mails, one)))
    ours, alone, source, bare = (median(rates[name]) for name in ("ours", "alone", "source", "bare"))
    ratio(f"mail with its ledger by {PROCESSES} processes against smtp-source -d, mails/s", ours, source, least=0.4)
    ratio("the same by one process", alone, source)
    ratio("by one process against bare aiosmtplib without a ledger, mails/s", alone, bare, least=1.0)
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
    channel = _Keeping(mailing.NEWS, settings, Host(cursors=mail.Nothing()))
    await mailing.sent_here(url, channel, 1, [])
    return render(channel.kept, settings, now=utcnow())
