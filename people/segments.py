"""Segments: named conditions, which are asked anew each time, and named lists. Every change leaves a version behind."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.conditions import Logic, matches, parse, unparse
from domain.ids import new_id
from domain.messages import utcnow
from people.segment_facts import facts_of, facts_of_all, vocabulary
from people.segment_rules import logic, read, referred, said
from store import segments as stored
from store.engine import Connection
from store.segments import LIST, RULE, Segment

__all__ = [
    "LIST",
    "RULE",
    "Preview",
    "Refused",
    "Segment",
    "Usage",
    "facts_of",
    "facts_of_all",
    "logic",
    "read",
    "said",
    "vocabulary",
]

LONGEST = 100
MOST_AT_ONCE = 10_000
"""Members that one call adds."""


class Refused(ValueError):
    """It cannot be done to this segment. `key` says why, `words` says it to a person."""

    def __init__(self, key: str, **facts: str) -> None:
        self.key, self.facts = key, facts
        super().__init__(self.words("en"))

    def words(self, language: str) -> str:
        """Why not, and what to do, in "en" or "ru"."""
        return _WORDS[self.key][language == "ru"].format(**self.facts)


_WORDS: Mapping[str, tuple[str, str]] = {
    "name": (
        f"a segment needs a name of 1 to {LONGEST} characters",
        f"сегменту нужно имя от 1 до {LONGEST} знаков",
    ),
    "taken": (
        "there is a segment “{name}” already: choose another name",
        "сегмент «{name}» уже есть: выберите другое имя",
    ),
    "gone": ("there is no such segment", "такого сегмента нет"),
    "archived": (
        "segment “{name}” is archived: make a new one",
        "сегмент «{name}» в архиве: создайте новый",
    ),
    "used": (
        "segment “{name}” is used by {by}: change these first",
        "сегмент «{name}» используется ({by}): сначала измените это",
    ),
    "no-list": (
        "segment “{name}” is a rule: who belongs to it follows from the rule, nobody is added or removed",
        "сегмент «{name}» задан правилом: людей в нём определяет правило, добавлять и убирать никого не нужно",
    ),
    "no-rule": (
        "segment “{name}” is a list: it has members, and no rule",
        "сегмент «{name}» — список: в нём участники, а не правило",
    ),
}


@dataclass(frozen=True, slots=True)
class Usage:
    """What refers to a segment, and would break without it."""

    kind: str
    """broadcast, segment."""
    id: UUID
    name: str
    state: str
    """Of a broadcast."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Who belongs to it now."""

    count: int
    reach: Mapping[str, int]
    """Channel -> how many can be written to by it."""
    samples: tuple[UUID, ...]


async def create(
    connection: Connection, name: str, rule: object | None, *, description: str = "", actor: str
) -> Segment:
    """Make one: of a rule (JSON of `domain.conditions`), or with None an empty list. Raises Refused, Unreadable."""
    called, about = _name(name), description.strip()
    await stored.lock(connection)
    said = None if rule is None else json.dumps(unparse(await read(connection, rule)), ensure_ascii=False)
    id_, now = new_id(), utcnow()
    row = (id_, called, LIST if rule is None else RULE, said, about, 1, now, actor)
    if not await stored.add(connection, row, (id_, 1, called, said, about, now, actor)):
        raise Refused("taken", name=called)
    return await get(connection, id_)


def _name(name: str) -> str:
    called = " ".join(name.replace("\x00", "").split())
    if not 0 < len(called) <= LONGEST:
        raise Refused("name")
    return called


async def change(
    connection: Connection,
    segment: UUID,
    *,
    name: str | None = None,
    rule: object | None = None,
    description: str | None = None,
    actor: str,
) -> Segment:
    """Give it another name, rule or description; what is None stays. Raises Refused, Unreadable."""
    await stored.lock(connection)
    before = await live(connection, segment)
    if rule is not None and before.kind == LIST:
        raise Refused("no-rule", name=before.name)
    called = before.name if name is None else _name(name)
    taken = await stored.named(connection, called)
    if taken and taken.id != segment:
        raise Refused("taken", name=called)
    said = before.rule if rule is None else unparse(await read(connection, rule, within=segment))
    about = before.description if description is None else description.strip()
    if (called, said, about) != (before.name, before.rule, before.description):
        text = None if said is None else json.dumps(said, ensure_ascii=False)
        await stored.change(connection, (segment, before.version + 1, called, text, about, utcnow(), actor))
    return await get(connection, segment)


async def archive(connection: Connection, segment: UUID) -> None:
    """Put it away. Raises Refused while something uses it."""
    await stored.lock(connection)
    before = await live(connection, segment)
    if by := await used_by(connection, segment):
        raise Refused("used", name=before.name, by=", ".join(f"{one.kind} “{one.name}”" for one in by[:5]))
    await stored.archive(connection, segment, utcnow())


async def get(connection: Connection, segment: UUID) -> Segment:
    """One, an archived one too. Raises Refused."""
    found = await stored.get(connection, segment)
    if found is None:
        raise Refused("gone")
    return found


async def live(connection: Connection, segment: UUID) -> Segment:
    """One that is not archived. Raises Refused."""
    found = await get(connection, segment)
    if found.archived_at:
        raise Refused("archived", name=found.name)
    return found


async def used_by(connection: Connection, segment: UUID) -> list[Usage]:
    """The broadcasts that are not over, and the segments, that refer to it."""
    mailings = [Usage("broadcast", *row) for row in await stored.mailings_with(connection, segment)]
    others = [one for one in await stored.listed(connection) if str(segment) in referred(one.rule)]
    return mailings + [Usage("segment", one.id, one.name, "") for one in others]


async def logic_of(connection: Connection, segment: UUID, now: datetime, zone: ZoneInfo) -> Logic:
    """The same for a segment, a list too. Raises Refused, Unreadable."""
    await live(connection, segment)
    rule = {"field": "segment", "op": "has_any", "value": [str(segment)]}
    return await logic(connection, parse(rule, await vocabulary(connection)), now, zone)


async def preview(connection: Connection, asked: Logic, whatsapp: Collection[str] = ()) -> Preview:
    """Whom it holds for now: how many, by which channels they can be written to, and five of them.

    `whatsapp`: the channels that go by WhatsApp; without any it is not spoken of.
    """
    return Preview(
        await stored.count(connection, asked),
        await stored.reach(connection, asked, whatsapp),
        tuple(await stored.samples(connection, asked)),
    )


async def belongs(connection: Connection, segment: UUID, contact: UUID, zone: ZoneInfo) -> bool:
    """Whether this card's person belongs to the segment now. Raises Refused, Unreadable."""
    asked = await logic_of(connection, segment, utcnow(), zone)
    facts = await facts_of(connection, contact)
    return facts is not None and matches(asked, facts)


async def add(connection: Connection, segment: UUID, contacts: Iterable[UUID], *, source: str) -> int:
    """Put people into a list; how many were not in it. Raises Refused."""
    await _list(connection, segment)
    return await stored.add_members(connection, segment, contacts, source=source, at=utcnow())


async def remove(connection: Connection, segment: UUID, contacts: Iterable[UUID]) -> int:
    """Take people out of a list; how many of their cards were in it. Raises Refused."""
    await _list(connection, segment)
    return await stored.remove_members(connection, segment, contacts)


async def _list(connection: Connection, segment: UUID) -> None:
    found = await live(connection, segment)
    if found.kind != LIST:
        raise Refused("no-list", name=found.name)
