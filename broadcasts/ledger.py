"""The recipients of a broadcast, page by page, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

from broadcasts.plan import MOST_STEPS
from broadcasts.words import code_said, outcome_said
from people.files.write import guarded
from store import outcomes
from store.engine import Connection, Database
from store.outcomes import Recipient

PAGE = 2000
"""Rows of the file that are read at once."""
_TIMES = ("due_at", "sent_at", "reported_at", "opened_at", "clicked_at", "answered_at", "left_at", "complained_at")
COLUMNS = ("contact", "channel", "address", "step", "outcome", "said", "code", "why", "reason", *_TIMES)


async def page(
    connection: Connection,
    broadcast: UUID,
    *,
    outcome: str | None = None,
    code: str | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> tuple[list[Recipient], UUID | None]:
    """About `limit` rows of whole people, and the person after whom the next page begins; None: there is none."""
    most = limit + MOST_STEPS
    rows = await outcomes.recipients(connection, broadcast, outcome=outcome, code=code, after=after, limit=most)
    if len(rows) < most:
        return rows, None
    whole = [row for row in rows if row.contact != rows[-1].contact]
    return whole, whole[-1].contact


async def text(
    database: Database,
    broadcast: UUID,
    *,
    outcome: str | None = None,
    code: str | None = None,
    addresses: bool = False,
    language: str = "en",
) -> AsyncIterator[str]:
    """The file as CSV, piece by piece in constant memory; without `addresses` that column is empty.

    A cell that a spreadsheet would take for a formula gets an apostrophe. Each page is as of its own moment.
    """
    yield "\ufeff" + _csv([COLUMNS])
    after: UUID | None = None
    while True:
        async with database.begin() as connection:
            rows, after = await page(connection, broadcast, outcome=outcome, code=code, after=after, limit=PAGE)
        if rows:
            yield _csv([_cells(row, addresses, language) for row in rows])
        if after is None:
            return


def _cells(row: Recipient, addresses: bool, language: str) -> list[str]:
    said = [outcome_said(row.outcome, language), row.code or "", code_said(row.code or "", language), row.reason or ""]
    first = [str(row.contact), row.channel, row.address if addresses else "", str(row.step), row.outcome]
    return [*map(guarded, (*first, *said)), *(_time(getattr(row, name)) for name in _TIMES)]


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()
