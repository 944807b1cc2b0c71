"""What of a message is kept as `messages.facts`. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.messages import File, Inbound

_encode = msgspec.json.Encoder().encode
_PLAIN = ("name", "language", "chat", "unreadable")
_LISTS = ("refers_to", "consents", "ticked")


def facts_of(message: Inbound) -> str:
    """JSON text of everything that is there and has no column of its own."""
    facts: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(message, name))}
    facts |= {name: value for name in _LISTS if (value := getattr(message, name))}
    if message.fields:
        facts["fields"] = dict(message.fields)
    if source := _source(message):
        facts["source"] = source
    if message.files:
        facts["files"] = [_file(f) for f in message.files]
    if message.raw:
        facts["raw"] = _file(message.raw)
    if message.automatic:
        facts["automatic"] = message.automatic.value
    facts["from"] = [[a.kind.value, a.value, a.proved] for a in message.addresses]
    return _encode(facts).decode()


def _source(message: Inbound) -> dict[str, Any]:
    source = message.source
    pairs = (("page", source.page), ("referrer", source.referrer), ("form", source.form), ("campaign", source.campaign))
    found: dict[str, Any] = {name: value for name, value in pairs if value}
    if source.utm:
        found["utm"] = dict(source.utm)
    return found


def _file(file: File) -> dict[str, Any]:
    return {"key": file.key, "name": file.name, "type": file.type, "size": file.size, "content_id": file.content_id}
