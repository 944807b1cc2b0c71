"""The buttons under the question whether two cards are one person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

import msgspec

from desk.act import Act
from people.merging import Unjoinable
from people.reviewing import Answer, Decided, answer
from store import deliveries
from store.deliveries import Lane, Purpose

_DATA = re.compile(r"(same|different|later|undo):([0-9a-f]{32})")


def presses(act: Act) -> bool:
    """Whether it is one of these buttons."""
    return bool(_DATA.fullmatch(act.message.button or ""))


async def press(act: Act) -> None:
    """Do what was said and show it on the card, or say why it was not done."""
    match = _DATA.fullmatch(act.message.button or "")
    assert match, "the desk asks `presses` first"
    said, suggestion = Answer(match[1]), UUID(hex=match[2])
    try:
        await answer(act.connection, suggestion, said, act.actor)
        await act.toast(_SAID[said])
    except LookupError:
        await act.toast("toast_unknown")
    except Decided:
        await act.toast("review_decided")
    except Unjoinable as error:
        await _explain(act, error)
    await _edit(act, suggestion)


async def _explain(act: Act, error: Unjoinable) -> None:
    if error.reason == "same":
        await act.toast("review_one_already")
    elif error.reason == "differ":
        await act.toast("review_differ")
    else:
        await act.toast("review_not_joined")


async def _edit(act: Act, suggestion: UUID) -> None:
    """The card under his finger shows what is true now."""
    if not act.message.refers_to:
        return
    facts = {"suggestion": str(suggestion), "card": act.message.refers_to[0], "language": act.language}
    row = deliveries.row(
        Purpose.REVIEW,
        Lane.CARD,
        channel=act.message.channel,
        address=act.chat,
        at=act.now,
        facts=msgspec.json.encode(facts).decode(),
        staff=act.seller.id,
    )
    await deliveries.add(act.connection, [row])


_SAID: Mapping[Answer, str] = {
    Answer.SAME: "review_same",
    Answer.DIFFERENT: "review_different",
    Answer.LATER: "review_later",
    Answer.UNDO: "review_undone",
}
