"""The HTML of a mailing, encoded piece by piece: what all its mails share, once for all of them. Pure. RFC 2045.

Each piece ends its last line itself, by a soft line break (section 6.7) or the end of a base64 line, which means
nothing (section 6.8). So an encoded piece is the same in every mail, and a mail is one join. No line begins with a dot.
"""

from __future__ import annotations

import re
from binascii import b2a_base64, b2a_qp
from functools import lru_cache

from channels.email.lines import wrapped
from domain.messages import Woven

_AS_IS = re.compile(r"[ !-<>-~]{0,73}[!-<>-~]")
_DOTS = re.compile(rb"^\.+", re.MULTILINE)
_SOFT = b"=\r\n"
_LONGEST = 75
"""Bytes of a line, before the sign of a soft break."""


def encoded(woven: Woven) -> tuple[bytes, bytes]:
    """The encoding that suits, and the content in it: whole lines, none of which begins with a dot."""
    if _is_foreign(woven.shared):
        return b"base64", _base64(woven)
    return b"quoted-printable", _quoted(woven)


@lru_cache(64)
def _is_foreign(shared: tuple[str, ...]) -> bool:
    """Whether quoted-printable, which takes three bytes for each that is not ASCII, would be much the longer one."""
    text = "".join(shared)
    size = len(text.encode("utf-8", "replace"))
    return 4 * (size - len(text)) > size


def _quoted(woven: Woven) -> bytes:
    first, *others = _quoted_pieces(woven.shared)
    out = [first]
    for own, piece in zip(woven.own, others, strict=True):
        out += _quoted_own(own), piece
    data = b"".join(out)
    return data[: -len(_SOFT)] + b"\r\n" if data.endswith(_SOFT) else data  # a soft break joins it to another line


@lru_cache(64)
def _quoted_pieces(shared: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(quoted(_bytes(piece)) for piece in shared)


def _quoted_own(text: str) -> bytes:
    if _AS_IS.fullmatch(text) and text[0] != ".":
        return text.encode() + _SOFT
    return quoted(_bytes(text))


def quoted(data: bytes) -> bytes:
    """Quoted-printable, ended by a soft break where the data ends no line. `data` has lines ended by CR LF."""
    if not data:
        return b""
    lines = b2a_qp(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    lines = _DOTS.sub(lambda dots: (b"=2E" + _SOFT) * len(dots[0]), lines)
    if lines.endswith(b"\r\n"):
        return lines
    last = len(lines) - lines.rfind(b"\n") - 1
    if last > _LONGEST:
        cut = len(lines) - (3 if lines[-3:-2] == b"=" else 1)
        lines = lines[:cut] + _SOFT + lines[cut:]
    return lines + _SOFT


def _base64(woven: Woven) -> bytes:
    """Groups of three bytes go on across the pieces: each shared one is kept for the three ways it may be cut."""
    out: list[bytes] = []
    left = b""
    for own, (head, cuts) in zip(("", *woven.own), _base64_pieces(woven.shared), strict=True):
        glue = left + _bytes(own)
        missing = -len(glue) % 3
        if missing > len(head):
            left = glue + head
            continue
        lines, left = cuts[missing]
        out += wrapped(b2a_base64(glue + head[:missing], newline=False)), lines
    out.append(wrapped(b2a_base64(left, newline=False)))
    return b"".join(out)


_Cut = tuple[bytes, bytes]
"""The lines of a piece behind its first bytes, and the bytes at its end that make no group."""


@lru_cache(64)
def _base64_pieces(shared: tuple[str, ...]) -> tuple[tuple[bytes, tuple[_Cut, ...]], ...]:
    return tuple(_cuts(_bytes(piece)) for piece in shared)


def _cuts(data: bytes) -> tuple[bytes, tuple[_Cut, ...]]:
    """The first two bytes at most, and the piece as it is cut behind none, one or two of them."""
    cuts = []
    for start in range(min(2, len(data)) + 1):
        end = len(data) - (len(data) - start) % 3
        cuts.append((wrapped(b2a_base64(data[start:end], newline=False)), data[end:]))
    return data[:2], tuple(cuts)


def _bytes(text: str) -> bytes:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\n", "\r\n").encode("utf-8", "replace")
