"""How many merges a person would take back at once, and which ones come next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class Which(NamedTuple):
    """Merges: these, or all that a rule did in a span of time."""

    ids: Sequence[UUID] | None = None
    rule: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def left(connection: AsyncConnection, which: Which) -> int:
    """How many of them hold."""
    return int((await connection.scalar(_LEFT, _values(which))) or 0)


async def following(connection: AsyncConnection, which: Which, limit: int) -> list[UUID]:
    """The next ones that hold, the latest first."""
    return list((await connection.execute(_NEXT, _values(which) | {"limit": limit})).scalars())


def _values(which: Which) -> dict[str, Any]:
    return which._asdict() | {"ids": list(which.ids) if which.ids is not None else None}


_WHERE = """undone_at IS NULL AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(:ids))
    AND (CAST(:rule AS text) IS NULL OR rule = :rule)
    AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)
    AND (CAST(:until AS timestamptz) IS NULL OR at < :until)"""
_LEFT = text(f"SELECT count(*) FROM merges WHERE {_WHERE}")
_NEXT = text(f"SELECT id FROM merges WHERE {_WHERE} ORDER BY at DESC, id DESC LIMIT :limit")
