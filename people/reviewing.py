"""What a person says to a suggestion: Same, Not the same, Later; and taking that back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from domain.messages import utcnow
from people import merging
from people.merging import REVIEW, Unjoinable, Wish
from store import merges, suggestions, verdicts
from store.engine import Connection
from store.suggestions import Suggestion

LATER = timedelta(days=1)


class Answer(StrEnum):
    """What a person may say."""

    SAME = "same"
    DIFFERENT = "different"
    LATER = "later"
    UNDO = "undo"  # of the first two


class Decided(Exception):
    """Somebody was first: nothing has changed. `state`: what was said."""

    def __init__(self, state: str) -> None:
        super().__init__(f"this was decided before: {state}")
        self.state = state


async def answer(
    connection: Connection, suggestion: UUID, said: Answer, actor: str, choices: Mapping[str, str] | None = None
) -> UUID | None:
    """Do what was said; the merge's id after Same. Raises LookupError, Decided, merging.Unjoinable."""
    found = await suggestions.get(connection, suggestion, lock=True)
    if found is None:
        raise LookupError(f"there is no suggestion {suggestion}")
    if said is Answer.UNDO:
        await _undo(connection, found, actor)
        return None
    if found.state != "open":
        raise Decided(found.state)
    if said is Answer.SAME:
        return await _join(connection, found, actor, choices or {})
    if said is Answer.DIFFERENT:
        await suggestions.decide(connection, found.id, "different", actor, utcnow())
        await merging.differ(connection, found.one, found.other, actor)
    else:
        await suggestions.put_off(connection, found.id, utcnow() + LATER)
    return None


async def _join(connection: Connection, found: Suggestion, actor: str, choices: Mapping[str, str]) -> UUID:
    """The older card leads: ids are ascending in time. Others of the same people are decided with it."""
    try:
        wish = Wish(one=found.one, other=found.other, rule=REVIEW, actor=actor, choices=choices)
        merge = await merging.join(connection, wish)
    except Unjoinable as error:
        if error.reason != "same":
            raise
        await suggestions.decide(connection, found.id, "same", actor, utcnow())
        raise
    await suggestions.decide(connection, found.id, "same", actor, utcnow())
    return merge


async def _undo(connection: Connection, found: Suggestion, actor: str) -> None:
    pair = (found.one, found.other)
    if found.state == "same":
        made = await merges.listed(connection, cards=pair, limit=50)
        mine = [m.id for m in made if {m.one, m.other} == set(pair)]
        if not mine:
            raise Decided("parted")
        await merging.part(connection, mine, actor)
    elif found.state == "different":
        await verdicts.forget_difference(connection, [pair])
        await suggestions.open_again(connection, found.id)
    else:
        raise Decided(found.state)
