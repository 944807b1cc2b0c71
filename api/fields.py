"""The fields of contacts: which there are, and the owner's own ones."""

from __future__ import annotations

from fastapi import APIRouter

from api.access import Admin, Reader
from api.shapes import FieldIn, FieldOut, FieldPatch, Text
from api.writing import Made, write
from people import fields
from people.fields import Field, Type
from store.engine import Connection

router = APIRouter(prefix="/fields", tags=["fields"])


@router.get("")
async def find(caller: Reader) -> list[FieldOut]:
    """Every field: the built-in ones, then the custom ones, archived ones too."""
    async with caller.database.begin() as connection:
        return [_out(field) for field in (await fields.known(connection)).values()]


def _out(field: Field) -> FieldOut:
    return FieldOut(
        name=field.name,
        type=field.type.value,
        labels=dict(field.labels),
        choices=list(field.choices),
        matching=field.matching,
        custom=field.custom,
        archived=field.archived,
    )


@router.post("", status_code=201)
async def define(caller: Admin, given: FieldIn) -> FieldOut:
    """Make a custom field."""
    wanted = Field(
        name=given.name,
        type=Type(given.type),
        labels=given.labels.model_dump(),
        choices=tuple(given.choices),
        matching=given.matching,
    )

    async def act(connection: Connection) -> Made:
        await fields.define(connection, wanted)
        return Made(None, None, {"field": given.name})

    await write(caller, "field.defined", act)
    return await _shown(caller, given.name)


@router.patch("/{name}")
async def change(caller: Admin, name: Text, given: FieldPatch) -> FieldOut:
    """Give a custom field other labels, choices or matching, put it away (`archived`), or take it back."""

    async def act(connection: Connection) -> Made:
        labels = None if given.labels is None else given.labels.model_dump()
        await fields.change(connection, name, labels=labels, choices=given.choices, matching=given.matching)
        if given.archived is not None:
            await fields.archive(connection, name, back=not given.archived)
        return Made(None, None, {"field": name})

    await write(caller, "field.changed", act)
    return await _shown(caller, name)


async def _shown(caller: Admin, name: str) -> FieldOut:
    async with caller.database.begin() as connection:
        return _out((await fields.known(connection))[name])
