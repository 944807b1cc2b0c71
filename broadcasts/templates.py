"""Contents that are kept under a name, to be used again; each change is a further version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from broadcasts.content.blocks import to_json
from broadcasts.content.parse import parse
from broadcasts.content.ready import LANGUAGES, NAMES, ready
from broadcasts.lifecycle import Refused
from domain.messages import utcnow
from store import events, templates
from store.engine import Connection
from store.templates import Template

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


async def put(connection: Connection, name: str, content: Any, *, html: bool, actor: str) -> Template:
    """Keep a content as the next version. Raises Refused for a name that cannot be one, NotContent."""
    if not _NAME.fullmatch(name):
        raise Refused(
            "template-name", "a template's name has small Latin letters, digits, hyphens and dots, at most 80"
        )
    version = await templates.put(connection, name, to_json(parse(content, html=html)), actor=actor, at=utcnow())
    await events.record(connection, "template.put", at=utcnow(), actor=actor, template=name, version=version)
    return await get(connection, name, version)


async def get(connection: Connection, name: str, version: int | None = None) -> Template:
    """A version, or the one that holds. Raises Refused."""
    found = await templates.get(connection, name, version)
    if found is None:
        what = f"template {name}" if version is None else f"version {version} of the template {name}"
        raise Refused("template", f"there is no {what}: see which there are, or put one")
    return found


async def content_of(connection: Connection, name: str, language: str) -> Mapping[str, Any]:
    """The content of a kept template, or of a ready one of this language. Raises Refused."""
    kept = await templates.get(connection, name)
    if kept is None and name in NAMES:
        return ready_made(name, language)
    return (await get(connection, name)).content


def ready_made(name: str, language: str) -> Mapping[str, Any]:
    """A content to begin with, as JSON has it. Raises Refused for a name that is none. Pure."""
    if name not in NAMES:
        raise Refused("template", f"ready are {', '.join(NAMES)}, in {' and '.join(LANGUAGES)}")
    return ready(name, language).model_dump(mode="json")
