"""A sheet of a workbook into a CSV file. A program of its own, which ends.

An .xlsx is read cell by cell in constant memory (people.files.cells); of the other formats the library holds the whole
sheet. Started by `people.files.workbook` with a limit of memory, so that the long-lived process stays small and goes on
with its work. Arguments: the workbook, the sheet or "", the file to write. Prints the sheets, the one taken first. Ends
with 3 when it is not there.
"""

from __future__ import annotations

import csv
import json
import resource
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, time
from pathlib import Path

import python_calamine

from people.files import cells, xlsx

MAX_MEMORY = 3 << 30
"""Bytes of address space. Of an old .xls the library holds a whole sheet: 65,536 rows at most."""
MAX_CELLS = 200_000_000
"""Empty ones too: a lone cell far to the right takes a few bytes in a workbook, and a long line when it is written."""
Rows = Iterator[tuple[int, Sequence[object]]]


def written(cell: object) -> str:
    """The value as a person wrote it: whole numbers without a point, dates as ISO 8601."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e17 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    return str(cell)


def main(source: str, wanted: str, target: str) -> int:
    """Write the sheet, keeping the numbers of its rows."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    names, rows_of = _xlsx(source) if is_xlsx(source) else _other(source)
    if not names or (wanted and wanted not in names):
        sys.stdout.write(json.dumps(names))
        return 3
    chosen = wanted or names[0]
    _write(rows_of(chosen), Path(target))
    sys.stdout.write(json.dumps([chosen, *(name for name in names if name != chosen)]))
    return 0


def is_xlsx(source: str) -> bool:
    """Whether it is a workbook of XML: an .xlsb has the same archive, and binary sheets."""
    if not zipfile.is_zipfile(source):
        return False
    with zipfile.ZipFile(source) as archive:
        names = archive.namelist()
    return "[Content_Types].xml" in names and not any(name.endswith("workbook.bin") for name in names)


def _xlsx(source: str) -> tuple[list[str], Callable[[str], Rows]]:
    archive = zipfile.ZipFile(source)
    book = xlsx.opened(archive)
    return list(book.sheets), lambda sheet: cells.rows(archive, book, sheet)


def _other(source: str) -> tuple[list[str], Callable[[str], Rows]]:
    book = python_calamine.load_workbook(source)
    return book.sheet_names, lambda sheet: enumerate(book.get_sheet_by_name(sheet).iter_rows(), 1)


def _write(rows: Iterable[tuple[int, Sequence[object]]], target: Path) -> None:
    with target.open("w", encoding="utf-8", errors="replace", newline="") as file:
        out, last, count = csv.writer(file), 0, 0
        for number, row in rows:
            count += len(row)
            if count > MAX_CELLS:
                raise xlsx.Broken(f"the sheet has more than {MAX_CELLS:,} cells")
            file.write("\r\n" * (number - last - 1))
            out.writerow([written(cell) for cell in row])
            last = number


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except xlsx.Broken as error:
        sys.exit(str(error))
