"""Who a broadcast is for: the plan's condition and its part of the people, as a SELECT."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from broadcasts.plan import Plan
from domain.conditions import Logic
from domain.conditions.atoms import And
from people import segments
from store import expansion
from store.condition_sql import select_portion
from store.engine import Connection
from store.expansion import Query

EVERYBODY: Mapping[str, Any] = {"all": []}
"""The audience without any condition: a group of none, which is an error anywhere else."""


async def logic_of(connection: Connection, the: Plan, now: datetime) -> Logic:
    """The plan's condition. Raises `domain.conditions.Unreadable` with what is wrong."""
    if the.audience == EVERYBODY:
        return And(())
    condition = await segments.read(connection, the.audience)
    return await segments.logic(connection, condition, now, the.clock)


async def audience(connection: Connection, the: Plan, now: datetime) -> Query:
    """The people of a plan as they are now, page by page."""
    sql, values = select_portion(await logic_of(connection, the, now))
    split = (the.split.salt, the.split.since, the.split.to) if the.split else None
    return expansion.bounded(Query(sql, values), split)
