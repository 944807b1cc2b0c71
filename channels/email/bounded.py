"""The bytes of a mail as its tree of parts, whatever a stranger made of it. RFC 5322, RFC 2045, RFC 2046. Pure.

The standard library's parser compares each line with the boundaries of all parts around it, and takes the square of a
parameter's length: 400 kB of blank lines in 90 nested parts, or one Content-Type of 60 kB, held the process for half a
minute. So the tree stays flat, the fields short, and what has no measure at all is not read.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32

_MOST_LINES = 1_000_000
_MOST_BOUNDARIES = 20_000
"""Lines that begin with two hyphens: each may begin a part."""
_MOST_CONTAINERS = 50
_MOST_COMPARED = 10_000_000
"""Lines times containers."""
_LONGEST_FIELD = 16_384
_LONGEST_CONTENT_FIELD = 2048
"""Characters of a field with parameters."""
_CONTAINER = re.compile(r"\s*(?:multipart|message)\b", re.IGNORECASE)


class TooMuch(Exception):
    """More lines or parts than any letter has. The text is fit for a person."""


class _Policy(Compat32):
    """Cuts long fields; containers beyond the first few become files, and so nothing nests within them."""

    def __init__(self, containers: int) -> None:
        super().__init__()
        self.__dict__["_left"] = iter(range(containers))  # a policy forbids plain assignment

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """One field as the parser found it."""
        name, value = super().header_source_parse(sourcelines)
        lower = name.lower().strip()
        if not lower.startswith("content-"):
            return name, value[:_LONGEST_FIELD]
        if lower == "content-type" and _CONTAINER.match(value) and next(self.__dict__["_left"], None) is None:
            value = "application/octet-stream"
        return name, value[:_LONGEST_CONTENT_FIELD]


def read(raw: bytes) -> Message:
    """The tree of a mail. Raises TooMuch."""
    lines = raw.count(b"\n") + raw.count(b"\r")
    if lines > 2 * _MOST_LINES or len(re.findall(rb"^--", raw, re.MULTILINE)) > _MOST_BOUNDARIES:
        raise TooMuch("the mail has more lines or parts than can be read")
    return message_from_bytes(raw, policy=_Policy(min(_MOST_CONTAINERS, 5 + _MOST_COMPARED // (lines + 1))))
