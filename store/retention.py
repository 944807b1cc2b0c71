"""Letting go of what is old: counted first, removed in portions, so that nobody waits for it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class Period(NamedTuple):
    """Everything of a kind that is older."""

    kind: str
    """messages, leads, events."""
    before: datetime


AT_ONCE = 5_000
_LEADS = """SELECT id FROM leads WHERE state <> 'open' AND closed_at < :before AND under_id IS NULL
            AND NOT EXISTS (SELECT FROM leads u WHERE u.under_id = leads.id)"""
_OLD = {
    "messages": """SELECT m.id FROM messages m LEFT JOIN leads l ON l.id = m.lead_id
                   WHERE m.received_at < :before AND coalesce(l.state, '') <> 'open'""",
    "leads": _LEADS,
    "events": """SELECT id FROM events WHERE at < :before AND kind NOT LIKE 'consent.%' AND kind <> 'contact.erased'""",
}
"""Never what is open, and never who agreed, refused or was erased: that is the proof."""


async def count(connection: AsyncConnection, period: Period) -> int:
    """How many there are."""
    found = await connection.scalar(text(f"SELECT count(*) FROM ({_OLD[period.kind]}) AS o"), {"before": period.before})
    return int(found or 0)


async def remove(connection: AsyncConnection, period: Period, limit: int = AT_ONCE) -> int:
    """Remove up to `limit` of them, with what hangs on them; how many."""
    ids = (
        await connection.execute(
            text(f"{_OLD[period.kind]} ORDER BY 1 LIMIT :limit"), {"before": period.before, "limit": limit}
        )
    ).scalars()
    values = {"ids": list(ids)}
    for statement in _REMOVE[period.kind] if values["ids"] else ():
        await connection.execute(text(statement), values)
    return len(values["ids"])


_THEIRS = "= ANY(CAST(:ids AS uuid[]))"
_REMOVE = {
    "messages": (f"DELETE FROM messages WHERE id {_THEIRS}",),
    "leads": (
        f"DELETE FROM messages WHERE lead_id {_THEIRS}",
        f"DELETE FROM assignments WHERE lead_id {_THEIRS}",
        f"DELETE FROM deliveries WHERE lead_id {_THEIRS} AND broadcast_id IS NULL",
        f"DELETE FROM leads WHERE id {_THEIRS}",
    ),
    "events": (f"DELETE FROM events WHERE id {_THEIRS}",),
}
