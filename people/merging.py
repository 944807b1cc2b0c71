"""Joins cards into one person and parts them again, exactly.

A merge writes one edge. Everything else (who leads, whose identities and leads are whose, which of two open leads goes
on) is derived from the edges that hold, by `_derive`, for the persons concerned and nobody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from domain.ids import new_id
from domain.messages import utcnow
from people.graph import Edge, Open, Proofs, are_apart, leaders, mains, moved
from store import chats, contacts, events, merges, suggestions, verdicts
from store.engine import Connection
from store.merges import LeadNow, Move, Stray

HAND, REVIEW, TOGETHER, CERTAIN = "hand", "review", "proved-together", "certain"
"""Why cards were joined: a person did it, or said Same to a suggestion; one message proved both; the score."""
PEOPLE = frozenset({HAND, REVIEW})
"""A person may join whom no rule may."""


class Unjoinable(Exception):
    """These two are not joined. `reason`: unknown, same, differ, apart, typed, undone."""

    def __init__(self, reason: str) -> None:
        super().__init__(_WORDS[reason])
        self.reason = reason


_WORDS = {
    "unknown": "there is no such contact",
    "same": "they are one person already",
    "differ": "somebody has said that they are not the same person",
    "apart": "each has proved an e-mail and a phone of his own: only a person may join them",
    "typed": "one of them has addresses that anybody may have typed: only a person may join them",
    "undone": "they were joined before, if by way of others, and somebody took that back: only a person may join them",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Two cards to join."""

    one: UUID
    """A card of the person who leads."""
    other: UUID
    rule: str
    actor: str
    choices: Mapping[str, str] = field(default_factory=dict)
    """Field -> the card whose value shows; the leader's where nothing is chosen."""
    even_if_different: bool = False
    """A person insists, although somebody has said that they are not the same: that is forgotten then."""


async def join(connection: Connection, wish: Wish) -> UUID:
    """Make them one person; the merge's id. Raises Unjoinable: nothing has changed then."""
    await merges.alone(connection)
    persons = await merges.persons(connection, (wish.one, wish.other))
    if len(persons) < 2:
        raise Unjoinable("same" if wish.one == wish.other and persons else "unknown")
    one, other = persons[wish.one], persons[wish.other]
    if one == other:
        raise Unjoinable("same")
    cards = await merges.cards_of(connection, (one, other))
    await _may_join(connection, wish, (one, other), cards)
    merge, now = new_id(), utcnow()
    choices = msgspec.json.encode(dict(wish.choices)).decode()
    await merges.add(connection, [(merge, now, wish.one, wish.other, wish.rule, wish.actor, choices)])
    await suggestions.settle_within(connection, list(cards), wish.actor, now)
    data = msgspec.json.encode({"merge": str(merge), "with": str(wish.other), "rule": wish.rule}).decode()
    await events.of_contacts(connection, "contact.merged", [(wish.one, data)], wish.actor)
    await _derive(connection, cards, now)
    return merge


async def _may_join(connection: Connection, wish: Wish, persons: tuple[UUID, UUID], cards: Mapping[UUID, UUID]) -> None:
    ours = [card for card, leader in cards.items() if leader == persons[0]]
    theirs = [card for card, leader in cards.items() if leader == persons[1]]
    if differ := await verdicts.said_to_differ(connection, ours, theirs):
        if not (wish.even_if_different and wish.rule in PEOPLE):
            raise Unjoinable("differ")
        await verdicts.forget_difference(connection, differ)
    if wish.rule not in PEOPLE:
        if await merges.lead_to(connection, ours, theirs):
            raise Unjoinable("undone")
        if wish.rule == CERTAIN and await merges.have_typed(connection, cards):
            raise Unjoinable("typed")
        proofs = await merges.proofs(connection, persons)
        if are_apart(*(_proofs(proofs.get(person, {})) for person in persons)):
            raise Unjoinable("apart")


def _proofs(found: Mapping[str, set[str]]) -> Proofs:
    return Proofs(frozenset(found.get("email", ())), frozenset(found.get("phone", ())))


async def part(connection: Connection, ids: Sequence[UUID], actor: str) -> int:
    """Take these merges back; how many of them held until now. What came in between goes with its identity."""
    await merges.alone(connection)
    now = utcnow()
    parted = await merges.undo(connection, ids, actor, now)
    persons = await merges.persons(connection, {card for pair in parted for card in pair})
    cards = await merges.cards_of(connection, persons.values())
    data = [(one, msgspec.json.encode({"from": str(other)}).decode()) for one, other in parted]
    await events.of_contacts(connection, "contact.parted", data, actor)
    await _derive(connection, cards, now)
    await suggestions.reopen(connection, cards)
    return len(parted)


async def differ(connection: Connection, one: UUID, other: UUID, actor: str) -> None:
    """Remember for everybody that these two cards are not the same person."""
    now = utcnow()
    await verdicts.differ(connection, [(one, other)], actor, now)
    data = msgspec.json.encode({"from": str(other)}).decode()
    await events.of_contacts(connection, "contact.differs", [(one, data)], actor)


async def _derive(connection: Connection, before: Mapping[UUID, UUID], now: datetime) -> None:
    """Bring everything that follows from the edges up to date. `before`: every card of the persons concerned."""
    edges = [Edge(*edge) for edge in await merges.edges(connection, before)]
    after = leaders(before, edges)
    moves = moved(before, after)
    if not moves:
        return
    leads = await merges.leads_of(connection, before.values())
    await merges.move(connection, moves)
    await _sort_messages(connection, moves, after, leads)
    leads = await merges.leads_of(connection, set(before.values()) | set(after.values()))
    await merges.place(connection, _places(leads, after))
    await contacts.look_again(connection, (card for card, *_ in moves))
    await chats.refresh(connection, [lead.id for lead in leads if lead.state == "open"], now)


def _places(leads: Iterable[LeadNow], after: Mapping[UUID, UUID]) -> list[tuple[UUID, UUID, UUID | None]]:
    still_open = [
        Open(lead.id, after[lead.home], lead.pipeline, lead.taken_at, lead.opened_at)
        for lead in leads
        if lead.state == "open"
    ]
    under = mains(still_open)
    return [(lead.id, after[lead.home], under.get(lead.id)) for lead in leads]


async def _sort_messages(
    connection: Connection, moves: Sequence[Move], after: Mapping[UUID, UUID], leads: Sequence[LeadNow]
) -> None:
    """What was written in a lead of somebody who is another person now goes to a lead of its own person."""
    by_id = {lead.id: lead for lead in leads}
    shelves: dict[tuple[UUID, str], list[LeadNow]] = defaultdict(list)
    for lead in leads:
        shelves[after[lead.home], lead.pipeline].append(lead)
    opened, carried = [], []
    for stray in await merges.strays(connection, moves, list(by_id)):
        lead, person = by_id[stray.lead], after[stray.home]
        if person == after[lead.home]:
            continue
        own = own_lead(stray, lead, shelves[person, lead.pipeline])
        if own is None:
            own = lead._replace(id=new_id(), home=stray.home, opened_at=stray.at, under=None)
            opened.append((own.id, lead.id, person, stray.home, stray.identity, stray.at))
            shelves[person, lead.pipeline].append(own)
        carried.append((stray.message, own.id))
    await merges.open_beside(connection, opened)
    await merges.carry(connection, carried)


def own_lead(stray: Stray, lead: LeadNow, own: Iterable[LeadNow]) -> LeadNow | None:
    """The lead, among the person's `own`, that was open when this was written in `lead`: its own card's first.

    Where that one is still open, any that is. None: there was none. Pure.
    """
    was_open = [o for o in own if o.opened_at <= stray.at and (o.closed_at is None or stray.at < o.closed_at)]
    if not was_open and lead.state == "open":
        was_open = [o for o in own if o.state == "open"]
    return min(was_open, key=lambda o: (o.home != stray.home, o.opened_at), default=None)
