"""What every reader gives: headers, and rows that can be gone through again and again.

A dry run and the import each go through the rows; an import that was stopped goes on after the row it stood at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple

from people.files.texts import Unreadable

MAX_FILE = 2 << 30
"""Bytes. A million rows of sixty columns, as Bitrix24 writes them, take about 600 MB."""
MAX_ROW = 1 << 17
"""Characters: of a line, and of a cell."""
MAX_COLUMNS = 1000
LIST = " ::: "
"""Between several values of one cell: Google's own sign, which stands in no address."""


def listed(values: Sequence[str]) -> str:
    """Several values in one cell; behind a lone one that other signs would part, LIST says that it is one."""
    lone = len(values) == 1 and any(sign in values[0] for sign in ",;|/\n")
    return LIST.join(values) + (LIST if lone else "")


class Row(NamedTuple):
    """One row of a file."""

    number: int
    """As a person counts: the row of the spreadsheet (the headers are row 1), or which card of the file."""
    values: tuple[str, ...]
    """One for each header; longer when the row has more cells than that and they are not all empty."""


@dataclass(kw_only=True)
class Progress:
    """How far the last going through has come, for a progress bar."""

    read: int = 0
    size: int = 0
    """Bytes."""


@dataclass(kw_only=True)
class Table:
    """An open file. Close it, or use it in `with`: a workbook is read by way of a temporary file."""

    format: str
    """"csv", "xlsx" or "vcard"."""
    headers: tuple[str, ...]
    """All different and none empty: "Phone", "Phone (2)", "Column 3"."""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    progress: Progress = field(default_factory=Progress)
    source: Callable[[], Iterator[Row]] = field(repr=False)
    closing: ExitStack = field(default_factory=ExitStack, repr=False)

    def rows(self, after: int = 0) -> Iterator[Row]:
        """From the first, or from behind the row of this number. Raises Unreadable."""
        return (row for row in self.source() if row.number > after) if after else self.source()

    def close(self) -> None:
        """Let go of temporary files. Twice is fine."""
        self.closing.close()

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def unique(headers: Iterable[str]) -> tuple[str, ...]:
    """The headers on one line each, with names for the empty ones and numbers for those that come twice."""
    names: dict[str, None] = {}
    for position, header in enumerate(headers, 1):
        name = first = " ".join(header.split()) or f"Column {position}"
        count = 1
        while name in names:
            count += 1
            name = f"{first} ({count})"
        names[name] = None
    return tuple(names)


def fit(number: int, cells: list[str], columns: int) -> Row:
    """The row, filled up to the headers. Raises Unreadable for more cells than any table has."""
    missing = columns - len(cells)
    if missing > 0:
        cells.extend([""] * missing)
    elif missing < 0:
        if len(cells) > MAX_COLUMNS:
            raise Unreadable("many_columns", row=number, limit=MAX_COLUMNS)
        if not any(cells[columns:]):
            del cells[columns:]
    return Row(number, tuple(cells))
