"""`leadwire broadcast preflight`, and what is said before a broadcast begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from app.broadcast_given import the_broadcast
from app.installed import at, installed, many, table
from app.mailing import office_of
from app.settings import Settings
from app.wiring import Installation
from broadcasts.checks.finding import Finding
from broadcasts.forecast import Forecast
from broadcasts.preflight import Preflight, outside
from broadcasts.preflight import preflight as looked_at
from broadcasts.words import clock, code_said
from domain.messages import utcnow
from store.broadcasts import Broadcast, State
from store.tails import short


async def preflight(settings: Settings, name: str, *, offline: bool) -> int:
    """Print figures and findings; 1 when something stops it. Raises Unclear, Refused, NotContent, WrongPlan."""
    async with installed(settings) as built:
        row, found = await look(settings, built, name, offline=offline)
    for line in lines(found, settings.company.zone, settings.company.language):
        typer.echo(line)
    if found.is_clear and row.state == State.DRAFT:
        typer.echo(next_step(row.id, found))
    return int(not found.is_clear)


async def look(settings: Settings, built: Installation, name: str, *, offline: bool) -> tuple[Broadcast, Preflight]:
    """One look. Raises Unclear, Refused, NotContent, WrongPlan."""
    office = office_of(settings)
    conductor, setting = office.conductor(built.database), office.setting
    async with built.database.begin() as connection:
        row = await the_broadcast(connection, name, settings)
    found: Sequence[Finding] = ()
    if not offline:
        typer.echo(f"Looking at links, DNS and the spam score, at most {setting.around.seconds:.0f} s ...", err=True)
        found = await outside(row, conductor, setting)
    async with built.database.begin() as connection:
        return row, await looked_at(connection, conductor, row, utcnow(), setting, looked=found)


def lines(found: Preflight, zone: ZoneInfo, language: str) -> Iterator[str]:
    """Who gets it, who not, when, for how much, and what is to be mended. Pure."""
    figures = found.forecast
    yield f"{many(figures.people, 'person', 'people')} would get it"
    yield from _rows([(f"by {channel}", f"{count:,}") for channel, count in figures.gets.items()])
    if figures.not_:
        yield f"{many(sum(figures.not_.values()), 'person', 'people')} would not"
        yield from _rows([(f"{count:,}", code_said(code, language)) for code, count in figures.not_.items()])
    if figures.people:
        yield f"It would begin {at(figures.begins_at, zone)} and end {_end(figures, zone)}."
    most = f", and {figures.cost_most:,.2f} at most" if figures.cost_most != figures.cost else ""
    if figures.cost or most:
        yield f"It would cost {figures.cost:,.2f}{most}."
    yield from (f"{one.severity}: {one.placed(language)}" for one in found.findings)


def _end(figures: Forecast, zone: ZoneInfo) -> str:
    if figures.ends_at - figures.begins_at < timedelta(minutes=1):
        return "within a minute"
    return f"{at(figures.ends_at, zone)}, after {clock(figures.seconds)} of sending"


def _rows(rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"  {line}" for line in table(rows)] if rows else []


def is_ready(found: Preflight) -> bool:
    """Whether it may begin at once. Pure."""
    return found.is_clear and not found.needs_confirmation


def next_step(broadcast: UUID, found: Preflight) -> str:
    """What to type next, when it is clear. Pure."""
    if found.needs_confirmation:
        return f"Have somebody else confirm it: leadwire broadcast confirm {short(broadcast)}"
    return f"Begin: leadwire broadcast start {short(broadcast)}"
