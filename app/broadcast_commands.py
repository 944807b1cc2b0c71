"""Broadcasts from the terminal: made, shown, tried and begun."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import typer

from app.broadcast_given import Given, namesakes, since, the_broadcast, who
from app.broadcast_preflight import is_ready, lines, look, next_step
from app.installed import Unclear, at, connected, cut, installed, many, moment, table, uuid
from app.mailing import office_of
from app.settings import Settings
from broadcasts import lifecycle, starting, trials
from broadcasts import plan as plans
from broadcasts.office import Office
from broadcasts.words import code_said, state_said
from domain import addresses
from store import broadcasts as stored
from store.broadcasts import Broadcast
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


async def show(settings: Settings, name: str) -> int:
    """Print one whole. Raises Unclear, Refused."""
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
    for line in _lines(row, settings.company.zone, settings.company.language):
        typer.echo(line)
    typer.echo("plan " + json.dumps(row.plan, ensure_ascii=False, indent=2))
    typer.echo("content " + json.dumps(row.content, ensure_ascii=False, indent=2))
    return 0


def _lines(row: Broadcast, zone: ZoneInfo, language: str) -> Iterator[str]:
    yield f"{row.name}  {state_said(row.state, language)}{f': {row.reason}' if row.reason else ''}, {row.id}"
    yield f"revision {row.revision}, made by {row.created_by} on {at(row.created_at, zone)}"
    if row.confirmed_by:
        yield f"confirmed by {row.confirmed_by}"
    times = (("begins", row.scheduled_at), ("began", row.started_at), ("ended", row.finished_at))
    yield from (f"{word} {at(when, zone)}" for word, when in times if when)


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


async def test(settings: Settings, name: str, channel: str, to: Sequence[str]) -> int:
    """Send test letters; 1 when one of them cannot be sent. Raises Unclear, Refused, NotCompiled."""
    office = office_of(settings)
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        by = channel or plans.read(row.plan).steps[0].channel
        office.kind(by)
        found = await trials.test(
            connection, office, row, by, contacts=[id_ for one in to if (id_ := uuid(one))],
            addresses=[_address(office, by, one, settings.company.country) for one in to if not uuid(one)],
            actor=who(),
        )  # fmt: skip
    for one in found:
        why = code_said(one.barred, settings.company.language)
        typer.echo(f"{one.address or one.contact}: {f'not sent: {why}' if one.barred else f'on its way, by {by}'}")
    return int(any(one.barred for one in found))


def _address(office: Office, channel: str, said: str, country: str) -> str:
    kind = office.rules.accounts[channel].reaches
    found = {
        "email": lambda: addresses.email(said),
        "phone": lambda: addresses.phone(said, country),
        "telegram": lambda: addresses.telegram(said),
    }[kind]()
    if found is None:
        raise Unclear(f'"{said}" is no address of kind {kind}, by which {channel} writes; give one, or a contact\'s id')
    return found.value


async def schedule(settings: Settings, name: str, when: str, local: bool) -> int:
    """Have it begin at a time. Raises Unclear, Refused, Unfit."""
    moment_ = moment(when, settings.company.zone)
    if local and moment_ is None:
        raise Unclear('say at which time of each one\'s clock: --at "2026-12-01 10:00" --local')
    return await _begin(settings, name, moment_, local=local)


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
    return await _begin(settings, name, None)


async def _begin(settings: Settings, name: str, when: datetime | None, *, local: bool = False) -> int:
    office = office_of(settings)
    async with installed(settings) as built, built.database.begin() as connection:
        row = await the_broadcast(connection, name, settings)
        if local and not row.plan.get("local"):
            row = await lifecycle.change(
                connection, office.rules, row.id, revision=row.revision, actor=who(),
                plan={**row.plan, "local": True},
            )  # fmt: skip
        row = await starting.schedule(connection, office, built.database, row.id, when, actor=who())
    begins = f"begins {at(row.scheduled_at, settings.company.zone)}" if when else "begins now"
    typer.echo(f"{row.name} {begins}{' of each one’s own clock' if local else ''}.")
    typer.echo(f"Watch it: leadwire broadcast watch {short(row.id)}")
    return 0
