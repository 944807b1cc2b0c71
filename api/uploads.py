"""A file of contacts handed in: drafted, mapped, looked at, begun, stopped. A process in the background works on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, File, Form, UploadFile
from pydantic import Field

from api.access import Importer
from api.guard import Caller
from api.imports import ImportOut, known, one_import, shown
from api.problems import Problem
from api.received import plain_name, received, stored
from api.shapes import Shape, Text
from api.writing import Made, write
from people import uploads
from people.importing import Source
from store import imports
from store.engine import Connection
from store.imports import Import

router = APIRouter(prefix="/imports", tags=["imports"])
Mapped = Annotated[dict[Text, Text], Field(max_length=1000)]


class ImportPatch(Shape):
    """What is to change; columns that are left out stay as they are."""

    mapping: Mapped = Field({}, description="Column -> what it becomes.")
    replace: bool | None = None


@router.post("", status_code=201)
async def upload(
    caller: Importer,
    file: Annotated[UploadFile, File(description="CSV, XLSX, XLS, ODS or vCard, within the limit of the house.")],
    name: Annotated[Text, Form(description="What people call the file; its own name when empty.")] = "",
    mapping: Annotated[str, Form(max_length=200_000, description="JSON: column -> target, above the guess.")] = "",
    replace: Annotated[bool, Form(description="The file's values replace ours.")] = False,
    country: Annotated[str, Form(pattern="^([A-Za-z]{2})?$", description="Where national phones are from.")] = "",
    encoding: Annotated[str, Form(max_length=40)] = "",
    delimiter: Annotated[str, Form(max_length=1)] = "",
    sheet: Annotated[Text, Form(description="Of a workbook; the first when empty.")] = "",
) -> ImportOut:
    """Hand in a file: its columns, what they are guessed to become, and the first rows. No contact changes yet."""
    async with received(file) as path:
        source = Source(
            path=path,
            mapping=_mapping(mapping),
            country=(country or caller.country).upper(),
            name=plain_name(name or file.filename or ""),
            encoding=encoding,
            delimiter=delimiter,
            sheet=sheet,
            replace=replace,
        )
        found = await uploads.read(source)
        key = await stored(caller, path)

    async def act(connection: Connection) -> Made:
        return Made(await uploads.draft(connection, found, key, caller.actor))

    made = await write(caller, "import.uploaded", act)
    assert made.id
    return await one_import(caller, made.id)


def _mapping(text: str) -> dict[str, str]:
    try:
        return msgspec.json.decode(text, type=dict[str, str]) if text else {}
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise Problem(422, "unreadable", more={"errors": [{"at": ["body", "mapping"]}]}) from None


@router.patch("/{import_id}")
async def remap(caller: Importer, import_id: UUID, given: ImportPatch) -> ImportOut:
    """Correct what columns become, before it is begun. What a dry run has said is void then."""
    options = {} if given.replace is None else {"replace": given.replace}
    return await _changed(caller, import_id, lambda to, found: uploads.remap(to, found, given.mapping, **options))


@router.post("/{import_id}/check", status_code=202)
async def check(caller: Importer, import_id: UUID) -> ImportOut:
    """Begin a dry run: it writes no card. Its `counts` are there in the state checked, its rows under /rows."""
    return await _changed(caller, import_id, uploads.check)


@router.post("/{import_id}/start", status_code=202)
async def start(caller: Importer, import_id: UUID) -> ImportOut:
    """Begin to write; a stopped one goes on where it stood."""
    return await _changed(caller, import_id, lambda to, found: uploads.start(to, found, caller.actor))


@router.post("/{import_id}/cancel")
async def cancel(caller: Importer, import_id: UUID) -> ImportOut:
    """Stop a dry run or an import. What is written stays until it is undone, or goes on with start."""
    return await _changed(caller, import_id, lambda to, found: uploads.stop(to, found, caller.actor))


Change = Callable[[Connection, Import], Awaitable[None]]


async def _changed(caller: Caller, import_id: UUID, change: Change) -> ImportOut:
    await known(caller, import_id)

    async def act(connection: Connection) -> Made:
        found = await imports.get(connection, import_id, lock=True)
        assert found, "imports are never deleted"
        await change(connection, found)
        return Made(import_id)

    await write(caller, "import.changed", act)
    return shown(await known(caller, import_id), caller.language)
