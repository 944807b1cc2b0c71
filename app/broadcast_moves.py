"""Broadcasts from the terminal: stopped, gone on with, confirmed, copied."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from app.broadcast_given import namesakes, the_broadcast, who
from app.installed import Unclear, at, connected, many, moment
from app.settings import Settings
from broadcasts import lifecycle
from store.tails import short

RETRIED = ("soft", "rejected", "fault", "uncertain")


async def unschedule(settings: Settings, name: str) -> int:
    """Make it a draft again. Raises Unclear, Refused."""
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        await lifecycle.unschedule(connection, row.id, actor=who())
    typer.echo(f"{row.name} is a draft again.")
    return 0


async def confirm(settings: Settings, name: str) -> int:
    """Stand for it as the second person. Raises Unclear, Refused."""
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        await lifecycle.confirm(connection, row.id, revision=row.revision, actor=who())
    typer.echo(f"{row.name}, revision {row.revision}, is confirmed by {who()}.")
    return 0


async def pause(settings: Settings, name: str, reason: str, until: str) -> int:
    """Send nothing more for now. Raises Unclear, Refused."""
    resumes = moment(until, settings.company.zone)
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        await lifecycle.pause(connection, row.id, actor=who(), reason=reason, resumes_at=resumes)
    on = at(resumes, settings.company.zone) if resumes else f"with: leadwire broadcast resume {short(row.id)}"
    typer.echo(f"{row.name} is paused. It goes on {on}")
    return 0


async def resume(settings: Settings, name: str) -> int:
    """Go on. Raises Unclear, Refused."""
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        await lifecycle.resume(connection, row.id, actor=who())
    typer.echo(f"{row.name} goes on.")
    return 0


async def cancel(settings: Settings, name: str, *, ask: bool) -> int:
    """Send nothing more of it, for ever. Raises Unclear, Refused."""
    if ask and not typer.confirm(f"Cancel {name} for ever?"):
        typer.echo("Nothing was changed.")
        return 1
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        count = await lifecycle.cancel(connection, row.id, actor=who())
    typer.echo(f"{row.name} is cancelled; {many(count, 'recipient')} who had not got it will not.")
    return 0


async def retry(settings: Settings, name: str, codes: Sequence[str]) -> int:
    """Send once more to those who failed. Raises Unclear, Refused."""
    if strange := [code for code in codes if code not in RETRIED]:
        raise Unclear(f"there is no code {', '.join(strange)} to try again; there are {', '.join(RETRIED)}")
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        count = await lifecycle.retry(connection, row.id, codes, actor=who())
    if not count:
        typer.echo(f"Nobody is written to again: of {row.name} none has failed that way.")
        return 0
    typer.echo(f"{many(count, 'recipient')} of {row.name} will be written to once more.")
    return 0


async def copy(settings: Settings, name: str, new_name: str) -> int:
    """A draft with the same plan and content. Raises Unclear, Refused."""
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        made = await lifecycle.copy(connection, row.id, actor=who(), name=new_name)
        others = await namesakes(connection, made)
    typer.echo(f"Draft {made.name} ({short(made.id)}), a copy of {row.name} ({short(row.id)}).")
    if others:
        typer.echo(others)
    return 0
