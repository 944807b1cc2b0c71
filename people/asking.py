"""Puts suggestions before those who know the people: as a card in the chat of whoever works for one of both."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from domain.messages import utcnow
from store import deliveries, reviews
from store.bulk import Row
from store.deliveries import Lane, Purpose
from store.engine import AWAY, Database
from store.reviews import Question

AT_ONCE = 5
"""Questions in one go: a chat is for leads first."""
EVERY = 10.0
"""Seconds."""
Place = tuple[str, str]
"""(channel, address)."""


class Asking:
    """The job. `chats`: of the teams, by pipeline; `operators`: who is asked when nobody else can be."""

    def __init__(self, database: Database, chats: Mapping[str, Place], operators: Sequence[Place] = ()) -> None:
        self._database = database
        self._chats = chats
        self._operators = operators

    async def run(self) -> None:
        """Until cancelled. While PostgreSQL is away it waits."""
        while True:
            with suppress(*AWAY):
                await self.ask()
            await asyncio.sleep(EVERY)

    async def ask(self) -> int:
        """Ask about what is due; how many questions went on their way."""
        now = utcnow()
        async with self._database.begin() as connection:
            rows = [row for q in await reviews.to_ask(connection, AT_ONCE) if (row := self._row(q, now))]
            await deliveries.add(connection, rows)
        return len(rows)

    def _row(self, question: Question, now: datetime) -> Row | None:
        place = self._place(question)
        if place is None:
            return None
        facts = msgspec.json.encode({"suggestion": str(question.id)}).decode()
        own = question.owner if place == (question.channel, question.address) else None
        channel, address = place
        return deliveries.row(
            Purpose.REVIEW, Lane.NOTICE, channel=channel, address=address, at=now, facts=facts, staff=own
        )

    def _place(self, question: Question) -> Place | None:
        if question.channel and question.address:
            return question.channel, question.address
        return self._chats.get(question.pipeline) or next(iter(self._operators), None)
