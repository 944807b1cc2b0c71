"""`leadwire contacts file`: what may be typed of files on a contact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.console import DEFAULT, Config, Yes, go, settings_of

files = typer.Typer(help="Files on a contact.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(help="An id or its last 8 signs, an address, or a lead: #42.")]
FileId = Annotated[str, typer.Argument(metavar="FILE", help="The file's id, as `contacts file list` shows it.")]


@files.command()
def add(who: Who, path: Annotated[Path, typer.Argument(help="The file.")], config: Config = DEFAULT) -> None:
    """Put a file on a contact; the limit is storage.max_file_mb."""
    from app import file_commands as doing

    go(doing.add(settings_of(config), who, path))


@files.command("list")
def list_(who: Who, config: Config = DEFAULT) -> None:
    """List the files of a contact, the latest first."""
    from app import file_commands as doing

    go(doing.listed(settings_of(config), who))


@files.command()
def get(
    who: Who,
    file: FileId,
    target: Annotated[Path, typer.Argument(help="Where to save it.")],
    config: Config = DEFAULT,
) -> None:
    """Save a file of a contact."""
    from app import file_commands as doing

    go(doing.get(settings_of(config), who, file, target))


@files.command()
def remove(who: Who, file: FileId, yes: Yes = False, config: Config = DEFAULT) -> None:
    """Take a file off a contact; that it was there stays on record."""
    from app import file_commands as doing

    go(doing.remove(settings_of(config), who, file, ask=not yes))
