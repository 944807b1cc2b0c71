"""One broadcast in the terminal: in words, or whole as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import typer

from app.broadcast_given import the_broadcast
from app.installed import at, connected, table
from app.settings import Settings
from broadcasts import plan as plans
from broadcasts.content.blocks import to_json
from broadcasts.content.parse import parse
from broadcasts.plan_said import content_said, plan_said
from broadcasts.words import state_said
from store import segments
from store.broadcasts import Broadcast, State
from store.tails import short


async def show(settings: Settings, name: str, *, whole: bool) -> int:
    """Print what it is and where it stands; `whole`: all of it as JSON, and nothing else. Raises Unclear, Refused."""
    zone, language = settings.company.zone, settings.company.language
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        called = await segments.called(connection, _segments(row))
    if whole:
        typer.echo(json.dumps(_whole(row), ensure_ascii=False, indent=2, default=str))
        return 0
    for line in [*_lines(row, zone, language), *table(list(_parts(row, called, language)))]:
        typer.echo(line)
    typer.echo(f"All of it: leadwire broadcast show {short(row.id)} --json")
    return 0


def _lines(row: Broadcast, zone: ZoneInfo, language: str) -> Iterator[str]:
    yield f"{row.name}  {state_said(row.state, language)}{f': {row.reason}' if row.reason else ''}, {row.id}"
    yield f"revision {row.revision}, made by {row.created_by} on {at(row.created_at, zone)}"
    if row.confirmed_by:
        yield f"confirmed by {row.confirmed_by}"
    begins = row.scheduled_at if row.state != State.DRAFT else None  # off the calendar, its old date means nothing
    times = (("begins", begins), ("began", row.started_at), ("ended", row.finished_at))
    yield from (f"{word} {at(when, zone)}" for word, when in times if when)


def _parts(row: Broadcast, called: dict[str, str], language: str) -> Iterator[tuple[str, str]]:
    yield from plan_said(plans.read(row.plan), called, language)
    yield from content_said(parse(row.content, html=True), language)


def _segments(row: Broadcast) -> list[str]:
    """Those that the audience names at once; deeper ones stay ids."""
    ids = row.plan.get("audience", {}).get("value")
    named = row.plan.get("audience", {}).get("field") == "segment" and isinstance(ids, list)
    return [str(one) for one in ids] if named else []


def _whole(row: Broadcast) -> dict[str, Any]:
    """As the API has it, with the plan and the content in the order of their documentation."""
    plan = msgspec.json.decode(plans.to_json(plans.read(row.plan)))
    content = msgspec.json.decode(to_json(parse(row.content, html=True)))
    hidden = {"links", "cursor", "upto"}
    known = {key: value for key, value in row._asdict().items() if key not in hidden}
    return known | {"plan": plan, "content": content}
