"""Broadcasts: what was planned, where each stands. Their recipients are rows of the deliveries (`store.mailing`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import new_id


class State(StrEnum):
    """Where a broadcast stands. The value stands in the database."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class Broadcast(NamedTuple):
    """One broadcast."""

    id: UUID
    name: str
    state: str
    plan: Mapping[str, Any]
    content: Mapping[str, Any]
    links: Sequence[str]
    revision: int
    scheduled_at: datetime | None
    upto: UUID | None
    cursor: UUID | None
    expanded_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    reason: str | None
    resumes_at: datetime | None
    parent: UUID | None
    created_at: datetime
    created_by: str
    confirmed_by: str | None


_COLUMNS = """id, name, state, plan, content, links, revision, scheduled_at, upto, cursor, expanded_at, started_at,
    finished_at, reason, resumes_at, parent_id, created_at, created_by, confirmed_by"""
_JSON = {"plan": JSONB, "content": JSONB, "links": JSONB}
NO_ONE = UUID(int=0)
"""Before the first contact."""


async def add(
    connection: AsyncConnection,
    *,
    name: str,
    plan: str,
    content: str,
    actor: str,
    at: datetime,
    parent: UUID | None = None,
) -> UUID:
    """A new draft; plan and content are JSON text. Its id."""
    made = new_id()
    values = {"id": made, "name": name, "plan": plan, "content": content, "actor": actor, "at": at, "parent": parent}
    await connection.execute(_ADD, values)
    return made


_ADD = text(
    """INSERT INTO broadcasts (id, name, state, plan, content, created_at, created_by, parent_id)
       VALUES (:id, :name, 'draft', CAST(:plan AS jsonb), CAST(:content AS jsonb), :at, :actor, :parent)"""
)


async def get(connection: AsyncConnection, broadcast: UUID, *, lock: bool = False) -> Broadcast | None:
    """One of them; with `lock` it is ours until the end of the transaction."""
    row = (await connection.execute(_LOCK if lock else _GET, {"id": broadcast})).first()
    return Broadcast(*row) if row else None


_GET = text(f"SELECT {_COLUMNS} FROM broadcasts WHERE id = :id").columns(**_JSON)
_LOCK = text(f"SELECT {_COLUMNS} FROM broadcasts WHERE id = :id FOR NO KEY UPDATE").columns(**_JSON)


async def named(connection: AsyncConnection, name: str) -> list[UUID]:
    """The broadcasts of this name, the latest first."""
    return list((await connection.execute(_NAMED, {"name": name})).scalars())


_NAMED = text("SELECT id FROM broadcasts WHERE name = :name ORDER BY id DESC LIMIT 20")


async def latest(connection: AsyncConnection, limit: int, before: UUID | None = None) -> list[Broadcast]:
    """A page of them, the latest first, those before `before`."""
    rows = await connection.execute(_LATEST, {"before": before, "limit": limit})
    return [Broadcast(*row) for row in rows]


_LATEST = text(
    f"""SELECT {_COLUMNS} FROM broadcasts WHERE CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid)
        ORDER BY id DESC LIMIT :limit"""
).columns(**_JSON)


async def live(connection: AsyncConnection, states: Collection[State] = (State.RUNNING,)) -> list[Broadcast]:
    """Those in these states, of scheduled, running and paused; the oldest first."""
    rows = await connection.execute(_LIVE, {"states": [state.value for state in states]})
    return [Broadcast(*row) for row in rows]


_LIVE = text(
    f"""SELECT {_COLUMNS} FROM broadcasts WHERE state IN ('scheduled', 'running', 'paused')
        AND state = ANY(CAST(:states AS text[])) ORDER BY id"""
).columns(**_JSON)


async def change(
    connection: AsyncConnection, broadcast: UUID, *, name: str, plan: str, content: str, revision: int
) -> bool:
    """Rewrite a draft that is still at `revision`; whether it was."""
    values = {"id": broadcast, "name": name, "plan": plan, "content": content, "revision": revision}
    return bool((await connection.execute(_CHANGE, values)).rowcount)


_CHANGE = text(
    """UPDATE broadcasts SET name = :name, plan = CAST(:plan AS jsonb), content = CAST(:content AS jsonb),
         revision = revision + 1, confirmed_by = NULL WHERE id = :id AND state = 'draft' AND revision = :revision"""
)


async def move(
    connection: AsyncConnection,
    broadcast: UUID,
    states: Collection[State],
    to: State,
    *,
    reason: str | None = None,
    resumes_at: datetime | None = None,
    scheduled_at: datetime | None = None,
    at: datetime,
) -> bool:
    """Into another state, from one of `states`; whether it was in one."""
    values = {
        "id": broadcast, "from": [state.value for state in states], "to": to.value, "reason": reason, "at": at,
        "resumes": resumes_at, "scheduled": scheduled_at,
    }  # fmt: skip
    return bool((await connection.execute(_MOVE, values)).rowcount)


_MOVE = text(
    """UPDATE broadcasts SET state = :to, reason = :reason, resumes_at = :resumes,
         scheduled_at = coalesce(CAST(:scheduled AS timestamptz), scheduled_at),
         finished_at = CASE WHEN :to IN ('cancelled', 'finished') THEN CAST(:at AS timestamptz) END
       WHERE id = :id AND state = ANY(CAST(:from AS text[]))"""
)


async def start(connection: AsyncConnection, broadcast: UUID, links: str, at: datetime) -> bool:
    """From scheduled to running: the audience is frozen at the highest contact id of now."""
    values = {"id": broadcast, "links": links, "at": at, "none": NO_ONE}
    return bool((await connection.execute(_START, values)).rowcount)


_START = text(
    """UPDATE broadcasts SET state = 'running', started_at = :at, links = CAST(:links AS jsonb), cursor = :none,
         upto = (SELECT id FROM contacts ORDER BY id DESC LIMIT 1), reason = NULL, resumes_at = NULL
       WHERE id = :id AND state = 'scheduled'"""
)


async def confirm(connection: AsyncConnection, broadcast: UUID, revision: int, actor: str) -> bool:
    """A second person than who wrote it has looked at this revision; whether that could be written down."""
    values = {"id": broadcast, "revision": revision, "actor": actor}
    return bool((await connection.execute(_CONFIRM, values)).rowcount)


_CONFIRM = text(
    """UPDATE broadcasts SET confirmed_by = :actor
       WHERE id = :id AND state IN ('draft', 'scheduled') AND revision = :revision AND created_by <> :actor"""
)


async def advance(connection: AsyncConnection, broadcast: UUID, cursor: UUID) -> None:
    """Everybody up to this contact has a row."""
    await connection.execute(_ADVANCE, {"id": broadcast, "cursor": cursor})


_ADVANCE = text("UPDATE broadcasts SET cursor = :cursor WHERE id = :id")


async def expanded(connection: AsyncConnection, broadcast: UUID, at: datetime) -> None:
    """Everybody has a row."""
    await connection.execute(_EXPANDED, {"id": broadcast, "at": at})


_EXPANDED = text("UPDATE broadcasts SET expanded_at = :at WHERE id = :id")


async def widen(connection: AsyncConnection, broadcast: UUID, upto: UUID) -> None:
    """Late comers up to this contact come in, too."""
    await connection.execute(_WIDEN, {"id": broadcast, "upto": upto})


_WIDEN = text("UPDATE broadcasts SET cursor = coalesce(upto, cursor), upto = :upto WHERE id = :id")


async def highest_contact(connection: AsyncConnection) -> UUID | None:
    """The id of the card that was made last."""
    found: UUID | None = (await connection.execute(_HIGHEST)).scalar()
    return found


_HIGHEST = text("SELECT id FROM contacts ORDER BY id DESC LIMIT 1")
