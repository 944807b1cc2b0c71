"""Files on a contact: put there, listed, given back as they came, taken off."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, File, UploadFile
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.access import Reader, Writer
from api.guard import Caller
from api.problems import Problem, unknown
from api.received import plain_name, received, stored
from api.subjects import leading
from api.writing import Made, write
from people import card_files
from store import merges
from store.engine import Connection
from store.files import FileMissing
from store.person import FileOf

router = APIRouter(prefix="/contacts/{contact}/files", tags=["contacts"])
_HEAD = 64


class FileOut(BaseModel):
    """A file on a contact."""

    id: UUID
    card: UUID = Field(description="The one of the contact's cards that it is on.")
    name: str
    type: str = Field(description="By its content.")
    size: int = Field(description="Bytes.")
    source: str
    at: datetime


def _file(found: FileOf) -> FileOut:
    """Without its key: that opens the file store."""
    return FileOut(**{name: getattr(found, name) for name in FileOut.model_fields})


@router.get("")
async def all_files(caller: Reader, contact: UUID) -> list[FileOut]:
    """Those of all the contact's cards, the latest first, at most 1000."""
    async with caller.database.begin() as connection:
        await leading(connection, contact)
        return [_file(one) for one in await card_files.listed(connection, contact)]


@router.post("", status_code=201)
async def attach(
    caller: Writer, contact: UUID, file: Annotated[UploadFile, File(description="Within the limit of the house.")]
) -> FileOut:
    """Put a file on the card that the id names."""
    async with caller.database.begin() as connection:
        await leading(connection, contact)
    async with received(file) as path:
        if (size := path.stat().st_size) > caller.max_file:
            raise Problem(413, "too-large", kb=caller.max_file // 1000)
        kind, key = card_files.type_of(_head(path)), await stored(caller, path)
    name = plain_name(file.filename or "")

    async def act(connection: Connection) -> Made:
        if contact not in await merges.persons(connection, [contact]):
            raise Problem(404, "unknown-contact")
        made = await card_files.attach(
            connection, contact, key=key, name=name, type_=kind, size=size, source=caller.actor
        )
        return Made(made, contact)

    made = await write(caller, "contact.changed", act)
    assert made.id
    return _file(await _known(caller, contact, made.id))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


async def _known(caller: Caller, contact: UUID, file: UUID) -> FileOf:
    async with caller.database.begin() as connection:
        found = await card_files.get(connection, contact, file)
    if found is None:
        raise unknown("file")
    return found


@router.get("/{file}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
async def content(caller: Reader, contact: UUID, file: UUID) -> Response:
    """The file as it came, to be saved: no browser shows or runs it."""
    found = await _known(caller, contact, file)
    if caller.files is None:
        raise Problem(503, "files-away")
    try:
        data = await caller.files.get(found.key)
    except FileMissing as error:
        raise unknown("file") from error
    except OSError as error:
        raise Problem(503, "files-away") from error
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",  # RFC 6266, section 4.3
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "no-store",
    }
    return Response(data, media_type=found.type, headers=headers)


@router.delete("/{file}", status_code=204)
async def remove(caller: Writer, contact: UUID, file: UUID) -> Response:
    """Take it off the contact; that it was there stays in the log."""

    async def act(connection: Connection) -> Made:
        found = await card_files.remove(connection, contact, file)
        if found is None:
            raise unknown("file")
        return Made(file, found.card, {"file": str(file), "name": found.name, "size": found.size})

    await write(caller, "contact.file_removed", act)
    return Response(status_code=204)
