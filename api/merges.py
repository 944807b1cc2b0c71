"""Contacts joined and parted, and pairs that are probably one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.access import Merger, Reader
from api.problems import Problem, unknown
from api.shapes import (
    DecisionIn,
    Limit,
    MadeOut,
    MergeIn,
    MergeOut,
    PairIn,
    SuggestionOut,
    Text,
    Time,
    UndoIn,
    UndoOut,
)
from api.writing import Made, write
from people import merging, reviewing, undoing
from people.merging import HAND, Wish
from people.reviewing import Answer
from people.undoing import Progress, Which
from store import merges, suggestions
from store import undoing as counted
from store.engine import Connection

router = APIRouter(tags=["merges"])


@router.get("/merges")
async def find(
    caller: Reader,
    rule: Text | None = None,
    since: Time | None = None,
    until: Time | None = None,
    contact: UUID | None = None,
    holding: bool = True,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[MergeOut]:
    """Merges, the latest first: all that a rule did in a span of time, of a contact, also those taken back."""
    async with caller.database.begin() as connection:
        cards = None
        if contact is not None:
            persons = await merges.persons(connection, [contact])
            cards = [contact, *await merges.cards_of(connection, persons.values())]
        found = await merges.listed(
            connection, rule=rule, since=since, until=until, cards=cards, holding=holding, limit=limit
        )
    return [MergeOut(**merge._asdict()) for merge in found]


@router.post("/merges", status_code=201)
async def join(caller: Merger, given: MergeIn, response: Response) -> MadeOut:
    """Make two contacts one. `one` leads; any id of either goes on finding the contact."""
    wish = Wish(
        one=given.one,
        other=given.other,
        rule=HAND,
        actor=caller.actor,
        choices={field: str(card) for field, card in given.choices.items()},
        even_if_different=given.even_if_different,
    )

    async def act(connection: Connection) -> Made:
        return Made(await merging.join(connection, wish), given.one)

    made = await write(caller, "contact.changed", act)
    response.headers["Location"] = f"/api/merges/{made.id}"
    return MadeOut(id=made.id)


@router.delete("/merges/{merge}", status_code=204)
async def part(caller: Merger, merge: UUID) -> None:
    """Take one back, exactly: what came in between stays with the address that it came from."""

    async def act(connection: Connection) -> Made:
        if not await merging.part(connection, [merge], caller.actor):
            raise unknown("merge")
        return Made(merge)

    await write(caller, "contact.changed", act)


@router.post("/merges/undo")
async def undo(caller: Merger, given: UndoIn) -> UndoOut:
    """Take many back, 500 in each transaction. What is done stays done: ask again until `left` is 0."""
    if (given.ids is None) == (given.rule is None or given.since is None):
        raise Problem(422, "undo-what")
    which = Which(given.ids, given.rule, given.since, given.until)
    done, at_once = Progress(0, 0), min(given.at_most, undoing.AT_ONCE)
    async for done in undoing.undo(caller.database, which, caller.actor, at_once=at_once):
        if done.undone >= given.at_most:
            break
    async with caller.database.begin() as connection:
        left = await counted.left(connection, which)
    facts = {"rule": given.rule, "undone": done.undone, "left": left}

    async def act(connection: Connection) -> Made:
        return Made(None, None, facts)

    await write(caller, "merges.undone", act)
    return UndoOut(undone=done.undone, total=done.total, left=left)


@router.post("/merges/different", status_code=204)
async def differ(caller: Merger, given: PairIn) -> None:
    """Remember for everybody and every rule that two contacts are not the same person."""

    async def act(connection: Connection) -> Made:
        persons = await merges.persons(connection, [given.one, given.other])
        if len(persons) < 2:
            raise Problem(404, "unknown-contact")
        if persons[given.one] == persons[given.other]:
            raise Problem(409, "same")
        await merging.differ(connection, given.one, given.other, caller.actor)
        return Made(None, given.one)

    await write(caller, "contact.changed", act)


@router.get("/suggestions", tags=["suggestions"])
async def suggested(caller: Reader, below: float | None = None, limit: Limit = 50) -> list[SuggestionOut]:
    """Pairs that wait for a person, the most alike first, with what speaks for and against. `below`: this score."""
    async with caller.database.begin() as connection:
        found = await suggestions.open_ones(connection, limit=limit, after=below)
    return [SuggestionOut(**one._asdict()) for one in found]


@router.post("/suggestions/{suggestion}/decision", tags=["suggestions"])
async def decide(caller: Merger, suggestion: UUID, given: DecisionIn) -> MadeOut:
    """Say same (`id` is the merge's then), different, later, or undo."""
    choices = {field: str(card) for field, card in given.choices.items()}

    async def act(connection: Connection) -> Made:
        try:
            merge = await reviewing.answer(connection, suggestion, Answer(given.answer), caller.actor, choices)
        except LookupError as error:
            raise unknown("suggestion") from error
        return Made(merge, None, {"suggestion": str(suggestion), "answer": given.answer})

    return MadeOut(id=(await write(caller, "suggestion.decided", act)).id)
