"""Looks at what a file would change, and writes no card: for a person who waits, or as a job that leaves a ledger."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from domain.ids import new_id
from people.draft import drafts
from people.files.table import Table
from people.filing import Filed, Outcome, Plan, ledger
from people.importing import (
    Bring,
    Pace,
    Source,
    Stopped,
    Told,
    alone,
    batches,
    choices_of,
    on_disk,
    opened,
    progress,
)
from people.planning import planned
from store import import_jobs
from store.bulk import Row
from store.engine import Connection, Database

EXAMPLES = 20
"""Rows that a dry run shows of each outcome."""


@dataclass(slots=True)
class Preview:
    """What an import would do; nothing is written."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Filed]] = field(default_factory=lambda: defaultdict(list))
    warnings: int = 0


async def preview(database: Database, source: Source, told: Told | None = None) -> Preview:
    """A dry run over the whole file. Raises Unreadable."""
    found = Preview()
    with await asyncio.to_thread(opened, source) as table:
        async with database.begin() as connection:
            choices = await choices_of(connection, source, new_id())
            for batch in batches(drafts(table, source.mapping, source.country)):
                plan = await planned(connection, batch, choices, dry=True)
                _remember(found, plan)
                if told:
                    told(progress(table, batch[-1].row, found.counts))
                await asyncio.sleep(0)
    return found


def _remember(found: Preview, plan: Plan) -> None:
    found.counts.update(plan.counts())
    for filed in plan.filed:
        found.warnings += len(filed.facts.get("warnings", ()))
        if len(found.examples[filed.outcome]) < EXAMPLES:
            found.examples[filed.outcome].append(filed)


async def check(database: Database, import_id: UUID, bring: Bring = on_disk) -> None:
    """The same for an import that was uploaded: what it says of each row is written down, to be read in pages.

    Raises Refused, Running, Stopped, Unreadable; nothing of it is written down then.
    """
    async with alone(database, import_id, "checking", bring) as (_, source, held):
        with await asyncio.to_thread(opened, source) as table:
            async with database.begin() as connection:
                async for _ in _checked(database, connection, import_id, source, table):
                    await held.confirm()


async def _checked(
    database: Database, connection: Connection, import_id: UUID, source: Source, table: Table
) -> AsyncIterator[None]:
    choices, counts, pace, last = await choices_of(connection, source, new_id()), Counter[str](), Pace(0), 0
    for batch in batches(drafts(table, source.mapping, source.country)):
        plan = await planned(connection, batch, choices, dry=True)
        counts.update(plan.counts())
        last = batch[-1].row
        await import_jobs.looked(connection, _looked(import_id, plan.filed))
        await _note(database, import_id, last, pace.told(progress(table, last, counts)))
        yield
    options = msgspec.json.encode({"total": last, "progress": None}).decode()
    if not await import_jobs.checked(connection, import_id, last, msgspec.json.encode(counts).decode(), options):
        raise Stopped


async def _note(database: Database, import_id: UUID, row: int, pace: str) -> None:
    """In a transaction of its own: the check's own one shows nothing to others before its end."""
    async with database.begin() as connection:
        if not await import_jobs.note(connection, import_id, "checking", row, pace):
            raise Stopped


def _looked(import_id: UUID, filed: Sequence[Filed]) -> list[Row]:
    """In the order of imports.LEDGER; cards that would be made are nobody's yet."""
    made = (Outcome.NEW, Outcome.CONFLICTING, Outcome.AGAIN)
    return ledger(import_id, [one._replace(card=None) if one.outcome in made else one for one in filed])
