"""Whom a request is about, as the rooms below take it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from api.guard import Caller
from api.problems import Problem
from api.shapes import AddressIn, SharedIn
from domain import addresses
from domain.messages import Address
from people import person
from people.editing import Author
from people.person import Person
from store import merges
from store.engine import Connection


def author(caller: Caller) -> Author:
    """Who writes, for the rooms below."""
    return Author(source=caller.actor, country=caller.country)


async def shown(caller: Caller, contact: UUID) -> Person:
    """The whole contact. Raises Problem when there is none."""
    async with caller.database.begin() as connection:
        found = await person.person(connection, contact)
    if found is None:
        raise Problem(404, "unknown-contact")
    return found


async def leading(connection: Connection, contact: UUID) -> UUID:
    """The card that leads: on it is written what is said of the person. Raises Problem when there is none."""
    found = await merges.persons(connection, [contact])
    if contact not in found:
        raise Problem(404, "unknown-contact")
    return found[contact]


def normalised(given: Iterable[AddressIn | SharedIn], country: str) -> list[Address]:
    """In normal form. Raises Problem for one that is none."""
    return [_normalised(one.kind, one.value, country) for one in given]


def _normalised(kind: str, value: str, country: str) -> Address:
    system, _, id_ = value.partition(":")
    found = {
        "email": lambda: addresses.email(value),
        "phone": lambda: addresses.phone(value, country),
        "telegram": lambda: addresses.telegram(value),
        "vk": lambda: addresses.vk(value),
        "external": lambda: addresses.external(system, id_),
    }[kind]()
    if found is None:
        raise Problem(422, "address", kind=kind, value=value[:60])
    return found
