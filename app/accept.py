"""`accept`: the one door from the channels into the house."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import puremagic

from bus.broker import Bus
from domain.errors import Refused, Unpublished
from domain.messages import File, Inbound, Report
from store.files import Files

MAX_TEXT = 200_000
"""Characters of a message that travel; what is longer is nobody's request, and the raw message keeps it."""
_HARMLESS_TEXT = ("text/plain", "text/csv", "text/calendar", "text/vcard", "application/json", "message/rfc822")
_UNKNOWN = "application/octet-stream"


class Door:
    """Keeps files first, then publishes a message that refers to them. Its return is durability."""

    def __init__(self, bus: Bus, files: Files, max_file: int) -> None:
        self._bus = bus
        self._files = files
        self._max_file = max_file

    async def accept(self, event: Inbound | Report) -> None:
        """`domain.ports.Accept`. Raises Unpublished and Refused."""
        if isinstance(event, Inbound):
            event = await self._kept(event)
        try:
            await self._bus.publish(event)
        except UnicodeEncodeError:  # a lone surrogate from a broken client: keep the message, lose the half letter
            await self._bus.publish(_scrubbed(event))

    async def _kept(self, event: Inbound) -> Inbound:
        raw = await self._keep(event.raw) if event.raw else None
        files = tuple([await self._keep(file) for file in event.files])
        html = None if raw else event.html  # the raw message has it; on the bus it would only weigh
        return replace(event, raw=raw, files=files, html=html, text=event.text[:MAX_TEXT])

    async def _keep(self, file: File) -> File:
        if file.key:
            return file
        if len(file.data) > self._max_file:
            raise Refused(f"{file.name or 'the message'} is larger than {self._max_file // 2**20} MB")
        try:
            key = await self._files.put(file.data)
        except OSError as error:
            raise Unpublished(f"the file store is away: {error}") from error
        kind = await asyncio.to_thread(type_of, file.data, file.type)
        return replace(file, key=key, type=kind, size=len(file.data), data=b"")


def type_of(data: bytes, claimed: str) -> str:
    """The MIME type by content. The sender's word counts only for texts, which have no signature, and harmless ones."""
    try:
        found = puremagic.from_string(data[:65536], mime=True) if data else ""
    except (puremagic.PureError, ValueError):
        found = ""
    if found:
        return str(found)
    claimed = claimed.partition(";")[0].strip().lower()
    if b"\0" in data[:65536]:
        return _UNKNOWN
    return claimed if claimed in _HARMLESS_TEXT else "text/plain" if claimed.startswith("text/") else _UNKNOWN


def _scrubbed(event: Inbound | Report) -> Inbound | Report:
    plain = msgspec.to_builtins(event)
    return msgspec.convert(_clean(plain), type=type(event))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(k): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    return value
