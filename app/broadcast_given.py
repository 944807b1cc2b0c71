"""A broadcast as somebody types it: a plan and a content as JSON or TOML, or in a few words."""

from __future__ import annotations

import getpass
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.installed import ACTOR, Unclear, at, broken_at, id_of, table, uuid
from app.segment_commands import segment_of
from app.settings import Settings
from broadcasts import lifecycle, templates
from broadcasts.audience import EVERYBODY
from broadcasts.words import state_said
from store import broadcasts
from store.broadcasts import Broadcast, State
from store.engine import Connection
from store.tails import short

LARGEST = 2_000_000
"""Bytes of a file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What was typed."""

    plan: str = ""
    content: str = ""
    segment: str = ""
    channels: Sequence[str] = ()
    template: str = ""

    async def planned(
        self, connection: Connection, settings: Settings, before: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """The plan: the one that is written, or the one `before`, with what was said in words; None: nothing was.

        Raises Unclear, and `people.segments.Refused` for a segment that there is not.
        """
        if before is not None and not (self.plan or self.segment or self.channels):
            return None
        plan: dict[str, Any] = read(self.plan, "plan") if self.plan else dict(before or {})
        if self.segment:
            found = await segment_of(connection, self.segment)
            plan["audience"] = {"field": "segment", "op": "has_any", "value": [str(found.id)]}
        if self.channels:
            plan["steps"] = [{"channel": name} for name in self.channels]
        if "steps" not in plan:
            raise Unclear("say by which channel: --channel NAME, as leadwire.toml calls it, or steps in the plan")
        return {"audience": dict(EVERYBODY), "zone": settings.company.zone.key} | plan

    async def said(self, connection: Connection, language: str) -> Any:
        """The content; None: nothing was said. Raises Unclear, Refused."""
        if self.content and self.template:
            raise Unclear("give --content or --template, not both")
        if self.template:
            return await templates.content_of(connection, self.template, language)
        return read(self.content, "content") if self.content else None


def read(said: str, what: str) -> dict[str, Any]:
    """JSON, or the file that holds JSON or TOML: "@plan.toml". Raises Unclear."""
    try:
        if not said.startswith("@"):
            return _object(json.loads(said), what)
        path = Path(said[1:])
        if path.stat().st_size > LARGEST:
            raise Unclear(f'"{path}" is larger than {LARGEST:,} bytes: this is no {what}')
        text = path.read_text(encoding="utf-8-sig")
        return _object(_toml(text) if path.suffix.lower() == ".toml" else json.loads(text), what)
    except OSError as error:
        raise Unclear(f'"{said[1:]}" cannot be read: {error.strerror}') from error
    except (ValueError, RecursionError) as error:
        raise Unclear(
            f"the {what} is neither JSON nor the name of a file{broken_at(error)}. "
            f"Write {{...}}, or @{what}.json or @{what}.toml"
        ) from error


def _toml(text: str) -> Any:
    """With its times as JSON has them."""
    return json.loads(json.dumps(tomllib.loads(text), default=lambda time: time.isoformat()))


def _object(found: Any, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Unclear(f"the {what} has to be an object: {{...}}")
    return found


async def the_broadcast(connection: Connection, said: str, settings: Settings) -> Broadcast:
    """By its name, its id, or the end of it. Raises Unclear, Refused."""
    if whole := uuid(said):
        return await lifecycle.one(connection, whole)
    named = [await lifecycle.one(connection, one) for one in await broadcasts.named(connection, said)]
    if len(named) > 1:
        raise Unclear(
            f'"{said}" is the name of several broadcasts; give the id of one:\n' + "\n".join(_told(named, settings))
        )
    return named[0] if named else await lifecycle.one(connection, await id_of(connection, "broadcast", said))


def _told(found: Sequence[Broadcast], settings: Settings) -> list[str]:
    """A line for each, the latest first: its id, where it stands, since when."""
    zone, language = settings.company.zone, settings.company.language
    rows = [(short(row.id), state_said(row.state, language), at(since(row), zone)) for row in found]
    return [f"  {line}" for line in table(rows)]


def since(row: Broadcast) -> datetime:
    """The moment that says most of it: when it ended, else began, else begins, else was made. Pure.

    A draft that was taken off the calendar still has the date that it had there.
    """
    if row.state == State.DRAFT:
        return row.created_at
    return row.finished_at or row.started_at or row.scheduled_at or row.created_at


async def namesakes(connection: Connection, row: Broadcast) -> str:
    """A sentence for whoever has just given a name that others have, too; "" where none has."""
    if len(await broadcasts.named(connection, row.name)) < 2:
        return ""
    return f'Others are called "{row.name}", too: from now on name it by its id, {short(row.id)}.'


def who() -> str:
    """Whoever is logged in here, so that a second person can be told from the first."""
    try:
        return f"{ACTOR}:{getpass.getuser()}"
    except (OSError, KeyError):  # a container without a list of users
        return ACTOR
