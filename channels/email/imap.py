"""One IMAP connection: aioimaplib in a typed coat that mends what the library leaves open.

The library does not wake a waiting command when the connection is lost, recurses over long answers, quotes neither user
nor folder, and is in an unknown state after a timeout or a cancellation. So here every call races against the loss of
the connection and against a clock, chunks are bounded by the caller, and a connection that failed once is thrown away.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import ssl
from binascii import b2a_base64
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import aioimaplib

from channels.email.fetched import Letter, bodies, letter
from channels.email.settings import ImapSettings
from domain.errors import Misconfigured, SendError, Unavailable

T = TypeVar("T")

# The library writes the password (as quoted) and whole mails at debug level.
logging.getLogger("aioimaplib").setLevel(logging.WARNING)

_TEMPORARY = re.compile(
    rb"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA|CONTACTADMIN)\]|temporar|try again|too many", re.I
)
"""RFC 5530, section 3, and the words of servers that do not know it."""
_SLOWEST = 50_000
"""Bytes a second below which a transfer counts as broken."""
_GOODBYE = 2.0
"""Seconds that a clean logout may take."""


class ServerSaysNo(Exception):
    """The server answered NO or BAD. `text` is its answer."""

    def __init__(self, text: bytes) -> None:
        self.text = text.decode("utf-8", "replace")[:300]
        self.temporary = bool(_TEMPORARY.search(text))
        self.try_create = b"[TRYCREATE]" in text.upper()
        super().__init__(self.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """What SELECT tells."""

    validity: int
    next_uid: int | None


def quoted(text: str) -> str:
    """A quoted string (RFC 3501, section 4.3)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def folder_name(text: str) -> str:
    """A folder's name as it travels: modified UTF-7 (RFC 3501, section 5.1.3), quoted."""
    return quoted(re.sub(r"&|[^\x20-\x7e]+", lambda match: _shift(match[0]), text))


def _shift(text: str) -> str:
    if text == "&":
        return "&-"
    return "&" + b2a_base64(text.encode("utf-16-be"), newline=False).decode().rstrip("=").replace("/", ",") + "-"


def _uids(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


class ImapConnection:
    """A logged-in connection. Each method raises Unavailable when it is lost or too slow; then only `close` is left."""

    def __init__(self, settings: ImapSettings) -> None:
        self._settings = settings
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        context = _tls(settings) if settings.security == "tls" else None
        # IMAP4 takes the context and the callback; IMAP4_SSL would take no callback.
        self._client: Any = aioimaplib.IMAP4(
            settings.host, settings.port, timeout=settings.timeout, conn_lost_cb=self._on_lost, ssl_context=context
        )

    @classmethod
    async def open(cls, settings: ImapSettings) -> ImapConnection:
        """Connect and log in. Raises Unavailable, or Misconfigured when the server refuses us or cannot be trusted."""
        connection = cls(settings)
        try:
            await connection._wait(connection._client.wait_hello_from_server())
            await connection._login()
            # What the greeting listed was for strangers: MOVE and IDLE may be told only now.
            await connection._wait(connection._client.protocol.capability())
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _login(self) -> None:
        user, password = self._settings.user, self._settings.password.get_secret_value()
        try:
            await self._call(self._client.login(quoted(user), password))
        except ServerSaysNo as error:
            kind = Unavailable if error.temporary else Misconfigured
            raise kind(f"the IMAP server refuses the login of {user}: {error.text}", code="LOGIN") from None

    def has(self, capability: str) -> bool:
        """Whether the server can do this."""
        return bool(self._client.has_capability(capability))

    async def select(self, folder: str) -> Folder:
        """Open a folder. Raises Misconfigured when there is none of that name."""
        try:
            lines = await self._call(self._client.select(folder_name(folder)))
        except ServerSaysNo as error:
            kind = Unavailable if error.temporary else Misconfigured
            raise kind(f"the folder {folder!r} cannot be opened: {error.text}", code="SELECT") from None
        text = b"\n".join(lines)
        validity, following = re.search(rb"\[UIDVALIDITY (\d+)", text), re.search(rb"\[UIDNEXT (\d+)", text)
        return Folder(validity=int(validity[1]) if validity else 0, next_uid=int(following[1]) if following else None)

    async def search(self, *criteria: str) -> list[int]:
        """UIDs in ascending order. No charset is named: servers need not know one (RFC 3501, section 6.4.4)."""
        lines = await self._call(self._client.uid_search(*criteria, charset=None))
        return sorted({int(word) for line in lines[:-1] for word in line.split() if word.isdigit()})

    async def letters(self, uids: Sequence[int]) -> list[Letter]:
        """Size and time of arrival of those that are still there. At most 100 at a time."""
        lines = await self._call(self._client.uid("fetch", _uids(uids), "(UID RFC822.SIZE INTERNALDATE)"))
        return sorted(filter(None, map(letter, lines)), key=lambda letter: letter.uid)

    async def contents(self, uids: Sequence[int], size: int, *, head_only: bool = False) -> dict[int, bytes]:
        """Whole mails, or their headers, without marking them as read. `size` is about how many bytes are awaited."""
        part = "BODY.PEEK[HEADER]" if head_only else "BODY.PEEK[]"
        seconds = self._settings.timeout + size / _SLOWEST
        lines = await self._call(self._client.uid("fetch", _uids(uids), f"(UID {part})"), seconds)
        return bodies(lines)

    async def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails, making the folder when it is missing. Raises Misconfigured when that is not allowed."""
        try:
            try:
                await self._move(uids, folder)
            except ServerSaysNo as error:
                if not error.try_create:
                    raise
                await self._call(self._client.create(folder_name(folder)))
                await self._move(uids, folder)
        except ServerSaysNo as error:
            kind = Unavailable if error.temporary else Misconfigured
            raise kind(f"mails cannot be moved into {folder!r}: {error.text}", code="MOVE") from None

    async def _move(self, uids: Sequence[int], folder: str) -> None:
        if self.has("MOVE"):
            await self._call(self._client.uid("move", _uids(uids), folder_name(folder)))
            return
        # RFC 6851, section 3.3. Without UIDPLUS they stay marked as deleted: EXPUNGE would take other people's too.
        await self._call(self._client.uid("copy", _uids(uids), folder_name(folder)))
        await self._call(self._client.uid("store", _uids(uids), "+FLAGS.SILENT", r"(\Deleted)"))
        if self.has("UIDPLUS"):
            await self._call(self._client.uid("expunge", _uids(uids)))

    async def wait_for_news(self) -> None:
        """Return when something may have come: the server pushed, or it is time to look."""
        if self.has("IDLE"):
            await self._idle()
            return
        await asyncio.wait({self._lost}, timeout=self._settings.poll)
        await self._call(self._client.noop())

    async def _idle(self) -> None:
        idle = await self._wait(self._client.idle_start(timeout=self._settings.renew * 2))
        push = asyncio.ensure_future(self._client.wait_server_push(timeout=self._settings.renew))
        try:
            await asyncio.wait({push, self._lost}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            push.cancel()
            await asyncio.gather(push, return_exceptions=True)
        if self._lost.done():
            raise Unavailable("the connection was lost")
        self._client.idle_done()
        await self._wait(idle)

    async def close(self) -> None:
        """Log out if the server still listens, and let go. Twice is fine, never raises."""
        if not self._lost.done():
            with contextlib.suppress(Unavailable, ServerSaysNo, Misconfigured):
                if self._client.has_pending_idle():
                    self._client.idle_done()
                await self._call(self._client.logout(), _GOODBYE)
        self._abort()
        tasks = {self._client._client_task, *self._client.tasks, *self._client.protocol.tasks}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _call(self, call: Awaitable[Any], seconds: float | None = None) -> list[bytes]:
        response = await self._wait(call, seconds)
        if response.result != "OK":
            raise ServerSaysNo(bytes(response.lines[-1]) if response.lines else b"")
        return list(response.lines)

    async def _wait(self, call: Awaitable[T], seconds: float | None = None) -> T:
        """The result, unless the connection is lost or the clock runs out first; after either it is of no more use."""
        task: asyncio.Future[Any] = asyncio.ensure_future(call)
        either, seconds = {task, self._lost}, seconds or self._settings.timeout
        try:
            await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Unavailable(
                    "the connection was lost" if self._lost.done() else "the server does not answer in time"
                )
            result: T = task.result()
        except Exception as error:  # noqa: BLE001  # the library raises Exception itself, asyncio's and the sockets' own
            self._abort()
            raise _translated(error) from None  # its exceptions carry the command, and LOGIN the password
        else:
            return result
        finally:
            if not task.done():
                task.cancel()
                self._abort()

    def _abort(self) -> None:
        if self._client.protocol.transport is not None:
            self._client.protocol.transport.abort()
        self._on_lost(None)

    def _on_lost(self, _: Exception | None) -> None:
        if not self._lost.done():
            self._lost.set_result(None)


def _tls(settings: ImapSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise Misconfigured(f"ca_file {settings.ca_file} cannot be read: {error}") from error


def _translated(error: Exception) -> SendError:
    match error:
        case SendError():
            return error
        case ssl.SSLCertVerificationError():
            return Misconfigured(f"the IMAP server's certificate is not trusted: {error.verify_message}", code="TLS")
        case ssl.SSLError():
            return Misconfigured(f"no TLS with the IMAP server: {error.reason}", code="TLS")
        case TimeoutError():
            return Unavailable("the IMAP server does not answer in time")
        case OSError():
            return Unavailable(f"the IMAP server cannot be reached: {error.strerror or error}")
        case _:
            return Unavailable(f"the IMAP server answers what cannot be understood ({type(error).__name__})")
