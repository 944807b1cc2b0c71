"""What an IMAP server answers to FETCH (RFC 3501, section 7.4.2). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]+)"')
_FETCHED = re.compile(rb"\d+ FETCH \(")


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A mail before it is fetched."""

    uid: int
    size: int
    """Bytes, as the server counts them."""
    arrived: datetime


def letter(line: bytes) -> Letter | None:
    """What a line tells of a mail, None when it tells of something else."""
    uid, size, arrived = _UID.search(line), _SIZE.search(line), _ARRIVED.search(line)
    if not (uid and size):
        return None
    return Letter(uid=int(uid[1]), size=int(size[1]), arrived=_time(arrived[1] if arrived else b""))


def _time(text: bytes) -> datetime:
    try:
        return datetime.strptime(text.decode().strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)


def bodies(lines: Sequence[bytes | bytearray]) -> dict[int, bytes]:
    """The library gives a literal as a bytearray after the line that announced it. UID may stand on either side."""
    found: dict[int, bytes] = {}
    uid, body = 0, None
    for line in lines:
        if isinstance(line, bytearray):
            body = bytes(line)
            continue
        if _FETCHED.match(line):
            uid, body = 0, None
            if b"BODY[" in line and not line.endswith(b"}"):
                body = _short(line)
        if match := _UID.search(line):
            uid = int(match[1])
        if uid and body is not None:
            found[uid] = body
    return found


def _short(line: bytes) -> bytes:
    """A mail so short that the server sent it as a quoted string, or an empty one as NIL."""
    match = re.search(rb'BODY\[\w*\] "((?:[^"\\]|\\.)*)"', line)
    return re.sub(rb"\\(.)", rb"\1", match[1]) if match else b""
