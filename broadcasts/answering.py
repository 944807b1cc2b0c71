"""Finds what people wrote in answer to a mailing: the recipient has answered, and the seller's card says to what."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from domain.messages import utcnow
from store import chats, engagements
from store.engine import AWAY, Database

EVERY = 1.0
"""Seconds between two looks."""
AT_ONCE = 500


class Answering:
    """The job. It works behind the router, which a mailing costs nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Until cancelled. While PostgreSQL is away it waits."""
        while True:
            looked = 0
            with suppress(*AWAY):
                looked = await self.look()
            if looked < AT_ONCE:
                await asyncio.sleep(EVERY)

    async def look(self) -> int:
        """Look at what came since the last time; how many answers were found."""
        async with self._database.begin() as connection:
            after = await engagements.place(connection)
            answers, last = await engagements.answers(connection, after, AT_ONCE)
            await engagements.name_source(connection, [(a.message, a.name) for a in answers])
            await chats.refresh(connection, [a.lead for a in answers if a.lead], utcnow())
            await engagements.go_on(connection, last)
        return len(answers)
