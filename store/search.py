"""Which persons fit, page by page.

Each condition is about the person: one of his cards may have the tag, and another the company.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

YOUNG = 1000
"""Cards that nobody has compared yet, and so have no name to search in: of so many, the latest, every name is read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What to look for; all conditions that are given hold."""

    words: tuple[str, ...] = ()
    """Parts of a name, as `people.names.name_key` has them."""
    spelled: tuple[str, ...] = ()
    """The same as they were written."""
    addresses: tuple[tuple[str, str], ...] = ()
    """(kind, value): has one of these."""
    tag: str = ""
    field: tuple[str, str] | None = None
    """(field, value in normal form)."""
    owner: UUID | None = None
    company: UUID | None = None
    since: datetime | None = None
    """Made then or later."""


async def page(
    connection: AsyncConnection, wanted: Wanted, *, after: UUID | None = None, limit: int = 50
) -> list[UUID]:
    """The cards that lead the persons who fit, in descending order of their ids; `after`: below this one."""
    parts, values = _conditions(wanted)
    values |= {"after": after, "limit": limit}
    where = " AND ".join(["p.leader_id IS NULL", "(CAST(:after AS uuid) IS NULL OR p.id < :after)", *parts])
    sql = f"SELECT p.id FROM contacts p WHERE {where} ORDER BY p.id DESC LIMIT :limit"
    return list((await connection.execute(text(sql), values)).scalars())


def _conditions(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    parts: list[str] = []
    values: dict[str, Any] = {}
    if wanted.words:
        values |= {f"word{n}": _pattern(word) for n, word in enumerate(wanted.words)}
        values |= {f"spelled{n}": _pattern(word) for n, word in enumerate(wanted.spelled)} | {"young": YOUNG}
        parts.append(_named(len(wanted.words), len(wanted.spelled)))
    if wanted.addresses:
        values |= {"kinds": [k for k, _ in wanted.addresses], "values": [v for _, v in wanted.addresses]}
        parts.append(_ADDRESS)
    given: Mapping[str, Any] = {"tag": wanted.tag, "owner": wanted.owner, "company": wanted.company}
    for name, value in given.items():
        if value:
            values[name] = value
            parts.append(_SIMPLE[name])
    if wanted.field:
        values |= {"field": wanted.field[0], "value": wanted.field[1]}
        parts.append(_FIELD)
    if wanted.since:
        values["since"] = wanted.since
        parts.append("p.created_at >= :since")
    return parts, values


def _pattern(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _has(rows: str) -> str:
    """The person has a card among these."""
    return f"""p.id IN (SELECT coalesce(x.leader_id, x.id) FROM contacts x JOIN ({rows}) AS f(card) ON f.card = x.id)"""


def _named(words: int, spelled: int) -> str:
    """By the index of names; and by reading the names of those cards that are not in it yet."""
    known = " AND ".join(f"t.name LIKE :word{n}" for n in range(words))
    young = " AND ".join(f"n.name ILIKE :spelled{n}" for n in range(spelled))
    return _has(
        f"""SELECT t.contact_id FROM traits t WHERE {known}
            UNION ALL
            SELECT d.id FROM (SELECT id, leader_id FROM contacts WHERE match_due ORDER BY id DESC LIMIT :young) AS d
            CROSS JOIN LATERAL (
              SELECT i.name FROM identities i WHERE i.contact_id = coalesce(d.leader_id, d.id) AND i.home_id = d.id
              UNION ALL
              SELECT v.value FROM field_values v WHERE v.contact_id = d.id
                AND v.field IN ('name', 'surname', 'given_name')) AS n(name) WHERE {young}"""
    )


_ADDRESS = """p.id IN (
    SELECT i.contact_id FROM unnest(CAST(:kinds AS text[]), CAST(:values AS text[])) AS a(kind, value) JOIN identities i
    ON i.kind = a.kind AND i.value = a.value AND i.variant NOT LIKE '~%')"""
_LATEST = """NOT EXISTS (SELECT FROM field_values w WHERE w.contact_id = v.contact_id AND w.field = v.field
    AND (w.at, w.id) > (v.at, v.id))"""
_FIELD = _has(f"SELECT v.contact_id FROM field_values v WHERE v.field = :field AND v.value = :value AND {_LATEST}")
_OWNS = f"v.field = 'owner' AND v.value = CAST(CAST(:owner AS uuid) AS text) AND {_LATEST}"
_SIMPLE = {
    "tag": _has("SELECT g.contact_id FROM contact_tags g WHERE g.tag = :tag"),
    "company": _has("SELECT m.contact_id FROM company_members m WHERE m.company_id = :company"),
    "owner": _has(
        f"""SELECT v.contact_id FROM field_values v WHERE {_OWNS}
            UNION ALL SELECT l.home_id FROM leads l WHERE l.owner_id = :owner AND l.state = 'open'"""
    ),
}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an address."""

    identity: UUID
    person: UUID
    card: UUID
    kind: str
    value: str
    variant: str
    """At a shared address: whose it is."""
    proved: bool
    name: str
    shared: bool | None
    was: bool


async def holders(connection: AsyncConnection, pairs: Sequence[tuple[str, str]]) -> list[Holder]:
    """Everybody who has one of these addresses, (kind, value), or had it once: the present ones first."""
    rows = await connection.execute(_HOLDERS, {"kinds": [k for k, _ in pairs], "values": [v for _, v in pairs]})
    return [Holder(*row) for row in rows]


_HOLDERS = text(
    """SELECT i.id, i.contact_id, i.home_id, i.kind, i.value,
         CASE WHEN i.variant LIKE '~%' THEN '' ELSE i.variant END, i.proved, coalesce(i.name, ''), s.shared,
         i.variant LIKE '~%'
       FROM unnest(CAST(:kinds AS text[]), CAST(:values AS text[])) AS a(kind, value)
       JOIN identities i ON i.kind = a.kind AND i.value = a.value
       LEFT JOIN shared_addresses s ON s.kind = i.kind AND s.value = i.value
       ORDER BY i.variant LIKE '~%', i.created_at, i.id LIMIT 200"""
)


async def share(connection: AsyncConnection, row: tuple[str, str, bool, str, datetime]) -> None:
    """Write what a person says of an address, (kind, value, whether it is several people's, who says so, at)."""
    await connection.execute(_SHARE, dict(zip(("kind", "value", "shared", "reason", "at"), row, strict=True)))


_SHARE = text(
    """INSERT INTO shared_addresses (kind, value, shared, reason, at) VALUES (:kind, :value, :shared, :reason, :at)
       ON CONFLICT (kind, value) DO UPDATE SET shared = excluded.shared, reason = excluded.reason, at = excluded.at"""
)
