"""Telegram's HTML subset: from markup to plain text and entities.

Source: https://core.telegram.org/bots/api#html-style. The words of the errors are those of the real server.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from simulator.telegram.entities import Entity
from simulator.telegram.errors import ApiError, bad_request

KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}

_TOKEN = re.compile(r"<|&(?:lt|gt|amp|quot|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_START = re.compile(r"<([^\s>/][^\s>]*)((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[\w.-]+))?)*)\s*/?>")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([\w.-]+)))?")
_END = re.compile(r"</([^\s>]*)\s*>")


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    start: int


def parse_html(source: str) -> tuple[str, tuple[Entity, ...]]:
    """The plain text and its entities, outer ones first. Raises 400 "can't parse entities" as Telegram would."""
    return _Parser(source).parse()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._text: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def parse(self) -> tuple[str, tuple[Entity, ...]]:
        position = 0
        while found := _TOKEN.search(self._source, position):
            self._put(self._source[position : found.start()])
            position = self._tag(found.start()) if found[0] == "<" else self._reference(found)
        self._put(self._source[position:])
        if self._open:
            raise _broken(f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')
        self._entities.sort(key=lambda entity: (entity.start, -entity.end))
        return "".join(self._text), tuple(self._entities)

    def _put(self, text: str) -> None:
        self._text.append(text)
        self._length += len(text)

    def _reference(self, found: re.Match[str]) -> int:
        self._put(html.unescape(found[0]))
        return found.end()

    def _tag(self, at: int) -> int:
        return self._end_tag(at) if self._source.startswith("</", at) else self._start_tag(at)

    def _start_tag(self, at: int) -> int:
        found = _START.match(self._source, at)
        if found is None:
            raise self._unreadable_start(at)
        tag = found[1].lower()
        attributes = {name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(found[2])}
        if tag not in KINDS:
            raise _broken(f'Unsupported start tag "{tag}" at byte offset {self._byte(at)}')
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise _broken(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(at)}')
        self._open.append(_Open(tag, attributes, self._length))
        return found.end()

    def _unreadable_start(self, at: int) -> ApiError:
        name = re.split(r"[\s>]", self._source[at + 1 :], maxsplit=1)[0].lower()
        if ">" not in self._source[at:]:
            return _broken(f"Unclosed start tag at byte offset {self._byte(at)}")
        if name not in KINDS:
            return _broken(f'Unsupported start tag "{name}" at byte offset {self._byte(at)}')
        return _broken(f'Unexpected end of attributes of the tag "{name}" at byte offset {self._byte(at)}')

    def _end_tag(self, at: int) -> int:
        if not self._open:
            raise _broken(f"Unexpected end tag at byte offset {self._byte(at)}")
        found = _END.match(self._source, at)
        if found is None:
            raise _broken(f"Unclosed end tag at byte offset {self._byte(at)}")
        opened, name = self._open.pop(), found[1].lower()
        if name and name != opened.tag:
            raise _broken(
                f'Unmatched end tag at byte offset {self._byte(at)}, expected "</{opened.tag}>", found "</{name}>"'
            )
        self._close(opened)
        return found.end()

    def _close(self, opened: _Open) -> None:
        entity = _entity(opened, "".join(self._text)[opened.start :], self._length)
        if entity is None or opened.start == self._length:
            return
        last = self._entities[-1] if self._entities else None
        if entity.kind == "pre" and last and (last.kind, last.start, last.end) == ("code", entity.start, entity.end):
            self._entities[-1] = Entity(kind="pre", start=entity.start, end=entity.end, language=last.language)
            return
        self._entities.append(entity)

    def _byte(self, at: int) -> int:
        return len(self._source[:at].encode())


def _entity(opened: _Open, inside: str, end: int) -> Entity | None:
    kind, attributes = KINDS[opened.tag], opened.attributes
    if kind == "text_link":
        url = attributes.get("href") or inside
        if "://" not in url and not url.startswith(("mailto:", "tel:")):
            url = f"http://{url}"
        # A link without a host is dropped and its text stays, as Telegram does.
        return Entity(kind=kind, start=opened.start, end=end, url=url) if "." in url or url.startswith("tg:") else None
    if kind == "code":
        language = attributes.get("class", "").removeprefix("language-")
        return Entity(kind=kind, start=opened.start, end=end, language=language)
    if kind == "blockquote" and "expandable" in attributes:
        kind = "expandable_blockquote"
    extra = {"custom_emoji_id": attributes.get("emoji-id", "")} if kind == "custom_emoji" else {}
    return Entity(kind=kind, start=opened.start, end=end, extra=extra)


def _broken(reason: str) -> ApiError:
    return bad_request(f"can't parse entities: {reason}")
