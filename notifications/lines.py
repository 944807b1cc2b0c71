"""What customers write, fit for a line or a paragraph of a card. Pure."""

from __future__ import annotations

import re

_TURNING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n\s*\n\s*")


def one_line(text: str, limit: int) -> str:
    """Without line breaks and controls, cut to `limit` characters."""
    return _cut(_SPACE.sub(" ", _TURNING.sub("", text)).strip(), limit)


def paragraph(text: str, limit: int) -> str:
    """Without controls and rows of empty lines, cut to `limit` characters."""
    return _cut(_EMPTY_LINES.sub("\n\n", _TURNING.sub("", text)).strip(), limit)


def _cut(text: str, limit: int) -> str:
    """At a word's end where one is near."""
    if len(text) <= limit:
        return text
    short = text[: limit - 1]
    space = max(short.rfind(" "), short.rfind("\n"))
    return (short[:space] if space > limit * 0.8 else short).rstrip() + "…"
