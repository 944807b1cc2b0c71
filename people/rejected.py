"""The rows that an import rejected, as a file to correct and to import again."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from people.draft import Rejection
from people.files.texts import Reason, Unreadable
from people.files.write import write_rejected
from people.importing import Refused, opened, source_of
from store import imports
from store.engine import Database

PAGE = 1000


async def text(database: Database, import_id: UUID, language: str = "en") -> AsyncIterator[str]:
    """The file, piece by piece, UTF-8; nothing at all when no row was rejected. Raises Refused.

    Its columns are named as in the imported file, while that is still there, and are numbered else.
    """
    async with database.begin() as connection:
        found = await imports.get(connection, import_id)
    if found is None:
        raise Refused(f"there is no import {import_id}")
    after, head = 0, ""
    while page := await _page(database, import_id, after):
        if not head:
            headers, delimiter = _headers(found, len(page[0].values))
            head = _written(headers, (), language, delimiter)
            yield head
        yield _written(headers, page, language, delimiter)[len(head) :]
        after = page[-1].row


async def _page(database: Database, import_id: UUID, after: int) -> list[Rejection]:
    async with database.begin() as connection:
        rows = await imports.rows(connection, import_id, outcome="rejected", after=after, limit=PAGE)
    return [_rejection(row.row, row.facts) for row in rows]


def _rejection(row: int, facts: Mapping[str, Any]) -> Rejection:
    details = tuple(reason_of(one) for one in facts.get("details", ()))
    return Rejection(row=row, reason=reason_of(facts["reason"]), values=tuple(facts["values"]), details=details)


def reason_of(stored: Sequence[Any]) -> Reason:
    """A reason as JSON gives it back. Pure."""
    key, facts = stored
    return Reason(key, tuple((name, value) for name, value in facts))


def _headers(found: imports.Import, columns: int) -> tuple[Sequence[str], str]:
    if told := found.options.get("columns"):
        return told, found.options.get("delimiter") or ","
    try:
        with opened(source_of(found)) as table:
            return table.headers, table.delimiter or ","
    except Unreadable:
        return [f"Column {number}" for number in range(1, columns + 1)], ","


def _written(headers: Sequence[str], rejected: Iterable[Rejection], language: str, delimiter: str) -> str:
    out = io.StringIO(newline="")
    write_rejected(out, headers, rejected, language, delimiter)
    return out.getvalue()
