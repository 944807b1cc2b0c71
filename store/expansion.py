"""A broadcast's audience becomes rows of the deliveries: page by page, each with the cursor in one transaction.

So a crash neither skips nor doubles anybody. A person has one row per step of the cascade and no address gets a second
copy; whoever cannot be written to has a row, too, that says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.shares import WHOLE
from store.deliveries import Lane, Purpose
from store.permission import JUDGED, OPT_IN, binds
from store.segments import BUCKET

NO_ONE, LAST = UUID(int=0), UUID(int=2**128 - 1)
EVERYBODY = 2**31 - 1
KNOWN = sorted(available_timezones() - {"localtime"})
"""Zones that Python and PostgreSQL both know; a card may say anything."""


class Way(NamedTuple):
    """One step of the cascade."""

    step: int
    channel: str
    kind: str
    """The kind of address that the channel reaches (domain.messages.AddressKind)."""
    consents: str
    """The kind of channel as receipts of consent name it: email, sms, telegram."""
    rank: int
    """In which order the steps are tried."""


class Query(NamedTuple):
    """A SELECT and what is bound in it."""

    sql: str
    params: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """When the rows are due."""

    at: datetime
    zone: str
    """Of people whose zone nobody knows."""
    local: datetime | None = None
    """The wall clock (naive) at which each one gets it, on his own clock."""
    quiet: tuple[str, str] | None = None
    """"21:00", "09:00" of the recipient's clock."""
    zones: bool = False
    """Whether any card has a zone of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expansion:
    """Who gets which broadcast, how."""

    broadcast: UUID
    people: Query
    """Gives the ids of leading contacts as `id`, in order, bounded by :after, :upto and :page."""
    ways: Sequence[Way]
    purpose: str
    """What the people must have agreed to."""
    times: Times
    marketing: str = OPT_IN
    """store.permission: OPT_IN or SOFT."""
    providers: Mapping[str, str] = field(default_factory=dict)
    """Domain of an e-mail address -> who receives its mail."""
    prefers: bool = False
    """The channel that the person wrote by last goes first."""


class Page(NamedTuple):
    """What one page made."""

    people: int
    last: UUID | None
    """The cursor; None: nobody is left."""


async def expand(connection: AsyncConnection, expansion: Expansion, after: UUID, upto: UUID, limit: int) -> Page:
    """Rows for the next `limit` people after `after`. Move the cursor to `last` in the same transaction."""
    values = values_of(expansion, after, upto, limit)
    values |= {"lane": Lane.MAILING.value, "mailing": Purpose.BROADCAST.value}
    statement = statement_of(ROWS + _EXPAND, expansion)
    row = (await connection.execute(statement, {**values, **times_of(expansion.times)})).one()
    return Page(row.people, row.last)


def values_of(expansion: Expansion, after: UUID, upto: UUID, limit: int) -> dict[str, Any]:
    """What ROWS is executed with: for `limit` people after `after` and up to `upto`. Pure."""
    return {
        **expansion.people.params,
        **binds(expansion.purpose, expansion.marketing),
        "after": after, "upto": upto, "page": limit, "broadcast": expansion.broadcast,
        "steps": [way.step for way in expansion.ways], "channels": [way.channel for way in expansion.ways],
        "kinds": [way.kind for way in expansion.ways], "consents": [way.consents for way in expansion.ways],
        "ranks": [way.rank for way in expansion.ways],
        "domains": list(expansion.providers), "names": list(expansion.providers.values()),
    }  # fmt: skip


def bounded(people: Query, split: tuple[str, int, int] | None = None) -> Query:
    """A SELECT of `store.condition_sql.select_portion`, page by page; `split`: salt and the percent of people it takes.

    The percent of a person is the hundredth part of `domain.shares.bucket`.
    """
    if split is None:
        return Query(f"{people.sql} ORDER BY p.id LIMIT :page", people.params)
    where = f"({BUCKET.format(id='p.id')}) >= :since_part AND ({BUCKET.format(id='p.id')}) < :to_part"
    part = WHOLE // 100
    bound = {"salt": split[0], "since_part": split[1] * part, "to_part": split[2] * part}
    return Query(f"{people.sql} AND {where} ORDER BY p.id LIMIT :page", {**people.params, **bound})


async def has_zones(connection: AsyncConnection) -> bool:
    """Whether any card says in which zone its person lives."""
    return bool(await connection.scalar(_HAS_ZONES))


_HAS_ZONES = text("SELECT EXISTS (SELECT FROM field_values WHERE field = 'timezone')")


def times_of(times: Times) -> dict[str, Any]:
    """What a statement is executed with that says when rows are due. Pure."""
    values: dict[str, Any] = {"at": times.at, "zone": times.zone}
    if times.local is not None:
        values["wall"] = times.local
    if times.zones:
        values["known"] = KNOWN
    if times.quiet is not None:
        values |= {"since": times.quiet[0], "to": times.quiet[1]}
    return values


def statement_of(sql: str, expansion: Expansion) -> TextClause:
    """The statement of ROWS and what goes on behind them, for these people, times and order."""
    zone = _ZONE if expansion.times.zones else "CAST(:zone AS text)"
    order = _PREFERRED if expansion.prefers else ""
    return _written(sql, people=expansion.people.sql, due=_due(expansion.times), zone=zone, order=order)


@lru_cache(64)
def _written(sql: str, **parts: str) -> TextClause:
    """Each page of a broadcast has the same statement: reading it for its parameters takes some milliseconds."""
    written = sql.format(**parts)
    statement = text(written)
    if ":wall" in written:  # a forecast asks who gets it, and not when
        statement = statement.bindparams(bindparam("wall", type_=TIMESTAMP(timezone=False)))
    return statement


async def due_at(connection: AsyncConnection, moments: Sequence[datetime], zone: str, times: Times) -> list[datetime]:
    """When what is to go out at these moments does, by the clock of this zone."""
    sql = f"""SELECT {_due(times, "m.at")} FROM unnest(CAST(:moments AS timestamptz[])) WITH ORDINALITY AS m(at, n)
              CROSS JOIN (SELECT CAST(:zone AS text) AS zone) z ORDER BY m.n"""
    bound = {**times_of(times), "moments": list(moments), "zone": zone}
    del bound["at"]
    bound.pop("known", None)
    return list((await connection.execute(text(sql), bound)).scalars())


def _due(times: Times, at: str = "CAST(:at AS timestamptz)") -> str:
    """When a row is due, of the zone `z.zone`; the same as `broadcasts.hours.allowed_at`."""
    base = at if times.local is None else f"greatest({at}, :wall AT TIME ZONE z.zone)"
    if times.quiet is None or times.quiet[0] == times.quiet[1]:
        return base
    clock, day = f"(({base}) AT TIME ZONE z.zone)::time", f"(({base}) AT TIME ZONE z.zone)::date"
    since, to = "CAST(CAST(:since AS text) AS time)", "CAST(CAST(:to AS text) AS time)"
    over = times.quiet[0] > times.quiet[1]
    quiet = f"({clock} >= {since} {'OR' if over else 'AND'} {clock} < {to})"
    end = f"(({day} + CASE WHEN {clock} < {to} THEN 0 ELSE 1 END) + {to}) AT TIME ZONE z.zone"
    return f"CASE WHEN {quiet} THEN greatest({base}, {end}) ELSE {base} END"


_ZONE = """coalesce((SELECT f.value FROM field_values f JOIN contacts c ON c.id = f.contact_id
    WHERE (c.id = w.person OR c.leader_id = w.person) AND f.field = 'timezone'
      AND f.value = ANY(CAST(:known AS text[])) ORDER BY c.id = w.person DESC, f.at DESC, f.id DESC LIMIT 1),
    CAST(:zone AS text))"""
_PREFERRED = """(i.id = (SELECT m.identity_id FROM messages m JOIN identities own ON own.id = m.identity_id
    WHERE own.contact_id = p.id AND m.direction = 'in' ORDER BY m.id DESC LIMIT 1)) DESC NULLS LAST,"""
# What was written before is looked up once for a page. Person by person it would be a look-up each, by the wrong index
# while the table's statistics are old: then each reads all rows of the broadcast. That nobody has a row before his page
# is what the cursor is for, and the unique index holds it; ON CONFLICT made a row a sixth dearer (two WAL records).
ROWS = f"""WITH page AS MATERIALIZED ({{people}}),
  steps AS (SELECT * FROM unnest(CAST(:steps AS smallint[]), CAST(:channels AS text[]), CAST(:kinds AS text[]),
    CAST(:consents AS text[]), CAST(:ranks AS smallint[])) AS s(step, channel, kind, consents, rank)),
  aimed AS MATERIALIZED (
    SELECT p.id AS contact_id, s.channel, s.consents AS kind, i.value, s.step,
      row_number() OVER (PARTITION BY p.id ORDER BY {{order}} s.rank, i.proved DESC, i.created_at DESC) AS place
    FROM page p CROSS JOIN LATERAL (SELECT * FROM identities WHERE contact_id = p.id OFFSET 0) AS i
    JOIN steps s ON s.kind = i.kind WHERE i.variant NOT LIKE '~%'), {JUDGED},
  copies AS MATERIALIZED (
    SELECT channel, address FROM deliveries WHERE broadcast_id = :broadcast AND state <> 'skipped'
      AND address = ANY(ARRAY(SELECT value FROM aimed))),
  best AS (
    SELECT DISTINCT ON (contact_id) contact_id, step, channel, value AS address,
      coalesce(code, CASE WHEN taken THEN 'duplicate' END) AS barred
    FROM (SELECT j.*, (j.channel, j.value) IN (SELECT channel, address FROM copies) AS taken FROM judged j) AS k
    ORDER BY contact_id, (code IS NOT NULL OR taken), place),
  single AS (
    SELECT b.*, row_number() OVER (PARTITION BY channel, address, barred ORDER BY contact_id) AS copy FROM best b),
  first AS (SELECT step, channel FROM steps ORDER BY rank LIMIT 1),
  rows AS (
    SELECT p.id AS person, coalesce(b.step, f.step) AS step, coalesce(b.channel, f.channel) AS channel,
      coalesce(b.address, '') AS address,
      CASE WHEN b.contact_id IS NULL THEN 'no_address' WHEN b.barred IS NULL AND b.copy > 1 THEN 'duplicate'
        ELSE b.barred END AS barred
    FROM page p CROSS JOIN first f LEFT JOIN single b ON b.contact_id = p.id),
  placed AS (
    SELECT w.*, CASE WHEN position('@' IN w.address) = 0 THEN '' ELSE coalesce(k.name, 'other') END AS provider
    FROM rows w LEFT JOIN unnest(CAST(:domains AS text[]), CAST(:names AS text[])) AS k(domain, name)
      ON k.domain = split_part(w.address, '@', 2))"""
_EXPAND = """,
  made AS (
    INSERT INTO deliveries (id, channel, address, purpose, facts, state, reason, code, priority, due_at, contact_id,
      broadcast_id, step, provider, created_at)
    SELECT gen_random_uuid(), w.channel, w.address, :mailing, '{{}}', CASE WHEN w.barred IS NULL THEN 'pending'
        ELSE 'skipped' END, w.barred, w.barred, :lane, {due}, w.person, :broadcast, w.step, w.provider,
      CAST(:at AS timestamptz)
    FROM placed w CROSS JOIN LATERAL (SELECT {zone} AS zone) z RETURNING 1)
  SELECT count(*) AS people, (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last FROM page"""
