"""One SMTP connection's talk: the envelope of the next mail travels behind the end of the one before it. RFC 2920.

aiosmtplib connects, encrypts and logs in; it reads one reply for each command and drops what it did not ask for, so
afterwards this protocol takes its place on the transport. Every command that goes out leaves a note of what its reply
will be about, so a reply can never be taken for another mail's. Without PIPELINING the same steps go one by one. The
replies themselves drive the talk: a coroutine's step for each of them would cost more than the mail.
"""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum

from aiosmtplib import SMTPNotSupported, SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError

from channels.email.errors import Stage, Unanswered, refusal
from channels.email.outbox import Letter, Outbox
from channels.email.reading import Replies
from domain.errors import Rejected


class _Note(Enum):
    """What a reply will be about, beyond the stages of a mail."""

    VOID = "the final dot of an empty mail that nobody gets"
    RSET = "RSET"
    NOOP = "NOOP"


class Dialogue(asyncio.Protocol):
    """Sends what stands in an outbox over a connection that is set up, until the box is empty or the line ends."""

    def __init__(
        self, transport: asyncio.Transport, outbox: Outbox, *, extensions: dict[str, str], timeout: float, most: int
    ) -> None:
        """`extensions` as EHLO named them, `timeout` for each reply in seconds, `most` mails on this connection."""
        self._transport, self._outbox = transport, outbox
        self._pipelining, self._utf8 = "pipelining" in extensions, "smtputf8" in extensions
        self._size, limit = "size" in extensions, extensions.get("size", "")
        self._limit = int(limit) if limit.isdecimal() else 0  # RFC 1870, section 3: 0 is no limit
        self._timeout, self._left, self._carried = timeout, most, 0
        self._loop = asyncio.get_running_loop()
        self._replies = Replies(self._replied)
        self._expected: deque[tuple[Stage | _Note, Letter | None]] = deque()
        self._unsaid: deque[tuple[Stage, bytes]] = deque()
        """Without PIPELINING: commands that wait for the reply to the one before."""
        self._deadline, self._backlog, self._behind = 0.0, 0, 0
        self._said: tuple[int, str] = (0, "")
        self._rest: asyncio.Future[None] | None = None
        self._over: Exception | None = None
        self.closed: asyncio.Future[None] = self._loop.create_future()
        """Done when the socket is closed."""
        transport.set_protocol(self)

    @property
    def is_usable(self) -> bool:
        """Whether more mail may go over it."""
        return self._over is None and self._left > 0 and not self._transport.is_closing()

    @property
    def is_fresh(self) -> bool:
        """Whether it has not carried a single mail: what it says then is said of us, and not of a used line."""
        return self._carried == 0

    async def run(self) -> Exception | None:
        """Send until the outbox is empty. Returns why the line ended, None when it did not."""
        if self._over is not None:
            if self.is_fresh and (letter := self._next()):  # somebody must hear of it: else it goes round for ever
                letter.fail(self._over)
        elif envelope := self._envelope():
            self._write(envelope)
            await self._until_rest(self._timeout)
        return self._over

    async def ask(self, seconds: float) -> None:
        """NOOP: raises the client's error when the server does not answer, or not with yes."""
        if self._over is None:
            self._expected.append((_Note.NOOP, None))
            self._write(b"NOOP\r\n")
            await self._until_rest(seconds)
        if self._over is not None:
            raise self._over
        if self._said[0] != 250:
            raise SMTPResponseException(*self._said)

    def quit(self) -> None:
        """Say goodbye and hang up, without waiting for the last word."""
        if self._over is None and not self._transport.is_closing():
            self._over = SMTPServerDisconnected("closed by us")
            self._transport.write(b"QUIT\r\n")
        self._transport.close()

    def abort(self) -> None:
        """Hang up. Mails that were not handed over go back into the outbox."""
        self._end(SMTPServerDisconnected("closed by us"))
        self._transport.abort()

    async def _until_rest(self, seconds: float) -> None:
        self._rest = self._loop.create_future()
        self._deadline = self._loop.time() + seconds
        watch = self._loop.create_task(self._watching())
        try:
            await self._rest
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            watch.cancel()

    async def _watching(self) -> None:
        """End a line that neither answers nor takes what we write."""
        while (wait := self._deadline - self._loop.time()) > 0:
            await asyncio.sleep(wait)
            backlog = self._transport.get_write_buffer_size()
            if backlog < self._backlog:  # a large mail on a slow line
                self._deadline = max(self._deadline, self._loop.time() + self._timeout)
            self._backlog = backlog
        self._end(SMTPTimeoutError(f"no answer within {self._timeout:g} s"))

    # What we say

    def _envelope(self) -> bytes:
        """The commands for the next mail, as many as may go out at once; nothing when there is none."""
        letter = self._next()
        if letter is None:
            return b""
        options = f" SIZE={letter.size}" if self._size else ""
        if not letter.is_ascii:
            options += " BODY=8BITMIME SMTPUTF8"
        mail, to = f"MAIL FROM:<{letter.sender}>{options}\r\n".encode(), f"RCPT TO:<{letter.to}>\r\n".encode()
        if self._pipelining:
            self._expected.extend(((Stage.MAIL, letter), (Stage.RCPT, letter), (Stage.DATA, letter)))
            return mail + to + b"DATA\r\n"
        self._expected.append((Stage.MAIL, letter))
        self._unsaid.extend(((Stage.RCPT, to), (Stage.DATA, b"DATA\r\n")))
        return mail

    def _next(self) -> Letter | None:
        while self._left and (letter := self._outbox.take()):
            if self._limit and letter.size > self._limit:
                reason = f"the mail has {letter.size} bytes, the server takes {self._limit}"
                letter.fail(Rejected(reason, code="SIZE"))
            elif not letter.is_ascii and not self._utf8:
                letter.fail(SMTPNotSupported("SMTPUTF8"))
            else:
                self._left -= 1
                return letter
        return None

    def _write(self, data: bytes) -> None:
        self._transport.write(data)
        self._backlog = self._transport.get_write_buffer_size()

    def _hand_over(self, letter: Letter) -> None:
        """The mail itself, and the next one's envelope behind it."""
        self._expected.append((Stage.DOT, letter))
        following = self._envelope() if self._pipelining else b""
        self._behind = len(following)
        self._write(letter.data + following)

    def _proceed(self) -> None:
        if self._expected:
            return
        if envelope := self._envelope():
            self._write(envelope)
        elif self._rest is not None and not self._rest.done():
            self._rest.set_result(None)

    # What we hear

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes from the server."""
        self._deadline = self._loop.time() + self._timeout
        self._replies.feed(data)

    def _replied(self, code: int, text: str) -> bool:
        """One reply. False when it was the last one that counts."""
        if self._over is not None:
            return False
        if not self._expected or code in (421, -1):
            self._end(SMTPResponseException(code, text))
            return False
        about, letter = self._expected.popleft()
        if letter is None or isinstance(about, _Note):
            self._noted(about, letter, code, text)
        elif about is Stage.DOT:
            self._settled(letter, code, text)
        else:
            if code // 100 != (3 if about is Stage.DATA else 2) and letter.refusal is None:
                letter.refusal = refusal(about, code, text, letter.sender, letter.to)
            self._go_on(about, letter, code)
        return True

    def _noted(self, about: Stage | _Note, letter: Letter | None, code: int, text: str) -> None:
        if about is _Note.NOOP:
            self._said = code, text
            if self._rest is not None and not self._rest.done():
                self._rest.set_result(None)
            return
        if letter is not None and letter.refusal is not None:
            letter.fail(letter.refusal)
        self._proceed()

    def _settled(self, letter: Letter, code: int, text: str) -> None:
        self._carried += 1
        if code // 100 == 2:
            letter.accept()
        else:
            letter.fail(refusal(Stage.DOT, code, text, letter.sender, letter.to))
        self._proceed()

    def _go_on(self, about: Stage, letter: Letter, code: int) -> None:
        if about is not Stage.DATA:
            if not self._pipelining:
                self._say_next(letter)
        elif letter.refusal is None and letter.told.done():  # its sender has gone; only hanging up takes DATA back
            self.abort()
        elif letter.refusal is None:
            self._hand_over(letter)
        elif code == 354:  # RFC 2920, section 3.1: it took DATA without a recipient
            self._expected.append((_Note.VOID, letter))
            self._write(b".\r\n")
        else:
            self._reset(letter)

    def _say_next(self, letter: Letter) -> None:
        if letter.refusal is not None:
            self._unsaid.clear()
            self._reset(letter)
        else:
            about, command = self._unsaid.popleft()
            self._expected.append((about, letter))
            self._write(command)

    def _reset(self, letter: Letter) -> None:
        self._carried += 1
        self._expected.append((_Note.RSET, letter))
        self._write(b"RSET\r\n" + (self._envelope() if self._pipelining else b""))

    # The end of the line

    def connection_lost(self, error: Exception | None) -> None:
        """Asyncio: the socket is closed."""
        self._end(SMTPServerDisconnected(f"Connection lost: {error}" if error else "Connection lost"))
        if not self.closed.done():
            self.closed.set_result(None)

    def _end(self, why: Exception) -> None:
        if self._over is not None:
            return
        unsent = not self._transport.is_closing() and self._transport.get_write_buffer_size() > self._behind
        self._over = why
        self._transport.abort()
        letters = dict.fromkeys(letter for _, letter in self._expected if letter)
        head = self._expected[0][0] if self._expected else None
        for place, letter in reversed(list(enumerate(letters))):
            if place or head is not Stage.DOT:
                self._release(letter, why, is_next=place == 0)
            elif isinstance(why, SMTPResponseException) and why.code == 421:
                letter.fail(why)
            else:
                letter.fail(why if unsent else Unanswered(str(why)))
        self._expected.clear()
        if self._rest is not None and not self._rest.done():
            self._rest.set_result(None)

    def _release(self, letter: Letter, why: Exception, *, is_next: bool) -> None:
        """A mail that was not handed over. When a used line breaks under it, it is tried once more, on a new one."""
        if letter.refusal is not None:
            letter.fail(letter.refusal)
        elif is_next and (self.is_fresh or letter.tried):
            letter.fail(why)
        else:
            letter.tried = letter.tried or is_next
            self._outbox.put_back(letter)
