"""What cards are compared by, and who may be a duplicate of whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row

TRAITS = ("contact_id", "name", "facts", "keys")
MOST_CANDIDATES = 200
"""Cards that share a key with one card and are compared with it; keys are made so that there are few."""
ALIKE = 0.53
"""Names that share so much of their trigrams are alike: Anna Kotov and Anna Botov have 0.54, longer ones more. With
0.5, each Александр was like all others.
"""
MOST_ALIKE = 50
MOST_NAMES = 20_000
"""Cards up to which names are compared by trigrams: one new card costs milliseconds. Among a million it was 30 to 120,
since their lists grow with the base, where those of the keys do not.
"""


async def due(connection: AsyncConnection, limit: int) -> list[UUID]:
    """Cards about which something is new, locked until the end of the transaction. Call `done` with them in it."""
    return list((await connection.execute(_DUE, {"limit": limit})).scalars())


_DUE = text("SELECT id FROM contacts WHERE match_due ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED")


async def done(connection: AsyncConnection, cards: Sequence[UUID]) -> None:
    """These have been compared."""
    await connection.execute(_DONE, {"ids": list(cards)})


_DONE = text("UPDATE contacts SET match_due = false WHERE id = ANY(CAST(:ids AS uuid[]))")


async def all_due(connection: AsyncConnection) -> int:
    """Have every card compared anew: what the comparison weighs has changed. How many."""
    return (await connection.execute(_ALL_DUE)).rowcount


_ALL_DUE = text("UPDATE contacts SET match_due = true WHERE NOT match_due")


async def due_behind(connection: AsyncConnection, after: UUID, limit: int) -> list[UUID]:
    """Have the next cards behind this id compared anew, up to so many; which ones.

    For all of them, call it until none is left, each time in a transaction of its own: the router would wait for one
    that marks a million.
    """
    return list((await connection.execute(_DUE_BEHIND, {"after": after, "limit": limit})).scalars())


_DUE_BEHIND = text(
    """UPDATE contacts SET match_due = true WHERE id IN (
         SELECT id FROM contacts WHERE id > :after AND NOT match_due ORDER BY id LIMIT :limit FOR NO KEY UPDATE)
       RETURNING id"""
)


async def waiting(connection: AsyncConnection, most: int) -> int:
    """How many cards are due, counted up to so many."""
    return int(await connection.scalar(_WAITING, {"most": most}) or 0)


_WAITING = text("SELECT count(*) FROM (SELECT FROM contacts WHERE match_due LIMIT :most) AS due")


class Claimed(NamedTuple):
    """An address that a card claims, with the name that came along."""

    kind: str
    value: str
    name: str
    shared: bool
    """Several people's: it says nothing about who this is."""


class Gathered(NamedTuple):
    """What is known of one card."""

    claims: list[Claimed]
    fields: dict[str, str]
    """The latest value of each field that has one."""


async def gather(connection: AsyncConnection, cards: Sequence[UUID]) -> dict[UUID, Gathered]:
    """Of each of these cards."""
    found = {card: Gathered([], {}) for card in cards}
    for card, *rest in await connection.execute(_CLAIMS, {"ids": list(cards)}):
        found[card].claims.append(Claimed(*rest))
    for card, name, value in await connection.execute(_FIELDS, {"ids": list(cards)}):
        if value:
            found[card].fields[name] = value
    return found


_CLAIMS = text(
    """SELECT c.contact_id, i.kind, i.value, c.name, coalesce(s.shared, false)
       FROM claims c JOIN identities i ON i.id = c.identity_id
       LEFT JOIN shared_addresses s ON s.kind = i.kind AND s.value = i.value
       WHERE c.contact_id = ANY(CAST(:ids AS uuid[])) ORDER BY c.at, c.name"""
)
_FIELDS = text(
    """SELECT DISTINCT ON (contact_id, field) contact_id, field, value FROM field_values
       WHERE contact_id = ANY(CAST(:ids AS uuid[])) ORDER BY contact_id, field, at DESC, id DESC"""
)


async def kinds(connection: AsyncConnection) -> dict[str, str]:
    """Custom field -> how duplicates are found by it."""
    return {r.name: r.matching for r in await connection.execute(_KINDS)}


_KINDS = text("SELECT name, matching FROM field_kinds WHERE archived_at IS NULL AND matching <> 'none'")


async def put(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Write what cards are compared by, in the order of TRAITS: facts as JSON text, keys with spaces between."""
    if rows:
        await connection.execute(_PUT, bulk.arrays(sorted(rows)))


_PUT = text(
    """INSERT INTO traits AS t (contact_id, name, facts, keys)
       SELECT c, n, f, string_to_array(k, E'\\n') FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS text[]),
         CAST(:c2 AS jsonb[]), CAST(:c3 AS text[])) AS r(c, n, f, k)
       ON CONFLICT (contact_id) DO UPDATE SET name = excluded.name, facts = excluded.facts, keys = excluded.keys
       WHERE (t.name, t.facts, t.keys) IS DISTINCT FROM (excluded.name, excluded.facts, excluded.keys)"""
)


class Candidate(NamedTuple):
    """Somebody who may be the same."""

    card: UUID
    other: UUID
    facts: Mapping[str, Any]
    """The other's."""


async def candidates(connection: AsyncConnection, asked: Mapping[UUID, Iterable[str]]) -> list[Candidate]:
    """For each of these cards the others that have one of its keys and are not known to be the same person."""
    await connection.execute(_BY_INDEX)
    rows = [(card, "\n".join(sorted(keys))) for card, keys in sorted(asked.items()) if keys]
    values = bulk.arrays(rows) if rows else {"c0": [], "c1": []}
    return [Candidate(*row) for row in await connection.execute(_CANDIDATES, values | {"most": MOST_CANDIDATES})]


_BY_INDEX = text("SET LOCAL enable_seqscan = off")
"""Nobody can estimate how many cards share a key, and PostgreSQL expects many: it read all of 5,000 cards for each.
For the same reason the leaders are looked up one by one below: joined, it read all of a million contacts.
"""
_ARE_TWO = """(SELECT coalesce(leader_id, id) FROM contacts WHERE id = t.contact_id)
             <> (SELECT coalesce(leader_id, id) FROM contacts WHERE id = o.contact_id)"""


_CANDIDATES = text(
    f"""SELECT t.contact_id, o.contact_id, o.facts
       FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS text[])) AS t(contact_id, keys) CROSS JOIN LATERAL (
         SELECT contact_id, facts FROM traits o
         WHERE o.keys && string_to_array(t.keys, E'\\n') AND o.contact_id <> t.contact_id LIMIT :most) AS o
       WHERE {_ARE_TWO}"""
).columns(facts=JSONB)


async def alike(connection: AsyncConnection, cards: Sequence[UUID]) -> list[Candidate]:
    """For each of these cards the others whose names are spelled alike, the most alike first.

    What it costs grows with the base: see `MOST_NAMES`.
    """
    await connection.execute(_BY_INDEX)
    await connection.execute(_THRESHOLD)
    rows = await connection.execute(_ALIKE, {"ids": sorted(cards), "most": MOST_ALIKE})
    return [Candidate(*row) for row in rows]


_THRESHOLD = text(f"SET LOCAL pg_trgm.similarity_threshold = {ALIKE}")
_ALIKE = text(
    f"""SELECT t.contact_id, o.contact_id, o.facts FROM traits t CROSS JOIN LATERAL (
         SELECT contact_id, facts FROM traits o WHERE o.name % t.name AND o.contact_id <> t.contact_id
         ORDER BY similarity(o.name, t.name) DESC, o.contact_id LIMIT :most) AS o
       WHERE t.contact_id = ANY(CAST(:ids AS uuid[])) AND t.name <> '' AND {_ARE_TWO}"""
).columns(facts=JSONB)


async def sample(connection: AsyncConnection, limit: int) -> list[Mapping[str, Any]]:
    """The facts of up to so many cards, in an order that has nothing to do with them."""
    return list((await connection.execute(_SAMPLE, {"limit": limit})).scalars())


_SAMPLE = text("SELECT facts FROM traits ORDER BY md5(CAST(contact_id AS text)) LIMIT :limit").columns(facts=JSONB)


async def count(connection: AsyncConnection) -> int:
    """How many cards can be compared."""
    return int(await connection.scalar(_COUNT) or 0)


_COUNT = text("SELECT count(*) FROM traits")


async def size(connection: AsyncConnection) -> int:
    """About how many cards can be compared, as the last ANALYZE has it; less than 1 before the first one."""
    return int(await connection.scalar(_SIZE) or 0)


_SIZE = text("SELECT reltuples FROM pg_class WHERE oid = CAST('traits' AS regclass)")


async def model_id(connection: AsyncConnection) -> UUID | None:
    """Which weights hold; None while nothing was learned."""
    found: UUID | None = await connection.scalar(_MODEL_ID)
    return found


_MODEL_ID = text("SELECT id FROM weights ORDER BY at DESC, id DESC LIMIT 1")


class Lesson(NamedTuple):
    """When weights were learned, and from how large a base; 0 where nobody wrote it down."""

    at: datetime
    cards: int


async def last_lesson(connection: AsyncConnection) -> Lesson | None:
    """None while nothing was learned."""
    row = (await connection.execute(_LAST_LESSON)).one_or_none()
    return Lesson(*row) if row else None


_LAST_LESSON = text(
    """SELECT at, coalesce(CAST("values" ->> 'cards' AS bigint), 0) FROM weights ORDER BY at DESC, id DESC LIMIT 1"""
)


async def model(connection: AsyncConnection, version: UUID) -> Mapping[str, Any]:
    """The values of these weights."""
    found: Mapping[str, Any] = (await connection.execute(_MODEL, {"id": version})).scalar_one()
    return found


_MODEL = text('SELECT "values" FROM weights WHERE id = :id').columns(values=JSONB)


async def remember_model(connection: AsyncConnection, row: Row) -> None:
    """Write learned weights: (id, at, values as JSON text, actor)."""
    await connection.execute(_REMEMBER, dict(zip(("id", "at", "values", "actor"), row, strict=True)))


_REMEMBER = text('INSERT INTO weights (id, at, "values", actor) VALUES (:id, :at, CAST(:values AS jsonb), :actor)')


class Named(NamedTuple):
    """Who calls himself how at an address."""

    kind: str
    value: str
    names: Sequence[str]


async def names_at(connection: AsyncConnection, cards: Sequence[UUID]) -> list[Named]:
    """The addresses that these cards claim and nobody has spoken of, with every name that came along, of anybody."""
    return [Named(*row) for row in await connection.execute(_NAMES_AT, {"ids": list(cards)})]


_NAMES_AT = text(
    """SELECT i.kind, i.value, array_agg(DISTINCT c.name) FROM (
         SELECT DISTINCT i.kind, i.value FROM claims c JOIN identities i ON i.id = c.identity_id
         WHERE c.contact_id = ANY(CAST(:ids AS uuid[])) AND i.kind IN ('email', 'phone')) AS a
       JOIN identities i ON i.kind = a.kind AND i.value = a.value JOIN claims c ON c.identity_id = i.id AND c.name <> ''
       WHERE NOT EXISTS (SELECT FROM shared_addresses s WHERE s.kind = a.kind AND s.value = a.value)
       GROUP BY i.kind, i.value HAVING count(DISTINCT c.name) > 2"""
)


async def share(connection: AsyncConnection, rows: Iterable[Row]) -> None:
    """Write (kind, value, shared, reason, at); a person's word stands."""
    await connection.execute(_SHARE, bulk.arrays(sorted(rows)))


_SHARE = text(
    """INSERT INTO shared_addresses (kind, value, shared, reason, at)
       SELECT * FROM unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[]), CAST(:c2 AS boolean[]), CAST(:c3 AS text[]),
         CAST(:c4 AS timestamptz[])) ON CONFLICT DO NOTHING"""
)
