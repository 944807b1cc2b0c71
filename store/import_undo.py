"""Taking an import back: what it wrote goes, what came since stays."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import consents


class Undone(NamedTuple):
    """One piece of the work."""

    first: int
    """The first row of the file that was looked at; those before it come next."""
    removed: int
    """Cards that are gone."""
    kept: int
    """Cards that the import made and that stay, since something came to them."""


async def undo(connection: AsyncConnection, import_id: UUID, before: int | None, limit: int) -> Undone | None:
    """Take back the next rows, from the last one up; None when there are none left. Call with `merges.alone`.

    From the last, since a row claims only addresses of rows that stand before it: when a card's own row has its turn,
    no claim of this import holds the card any more.
    """
    found = (await connection.execute(_PIECE, {"id": import_id, "before": before, "limit": limit})).all()
    if not found:
        return None
    cards = sorted({r.contact_id for r in found if r.contact_id})
    values = {"ids": cards, "source": f"import:{import_id}", "id": import_id}
    await consents.rewriting(connection)
    for statement in _CONTENTS:
        await connection.execute(statement, values)
    removed = list((await connection.execute(_CARDS, values)).scalars())
    for statement in _REST:
        await connection.execute(statement, {"ids": removed})
    made = sorted({r.contact_id for r in found if r.contact_id and r.outcome != "changed"})
    kept = await connection.scalar(_KEPT, {"ids": made, "id": import_id})  # each card once: with the row that made it
    await connection.execute(_LOOK_AGAIN, values)
    return Undone(found[-1].row, len(removed), int(kept or 0))


_PIECE = text(
    """SELECT "row", contact_id, outcome FROM import_rows
       WHERE import_id = :id AND "row" < coalesce(CAST(:before AS bigint), 9223372036854775807)
       ORDER BY "row" DESC LIMIT :limit"""
)
_OURS = "contact_id = ANY(CAST(:ids AS uuid[])) AND source = :source"
_CONTENTS = (
    *(
        text(f"DELETE FROM {table} WHERE {_OURS}")
        for table in ("field_values", "contact_tags", "notes", "company_members", "consents", "claims")
    ),
    # An identity that the import made, that nobody else claims, nobody proved, and from which nothing came
    text(
        """DELETE FROM identities i WHERE i.home_id = ANY(CAST(:ids AS uuid[])) AND NOT i.proved
           AND i.contact_id IN (SELECT coalesce(leader_id, id) FROM contacts WHERE id = ANY(CAST(:ids AS uuid[])))
           AND NOT EXISTS (SELECT FROM claims c WHERE c.identity_id = i.id)
           AND NOT EXISTS (SELECT FROM leads l LEFT JOIN messages m ON m.lead_id = l.id
             WHERE l.contact_id = i.contact_id AND (l.opened_by = i.id OR m.identity_id = i.id))"""
    ),
)
_CARDS = text(
    """DELETE FROM contacts c WHERE c.id = ANY(CAST(:ids AS uuid[])) AND c.import_id = :id AND c.leader_id IS NULL
       AND NOT EXISTS (SELECT FROM contacts o WHERE o.leader_id = c.id)
       AND NOT EXISTS (SELECT FROM identities i WHERE i.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM claims x WHERE x.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM leads l WHERE l.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM field_values v WHERE v.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM contact_tags t WHERE t.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM notes n WHERE n.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM contact_files f WHERE f.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM consents k WHERE k.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM merges m WHERE (m.one = c.id OR m.other = c.id) AND m.undone_at IS NULL)
       RETURNING c.id"""
)
_REST = (
    text("DELETE FROM traits WHERE contact_id = ANY(CAST(:ids AS uuid[]))"),
    text("DELETE FROM suggestions WHERE one = ANY(CAST(:ids AS uuid[]))"),
    text("DELETE FROM suggestions WHERE other = ANY(CAST(:ids AS uuid[]))"),
)
_KEPT = text("SELECT count(*) FROM contacts WHERE id = ANY(CAST(:ids AS uuid[])) AND import_id = :id")
_LOOK_AGAIN = text("UPDATE contacts SET match_due = true WHERE id = ANY(CAST(:ids AS uuid[])) AND NOT match_due")
