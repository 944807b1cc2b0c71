"""The streams: their names, their limits, and how an event becomes bytes and an event again.

An event goes to `in.{n}`, where n is a hash of its sender: one person's messages stay in order. The braces are Redis
Cluster's hash tag (Cluster specification, "Hash tags"): whatever belongs to one stream lives in one slot.

The payload is JSON in an envelope: `{"v": 1, "kind": "inbound", "body": {...}}`. Fields that we do not know yet are
passed over, so that a newer publisher may run beside an older consumer; whatever cannot be read is set aside as dead
and can be replayed after the upgrade. Nothing travels in headers: they lose what is not ASCII.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import msgspec
from faststream.redis import BinaryMessageFormatV1

from domain.errors import Refused
from domain.messages import Address, File, Inbound, Report

Event = Inbound | Report

GROUP = "router"
"""The one consumer group of each stream; what it has handled is deleted."""
DEAD = "dead"
"""The stream of what could not be handled."""
BELL = "bell"
"""The Pub/Sub channel that tells senders to look for deliveries."""
BODY = b"__data__"
"""The field of a stream's entry that FastStream writes."""
MAX_SHARDS = 64
MAX_PAYLOAD = 2 * 1024 * 1024
"""Bytes. Files never travel on the bus, so that a long mail stays far below; a batch of these must fit in memory."""
VERSION = 1

_KINDS: dict[str, type[Event]] = {"inbound": Inbound, "report": Report}


class Undecodable(Exception):
    """This entry cannot be read by this release. It will not get better by trying again."""


class _Envelope(msgspec.Struct):
    v: int
    kind: str
    body: msgspec.Raw


_envelopes = msgspec.json.Decoder(_Envelope)
_bodies = {kind: msgspec.json.Decoder(type_) for kind, type_ in _KINDS.items()}
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a stream as it lies there."""

    id: bytes
    data: bytes
    """What stands in the field `BODY`: FastStream's frame around our payload."""

    @classmethod
    def of(cls, id_: bytes, fields: dict[bytes, bytes]) -> Entry:
        """An entry that somebody else wrote without that field keeps its fields, for a person to see."""
        return cls(id_, fields[BODY] if BODY in fields else repr(fields).encode())

    @property
    def payload(self) -> bytes:
        """Our payload without the frame."""
        return BinaryMessageFormatV1.parse(self.data)[0]


def stream(shard: int) -> str:
    """The name of a shard's stream."""
    return f"in.{{{shard}}}"


def shard_of(event: Event, shards: int) -> int:
    """The shard of an event: by its sender's first address, a report's by the message that it is about."""
    return crc32(_key(event).encode()) % shards


def _key(event: Event) -> str:
    if isinstance(event, Report):
        return event.external_id or (_name(event.address) if event.address else event.channel)
    return _name(event.addresses[0]) if event.addresses else event.external_id


def _name(address: Address) -> str:
    return f"{address.kind}:{address.value}"


def encode(event: Event) -> bytes:
    """The payload. Raises ValueError when a file still has its content, Refused when the event is too large."""
    if any(file.data for file in _files(event)):
        raise ValueError(f"{event.channel} {event.external_id}: files are stored first, only references travel")
    kind = "report" if isinstance(event, Report) else "inbound"
    payload = _encoder.encode({"v": VERSION, "kind": kind, "body": event})
    if b"\\u0000" in payload:
        payload = _encoder.encode(_without_nul(msgspec.json.decode(payload)))
    if len(payload) > MAX_PAYLOAD:
        raise Refused(f"the message is too large: {len(payload)} bytes of text, at most {MAX_PAYLOAD} are taken")
    return payload


def _without_nul(value: Any) -> Any:
    """The decoded payload without U+0000: PostgreSQL takes it neither in text nor in jsonb (section 8.14.1).

    Values are cleaned, not the JSON text: a visitor may type a backslash, "u" and four zeros.
    """
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(one) for key, one in value.items()}
    return [_without_nul(one) for one in value] if isinstance(value, list) else value


def _files(event: Event) -> Iterable[File]:
    if isinstance(event, Inbound):
        yield from event.files
        if event.raw is not None:
            yield event.raw


def decode(payload: bytes) -> Event:
    """The event. Raises Undecodable, in words."""
    try:
        envelope = _envelopes.decode(payload)
        if envelope.v > VERSION:
            raise Undecodable(f"written by a newer release (version {envelope.v}); upgrade, then replay it")
        return _bodies[envelope.kind].decode(envelope.body)
    except KeyError as error:
        raise Undecodable(f"an event of unknown kind {error}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Undecodable(f"not an event: {error}") from error


def summary(payload: bytes) -> str:
    """One line about a payload, for a person who goes through dead letters."""
    try:
        event = decode(payload)
    except Undecodable as error:
        return f"unreadable, {len(payload)} bytes: {error}"
    if isinstance(event, Report):
        return f"{event.channel}: report {event.kind} of {event.external_id or event.address}"
    sender = ", ".join(address.value for address in event.addresses)
    return f"{event.channel}: {event.external_id} from {sender or 'unknown'}: {(event.subject or event.text)[:60]!r}"
