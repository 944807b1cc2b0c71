"""Imports contacts from a file: looks first, writes in batches, goes on after a crash, and can be taken back whole."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from domain.ids import new_id
from domain.messages import utcnow
from people import fields
from people.draft import Draft, Rejection, drafts
from people.files.opening import open_table
from people.files.table import Table
from people.filing import Choices, Filed, Plan, ledger
from people.planning import planned
from store import companies, consents, contacts, events, import_undo, imports, merges, staff
from store.bulk import Lost
from store.engine import Connection, Database, is_lost_race
from store.imports import Import
from store.locks import exclusive

BATCH = 1000
"""Rows in a transaction."""
EXAMPLES = 20
"""Rows that a dry run shows of each outcome."""
UNDO_WITHIN = timedelta(days=30)
_UNDO_AT_ONCE = 2000
_ATTEMPTS = 20
Told = Callable[["Progress"], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far it has come."""

    rows: int
    share: float
    """0 to 1, of the file's bytes."""
    counts: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What is to be imported, and how."""

    path: Path
    mapping: Mapping[str, str]
    country: str
    name: str = ""
    """What people call the file; its own name when empty."""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    replace: bool = False


@dataclass(slots=True)
class Preview:
    """What an import would do; nothing is written."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Filed]] = field(default_factory=lambda: defaultdict(list))
    warnings: int = 0


class Refused(Exception):
    """It cannot be imported or undone, in words."""


def opened(source: Source) -> Table:
    """The file as a table; close it. Raises files.texts.Unreadable."""
    return open_table(source.path, encoding=source.encoding, delimiter=source.delimiter, sheet=source.sheet)


async def preview(database: Database, source: Source, told: Told | None = None) -> Preview:
    """A dry run over the whole file. Raises Unreadable."""
    found = Preview()
    with opened(source) as table:
        async with database.begin() as connection:
            choices = await _choices(connection, source, new_id())
            for batch in _batches(drafts(table, source.mapping, source.country)):
                plan = await planned(connection, batch, choices, dry=True)
                _note(found, plan)
                if told:
                    told(_progress(table, batch[-1].row, found.counts))
                await asyncio.sleep(0)
    return found


def _note(found: Preview, plan: Plan) -> None:
    found.counts.update(plan.counts())
    for filed in plan.filed:
        found.warnings += len(filed.facts.get("warnings", ()))
        if len(found.examples[filed.outcome]) < EXAMPLES:
            found.examples[filed.outcome].append(filed)


async def begin(database: Database, source: Source, actor: str) -> UUID:
    """Write down that this file is being imported; an unfinished import of the same file goes on instead.

    Raises Unreadable.
    """
    digest = await asyncio.to_thread(_digest, source.path)
    with opened(source) as table:
        format_ = table.format
    async with database.begin() as connection:
        if begun := await imports.unfinished(connection, digest):
            return begun.id
        made, now = new_id(), utcnow()
        row = (
            made, source.name or source.path.name, str(source.path.absolute()), digest, format_,
            _json(dict(source.mapping)), _json(_options(source)), "running", "{}", actor, now,
        )  # fmt: skip
        await imports.add(connection, row)
        await events.record(connection, "import.begun", at=now, actor=actor, import_id=str(made))
    return made


def _options(source: Source) -> dict[str, Any]:
    kept = ("country", "encoding", "delimiter", "sheet", "replace")
    return {name: getattr(source, name) for name in kept}


def source_of(found: Import) -> Source:
    """The source as it was when the import began."""
    return Source(path=Path(found.file), mapping=found.mapping, name=found.name, **found.options)


async def run(database: Database, import_id: UUID, told: Told | None = None) -> Import:
    """Import, from where it stood; the import as it is at the end.

    Raises Refused when the file is another one by now or another process is at it, Unreadable.
    """
    async with exclusive(database, f"import:{import_id}") as held:
        if held is None:
            raise Refused("this import is running in another process")
        found = await _running(database, import_id)
        source = source_of(found)
        if await asyncio.to_thread(_digest, source.path) != found.digest:
            raise Refused(f"{source.path.name} has changed since the import began: undo the import, and begin it anew")
        counts = Counter(found.counts)
        with opened(source) as table:
            for batch in _batches(drafts(table, source.mapping, source.country, after=found.done)):
                await held.confirm()
                counts.update(await _write_batch(database, import_id, source, batch))
                if told:
                    told(_progress(table, batch[-1].row, counts))
        return await _ended(database, import_id)


async def _ended(database: Database, import_id: UUID) -> Import:
    async with database.begin() as connection:
        await imports.end(connection, import_id, "done", utcnow())
        ended = await imports.get(connection, import_id)
    assert ended
    return ended


async def _running(database: Database, import_id: UUID) -> Import:
    async with database.begin() as connection:
        found = await imports.get(connection, import_id)
    if found is None:
        raise Refused(f"there is no import {import_id}")
    if found.state != "running":
        raise Refused(f"this import is {found.state} already")
    return found


async def _write_batch(
    database: Database, import_id: UUID, source: Source, batch: Sequence[Draft | Rejection]
) -> Counter[str]:
    """In one transaction with the place where it stands; decided anew when somebody was first on an address."""
    for attempt in range(_ATTEMPTS):
        try:
            async with database.begin() as connection:
                await merges.share(connection)
                choices = await _choices(connection, source, import_id)
                plan = await planned(connection, batch, choices)
                await _write(connection, plan, import_id)
                counts = plan.counts()
                await imports.advance(connection, import_id, batch[-1].row, counts)
            return counts
        except Lost:
            pass
        except Exception as error:
            if not is_lost_race(error):
                raise
        await asyncio.sleep(0.01 * attempt)
    raise RuntimeError(f"no progress in {_ATTEMPTS} attempts on the rows up to {batch[-1].row}")


async def _choices(connection: Connection, source: Source, import_id: UUID) -> Choices:
    roster = await staff.roster(connection)
    return Choices(
        country=source.country,
        source=f"import:{import_id}",
        fields=await fields.known(connection),
        staff={member.name.casefold(): str(member.id) for member in roster},
        replace=source.replace,
    )


async def _write(connection: Connection, plan: Plan, import_id: UUID) -> None:
    await contacts.add(connection, (), plan.identities)
    await contacts.claim(connection, plan.claims, plan.further)
    await imports.write(
        connection,
        people=plan.contacts,
        values=plan.values,
        tags=plan.tags,
        remarks=plan.notes,
        ledger=ledger(import_id, plan.filed),
    )
    await consents.add(connection, plan.consents)
    made = await companies.put(connection, list(plan.companies.values()))
    now, by = utcnow(), f"import:{import_id}"
    members = {(card, made[key]): position for card, key, position in plan.members}
    await companies.join(connection, [(*pair, position, by, now) for pair, position in members.items()])
    await contacts.look_again(connection, plan.changed)


async def undo(
    database: Database, import_id: UUID, actor: str, told: Callable[[int, int], None] | None = None
) -> tuple[int, int]:
    """Take a whole import back; (cards removed, cards that stay since something came to them). Raises Refused.

    It may be stopped and begun again: what is gone is gone already. `told`: (removed, kept) so far.
    """
    async with database.begin() as connection:
        found = await imports.get(connection, import_id)
    if found is None:
        raise Refused(f"there is no import {import_id}")
    if found.state == "undone":
        raise Refused("this import is undone already")
    if utcnow() - found.created_at > UNDO_WITHIN:
        raise Refused(
            f"an import can be undone within {UNDO_WITHIN.days} days; this one is of {found.created_at:%d.%m.%Y}"
        )
    removed = kept = 0
    before: int | None = None
    while True:
        async with database.begin() as connection:
            await merges.alone(connection)
            piece = await import_undo.undo(connection, import_id, before, _UNDO_AT_ONCE)
        if piece is None:
            break
        before, removed, kept = piece.first, removed + piece.removed, kept + piece.kept
        if told:
            told(removed, kept)
    now = utcnow()
    async with database.begin() as connection:
        await imports.end(connection, import_id, "undone", now, actor)
        await events.record(connection, "import.undone", at=now, actor=actor, import_id=str(import_id))
    return removed, kept


def _batches(made: Iterator[Draft | Rejection]) -> Iterable[list[Draft | Rejection]]:
    return iter(lambda: list(islice(made, BATCH)), [])


def _progress(table: Table, row: int, counts: Mapping[str, int]) -> Progress:
    read = table.progress
    return Progress(rows=row, share=min(read.read / read.size, 1.0) if read.size else 0.0, counts=counts)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
