"""Databases with many people in them, and the messages that arrive there."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
from sqlalchemy import make_url

from domain.messages import Address, AddressKind, ChannelName, Inbound, Source, utcnow
from store import staff
from store.engine import Database
from store.migrations import upgrade

INBOX = ChannelName("inbox")

PEOPLE = """
INSERT INTO contacts (id, created_at, match_due)
  SELECT CAST(md5('c' || g) AS uuid), now(), false FROM generate_series(1, {n}) g;
INSERT INTO identities (id, kind, value, contact_id, home_id, proved, name, created_at)
  SELECT CAST(md5('e' || g) AS uuid), 'email', 'person' || g || '@example.org',
  CAST(md5('c' || g) AS uuid), CAST(md5('c' || g) AS uuid), true, 'Person ' || g, now() FROM generate_series(1, {n}) g;
INSERT INTO identities (id, kind, value, contact_id, home_id, proved, name, created_at)
  SELECT CAST(md5('p' || g) AS uuid), 'phone', '+7900' || lpad(CAST(g AS text), 7, '0'),
  CAST(md5('c' || g) AS uuid), CAST(md5('c' || g) AS uuid), false, NULL, now() FROM generate_series(1, {n}, 3) g;
INSERT INTO claims (identity_id, contact_id, proof, source, name, at)
  SELECT id, home_id, CASE WHEN proved THEN 'channel' ELSE 'typed' END, 'inbox', coalesce(name, ''), created_at
  FROM identities;
INSERT INTO leads (id, contact_id, home_id, opened_by, pipeline, state, channel, opened_at, active_at)
  SELECT CAST(md5('l' || g) AS uuid), CAST(md5('c' || g) AS uuid), CAST(md5('c' || g) AS uuid),
  CAST(md5('e' || g) AS uuid), 'sales',
  CASE WHEN g % 5 < 3 THEN 'open' ELSE 'won' END, 'inbox', now(), now() FROM generate_series(1, {n}) g;
UPDATE leads SET owner_id = (SELECT id FROM staff ORDER BY md5(CAST(leads.id AS text)) LIMIT 1) WHERE state = 'open';
INSERT INTO messages SELECT CAST(md5('m' || g) AS uuid), 'inbox', 'old-' || g, 'in', CAST(md5('e' || g) AS uuid), NULL,
  CAST(md5('l' || g) AS uuid), '<old-' || g || '>', '<old-' || g || '>', 'Price', repeat('Hello there. ', 12), '{{}}',
  now(), now() FROM generate_series(1, {n}) g;
INSERT INTO events SELECT CAST(md5('v' || g) AS uuid), now(), 'lead.opened', 'inbox', CAST(md5('l' || g) AS uuid), NULL,
  '{{}}' FROM generate_series(1, {n}) g;
"""
TABLES = (
    "contacts",
    "identities",
    "claims",
    "leads",
    "messages",
    "assignments",
    "deliveries",
    "events",
    "suppressions",
)


async def admin(url: str, sql: str) -> None:
    """Run statements that no transaction may be around."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def populate(url: str, people: int, sellers: int = 12) -> None:
    """A migrated database with so many contacts, three of five with an open lead."""
    await upgrade(url)
    database = Database(url)
    for n in range(sellers):
        async with database.begin() as connection:
            member = await staff.add(connection, f"Seller {n}", "sales", "en", utcnow())
            link = await staff.issue_link(connection, member.id, utcnow(), timedelta(hours=1))
            await staff.redeem_link(connection, link, "bot", str(1000 + n), utcnow())
    await database.aclose()
    await admin(url, PEOPLE.format(n=people))
    for table in TABLES:
        await admin(url, f"VACUUM ANALYZE {table}")
    await admin(url, "CHECKPOINT")


@asynccontextmanager
async def copy_of(url: str, name: str) -> AsyncIterator[str]:
    """A copy of that database, dropped afterwards."""
    base = make_url(url)
    maintenance = base.set(database="postgres").render_as_string(hide_password=False)
    await admin(maintenance, f"CREATE DATABASE {name} TEMPLATE {base.database} STRATEGY file_copy")
    try:
        yield base.set(database=name).render_as_string(hide_password=False)
    finally:
        await admin(maintenance, f"DROP DATABASE {name} WITH (FORCE)")


def arrivals(count: int, people: int, seed: int) -> list[Inbound]:
    """Four of five from known people, three of ten with a second address, one of fifty seen before."""
    rnd, now = random.Random(seed), utcnow()
    made: list[Inbound] = []
    for n in range(count):
        again = n > 0 and rnd.random() < 0.02
        made.append(made[rnd.randrange(n)] if again else _arrival(n, people, seed, rnd, now))
    return made


def _arrival(n: int, people: int, seed: int, rnd: random.Random, now: object) -> Inbound:
    known = rnd.random() < 0.8
    number = rnd.randrange(1, people + 1) if known else people + seed * 10_000_000 + n
    addresses = [Address(kind=AddressKind.EMAIL, value=f"person{number}@example.org", proved=True)]
    if rnd.random() < 0.3:
        phone = f"+7900{number % 10_000_000:07d}" if known else f"+4479{seed:03d}{n:07d}"
        addresses.append(Address(kind=AddressKind.PHONE, value=phone))
    return Inbound(
        channel=INBOX,
        external_id=f"{seed}-{n}",
        addresses=tuple(addresses),
        received_at=utcnow(),
        name=f"Person {number}",
        subject="Price",
        text=f"Здравствуйте, интересует цена на вашу услугу. Hello, what is your price? {n} " * 2,
        ref=f"<{seed}-{n}@example.org>",
        source=Source(page="https://example.org/price", utm={"source": "ad", "campaign": "autumn"}),
    )


def batches(arriving: list[Inbound], size: int = 200) -> list[list[Inbound]]:
    """Cut into batches."""
    return [arriving[at : at + size] for at in range(0, len(arriving), size)]
