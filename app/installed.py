"""The installation as a command of the terminal uses it, and what people may call a thing by."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from app.settings import Settings
from app.wiring import Installation, installation
from people import search
from store import merges, migrations, tails
from store.engine import Connection
from store.search import Holder

ACTOR = "cli"
"""Who the command line is, in events and as a source."""
WIDE = 44
"""Characters of a value that is shown in a line of several."""


class Unclear(Exception):
    """What was asked for is nothing, or several things; in words."""


@asynccontextmanager
async def installed(settings: Settings) -> AsyncIterator[Installation]:
    """An installation with an up-to-date schema."""
    async with installation(settings) as built:
        await migrations.upgrade(built.urls.database)
        yield built


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Connection]:
    """The same, in one transaction."""
    async with installed(settings) as built, built.database.begin() as connection:
        yield connection


async def id_of(connection: Connection, kind: str, said: str) -> UUID:
    """The id of an import, export, merge, suggestion, key or contact: a whole one, or its end. Raises Unclear."""
    if whole := uuid(said):
        return whole
    return _only(await tails.find(connection, kind, said), kind, said)


def _only(found: Sequence[UUID], kind: str, said: str) -> UUID:
    if not found:
        an = "an" if kind[0] in "ie" else "a"
        more = f". To look for a name: leadwire contacts find {said!r}" if kind == "contact" else ""
        raise Unclear(f"there is no {kind} {said}: give {an} {kind}'s id, or the last {tails.SHORT} signs of it{more}")
    if len(found) > 1:
        raise Unclear(f"several ids end in {said}: {', '.join(map(str, found))}")
    return found[0]


async def card_of(connection: Connection, said: str, country: str) -> UUID:
    """The card that somebody means by "#42" (a lead), an id, its end, or an address. Raises Unclear."""
    if said.startswith("#"):
        return await _of_lead(connection, said)
    if whole := uuid(said):
        if whole not in await merges.persons(connection, [whole]):
            raise Unclear(f"there is no contact {said}")
        return whole
    if holders := [one for one in await search.holders(connection, said, country) if not one.was]:
        return _only_person(holders, said)
    if search.addresses_in(said, country) and not await tails.find(connection, "contact", said):
        raise Unclear(f"nobody has {said}")
    return _only(await tails.find(connection, "contact", said), "contact", said)


async def _of_lead(connection: Connection, said: str) -> UUID:
    number = said.removeprefix("#")
    found = await tails.of_lead(connection, int(number)) if number.isdecimal() and len(number) < 18 else None
    if found is None:
        raise Unclear(f"there is no lead {said}")
    return found


def _only_person(holders: Sequence[Holder], said: str) -> UUID:
    persons = {one.person: one.name for one in holders}
    if len(persons) > 1:
        who = "\n".join(f"  {person}  {name}" for person, name in persons.items())
        raise Unclear(f'"{said}" is the address of several people; give the id of one:\n{who}')
    return holders[0].card


def uuid(said: str) -> UUID | None:
    """A whole id, or None. Pure."""
    try:
        return UUID(said) if len(said) in (32, 36) else None
    except ValueError:
        return None


def broken_at(error: Exception) -> str:
    """Where JSON breaks off, where it says so: ", it breaks off in line 3, at sign 14". Pure."""
    if not isinstance(error, json.JSONDecodeError):
        return ""
    return f", it breaks off in line {error.lineno}, at sign {error.colno}"


def moment(said: str, zone: ZoneInfo) -> datetime | None:
    """ "2026-11-26", with a time or without, in the installation's zone; None for nothing. Raises Unclear."""
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError as error:
        raise Unclear(f'this is no time: {said}. Write 2026-11-26 or "2026-11-26 14:05"') from error
    return found if found.tzinfo else found.replace(tzinfo=zone)


def at(when: datetime | None, zone: ZoneInfo) -> str:
    """ "2026-11-26 14:05" in this zone; "" for never. Pure."""
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M}" if when else ""


def no(text: str) -> int:
    """Say what is wrong, in red; the exit code. Its first letter is large, unless a file's name or an id has it."""
    begins = _WORD.match(text)
    typer.secho(text[:1].upper() + text[1:] if begins else text, fg="red", err=True)
    return 1


_WORD = re.compile(r"[a-zа-яё]+(?=[ ,;]|$)")
"""What a sentence begins with; "plan.toml", "a_b", "4f0c" and the place "subject:" are no words."""


def many(count: int, one: str, several: str = "") -> str:
    """ "1 card", "12,000 cards". Pure."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def cut(text: str, limit: int = WIDE) -> str:
    """On one line, at most so long. Pure."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the columns under each other; the last one is as wide as it likes. Pure."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)][:-1]
    return ["  ".join([*map(str.ljust, row[:-1], widths), row[-1]]).rstrip() for row in rows]
