"""What may be asked of people here, and the answers of some of them: what `domain.conditions` needs to decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from domain.conditions import HOUSE, Facts, Happening, Subject, Type, Vocabulary
from people import fields
from people.fields import Field
from people.person import Person, persons
from store import condition_facts, segments
from store.engine import Connection

_TYPES: Mapping[fields.Type, Type] = {
    fields.Type.TEXT: Type.TEXT,
    fields.Type.PHONE: Type.TEXT,
    fields.Type.EMAIL: Type.TEXT,
    fields.Type.LANGUAGE: Type.TEXT,
    fields.Type.NUMBER: Type.NUMBER,
    fields.Type.DATE: Type.DATE,
    fields.Type.BORN: Type.DATE,
    fields.Type.CHOICE: Type.CHOICE,
    fields.Type.FLAG: Type.FLAG,
}


async def vocabulary(connection: Connection) -> Vocabulary:
    """All that may be asked: the fields of cards, archived ones left out, and what the house has besides."""
    known = await fields.known(connection)
    found = [_subject(field) for field in known.values() if field.type in _TYPES and not field.archived]
    return {subject.name: subject for subject in found} | dict(HOUSE)


def _subject(field: Field) -> Subject:
    """A custom field that is called like something of the house is asked for as field.NAME."""
    name = f"field.{field.name}" if field.name in HOUSE else field.name
    return Subject(name=name, type=_TYPES[field.type], labels=field.labels, field=field.name, choices=field.choices)


async def facts_of(connection: Connection, contact: UUID) -> Facts | None:
    """The facts about the person to whom this card belongs, or None when there is no such card."""
    return next(iter((await facts_of_all(connection, [contact])).values()), None)


async def facts_of_all(connection: Connection, contacts: Iterable[UUID]) -> dict[UUID, Facts]:
    """Leading card -> the facts, for all these cards: in as many statements as for one."""
    found = await persons(connection, contacts)
    leader = {card: one.id for one in found.values() for card in one.cards}
    cards, leaders = list(leader), list(found)
    lists = await segments.lists_of(connection, cards)
    reachable = await condition_facts.reachable(connection, leaders)
    happened = await condition_facts.happened(connection, cards)
    mailings: dict[UUID, list[tuple[datetime, bool]]] = {}
    for person, at, opened in await condition_facts.mailings(connection, cards):
        mailings.setdefault(person, []).append((at, opened))
    return {
        id_: _facts(
            one,
            sets={
                "list": frozenset(str(list_) for card, list_ in lists if leader[card] == id_),
                "reach": frozenset(channel for person, channel in reachable if person == id_),
            },
            happened=tuple(_happening(row) for row in happened if leader[row.card] == id_),
            unopened=_unopened(mailings.get(id_, ())),
        )
        for id_, one in found.items()
    }


def _facts(one: Person, *, sets: Mapping[str, frozenset[str]], happened: tuple[Happening, ...], unopened: int) -> Facts:
    states = [lead.state for lead in one.leads if lead.under is None]
    led = next((lead.owner for lead in one.leads if lead.state == "open" and lead.owner and lead.under is None), None)
    return Facts(
        created_at=one.created_at,
        fields={name: shown.value for name, shown in one.fields.items()} | {"name": one.name},
        sets={
            **sets,
            "tag": frozenset(tag.tag for tag in one.tags),
            "company_name": frozenset(company.name for company in one.companies),
            "company_kind": frozenset(company.kind for company in one.companies),
        },
        led_by=str(led) if led else "",
        leads={state: states.count(state) for state in states} | {"any": len(states) - states.count("spam")},
        unopened=unopened,
        consents={(consent.purpose, consent.channel): consent.granted for consent in one.consents},
        happened=happened,
    )


def _happening(row: condition_facts.Happened) -> Happening:
    said = {name: getattr(row, name) for name in ("channel", "broadcast", "link", "amount", "currency")}
    of = {name: str(value) for name, value in said.items() if value is not None}
    return Happening(event=row.event, at=row.at, of=of)


def _unopened(mailings: Sequence[tuple[datetime, bool]]) -> int:
    """How many came after the last one that was opened."""
    last = max((at for at, opened in mailings if opened), default=None)
    return sum(1 for at, _ in mailings if last is None or at > last)
