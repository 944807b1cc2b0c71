"""A process that sends mailings: the benchmarks start some, as an installation runs `leadwire send` more than once.

usage: python -m bench.sending DATABASE_URL PORT CONNECTIONS

It says "ready" when it could begin, begins with the first line that it is given, and ends with its input.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop

from bench import mailing
from bench.report import say
from store.engine import Database


async def main(url: str, port: int, connections: int) -> None:
    """Send whatever is due there, through the server on this port."""
    database, channel = Database(url), mailing.channel_to(port, connections)
    say("ready")
    if await asyncio.to_thread(sys.stdin.readline):
        async with mailing.loop(database, channel):
            await asyncio.to_thread(sys.stdin.read)
    await channel.aclose()
    await database.aclose()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
