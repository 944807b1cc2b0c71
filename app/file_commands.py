"""Files on a contact from the terminal: put there, listed, saved, taken off."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from uuid import UUID

import typer

from app.installed import ACTOR, Unclear, at, card_of, cut, installed, no, table
from app.saving import is_folder, taken
from app.settings import Settings
from app.wiring import Installation
from people import card_files
from store import events
from store.engine import Connection
from store.files import FileMissing
from store.person import FileOf
from store.tails import short


async def add(settings: Settings, who: str, path: Path) -> int:
    """Put a file on a contact. Raises Unclear, OSError."""
    if is_folder(path):
        raise Unclear(f"this is a folder, no file: {path}")
    limit = settings.storage.max_file_mb
    async with installed(settings) as built:
        async with built.database.begin() as connection:
            card = await card_of(connection, who, settings.company.country)
        size, head = await asyncio.to_thread(_looked_at, path)
        if size > limit << 20:
            return no(f'"{path.name}" is larger than {limit} MB, the limit of storage.max_file_mb')
        key = await built.files.put_file(path)
        async with built.database.begin() as connection:
            made = await card_files.attach(
                connection,
                card,
                key=key,
                name=cut(path.name, 200),
                type_=card_files.type_of(head),
                size=size,
                source=ACTOR,
            )
    typer.echo(f"{path.name} is on the contact {short(card)}: file {short(made)}.")
    return 0


def _looked_at(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        return path.stat().st_size, file.read(64)


async def listed(settings: Settings, who: str) -> int:
    """Print a line for each of the contact's files."""
    async with installed(settings) as built, built.database.begin() as connection:
        found = await card_files.listed(connection, await card_of(connection, who, settings.company.country))
    zone = settings.company.zone
    rows = [(short(f.id), at(f.at, zone), f"{f.size:,} bytes", f.type, cut(f.name, 100)) for f in found]
    for line in table(rows) if rows else ["This contact has no files."]:
        typer.echo(line)
    return 0


async def get(settings: Settings, who: str, file: str, target: Path) -> int:
    """Save a file under a new name, for nobody else's eyes. Raises Unclear, OSError."""
    if taken(target):
        return no(f"there is a file {target} already: name another one")
    async with installed(settings) as built:
        _, found = await _one(built, settings, who, file)
        part = target.with_name(f"{target.name}.part")
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        try:
            await built.files.save(found.key, part)
            part.replace(target)
        except FileMissing:
            return no(f"the content of {found.name} is not in the file store any more: look into a backup")
        finally:
            part.unlink(missing_ok=True)
    typer.echo(f"{cut(found.name, 100)} is saved as {target}.")
    return 0


async def remove(settings: Settings, who: str, file: str, *, ask: bool) -> int:
    """Take a file off the contact. Raises Unclear."""
    async with installed(settings) as built:
        contact, found = await _one(built, settings, who, file)
        if ask and not typer.confirm(f"Take {cut(found.name, 100)} off the contact?"):
            return no("nothing was taken off")
        async with built.database.begin() as connection:
            await _remove(connection, contact, found)
    typer.echo(f"{cut(found.name, 100)} is taken off; that it was there stays on record.")
    return 0


async def _remove(connection: Connection, contact: UUID, found: FileOf) -> None:
    if await card_files.remove(connection, contact, found.id):
        facts = {"made": str(found.id), "file": str(found.id), "name": found.name, "size": found.size}
        await events.of_contacts(
            connection, "contact.file_removed", [(found.card, json.dumps(facts, ensure_ascii=False))], ACTOR
        )


async def _one(built: Installation, settings: Settings, who: str, said: str) -> tuple[UUID, FileOf]:
    """The contact and its file of this id, whole or its end. Raises Unclear."""
    async with built.database.begin() as connection:
        contact = await card_of(connection, who, settings.company.country)
        every = await card_files.listed(connection, contact)
    wanted = said.strip().lower().replace("-", "")
    fitting = [one for one in every if len(wanted) >= 8 and one.id.hex.endswith(wanted)]
    if len(fitting) != 1:
        raise Unclear(f"this contact has no file {said}: leadwire contacts file list {who}")
    return contact, fitting[0]
