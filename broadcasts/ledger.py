"""The recipients of a broadcast, page by page, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

from broadcasts.lifecycle import Refused
from broadcasts.plan import MOST_STEPS
from broadcasts.words import CODES, code_said, outcome_said
from people.files.write import guarded
from people.person import persons
from store import outcomes
from store.engine import Connection, Database
from store.outcomes import Recipient

PAGE = 2000
"""Rows of the file that are read at once."""
_TIMES = ("due_at", "sent_at", "reported_at", "opened_at", "clicked_at", "answered_at", "left_at", "complained_at")
COLUMNS = ("contact", "name", "channel", "address", "step", "outcome", "said", "code", "why", "reason", *_TIMES)


async def page(
    connection: Connection,
    broadcast: UUID,
    *,
    outcome: str | None = None,
    code: str | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> tuple[list[Recipient], UUID | None]:
    """About `limit` rows of whole people, and the person after whom the next page begins; None: there is none.

    Raises Refused for a code that no row can have: that nobody has it would be no answer.
    """
    require_code(code)
    most = limit + MOST_STEPS
    rows = await outcomes.recipients(connection, broadcast, outcome=outcome, code=code, after=after, limit=most)
    if len(rows) < most:
        return rows, None
    whole = [row for row in rows if row.contact != rows[-1].contact]
    return whole, whole[-1].contact


def require_code(code: str | None) -> None:
    """Raise Refused, with those that there are, for what is no code. Pure."""
    if code and code not in CODES:
        known = ", ".join(sorted(CODES))
        raise Refused("code", f"there is no code {code}; there are {known}", wanted=code, known=known)


async def text(
    database: Database,
    broadcast: UUID,
    *,
    outcome: str | None = None,
    code: str | None = None,
    addresses: bool = False,
    language: str = "en",
) -> AsyncIterator[str]:
    """The file as CSV, piece by piece in constant memory; without `addresses` nobody's name and address stand in it.

    A cell that a spreadsheet would take for a formula gets an apostrophe. Each page is as of its own moment.
    """
    yield "\ufeff" + _csv([COLUMNS])
    after: UUID | None = None
    while True:
        async with database.begin() as connection:
            rows, after = await page(connection, broadcast, outcome=outcome, code=code, after=after, limit=PAGE)
            known = await persons(connection, {row.contact for row in rows}) if addresses else {}
        if rows:
            names = {person: one.name for person, one in known.items()}
            yield _csv([_cells(row, names.get(row.contact, ""), addresses, language) for row in rows])
        if after is None:
            return


def _cells(row: Recipient, name: str, addresses: bool, language: str) -> list[str]:
    said = [outcome_said(row.outcome, language), row.code or "", code_said(row.code or "", language), row.reason or ""]
    first = [str(row.contact), name, row.channel, row.address if addresses else "", str(row.step), row.outcome]
    return [*map(guarded, (*first, *said)), *(_time(getattr(row, name)) for name in _TIMES)]


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()
