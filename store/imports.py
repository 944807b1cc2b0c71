"""Imports: what is known of the people in a file, how far it has come, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import MetaData, Table, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row
from store.contacts import Key, KnownIdentity, Pair
from store.tables import contact_tags, contacts, field_values, import_rows, imports, notes

IMPORT = (
    "id", "name", "file", "digest", "format", "mapping", "options", "state", "counts", "actor", "created_at",
)  # fmt: skip
CONTACT = ("id", "created_at", "import_id")
VALUE = ("id", "contact_id", "field", "value", "source", "at")
TAG = ("contact_id", "tag", "source", "at")
NOTE = ("id", "contact_id", "text", "source", "at")
LEDGER = ("import_id", "row", "outcome", "contact_id", "facts")


class Import(NamedTuple):
    """One import."""

    id: UUID
    name: str
    file: str
    digest: bytes
    format: str
    mapping: dict[str, str]
    options: dict[str, Any]
    state: str
    done: int
    """The last row that is written."""
    counts: dict[str, int]
    actor: str
    created_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None


_COLUMNS = (
    "id, name, file, digest, format, mapping, options, state, done, counts, actor, created_at, finished_at, undone_at"
)
_JSON = {"mapping": JSONB, "options": JSONB, "counts": JSONB}


async def add(connection: AsyncConnection, row: Row) -> None:
    """Begin one, in the order of IMPORT; JSON as text."""
    await bulk.copy(connection, imports, IMPORT, [row])


async def get(connection: AsyncConnection, import_id: UUID, *, lock: bool = False) -> Import | None:
    """One, or None."""
    row = (await connection.execute(_GET_LOCKED if lock else _GET, {"id": import_id})).first()
    return Import(*row) if row else None


_GET = text(f"SELECT {_COLUMNS} FROM imports WHERE id = :id").columns(**_JSON)
_GET_LOCKED = text(f"SELECT {_COLUMNS} FROM imports WHERE id = :id FOR UPDATE").columns(**_JSON)


async def listed(connection: AsyncConnection, limit: int = 50) -> list[Import]:
    """The latest first."""
    return [Import(*row) for row in await connection.execute(_LISTED, {"limit": limit})]


_LISTED = text(f"SELECT {_COLUMNS} FROM imports ORDER BY created_at DESC, id DESC LIMIT :limit").columns(**_JSON)


async def unfinished(connection: AsyncConnection, digest: bytes) -> Import | None:
    """The import of this very file, from a disk, that was begun and not finished."""
    row = (await connection.execute(_UNFINISHED, {"digest": digest})).first()
    return Import(*row) if row else None


_UNFINISHED = text(
    f"""SELECT {_COLUMNS} FROM imports WHERE digest = :digest AND state = 'running'
          AND file !~ '^[0-9a-f]{{64}}$' ORDER BY created_at DESC LIMIT 1"""
).columns(**_JSON)


async def advance(
    connection: AsyncConnection, import_id: UUID, done: int, counts: Mapping[str, int], options: str = "{}"
) -> bool:
    """Rows up to `done` are written, `counts` of them are added; `options`: JSON text. False: it was stopped."""
    values = {"id": import_id, "done": done, "outcomes": list(counts), "rows": list(counts.values())}
    return bool((await connection.execute(_ADVANCE, values | {"options": options})).rowcount)


_ADVANCE = text(
    """UPDATE imports SET done = :done, options = options || CAST(:options AS jsonb), counts = counts || coalesce((
         SELECT jsonb_object_agg(o, coalesce(CAST(counts ->> o AS bigint), 0) + n)
         FROM unnest(CAST(:outcomes AS text[]), CAST(:rows AS bigint[])) AS c(o, n)), '{}')
       WHERE id = :id AND state = 'running'"""
)


async def end(connection: AsyncConnection, import_id: UUID, state: str, at: datetime, by: str | None = None) -> None:
    """done, failed, or undone by somebody."""
    await connection.execute(_END, {"id": import_id, "state": state, "at": at, "by": by})


_END = text(
    """UPDATE imports SET state = :state, finished_at = coalesce(finished_at, :at), undone_by = CAST(:by AS text),
         undone_at = CASE WHEN :state = 'undone' THEN CAST(:at AS timestamptz) END WHERE id = :id"""
)


class Content(NamedTuple):
    """What a card has, as far as a file could change it. Mutable: the working copy of a batch."""

    names: list[str]
    fields: dict[str, str]
    tags: set[str]
    notes: set[str]
    """MD5 of each, in hex."""
    consents: dict[str, bool]
    """The latest word by channel, of the whole person, the strictest first."""


def nothing() -> Content:
    """Of a new card."""
    return Content([], {}, set(), set(), {})


async def contents(connection: AsyncConnection, cards: Sequence[UUID]) -> dict[UUID, Content]:
    """Of these cards."""
    rows = await connection.execute(_CONTENTS, {"ids": list(cards)}) if cards else ()
    return {card: Content(names, fields, set(tags), set(n), said) for card, names, fields, tags, n, said in rows}


_CONTENTS = text(
    """SELECT c.id,
       ARRAY(SELECT DISTINCT name FROM claims WHERE contact_id = c.id AND name <> ''),
       (SELECT coalesce(jsonb_object_agg(f.field, f.value), '{}') FROM (
          SELECT DISTINCT ON (field) field, value FROM field_values
          WHERE contact_id = c.id ORDER BY field, at DESC, id DESC) AS f) AS fields,
       ARRAY(SELECT tag FROM contact_tags WHERE contact_id = c.id),
       ARRAY(SELECT md5(text) FROM notes WHERE contact_id = c.id),
       (SELECT coalesce(jsonb_object_agg(s.channel, s.granted), '{}') FROM (
          SELECT l.channel, bool_and(l.granted) AS granted FROM (
            SELECT DISTINCT ON (r.contact_id, r.channel) r.channel, r.granted FROM consents r
            JOIN contacts p ON p.id = r.contact_id
            WHERE (p.id = coalesce(c.leader_id, c.id) OR p.leader_id = coalesce(c.leader_id, c.id))
              AND r.purpose = 'marketing' ORDER BY r.contact_id, r.channel, r.at DESC, r.id DESC) AS l
          GROUP BY l.channel) AS s) AS said
       FROM contacts c WHERE c.id = ANY(CAST(:ids AS uuid[]))"""
).columns(fields=JSONB, said=JSONB)


async def stopped(connection: AsyncConnection, values: Sequence[str]) -> set[str]:
    """Those of the addresses that take nothing more, on whatever channel."""
    return set((await connection.execute(_STOPPED, {"values": list(values)})).scalars())


_STOPPED = text("SELECT DISTINCT address FROM suppressions WHERE address = ANY(CAST(:values AS text[]))")


async def write(
    connection: AsyncConnection,
    *,
    people: Sequence[Row],
    values: Sequence[Row],
    tags: Sequence[Row],
    remarks: Sequence[Row],
    ledger: Sequence[Row],
) -> None:
    """Write what hangs on cards, and the ledger."""
    await bulk.copy(connection, contacts, CONTACT, people)
    await bulk.copy(connection, field_values, VALUE, values)
    await bulk.insert_new(connection, contact_tags, TAG, tags)
    await bulk.copy(connection, notes, NOTE, remarks)
    await bulk.copy(connection, import_rows, LEDGER, ledger)


class Ledger(NamedTuple):
    """What became of one row."""

    row: int
    outcome: str
    card: UUID | None
    facts: Mapping[str, Any]


async def rows(
    connection: AsyncConnection, import_id: UUID, *, outcome: str | None = None, after: int = 0, limit: int = 1000
) -> list[Ledger]:
    """Rows that were not the same already, in the order of the file."""
    wanted = {"id": import_id, "outcome": outcome, "after": after, "limit": limit}
    return [Ledger(*row) for row in await connection.execute(_ROWS, wanted)]


_ROWS = text(
    """SELECT "row", outcome, contact_id, facts FROM import_rows
       WHERE import_id = :id AND "row" > :after AND (CAST(:outcome AS text) IS NULL OR outcome = :outcome)
       ORDER BY "row" LIMIT :limit"""
).columns(facts=JSONB)


async def apart(
    connection: AsyncConnection, named: Iterable[tuple[UUID, str]]
) -> dict[tuple[str, frozenset[UUID]], UUID]:
    """Cards that imports made for conflicting rows: (name, all identities that it claims) -> card.

    `named`: (identity, name). Only cards that claim one of these under this name while another card has it: of a file
    without conflicts there are none, and it costs a look into an index each.
    """
    wanted = sorted(set(named))
    rows = await connection.execute(_APART, bulk.arrays(wanted)) if wanted else ()
    return {(name, frozenset(claimed)): card for card, claimed, names in rows for name in names}


_APART = text(
    """SELECT c.id, array_agg(DISTINCT x.identity_id), array_agg(DISTINCT x.name)
       FROM contacts c JOIN claims x ON x.contact_id = c.id
       WHERE c.import_id IS NOT NULL AND c.id IN (
         SELECT o.contact_id FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS text[])) AS a(identity, name)
         JOIN claims o ON o.identity_id = a.identity AND o.name = a.name
         JOIN identities i ON i.id = o.identity_id
         WHERE o.source LIKE 'import:%' AND o.contact_id <> i.home_id)
       GROUP BY c.id ORDER BY c.id DESC"""
)


class Seen(NamedTuple):
    """Of a dry run: an address that an earlier row would give to somebody."""

    key: Key
    identity: KnownIdentity
    row: int
    names: list[str]
    """All that the card's addresses came with."""


async def seen(connection: AsyncConnection, pairs: Sequence[Pair]) -> list[Seen]:
    """Of a dry run: those of the addresses that `remember_seen` was told of, the last rows first."""
    for statement in _SEEN_TABLE:
        await connection.execute(statement)
    rows = await connection.execute(_SEEN_BEFORE, bulk.arrays(pairs)) if pairs else ()
    return [
        Seen((r.kind, r.value, r.variant), KnownIdentity(r.id, r.person, r.home, False, False, r.name), r.n, r.names)
        for r in rows
    ]


async def seen_apart(
    connection: AsyncConnection, named: Iterable[tuple[UUID, str]]
) -> dict[tuple[str, frozenset[UUID]], tuple[UUID, int]]:
    """Of a dry run: as `apart`, of what `remember_seen` was told; with the row that would make the card."""
    wanted = sorted(set(named))
    rows = await connection.execute(_APART_BEFORE, bulk.arrays(wanted)) if wanted else ()
    return {(name, frozenset(claimed)): (card, n) for card, claimed, name, n in rows}


async def remember_seen(connection: AsyncConnection, made: Iterable[Row], claimed: Iterable[Row]) -> None:
    """Of a dry run: note identities, in the order of SEEN, and claims of conflicting rows, in that of SEEN_APART.

    In temporary tables of this transaction, so that our own memory stays what it is for a million rows.
    """
    await bulk.copy(connection, _SEEN, SEEN, list(made))
    await bulk.copy(connection, _SEEN_APART, SEEN_APART, list(claimed))


SEEN = ("kind", "value", "variant", "id", "person", "home", "name", "n")
SEEN_APART = ("identity", "card", "name", "n")
_SEEN, _SEEN_APART = Table("import_seen", MetaData()), Table("import_seen_apart", MetaData())
_SEEN_TABLE = (
    text(
        """CREATE TEMP TABLE IF NOT EXISTS import_seen (kind text, value text, variant text, id uuid, person uuid,
           home uuid, name text, n bigint, PRIMARY KEY (kind, value, variant)) ON COMMIT DROP"""
    ),
    text("CREATE INDEX IF NOT EXISTS import_seen_home ON import_seen (home)"),
    text(
        """CREATE TEMP TABLE IF NOT EXISTS import_seen_apart (identity uuid, card uuid, name text, n bigint)
           ON COMMIT DROP"""
    ),
    text("CREATE INDEX IF NOT EXISTS import_seen_apart_name ON import_seen_apart (identity, name)"),
    text("CREATE INDEX IF NOT EXISTS import_seen_apart_card ON import_seen_apart (card)"),
)
_APART_BEFORE = text(
    """SELECT x.card, array_agg(x.identity), x.name, x.n FROM import_seen_apart x WHERE x.card IN (
         SELECT o.card FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS text[])) AS a(identity, name)
         JOIN import_seen_apart o USING (identity, name))
       GROUP BY x.card, x.name, x.n"""
)
_SEEN_BEFORE = text(
    """SELECT s.*, ARRAY(SELECT DISTINCT o.name FROM import_seen o WHERE o.home = s.home AND o.name <> '') AS names
       FROM unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[])) AS a(kind, value)
       JOIN import_seen s USING (kind, value) ORDER BY s.n DESC"""
)
