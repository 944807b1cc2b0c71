"""Whom a person has parted, no rule joins again, whatever was joined and parted in between."""

from __future__ import annotations

import asyncio
from itertools import combinations
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from domain.ids import new_id
from people.merging import CERTAIN, HAND, Unjoinable
from store import merges
from store.engine import Database
from tests.people.test_merging import joined, parted

PEOPLE = 3
"""The fewer they are, the more often they meet again."""
Op = tuple[str, int, int]
_OPS = st.sampled_from(
    [
        *((rule, *pair) for pair in combinations(range(PEOPLE), 2) for rule in (CERTAIN, CERTAIN, HAND)),
        *[("part all", 0, 0)] * 3,
        *(("part", merge, 0) for merge in range(2)),
    ]
)


class World:
    """Some cards, and which of them have ever been one person."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.cards = [new_id() for _ in range(PEOPLE)]
        self.merges: list[UUID] = []
        self.were_one: set[frozenset[UUID]] = set()

    async def play(self, ops: list[Op]) -> None:
        async with self.database.begin() as connection:
            made = "INSERT INTO contacts (id, created_at, match_due) SELECT unnest(CAST(:ids AS uuid[])), now(), false"
            await connection.execute(text(made), {"ids": self.cards})
        for what, a, b in ops:
            if what == "part all":
                await parted(self.database, *self.merges)
            elif what != "part":
                await self._join(what, self.cards[a], self.cards[b])
            elif self.merges:
                await parted(self.database, self.merges[a % len(self.merges)])

    async def _join(self, rule: str, one: UUID, other: UUID) -> None:
        apart = self.were_one - await self._one_now()
        try:
            self.merges.append(await joined(self.database, one, other, rule=rule))
        except Unjoinable as error:
            assert error.reason == "same" or (rule == CERTAIN and error.reason == "undone")
        now = await self._one_now()
        if rule == CERTAIN:
            assert not now & apart, "a rule has joined whom a person had parted"
        self.were_one |= now

    async def _one_now(self) -> set[frozenset[UUID]]:
        async with self.database.begin() as connection:
            leads = await merges.persons(connection, self.cards)
        return {frozenset(pair) for pair in combinations(self.cards, 2) if leads[pair[0]] == leads[pair[1]]}


def test_a_rule_never_joins_again_whom_a_person_has_parted(database_url: str, thorough: bool) -> None:
    with asyncio.Runner() as runner:
        database = Database(database_url)

        @settings(max_examples=50 if thorough else 10, deadline=None)
        @given(st.lists(_OPS, min_size=8, max_size=14))
        def hold(ops: list[Op]) -> None:
            runner.run(World(database).play(ops))

        try:
            hold()
        finally:
            runner.run(database.aclose())
