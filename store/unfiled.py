"""Who has the files that a mailing asks for on his own cards, for everybody at once: a part of a forecast's statement.

The same as `store.card_files.newest` finds for a few, with the names of fields as `store.mailing.values` reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Asked(NamedTuple):
    """A file without which nothing goes."""

    name: str
    """With * for anything; "" when a field of the card names the file."""
    field: str


def binds(asked: Sequence[Asked], carriers: Sequence[str]) -> dict[str, Any]:
    """What FILED and LACKS are executed with. `carriers`: the accounts that can carry files. Pure."""
    return {
        "asked_names": [one.name for one in asked],
        "asked_fields": [one.field for one in asked],
        "carriers": list(carriers) if asked else [],
    }


FILED = """asked AS MATERIALIZED (
    SELECT slot, field, replace(regexp_replace(lower(name), '([\\\\%_])', '\\\\\\1', 'g'), '*', '%') AS name_like
    FROM unnest(CAST(:asked_names AS text[]), CAST(:asked_fields AS text[])) WITH ORDINALITY AS a(name, field, slot)),
  named AS (
    SELECT DISTINCT ON (person, field) person, field, value FROM (
      SELECT DISTINCT ON (f.contact_id, f.field) coalesce(c.leader_id, c.id) AS person, f.field, f.value, f.at,
        c.leader_id IS NULL AS leads
      FROM field_values f JOIN contacts c ON c.id = f.contact_id
      WHERE f.field IN (SELECT field FROM asked WHERE field <> '')
      ORDER BY f.contact_id, f.field, f.at DESC, f.id DESC) AS latest
    WHERE value <> '' ORDER BY person, field, leads DESC, at DESC),
  filed AS (
    SELECT coalesce(c.leader_id, c.id) AS person, a.slot
    FROM asked a JOIN contact_files f ON lower(f.name) LIKE a.name_like JOIN contacts c ON c.id = f.contact_id
    WHERE a.field = ''
    UNION
    SELECT n.person, a.slot FROM asked a JOIN named n ON n.field = a.field
    JOIN contacts c ON coalesce(c.leader_id, c.id) = n.person
    JOIN contact_files f ON f.contact_id = c.id AND lower(f.name) = lower(btrim(n.value, E' \\t\\n\\r'))),
  complete AS (
    SELECT person FROM filed GROUP BY person HAVING count(*) = cardinality(CAST(:asked_names AS text[])))"""
"""CTEs up to `complete`: the leading cards of those who have every file that is asked for."""
LACKS = "w.channel = ANY(CAST(:carriers AS text[])) AND k.person IS NULL"
"""Whether `w.person`, with `complete` k joined from the left, goes without a file that his channel would carry."""
