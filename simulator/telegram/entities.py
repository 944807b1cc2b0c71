"""Stretches of text with a meaning: found in plain text, counted as Telegram counts, shown as safe HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SHOWN = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "spoiler": "mark",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}
LINKS = ("http://", "https://", "tg://", "mailto:", "tel:")

_FOUND = re.compile(
    r"(?P<bot_command>(?<![\w/<>])/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?(?![\w/]))"
    r"|(?P<url>\bhttps?://[^\s<>\"']+[^\s<>\"'.,;:!?)])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<mention>(?<!\w)@[a-zA-Z][a-zA-Z0-9_]{3,31}\b)"
    r"|(?P<phone_number>(?<![\w+])\+[0-9][0-9 ()-]{8,18}[0-9])"
    r"|(?P<hashtag>(?<!\w)#\w*[^\W\d]\w*)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """A stretch of text with a meaning: text[start:end]."""

    kind: str
    """The Bot API's type: "bold", "text_link", "bot_command"..."""
    start: int
    end: int
    url: str = ""
    language: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Other members of the MessageEntity, as they go over the wire."""


def find_entities(text: str, given: Iterable[Entity] = ()) -> tuple[Entity, ...]:
    """`given` and what Telegram finds by itself beside it: commands, links, addresses, phones, mentions, hashtags."""
    given = tuple(given)
    solid = [entity for entity in given if entity.kind in {"code", "pre", "text_link"}]
    found = (
        Entity(kind=str(match.lastgroup), start=match.start(), end=match.end())
        for match in _FOUND.finditer(text)
        if not any(entity.start < match.end() and match.start() < entity.end for entity in solid)
    )
    return tuple(sorted((*given, *found), key=lambda entity: (entity.start, -entity.end)))


def utf16_length(text: str) -> int:
    """UTF-16 code units: what the Bot API counts in, and what its limits of 4096 and 1024 mean."""
    return len(text) + sum(character > "\uffff" for character in text)


def render_html(text: str, entities: Iterable[Entity]) -> str:
    """`text` as HTML that is safe inside a page: all escaped, links only to the web, mail, phones, Telegram."""
    starts: dict[int, list[tuple[Entity, str, str]]] = {}
    for entity in entities:
        if tags := _tags(entity, text[entity.start : entity.end]):
            starts.setdefault(entity.start, []).append((entity, *tags))
    return "".join(_render(text, starts))


def _render(text: str, starts: dict[int, list[tuple[Entity, str, str]]]) -> Iterator[str]:
    """Entities that cross (only a bot's own list can hold such) are closed at the end of the outer one."""
    still_open: list[tuple[int, str]] = []
    for index, character in enumerate(text):
        while still_open and still_open[-1][0] <= index:
            yield still_open.pop()[1]
        for entity, start_tag, end_tag in sorted(starts.get(index, ()), key=lambda item: -item[0].end):
            yield start_tag
            still_open.append((min(entity.end, still_open[-1][0]) if still_open else entity.end, end_tag))
        yield html.escape(character)
    for _, end_tag in reversed(still_open):
        yield end_tag


def _tags(entity: Entity, inside: str) -> tuple[str, str] | None:
    if tag := SHOWN.get(entity.kind):
        return f"<{tag}>", f"</{tag}>"
    url = {"text_link": entity.url, "url": inside, "email": f"mailto:{inside}"}.get(entity.kind, "")
    if entity.kind == "phone_number":
        url = "tel:" + re.sub(r"[^+0-9]", "", inside)
    if not url.lower().startswith(LINKS):
        return None
    return f'<a href="{html.escape(url)}" target="_blank" rel="noopener noreferrer nofollow">', "</a>"
