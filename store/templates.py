"""Templates of mailings: contents by name, of which every version stays. The highest version of a name holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import new_id


class Template(NamedTuple):
    """One version."""

    id: UUID
    name: str
    version: int
    content: Mapping[str, Any]
    at: datetime
    actor: str


_COLUMNS = "id, name, version, content, at, actor"


async def put(connection: AsyncConnection, name: str, content: str, *, actor: str, at: datetime) -> int:
    """A further version of this name, the first of a new one; `content` is JSON text. Its number.

    Two who write at once get a number each: the second waits for the first.
    """
    await connection.execute(_LOCK, {"name": f"template:{name}"})
    values = {"id": new_id(), "name": name, "content": content, "actor": actor, "at": at}
    return int((await connection.execute(_PUT, values)).scalar_one())


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_PUT = text(
    """INSERT INTO templates (id, name, version, content, at, actor)
       SELECT :id, :name, coalesce(max(t.version), 0) + 1, CAST(:content AS jsonb), :at, :actor
       FROM templates t WHERE t.name = :name RETURNING version"""
)


async def get(connection: AsyncConnection, name: str, version: int | None = None) -> Template | None:
    """This version, or the one that holds."""
    row = (await connection.execute(_GET, {"name": name, "version": version})).first()
    return Template(*row) if row else None


_GET = text(
    f"""SELECT {_COLUMNS} FROM templates
        WHERE name = :name AND (CAST(:version AS integer) IS NULL OR version = CAST(:version AS integer))
        ORDER BY version DESC LIMIT 1"""
).columns(content=JSONB)


async def listed(connection: AsyncConnection) -> list[Template]:
    """What holds of each name, by name."""
    return [Template(*row) for row in await connection.execute(_LISTED)]


_LISTED = text(f"SELECT DISTINCT ON (name) {_COLUMNS} FROM templates ORDER BY name, version DESC").columns(
    content=JSONB
)


async def versions(connection: AsyncConnection, name: str, limit: int = 100) -> list[Template]:
    """All that a template was, the latest first."""
    return [Template(*row) for row in await connection.execute(_VERSIONS, {"name": name, "limit": limit})]


_VERSIONS = text(f"SELECT {_COLUMNS} FROM templates WHERE name = :name ORDER BY version DESC LIMIT :limit").columns(
    content=JSONB
)
