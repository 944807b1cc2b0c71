"""Looks for duplicates of each card about which something is new, and suggests them or joins them.

It works behind the router: a new card costs the router nothing, and a crash loses nothing, since what is due stands in
the store until it is done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from domain.ids import new_id
from domain.messages import utcnow
from people import candidates, gathering, merging
from people.keys import keys
from people.merging import CERTAIN, Unjoinable, Wish
from people.model import Model, read
from people.names import name_key
from people.prepared import Prepared, prepare
from people.score import Band, Scored, band, score
from people.sharing import is_shared
from people.traits import Traits, from_json, to_json
from store import suggestions, traits
from store.bulk import Row
from store.engine import AWAY, Connection, Database, is_lost_race
from store.traits import Candidate

log = logging.getLogger(__name__)
AT_ONCE = 100
IDLE = 0.5
"""Seconds between two looks when nothing is due."""
Pair = tuple[UUID, UUID]


@dataclass(slots=True)
class Found:
    """What one look has found."""

    looked: int = 0
    rows: list[Row] = field(default_factory=list)
    certain: list[Pair] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    """Everybody who is like somebody."""


class Matcher:
    """The job. `joins`: the owner allows that certain pairs are joined without a person."""

    def __init__(self, database: Database, *, joins: bool = False) -> None:
        self._database = database
        self._joins = joins

    async def run(self) -> None:
        """Until cancelled. Raises nothing that another try may mend."""
        while True:
            try:
                looked = await self.look()
            except AWAY:
                looked = 0
            except Exception as error:
                if not is_lost_race(error):
                    raise
                looked = 1
            if not looked:
                await asyncio.sleep(IDLE)

    async def look(self, limit: int = AT_ONCE) -> int:
        """Compare up to so many due cards with all others; how many there were."""
        async with self._database.begin() as connection:
            cards = await traits.due(connection, limit)
            if not cards:
                return 0
            found = await self._compare(connection, cards)
            await self._write(connection, cards, found)
        if self._joins:
            for one, other in found.certain:
                await self._join(one, other)
        return len(cards)

    async def _compare(self, connection: Connection, cards: Sequence[UUID]) -> Found:
        model = await read(connection)
        known = {card: gathering.traits_of(card, one) for card, one in (await traits.gather(connection, cards)).items()}
        ready = {card: prepare(one, model.kinds) for card, one in known.items()}
        await traits.put(connection, [_row(known[card], ready[card], model) for card in cards])
        return _judge(await candidates.find(connection, ready, model), ready, model)

    async def _write(self, connection: Connection, cards: Sequence[UUID], found: Found) -> None:
        await suggestions.put(connection, found.rows)
        await suggestions.drop(connection, cards, found.pairs)
        now = utcnow()
        named = [n for n in await traits.names_at(connection, cards) if is_shared(n.names)]
        if named:
            await traits.share(connection, [(n.kind, n.value, True, "names", now) for n in named])
        await traits.done(connection, cards)

    async def _join(self, one: UUID, other: UUID) -> None:
        wish = Wish(one=one, other=other, rule=CERTAIN, actor="leadwire")
        try:
            async with self._database.begin() as connection:
                await merging.join(connection, wish)
        except Unjoinable as error:
            log.debug("%s and %s look like one person and are not joined: %s", one, other, error)


def _row(known: Traits, ready: Prepared, model: Model) -> Row:
    name = name_key(known.names[0]) if known.names else ""
    found = "\n".join(sorted(keys(ready, model.rarity)))
    return known.id, name, msgspec.json.encode(to_json(known)).decode(), found


def _judge(found_by: Sequence[Candidate], ready: Mapping[UUID, Prepared], model: Model) -> Found:
    """Each pair once, whichever of both was looked at."""
    found, seen, now = Found(), set[Pair](), utcnow()
    others = dict(ready)
    for candidate in found_by:
        pair = min(candidate.card, candidate.other), max(candidate.card, candidate.other)
        if pair in seen:
            continue
        seen.add(pair)
        if candidate.other not in others:
            others[candidate.other] = prepare(from_json(candidate.facts), model.kinds)
        scored = score(others[candidate.card], others[candidate.other], model.weights)
        how = band(scored, model.weights)
        if how is Band.UNLIKELY:
            continue
        found.pairs.append(pair)
        found.rows.append((new_id(), *pair, scored.bits, how.value, _reasons(scored), now))
        if how is Band.CERTAIN:
            found.certain.append(pair)
    return found


def _reasons(scored: Scored) -> str:
    return msgspec.json.encode([[r.field, r.level, r.bits] for r in scored.reasons]).decode()
