"""Contents that are kept under a name, to be used again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from api.access import BroadcastReader, BroadcastWriter
from api.broadcast_shapes import ContentIn
from api.received import decoded, keep
from api.shapes import Shape, Text
from api.writing import Made, write
from broadcasts import templates
from broadcasts.content.ready import NAMES
from store import templates as stored
from store.engine import Connection
from store.templates import Template

router = APIRouter(prefix="/templates", tags=["templates"])
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


class PictureIn(Shape):
    """A picture that goes with each letter where a block shows it as "cid:name"; as "host:name" readers fetch it."""

    name: Annotated[Text, Field(min_length=1, description="logo.png")]
    content: str = Field(max_length=2_000_000, description="PNG, JPEG, GIF or WebP of at most 1 MB, as Base64.")


class TemplateIn(Shape):
    """A content to be kept."""

    content: ContentIn
    pictures: Annotated[list[PictureIn], Field(max_length=10)] = Field([])


class TemplateOut(BaseModel):
    """A version of a template."""

    name: str
    version: int
    content: Mapping[str, Any]
    at: datetime
    actor: str


class ReadyOut(BaseModel):
    """A content to begin with."""

    name: str
    language: str
    content: Mapping[str, Any]


@router.get("")
async def find(caller: BroadcastReader) -> list[TemplateOut]:
    """What holds of each, by name."""
    async with caller.database.begin() as connection:
        return [_out(one) for one in await stored.listed(connection)]


@router.get("/ready")
async def ready(caller: BroadcastReader, language: Literal["en", "ru"] | None = None) -> list[ReadyOut]:
    """Those that come with the house: welcome, news, offer."""
    spoken = language or caller.office.house.language
    return [ReadyOut(name=name, language=spoken, content=templates.ready_made(name, spoken)) for name in NAMES]


@router.get("/{name}")
async def get(caller: BroadcastReader, name: Name, version: Version = None) -> TemplateOut:
    """The one that holds, or another version."""
    async with caller.database.begin() as connection:
        return _out(await templates.get(connection, name, version))


@router.put("/{name}")
async def put(caller: BroadcastWriter, name: Name, given: TemplateIn) -> TemplateOut:
    """Keep a content as the next version. What it was stays. Refused when one of its texts is no template."""
    bytes_ = {one.name: decoded(one.content, one.name) for one in given.pictures}
    kept = await templates.kept(bytes_, partial(keep, caller))

    async def act(connection: Connection) -> Made:
        made = await templates.put(
            connection, name, given.content, html=caller.office.rules.html, actor=caller.actor, pictures=kept
        )
        return Made(made.id, None, {"template": name, "version": made.version})

    await write(caller, "template.asked", act)
    return await get(caller, name)


@router.get("/{name}/versions")
async def versions(caller: BroadcastReader, name: Name) -> list[TemplateOut]:
    """All that it was, the latest first."""
    async with caller.database.begin() as connection:
        await templates.get(connection, name)
        return [_out(one) for one in await stored.versions(connection, name)]


def _out(found: Template) -> TemplateOut:
    return TemplateOut(name=found.name, version=found.version, content=found.content, at=found.at, actor=found.actor)
