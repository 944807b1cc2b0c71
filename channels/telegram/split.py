"""Long texts in parts that Telegram takes. Pure.

Telegram limits a message to 4096 and a caption to 1024 characters after entities are parsed
(https://core.telegram.org/bots/api#sendmessage). Its offsets count UTF-16 code units, so we count those:
never fewer than characters.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

# Where a part may end, the best first: a paragraph, a line, a sentence, a word.
_ENDS = tuple(re.compile(p) for p in (r"\n\s*\n", r"\n", r"[.!?…][\"'»”’)\]]*\s+", r"\s+"))

# https://core.telegram.org/bots/api#html-style: four named entities and all numeric ones, the rest is text.
_TOKEN = re.compile(
    r"<(?P<close>/?)(?P<tag>[A-Za-z][A-Za-z0-9-]*)[^<>]*>"
    r"|(?P<entity>&(?:lt|gt|amp|quot|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});)"
    r"|.",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Token:
    raw: str
    shown: str = ""
    opens: str = ""
    closes: str = ""


def units(text: str) -> int:
    """The length in UTF-16 code units."""
    return len(text) + sum(char > "\uffff" for char in text)


def split_text(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` (>= 2) units which, joined, are the text. Empty for an empty text."""
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = _end(text, start, limit)
        parts.append(text[start:end])
        start = end
    return parts


def _end(text: str, start: int, limit: int) -> int:
    most = _furthest(text, start, limit)
    if most == len(text):
        return most
    window = text[start:most]
    for pattern in _ENDS:
        end = max((match.end() for match in pattern.finditer(window)), default=0)
        if end > len(window) // 2:  # an earlier end would make a part that is too short to be worth a message
            return start + end
    return most


def _furthest(text: str, start: int, limit: int) -> int:
    taken = 0
    for index in range(start, min(len(text), start + limit)):
        taken += 2 if text[index] > "\uffff" else 1
        if taken > limit:
            return index
    return min(len(text), start + limit)


def visible(markup: str) -> str:
    """What a reader sees of Telegram's HTML."""
    return "".join(token.shown for token in _tokens(markup))


def split_html(markup: str, limit: int) -> list[str]:
    """Parts of Telegram's HTML that show at most `limit` (>= 2) units each.

    No tag or entity is cut; tags that are open at a cut are closed before and reopened behind it.
    """
    ends = _shown_ends(markup, limit)
    parts: list[str] = []
    current: list[str] = []
    open_tags: list[_Token] = []
    shown = 0
    for token in _tokens(markup):
        if ends and shown >= ends[0] and not token.closes:
            del ends[0]
            parts.append("".join(current) + _closing(open_tags))
            current = [tag.raw for tag in open_tags]
        current.append(token.raw)
        shown += len(token.shown)
        _track(open_tags, token)
    return [*parts, "".join(current)] if current else parts


def _shown_ends(markup: str, limit: int) -> list[int]:
    """After how many shown characters each part but the last one ends."""
    ends: list[int] = []
    for part in split_text(visible(markup), limit)[:-1]:
        ends.append((ends[-1] if ends else 0) + len(part))
    return ends


def _track(open_tags: list[_Token], token: _Token) -> None:
    if token.opens:
        open_tags.append(token)
    for index in range(len(open_tags) - 1, -1, -1):
        if token.closes == open_tags[index].opens:
            del open_tags[index]
            return


def _closing(open_tags: list[_Token]) -> str:
    return "".join(f"</{tag.opens}>" for tag in reversed(open_tags))


def _tokens(markup: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(markup):
        raw, tag = match.group(), (match["tag"] or "").lower()
        if tag:
            yield _Token(raw=raw, closes=tag) if match["close"] else _Token(raw=raw, opens=tag)
        else:
            yield _Token(raw=raw, shown=html.unescape(raw) if match["entity"] else raw)
