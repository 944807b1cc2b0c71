"""The broadcasts before this one: which is compared with it, and which had the same content."""

from __future__ import annotations

import msgspec

from broadcasts.content.blocks import version
from broadcasts.content.parse import NotContent, parse
from store import broadcasts
from store.broadcasts import Broadcast, State
from store.engine import Connection

LOOKED_AT = 100
"""Broadcasts that are looked through, the latest first."""
_GONE_OUT = (State.RUNNING, State.PAUSED, State.FINISHED, State.CANCELLED)


async def last(connection: Connection, row: Broadcast) -> Broadcast | None:
    """The last finished one of the same name; without any, the last finished one."""
    for found in await broadcasts.named(connection, row.name):
        other = await broadcasts.get(connection, found)
        if other is not None and _is_finished(other, row):
            return other
    others = await broadcasts.latest(connection, LOOKED_AT)
    return next((other for other in others if _is_finished(other, row)), None)


def _is_finished(other: Broadcast, row: Broadcast) -> bool:
    return other.id != row.id and other.state == State.FINISHED


async def twin(connection: Connection, row: Broadcast) -> Broadcast | None:
    """The last one that went out, if only in part, with the very same content."""
    own = _version(row)
    others = await broadcasts.latest(connection, LOOKED_AT)
    gone = (one for one in others if one.id != row.id and one.started_at and one.state in _GONE_OUT)
    return next((one for one in gone if own and _version(one) == own), None)


def _version(row: Broadcast) -> str:
    """Of its content; empty for one that nobody can read any more."""
    try:
        return version(parse(msgspec.json.encode(row.content), html=True))
    except NotContent:
        return ""
