"""Fetches the files of an MMS from Twilio, and from nowhere else."""

from __future__ import annotations

import asyncio
import mimetypes
import re
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

import aiohttp

from channels.sms.parse import Media
from domain.messages import File

TIMEOUT = 10.0
"""Seconds for all files together: Twilio waits 15 for our answer."""
_MOST_REDIRECTS = 3
_CHUNK = 64 * 1024
_NOWHERE = ("", "", 0)
_PLAIN_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class Unfetched(Exception):
    """A file stays at Twilio; the text says why."""


def trusted(url: str, api_url: str) -> bool:
    """Whether the account's password may go there: the API that is set, or Twilio's own over https."""
    return origin(url) == origin(api_url) != _NOWHERE or (_https(url) and _host(url).endswith(".twilio.com"))


def allowed(url: str, api_url: str) -> bool:
    """Whether a file may be fetched from there: Twilio's hosts, and the store that it redirects to."""
    host = _host(url)
    store = host == "s3-external-1.amazonaws.com" and urlsplit(url).path.startswith("/media.twiliocdn.com/")
    return trusted(url, api_url) or (_https(url) and (host.endswith(".twiliocdn.com") or store))


def origin(url: str) -> tuple[str, str, int]:
    """(scheme, host, port); empty for anything that two parsers might read differently."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return _NOWHERE
    host = parts.hostname or ""
    return (parts.scheme, host, port) if _PLAIN_HOST.fullmatch(host) and "@" not in parts.netloc else _NOWHERE


def _host(url: str) -> str:
    return origin(url)[1]


def _https(url: str) -> bool:
    return origin(url)[::2] == ("https", 443)


class MediaFetcher:
    """Fetches with the account's password, bounded in size, time and redirects."""

    def __init__(self, *, api_url: str, authorization: str, max_file: int) -> None:
        self._api_url = api_url
        self._authorization = authorization
        self._max_file = max_file

    async def fetch(self, wanted: Sequence[Media]) -> tuple[tuple[File, ...], str]:
        """The files that came, and why the others did not ("" when all came). Never raises for a file."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session:
            results = await asyncio.gather(*(self._attempt(session, index, one) for index, one in enumerate(wanted, 1)))
        errors = [result for result in results if isinstance(result, str)]
        return tuple(result for result in results if isinstance(result, File)), "; ".join(errors)

    async def _attempt(self, session: aiohttp.ClientSession, index: int, one: Media) -> File | str:
        try:
            return await self._one(session, index, one)
        except Unfetched as error:
            return f"file {index}: {error}"
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return f"file {index}: Twilio did not give it ({type(error).__name__})"

    async def _one(self, session: aiohttp.ClientSession, index: int, one: Media) -> File:
        url = one.url
        for _ in range(_MOST_REDIRECTS + 1):
            if not allowed(url, self._api_url):
                raise Unfetched("its address is not one of Twilio's")
            headers = {"Authorization": self._authorization} if trusted(url, self._api_url) else {}
            async with session.get(url, headers=headers, allow_redirects=False) as answer:
                if answer.status in {301, 302, 303, 307, 308}:
                    url = urljoin(url, answer.headers.get("Location", ""))
                    continue
                if answer.status != 200:
                    raise Unfetched(f"Twilio answered {answer.status}")
                return _file(index, answer.content_type or one.type, await self._content(answer))
        raise Unfetched("too many redirects")

    async def _content(self, answer: aiohttp.ClientResponse) -> bytes:
        data = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK):
            data += chunk
            if len(data) > self._max_file:
                raise Unfetched(f"larger than {self._max_file // (1024 * 1024)} MB")
        return bytes(data)


def _file(index: int, kind: str, data: bytes) -> File:
    name = f"mms-{index}{mimetypes.guess_extension(kind) or ''}"
    return File(name=name, type=kind, size=len(data), data=data)
