"""Importing contacts from the terminal: show, look, ask, write, and say how to take it back."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import typer

from app.import_words import counted, file_line, mapping_lines, preview_lines
from app.installed import ACTOR, Unclear, at, connected, cut, id_of, installed, many, no, table
from app.progress import Bar
from app.saving import free, is_folder, save, taken
from app.settings import Settings
from people import checking, fields, import_undo, importing, mapping, rejected
from people.checking import Preview
from people.files.table import Table
from people.filing import Outcome
from people.importing import Progress, Refused, Source, opened
from store import imports
from store.engine import Database
from store.imports import Import
from store.tails import short

_SAMPLE = 100
"""Rows by which columns without a known header are guessed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What somebody has typed."""

    file: Path
    maps: Sequence[str] = ()
    """ "Column=target" each."""
    mapping: Path | None = None
    save_mapping: Path | None = None
    country: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    replace: bool = False
    dry_run: bool = False
    yes: bool = False


async def import_(settings: Settings, wish: Wish) -> int:
    """Show the file and the mapping, look, ask, import. Raises Unreadable, Unclear, Refused."""
    source = Source(
        path=wish.file,
        mapping={},
        country=(wish.country or settings.company.country).upper(),
        encoding=wish.encoding,
        delimiter=_sign(wish.delimiter),
        sheet=wish.sheet,
        replace=wish.replace,
    )
    if is_folder(wish.file):
        raise Unclear(f"this is a folder, no file: {wish.file}")
    with opened(source) as file:
        sample = [row.values for row in islice(file.rows(), _SAMPLE)]
        columns = _mapping(file, sample, wish)
    typer.echo(file_line(wish.file, file))
    async with installed(settings) as built:
        if (begun := await _unfinished(built.database, source.path)) and not wish.dry_run:
            return await _go_on(built.database, source, begun, wish, settings)
        _say(mapping_lines(file.headers, columns, sample))
        if not await _fits(built.database, columns, file.headers):
            return 1
        if wish.save_mapping:
            _save_mapping(wish.save_mapping, columns)
        return await _look_and_go(built.database, replace(source, mapping=columns), wish, settings)


def _save_mapping(path: Path, columns: Mapping[str, str]) -> None:
    path.write_text(json.dumps(columns, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _sign(delimiter: str) -> str:
    return {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)


async def _go_on(database: Database, source: Source, begun: Import, wish: Wish, settings: Settings) -> int:
    """As it was begun, whatever was typed now: a half of the file taken otherwise would be nobody's wish."""
    name = short(begun.id)
    typer.echo(f"This file's import {name} was stopped: going on behind row {begun.done:,}, mapped as it was then.")
    typer.echo(f"To begin it otherwise, take it back first: leadwire contacts undo {name}")
    return await _run(database, source, settings) if _may(wish, "Go on?") else 1


async def _look_and_go(database: Database, source: Source, wish: Wish, settings: Settings) -> int:
    found = await _looked(database, source)
    _say(preview_lines(found))
    if wish.dry_run:
        typer.echo("A dry run: nothing was written.")
        return 0
    if not (found.counts.keys() - {Outcome.SAME, Outcome.REJECTED, Outcome.AGAIN}):
        typer.echo("There is nothing to import.")
        return 0
    return await _run(database, source, settings) if _may(wish, "Import?") else 1


def _may(wish: Wish, question: str) -> bool:
    if wish.yes or typer.confirm(question):
        return True
    typer.echo("Nothing was written.")
    return False


async def _unfinished(database: Database, path: Path) -> Import | None:
    digest = await asyncio.to_thread(_digest, path)
    async with database.begin() as connection:
        return await imports.unfinished(connection, digest)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _mapping(file: Table, sample: Sequence[Sequence[str]], wish: Wish) -> dict[str, str]:
    """What is guessed, or was saved, and then what was typed."""
    columns = mapping.guess(file.headers, sample)
    if wish.mapping:
        columns = dict.fromkeys(file.headers, "skip") | _saved(wish.mapping)
    for one in wish.maps:
        column, sign, target = one.rpartition("=")
        if not (sign and column.strip() and target.strip()):
            raise Unclear(f'"{one}" maps nothing: write --map "Column=target"')
        columns[column.strip()] = target.strip()
    return columns


def _saved(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Unclear(f"this is no mapping, since it is not JSON: {path}") from error
    if not isinstance(found, dict) or not all(isinstance(target, str) for target in found.values()):
        raise Unclear(f'this is no mapping: {path}. Expected is {{"Column": "target", ...}}')
    return found


async def _fits(database: Database, columns: Mapping[str, str], headers: Sequence[str]) -> bool:
    async with database.begin() as connection:
        every = (await fields.known(connection)).values()
    known = [f.name for f in every if not f.archived and f.name not in mapping.TARGETS]
    wrong = mapping.check(columns, headers, known)
    for reason in wrong:
        no(reason.words())
    if any(reason.key == "no_target" for reason in wrong):
        more = ", ".join(["external:SYSTEM", "consent:CHANNEL", *(f"field:{name}" for name in known)])
        no(f"a column can become: {', '.join(mapping.TARGETS)}, {more}")
    if missing := [dict(reason.facts)["field"] for reason in wrong if reason.key == "no_field"]:
        no(f"To create it: leadwire contacts fields add {missing[0]}")
    if wrong:
        no('Correct it with --map "Column=target", as often as needed.')
    return not wrong


async def _looked(database: Database, source: Source) -> Preview:
    bar = Bar("Looking")
    found = await checking.preview(database, source, lambda p: bar.told(p.rows, p.share))
    bar.end()
    return found


async def _run(database: Database, source: Source, settings: Settings) -> int:
    import_id = await importing.begin(database, source, ACTOR)
    bar = Bar("Importing")

    def told(progress: Progress) -> None:
        bar.told(progress.rows, progress.share)

    try:
        ended = await importing.run(database, import_id, told)
    except (asyncio.CancelledError, OSError):
        bar.end()
        no(f"the import {short(import_id)} is stopped. To go on, give the same command again.")
        raise
    bar.end()
    typer.echo(f"Import {short(ended.id)} is done: {counted(ended.counts)}.")
    typer.echo(f"To take it back within {import_undo.UNDO_WITHIN.days} days: leadwire contacts undo {short(ended.id)}")
    if ended.counts.get(Outcome.REJECTED):
        target = free(source.path.with_name(f"{source.path.stem}.rejected.csv"))
        await save(rejected.text(database, ended.id, settings.company.language), target)
        typer.echo(f"The rejected rows are in {target}: correct and import them.")
    if ended.counts.get(Outcome.CONFLICTING):
        typer.echo("Who may be whom: leadwire contacts duplicates list")
    return 0


async def rejected_(settings: Settings, said: str, target: Path) -> int:
    """Write the rejected rows of an import to a file. Raises Unclear, Refused."""
    if taken(target):
        return no(f"there is a file {target} already: name another one")
    async with installed(settings) as built:
        async with built.database.begin() as connection:
            import_id = await id_of(connection, "import", said)
        found = await save(rejected.text(built.database, import_id, settings.company.language), target)
    typer.echo(f"The rejected rows are in {target}: correct and import them." if found else "No row was rejected.")
    return 0


async def listed(settings: Settings, limit: int) -> int:
    """Print a line each."""
    zone = settings.company.zone
    async with connected(settings) as connection:
        found = await imports.listed(connection, limit)
    rows = [
        (
            short(i.id),
            at(i.created_at, zone),
            i.state if i.state != "running" else f"at row {i.done}",
            cut(i.name),
            counted(i.counts),
        )
        for i in found
    ]
    _say(table(rows) if rows else ["Nothing was imported yet. Begin with: leadwire contacts import FILE"])
    return 0


async def undo(settings: Settings, said: str, *, ask: bool) -> int:
    """Take an import back whole; ask first. Raises Unclear, Refused."""
    async with installed(settings) as built:
        async with built.database.begin() as connection:
            import_id = await id_of(connection, "import", said)
            found = await imports.get(connection, import_id)
        if found is None:
            raise Refused(f"there is no import {said}")
        name = short(import_id)
        typer.echo(f"Import {name} of {cut(found.name)}: {counted(found.counts)}.")
        if ask and typer.prompt(f"Everything that it wrote goes. Type {name} to take it back") != name:
            return no("nothing was taken back: that was not the id")
        bar, rows = Bar("Taking back", "cards"), sum(found.counts.get(o, 0) for o in ("new", "conflicting"))
        removed, kept = await import_undo.undo(
            built.database, import_id, ACTOR, lambda gone, left: bar.told(gone, min((gone + left) / max(rows, 1), 1.0))
        )
        bar.end()
    stay = f" Something came to {many(kept, 'card')} meanwhile: they stay." if kept else ""
    typer.echo(f"{many(removed, 'card')} and all else that the import wrote are gone.{stay}")
    return 0
