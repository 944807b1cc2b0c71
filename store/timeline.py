"""Everything that happened with a person, in one order. A reading of the tables, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

Cursor = tuple[datetime, UUID]
"""The last entry of a page: the next one is what is older."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    at: datetime
    id: UUID
    kind: str
    """message, event, field, note, file, consent, tag, company, merged, parted."""
    actor: str
    """Who did it: a channel's name, "staff:ID", "api:ID", "import:ID", "leadwire"."""
    text: str
    """The message, the note, the field's name, the tag ..."""
    data: dict[str, Any]
    """What else is known of it, by kind."""
    card: UUID | None
    """The card that it is on, where it is on one."""
    lead: UUID | None


async def page(
    connection: AsyncConnection, person: UUID, cards: Sequence[UUID], *, before: Cursor | None = None, limit: int = 50
) -> list[Entry]:
    """The latest entries of this person and all his cards, the latest first; `before`: older than this one."""
    at, id_ = before or (None, None)
    wanted = {"person": person, "cards": list(cards), "at": at, "id": id_, "limit": limit}
    return [Entry(*row) for row in await connection.execute(_PAGE, wanted)]


def _part(kind: str, source: str, at: str, id_: str, columns: str, where: str, *, joined: str = "") -> str:
    """The latest entries of one kind. Each is cut to the page's length: none is read whole to be sorted."""
    return f"""(SELECT {at} AS at, {id_} AS id, '{kind}' AS kind, {columns} FROM {source} AS t {joined} WHERE {where}
       AND (CAST(:at AS timestamptz) IS NULL OR ({at}, {id_}) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
       ORDER BY {at} DESC, {id_} DESC LIMIT :limit)"""


_CARDS = "t.contact_id = ANY(CAST(:cards AS uuid[]))"
_LEADS = "(SELECT id FROM leads WHERE contact_id = :person)"
_ON_CARD = "t.contact_id, CAST(NULL AS uuid)"
_MIRRORED = "('contact.merged', 'contact.parted', 'contact.changed')"
"""Events beside which the thing itself stands in a table of its own."""
_PARTS = (
    _part(
        "message", "messages", "t.received_at", "t.id",
        """CASE t.direction WHEN 'in' THEN t.channel ELSE 'staff:' || coalesce(CAST(t.staff_id AS text), '') END,
           t.text, jsonb_strip_nulls(jsonb_build_object('direction', t.direction, 'channel', t.channel,
             'subject', t.subject, 'from', i.value, 'files', t.facts -> 'files')), i.home_id, t.lead_id""",
        f"t.lead_id IN {_LEADS}",
        joined="LEFT JOIN identities i ON i.id = t.identity_id",
    ),
    _part(
        "event", "events", "t.at", "t.id", "t.actor, t.kind, t.data, t.contact_id, t.lead_id",
        f"t.lead_id IN {_LEADS} AND t.kind <> 'lead.message'",
    ),
    _part(
        "event", "events", "t.at", "t.id", "t.actor, t.kind, t.data, t.contact_id, t.lead_id",
        f"{_CARDS} AND t.kind NOT IN {_MIRRORED}",
    ),
    _part(
        "field", "field_values", "t.at", "t.id",
        f"t.source, t.field, jsonb_build_object('value', t.value), {_ON_CARD}", _CARDS,
    ),
    _part("note", "notes", "t.at", "t.id", f"t.source, t.text, CAST('{{}}' AS jsonb), {_ON_CARD}", _CARDS),
    _part(
        "file", "contact_files", "t.at", "t.id",
        f"t.source, t.name, jsonb_build_object('type', t.type, 'size', t.size), {_ON_CARD}", _CARDS,
    ),
    _part(
        "consent", "consents", "t.at", "t.id",
        f"""t.source, t.text,
            jsonb_build_object('purpose', t.purpose, 'channel', t.channel, 'granted', t.granted), {_ON_CARD}""", _CARDS,
    ),
    _part(
        "tag", "contact_tags", "t.at", "CAST(md5(CAST(t.contact_id AS text) || t.tag) AS uuid)",
        f"t.source, t.tag, CAST('{{}}' AS jsonb), {_ON_CARD}", _CARDS,
    ),
    _part(
        "company", "company_members", "t.at", "CAST(md5(CAST(t.contact_id AS text) || t.company_id) AS uuid)",
        f"t.source, c.name, jsonb_build_object('company', c.id, 'position', t.position), {_ON_CARD}", _CARDS,
        joined="JOIN companies c ON c.id = t.company_id",
    ),
    *(
        _part(
            kind, "merges", at, "t.id",
            f"""t.{actor}, t.rule, jsonb_build_object('merge', t.id, 'one', t.one, 'other', t.other), t.other,
                CAST(NULL AS uuid)""",
            f"(t.one = ANY(CAST(:cards AS uuid[])) OR t.other = ANY(CAST(:cards AS uuid[]))) AND {at} IS NOT NULL",
        )
        for kind, at, actor in (("merged", "t.at", "actor"), ("parted", "t.undone_at", "undone_by"))
    ),
)  # fmt: skip
_PAGE = text(
    f"""SELECT * FROM ({" UNION ALL ".join(_PARTS)}) AS e(at, id, kind, actor, text, data, card, lead)
        ORDER BY at DESC, id DESC LIMIT :limit"""
).columns(data=JSONB)
