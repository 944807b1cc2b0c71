"""The common shapes of a mail written at the speed of a mailing: text, or text and HTML. Pure. RFC 2045-2047, RFC 5322.

The standard library's email package takes a millisecond for a mail of 5 kB, ten times what sending it costs. This
writes the same in a fraction of that; what has files, or an address outside of ASCII, still goes through the package.
"""

from __future__ import annotations

import re
import secrets
from binascii import b2a_base64
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from channels.email import woven
from channels.email.lines import wrapped
from domain.errors import Rejected
from domain.messages import Woven

_LINE = 76
_LONGEST_LINE = 990
"""Bytes of a line that is sent as it is: 998 are allowed (RFC 5322, section 2.1.1)."""
_WORD = 39
"""Bytes in one encoded word: in base64, with the 12 around it and "Subject: ", within 76 (RFC 2047, section 2)."""
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@lru_cache(256)
def header(name: str, text: str) -> bytes:
    """An unstructured field with its CR LF, folded. `text` is one line, with single blanks.

    Raises Rejected for an encoded word that is not ours: what is hidden in one could change the header.
    """
    if not text:
        return f"{name}: \r\n".encode()
    if "=?" in text:
        raise Rejected("the mail cannot be written: its subject would change its header")
    if not text.isascii():
        return f"{name}: ".encode() + _words(text)
    if not _PLAIN.fullmatch(text):
        raise Rejected("the mail cannot be written: its subject would change its header")
    return f"{name}: ".encode() + _folded(text, len(name) + 2).encode()


def _folded(text: str, used: int) -> str:
    if used + len(text) <= _LINE:
        return f"{text}\r\n"
    out: list[str] = []
    for word in text.split(" "):
        if out and used + 1 + len(word) > _LINE:
            out.append(f"\r\n {word}")
            used = 1 + len(word)
        else:
            out.append(f" {word}" if out else word)
            used += len(word) + bool(out)
    return "".join(out) + "\r\n"


def _words(text: str) -> bytes:
    """Encoded words, none of which cuts a character."""
    words: list[bytes] = []
    data, start = text.encode("utf-8", "replace"), 0
    while start < len(data):
        end = start + _WORD
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        words.append(b"=?utf-8?b?" + b2a_base64(data[start:end], newline=False) + b"?=")
        start = end
    return b"\r\n ".join(words) + b"\r\n"


@lru_cache(256)
def sender(name: str, address: str) -> bytes:
    """The From field, equal for all mails of a channel. `name` is one line."""
    if not name:
        return f"From: {address}\r\n".encode()
    if not name.isascii():
        return b"From: " + _words(name) + f" <{address}>\r\n".encode()
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'From: "{quoted}"\r\n <{address}>\r\n'.encode()


@lru_cache(4)
def date(second: datetime) -> bytes:
    """The Date field. `second` without microseconds: a thousand mails share it."""
    return f"Date: {format_datetime(second)}\r\n".encode()


def content(text: str, html: str | Woven | None) -> bytes:
    """MIME-Version, Content-Type and what follows, to the end of the mail. No line begins with a dot."""
    plain = _part("plain", text)
    if html is None:
        return b"MIME-Version: 1.0\r\n" + plain
    rich = _part("html", html) if isinstance(html, str) else _headed("html", *woven.encoded(html))
    boundary = f"=_{secrets.token_hex(16)}".encode()
    return (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="%b"\r\n\r\n'
        b"--%b\r\n%b\r\n--%b\r\n%b\r\n--%b--\r\n" % (boundary, boundary, plain, boundary, rich, boundary)
    )


def _part(subtype: str, text: str) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half a surrogate pair: looking for one in every text took 40 us a mail
        text = _SURROGATE.sub("\ufffd", text)
        data = text.encode()
    return _headed(subtype, *_encoded(_lines(data), len(data) - len(text)))


def _headed(subtype: str, encoding: bytes, body: bytes) -> bytes:
    return (
        b'Content-Type: text/%b; charset="utf-8"\r\nContent-Transfer-Encoding: %b\r\n\r\n'
        % (subtype.encode(), encoding)
        + body
    )


def _lines(data: bytes) -> bytes:
    """Every line ended by CR LF, the last one too."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = data.replace(b"\n", b"\r\n")
    return data if data.endswith(b"\r\n") or not data else data + b"\r\n"


_SMALL = 2_000
"""Bytes up to which quoted-printable is used for a few foreign letters: people can read it, but it costs ten times more
than base64."""


def _encoded(data: bytes, foreign: int) -> tuple[bytes, bytes]:
    """The encoding that suits, and the content in it. `foreign`: bytes that UTF-8 needs beyond one for a character."""
    if not foreign and _is_plain(data):
        return b"7bit", data
    if not foreign or (12 * foreign <= len(data) <= _SMALL):
        return b"quoted-printable", woven.quoted(data)  # base64 of plain English looks like something to hide
    return b"base64", wrapped(b2a_base64(data, newline=False))


def _is_plain(data: bytes) -> bool:
    """Whether it may stand in a mail as it is: lines that are not too long, and do not begin with a dot."""
    if b"\0" in data or b"\n." in data or data.startswith(b"."):
        return False
    return max(map(len, data.split(b"\r\n"))) <= _LONGEST_LINE
