"""A receiving provider that can be told to misbehave: brakes, retries and verdicts are tested against it.

What happens to a mail stands in its address: `p450@customer.test`, `cut-after-dot+17@customer.test`, or for a whole
domain in its first label, `anna@p421.test`. `Provider.script` gives such a word to any address or domain, and takes it
away again. Without one the mail is taken and kept. Rates are counted with the event loop's clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

AT_RCPT: Final[Mapping[str, str]] = {
    "p421": "421 4.3.2 Service shutting down, try again later",
    "p421-rate": "421 4.7.28 Our system has detected an unusual rate of unsolicited mail",
    "p450": "450 4.2.0 Recipient address rejected: Greylisted",
    "p450-rate": "450 4.2.1 The user you are trying to contact is receiving mail too quickly",
    "p451": "451 4.3.0 Temporary lookup failure",
    "p550": "550 5.1.1 Recipient address rejected: User unknown",
    "p550-blocked": "550 5.7.1 Mail from your network is blocked",
    "p552": "552 5.2.2 The recipient's inbox is out of storage space",
}
"""Word -> the answer to RCPT."""
AT_DOT: Final[Mapping[str, str]] = {
    "p421-dot": "421 4.3.2 Service shutting down, try again later",
    "p451-dot": "451 4.3.0 Temporary failure, please try again",
    "p552-dot": "552 5.3.4 Message size exceeds fixed limit",
    "p554-dot": "554 5.7.1 Message rejected under suspicion of spam",
}
"""Word -> the answer to the whole mail."""
CUTS: Final = frozenset({"cut-at-rcpt", "cut-before-dot", "cut-after-dot"})
"""The line breaks: at the envelope; within the data; after the mail was taken and before the answer."""
SLOW, SILENT = "slow", "silent"
"""The answer to the mail comes late, or never, though the mail was taken."""
WORDS: Final = frozenset({*AT_RCPT, *AT_DOT, *CUTS, SLOW, SILENT})
_PATH = re.compile(r"<([^>]*)>")
_SECOND = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A mail that the provider has, whether or not it could say so."""

    sender: str
    to: str
    data: bytes
    connection: int


class Provider:
    """An SMTP server on loopback: `async with Provider() as provider`."""

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        pipelining: bool = True,
        strict: bool = True,
        late: float = 0.2,
        connections: int | None = None,
        per_connection: int | None = None,
        per_second: int | None = None,
        domain_per_second: int | None = None,
    ) -> None:
        """`strict`: DATA without a recipient is refused at once, and not after an empty mail (RFC 2920 allows both).

        `late` is the delay of the slow in seconds, `connections` the most at a time, `per_connection` the most mails
        on one of them, `per_second` the same in a second, `domain_per_second` over all for one domain.
        """
        self.port = 0
        self.script: dict[str, str] = {}
        """Address or domain -> word."""
        self.taken: list[Taken] = []
        self.answers: Counter[str] = Counter()
        """How often each code was given to RCPT or to a mail."""
        self.opened = 0
        """Connections so far."""
        self.refused = 0
        """Connections that were one too many."""
        self.pipelining, self.strict, self.late = pipelining, strict, late
        self.most, self.per_connection = connections, per_connection
        self.per_second, self.domain_per_second = per_second, domain_per_second
        self.seen: defaultdict[str, deque[float]] = defaultdict(deque)
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; 0 takes a free port."""
        self._server = await asyncio.start_server(self._serve, self.host, port, limit=1 << 20)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Drop everybody and close. Twice is fine."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in self._open:
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def word(self, address: str) -> str:
        """What is to happen to mail for this address; empty for nothing special."""
        local, _, domain = address.lower().partition("@")
        for each in (self.script.get(address.lower()), self.script.get(domain), local.split("+")[0]):
            if each in WORDS:
                return str(each)
        label = domain.split(".")[0]
        return label if label in WORDS else ""

    def too_many(self, who: str, most: int | None) -> bool:
        """Count one mail of `who`; whether it was one too many in this second. What is refused counts for nothing."""
        if most is None:
            return False
        now, times = asyncio.get_running_loop().time(), self.seen[who]
        while times and times[0] <= now - _SECOND:
            times.popleft()
        if len(times) >= most:
            return True
        times.append(now)
        return False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.opened += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError, _Cut):  # cancelled by `stop` alone
                await _Session(self, self.opened, reader, writer).run(full=self._is_full())
        finally:
            self._open.discard(task)
            writer.close()

    def _is_full(self) -> bool:
        full = self.most is not None and len(self._open) > self.most
        self.refused += full
        return full


class _Cut(Exception):
    """Hang up without a word."""


class _Session:
    """One client."""

    def __init__(
        self, provider: Provider, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._provider, self._number, self._reader, self._writer = provider, number, reader, writer
        self._sender, self._to, self._mails = "", "", 0

    async def run(self, *, full: bool) -> None:
        if full:
            await self._say("421 4.7.0 Too many concurrent SMTP connections")
            return
        await self._say("220 mx.provider.example ESMTP")
        while line := (await self._reader.readline()).decode("utf-8", "replace"):
            if not await self._obey(line[:4].upper().strip(), line):
                return

    async def _obey(self, verb: str, line: str) -> bool:
        match verb:
            case "EHLO":
                more = "250-PIPELINING\r\n" if self._provider.pipelining else ""
                await self._say(f"250-mx.provider.example\r\n{more}250-SMTPUTF8\r\n250 SIZE 10485760")
            case "MAIL":
                return await self._mail(line)
            case "RCPT":
                return await self._rcpt(line)
            case "DATA":
                return await self._data()
            case "QUIT":
                await self._say("221 2.0.0 Bye")
                return False
            case _:
                self._to = "" if verb == "RSET" else self._to
                await self._say("250 2.0.0 Ok")
        return True

    async def _mail(self, line: str) -> bool:
        limits = self._provider.per_connection, self._provider.per_second
        self._sender, self._to, self._mails = _path(line), "", self._mails + 1
        if limits[0] is not None and self._mails > limits[0]:
            return await self._end("421 4.7.0 Too many messages on one connection")
        if self._provider.too_many(f"#{self._number}", limits[1]):
            return await self._end("421 4.7.0 Too many messages in a second, slow down")
        await self._say("250 2.1.0 Ok")
        return True

    async def _rcpt(self, line: str) -> bool:
        to = _path(line)
        word, domain = self._provider.word(to), to.rpartition("@")[2].lower()
        if word == "cut-at-rcpt":
            raise _Cut
        if reply := AT_RCPT.get(word):
            return await self._verdict(reply)
        if self._provider.too_many(domain, self._provider.domain_per_second):
            return await self._verdict("450 4.7.28 You send to this domain at a rate that we do not take")
        self._to = to
        await self._say("250 2.1.5 Ok")
        return True

    async def _data(self) -> bool:
        if not self._to and self._provider.strict:
            await self._say("554 5.5.1 No valid recipients")
            return True
        await self._say("354 End data with <CR><LF>.<CR><LF>")
        word = self._provider.word(self._to) if self._to else ""
        if word == "cut-before-dot":
            await self._reader.readline()
            raise _Cut
        data = await self._body()
        if not self._to:
            await self._say("554 5.5.1 No valid recipients")
            return True
        if reply := AT_DOT.get(word):
            return await self._verdict(reply)
        self._provider.taken.append(Taken(sender=self._sender, to=self._to, data=data, connection=self._number))
        if word == "cut-after-dot":
            raise _Cut
        if word in (SLOW, SILENT):
            await asyncio.sleep(self._provider.late if word == SLOW else 3600)
        return await self._verdict("250 2.0.0 Ok: queued")

    async def _body(self) -> bytes:
        lines: list[bytes] = []
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                raise _Cut
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    async def _verdict(self, reply: str) -> bool:
        self._provider.answers[reply[:3]] += 1
        return await self._end(reply) if reply.startswith("421") else await self._said(reply)

    async def _end(self, reply: str) -> bool:
        await self._say(reply)
        return False

    async def _said(self, reply: str) -> bool:
        await self._say(reply)
        return True

    async def _say(self, reply: str) -> None:
        self._writer.write(f"{reply}\r\n".encode())
        await self._writer.drain()


def _path(line: str) -> str:
    found = _PATH.search(line)
    return found[1] if found else ""
