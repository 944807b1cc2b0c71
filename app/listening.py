"""One listener per channel, whatever the number of processes."""

from __future__ import annotations

import asyncio
import logging

from domain.ports import Accept, Listener
from store.engine import AWAY, Database, is_away
from store.locks import Held, exclusive

log = logging.getLogger(__name__)

RETRY = 5.0
"""Seconds between two tries to become the listener, and between two looks whether the lock is still ours."""


async def listen_alone(channel: Listener, accept: Accept, database: Database) -> None:
    """Wait for the channel's lock, then listen for as long as this process holds it.

    While PostgreSQL is away intake goes on, the stream is the spool: the listener runs until it can be asked again
    who owns the channel. Two listeners for a moment are harmless, what they take twice has one external id.
    """
    while True:
        async with exclusive(database, f"listen:{channel.name}") as held:
            if held is not None:
                log.info("listening on %s", channel.name)
                await _listen(channel, accept, database, held)
                return
        await asyncio.sleep(RETRY)


async def _listen(channel: Listener, accept: Accept, database: Database, held: Held) -> None:
    listening = asyncio.create_task(channel.listen(accept), name=f"listen {channel.name}")
    watching = asyncio.create_task(_until_lost(held, database, channel))
    try:
        done, _ = await asyncio.wait({listening, watching}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (listening, watching):
            task.cancel()
        await asyncio.gather(listening, watching, return_exceptions=True)


async def _until_lost(held: Held, database: Database, channel: Listener) -> None:
    """Return once the lock is gone and the database is there to give it to somebody."""
    while True:
        await asyncio.sleep(RETRY)
        try:
            await held.confirm()
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("%s: PostgreSQL is away; listening on, messages wait in the stream", channel.name)
            await _until_back(database)
            return


async def _until_back(database: Database) -> None:
    while True:
        try:
            async with database.connect():
                return
        except AWAY:
            await asyncio.sleep(1)
