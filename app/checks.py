"""`leadwire check`: every server and channel, and the line that mends what is wrong."""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

import typer
from pydantic import BaseModel

from app.settings import ChannelConfig, Settings
from app.wiring import Installation, answer_routes, build_channels, channel_names, installation
from bus.dead import DeadLetters
from channels.form.settings import FormSettings
from channels.registry import KINDS
from domain.errors import Misconfigured, SendError, Unavailable
from domain.messages import ChannelName
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
    channels = [(f"channel {name}", partial(_channel, built, name, c)) for name, c in channel_names(built.settings)]
    return [
        ("configuration", partial(advice, built.settings)),
        ("PostgreSQL", partial(_database, built)),
        ("Redis", partial(_redis, built)),
        ("files", partial(_files, built)),
        ("dead letters", partial(_dead, built)),
        *channels,
    ]


async def advice(settings: Settings) -> list[str]:
    """What is allowed and yet surely not meant."""
    found = []
    kinds = {c.kind for c in settings.channels.values()}
    if not settings.channels:
        found.append("there is no channel: add a table such as [channels.inbox]")
    if "telegram" not in kinds:
        found.append('no channel of kind "telegram": sellers work in Telegram; add [channels.bot]')
    if "sms" in kinds and not settings.server.public_url:
        found.append('server.public_url is empty: Twilio signs the public URL; set public_url = "https://..."')
    return found + list(_unasked(settings))


def _unasked(settings: Settings) -> Iterator[str]:
    """Forms that offer mailings and have no way to ask whose address it is: what is ticked there stays a wish."""
    for name, config in channel_names(settings):
        form = config.settings
        if not isinstance(form, FormSettings) or not form.consents:
            continue
        typed = {field.type for field in form.fields}
        ways = {
            KINDS[other.kind].reaches
            for other in (settings.channels[way] for way in answer_routes(settings, name))
            if other.medium != "whatsapp"  # which takes no text for who has not written there
        }
        if not typed & {kind.value for kind in ways if kind}:
            kind = "email" if "email" in typed else "sms"
            yield (
                f"channels.{name}.consents: who ticks a box cannot be asked to confirm it, and never gets a mailing: "
                f'add a channel of kind "{kind}", and name it in channels.{name}.intake.answer_by if that is set'
            )


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


async def _channel(built: Installation, name: ChannelName, config: ChannelConfig) -> list[str]:
    """Ask each server of the channel, each apart: mail has two, and both may be wrong."""
    found = []
    for key, part in _parts(f"channels.{name}", config):
        alone = built.settings.model_copy(update={"channels": {name: part}})
        channel = build_channels(alone, built.database)[name]
        try:
            await channel.ping()
        except SendError as error:
            keys = KEYS[part.kind if part.kind in KEYS else key.rpartition(".")[2]]
            found.append(f"{key}: {_to_mend(error, _server(part.settings), keys)}")
        finally:
            await channel.aclose()
    return found


def _parts(key: str, config: ChannelConfig) -> Iterator[tuple[str, ChannelConfig]]:
    """The channel once per server, each with the key of its settings."""
    servers = [name for name in MAIL if getattr(config.settings, name, None)]
    for server in servers:
        settings = config.settings.model_copy(update=dict.fromkeys(set(MAIL) - {server}))
        yield f"{key}.{server}", config.model_copy(update={"settings": settings})
    if not servers:
        yield key, config


MAIL = ("imap", "smtp")
KEYS = {
    "imap": "user, password and folders",
    "smtp": "user, password and the channel's address",
    "telegram": "token",
    "sms": "account_sid and auth_token",
    "form": "the settings",
}
"""What is to be looked at when a server refuses us."""


def _server(settings: BaseModel) -> str:
    """host:port, or the name of the vendor's API; empty when there is no server."""
    for name in MAIL:
        if server := getattr(settings, name, None):
            return f"{server.host}:{server.port}"
    return urlsplit(getattr(settings, "api_url", "")).netloc


def _to_mend(error: SendError, server: str, keys: str) -> str:
    """What is wrong, and what mends it."""
    if isinstance(error, Unavailable) and not error.code:
        why = _cause(error) or error.reason
        return f"cannot reach {server}: {why}. Is the server there, and does leadwire.toml name it right?"
    said = f"{server} says: {error}"
    if isinstance(error, Misconfigured) and error.code == "TLS":
        return f"{said}. Look at host, security and ca_file"
    return f"{said}. Look at {keys}" if isinstance(error, Misconfigured) else said


def _cause(error: BaseException) -> str:
    """The operating system's own words, which name the reason better than a library around them."""
    inner = error.__cause__ or error.__context__
    match inner:
        case None:
            return ""
        case socket.gaierror():
            return f"there is no such host ({inner.strerror})"
        case OSError(errno=int() as number) if number > 0:
            return os.strerror(number).lower()
        case TimeoutError():
            return "no answer in time"
        case _:
            return _cause(inner)
