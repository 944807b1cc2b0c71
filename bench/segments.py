"""Segments: how long it takes to count who fits among a million contacts, against a bare count of the table."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import make_url, text

from app.embedded import Embedded
from bench.report import ratio, say, seconds
from bench.scenery import admin
from domain.conditions import HOUSE, Logic, Subject, Type, Vocabulary, parse, plan
from domain.messages import utcnow
from store import segments
from store.condition_sql import select_ids, select_portion
from store.engine import Database
from store.migrations import upgrade

PEOPLE, ROUNDS, MOST, PORTION = 1_000_000, 3, 1.0, 50_000
TOWN = """
INSERT INTO contacts (id, created_at, match_due, leader_id)
  SELECT CAST(md5('c' || g) AS uuid), now() - g * interval '1 minute', false,
    CASE WHEN g % 19 = 0 THEN CAST(md5('c' || g - 1) AS uuid) END FROM generate_series(1, {n}) g;
INSERT INTO merges (id, at, one, other, rule, actor, choices)
  SELECT gen_random_uuid(), now(), leader_id, id, 'hand', 'bench', '{{}}' FROM contacts WHERE leader_id IS NOT NULL;
INSERT INTO identities (id, kind, value, contact_id, home_id, proved, created_at)
  SELECT gen_random_uuid(), 'email', 'person' || g || '@example.org',
    CAST(md5('c' || CASE WHEN g % 19 = 0 THEN g - 1 ELSE g END) AS uuid), CAST(md5('c' || g) AS uuid), true, now()
  FROM generate_series(1, {n}) g;
INSERT INTO suppressions SELECT 'inbox', 'person' || g || '@example.org', 'bounced', now()
  FROM generate_series(1, {n}, 50) g;
INSERT INTO field_values (id, contact_id, field, value, source, at)
  SELECT gen_random_uuid(), CAST(md5('c' || g) AS uuid), 'city', 'City ' || g % 20, 'bench', now() - interval '1 day'
  FROM generate_series(1, {n}) g;
INSERT INTO field_values (id, contact_id, field, value, source, at)
  SELECT gen_random_uuid(), CAST(md5('c' || g) AS uuid), 'city', 'City ' || g % 7, 'bench', now()
  FROM generate_series(1, {n}, 10) g;
INSERT INTO field_values (id, contact_id, field, value, source, at)
  SELECT gen_random_uuid(), CAST(md5('c' || g) AS uuid), 'deal', CAST(CAST(g AS bigint) * 7919 % 100000 AS text),
    'bench', now()
  FROM generate_series(1, {n}, 4) g;
INSERT INTO contact_tags SELECT CAST(md5('c' || g) AS uuid), 'tag ' || g % 10, 'bench', now()
  FROM generate_series(1, {n}) g;
INSERT INTO contact_tags SELECT CAST(md5('c' || g) AS uuid), 'rare', 'bench', now()
  FROM generate_series(1, {n}, 500) g;
INSERT INTO leads (id, contact_id, home_id, opened_by, pipeline, state, channel, opened_at, active_at, closed_at)
  SELECT CAST(md5('l' || g) AS uuid), CAST(md5('c' || CASE WHEN g % 19 = 0 THEN g - 1 ELSE g END) AS uuid),
    CAST(md5('c' || g) AS uuid), CAST(md5('c' || g) AS uuid), 'sales', CASE g % 3 WHEN 0 THEN 'won' ELSE 'lost' END,
    'inbox', now() - g * interval '1 minute', now(), now() FROM generate_series(1, {n}, 2) g;
INSERT INTO messages SELECT CAST(md5('m' || g) AS uuid), 'inbox', 'old-' || g, 'in', NULL, NULL,
  CAST(md5('l' || g) AS uuid), '', '', NULL, repeat('Hello there. ', 12), '{{}}',
    now() - g * interval '30 seconds', now()
  FROM generate_series(1, {n}, 2) g;
INSERT INTO consents (id, contact_id, purpose, channel, granted, text, text_hash, source, at)
  SELECT gen_random_uuid(), CAST(md5('c' || g) AS uuid), 'marketing', 'email', g % 10 <> 0, 'Yes', '\\x00',
    'bench', now()
  FROM generate_series(1, {n}, 2) g;
"""
TABLES = (
    "contacts", "identities", "suppressions", "field_values", "contact_tags", "leads", "messages", "consents", "merges",
)  # fmt: skip
WORDS: Vocabulary = dict(HOUSE) | {
    "city": Subject(name="city", type=Type.TEXT, labels={}, field="city"),
    "deal": Subject(name="deal", type=Type.NUMBER, labels={}, field="deal"),
}
_TAG = {"field": "tag", "op": "has_any", "value": ["tag 3"]}
_RARE = {"field": "tag", "op": "has_any", "value": ["rare"]}
_CITY = {"field": "city", "op": "is", "value": "City 3"}
_WROTE = {"field": "wrote", "op": "in_last_days", "value": 30}
INDEXED: dict[str, Any] = {
    "tag of a tenth": _TAG,
    "tag of a few": _RARE,
    "field is": _CITY,
    "wrote in the last 30 days": _WROTE,
    "tag and field": {"all": [_TAG, _CITY]},
    "tag or field": {"any": [_TAG, _CITY]},
    "tag, not field": {"all": [_TAG, {"not": _CITY}]},
    "not the tag": {"not": _TAG},
    "(tag or field) and wrote, not the few": {"all": [{"any": [_TAG, _CITY]}, _WROTE, {"not": _RARE}]},
}
"""Found by an index: these have the promise of a second."""
OTHERS: dict[str, Any] = {
    "number is more": {"field": "deal", "op": "more", "value": 50_000},
    "city contains": {"field": "city", "op": "contains", "value": "ty 1"},
    "consent": {"field": "consent", "purpose": "marketing", "channel": "email", "op": "is", "value": True},
    "reach by e-mail": {"field": "reach", "op": "has_any", "value": ["email"]},
    "won a lead": {"field": "leads", "state": "won", "op": "more", "value": 0},
}
"""Every row of something has to be read."""


async def main(people: int = PEOPLE) -> None:
    """Print the ratios, and the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        async with Embedded(Path(folder), valkey=False) as embedded:
            await admin(embedded.database_url, "CREATE DATABASE segments")
            url = make_url(embedded.database_url).set(database="segments").render_as_string(hide_password=False)
            await upgrade(url)
            say(f"  ... {people:,} cards, one of nineteen joined to another")
            await admin(url, TOWN.format(n=people))
            for table in TABLES:
                await admin(url, f"VACUUM ANALYZE {table}")
            database = Database(url)
            await _counts(database)
            await _expansion(database)
            await database.aclose()


async def _counts(database: Database) -> None:
    bare = await _timed(database, None)
    say(f"  ... a bare SELECT count(*) FROM contacts: {bare:.3f} s")
    for name, rule in {**INDEXED, **OTHERS}.items():
        asked = plan(parse(rule, WORDS), WORDS, utcnow(), ZoneInfo("UTC"))
        async with database.begin() as connection:
            found = await segments.count(connection, asked)
        took = await _timed(database, asked)
        ratio(f"{name}, {found:,} persons, against the bare count, ms", took * 1000, bare * 1000)
        if name in INDEXED:
            seconds(name, took, MOST)


async def _timed(database: Database, asked: Logic | None) -> float:
    """Seconds of one count, the median."""
    times = []
    for _ in range(ROUNDS):
        async with database.begin() as connection:
            started = time.perf_counter()
            if asked is None:
                await connection.scalar(text("SELECT count(*) FROM contacts"))
            else:
                await segments.count(connection, asked)
            times.append(time.perf_counter() - started)
    return median(times)


async def _expansion(database: Database) -> None:
    """Everybody who fits written into a table in portions of the ids' order, against one bare INSERT ... SELECT."""
    await _run(database, "CREATE UNLOGGED TABLE audience (id uuid)")
    rule = {"all": [_TAG, {"not": _CITY}]}
    asked = plan(parse(rule, WORDS), WORDS, utcnow(), ZoneInfo("UTC"))
    async with database.begin() as connection:
        ids = list((await connection.execute(text("SELECT id FROM contacts ORDER BY id"))).scalars())
    sql, values = select_ids(asked)
    started = time.perf_counter()
    await _run(database, f"INSERT INTO audience {sql}", **values)
    bare = time.perf_counter() - started
    sql, values = select_portion(asked)
    edges = ids[PORTION - 1 :: PORTION]
    started = time.perf_counter()
    for after, upto in zip([None, *edges], [*edges, None], strict=True):
        await _run(database, f"INSERT INTO audience {sql}", **values, after=after, upto=upto)
    took = time.perf_counter() - started
    ratio(f"audience in portions of {PORTION:,} cards against one statement, ms", 1000 * took, 1000 * bare)


async def _run(database: Database, sql: str, **values: Any) -> None:
    async with database.begin() as connection:
        await connection.execute(text(sql), values)


if __name__ == "__main__":
    asyncio.run(main())
