"""Exports: asked for, forbidden, written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from api.access import Admin, Exporter
from api.problems import Problem, unknown
from api.shapes import Limit, WantedIn
from api.writing import Made, write
from people import exporting
from people.exporting import TooEarly, Unexportable, Wanted
from store import exports
from store.engine import Connection
from store.exports import Export, Filter

router = APIRouter(prefix="/exports", tags=["exports"])
_TYPES = {"csv": "text/csv; charset=utf-8", "vcard": "text/vcard; charset=utf-8"}


class ExportOut(BaseModel):
    """An export."""

    id: UUID
    actor: str
    wanted: dict[str, Any]
    state: str = Field(description="waiting, vetoed, done")
    rows: int | None
    created_at: datetime
    due_at: datetime = Field(description="Until then it may be forbidden, and is not written.")
    finished_at: datetime | None
    decided_by: str | None


@router.get("")
async def all_exports(caller: Exporter, limit: Limit = 50) -> list[ExportOut]:
    """The latest first."""
    async with caller.database.begin() as connection:
        return [_export(one) for one in await exports.listed(connection, limit)]


def _export(found: Export) -> ExportOut:
    return ExportOut(**found._asdict())


@router.get("/{export}")
async def one_export(caller: Exporter, export: UUID) -> ExportOut:
    """Whether it waits, was forbidden, or is done."""
    async with caller.database.begin() as connection:
        found = await exports.get(connection, export)
    if found is None:
        raise unknown("export")
    return _export(found)


@router.post("", status_code=201)
async def ask(caller: Exporter, given: WantedIn) -> ExportOut:
    """Ask for an export. Where the owner wants to be asked it waits until `due_at`, and may be forbidden meanwhile."""
    wanted = Wanted(format=given.format, columns=tuple(given.columns), filter=Filter(**given.filter.model_dump()))

    async def act(connection: Connection) -> Made:
        try:
            return Made((await exporting.ask(connection, wanted, caller.actor, caller.house)).id)
        except Unexportable as error:
            known = await exporting.columns(connection)
            raise Problem(422, "export-columns", more={"columns": list(known)}) from error

    made = await write(caller, "export.requested", act)
    assert made.id
    return await one_export(caller, made.id)


@router.post("/{export}/file")
async def file(caller: Exporter, export: UUID) -> StreamingResponse:
    """Write it, once: the answer is the file. Who asked for it gets it, nobody else."""
    found = await one_export(caller, export)
    if found.actor != caller.actor:
        raise unknown("export")
    pieces = exporting.text(caller.database, export, caller.actor)
    try:
        first = await anext(pieces)
    except TooEarly as error:
        raise Problem(409, "export-early", more={"due_at": error.due_at.isoformat()}) from error
    except Unexportable as error:
        raise Problem(409, "export-over") from error
    format_ = found.wanted.get("format", "csv")
    name = f"contacts.{'vcf' if format_ == 'vcard' else 'csv'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_all(first, pieces), media_type=_TYPES[format_], headers=headers)


async def _all(first: str, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for piece in pieces:
        yield piece


@router.post("/{export}/veto")
async def veto(caller: Admin, export: UUID) -> ExportOut:
    """Forbid an export that waits."""
    await one_export(caller, export)
    try:
        async with caller.database.begin() as connection:
            await exporting.veto(connection, export, caller.actor)
    except Unexportable as error:
        raise Problem(409, "export-over") from error
    return await one_export(caller, export)
