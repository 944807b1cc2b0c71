"""Broadcasts from the terminal: listed, made, changed and begun."""

from __future__ import annotations

import typer

from app.broadcast_given import Given, namesakes, since, the_broadcast, who
from app.broadcast_preflight import is_ready, lines, look, next_step
from app.installed import Unclear, at, connected, cut, installed, many, moment, table
from app.mailing import office_of
from app.settings import Settings
from broadcasts import lifecycle, starting
from broadcasts import plan as plans
from broadcasts.words import state_said
from store import broadcasts as stored
from store.tails import short


async def listed(settings: Settings, limit: int) -> int:
    """Print a line for each."""
    zone, language = settings.company.zone, settings.company.language
    async with connected(settings) as connection:
        found = await stored.latest(connection, limit)
    rows = [
        (
            short(row.id),
            cut(row.name, 40),
            state_said(row.state, language),
            at(since(row), zone),
            row.reason or "",
        )
        for row in found
    ]
    for line in table(rows) if rows else ["There are no broadcasts. Make one: leadwire broadcast new --help"]:
        typer.echo(line)
    return 0


async def new(settings: Settings, name: str, given: Given) -> int:
    """Make a draft. Raises Unclear, Refused, WrongPlan, NotContent, Unreadable."""
    office = office_of(settings)
    async with connected(settings) as connection:
        content = await given.said(connection, settings.company.language)
        if content is None:
            raise Unclear(
                "say what is to be sent: --template NAME (ready are welcome, news, offer), or --content @content.json"
            )
        plan = await given.planned(connection, settings)
        made = await lifecycle.create(connection, office.rules, name=name, plan=plan, content=content, actor=who())
        others = await namesakes(connection, made)
    typer.echo(f"Draft {made.name} ({short(made.id)}). Look at it: leadwire broadcast preflight {short(made.id)}")
    if others:
        typer.echo(others)
    return 0


async def change(settings: Settings, name: str, rename: str, given: Given) -> int:
    """Change a draft. Raises what `new` raises."""
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        plan = await given.planned(connection, settings, row.plan)
        content = await given.said(connection, settings.company.language)
        if plan is None and content is None and not rename:
            raise Unclear("say what is to change: --rename, --plan, --content, --segment, --channel or --template")
        changed = await lifecycle.change(
            connection, office_of(settings).rules, row.id, revision=row.revision, actor=who(), name=rename or None,
            plan=plan, content=content,
        )  # fmt: skip
    typer.echo(f"Draft {changed.name} ({short(changed.id)}) is at revision {changed.revision}.")
    return 0


async def schedule(settings: Settings, name: str, when: str, local: bool | None) -> int:
    """Have it begin at a time; `local` None: by whose clock the plan says. Raises Unclear, Refused, Unfit."""
    if moment(when, settings.company.zone) is None and local:
        raise Unclear('say at which time of each one\'s clock: --at "2026-12-01 10:00" --local')
    return await _begin(settings, name, when, local=local)


async def start(settings: Settings, name: str, *, ask: bool) -> int:
    """Begin now; asks first, with the figures, unless something stops it. Raises Unclear, Refused, Unfit."""
    if ask:
        async with installed(settings) as built:
            row, found = await look(settings, built, name, offline=True)
        for line in lines(found, settings.company.zone, settings.company.language):
            typer.echo(line)
        if found.is_clear and found.needs_confirmation:
            typer.echo(next_step(row.id, found))
        people = many(found.forecast.people, "person", "people")
        if not is_ready(found) or not typer.confirm(f"Send {row.name} to {people} now?"):
            typer.echo("Nothing was sent.")
            return 1
    return await _begin(settings, name, "")


async def _begin(settings: Settings, name: str, when: str, *, local: bool | None = None) -> int:
    office = office_of(settings)
    async with installed(settings) as built, built.database.begin() as connection:
        row = await the_broadcast(connection, name, settings)
        if local is not None and local != plans.read(row.plan).local:
            row = await lifecycle.change(
                connection, office.rules, row.id, revision=row.revision, actor=who(),
                plan={**row.plan, "local": local},
            )  # fmt: skip
        the = plans.read(row.plan)
        zone = the.clock if the.local else settings.company.zone  # whose clock says what "10:00" is on the others'
        row = await starting.schedule(connection, office, built.database, row.id, moment(when, zone), actor=who())
    begins = at(row.scheduled_at, zone) if when else "now"
    if the.local:
        begins += f"{'' if when else f', at {at(row.scheduled_at, zone)[-5:]}'} of each one’s own clock"
    typer.echo(f"{row.name} begins {begins}.")
    typer.echo(f"Watch it: leadwire broadcast watch {short(row.id)}")
    return 0
