"""The SMTP side: aiosmtpd inside this process's event loop. Delivers to mailboxes it knows, relays nothing."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from email.utils import parseaddr

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from simulator.mail.trace import NAME, arrived, without_forged

LARGEST = 35 * 1024 * 1024
"""Bytes of one mail, as SIZE announces it (RFC 1870)."""

Deliver = Callable[[bytes, str], Awaitable[None]]
Password = Callable[[str], str | None]


class Smtp:
    """Listens on loopback without TLS; AUTH is possible and not required. `password` also says who lives here."""

    def __init__(self, deliver: Deliver, password: Password, domains: Callable[[], frozenset[str]]) -> None:
        self._deliver, self._password, self._domains = deliver, password, domains
        self._open: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.get_running_loop().create_server(self._connection, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the port and every connection. Twice is fine."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in list(self._open):
            connection.hang_up()
        await server.wait_closed()

    def _connection(self) -> _Connection:
        return _Connection(self, self._open)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """550 5.1.1 for an unknown user, 554 5.7.1 for a foreign domain (RFC 3463, sections 3.2 and 3.8)."""
        bare = parseaddr(address)[1].lower()
        if self._password(bare) is not None:
            envelope.rcpt_tos.append(bare)
            return "250 2.1.5 OK"
        if bare.rpartition("@")[2] in self._domains():
            return f"550 5.1.1 <{bare}>: Recipient address rejected: User unknown"
        return f"554 5.7.1 <{bare}>: Relay access denied"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Put a copy into each recipient's INBOX."""
        content = envelope.content
        assert isinstance(content, bytes)
        for recipient in envelope.rcpt_tos:
            await self._deliver(self._stamped(session, envelope, recipient) + without_forged(content), recipient)
        return "250 2.0.0 OK: delivered"

    def _stamped(self, session: Session, envelope: Envelope, recipient: str) -> bytes:
        """Whoever logged in, and writes from a domain of this house, is who he says."""
        sender = envelope.mail_from or ""
        honest = bool(session.authenticated) and sender.rpartition("@")[2].lower() in self._domains()
        return arrived(sender, recipient, client=session.host_name or "", honest=honest)

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """A mailbox's own address and password open the door."""
        right = None
        if isinstance(data, LoginPassword):
            right = self._password(data.login.decode("utf-8", "replace").lower())
            if right is not None and hmac.compare_digest(data.password, right.encode()):
                return AuthResult(success=True)
        return AuthResult(success=False, handled=False)


class _Connection(SMTP):
    """One client; it knows how to be closed when the server stops."""

    def __init__(self, smtp: Smtp, others: set[_Connection]) -> None:
        super().__init__(
            smtp,
            hostname=NAME,
            ident="ESMTP",
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=smtp.authenticate,
            loop=asyncio.get_running_loop(),
        )
        self._others = others

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._others.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._others.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        """Drop the client."""
        if self.transport is not None:
            self.transport.close()
