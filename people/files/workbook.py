"""Workbooks: XLSX, and XLSB, XLS, ODS alike.

A short-lived process reads the sheet into a temporary CSV file, under a limit of memory and time; from there the rows
come one at a time. So neither XML nor a fault of the library for the older formats meets the process that routes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from people.files.delimited import open_delimited
from people.files.table import Table
from people.files.texts import Unreadable

MAX_UNPACKED = 2 << 30
"""Bytes: a million rows of ten columns unpack to about 600 MB."""
_MAX_RATIO = 300
"""Repetitive sheets shrink to a fiftieth; bombs to a thousandth."""
_SMALL = 64 << 20
"""Bytes, below which the ratio is nobody's concern."""
_SECONDS = 1800


def open_workbook(path: Path, *, sheet: str = "", header: bool | None = None) -> Table:
    """The sheet of this name, or the first. Raises Unreadable."""
    if zipfile.is_zipfile(path):
        _refuse_bomb(path)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="leadwire-sheet-"))
        spooled = Path(folder) / "sheet.csv"
        names = _spool(path, sheet, spooled)
        table = open_delimited(spooled, "utf-8", delimiter=",", header=header)
        return replace(
            table,
            format="xlsx",
            encoding="",
            delimiter="",
            sheet=names[0],
            sheets=tuple(names),
            closing=stack.pop_all(),
        )


def _refuse_bomb(path: Path) -> None:
    """By what the archive says of itself; the limit of memory holds where it lies."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Unreadable("bad_workbook", why=error) from error
    if unpacked > MAX_UNPACKED or (unpacked > _SMALL and unpacked > _MAX_RATIO * path.stat().st_size):
        raise Unreadable("bomb", limit=MAX_UNPACKED >> 20)


def _spool(path: Path, sheet: str, target: Path) -> list[str]:
    """The names of the sheets, that of the written one first."""
    program = Path(__file__).with_name("sheet.py")
    command = [sys.executable, "-P", str(program), str(path.resolve()), sheet, str(target)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - our program
    except subprocess.TimeoutExpired as error:
        raise Unreadable("bad_workbook", why=f"{_SECONDS} s") from error
    except ValueError as error:  # a NUL in the sheet's name
        raise Unreadable("no_sheet", sheet=repr(sheet), sheets="") from error
    if done.returncode == 3:
        raise Unreadable("no_sheet", sheet=sheet, sheets=", ".join(json.loads(done.stdout)))
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise Unreadable("bad_workbook", why=last[0][:200] if last else f"exit {done.returncode}")
    names: list[str] = json.loads(done.stdout)
    return names
