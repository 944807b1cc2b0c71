"""Exporting contacts from the terminal, and what the operators may say to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import typer

from app.doors import export_house
from app.installed import ACTOR, Unclear, at, connected, cut, id_of, installed, many, moment, no, table
from app.saving import save, taken
from app.settings import Settings
from domain.messages import utcnow
from people import exporting
from people.companies import key_of
from people.exporting import TooEarly, Wanted, from_json, in_words
from store import companies, exports, staff
from store.engine import Connection
from store.exports import Export, Filter
from store.tails import short


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What somebody has typed."""

    file: Path
    format: str = ""
    """By the file's name when empty."""
    columns: str = ""
    """With commas between them."""
    tag: str = ""
    owner: str = ""
    company: str = ""
    city: str = ""
    since: str = ""
    import_: str = ""
    resume: str = ""


async def export(settings: Settings, wish: Wish) -> int:
    """Ask for an export and write it, or say when it may be written. Raises Unclear, Unexportable."""
    if taken(wish.file):
        return no(f"there is a file {wish.file} already: name another one")
    async with installed(settings) as built:
        async with built.database.begin() as connection:
            made = await _asked(connection, settings, wish)
        if made.state == "waiting" and made.due_at > utcnow():
            return _wait(settings, wish, made)
        try:
            await save(exporting.text(built.database, made.id, ACTOR), wish.file)
        except TooEarly:
            return _wait(settings, wish, made)
        async with built.database.begin() as connection:
            done = await exports.get(connection, made.id)
    rows = (done and done.rows) or 0
    typer.echo(f"Export {short(made.id)}: {many(rows, 'contact')} in {wish.file}.")
    return 0


async def _asked(connection: Connection, settings: Settings, wish: Wish) -> Export:
    if not wish.resume:
        return await exporting.ask(connection, await _wanted(connection, settings, wish), ACTOR, export_house(settings))
    found = await exports.get(connection, await id_of(connection, "export", wish.resume))
    if found is None:
        raise Unclear(f"there is no export {wish.resume}")
    return found


def _wait(settings: Settings, wish: Wish, made: Export) -> int:
    told = "the operators are told" if settings.operators else "there are no [[operators]] that could be told"
    typer.echo(f"Export {short(made.id)} is written down, and {told}. It may be forbidden until")
    typer.echo(f"{at(made.due_at, settings.company.zone)}. Then:")
    typer.echo(f"  leadwire contacts export {wish.file} --resume {short(made.id)}")
    return 0


async def _wanted(connection: Connection, settings: Settings, wish: Wish) -> Wanted:
    by_name = "vcard" if wish.file.suffix.lower() in (".vcf", ".vcard") else "csv"
    return Wanted(
        format=wish.format or by_name,
        columns=tuple(filter(None, map(str.strip, wish.columns.split(",")))),
        filter=Filter(
            tag=wish.tag,
            owner=await _owner(connection, wish.owner) if wish.owner else None,
            company=await _company(connection, wish.company) if wish.company else None,
            city=wish.city,
            since=moment(wish.since, settings.company.zone),
            import_id=await id_of(connection, "import", wish.import_) if wish.import_ else None,
        ),
    )


async def _owner(connection: Connection, name: str) -> UUID:
    roster = await staff.roster(connection)
    found = [m.id for m in roster if name.casefold() == m.name.casefold() or name in (str(m.id), short(m.id))]
    if len(found) != 1:
        raise Unclear(f"nobody who works here is called {name}: {', '.join(m.name for m in roster) or 'nobody does'}")
    return found[0]


async def _company(connection: Connection, name: str) -> UUID:
    key = key_of(name)
    page = await companies.page(connection, key=key, limit=5) if key else []
    found = [company for company in page if key_of(company.name) == key]
    if not found:
        near = f"; perhaps {', '.join(company.name for company in page)}" if page else ""
        raise Unclear(f"there is no company {name}{near}")
    return found[0].id


async def listed(settings: Settings, limit: int) -> int:
    """Print a line each."""
    zone = settings.company.zone
    async with connected(settings) as connection:
        found = await exports.listed(connection, limit)
        who = {e.actor: await exports.called(connection, e.actor) for e in found}
    rows = [
        (short(e.id), at(e.created_at, zone), _state(e, settings), cut(who[e.actor], 24), in_words(from_json(e.wanted)))
        for e in found
    ]
    for line in table(rows) if rows else ["Nothing was exported yet."]:
        typer.echo(line)
    return 0


def _state(found: Export, settings: Settings) -> str:
    if found.state == "done":
        return f"done, {many(found.rows or 0, 'contact')}"
    if found.state == "vetoed":
        return f"vetoed by {found.decided_by}"
    over = utcnow() > found.due_at + exporting.VALID
    return "never written" if over else f"waits until {at(found.due_at, settings.company.zone)}"


async def veto(settings: Settings, said: str) -> int:
    """Forbid an export. Raises Unclear, Unexportable."""
    async with connected(settings) as connection:
        export_id = await id_of(connection, "export", said)
        await exporting.veto(connection, export_id, ACTOR)
    typer.echo(f"Export {short(export_id)} is forbidden: it will never be written.")
    return 0
