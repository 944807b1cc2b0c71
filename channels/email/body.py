"""The parts of a mail: what it says and what it brings. Pure. RFC 2045, RFC 2046, RFC 2183, RFC 3676."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from email.message import Message
from html import escape

from channels.email.charsets import decode
from channels.email.headers import Headers, parameter
from channels.email.text import plain_text
from domain.messages import File

_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_DEEPEST = 30
_MOST_FILES = 200
_MOST_TEXTS = 50
"""Parts that are read as text."""
_MOST_BYTES = 4_000_000
"""Bytes of all text parts together: enough to tell that HTML is longer than what travels on."""
_MOST_HTML = 200_000
"""Characters of HTML of all parts together that are turned into text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the body: as text, as HTML, or the same in both."""

    text: str | None = None
    html: str | None = None

    def is_html_only(self) -> bool:
        """Whether its text must be made from the HTML."""
        return self.html is not None and not (self.text and self.text.strip())

    def as_text(self) -> str:
        """The text part, or the HTML as text when there is none worth the name."""
        return plain_text(self.html or "") if self.is_html_only() else self.text or ""

    def as_html(self) -> str:
        """The HTML part, or the text in HTML."""
        return self.html if self.html is not None else f"<div>{escape(self.text or '').replace(chr(10), '<br>')}</div>"


@dataclass(frozen=True, slots=True)
class Body:
    """What a mail says and brings."""

    text: str
    html: str | None
    files: tuple[File, ...]


class _Budget:
    """What one mail may still cost."""

    def __init__(self) -> None:
        self.files: list[File] = []
        self.parts, self.size = _MOST_TEXTS, _MOST_BYTES

    def takes_text(self) -> bool:
        """Whether one more part is read as text; otherwise it is a file like others."""
        self.parts -= 1
        return self.parts >= 0 and self.size > 0

    def spend(self, data: bytes) -> bytes:
        """As much of it as is left."""
        data = data[: self.size]
        self.size -= len(data)
        return data


def read_body(mail: Message) -> Body:
    """All text in order, all HTML in order, everything else as files. Of a mail without measure the beginning."""
    budget = _Budget()
    pieces = list(_pieces(mail, budget, 0))
    html = "\n".join(piece.as_html() for piece in pieces) if any(piece.html is not None for piece in pieces) else None
    return Body(_text(pieces), html, tuple(budget.files))


def _text(pieces: Iterable[Piece]) -> str:
    """HTML is turned into text only as far as the total allows: it is what costs most."""
    texts: list[str] = []
    left = _MOST_HTML
    for piece in pieces:
        read = piece
        if piece.is_html_only():
            read = replace(piece, html=(piece.html or "")[:left])
            left -= len(read.html or "")
        texts.append(read.as_text().strip())
    return "\n\n".join(filter(None, texts))


def _pieces(part: Message, budget: _Budget, depth: int) -> Iterator[Piece]:
    children = part.get_payload()
    if (
        part.is_multipart()
        and isinstance(children, list)
        and part.get_content_maintype() != "message"
        and depth < _DEEPEST
    ):
        nested = [list(_pieces(child, budget, depth + 1)) for child in children if isinstance(child, Message)]
        yield from (
            _alternative(nested) if part.get_content_subtype() == "alternative" else (p for ps in nested for p in ps)
        )
    elif len(budget.files) >= _MOST_FILES and budget.parts <= 0:
        return
    elif _is_text(part) and budget.takes_text():
        yield _read_text(part, budget)
    elif part.get_content_type() != "message/delivery-status" and len(budget.files) < _MOST_FILES:
        budget.files.append(_file(part))


def _alternative(nested: list[list[Piece]]) -> Iterator[Piece]:
    """The same thing several times, the best last: take the first text and the last HTML."""
    pieces = [piece for each in nested for piece in each]
    texts = [piece.text for piece in pieces if piece.text is not None]
    htmls = [piece.html for piece in pieces if piece.html is not None]
    if pieces:
        yield Piece(texts[0] if texts else None, htmls[-1] if htmls else None)


def _is_text(part: Message) -> bool:
    if part.get_content_type() not in ("text/plain", "text/html") or part.is_multipart():
        return False
    disposition = Headers(part).token("content-disposition")
    return disposition != "attachment" and not (_file_name(part) and disposition == "inline" and _file_name(part))


def _read_text(part: Message, budget: _Budget) -> Piece:
    data = budget.spend(content(part))
    charset = parameter(part, "charset")
    if part.get_content_type() == "text/html":
        meta = _META.search(data[:4096])
        return Piece(html=decode(data, charset or (meta[1].decode() if meta else "")).replace("\x00", ""))
    text = decode(data, charset).replace("\r\n", "\n").replace("\x00", "")
    if parameter(part, "format").lower() == "flowed":
        text = unflow(text, delete_space=parameter(part, "delsp").lower() == "yes")
    return Piece(text=text)


def content(part: Message) -> bytes:
    """The bytes of a part, its transfer encoding undone; those of a whole enclosed mail as they are."""
    if part.is_multipart():
        inner = part.get_payload()
        return (
            b"\n".join(each.as_bytes() for each in inner if isinstance(each, Message))
            if isinstance(inner, list)
            else b""
        )
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def unflow(text: str, *, delete_space: bool) -> str:
    """Join the lines that the sender's program had broken (RFC 3676, section 4)."""
    out: list[list[str]] = []
    open_depth = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        rest = line[depth:].removeprefix(" ")
        flowed = rest.endswith(" ") and rest != "-- "
        piece = rest[:-1] if flowed and delete_space else rest
        if open_depth == depth and rest != "-- ":
            out[-1].append(piece)
        else:
            out.append([(">" * depth + " " if depth else "") + piece])
        open_depth = depth if flowed else -1
    return "\n".join(map("".join, out))


def _file_name(part: Message) -> str:
    return parameter(part, "filename", "content-disposition") or parameter(part, "name")


def _file(part: Message) -> File:
    data, type_ = content(part), part.get_content_type()
    name = re.split(r"[/\\]", _file_name(part))[-1] or _name_for(part, type_)
    cid = Headers(part).raw("content-id").strip("<> ")
    return File(name=name[:200], type=type_, size=len(data), data=data, content_id=cid[:200])


def _name_for(part: Message, type_: str) -> str:
    if type_ == "message/rfc822":
        inner = part.get_payload()
        subject = (
            Headers(inner[0]).text("subject")
            if isinstance(inner, list) and inner and isinstance(inner[0], Message)
            else ""
        )
        return (re.sub(r"[^\w .-]", "_", subject)[:100] or "mail") + ".eml"
    endings = {
        "text/calendar": ".ics",
        "text/html": ".html",
        "text/plain": ".txt",
        "application/pdf": ".pdf",
        "image/jpeg": ".jpg",
    }
    return "file" + endings.get(
        type_, f".{part.get_content_subtype()}" if part.get_content_maintype() == "image" else ""
    )
