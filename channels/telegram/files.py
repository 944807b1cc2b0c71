"""The file behind a message: fetched, or a reason in words why not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from aiogram.methods import GetFile

from channels.telegram.api import Api, TooLarge
from channels.telegram.content import Media
from domain.errors import Rejected, SendError, Throttled
from domain.messages import File, Inbound

TELEGRAM_LIMIT = 20 * 1024 * 1024
"""Bytes: the Bot API gives out no larger file (https://core.telegram.org/bots/api#getfile)."""

TOO_LARGE_FOR_TELEGRAM = "The file is larger than the 20 MB that Telegram gives to bots"
TOO_LARGE_FOR_US = "The file is larger than this installation takes"
GONE = "Telegram does not give the file"

_ATTEMPTS = 4
_LONGEST_WAIT = 30.0  # seconds; Telegram's webhook waits about a minute for an answer


async def with_file(event: Inbound, media: Media, api: Api, *, limit: int, pause: float) -> Inbound:
    """The event with its file of at most `limit` bytes, or with the field "file_error" and the "file_id" for later.

    What may pass is tried again, `pause` seconds later and then after twice as long each time. Never raises
    SendError: a message is worth more than its file.
    """
    try:
        file = await _fetch(media, api, limit, pause)
    except SendError as error:
        return replace(event, fields={**event.fields, "file_error": error.reason, "file_id": media.file_id})
    return replace(event, files=(*event.files, file))


async def _fetch(media: Media, api: Api, limit: int, pause: float) -> File:
    _check_size(media.size, limit)
    for attempt in range(_ATTEMPTS):
        try:
            return await _fetch_once(media, api, limit)
        except Rejected:
            raise
        except SendError as error:
            wait = error.retry_after.total_seconds() if isinstance(error, Throttled) else pause * 2**attempt
            if attempt == _ATTEMPTS - 1 or wait > _LONGEST_WAIT:
                raise
            await asyncio.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


async def _fetch_once(media: Media, api: Api, limit: int) -> File:
    try:
        found = await api.call(GetFile(file_id=media.file_id))
        path = found.get("file_path") if isinstance(found, dict) else None
        if not isinstance(path, str):
            raise Rejected(GONE)
        data = await api.download(path, min(limit, TELEGRAM_LIMIT))
    except TooLarge as error:
        raise _too_large(limit) from error
    except Rejected as error:
        words = TOO_LARGE_FOR_TELEGRAM if "too big" in error.reason else GONE
        raise Rejected(words, code=error.code) from error
    return File(name=media.name, type=media.type, size=len(data), data=data)


def _check_size(size: int, limit: int) -> None:
    if size > min(limit, TELEGRAM_LIMIT):
        raise _too_large(limit)


def _too_large(limit: int) -> Rejected:
    return Rejected(TOO_LARGE_FOR_US if limit < TELEGRAM_LIMIT else TOO_LARGE_FOR_TELEGRAM)
