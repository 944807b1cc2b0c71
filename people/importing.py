"""Imports contacts from a file: writes in batches, and goes on after a crash.

Looking first is `people.checking`, taking it back `people.import_undo`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
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
from people.filing import Choices, Plan, ledger
from people.planning import planned
from store import companies, consents, contacts, events, imports, merges, staff
from store.bulk import Lost
from store.engine import Connection, Database, is_lost_race
from store.imports import Import
from store.locks import Held, exclusive

BATCH = 1000
"""Rows in a transaction."""
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


class Refused(Exception):
    """It cannot be imported or undone, in words."""


class Running(Refused):
    """Another process is at it."""

    def __init__(self) -> None:
        super().__init__("this import is running in another process")


class Stopped(Refused):
    """Somebody has stopped it; what is written stays."""

    def __init__(self) -> None:
        super().__init__("this import was stopped")


def opened(source: Source) -> Table:
    """The file as a table; close it. Raises files.texts.Unreadable."""
    return open_table(source.path, encoding=source.encoding, delimiter=source.delimiter, sheet=source.sheet)


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
            _json(dict(source.mapping)), _json(options_of(source)), "running", "{}", actor, now,
        )  # fmt: skip
        await imports.add(connection, row)
        await events.record(connection, "import.begun", at=now, actor=actor, import_id=str(made))
    return made


_KEPT = ("country", "encoding", "delimiter", "sheet", "replace")


def options_of(source: Source) -> dict[str, Any]:
    """What the store keeps of how it is taken."""
    return {name: getattr(source, name) for name in _KEPT}


def source_of(found: Import, path: Path | None = None) -> Source:
    """The source as it was when the import began; `path`: where its file lies now."""
    options = {name: found.options[name] for name in _KEPT if name in found.options}
    return Source(path=path or Path(found.file), mapping=found.mapping, name=found.name, **options)


Bring = Callable[[Import], AbstractAsyncContextManager[Path]]
"""Where the file lies as long as the block runs. Raises Refused."""


@asynccontextmanager
async def on_disk(found: Import) -> AsyncIterator[Path]:
    """Where it was when the import began."""
    yield Path(found.file)


@asynccontextmanager
async def alone(
    database: Database, import_id: UUID, state: str, bring: Bring = on_disk
) -> AsyncIterator[tuple[Import, Source, Held]]:
    """The import in this state, its file as it was, and nobody else at it. Raises Refused, Running."""
    async with exclusive(database, f"import:{import_id}") as held:
        if held is None:
            raise Running
        found = await _in_state(database, import_id, state)
        async with bring(found) as path:
            if await asyncio.to_thread(_digest, path) != found.digest:
                changed = f"{path.name} has changed since the import began"
                raise Refused(f"{changed}: undo the import, and begin it anew")
            yield found, source_of(found, path), held


async def run(database: Database, import_id: UUID, told: Told | None = None, bring: Bring = on_disk) -> Import:
    """Import, from where it stood; the import as it is at the end.

    Raises Refused when the file is another one by now, Running, Stopped, Unreadable.
    """
    async with alone(database, import_id, "running", bring) as (found, source, held):
        counts = Counter(found.counts)
        with await asyncio.to_thread(opened, source) as table:
            pace = Pace(found.done)
            for batch in batches(drafts(table, source.mapping, source.country, after=found.done)):
                await held.confirm()
                now = progress(table, batch[-1].row, counts)
                counts.update(await _write_batch(database, import_id, source, batch, pace.told(now)))
                if told:
                    told(replace(now, counts=counts))
        return await _ended(database, import_id)


async def _ended(database: Database, import_id: UUID) -> Import:
    async with database.begin() as connection:
        await imports.end(connection, import_id, "done", utcnow())
        ended = await imports.get(connection, import_id)
    assert ended
    return ended


async def _in_state(database: Database, import_id: UUID, state: str) -> Import:
    async with database.begin() as connection:
        found = await imports.get(connection, import_id)
    if found is None:
        raise Refused(f"there is no import {import_id}")
    if found.state != state:
        raise Refused(f"this import is {found.state} already")
    return found


async def _write_batch(
    database: Database, import_id: UUID, source: Source, batch: Sequence[Draft | Rejection], pace: str = "{}"
) -> Counter[str]:
    """In one transaction with the place where it stands; decided anew when somebody was first on an address.

    Raises Stopped.
    """
    for attempt in range(_ATTEMPTS):
        try:
            async with database.begin() as connection:
                await merges.share(connection)
                plan = await planned(connection, batch, await choices_of(connection, source, import_id))
                await _write(connection, plan, import_id)
                counts = plan.counts()
                if not await imports.advance(connection, import_id, batch[-1].row, counts, pace):
                    raise Stopped
            return counts
        except Lost:
            pass
        except Exception as error:
            if not is_lost_race(error):
                raise
        await asyncio.sleep(0.01 * attempt)
    raise RuntimeError(f"no progress in {_ATTEMPTS} attempts on the rows up to {batch[-1].row}")


async def choices_of(connection: Connection, source: Source, import_id: UUID) -> Choices:
    """How this file is taken, by what the installation has now."""
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


def batches(made: Iterator[Draft | Rejection]) -> Iterable[list[Draft | Rejection]]:
    """As many as go into one transaction."""
    return iter(lambda: list(islice(made, BATCH)), [])


def progress(table: Table, row: int, counts: Mapping[str, int]) -> Progress:
    """How far the table is gone through."""
    read = table.progress
    return Progress(rows=row, share=min(read.read / read.size, 1.0) if read.size else 0.0, counts=counts)


class Pace:
    """How fast one process goes, as JSON for whoever asks; a process that takes it up again begins to count anew."""

    def __init__(self, row: int) -> None:
        self._begun, self._row, self._share = utcnow(), row, -1.0

    def told(self, now: Progress) -> str:
        """{"progress": ...}, to be written down beside the rows."""
        if self._share < 0:
            self._share = now.share
        seconds = (utcnow() - self._begun).total_seconds()
        left = seconds * (1 - now.share) / (now.share - self._share) if now.share > self._share else None
        rate = (now.rows - self._row) / seconds if seconds > 0 else 0.0
        return _json({"progress": {"share": now.share, "per_second": rate, "seconds_left": left}})


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
