"""Imports: how far they are, what became of each row, and taking them back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from api.access import Importer
from api.guard import Caller
from api.problems import Problem, unknown
from api.shapes import Limit
from domain.messages import utcnow
from people import import_undo, rejected
from people.import_undo import UNDO_WITHIN, UNWRITTEN
from people.importing import Refused, Running
from store import imports
from store.imports import Import, Ledger

router = APIRouter(prefix="/imports", tags=["imports"])


class ProgressOut(BaseModel):
    """How far a process is with it."""

    share: float = Field(description="0 to 1, of the file.")
    per_second: float = Field(description="Rows.")
    seconds_left: float | None


class ImportOut(BaseModel):
    """An import."""

    id: UUID
    name: str
    format: str
    mapping: dict[str, str] = Field(description="Column -> what it becomes.")
    columns: list[str] = Field(description="As the file names them.")
    sample: list[list[str]] = Field(description="The first rows, cells cut to 200 characters.")
    replace: bool = Field(description="The file's values replace ours; else they only fill what is empty.")
    state: str = Field(description="draft, checking, checked, running, stopped, done, failed, undone")
    problem: str = Field(description="Why it failed, in the caller's language.")
    done: int = Field(description="The last row that is written; of a dry run, looked at.")
    total: int | None = Field(description="The last row that there is, once a dry run has been.")
    progress: ProgressOut | None
    counts: dict[str, int] = Field(
        description="Outcome -> rows: new, changed, same, conflicting, rejected; of a dry run also again: an address "
        "of an earlier row. In the states checking and checked, what the rows would become."
    )
    actor: str
    created_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None


class RowOut(BaseModel):
    """What became of a row, or would."""

    row: int
    outcome: str
    contact: UUID | None
    words: list[str] = Field(description="The reasons and what was left out, in the caller's language.")
    changes: dict[str, list[Any]] = Field(description="Of a changed one: field -> [before, after].")
    facts: dict[str, Any]


class UndoneOut(BaseModel):
    """What became of the contacts."""

    removed: int
    kept: int = Field(description="Somebody wrote, or was written to, since.")


@router.get("")
async def all_imports(caller: Importer, limit: Limit = 50) -> list[ImportOut]:
    """The latest first."""
    async with caller.database.begin() as connection:
        return [shown(one, caller.language) for one in await imports.listed(connection, limit)]


def shown(found: Import, language: str) -> ImportOut:
    """Without where the file is: that is nobody's business."""
    options, facts = found.options, found._asdict()
    plain = {name: facts[name] for name in ImportOut.model_fields if name in facts}
    problem = options.get("problem")
    return ImportOut(
        **plain,
        columns=options.get("columns", list(found.mapping)),
        sample=options.get("sample", []),
        replace=options.get("replace", False),
        problem=rejected.reason_of(problem).words(language) if problem else "",
        total=options.get("total"),
        progress=options.get("progress") if found.state in ("checking", "running") else None,
    )


async def known(caller: Caller, import_id: UUID) -> Import:
    """The import. Raises Problem when there is none."""
    async with caller.database.begin() as connection:
        found = await imports.get(connection, import_id)
    if found is None:
        raise unknown("import")
    return found


@router.get("/{import_id}")
async def one_import(caller: Importer, import_id: UUID) -> ImportOut:
    """How far it is, and what became of its rows so far."""
    return shown(await known(caller, import_id), caller.language)


@router.get("/{import_id}/rows")
async def rows(
    caller: Importer,
    import_id: UUID,
    outcome: Literal["new", "changed", "conflicting", "rejected", "again"] | None = None,
    after: Annotated[int, Query(ge=0, le=2**40)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[RowOut]:
    """The rows that were not the same already, in the order of the file; `after`: behind this row.

    After a dry run, what they would become.
    """
    await known(caller, import_id)
    async with caller.database.begin() as connection:
        found = await imports.rows(connection, import_id, outcome=outcome, after=after, limit=limit)
    return [_row(one, caller.language) for one in found]


def _row(one: Ledger, language: str) -> RowOut:
    facts = dict(one.facts)
    reasons = [*([facts["reason"]] if "reason" in facts else []), *facts.get("details", ()), *facts.get("warnings", ())]
    return RowOut(
        row=one.row,
        outcome=one.outcome,
        contact=one.card,
        words=[rejected.reason_of(reason).words(language) for reason in reasons],
        changes=facts.get("changes", {}),
        facts=facts,
    )


@router.get("/{import_id}/rejected", response_class=Response, responses={200: {"content": {"text/csv": {}}}, 204: {}})
async def rejected_rows(caller: Importer, import_id: UUID) -> Response:
    """The rejected rows as a CSV, each with its reason before it, to be corrected and imported. 204: there are none."""
    found = await known(caller, import_id)
    pieces = rejected.text(caller.database, found.id, caller.language)
    first = await anext(pieces, None)
    if first is None:
        return Response(status_code=204)
    headers = {"Content-Disposition": 'attachment; filename="rejected.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(all_of(first, pieces), media_type="text/csv; charset=utf-8", headers=headers)


async def all_of(first: str, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """A stream whose first piece was awaited, so that a refusal can still be answered."""
    yield first
    async for piece in pieces:
        yield piece


@router.post("/{import_id}/undo")
async def undo(caller: Importer, import_id: UUID) -> UndoneOut:
    """Take the whole import back, within 30 days. A large one takes minutes; broken off, it goes on when sent again.

    While a process writes it, it is refused (409, import-running): stop it first.
    """
    found = await known(caller, import_id)
    if found.state == "undone":
        raise Problem(409, "import-undone")
    if found.state in UNWRITTEN:
        raise Problem(409, "import-state", state=found.state)
    if utcnow() - found.created_at > UNDO_WITHIN:
        raise Problem(409, "import-old", days=UNDO_WITHIN.days)
    try:
        removed, kept = await import_undo.undo(caller.database, import_id, caller.actor)
    except Running as error:
        raise Problem(409, "import-running") from error
    except Refused as error:
        raise Problem(409, "import-undone") from error
    return UndoneOut(removed=removed, kept=kept)
