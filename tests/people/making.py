"""Cards for the tests of persons."""

from __future__ import annotations

from uuid import UUID

from domain.messages import Address, AddressKind
from people.editing import Author, Draft, create
from store.engine import Connection

BY_STAFF = Author(source="staff:1", country="RU")


def mail(value: str) -> Address:
    """An e-mail address that somebody wrote down."""
    return Address(kind=AddressKind.EMAIL, value=value)


async def card(connection: Connection, name: str = "", *addresses: Address, **fields: str) -> UUID:
    """A card, made by a member of staff."""
    return await create(connection, Draft(name=name, addresses=addresses, fields=fields), BY_STAFF)
