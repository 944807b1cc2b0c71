"""Segments: conditions and lists of people by name, whom they hold for now, and what they were before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api.access import SegmentReader, SegmentWriter
from api.guard import Caller
from api.problems import unknown
from api.shapes import Limit, Long, Shape, Text
from api.subjects import leading
from api.writing import Made, write
from domain.conditions import Logic
from domain.conditions.vocabulary import OPERATORS
from domain.messages import utcnow
from people import segments
from people.person import persons
from store import segments as stored
from store.engine import Connection

router = APIRouter(tags=["segments"])
Rule = Annotated[
    dict[str, Any],
    Field(
        description='{"all": [...]}, {"any": [...]}, {"not": {...}}, or a test {"field", "op", "value"}.',
        examples=[{"all": [{"field": "tag", "op": "has_any", "value": ["vip"]}]}],
    ),
]


class SegmentIn(Shape):
    """A segment to be made: with a rule, or without one as a list."""

    name: Text
    rule: Rule | None = None
    description: Long = ""


class SegmentPatch(Shape):
    """What is to change; what is left out stays."""

    name: Text | None = None
    rule: Rule | None = None
    description: Long | None = None


class RuleIn(Shape):
    """A rule to be tried."""

    rule: Rule


class MembersIn(Shape):
    """Contacts to be added to a list."""

    contacts: Annotated[list[UUID], Field(min_length=1, max_length=segments.MOST_AT_ONCE)]


class SegmentOut(BaseModel):
    """A segment."""

    id: UUID
    name: str
    kind: str = Field(description="rule or list")
    rule: dict[str, Any] | None
    said: str = Field(description="The rule in words.")
    description: str
    version: int
    created_at: datetime
    created_by: str
    archived_at: datetime | None
    used_by: list[segments.Usage] = []


class SampleOut(BaseModel):
    """One of those who belong to it."""

    id: UUID
    name: str = Field(description="Empty for a key without contacts:read.")


class PreviewOut(BaseModel):
    """Whom it holds for now."""

    count: int
    reach: Mapping[str, int] = Field(
        description="email, sms, telegram, and whatsapp where it is configured -> how many have an address there that "
        "is not stopped."
    )
    samples: list[SampleOut]


class SubjectOut(BaseModel):
    """What may be asked."""

    name: str
    type: str
    labels: Mapping[str, str]
    operators: Mapping[str, str] = Field(description="Operator -> none, one, many, pair, days, times.")
    choices: Sequence[str]
    params: Sequence[str] = Field(description="What narrows it, each a member beside field, op and value.")


@router.get("/segments")
async def find(caller: SegmentReader, archived: bool = False) -> list[SegmentOut]:
    """Every segment by name; `archived`: those that were put away, too."""
    async with caller.database.begin() as connection:
        return [await _out(connection, caller, one) for one in await stored.listed(connection, archived=archived)]


@router.post("/segments", status_code=201)
async def create(caller: SegmentWriter, given: SegmentIn, response: Response) -> SegmentOut:
    """Make one."""

    async def act(connection: Connection) -> Made:
        made = await segments.create(
            connection, given.name, given.rule, description=given.description, actor=caller.actor
        )
        return Made(made.id, None, {"segment": str(made.id)})

    made = await write(caller, "segment.created", act)
    assert made.id
    response.headers["Location"] = f"/api/segments/{made.id}"
    return await _shown(caller, made.id)


@router.get("/segments/subjects")
async def subjects(caller: SegmentReader) -> list[SubjectOut]:
    """What may be asked of contacts here, and by which operators."""
    async with caller.database.begin() as connection:
        known = await segments.vocabulary(connection)
    return [
        SubjectOut(
            name=one.name,
            type=one.type,
            labels=one.labels,
            operators=OPERATORS[one.type],
            choices=one.choices,
            params=[param.name for param in one.params],
        )
        for one in known.values()
    ]


@router.post("/segments/preview")
async def try_rule(caller: SegmentReader, given: RuleIn) -> PreviewOut:
    """Whom a rule would hold for now; nothing is kept."""
    async with caller.database.begin() as connection:
        condition = await segments.read(connection, given.rule)
        asked = await segments.logic(connection, condition, utcnow(), caller.house.zone)
        return await _preview(connection, caller, asked)


@router.get("/segments/{segment}")
async def get(caller: SegmentReader, segment: UUID) -> SegmentOut:
    """One, with what uses it."""
    return await _shown(caller, segment)


@router.patch("/segments/{segment}")
async def change(caller: SegmentWriter, segment: UUID, given: SegmentPatch) -> SegmentOut:
    """Give it another name, rule or description. What it was before stays among its versions."""

    async def act(connection: Connection) -> Made:
        await segments.change(
            connection,
            segment,
            name=given.name,
            rule=given.rule,
            description=given.description,
            actor=caller.actor,
        )
        return Made(segment, None, {"segment": str(segment)})

    await write(caller, "segment.changed", act)
    return await _shown(caller, segment)


@router.delete("/segments/{segment}", status_code=204)
async def archive(caller: SegmentWriter, segment: UUID) -> None:
    """Put it away; refused while a broadcast or another segment uses it."""

    async def act(connection: Connection) -> Made:
        await segments.archive(connection, segment)
        return Made(segment, None, {"segment": str(segment)})

    await write(caller, "segment.archived", act)


@router.get("/segments/{segment}/versions")
async def versions(caller: SegmentReader, segment: UUID) -> Sequence[stored.Version]:
    """All that it was, and who made it so, the latest first."""
    async with caller.database.begin() as connection:
        await segments.get(connection, segment)
        return await stored.versions(connection, segment)


@router.get("/segments/{segment}/preview")
async def preview(caller: SegmentReader, segment: UUID) -> PreviewOut:
    """Whom it holds for now."""
    async with caller.database.begin() as connection:
        asked = await segments.logic_of(connection, segment, utcnow(), caller.house.zone)
        return await _preview(connection, caller, asked)


@router.get("/segments/{segment}/members")
async def members(caller: SegmentReader, segment: UUID, after: UUID | None = None, limit: Limit = 50) -> list[UUID]:
    """Contacts who belong to it now, in the order of their ids. `after`: the last one of a page."""
    async with caller.database.begin() as connection:
        asked = await segments.logic_of(connection, segment, utcnow(), caller.house.zone)
        return await stored.ids(connection, asked, after=after, limit=limit)


@router.post("/segments/{segment}/members", status_code=204)
async def add(caller: SegmentWriter, segment: UUID, given: MembersIn) -> None:
    """Put contacts into a list; who is in it stays, and unknown ids are left out."""

    async def act(connection: Connection) -> Made:
        added = await segments.add(connection, segment, given.contacts, source=caller.actor)
        return Made(segment, None, {"segment": str(segment), "added": added})

    await write(caller, "segment.members", act)


@router.get("/segments/{segment}/members/{contact}", status_code=204)
async def belongs(caller: SegmentReader, segment: UUID, contact: UUID) -> None:
    """Whether the contact belongs to it now: 204, or 404."""
    async with caller.database.begin() as connection:
        await leading(connection, contact)
        if not await segments.belongs(connection, segment, contact, caller.house.zone):
            raise unknown("member")


@router.delete("/segments/{segment}/members/{contact}", status_code=204)
async def remove(caller: SegmentWriter, segment: UUID, contact: UUID) -> None:
    """Take a contact out of a list, on whichever card it stood."""

    async def act(connection: Connection) -> Made:
        card = await leading(connection, contact)
        await segments.remove(connection, segment, [card])
        return Made(segment, card, {"segment": str(segment)})

    await write(caller, "segment.members", act)


async def _shown(caller: Caller, segment: UUID) -> SegmentOut:
    async with caller.database.begin() as connection:
        found = await segments.get(connection, segment)
        out = await _out(connection, caller, found)
        return out.model_copy(update={"used_by": await segments.used_by(connection, segment)})


async def _out(connection: Connection, caller: Caller, one: segments.Segment) -> SegmentOut:
    return SegmentOut(
        id=one.id,
        name=one.name,
        kind=one.kind,
        rule=one.rule,
        said=await segments.said(connection, one, caller.language),
        description=one.description,
        version=one.version,
        created_at=one.created_at,
        created_by=one.created_by,
        archived_at=one.archived_at,
    )


async def _preview(connection: Connection, caller: Caller, asked: Logic) -> PreviewOut:
    whatsapp = [name for name, one in caller.office.rules.accounts.items() if one.kind == "whatsapp"]
    found = await segments.preview(connection, asked, whatsapp)
    may = {"contacts:read", "admin"} & set(caller.key.scopes)
    names = await persons(connection, found.samples) if may else {}
    samples = [SampleOut(id=id_, name=names[id_].name if id_ in names else "") for id_ in found.samples]
    return PreviewOut(count=found.count, reach=found.reach, samples=samples)
