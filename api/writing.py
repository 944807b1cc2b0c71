"""One request, one transaction, one event that says which key did it. The same request sent twice is done once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from api.guard import Caller
from api.problems import Problem
from domain.ids import new_id
from domain.messages import utcnow
from store import once
from store.bulk import Lost
from store.engine import Connection, is_lost_race

_TRIES = 4


class Made(NamedTuple):
    """What a request did."""

    id: UUID | None
    """The thing that it made or changed: by it a repeated request is answered."""
    card: UUID | None = None
    """The card that it is about."""
    facts: Mapping[str, Any] = {}
    """For the log: names of fields and ids, nothing that a customer wrote."""


Act = Callable[[Connection], Awaitable[Made]]


async def write(caller: Caller, kind: str, act: Act) -> Made:
    """Do it and write down the event, in one transaction. Raises Problem, and whatever `act` raises.

    With an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) the event's id is made of it: a repeated request
    finds the event, changes nothing and is answered with what the first one made, as that is now.
    """
    for _ in range(_TRIES):
        try:
            async with caller.database.begin() as connection:
                return await _write(connection, caller, kind, act)
        except Lost:
            continue
        except Exception as error:
            if not is_lost_race(error):
                raise
    raise Problem(503, "busy")


async def _write(connection: Connection, caller: Caller, kind: str, act: Act) -> Made:
    event = uuid5(NAMESPACE_URL, f"{caller.actor}\n{caller.once}") if caller.once else new_id()
    if caller.once and (known := await once.remembered(connection, event)):
        if known.get("request") != caller.digest:
            raise Problem(422, "reused")
        made = known.get("made")
        return Made(UUID(made) if made else None)
    made_now = await act(connection)
    data: dict[str, Any] = dict(made_now.facts) | {"made": str(made_now.id) if made_now.id else ""}
    if caller.once:
        data["request"] = caller.digest
    row = (event, utcnow(), kind, caller.actor, None, None, msgspec.json.encode(data).decode(), made_now.card)
    await once.remember(connection, row)
    return made_now
