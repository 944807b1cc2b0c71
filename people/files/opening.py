"""Any file of contacts, told by its content: the name says little (Bitrix24 calls a web page ".xls")."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from people.files.delimited import open_delimited
from people.files.encoding import detect
from people.files.table import MAX_FILE, Table
from people.files.texts import Unreadable
from people.files.vcards import open_vcards
from people.files.workbook import open_workbook

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""A zip archive; Microsoft's compound file."""
_OTHERS = (b"%PDF", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"\x89PNG", b"\xff\xd8\xff")
_CARD = re.compile(r"\s*BEGIN:VCARD\s", re.IGNORECASE)
_PAGE = re.compile(r"\s*<(!doctype html|html|head|meta|table)\b", re.IGNORECASE)


def open_table(
    path: str | Path, *, encoding: str = "", delimiter: str = "", sheet: str = "", header: bool | None = None
) -> Table:
    """Open a CSV, a workbook or vCards. What is not said is detected. Raises Unreadable.

    `header`: whether the first row names the columns; None looks at it. Close the table, or use it in `with`.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(512)
        if size > MAX_FILE:
            raise Unreadable("too_large", limit=MAX_FILE >> 20)
        return _open(path, head, encoding=encoding, delimiter=delimiter, sheet=sheet, header=header)
    except OSError as error:
        raise Unreadable("absent", name=path.name) from error


def _open(path: Path, head: bytes, *, encoding: str, delimiter: str, sheet: str, header: bool | None) -> Table:
    if head.startswith(_WORKBOOKS):
        return open_workbook(path, sheet=sheet, header=header)
    if head.startswith(_OTHERS):
        raise Unreadable("binary")
    encoding = _known(encoding) or detect(path)
    with path.open(encoding=encoding, errors="replace") as file:
        start = file.read(256)
    if _CARD.match(start):
        return open_vcards(path, encoding)
    if _PAGE.match(start):
        raise Unreadable("web_page")
    return open_delimited(path, encoding, delimiter=delimiter, header=header)


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name if encoding else ""
    except (LookupError, ValueError) as error:
        raise Unreadable("no_encoding", encoding=repr(encoding)) from error
