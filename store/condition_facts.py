"""The facts that conditions ask for, of a few persons: the same rows that `condition_sql` counts for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.condition_rows import ADDRESSES, EVENTS, MAILINGS, REACHABLE, Source


class Happened(NamedTuple):
    """Something that happened."""

    event: str
    card: UUID
    at: datetime
    channel: str | None
    broadcast: UUID | None
    link: int | None
    amount: Decimal | None
    currency: str | None


async def happened(connection: AsyncConnection, cards: Sequence[UUID]) -> list[Happened]:
    """All that ever happened to these cards, and may be asked for."""
    return [Happened(*row) for row in await connection.execute(_HAPPENED, {"ids": list(cards)})]


_NARROWED = {"channel": "text", "broadcast": "uuid", "link": "smallint", "amount": "numeric", "currency": "text"}


def _rows(event: str, source: Source) -> str:
    narrowed = ", ".join(source.params.get(name, f"CAST(NULL AS {type_})") for name, type_ in _NARROWED.items())
    return f"""SELECT '{event}', {source.card}, {source.at}, {narrowed} FROM {source.rows}
        WHERE {source.where} AND {source.card} = ANY(CAST(:ids AS uuid[]))"""


_HAPPENED = text(
    " UNION ALL ".join(
        _rows("clicked" if event == "clicked_link" else event, source) for event, source in EVENTS.items()
    )
)


async def reachable(connection: AsyncConnection, persons: Sequence[UUID]) -> set[tuple[UUID, str]]:
    """(person, channel) of those that have an address there that is not stopped."""
    rows = await connection.execute(_REACHABLE, {"ids": list(persons)})
    channels = {kind: channel for channel, kind in REACHABLE.items()}
    return {(row[0], channels[row[1]]) for row in rows if row[1] in channels}


_REACHABLE = text(
    f"""SELECT DISTINCT i.contact_id, i.kind FROM {ADDRESSES} AND i.contact_id = ANY(CAST(:ids AS uuid[]))"""
)


async def mailings(connection: AsyncConnection, cards: Sequence[UUID]) -> list[tuple[UUID, datetime, bool]]:
    """(person, when, whether he opened it) of each broadcast that reached these cards."""
    rows = await connection.execute(_MAILINGS, {"ids": list(cards)})
    return [(row.person, row.at, row.opened) for row in rows]


_MAILINGS = text(MAILINGS.format(among="AND r.contact_id = ANY(CAST(:ids AS uuid[]))"))
