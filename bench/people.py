"""Who is who: duplicates among many, files of contacts, and merges taken back."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from uuid import UUID

import asyncpg
from sqlalchemy import make_url, text

from app.embedded import Embedded
from bench.report import ratio, say
from bench.scenery import admin
from people import import_undo, importing, merging
from people.importing import Source
from people.matcher import Matcher
from people.undoing import Which, undo
from store import traits
from store.engine import Database
from store.migrations import upgrade

ROWS, MERGES, LOOKS = 50_000, 76_000, 500
MINUTES = 10
GIVEN = "Александр Мария Дмитрий Анна Сергей Елена Андрей Ольга Алексей Наталья Иван Екатерина Пётр Юлия".split()
SURNAMES = "Иванов Смирнов Кузнецов Попов Соколов Лебедев Козлов Новиков Морозов Петров Волков Зайцев".split()
CITIES = "Москва Казань Тверь Пермь Омск Самара Уфа Сочи".split()
MAPPING = {"Name": "name", "Email": "email", "Phone": "phone", "City": "city", "Tags": "tags"}


async def main(few: int = 10_000, many: int = 1_000_000) -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        async with Embedded(Path(folder), valkey=False) as embedded:
            await _files(embedded.database_url, Path(folder))
            await _duplicates(embedded.database_url, few, many)
            await _parted(embedded.database_url)


async def _fresh(url: str, name: str) -> str:
    await admin(url, f"CREATE DATABASE {name}")
    fresh = make_url(url).set(database=name).render_as_string(hide_password=False)
    await upgrade(fresh)
    return fresh


def _people(count: int, seed: int) -> Iterator[str]:
    """Rows of a CSV: a name, a mail, a phone, a city, tags."""
    rnd = random.Random(seed)
    for n in range(count):
        name = f"{rnd.choice(SURNAMES)}{n % 997} {rnd.choice(GIVEN)}"
        yield f"{name};p{seed}.{n}@example.org;8 9{n:09d};{rnd.choice(CITIES)};client, {rnd.choice(CITIES)}\n"


async def _files(url: str, folder: Path) -> None:
    """Rows a second from the file to the cards, against COPY of the same rows of the same tables."""
    path = folder / "people.csv"
    path.write_text("Name;Email;Phone;City;Tags\n" + "".join(_people(ROWS, 1)), encoding="utf-8")
    target = await _fresh(url, "imported")
    database = Database(target)
    begun = await importing.begin(database, Source(path=path, mapping=MAPPING, country="RU"), "bench")
    started = time.perf_counter()
    await importing.run(database, begun)
    imported = ROWS / (time.perf_counter() - started)
    copied = ROWS / await _copied(url, target)
    ratio("import rows against COPY of what they became, rows/s", imported, copied, least=0.15)
    started = time.perf_counter()
    await import_undo.undo(database, begun, "bench")
    say(f"  ... undone at {ROWS / (time.perf_counter() - started):,.0f} rows/s")
    await database.aclose()


TABLES = ("contacts", "identities", "claims", "field_values", "contact_tags", "import_rows")


async def _copied(url: str, source: str) -> float:
    """Seconds that COPY needs for the same rows, in the same portions."""
    target = await _fresh(url, "copied")
    plain = [make_url(u).set(drivername="postgresql").render_as_string(hide_password=False) for u in (source, target)]
    read, write = [await asyncpg.connect(p) for p in plain]
    rows = {table: await read.fetch(f"SELECT * FROM {table}") for table in TABLES}
    parts = ROWS // importing.BATCH
    started = time.perf_counter()
    for n in range(parts):
        async with write.transaction():
            for table, found in rows.items():
                portion = found[len(found) * n // parts : len(found) * (n + 1) // parts]
                columns = list(found[0].keys())
                await write.copy_records_to_table(table, records=map(tuple, portion), columns=columns)
    seconds = time.perf_counter() - started
    for connection in (read, write):
        await connection.close()
    return seconds


CARDS = """
CREATE FUNCTION called(g bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT
  (ARRAY['aleksandr', 'maria', 'dmitri', 'ana', 'sergei', 'elena', 'andrei', 'olga', 'ivan', 'iulia'])[1 + g % 10]
  || ' ' || translate(left(md5(CAST(g % 30000 AS text)), 7), '0123456789', 'aeiourlmns') || 'ov' $$;
INSERT INTO contacts (id, created_at, match_due)
  SELECT CAST(md5('c' || g) AS uuid), now(), false FROM generate_series(1, {n}) g;
INSERT INTO traits (contact_id, name, facts, keys) SELECT CAST(md5('c' || g) AS uuid), called(g),
  jsonb_build_object('id', CAST(md5('c' || g) AS uuid), 'names', jsonb_build_array(called(g)),
    'phones', jsonb_build_array('+7900' || lpad(CAST(g AS text), 7, '0'))),
  ARRAY['p:' || lpad(CAST(g AS text), 7, '0'), 'e:person' || g, 'n:person ' || md5(CAST(g % 200000 AS text)),
    'nc:' || md5(CAST(g % 100000 AS text)), 'b:' || md5(CAST(g % 500000 AS text)), 'w:' || called(g % 500)]
  FROM generate_series(1, {n}) g;
"""


async def _duplicates(url: str, few: int, many: int) -> None:
    """What one new card costs among so many others: arrivals of half strangers, half duplicates by phone."""
    times: dict[int, list[float]] = {few: [], many: []}
    databases = {n: Database(await _with_cards(url, n)) for n in times}
    for turn in range(3):
        for people, database in databases.items():
            await _arrive(database, people, turn)
            matcher, started, looked = Matcher(database), time.perf_counter(), 0
            while found := await matcher.look():
                looked += found
            times[people].append((time.perf_counter() - started) / looked)
    for database in databases.values():
        await database.aclose()
    await _spelled(url)
    say(f"  ... {1 / median(times[many]):,.0f} new cards a second are compared among {many:,}")
    ratio(
        f"time to compare a new card among {many:,} against {few:,}, us",
        1e6 * median(times[many]), 1e6 * median(times[few]), most=1.3,
    )  # fmt: skip


async def _spelled(url: str) -> None:
    """What it costs to look for a slip in a name, in the largest base in which that is done."""
    database = Database(await _with_cards(url, traits.MOST_NAMES))
    async with database.begin() as connection:
        ids = [UUID(known["id"]) for known in await traits.sample(connection, 100)]
        started = time.perf_counter()
        await traits.alike(connection, ids)
        passed = time.perf_counter() - started
    say(f"  ... {1e3 * passed / len(ids):.1f} ms to look for names like one among {traits.MOST_NAMES:,}")
    await database.aclose()


async def _with_cards(url: str, people: int) -> str:
    say(f"  ... {people:,} cards")
    made = await _fresh(url, f"cards_{people}")
    await admin(made, CARDS.format(n=people))
    for table in ("contacts", "traits"):
        await admin(made, f"VACUUM ANALYZE {table}")
    return made


async def _arrive(database: Database, people: int, turn: int) -> None:
    rnd = random.Random(turn)
    async with database.begin() as connection:
        for n in range(LOOKS):
            number = rnd.randrange(1, people) if n % 2 else 5_000_000 + turn * LOOKS + n
            values = {"number": number, "phone": f"+7900{number:07d}", "mail": f"new{turn}.{n}@example.org"}
            await connection.execute(_NEW, values)


_NEW = text(
    """WITH card AS (INSERT INTO contacts (id, created_at) VALUES (gen_random_uuid(), now()) RETURNING id),
         who AS (INSERT INTO identities (id, kind, value, variant, contact_id, home_id, proved, created_at)
           SELECT gen_random_uuid(), k.kind, k.value, card.id, card.id, card.id, false, now()
           FROM card, (VALUES ('email', :mail), ('phone', :phone)) AS k(kind, value) RETURNING id, home_id)
       INSERT INTO claims (identity_id, contact_id, proof, source, name, at)
       SELECT id, home_id, 'typed', 'site', called(:number), now() FROM who"""
)

PAIRS = """
INSERT INTO contacts (id, created_at, match_due)
  SELECT CAST(md5('c' || g) AS uuid), now(), false FROM generate_series(1, {n} * 2) g;
INSERT INTO identities (id, kind, value, contact_id, home_id, proved, name, created_at)
  SELECT CAST(md5('e' || g) AS uuid), 'email', 'p' || g || '@example.org', CAST(md5('c' || g) AS uuid),
  CAST(md5('c' || g) AS uuid), true, 'P ' || g, now() FROM generate_series(1, {n} * 2) g;
INSERT INTO leads (id, contact_id, home_id, opened_by, pipeline, state, channel, opened_at, active_at)
  SELECT CAST(md5('l' || g) AS uuid), CAST(md5('c' || g) AS uuid), CAST(md5('c' || g) AS uuid),
  CAST(md5('e' || g) AS uuid), 'sales', 'open', 'inbox', now(), now() FROM generate_series(1, {n} * 2) g;
INSERT INTO messages SELECT CAST(md5('m' || g) AS uuid), 'inbox', 'old-' || g, 'in', CAST(md5('e' || g) AS uuid), NULL,
  CAST(md5('l' || g) AS uuid), '', '', NULL, 'Hello', '{{}}', now(), now() FROM generate_series(1, {n} * 2) g;
INSERT INTO merges (id, at, one, other, rule, actor, choices) SELECT CAST(md5('j' || g) AS uuid), now(),
  CAST(md5('c' || g) AS uuid), CAST(md5('c' || (g + {n})) AS uuid), 'certain', 'leadwire', '{{}}'
  FROM generate_series(1, {n}) g;
UPDATE contacts c SET leader_id = m.one FROM merges m WHERE c.id = m.other;
UPDATE identities i SET contact_id = m.one FROM merges m WHERE i.home_id = m.other;
UPDATE leads l SET contact_id = m.one, under_id = o.id FROM merges m, leads o
  WHERE l.home_id = m.other AND o.home_id = m.one;
UPDATE messages m SET lead_id = l.under_id FROM leads l WHERE m.lead_id = l.id AND l.under_id IS NOT NULL;
"""


async def _parted(url: str) -> None:
    """All that a rule has joined is taken back, each with an open lead and a letter that came meanwhile."""
    made = await _fresh(url, "merged")
    await admin(made, PAIRS.format(n=MERGES))
    for table in ("contacts", "identities", "leads", "messages", "merges"):
        await admin(made, f"VACUUM ANALYZE {table}")
    database = Database(made)
    started = time.perf_counter()
    parted = 0
    async for progress in undo(database, Which(rule=merging.CERTAIN), "bench"):
        parted = progress.undone
    ratio(f"{parted:,} merges undone, seconds", time.perf_counter() - started, MINUTES * 60, most=1.0)
    async with database.begin() as connection:
        left = await connection.scalar(text("SELECT count(*) FROM contacts WHERE leader_id IS NOT NULL"))
        strays = await connection.scalar(
            text("SELECT count(*) FROM messages m JOIN leads l ON l.id = m.lead_id WHERE m.identity_id <> l.opened_by")
        )
    say(f"  ... {left} cards are still joined, {strays} letters lie with somebody else")
    await database.aclose()


if __name__ == "__main__":
    asyncio.run(main())
