"""What a browser or a program posted -> `Submission`. Pure: bytes in, values out, `Unreadable` raised."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from channels.form.settings import LANGUAGE, Language
from domain.messages import File

MOST_FIELDS = 200
LONGEST_VALUE = 256 * 1024
"""Characters of one value. A field's own limit is checked later, with a sentence for the visitor."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Controls except tab and line feed, what turns the direction of writing, halves of a surrogate pair."""
_Scalar = str | bool | int | float | None
_DECODER = msgspec.json.Decoder(dict[str, _Scalar | list[_Scalar]])
_PREFERENCE = re.compile(r"([a-z]{2})(?:-[a-z0-9]+)*\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*(?:,|$)", re.IGNORECASE)


class Unreadable(Exception):
    """This is no submission: broken encoding, NUL, too many fields, a type that no form sends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """One file and the field that it came in."""

    field: str
    file: File


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What was sent, cleaned but not yet checked against any form."""

    values: Mapping[str, str]
    uploads: tuple[Upload, ...] = ()
    key: str = ""
    """The idempotency key; empty when the sender gave none."""
    language: Language = "en"
    page: str = ""
    """From the Referer header; the field `_page` knows better."""


def clean(text: str) -> str:
    """Without control characters, with "\\n" as the only line end, trimmed. Raises Unreadable for NUL."""
    if not text.isprintable() and _CONTROL.search(text):
        if "\x00" in text:
            raise Unreadable("NUL in a text")
        text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n"))
    return text.strip()


def one_line(text: str) -> str:
    """A name, a title, a mark: without control characters, on one line, trimmed. Never raises."""
    return text if text.isprintable() and text == text.strip() else " ".join(_CONTROL.sub("", text).split())


def language_of(wanted: str, accepted: str, default: Language) -> Language:
    """English or Russian by the field `lang`, then Accept-Language (RFC 9110, section 12.5.4), else the default."""
    if wanted[:2].lower() in {"en", "ru"}:
        return "ru" if wanted[:2].lower() == "ru" else "en"
    ranked = sorted(_PREFERENCE.findall(accepted[:500]), key=lambda found: -float(found[1] or 1))
    first = next((code.lower() for code, _ in ranked if code.lower() in {"en", "ru"}), default)
    return "ru" if first == "ru" else "en"


def parse(body: bytes, headers: Mapping[bytes, bytes], default: Language = "en") -> Submission:
    """Read a whole body by its Content-Type: JSON, form-urlencoded or multipart.

    `headers` are ASGI's: lower-case names, raw values. Raises Unreadable.
    """
    values, uploads = _pairs(body, headers.get(b"content-type", b"").decode("latin-1"))
    return Submission(
        values=values,
        uploads=uploads,
        key=_header(headers, b"idempotency-key") or values.get("_key", ""),
        language=language_of(values.get(LANGUAGE, ""), _header(headers, b"accept-language"), default),
        page=clean(_header(headers, b"referer")),
    )


def _header(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1").replace("\x00", "")


def _pairs(body: bytes, content_type: str) -> tuple[dict[str, str], tuple[Upload, ...]]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _collect(_json(body)), ()
    if kind == "application/x-www-form-urlencoded":
        return _collect(_urlencoded(body)), ()
    if kind == "multipart/form-data":
        return _multipart(body, content_type)
    raise Unreadable(f"no form has the type {kind[:60]!r}")


def _collect(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Several values of one name (boxes ticked in a group) become one, separated by commas."""
    values: dict[str, str] = {}
    for count, (key, value) in enumerate(pairs):
        if count >= MOST_FIELDS or len(key) > 100 or len(value) > LONGEST_VALUE:
            raise Unreadable("more than any form has")
        name, text = one_line(clean(key)), clean(value)
        values[name] = f"{values[name]}, {text}" if values.get(name) else text
    return values


def _json(body: bytes) -> Iterable[tuple[str, str]]:
    try:
        sent = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unreadable("expected a JSON object of texts, numbers and booleans") from error
    for name, value in sent.items():
        for one in value if isinstance(value, list) else (value,):
            yield name, one if isinstance(one, str) else _plain(one)


def _plain(value: bool | float | None) -> str:
    if value is None or value is False:
        return ""
    return "yes" if value is True else str(value)


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    """UTF-8, or windows-1251 as old Russian pages send it."""
    for encoding, errors in (("utf-8", "strict"), ("cp1251", "replace")):
        try:
            text = body.decode(encoding, errors)  # curl -d sends letters as they are
            return parse_qsl(text, True, encoding=encoding, errors=errors, max_num_fields=MOST_FIELDS)
        except UnicodeDecodeError:
            continue
        except ValueError as error:
            raise Unreadable("more fields than any form has") from error
    raise AssertionError("windows-1251 with replacement takes everything")


def _multipart(body: bytes, content_type: str) -> tuple[dict[str, str], tuple[Upload, ...]]:
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    parts = _Parts()
    try:
        parser = parts.parser(boundary)
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError) as error:
        raise Unreadable("broken multipart") from error
    if not parts.complete:
        raise Unreadable("multipart that is cut off")
    return _collect((part.name, _decoded(bytes(part.data))) for part in parts.done if part.filename is None), tuple(
        _upload(part, part.filename) for part in parts.done if part.filename
    )


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1251", "replace")


def _upload(part: _Part, filename: str) -> Upload:
    # browsers write a quotation mark as %22 (html.spec.whatwg.org, "multipart/form-data encoding algorithm")
    name = clean(filename).replace("%22", '"').replace("\\", "/").rpartition("/")[2]
    name = one_line(name)[-200:] or "file"
    kind = part.type if re.fullmatch(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,80}", part.type) else ""
    kind = kind or mimetypes.guess_type(name)[0] or "application/octet-stream"
    data = bytes(part.data)
    return Upload(field=one_line(clean(part.name)), file=File(name=name, type=kind, size=len(data), data=data))


@dataclass(slots=True)
class _Part:
    name: str = ""
    filename: str | None = None
    type: str = ""
    data: bytearray = field(default_factory=bytearray)


class _Parts:
    """Collects what `python_multipart` calls out while it walks through a body (RFC 7578)."""

    def __init__(self) -> None:
        self.done: list[_Part] = []
        self.complete = False
        self._part = _Part()
        self._header = bytearray()
        self._value = bytearray()

    def parser(self, boundary: bytes) -> MultipartParser:
        """The parser that calls this collector."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_end": self._end,
            },
        )

    def _part_begin(self) -> None:
        self._part = _Part()
        if len(self.done) >= MOST_FIELDS:
            raise Unreadable("more parts than any form has")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._part.data += data[start:end]

    def _part_end(self) -> None:
        self.done.append(self._part)

    def _end(self) -> None:
        self.complete = True

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        name, value = self._header.lower(), _decoded(bytes(self._value))
        if name == b"content-type":
            self._part.type = value.partition(";")[0].strip().lower()
        elif name == b"content-disposition":
            self._disposition(bytes(self._value))
        self._header.clear()
        self._value.clear()

    def _disposition(self, value: bytes) -> None:
        options = parse_options_header(value)[1]
        self._part.name = _decoded(options.get(b"name", b""))
        self._part.filename = _decoded(options[b"filename"]) if b"filename" in options else None
