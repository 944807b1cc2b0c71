"""`leadwire check`: every server and channel, and the line that mends what is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import typer

from app.settings import Settings
from app.wiring import Installation, installation
from bus.dead import DeadLetters
from domain.errors import SendError
from domain.ports import Channel
from store import migrations
from store.files import FileMissing

GOOD, BAD = "✓", "✗"

Check = tuple[str, Callable[[], Awaitable[list[str]]]]
"""What is looked at, and the problems found there, each with what mends it."""


async def check(settings: Settings) -> int:
    """Look at every server and channel; 1 when something is wrong."""
    wrong = 0
    async with installation(settings) as built:
        for name, look in _checks(built):
            problems = await look()
            wrong += len(problems)
            typer.secho(f"{BAD if problems else GOOD} {name}", fg="red" if problems else "green")
            for problem in problems:
                typer.echo(f"    {problem}")
    typer.echo("All is well." if not wrong else f"{wrong} to mend.")
    return 1 if wrong else 0


def _checks(built: Installation) -> list[Check]:
    channels = [(f"channel {name}", partial(_pinged, channel)) for name, channel in built.channels.items()]
    return [
        ("configuration", partial(_advice, built.settings)),
        ("PostgreSQL", partial(_database, built)),
        ("Redis", partial(_redis, built)),
        ("files", partial(_files, built)),
        ("dead letters", partial(_dead, built)),
        *channels,
    ]


async def _advice(settings: Settings) -> list[str]:
    """What is allowed and yet surely not meant."""
    found = []
    kinds = {c.kind for c in settings.channels.values()}
    if not settings.channels:
        found.append("there is no channel: add a table such as [channels.inbox]")
    if "telegram" not in kinds:
        found.append('no channel of kind "telegram": sellers work in Telegram; add [channels.bot]')
    if "sms" in kinds and not settings.server.public_url:
        found.append('server.public_url is empty: Twilio signs the public URL; set public_url = "https://..."')
    return found


async def _database(built: Installation) -> list[str]:
    try:
        there, wanted = await migrations.current(built.urls.database)
        problems = await built.database.durability()
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the answer
        return [f"{error}. Is it running, and is DATABASE_URL right?"]
    behind = there is not None and there != wanted  # an empty database is made ready by the first start
    return problems + ([f"the schema is at {there}, not {wanted}: run leadwire migrate"] if behind else [])


async def _redis(built: Installation) -> list[str]:
    try:
        await built.bus.ping()
        return await built.bus.durability()
    except Exception as error:  # noqa: BLE001  # as above
        return [f"{error}. Is it running, and is REDIS_URL right?"]


async def _files(built: Installation) -> list[str]:
    """Write and read back a file of a few bytes; it is the same one each time."""
    probe = b"leadwire check"
    try:
        kept = await built.files.get(await built.files.put(probe))
    except (OSError, FileMissing) as error:
        return [f"files cannot be kept: {error}. Look at storage.data, or at storage.bucket"]
    return [] if kept == probe else ["the file store gives back something else than it was given"]


async def _dead(built: Installation) -> list[str]:
    letters = DeadLetters(built.urls.redis)
    try:
        count = await letters.count()
    except Exception:  # noqa: BLE001  # Redis has been reported above
        return []
    finally:
        await letters.aclose()
    return [f"{count} messages could not be handled: leadwire dead list"] if count else []


async def _pinged(channel: Channel) -> list[str]:
    try:
        await channel.ping()
    except SendError as error:
        return [f"{type(error).__name__}: {error}"]
    return []
