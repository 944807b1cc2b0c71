"""Forgetting a person: what names him goes, what counts and proves stays.

Rows that others point at stay as empty shells; deliveries, leads and merges keep their ids, states and times.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.opt_outs import Pair
from store.pictures import SHOWN

GONE = "erased"
"""Where an address stood."""
_CARDS = "= ANY(CAST(:cards AS uuid[]))"
_THEIRS = "= ANY(CAST(:identities AS uuid[]))"


class Held(NamedTuple):
    """An address on the cards that are to be erased."""

    identity: UUID
    pair: Pair
    shared: bool


async def held(connection: AsyncConnection, cards: Sequence[UUID]) -> list[Held]:
    """The addresses on these cards, former ones too."""
    rows = await connection.execute(_HELD, {"cards": list(cards)})
    return [Held(row.id, (row.kind, row.value), row.shared) for row in rows]


_HELD = text(
    f"""SELECT i.id, i.kind, i.value, coalesce(s.shared, false) OR EXISTS (
          SELECT FROM identities o WHERE o.kind = i.kind AND o.value = i.value AND NOT o.home_id {_CARDS}) AS shared
        FROM identities i LEFT JOIN shared_addresses s ON s.kind = i.kind AND s.value = i.value
        WHERE i.home_id {_CARDS} AND i.kind <> 'unreadable' ORDER BY i.id"""
)


async def files(connection: AsyncConnection, cards: Sequence[UUID], identities: Sequence[UUID]) -> list[str]:
    """Keys of the files that hang on these cards and messages, or were sent to them by other programs, and on nothing
    else: others may have sent or got the same, and mailings show it.

    Reads all messages once: nobody is erased often enough for an index on their files.
    """
    rows = await connection.execute(_FILES, {"cards": list(cards), "identities": list(identities)})
    return list(rows.scalars())


_IN_FACTS = """jsonb_path_query(m.facts, '$.**.key ? (@.type() == "string")') #>> '{}'"""
_SENT = """file ->> 'key' FROM deliveries m CROSS JOIN LATERAL jsonb_array_elements(
              CASE WHEN jsonb_typeof(m.facts -> 'files') = 'array' THEN m.facts -> 'files' ELSE '[]' END) AS file"""
_FILES = text(
    f"""WITH theirs AS (
          SELECT key FROM contact_files WHERE contact_id {_CARDS}
          UNION SELECT {_IN_FACTS} FROM messages m WHERE m.identity_id {_THEIRS}
          UNION SELECT {_SENT} WHERE m.contact_id {_CARDS} AND m.purpose IN ('message', 'test'))
        SELECT key FROM theirs t WHERE key ~ '^[0-9a-f]{{64}}$'
          AND NOT EXISTS (SELECT FROM contact_files f WHERE f.key = t.key AND NOT f.contact_id {_CARDS})
          AND t.key NOT IN (
            SELECT {_IN_FACTS} FROM messages m WHERE m.identity_id IS NULL OR NOT m.identity_id {_THEIRS})
          AND t.key NOT IN (
            SELECT {_SENT} WHERE m.purpose = 'message' AND (m.contact_id IS NULL OR NOT m.contact_id {_CARDS}))
          AND t.key NOT IN ({SHOWN})"""
)


async def blank(
    connection: AsyncConnection, cards: Sequence[UUID], found: Sequence[Held], at: datetime
) -> dict[str, int]:
    """Empty every table of what names them; table -> rows. Receipts and refusals are `people.erasure`'s."""
    values: dict[str, Any] = {
        "cards": list(cards),
        "identities": [one.identity for one in found],
        "values": [one.pair[1] for one in found if not one.shared],
        "at": at,
    }
    counts: dict[str, int] = {}
    for table, statement in _BLANK:
        done = (await connection.execute(text(statement), _only(statement, values))).rowcount
        counts[table] = counts.get(table, 0) + done
    return {table: count for table, count in counts.items() if count}


def _only(statement: str, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if f":{name}" in statement}


_BLANK: Sequence[tuple[str, str]] = (
    *((t, f"DELETE FROM {t} WHERE contact_id {_CARDS}") for t in ("field_values", "contact_tags", "company_members")),
    *((t, f"DELETE FROM {t} WHERE contact_id {_CARDS}") for t in ("notes", "contact_files", "traits")),
    ("claims", f"DELETE FROM claims WHERE contact_id {_CARDS} OR identity_id {_THEIRS}"),
    ("suggestions", f"DELETE FROM suggestions WHERE one {_CARDS} OR other {_CARDS}"),
    ("consent_requests", f"DELETE FROM consent_requests WHERE contact_id {_CARDS}"),
    ("import_rows", f"UPDATE import_rows SET facts = '{{}}' WHERE contact_id {_CARDS}"),
    ("links", f"DELETE FROM links l USING messages m WHERE l.message_id = m.id AND m.identity_id {_THEIRS}"),
    (
        "links",
        f"""DELETE FROM links l USING identities i
            WHERE l.address_kind = i.kind AND l.address = i.value AND i.id {_THEIRS}""",
    ),
    (
        "messages",
        f"""UPDATE messages SET subject = NULL, text = '', facts = '{{}}', ref = '', thread = '',
              external_id = '{GONE}:' || id
            WHERE identity_id {_THEIRS}""",
    ),
    (
        "deliveries",
        f"""UPDATE deliveries SET address = '{GONE}', facts = '{{}}', external_id = NULL,
              state = CASE WHEN state = 'pending' THEN 'skipped' ELSE state END,
              reason = CASE WHEN state = 'pending' THEN '{GONE}' ELSE reason END, next_at = NULL
            WHERE contact_id {_CARDS} AND address = ANY(CAST(:values AS text[]))""",
    ),
    (
        "deliveries",
        f"""UPDATE deliveries d SET address = '{GONE}', facts = '{{}}', external_id = NULL,
              state = CASE WHEN state = 'pending' THEN 'skipped' ELSE state END
            FROM messages m WHERE d.message_id = m.id AND m.identity_id {_THEIRS} AND d.staff_id IS NULL""",
    ),
    (
        "leads",
        f"""UPDATE leads SET state = CASE WHEN state = 'open' THEN 'lost' ELSE state END,
              closed_at = coalesce(closed_at, :at)
            WHERE home_id {_CARDS}""",
    ),
    ("events", f"UPDATE events SET data = '{{}}' WHERE contact_id {_CARDS} AND kind NOT LIKE 'consent.%'"),
    (
        "identities",
        f"""UPDATE identities SET kind = 'unreadable', value = '{GONE}:' || id, variant = '', name = NULL,
              proved = false
            WHERE id {_THEIRS}""",
    ),
    ("contacts", f"UPDATE contacts SET match_due = false WHERE id {_CARDS}"),
)
"""In this order: deliveries are found by messages, messages by identities. Each by an index."""
