"""Tables as text: CSV with any delimiter (RFC 4180, and what spreadsheets make of it)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import partial
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from people.files.table import MAX_COLUMNS, MAX_ROW, Progress, Row, Table, fit, unique
from people.files.texts import Unreadable

_DELIMITERS = ",;\t|"
_LOOKED_AT = 50
"""Rows by which the delimiter is told."""
_SEP = re.compile(r"(?i)sep=(.)\r?\n?")
"""Excel's own first line."""
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
"""What our writer, and careful people, put before a cell that a spreadsheet would take for a formula."""
_DATA = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|\+?[\d\s()\-.]{7,25}")
"""A cell of this form is no header."""


def open_delimited(path: Path, encoding: str, *, delimiter: str = "", header: bool | None = None) -> Table:
    """The table. `header=None` looks whether the first row is one. Raises Unreadable."""
    delimiter = delimiter or _delimiter(path, encoding)
    progress = Progress(size=path.stat().st_size)
    read = partial(_records, path, encoding, delimiter)
    first = next(read(Progress()), None)
    if first is None:
        raise Unreadable("no_rows")
    number, cells = first
    if len(cells) > MAX_COLUMNS:
        raise Unreadable("many_columns", row=number, limit=MAX_COLUMNS)
    named = not any(_DATA.fullmatch(cell) for cell in cells) if header is None else header
    headers = unique(cells if named else [""] * len(cells))

    def rows() -> Iterator[Row]:
        records = islice(read(progress), 1 if named else 0, None)
        return (fit(number, cells, len(headers)) for number, cells in records)

    return Table(format="csv", headers=headers, encoding=encoding, delimiter=delimiter, progress=progress, source=rows)


def _records(path: Path, encoding: str, delimiter: str, progress: Progress) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, by number."""
    with path.open("rb") as raw, TextIOWrapper(raw, encoding, "replace", newline="") as file:
        number = 0
        try:
            for number, cells in enumerate(csv.reader(_lines(file, delimiter), delimiter=delimiter), 1):
                if not any(cells) or not any(cell.strip() for cell in cells):
                    continue
                if number % 256 == 0:
                    progress.read = raw.tell()
                yield number, _unguarded(cells)
        except csv.Error as error:
            raise Unreadable("long_row", row=number + 1, limit=MAX_ROW) from error
        progress.read = progress.size


def _lines(file: TextIO, delimiter: str) -> Iterator[str]:
    first = file.readline(MAX_ROW)
    begun = _SEP.fullmatch(first)
    lines = iter(partial(file.readline, MAX_ROW), "")
    for line in chain([] if begun and begun[1] == delimiter else [first], lines):
        if len(line) >= MAX_ROW:
            raise csv.Error("a line without an end")
        yield line.replace("\0", "") if "\0" in line else line  # PostgreSQL's text cannot hold it


def _unguarded(cells: list[str]) -> list[str]:
    if "'" not in "".join(cells):
        return cells
    return [cell[1:] if _GUARDED.match(cell) else cell for cell in cells]


def _delimiter(path: Path, encoding: str) -> str:
    """The one that parts the first rows into the same number of cells; more cells win."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = [file.readline(MAX_ROW) for _ in range(_LOOKED_AT)]
    if (said := _SEP.fullmatch(sample[0])) and said[1] in _DELIMITERS:
        return said[1]
    return max(_DELIMITERS, key=partial(_agreement, [line for line in sample if line.strip()]))


def _agreement(sample: list[str], delimiter: str) -> tuple[float, int]:
    try:
        counts = [len(cells) for cells in csv.reader(sample, delimiter=delimiter)]
    except csv.Error:
        return 0.0, 0
    if not counts or counts[0] < 2:
        return 0.0, 0
    return round(counts.count(counts[0]) / len(counts), 1), counts[0]
