"""Probable duplicates from the terminal: the list, the word of a person, and learning from the base."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

import typer

from app.installed import ACTOR, Unclear, connected, cut, id_of, installed
from app.settings import Settings
from notifications.review import LEVELS, WORDS
from people import learning, reviewing
from people.reviewing import Answer
from store import reviews, suggestions
from store.reviews import Side
from store.suggestions import Suggestion
from store.tails import short

_WEAK = 0.5
"""Bits. What says less than this is not worth a word."""


async def listed(settings: Settings, limit: int) -> int:
    """Print what nobody has decided yet, the strongest first."""
    async with connected(settings) as connection:
        found = await suggestions.open_ones(connection, limit=limit)
        sides = await reviews.sides(connection, [card for one in found for card in (one.one, one.other)])
    for one in found:
        for line in _lines(one, sides):
            typer.echo(line)
    if found:
        typer.echo(f"Decide with: leadwire contacts duplicates decide {short(found[0].id)} same|different|later")
    else:
        typer.echo("No probable duplicates are waiting. The router looks for them while it runs.")
    return 0


def _lines(found: Suggestion, sides: Mapping[UUID, Side]) -> Iterator[str]:
    yield f"{short(found.id)}  {found.band}, {found.score:+.1f} bits"
    for card in (found.one, found.other):
        if side := sides.get(card):
            yield f"  {card}  {_side(side)}"
    for word, weigh in (("for", 1), ("against", -1)):
        told = [f"{_field(r[0])} {LEVELS['en'].get(r[1], r[1])}" for r in found.reasons if r[2] * weigh > _WEAK]
        if told:
            yield f"  {word}: {'; '.join(told)}"


def _field(name: str) -> str:
    return WORDS["en"].get(name, name.removeprefix("custom."))


def _side(side: Side) -> str:
    told = [*side.names[:1], *(str(a["value"]) for a in side.addresses[:3]), *(f"#{n}" for n in side.leads)]
    return ", ".join([*map(cut, told), *(side.fields[f] for f in ("city", "company", "born") if side.fields.get(f))])


async def decide(settings: Settings, said: str, answer: str) -> int:
    """Same, different, later, or undo. Raises Unclear, Decided, Unjoinable."""
    if answer not in (words := [one.value for one in Answer]):
        raise Unclear(f"this is no answer: {answer}. There are {', '.join(words)}")
    async with connected(settings) as connection:
        suggestion = await id_of(connection, "suggestion", said)
        try:
            made = await reviewing.answer(connection, suggestion, Answer(answer), ACTOR)
        except LookupError as error:
            raise Unclear(f"there is no suggestion {said}") from error
    typer.echo(_SAID[Answer(answer)])
    if made or answer == Answer.DIFFERENT:
        typer.echo(f"To take it back: leadwire contacts duplicates decide {short(suggestion)} undo")
    return 0


_SAID = {
    Answer.SAME: "They are one person now.",
    Answer.DIFFERENT: "Noted for everybody: they are not the same.",
    Answer.LATER: "It comes again tomorrow.",
    Answer.UNDO: "Taken back.",
}


async def learn(settings: Settings) -> int:
    """Learn what agreement weighs among this installation's contacts. Raises TooFew."""
    async with installed(settings) as built:
        found = await learning.learn_weights(built.database, ACTOR)
    typer.echo(
        f"Learned from {found.cards:,} cards and {found.pairs:,} pairs; {found.due:,} are compared anew by the router."
    )
    return 0
