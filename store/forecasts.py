"""What `store.expansion` would make of everybody, as figures, without writing a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import unfiled
from store.expansion import EVERYBODY, LAST, NO_ONE, ROWS, Expansion, statement_of, times_of, values_of
from store.unfiled import Asked


class Share(NamedTuple):
    """So many people get it by this channel from this provider, or not, for this reason."""

    channel: str
    provider: str
    code: str
    """Empty: they get it."""
    people: int
    before: int
    """Of them so many were sent the broadcast that it is compared with."""


async def forecast(
    connection: AsyncConnection,
    expansion: Expansion,
    before: UUID | None = None,
    *,
    files: Sequence[Asked] = (),
    carriers: Sequence[str] = (),
) -> list[Share]:
    """What `expand` would make of everybody, without writing a row. `before`: a broadcast to compare it with.

    `files`: those of the people's own without which nothing goes by these accounts, as the sender looks for them.
    """
    await connection.execute(_MEMORY)
    values = {**values_of(expansion, NO_ONE, LAST, EVERYBODY), "before": before}
    if files:
        values |= unfiled.binds(files, carriers)
    rows = await connection.execute(statement_of(ROWS + (_WITH_FILES if files else _FORECAST), expansion), values)
    return [Share(*row) for row in rows]


_MEMORY = text("SET LOCAL work_mem = '128MB'")
_FORECAST = """
  SELECT w.channel, w.provider, coalesce(w.barred, ''), count(*), count(*) FILTER (WHERE EXISTS (
    SELECT FROM deliveries d WHERE d.contact_id = w.person AND d.broadcast_id = CAST(:before AS uuid)
      AND d.state NOT IN ('skipped', 'pending')))
  FROM placed w GROUP BY 1, 2, 3 ORDER BY 3, 4 DESC"""


_WITH_FILES = f""",
  {unfiled.FILED},
  checked AS (
    SELECT w.person, w.channel, w.provider,
      coalesce(w.barred, CASE WHEN {unfiled.LACKS} THEN 'no_file' END) AS barred
    FROM placed w LEFT JOIN complete k ON k.person = w.person){_FORECAST.replace("placed", "checked")}"""


class Held(NamedTuple):
    """Those of the people who get it, but not when it begins, or not at all after all."""

    later: int
    """Their own clock puts them off."""
    latest: datetime | None
    """When the last one of these is due."""
    capped: int
    """They have had as many mailings as the cap allows."""


async def held(connection: AsyncConnection, expansion: Expansion, since: datetime, cap: int | None) -> Held:
    """Who of everybody would be put off by his clock, or had `cap` mailings (over all broadcasts) since then."""
    await connection.execute(_MEMORY)
    values = {**values_of(expansion, NO_ONE, LAST, EVERYBODY), **times_of(expansion.times), "from": since, "cap": cap}
    return Held(*(await connection.execute(statement_of(ROWS + _HELD, expansion), values)).one())


_HELD = """
  SELECT count(*) FILTER (WHERE t.due > CAST(:at AS timestamptz)),
    max(t.due) FILTER (WHERE t.due > CAST(:at AS timestamptz)),
    count(*) FILTER (WHERE CAST(:cap AS integer) IS NOT NULL AND (
      SELECT count(*) FROM deliveries d WHERE d.contact_id = w.person AND d.broadcast_id IS NOT NULL
        AND (d.state = 'sending' OR (d.state = 'unknown' AND coalesce(d.offered_at, d.due_at) > :from)
          OR (d.sent_at > :from AND d.state IN ('sent', 'delivered', 'read', 'failed')))) >= CAST(:cap AS integer))
  FROM placed w CROSS JOIN LATERAL (SELECT {zone} AS zone) z CROSS JOIN LATERAL (SELECT {due} AS due) t
  WHERE w.barred IS NULL"""
