"""The header of a mail, read as tolerantly as mail is written: RFC 5322, RFC 2047, RFC 2231. Pure."""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from email.message import Message
from email.utils import collapse_rfc2231_value, unquote

from channels.email.charsets import decode
from domain.addresses import written_email

_WORD = re.compile(r"=\?([\w.:-]*?)(?:\*[\w-]*)?\?([bq])\?([^?\r\n]*)\?=", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"\\@]{1,64}@[^\s<>()\[\],;:\"\\@]{1,255}")
_MESSAGE_ID = re.compile(r"<([\x20-\x3b=?-\x7e]{1,500})>")
_BARE_ID = re.compile(r"[\x21-\x3b=?A-\x7e]{1,250}@[\x21-\x3b=?A-\x7e]{1,249}")
_MOST_IDS = 50
_COMMENT = re.compile(r"\([^()]*\)")
_LONGEST = 16_384
"""Characters of one header field that are looked at."""


class Headers:
    """The fields of a mail or of a part, case-insensitive, never raising."""

    def __init__(self, part: Message) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in part.raw_items():
            self._fields.setdefault(name.lower().strip(), []).append(str(value)[:_LONGEST])

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def raw(self, name: str) -> str:
        """The first field of that name, unfolded, not decoded; empty when there is none."""
        return _unfolded(self._fields.get(name, [""])[0])

    def count(self, name: str) -> int:
        """How many fields of that name there are."""
        return len(self._fields.get(name, ()))

    def text(self, name: str) -> str:
        """For a person to read: decoded, on one line, without control characters."""
        return one_line(decode_words(self.raw(name)))

    def token(self, name: str) -> str:
        """The first word of a structured field in lower case, without comments and parameters."""
        return _COMMENT.sub("", self.raw(name)).split(";")[0].strip().lower()

    def message_ids(self, name: str) -> tuple[str, ...]:
        """Message ids, with angle brackets and without spaces; also one that lost its brackets. Printable ASCII alone.

        Of many the first one and the last ones, which are the nearest (RFC 5322, section 3.6.4).
        """
        value = self.raw(name)
        found = [f"<{compact}>" for each in _MESSAGE_ID.findall(value) if (compact := each.replace(" ", ""))]
        if not found and _BARE_ID.fullmatch(value):
            found = [f"<{value}>"]
        ids = tuple(dict.fromkeys(found))
        return ids if len(ids) <= _MOST_IDS else ids[:1] + ids[1 - _MOST_IDS :]

    def mailboxes(self, name: str) -> list[tuple[str, str]]:
        """(display name, address as it is written) of all mailboxes, those of groups too."""
        return list(_mailboxes(self.raw(name)))


def _unfolded(value: str) -> str:
    return re.sub(r"\r?\n[ \t]?", " ", value).strip()


def one_line(text: str) -> str:
    """One line without control characters and invisible direction marks."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", " ", text).split())


def decode_words(value: str) -> str:
    """Encoded words and bare 8-bit bytes to text. Neighbours are joined as bytes: some mailers cut characters."""
    value = _BETWEEN_WORDS.sub(r"\1", value)
    out: list[str] = []
    pending, charset, end = b"", "", 0
    for match in _WORD.finditer(value):
        if match.start() > end or match[1].lower() != charset:
            out.append(decode(pending, charset))
            out.append(_bare(value[end : match.start()]))
            pending = b""
        pending, charset, end = pending + _word_bytes(match[2], match[3]), match[1].lower(), match.end()
    return "".join([*out, decode(pending, charset), _bare(value[end:])])


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if encoding in "Qq":
        return quopri.decodestring(data, header=True)
    compact = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    compact = compact[: len(compact) - (len(compact) % 4 == 1)]
    return binascii.a2b_base64(compact + b"=" * (-len(compact) % 4))


def _bare(text: str) -> str:
    """The email package gives bytes above 127 as lone surrogates."""
    return text if text.isascii() else decode(text.encode("utf-8", "surrogateescape"))


def _mailboxes(value: str) -> Iterator[tuple[str, str]]:
    for chunk in _split_addresses(value):
        bracket = re.search(r"<([^<>]*)>\s*$", chunk)
        spec = bracket[1] if bracket else chunk
        found = _ADDRESS.search(_bare(spec))
        address = written_email(found[0].strip(".'")) if found else None
        if address:
            yield _display_name(chunk[: bracket.start()] if bracket else "", chunk), address


def _split_addresses(value: str) -> Iterator[str]:
    """At commas and semicolons outside of quotes, comments and brackets; the name of a group falls away."""
    start, closing, position = 0, "", 0
    pairs = {'"': '"', "(": ")", "<": ">"}
    while position < len(value):
        letter = value[position]
        if letter == "\\":
            position += 1
        elif closing:
            closing = "" if letter == closing else closing
        elif letter in pairs:
            closing = pairs[letter]
        elif letter in ",;" or (letter == ":" and "@" not in value[start:position]):
            if letter != ":":
                yield value[start:position]
            start = position + 1
        position += 1
    yield value[start:]


def _display_name(phrase: str, chunk: str) -> str:
    name = one_line(decode_words(unquote(phrase.strip())))
    if not name and (comment := re.search(r"\(([^()]*)\)\s*$", chunk)):
        name = one_line(decode_words(comment[1]))
    return (name[1:-1] if re.fullmatch(r"(['\"]).*\1", name) else name)[:200]


def parameter(part: Message, name: str, header: str = "content-type") -> str:
    """A parameter of a structured field (RFC 2231), decoded; also when it was written as an encoded word."""
    try:
        value = part.get_param(name, "", header)
    except (ValueError, TypeError, IndexError, AttributeError, UnicodeError):
        return ""
    text = collapse_rfc2231_value(value) if isinstance(value, tuple) else str(value)
    return one_line(decode_words(text))
