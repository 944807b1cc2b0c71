"""Whole lines: what may stand in a mail on the wire as it is. RFC 5321, sections 2.3.8 and 4.5.2."""

from __future__ import annotations

import re
from functools import lru_cache
from struct import Struct

_LINE = 76
_BARE = re.compile(rb"\r\n|\r|\n")


class Lines(bytes):
    """Lines that end with CR LF, hold neither of the two alone, and do not begin with a dot.

    Who makes one vouches for it, and it is joined of others alone. Anything else goes through `stuffed`.
    """

    __slots__ = ()


def stuffed(mail: bytes) -> tuple[bytes, int]:
    """The mail as it stands on the wire, its end included, and its size without what is added there.

    A lone CR or LF would let one server see an end of the mail where the other one sees none, so none gets through.
    """
    if isinstance(mail, Lines):
        return mail + b".\r\n", len(mail)
    if b"\r" in (bare := mail.replace(b"\r\n", b"")) or b"\n" in bare:
        mail = _BARE.sub(b"\r\n", mail)
    if not mail.endswith(b"\r\n"):
        mail += b"\r\n"
    size = len(mail)
    body = mail.replace(b"\r\n.", b"\r\n..")
    return (b"." if mail.startswith(b".") else b"") + body + b".\r\n", size


def wrapped(flat: bytes) -> bytes:
    """Base64 in lines, each ended by CR LF."""
    if len(flat) <= _LINE:
        return flat and flat + b"\r\n"
    whole = len(flat) // _LINE
    rest = flat[whole * _LINE :]
    return b"\r\n".join((*_cutter(whole).unpack_from(flat), rest)) + (b"\r\n" if rest else b"")


@lru_cache(4096)
def _cutter(lines: int) -> Struct:
    return Struct(f"{_LINE}s" * lines)
