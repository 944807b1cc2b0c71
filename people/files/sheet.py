"""A sheet of a workbook into a CSV file. A program of its own: it holds the whole sheet, and ends.

Started by `people.files.workbook` with a limit of memory, so that the long-lived process stays small. Arguments: the
workbook, the sheet or "", the file to write. Prints the sheets, the one taken first. Ends with 3 when it is not there.
"""

from __future__ import annotations

import csv
import json
import resource
import sys
from datetime import datetime, time
from pathlib import Path

import python_calamine

MAX_MEMORY = 3 << 30
"""Bytes of address space. A million rows of seven columns take 650 MB."""


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
    book = python_calamine.load_workbook(source)
    names = book.sheet_names
    if wanted and wanted not in names:
        sys.stdout.write(json.dumps(names))
        return 3
    chosen = wanted or names[0]
    sheet = book.get_sheet_by_name(chosen)
    with Path(target).open("w", encoding="utf-8", errors="replace", newline="") as file:
        out = csv.writer(file)
        out.writerows([] for _ in range(sheet.start[0] if sheet.start else 0))
        out.writerows([written(cell) for cell in row] for row in sheet.iter_rows())
    sys.stdout.write(json.dumps([chosen, *(name for name in names if name != chosen)]))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
