"""Imports: how far they are, what became of each row, and taking them back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.access import Importer
from api.guard import Caller
from api.problems import Problem, unknown
from api.shapes import Limit
from domain.messages import utcnow
from people import importing
from people.importing import UNDO_WITHIN, Refused
from store import imports
from store.imports import Import

router = APIRouter(prefix="/imports", tags=["imports"])


class ImportOut(BaseModel):
    """An import."""

    id: UUID
    name: str
    format: str
    mapping: dict[str, str]
    state: str = Field(description="running, done, failed, undone")
    done: int = Field(description="The last row that is written.")
    counts: dict[str, int] = Field(description="Outcome -> rows: new, changed, same, conflicting, rejected.")
    actor: str
    created_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None


class RowOut(BaseModel):
    """What became of a row."""

    row: int
    outcome: str
    contact: UUID | None
    facts: dict[str, Any]


class UndoneOut(BaseModel):
    """What became of the contacts."""

    removed: int
    kept: int = Field(description="Somebody wrote, or was written to, since.")


@router.get("")
async def all_imports(caller: Importer, limit: Limit = 50) -> list[ImportOut]:
    """The latest first."""
    async with caller.database.begin() as connection:
        return [_import(one) for one in await imports.listed(connection, limit)]


def _import(found: Import) -> ImportOut:
    """Without the file's path: it is nobody's business."""
    facts = found._asdict()
    return ImportOut(**{name: facts[name] for name in ImportOut.model_fields})


async def _known(caller: Caller, import_id: UUID) -> Import:
    async with caller.database.begin() as connection:
        found = await imports.get(connection, import_id)
    if found is None:
        raise unknown("import")
    return found


@router.get("/{import_id}")
async def one_import(caller: Importer, import_id: UUID) -> ImportOut:
    """How far it is, and what became of its rows so far."""
    return _import(await _known(caller, import_id))


@router.get("/{import_id}/rows")
async def rows(
    caller: Importer,
    import_id: UUID,
    outcome: Literal["new", "changed", "conflicting", "rejected"] | None = None,
    after: Annotated[int, Query(ge=0, le=2**40)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[RowOut]:
    """The rows that were not the same already, in the order of the file; `after`: behind this row."""
    await _known(caller, import_id)
    async with caller.database.begin() as connection:
        found = await imports.rows(connection, import_id, outcome=outcome, after=after, limit=limit)
    return [RowOut(row=one.row, outcome=one.outcome, contact=one.card, facts=dict(one.facts)) for one in found]


@router.post("/{import_id}/undo")
async def undo(caller: Importer, import_id: UUID) -> UndoneOut:
    """Take the whole import back, within 30 days. A large one takes minutes; broken off, it goes on when sent again."""
    found = await _known(caller, import_id)
    if found.state == "undone":
        raise Problem(409, "import-undone")
    if utcnow() - found.created_at > UNDO_WITHIN:
        raise Problem(409, "import-old", days=UNDO_WITHIN.days)
    try:
        removed, kept = await importing.undo(caller.database, import_id, caller.actor)
    except Refused as error:
        raise Problem(409, "import-undone") from error
    return UndoneOut(removed=removed, kept=kept)
