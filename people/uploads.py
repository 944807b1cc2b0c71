"""An import that was handed in: drafted with a guessed mapping, corrected, looked at, begun, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from domain.ids import new_id
from domain.messages import utcnow
from people import fields, mapping
from people.files.texts import Reason
from people.importing import Source, opened, options_of
from store import events, import_jobs, imports
from store.engine import Connection
from store.imports import Import

GUESSED_BY, SHOWN, LONGEST = 100, 5, 200
"""Rows by which columns are guessed, rows that are shown, characters of a cell that are."""


class Unfit(Exception):
    """The mapping cannot be used. `reasons`: why."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__("; ".join(reason.words() for reason in reasons))
        self.reasons = tuple(reasons)


class Elsewhere(Exception):
    """That cannot be done in the state in which the import is."""

    def __init__(self, state: str) -> None:
        super().__init__(f"this import is {state}")
        self.state = state


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What a file says of itself."""

    source: Source
    """With the mapping that was guessed, and what was said of it."""
    format: str
    columns: tuple[str, ...]
    sample: list[list[str]]


async def read(source: Source) -> Read:
    """Look into the file; a mapping that is given stands above the guessed one. Raises Unreadable."""
    return await asyncio.to_thread(_read, source)


def _read(source: Source) -> Read:
    with opened(source) as table:
        rows = [row.values for row in islice(table.rows(), GUESSED_BY)]
        columns = mapping.guess(table.headers, rows) | dict(source.mapping)
        return Read(
            source=replace(
                source, mapping=columns, encoding=table.encoding, delimiter=table.delimiter, sheet=table.sheet
            ),
            format=table.format,
            columns=table.headers,
            sample=[[cell[:LONGEST] for cell in row[: len(table.headers)]] for row in rows[:SHOWN]],
        )


async def draft(connection: Connection, found: Read, key: str, actor: str) -> UUID:
    """Write down a file that is in the file store under this key; the import's id. Raises Unfit."""
    await _check(connection, found.source.mapping, found.columns)
    made, now, source = new_id(), utcnow(), found.source
    options = options_of(source) | {"columns": found.columns, "sample": found.sample}
    row = (
        made, source.name or source.path.name, key, bytes.fromhex(key), found.format, _json(source.mapping),
        _json(options), "draft", "{}", actor, now,
    )  # fmt: skip
    await imports.add(connection, row)
    return made


async def _check(connection: Connection, columns: Mapping[str, str], headers: Sequence[str]) -> None:
    known = (await fields.known(connection)).values()
    custom = [field.name for field in known if not field.archived and field.name not in mapping.TARGETS]
    if wrong := mapping.check(columns, headers, custom):
        raise Unfit(wrong)


async def remap(connection: Connection, found: Import, columns: Mapping[str, str], **options: Any) -> None:
    """Say otherwise what some of its columns become, and how it is taken. Raises Unfit, Elsewhere."""
    changed = found.mapping | dict(columns)
    await _check(connection, changed, found.options.get("columns", ()))
    await _move(connection, found, "draft", "draft", "checked")
    await import_jobs.forget(connection, found.id)
    await import_jobs.remap(connection, found.id, _json(changed), _json(options))


async def check(connection: Connection, found: Import) -> None:
    """Have it looked at by whichever process is free. Raises Elsewhere."""
    await _move(connection, found, "checking", "draft", "checked")
    await import_jobs.forget(connection, found.id)


async def start(connection: Connection, found: Import, actor: str) -> None:
    """Have it written by whichever process is free; a stopped one goes on where it stood. Raises Elsewhere."""
    await _move(connection, found, "running", "draft", "checked", "stopped")
    if found.state != "stopped":
        await import_jobs.forget(connection, found.id)
    await events.record(connection, "import.begun", at=utcnow(), actor=actor, import_id=str(found.id))


async def stop(connection: Connection, found: Import, actor: str) -> None:
    """Have it stop: of a dry run nothing stays, of an import what is written. Raises Elsewhere."""
    to = {"checking": "draft", "running": "stopped"}
    if found.state not in to:
        raise Elsewhere(found.state)
    await _move(connection, found, to[found.state], found.state)
    await events.record(connection, "import.stopped", at=utcnow(), actor=actor, import_id=str(found.id))


async def _move(connection: Connection, found: Import, to: str, *out_of: str) -> None:
    if not await import_jobs.move(connection, found.id, to, out_of=out_of):
        now = await imports.get(connection, found.id)
        raise Elsewhere(now.state if now else "gone")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
