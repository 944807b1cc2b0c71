"""A sheet of an .xlsx, cell by cell, in constant memory (ECMA-376, part 1, section 18).

The sheet's XML is read in pieces, and the shared strings lie in a temporary file, which is mapped: eight bytes of each
stay in memory, and nothing else grows with the sheet. XML with a document type, the only place where entities
are declared and so bombs are made of, is refused, as the standard forbids it (part 2, section 8.1.4).
"""

from __future__ import annotations

import mmap
import posixpath
import re
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO
from xml.parsers import expat

LONGEST = 1 << 17
"""Characters of a cell; Excel writes at most 32,767."""
_PIECE = 1 << 16
_DATES = frozenset({*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)})
"""Number formats that show dates and times (section 18.8.30)."""
_NOT_SIGNS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_SIGNS = re.compile(r"[dmyhs]", re.IGNORECASE)
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Broken(Exception):
    """This is no sheet that can be read, in words."""


Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str], None]


class Xml:
    """Hands the elements of a stream of XML to handlers, by their names without a prefix."""

    def __init__(self, start: Start, end: End) -> None:
        self._start, self._end = start, end
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._root
        self._parser.StartDoctypeDeclHandler = _refuse

    def text_to(self, take: Callable[[str], object] | None) -> None:
        """Where text goes; None lets it go."""
        self._parser.CharacterDataHandler = take

    def read(self, file: IO[bytes]) -> Iterator[None]:
        """Read it, pausing after each piece. Raises Broken."""
        try:
            while piece := file.read(_PIECE):
                self._parser.Parse(piece, False)
                yield
            self._parser.Parse(b"", True)
        except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise Broken(str(error)) from error

    def _root(self, name: str, attributes: Attributes) -> None:
        """Whoever gives the root a prefix gives it to all; the others are spared a call for each element."""
        start, end = self._start, self._end
        if ":" in name:
            self._parser.StartElementHandler = lambda name, attributes: start(_local(name), attributes)
            self._parser.EndElementHandler = lambda name: end(_local(name))
        else:
            self._parser.StartElementHandler, self._parser.EndElementHandler = start, end
        start(_local(name), attributes)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse(*given: object) -> None:
    raise Broken("the XML declares a document type")


class Strings(AbstractContextManager["Strings"]):
    """The shared strings, in a temporary file; in memory is where each ends: eight bytes."""

    def __init__(self) -> None:
        self._ends = array("Q", [0])
        self._file = tempfile.TemporaryFile(prefix="leadwire-strings-")  # noqa: SIM115 - closed by __exit__
        self._mapped: mmap.mmap | None = None
        self.get: Callable[[int], str] = lru_cache(1 << 13)(self._get)

    def add(self, text: str) -> None:
        """Append one."""
        data = text.encode("utf-8", "replace")
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))

    def done(self) -> None:
        """No more come."""
        self._file.flush()
        if self._ends[-1]:
            self._mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def _get(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise Broken(f"there is no shared string {number}")
        start, end = self._ends[number], self._ends[number + 1]
        return self._mapped[start:end].decode() if self._mapped and end > start else ""

    def __exit__(self, *raised: object) -> None:
        if self._mapped:
            self._mapped.close()
        self._file.close()


class Text:
    """Gathers the text of a string item, whether plain or in runs; what is said of how to read it aloud is left out."""

    def __init__(self, xml: Xml) -> None:
        self._xml = xml
        self._parts: list[str] = []
        self._from = self._size = self._aloud = 0
        self._kept = False

    def begin(self) -> None:
        """A new item."""
        self._parts = []
        self._size = self._aloud = 0

    def start(self, name: str, attributes: Attributes) -> None:
        """An element inside of it."""
        if name == "rPh":
            self._aloud += 1
        elif name == "t" and not self._aloud:
            self._from, self._kept = len(self._parts), attributes.get("xml:space") == "preserve"
            self._xml.text_to(self.take)

    def end(self, name: str) -> None:
        """Its end."""
        if name == "rPh":
            self._aloud -= 1
        elif name == "t" and not self._aloud:
            self._xml.text_to(None)
            if not self._kept:  # XML 1.0, section 2.10
                self._parts[self._from :] = ["".join(self._parts[self._from :]).strip()]

    def take(self, text: str) -> None:
        """Some of the text."""
        self._size += len(text)
        if self._size > LONGEST:
            raise Broken(f"a cell has more than {LONGEST} characters")
        self._parts.append(text)

    def raw(self) -> str:
        """All of it, as it stands."""
        return "".join(self._parts)

    def whole(self) -> str:
        """All of it."""
        return unescaped(self.raw())


def unescaped(text: str) -> str:
    """With the signs that XML cannot hold: "_x000D_" (section 22.9.2.19, ST_Xstring). Pure."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def gather(strings: Strings, file: IO[bytes]) -> None:
    """All the shared strings of a part. Raises Broken."""

    def start(name: str, attributes: Attributes) -> None:
        text.begin() if name == "si" else text.start(name, attributes)

    def end(name: str) -> None:
        strings.add(text.whole()) if name == "si" else text.end(name)

    xml = Xml(start, end)
    text = Text(xml)
    for _ in xml.read(file):
        pass
    strings.done()


@dataclass(kw_only=True)
class Book:
    """What is to be known of the workbook before a sheet is read."""

    sheets: dict[str, str] = field(default_factory=dict)
    """Name -> relation."""
    parts: dict[str, str] = field(default_factory=dict)
    """Relation -> the part's name in the archive."""
    strings: str = ""
    styles: str = ""
    since_1904: bool = False
    kinds: list[str] = field(default_factory=list)
    """Of each cell format: "date", "elapsed" or ""."""


def opened(archive: zipfile.ZipFile) -> Book:
    """The workbook's own parts. Raises Broken."""
    book = Book()
    root = next((t for t, kind in _relations(archive, "").values() if kind == "officeDocument"), "xl/workbook.xml")
    for id_, (target, kind) in _relations(archive, root).items():
        book.parts[id_] = target
        if kind == "sharedStrings":
            book.strings = target
        elif kind == "styles":
            book.styles = target
    _read(archive, root, lambda name, attributes: _workbook(book, name, attributes))
    if book.styles in archive.namelist():
        book.kinds = _cell_formats(archive, book.styles)
    return book


def _workbook(book: Book, name: str, attributes: Attributes) -> None:
    if name == "sheet":
        relation = next((value for key, value in attributes.items() if _local(key) == "id"), "")
        book.sheets[attributes.get("name", "")] = relation
    elif name == "workbookPr":
        book.since_1904 = attributes.get("date1904", "0") in ("1", "true", "on")


def _relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Id -> (part, the last word of its type)."""
    folder, name = posixpath.split(part)
    path, found = posixpath.join(folder, "_rels", f"{name}.rels"), {}

    def take(name: str, attributes: Attributes) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
            found[attributes.get("Id", "")] = target.lstrip("/"), attributes.get("Type", "").rpartition("/")[2]

    if path in archive.namelist():
        _read(archive, path, take)
    return found


def _cell_formats(archive: zipfile.ZipFile, part: str) -> list[str]:
    own: dict[int, str] = {}
    kinds: list[str] = []
    inside: list[str] = []

    def take(name: str, attributes: Attributes) -> None:
        if name in ("cellXfs", "cellStyleXfs"):
            inside[:] = [name]
        elif name == "numFmt":
            own[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif name == "xf" and inside == ["cellXfs"]:
            kinds.append(kind_of(_whole(attributes.get("numFmtId")), own))

    _read(archive, part, take)
    return kinds


@lru_cache(1 << 10)
def _kind_of_code(code: str) -> str:
    if _ELAPSED.search(code):
        return "elapsed"
    return "date" if _SIGNS.search(_NOT_SIGNS.sub("", code.partition(";")[0])) else ""


def kind_of(format_: int, own: dict[int, str]) -> str:
    """Whether numbers of this format are dates, by the standard's own list or by the signs of the format. Pure."""
    if format_ in own:
        return _kind_of_code(own[format_])
    return "elapsed" if format_ == 46 else "date" if format_ in _DATES else ""


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1


def _read(archive: zipfile.ZipFile, part: str, take: Callable[[str, Attributes], None]) -> None:
    try:
        with archive.open(part) as file:
            for _ in Xml(take, lambda name: None).read(file):
                pass
    except KeyError as error:
        raise Broken(f"there is no {part}") from error
