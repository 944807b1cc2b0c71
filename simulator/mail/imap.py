"""pymap's IMAP server inside this process's event loop, over mailboxes in memory."""

from __future__ import annotations

import asyncio
import secrets
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from proxyprotocol.result import ProxyResultLocal
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Identity, Login
from pymap.backend.dict.mailbox import MailboxData, Message
from pymap.concurrent import Subsystem
from pymap.flags import FlagOp
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import FetchRequirement
from pymap.parsing.specials.flag import Seen
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

T = TypeVar("T")

LARGEST = 50 * 1024 * 1024
"""Bytes of one APPEND."""


class _Config(Config):
    @property
    def greeting(self) -> bytes:
        return b"Simulated post office"  # pymap's own asks the resolver for the host's name, which may block


class Imap:
    """The server and its mailboxes. Plain text on loopback: no TLS, so LOGIN is offered at once."""

    def __init__(self) -> None:
        arguments = Namespace(debug=False, passlib_cfg=None, proxy_protocol=None)
        self._config = _Config(
            arguments,
            demo_data=False,
            demo_user="",
            demo_password="",
            host=None,
            port=0,
            tls_enabled=False,
            hash_context=Cleartext(),
            cpu_subsystem=Subsystem.for_asyncio(),
            invalid_user_sleep=0.0,
            reject_dnsbl=False,
            max_append_len=LARGEST,
        )
        self._login = Login(self._config)
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> int:
        """Listen on loopback; returns the port."""
        self._config.apply_context()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Say BYE to everybody and close. Twice is fine."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await server.wait_closed()

    async def add_user(self, name: str, password: str) -> None:
        """Create a login with an INBOX."""
        identity = Identity(name, self._login, None, frozenset())
        await identity.set(UserMetadata(self._config, name, password=password))

    def password(self, name: str) -> str | None:
        """The login's password, or None when nobody is called so."""
        user = self._login.users_dict.get(name)
        return user.password if user else None

    async def append(self, name: str, folder: str, raw: bytes, *, seen: bool = False) -> None:
        """File a mail; connections that IDLE in the folder are told."""
        flags = frozenset({Seen}) if seen else frozenset()
        mailbox = await self._mailbox(name, folder)
        await mailbox.append(AppendMessage(raw, datetime.now(UTC), flags), recent=not mailbox.selected_set.any_selected)

    async def read(self, name: str, folder: str, use: Callable[[Message, bytes], T]) -> list[T]:
        """What `use` makes of each mail in the folder, the oldest first."""
        messages = [message async for message in (await self._mailbox(name, folder)).messages()]
        return [use(message, bytes(await message.load_content(FetchRequirement.CONTENT))) for message in messages]

    async def mark_seen(self, name: str, folder: str, uid: int) -> None:
        """Set \\Seen; a mail that is gone is no error."""
        mailbox = await self._mailbox(name, folder)
        for message in [m async for m in mailbox.messages() if m.uid == uid]:
            await mailbox.update(uid, message, frozenset({Seen}), FlagOp.ADD)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            # pymap reads a PROXY header in a task of its own, which nobody could stop: so go past it
            info = SocketInfo.get(writer, ProxyResultLocal(), unique_id=secrets.token_bytes(8))
            await IMAPServer(self._login, self._config)(reader, writer, info)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _mailbox(self, name: str, folder: str) -> MailboxData:
        async with Identity(name, self._login, None, frozenset()).new_session() as session:
            try:
                return await session.mailbox_set.get_mailbox(folder)
            except KeyError:
                await session.mailbox_set.add_mailbox(folder)
                return await session.mailbox_set.get_mailbox(folder)
