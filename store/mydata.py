"""What is written down under one address: its card, and the messages that came from it or went to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

Rows = list[dict[str, Any]]


async def of(connection: AsyncConnection, identity: UUID, card: UUID) -> dict[str, Rows]:
    """Section -> rows, ready for JSON. Of the card itself, never of others that it is joined with."""
    found: dict[str, Rows] = {}
    for section, statement in _SECTIONS.items():
        rows = await connection.execute(text(statement), {"identity": identity, "card": card})
        found[section] = [dict(row._mapping) for row in rows]
    return found


_SECTIONS = {
    "addresses": """SELECT kind, value, created_at AS since, coalesce(name, '') AS name FROM identities
                    WHERE id = :identity AND home_id = :card""",
    "fields": """SELECT DISTINCT ON (field) field, value, source, at FROM field_values
                 WHERE contact_id = :card AND field <> 'owner' AND CAST(:identity AS uuid) IS NOT NULL
                 ORDER BY field, at DESC, id DESC""",
    "tags": """SELECT tag, at FROM contact_tags
               WHERE contact_id = :card AND CAST(:identity AS uuid) IS NOT NULL ORDER BY tag""",
    "companies": """SELECT c.name, m.position, m.at FROM company_members m JOIN companies c ON c.id = m.company_id
                    WHERE m.contact_id = :card AND CAST(:identity AS uuid) IS NOT NULL ORDER BY m.at""",
    "consents": """SELECT purpose, channel, granted, text, version, encode(text_hash, 'hex') AS text_hash, source, at
                   FROM consents WHERE contact_id = :card AND CAST(:identity AS uuid) IS NOT NULL ORDER BY at, id""",
    "requests": """SELECT number, state, opened_at, closed_at, amount, currency FROM leads
                   WHERE opened_by = :identity AND home_id = :card ORDER BY opened_at""",
    "messages": """SELECT m.direction, m.channel, m.subject, m.text, m.received_at AS at
                   FROM leads l JOIN messages m ON m.lead_id = l.id
                   WHERE l.home_id = :card AND m.identity_id = :identity ORDER BY m.received_at, m.id""",
}
"""By the card's leads, whose index finds the messages: there is none on who wrote them."""
