"""Files that people put on a contact: each is on one card, all of a person's cards show theirs, none is moved."""

from __future__ import annotations

from uuid import UUID

from domain.ids import new_id
from domain.messages import utcnow
from store import card_files, merges, pinned
from store.engine import Connection
from store.person import FileOf

OTHER = "application/octet-stream"
_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
"""Of types that no browser runs anything of; everything else is bytes to be saved."""


def type_of(head: bytes) -> str:
    """The MIME type, by the first bytes alone: what the sender says of it is only a word. Pure."""
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for sign, kind in _SIGNATURES if head.startswith(sign)), OTHER)


async def attach(
    connection: Connection,
    card: UUID,
    *,
    key: str,
    name: str,
    type_: str,
    size: int,
    source: str,
) -> UUID:
    """Put a file that is in the file store on a card; the id by which it is got and taken off."""
    made = new_id()
    await pinned.attach(connection, [(made, card, key, name, type_, size, source, utcnow())])
    return made


async def listed(connection: Connection, contact: UUID) -> list[FileOf]:
    """All of the person's, the latest first; by the id of any of his cards."""
    return await card_files.listed(connection, await _cards(connection, contact))


async def get(connection: Connection, contact: UUID, file: UUID) -> FileOf | None:
    """One of the person's, or None: another's is not given by this contact's id."""
    return await card_files.get(connection, await _cards(connection, contact), file)


async def remove(connection: Connection, contact: UUID, file: UUID) -> FileOf | None:
    """Take it off its card; what it was, or None when the person has no such file."""
    found = await get(connection, contact, file)
    return found if found and await card_files.remove(connection, file) else None


async def _cards(connection: Connection, contact: UUID) -> list[UUID]:
    persons = await merges.persons(connection, [contact])
    return list(await merges.cards_of(connection, list(persons.values())))
