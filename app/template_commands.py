"""Templates from the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from app.broadcast_given import read, who
from app.installed import Unclear, at, connected, cut, installed, table
from app.mailing import house_of, office_of
from app.settings import Settings
from broadcasts import templates
from broadcasts.content.check import check
from broadcasts.content.parse import parse
from broadcasts.content.ready import NAMES
from store import templates as stored


async def listed(settings: Settings) -> int:
    """Print a line for each."""
    async with connected(settings) as connection:
        found = await stored.listed(connection)
    rows = [
        (
            one.name,
            f"version {one.version}",
            at(one.at, settings.company.zone),
            cut(str(one.content.get("subject", ""))),
        )
        for one in found
    ]
    nothing = "There are no templates. Begin with a ready one: leadwire template ready news > news.json"
    for line in table(rows) if rows else [nothing]:
        typer.echo(line)
    return 0


async def show(settings: Settings, name: str, version: int) -> int:
    """Print a version and, beside it, which there are. Raises Refused."""
    async with connected(settings) as connection:
        found = await templates.get(connection, name, version or None)
        all_ = await stored.versions(connection, name)
    for one in all_:
        typer.echo(f"version {one.version}: {at(one.at, settings.company.zone)} by {one.actor}", err=True)
    _print(found.content)
    return 0


async def put(settings: Settings, name: str, content: str, pictures: Sequence[Path]) -> int:
    """Keep it, with its pictures. Raises Unclear, Refused, NotContent."""
    given, bytes_ = read(content, "content"), {path.name: _bytes(path) for path in pictures}
    async with installed(settings) as built:
        kept = await templates.kept(bytes_, built.files.put)
        async with built.database.begin() as connection:
            html = office_of(settings).rules.html
            made = await templates.put(connection, name, given, html=html, actor=who(), pictures=kept)
    typer.echo(f"Template {made.name} is at version {made.version}.")
    for line in _lacking(made.content, settings):
        typer.echo(line)
    return 0


def _lacking(content: Mapping[str, Any], settings: Settings) -> list[str]:
    """The pictures that blocks show and nobody has given: no broadcast with them begins. Pure."""
    found = check(parse(content, html=True), house=house_of(settings), known=())
    said = (f"warning: {one.where}: {one.say(settings.company.language)}" for one in found if one.code in _PICTURES)
    return list(dict.fromkeys(said))


_PICTURES = ("picture_missing", "picture_unhosted")


def _bytes(path: Path) -> bytes:
    """Raises Unclear."""
    try:
        with path.open("rb") as file:
            return file.read(templates.LARGEST_PICTURE + 1)
    except OSError as error:
        raise Unclear(f'"{path}" cannot be read: {error.strerror}') from error


async def ready(settings: Settings, name: str, language: str) -> int:
    """Print a ready one, or their names. Raises Refused."""
    if name:
        _print(templates.ready_made(name, language or settings.company.language))
    else:
        typer.echo("\n".join(NAMES))
    return 0


def _print(content: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
