"""A broadcast as somebody types it: a plan and a content as JSON or TOML, or in a few words."""

from __future__ import annotations

import getpass
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from app.installed import ACTOR, Unclear, id_of, uuid
from app.segment_commands import segment_of
from app.settings import Settings
from broadcasts import lifecycle, templates
from broadcasts.audience import EVERYBODY
from store import broadcasts
from store.broadcasts import Broadcast
from store.engine import Connection

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
            raise Unclear(f"{path} is larger than {LARGEST:,} bytes: this is no {what}")
        text = path.read_text(encoding="utf-8-sig")
        return _object(_toml(text) if path.suffix.lower() == ".toml" else json.loads(text), what)
    except OSError as error:
        raise Unclear(f"{said[1:]} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Unclear(
            f"the {what} is neither JSON nor the name of a file: {error}. "
            f"Write {{...}}, or @{what}.json or @{what}.toml"
        ) from error


def _toml(text: str) -> Any:
    """With its times as JSON has them."""
    return json.loads(json.dumps(tomllib.loads(text), default=lambda time: time.isoformat()))


def _object(found: Any, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Unclear(f"the {what} has to be an object: {{...}}")
    return found


async def the_broadcast(connection: Connection, said: str) -> Broadcast:
    """By its name, its id, or the end of it. Raises Unclear, Refused."""
    return await lifecycle.one(connection, await _id(connection, said))


async def _id(connection: Connection, said: str) -> UUID:
    if whole := uuid(said):
        return whole
    named = await broadcasts.named(connection, said)
    if len(named) > 1:
        ids = ", ".join(one.hex[-8:] for one in named)
        raise Unclear(f"several broadcasts are called {said}; give the id of one, the latest first: {ids}")
    return named[0] if named else await id_of(connection, "broadcast", said)


def who() -> str:
    """Whoever is logged in here, so that a second person can be told from the first."""
    try:
        return f"{ACTOR}:{getpass.getuser()}"
    except (OSError, KeyError):  # a container without a list of users
        return ACTOR
