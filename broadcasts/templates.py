"""Contents that are kept under a name, to be used again; each change is a further version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from broadcasts.attachments import Keep
from broadcasts.content.blocks import to_json
from broadcasts.content.check import require_templates
from broadcasts.content.parse import parse
from broadcasts.content.ready import LANGUAGES, NAMES, ready
from broadcasts.lifecycle import Refused
from broadcasts.pictures import proven
from domain.messages import utcnow
from people.card_files import type_of
from store import events, templates
from store.engine import Connection
from store.templates import Template

LARGEST_PICTURE = 1_000_000
"""Bytes: each goes with every letter."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


async def put(
    connection: Connection,
    name: str,
    content: Any,
    *,
    html: bool,
    actor: str,
    pictures: Mapping[str, Any] | None = None,
) -> Template:
    """Keep a content as the next version. Raises Refused for a name that cannot be one, NotContent.

    `pictures`: as `kept` has given them; they stand above those that the content names.
    A draft may be broken while somebody writes it; what is kept to be used again may not.
    """
    if not _NAME.fullmatch(name):
        raise Refused(
            "template-name", "a template's name has small Latin letters, digits, hyphens and dots, at most 80"
        )
    given = pictures or {}
    parsed = parse(_with(content, given), html=html)
    require_templates(parsed)
    parsed = await proven(connection, parsed, {one["key"] for one in given.values()})
    version = await templates.put(connection, name, to_json(parsed), actor=actor, at=utcnow())
    await events.record(connection, "template.put", at=utcnow(), actor=actor, template=name, version=version)
    return await get(connection, name, version)


async def kept(pictures: Mapping[str, bytes], keep: Keep) -> dict[str, Any]:
    """Name -> picture of a content, its bytes in the store. Raises Refused for what is none, and what `keep` raises."""
    found = {}
    for name, data in pictures.items():
        kind = type_of(data[:64])
        if not kind.startswith("image/") or len(data) > LARGEST_PICTURE:
            raise Refused(
                "picture", f'"{name}" is no PNG, JPEG, GIF or WebP of at most {LARGEST_PICTURE // 1000} kB: '
                "make it smaller, or give its address on the web", name=name, kb=LARGEST_PICTURE // 1000,
            )  # fmt: skip
        found[name] = {"key": await keep(data), "type": kind, "size": len(data)}
    return found


def _with(content: Any, pictures: Mapping[str, Any]) -> Any:
    if not pictures or not isinstance(content, Mapping):
        return content
    before = content.get("pictures")
    return {**content, "pictures": {**(before if isinstance(before, Mapping) else {}), **pictures}}


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
