"""Files that go with a message: bounded, kept in the file store, and found on each one's own card for a mailing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from broadcasts.content.blocks import Attachment, Channel, Content
from broadcasts.content.compiled import Compiled
from broadcasts.lifecycle import Refused
from domain.messages import File
from store import card_files, mailing
from store.card_files import Wanted
from store.engine import Connection

MOST = 10
"""Files of one message."""
LARGEST = 10_000_000
"""Bytes of all of them: large providers take 20 MB, and a third comes on top on the wire (RFC 2045, section 6.8)."""
FILES = "*files"
"""Where they stand among the facts of a mailing's row: no variable of a person can be called so."""
NO_FILE, LARGE_FILE = "no_file", "large_file"
"""Codes of the ledger."""
CARRY: frozenset[Channel] = frozenset({"email", "telegram"})
"""What can have files with it."""

Keep = Callable[[bytes], Awaitable[str]]
"""Keeps a content in the file store; its key."""


def require_bounds(files: Sequence[File], channel: Channel, most_each: int = LARGEST) -> None:
    """Raise Refused for files that cannot go with one message of this kind of channel. Pure."""
    if files and channel not in CARRY:
        raise Refused(
            "attachments-channel", "an SMS carries no files: put a link into the text, or write by mail or Telegram"
        )
    if len(files) > MOST:
        words = f"{len(files)} files are more than {MOST}: send them in several messages"
        raise Refused("attachments-many", words, count=len(files), most=MOST)
    for file in files:
        if not file.size:
            raise Refused("attachment-empty", f'the file "{file.name}" is empty: look at its content', name=file.name)
        if file.size > most_each:
            words = f'the file "{file.name}" is larger than {most_each // 1000:,} kB: send a link'
            raise Refused("attachment-large", words, name=file.name, kb=most_each // 1000)
    if sum(file.size for file in files) > LARGEST:
        words = f"the files have more than {LARGEST // 1000:,} kB together: send a link"
        raise Refused("attachments-large", words, kb=LARGEST // 1000)


async def kept(files: Sequence[File], keep: Keep) -> list[dict[str, Any]]:
    """The files as facts of a delivery, their contents in the store. Raises what `keep` raises."""
    return [as_fact(replace(file, key=await keep(file.data), data=b"")) for file in files]


def as_fact(file: File) -> dict[str, Any]:
    """What the sender reads the file by. Pure."""
    return {"name": file.name, "type": file.type, "size": file.size, "key": file.key}


def pictures(content: Content, attached: Iterable[str]) -> list[dict[str, Any]]:
    """The pictures of a content that go with a message (`Compiled.attached`), as facts. Pure."""
    return [
        {"name": name, "type": one.type, "size": one.size, "key": one.key, "content_id": name}
        for name in sorted(attached)
        if (one := content.pictures.get(name))
    ]


def require_hosts(made: Compiled, public_url: str) -> None:
    """Raise Refused for a letter whose pictures could be fetched nowhere. Pure."""
    if made.hosted and not public_url:
        name = made.hosted[0]
        words = f'the picture "{name}" can be fetched nowhere: set server.public_url, or write cid:{name}'
        raise Refused("picture-unhosted", words, name=name)


async def of_people(
    connection: Connection, content: Content, made: Compiled, people: Sequence[UUID]
) -> dict[UUID, list[dict[str, Any]] | str]:
    """Each one's files for this content as a channel has it, as facts; or the code why nothing goes without them.

    First the pictures that all get, then each one's own. For the whole batch two queries. `people`: leading cards.
    """
    if made.channel not in CARRY:
        return {}
    shown = pictures(content, made.attached)
    if not content.attachments or not people:
        return dict.fromkeys(people, shown) if shown else {}
    fields = sorted({one.field for one in content.attachments if one.field})
    values = await mailing.values(connection, people, fields)
    wanted = [
        Wanted(person, slot, pattern)
        for person in people
        for slot, one in enumerate(content.attachments)
        if (pattern := _pattern(one, values.get(person, {})))
    ]
    by_person: dict[UUID, dict[int, File]] = {person: {} for person in people}
    for (person, slot), file in (await card_files.newest(connection, wanted)).items():
        by_person[person][slot] = file
    chosen = {person: _chosen(content, files) for person, files in by_person.items()}
    return {person: own if isinstance(own, str) else [*shown, *own] for person, own in chosen.items()}


def _pattern(one: Attachment, values: Mapping[str, str]) -> str:
    """The name as LIKE reads it, in small letters; "" where the card says none. Pure."""
    name = one.name or values.get(one.field, "").strip()
    plain = re.sub(r"([\\%_])", r"\\\1", name.lower())
    return plain.replace("*", "%") if one.name else plain


def _chosen(content: Content, found: Mapping[int, File]) -> list[dict[str, Any]] | str:
    for slot, one in enumerate(content.attachments):
        if slot not in found and one.missing == "skip":
            return NO_FILE
    files = list({file.key: file for file in found.values()}.values())
    return LARGE_FILE if sum(file.size for file in files) > LARGEST else [as_fact(file) for file in files]
