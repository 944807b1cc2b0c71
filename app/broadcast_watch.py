"""How far a broadcast is, and what became of each recipient, in the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

import typer

from app.broadcast_given import the_broadcast
from app.installed import Unclear, connected, cut, installed, no, table
from app.mailing import office_of
from app.progress import Bar
from app.saving import save, taken
from app.settings import Settings
from broadcasts import ledger, lifecycle
from broadcasts.progress import Progress, progress
from broadcasts.words import clock, code_said, outcome_said, state_said, wait_said
from domain.messages import utcnow
from people.person import persons
from store import events
from store.broadcasts import State
from store.outcomes import Outcome, Recipient
from store.tails import short

EVERY = 1.0
"""Seconds between two looks."""
_OVER = (State.DRAFT, State.CANCELLED, State.FINISHED)


class Look(Protocol):
    """Looks once more; the state, the figures, and when that was."""

    async def __call__(self) -> tuple[str, Progress, datetime]: ...


async def watch(settings: Settings, name: str, *, once: bool) -> int:
    """Print how far it is until it is over, and then what became of everybody. Raises Unclear, Refused."""
    accounts, language = office_of(settings).rules.accounts, settings.company.language
    async with installed(settings) as built:
        async with built.database.begin() as connection:
            row = await the_broadcast(connection, name, settings)

        async def look() -> tuple[str, Progress, datetime]:
            async with built.database.begin() as connection:
                now, found = utcnow(), await lifecycle.one(connection, row.id)
                return found.state, await progress(connection, found, accounts, now), now

        state, found, now = await follow(look, row.name, language, once=once)
    for line in summary(state, found, now, language):
        typer.echo(line)
    return 0


async def follow(look: Look, name: str, language: str, *, once: bool) -> tuple[str, Progress, datetime]:
    """Draw a bar until it is over; a wait that is new is said in a line of its own. The last look."""
    bar, said = Bar(cut(name, 30), "recipients"), set[tuple[str, str, str]]()
    while True:
        state, found, now = await look()
        if once or state in _OVER:
            bar.end()
            return state, found, now
        bar.told(found.done, found.share)
        waits = {(wait.channel, wait.provider, wait.reason): wait for wait in found.waits}
        if new := [wait for key, wait in waits.items() if key not in said]:
            bar.end()
            for wait in new:
                typer.echo(f"waits: {wait_said(wait, now, language)}", err=True)
        said = set(waits)
        await asyncio.sleep(EVERY)


def summary(state: str, found: Progress, now: datetime, language: str) -> Iterator[str]:
    """ "running: 120 of 400 (30 %), 60 a minute, 4:40 left", the waits and the outcomes. Pure."""
    facts = [f"{found.done:,} of {found.people:,} ({found.share:.0%})"]
    if state == State.RUNNING and found.per_minute:
        facts.append(f"{found.per_minute:,} a minute")
    if found.ends_at:
        facts.append(f"{clock(max(0.0, (found.ends_at - now).total_seconds()))} left")
    yield f"{state_said(state, language)}: {', '.join(facts)}"
    yield from (f"waits: {wait_said(wait, now, language)}" for wait in found.waits)
    rows = [
        (t.channel, outcome_said(t.outcome, language), f"{t.people:,}", code_said(t.code, language))
        for t in found.totals
    ]
    yield from (f"  {line}" for line in table(rows) if rows) if rows else ()


async def recipients(settings: Settings, name: str, outcome: str, code: str, limit: int) -> int:
    """Print a line for each. Raises Unclear, Refused."""
    language = settings.company.language
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        rows, more = await ledger.page(connection, row.id, outcome=_outcome(outcome), code=code or None, limit=limit)
        known = await persons(connection, list({one.contact for one in rows}))
    lines = [_cells(one, known[one.contact].name if one.contact in known else "", language) for one in rows]
    for line in table(lines) if lines else ["Nobody."]:
        typer.echo(line)
    if more:
        typer.echo(f"and more: leadwire broadcast export {short(row.id)} recipients.csv")
    return 0


def _cells(one: Recipient, name: str, language: str) -> tuple[str, ...]:
    why = code_said(one.code or "", language) if one.code else one.reason or ""
    first = (short(one.contact), cut(name, 30), one.channel, cut(one.address))
    return (*first, outcome_said(one.outcome, language), cut(why, 80))


def _outcome(said: str) -> str | None:
    """Raises Unclear."""
    if said and said not in list(Outcome):
        raise Unclear(f"there is no outcome {said}: {', '.join(Outcome)}")
    return said or None


async def export(settings: Settings, name: str, file: Path, outcome: str, code: str) -> int:
    """Write all recipients into a new file. Raises Unclear, Refused."""
    if taken(file):
        return no(f"there is a file {file} already: name another one")
    wanted, addresses = _outcome(outcome), not settings.people.export_delay_hours
    ledger.require_code(code)
    async with installed(settings) as built:
        async with built.database.begin() as connection:
            row = await the_broadcast(connection, name, settings)
            await events.record(
                connection, "broadcast.exported", at=utcnow(), actor="cli", broadcast=str(row.id), addresses=addresses
            )
        text = ledger.text(
            built.database, row.id, outcome=wanted, code=code or None, addresses=addresses,
            language=settings.company.language,
        )  # fmt: skip
        await save(text, file)
    without = (
        ""
        if addresses
        else " Names and addresses are left out: here exports wait for the owner (people.export_delay_hours)."
    )
    typer.echo(f"The recipients of {row.name} are in {file}.{without}")
    return 0
