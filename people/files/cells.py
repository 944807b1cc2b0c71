"""The rows of a sheet of an .xlsx, one at a time, as what their cells hold: texts, numbers, dates, yes and no."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import date, datetime, time, timedelta
from typing import IO

from people.files.xlsx import Attributes, Book, Broken, Strings, Text, Xml, gather, unescaped

Value = str | float | bool | date | time | timedelta
MOST_COLUMNS, MOST_ROWS = 16_384, 1_048_576
"""What a sheet has (Excel's own limits)."""
_DIGITS = "0123456789"


def rows(archive: zipfile.ZipFile, book: Book, sheet: str) -> Iterator[tuple[int, list[Value]]]:
    """(the row's number, its cells from column A on) of every row that holds something. Raises Broken."""
    with ExitStack() as stack:
        strings = stack.enter_context(Strings())
        if book.strings in archive.namelist():
            with archive.open(book.strings) as file:
                gather(strings, file)
        try:
            part = stack.enter_context(archive.open(book.parts.get(book.sheets[sheet], "")))
        except KeyError as error:
            raise Broken(f"the sheet {sheet} has no part") from error
        yield from Cells(book, strings).read(part)


class Cells:
    """Handlers of a sheet's elements. A million rows call them tens of millions of times: they do little."""

    def __init__(self, book: Book, strings: Strings) -> None:
        self._book, self._strings = book, strings
        self._xml = Xml(self._start, self._end)
        self._text = Text(self._xml)
        self._inline = False
        self._row = self._column = 0
        self._cells: list[Value] = []
        self._type = self._style = ""
        self._ready: list[tuple[int, list[Value]]] = []
        self._columns: dict[str, int] = {}

    def read(self, part: IO[bytes]) -> Iterator[tuple[int, list[Value]]]:
        """The rows of this part. Raises Broken."""
        for _ in self._xml.read(part):
            yield from self._ready
            self._ready.clear()
        yield from self._ready

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._column = self._place(attributes["r"]) if "r" in attributes else self._column + 1
        elif name == "v":
            self._text.begin()
            self._xml.text_to(self._text.take)
        elif name == "row":
            self._begin_row(attributes.get("r", ""))
        elif name == "is":
            self._inline = True
            self._text.begin()
        elif self._inline:
            self._text.start(name, attributes)

    def _end(self, name: str) -> None:
        if name == "v":
            self._xml.text_to(None)
            if text := self._text.raw():
                self._put(self._value(text))
        elif name == "row":
            if self._cells:
                self._ready.append((self._row, self._cells))
        elif name == "is":
            self._inline = False
            if self._type == "inlineStr":
                self._put(self._text.whole())
        elif self._inline:
            self._text.end(name)

    def _begin_row(self, said: str) -> None:
        number = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else self._row + 1
        if not self._row < number <= MOST_ROWS:
            raise Broken(f"row {number} stands behind row {self._row}")
        self._row, self._cells, self._column = number, [], 0

    def _place(self, reference: str) -> int:
        """ "AB12" -> 28. Raises Broken."""
        letters = reference.rstrip(_DIGITS)
        if (known := self._columns.get(letters)) is None:
            if not (letters.isascii() and letters.isalpha() and len(letters) < 4):
                raise Broken(f"there is no cell {reference[:20]}")
            known = 0
            for letter in letters.upper():
                known = known * 26 + ord(letter) - 64
            self._columns[letters] = known
        return known

    def _put(self, value: Value) -> None:
        if value == "":
            return
        missing = self._column - len(self._cells) - 1
        if missing < 0 or self._column > MOST_COLUMNS:
            raise Broken(f"column {self._column} of row {self._row} is out of its place")
        if missing:
            self._cells.extend([""] * missing)
        self._cells.append(value)

    def _value(self, text: str) -> Value:
        if self._type == "s":
            return self._strings.get(int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1)
        if self._type == "n":
            return self._number(text)
        if self._type == "b":
            return text.strip() not in ("0", "false")
        if self._type == "e":  # "#N/A" is nobody's name
            return ""
        return _day(text) if self._type == "d" else unescaped(text)

    def _number(self, text: str) -> Value:
        try:
            number = float(text)
        except ValueError:
            return text
        kinds, style = self._book.kinds, self._style
        kind = kinds[int(style)] if style.isascii() and style.isdigit() and int(style) < len(kinds) else ""
        if not kind:
            return number
        with suppress(OverflowError, ValueError):  # no day of our calendar: the number as it stands
            if kind == "elapsed":
                return _span(number)
            return moment(number, self._book.since_1904)
        return number


def moment(number: float, since_1904: bool = False) -> date | time:
    """The day, the day and time, or the time alone of a number of days (section 18.17.4.1). Pure.

    Raises OverflowError, ValueError for what no calendar has.
    """
    if number < 0:
        raise ValueError(number)
    if number < 1:
        return (datetime(1900, 1, 1) + _span(number)).time()  # noqa: DTZ001 - a cell has no zone
    number += 1462 if since_1904 else 0
    if number < 60:  # Excel believes in a 29 February 1900
        number += 1
    found = datetime(1899, 12, 30) + _span(number)  # noqa: DTZ001 - a cell has no zone
    return found.date() if found.time() == time() else found


def _span(days: float) -> timedelta:
    """To the millisecond: the numbers are no more exact."""
    return timedelta(milliseconds=round(days * 86_400_000))


def _day(text: str) -> Value:
    """ISO 8601, as a cell of type "d" holds it; what is none stays a text."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found.date() if "T" not in text else found
