"""vCards of all versions (2.1; 3.0: RFC 2426; 4.0: RFC 6350), one at a time, as rows under fixed headers.

Several values of a property stand in one cell with LIST between them. Pictures and what no column takes is let go.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from people.files.table import LIST, MAX_ROW, Progress, Row, Table, listed
from people.files.texts import Unreadable

HEADERS = (
    "Name", "Surname", "Given name", "Patronymic", "Email", "Phone", "Telegram", "VK", "Company", "Position", "City",
    "Birthday", "Note", "Tags", "Language", "UID", "owner",
    "consent:email", "consent:phone", "consent:sms", "consent:telegram", "consent:vk",
)  # fmt: skip
_TAKEN = {
    "EMAIL": "Email", "TEL": "Phone", "X-TELEGRAM": "Telegram", "X-VK": "VK", "TITLE": "Position", "BDAY": "Birthday",
    "LANG": "Language", "UID": "UID", "FN": "Name", "NOTE": "Note",
    "X-LEADWIRE-OWNER": "owner",
}  # fmt: skip
_ONE = frozenset(
    {"Name", "Surname", "Given name", "Patronymic", "Company", "Position", "City", "Birthday", "UID", "owner"}
)
"""Of these the first counts: later ones are versions of it in another language (ALTID)."""
_SCHEME = re.compile(r"(?i)^(mailto|tel|tg|telegram|vk|x-apple|xmpp):(//)?")
_HEAD = re.compile(r'(?:[\w-]+\.)?([\w-]+)((?:;(?:"[^"]*"|[^":;])*)*):', re.ASCII)
_PARAMETER = re.compile(r';([\w-]+)(?:=("[^"]*"|[^;]*))?', re.ASCII)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_UNTIL = {sign: re.compile(rf"(?:[^\\{sign}]|\\.|\\$)*", re.DOTALL) for sign in ",;"}
_TELEGRAM = re.compile(r"(?i)\b(t\.me|telegram\.me|telegram)\b")
_VK = re.compile(r"(?i)\bvk\.com/|\bvk\b")


class Property(NamedTuple):
    """One content line."""

    name: str
    parameters: dict[str, str]
    """Names in capitals; a bare word of version 2.1 ("HOME", "QUOTED-PRINTABLE") stands for itself."""
    value: str


def open_vcards(path: Path, encoding: str) -> Table:
    """The cards of the file. `encoding` is for what names none of its own."""
    progress = Progress(size=path.stat().st_size)
    rows = partial(_rows, path, encoding, progress)
    return Table(format="vcard", headers=HEADERS, encoding=encoding, progress=progress, source=rows)


def _rows(path: Path, encoding: str, progress: Progress) -> Iterator[Row]:
    card: dict[str, list[str]] | None = None
    depth = number = 0
    for line in _unfolded(path, encoding, progress):
        word = line.strip().upper()
        if word == "BEGIN:VCARD":
            depth += 1
            card = {} if depth == 1 else card
        elif word == "END:VCARD" and depth:
            depth -= 1
            if card is not None and not depth:
                number += 1
                yield Row(number, tuple(_cell(header, card.get(header, [])) for header in HEADERS))
                card = None
        elif card is not None and depth == 1 and (found := _property(line, _own(encoding))):
            _take(card, found)
    progress.read = progress.size


def _cell(header: str, values: list[str]) -> str:
    if header in _ONE:
        return values[0] if values else ""
    if header == "Tags":
        return listed(values)
    return ("\n" if header == "Note" else LIST).join(values)


def _own(encoding: str) -> str:
    return "utf-8" if encoding.startswith(("utf-16", "utf-32", "utf-8")) else encoding


def _unfolded(path: Path, encoding: str, progress: Progress) -> Iterator[str]:
    """Whole properties, a byte as a character: folds may part a letter, and each property may have its charset.

    RFC 6350, section 3.2: a line that begins with a space goes on; in 2.1 a quoted-printable one ends with "=".
    """
    whole, size = [""], 0
    for count, line in enumerate(_lines(path, encoding, progress)):
        soft = whole[-1].endswith("=") and "QUOTED-PRINTABLE" in whole[0].upper().partition(":")[0]
        if line[:1] in (" ", "\t") or soft:
            size += len(line)
            if size < MAX_ROW:  # a picture: the rest is let go
                whole.append(line if soft else line[1:])
            continue
        yield _join(whole)
        whole, size = [line], len(line)
        if len(line) >= MAX_ROW:
            raise Unreadable("long_row", row=count + 1, limit=MAX_ROW)
    yield _join(whole)


def _join(parts: list[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    if "QUOTED-PRINTABLE" in parts[0].upper().partition(":")[0]:
        return "".join(part[:-1] if part.endswith("=") else part for part in parts)
    return "".join(parts)


def _lines(path: Path, encoding: str, progress: Progress) -> Iterator[str]:
    wide = encoding.startswith(("utf-16", "utf-32"))
    with path.open("rb") as raw, TextIOWrapper(raw, encoding if wide else "latin-1", "replace") as file:
        for count, line in enumerate(iter(partial(file.readline, MAX_ROW), "")):
            if count % 1024 == 0:
                progress.read = raw.tell()
            text = line.rstrip("\n").replace("\0", "")
            if not count:
                text = text.removeprefix("ï»¿").removeprefix("\ufeff")
            yield text.encode("utf-8", "replace").decode("latin-1") if wide else text


def _property(line: str, encoding: str) -> Property | None:
    head = _HEAD.match(line)
    if not head:
        return None
    parameters = {name.upper(): value.strip('"') for name, value in _PARAMETER.findall(head[2])}
    raw = line[head.end() :].encode("latin-1", "replace")
    if "QUOTED-PRINTABLE" in parameters or parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        raw = _unquoted(raw)
    return Property(head[1].upper(), parameters, _text(raw, parameters.get("CHARSET"), encoding))


def _unquoted(raw: bytes) -> bytes:
    try:
        return quopri.decodestring(raw)
    except (ValueError, binascii.Error):
        return raw


def _text(raw: bytes, charset: str | None, encoding: str) -> str:
    """By its own charset; else as UTF-8 if it is (a fold inside a letter hides it from `detect`), or as the file."""
    for name, errors in ((charset, "replace"), ("utf-8", "strict"), (encoding, "replace")):
        try:
            text = raw.decode(name, errors) if name else None
        except (LookupError, ValueError):  # no such charset, or no charset of text
            continue
        if text is not None:
            return text.replace("\0", "")
    return ""


def _take(card: dict[str, list[str]], found: Property) -> None:
    """Add what this property says. The values of a list are parted before they lose their escapes."""
    name, value = found.name, found.value
    if name == "N":
        parts = [*zip(("Surname", "Given name", "Patronymic"), _parted(value, ";"), strict=False)]
    elif name == "ORG":
        parts = [("Company", _parted(value, ";")[0])]
    elif name == "ADR":
        parts = [("City", city) for city in _parted(value, ";")[3:4]]
    elif name == "CATEGORIES":
        parts = [("Tags", tag) for tag in _parted(value, ",")]
    elif name == "X-LEADWIRE-CONSENT":
        parts = [(f"consent:{found.parameters.get('CHANNEL', '').lower()}", value)]
    elif header := _TAKEN.get(name) or _messenger(found):
        parts = [(header, _plain(_SCHEME.sub("", value) if header != "Note" else value))]
    else:
        return
    for header, text in parts:
        if text:
            card.setdefault(header, []).append(text)


def _messenger(found: Property) -> str:
    """The column of an IMPP, a link or a profile, empty for a service that we do not know."""
    if found.name not in ("IMPP", "URL", "X-SOCIALPROFILE"):
        return ""
    said = " ".join((found.value[:200], *found.parameters.values()))
    if found.name != "URL" and re.match(r"(?i)tg:", found.value):
        return "Telegram"
    return "Telegram" if _TELEGRAM.search(said) else "VK" if _VK.search(said) else ""


def _parted(value: str, sign: str) -> list[str]:
    parts, at = [], 0
    while at <= len(value) and (part := _UNTIL[sign].match(value, at)):
        parts.append(_plain(part[0]))
        at = part.end() + 1
    return parts


def _plain(value: str) -> str:
    r"""Without escapes: "\n" is a line break, "\," a comma (RFC 6350, section 3.4)."""
    if "\\" in value:
        value = _ESCAPE.sub(lambda escape: "\n" if escape[1] in "nN" else escape[1], value)
    return value.strip()
