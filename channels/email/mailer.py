"""Mail out: a few SMTP connections that are kept and used again, and one queue in front of all of them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import time
from typing import cast

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPServerDisconnected, SMTPTimeoutError

from channels.email.dialogue import Dialogue
from channels.email.errors import translate
from channels.email.lines import stuffed
from channels.email.outbox import Letter, Outbox
from channels.email.settings import SmtpSettings
from domain.errors import Misconfigured, SendError, Throttled
from domain.messages import Sent

_FRESH = 10.0
"""Seconds for which an unused connection is trusted without a question."""
_ENOUGH = 30.0
"""Seconds without a further connection after the server has refused one while others worked."""
_GRACE = 5.0
"""Seconds that closing waits for what is under way."""
_TAKEN = Sent(external_id="")
_UNSAFE = re.compile(r"[\x00-\x20<>\x7f]")


class Mailer:
    """Hands mails to one SMTP server. Belongs to one event loop.

    Each caller waits for its own mail; as soon as more of them wait than there are connections, the mails go out
    back to back (RFC 2920).
    """

    def __init__(self, settings: SmtpSettings, *, helo: str) -> None:
        self._settings, self._helo = settings, helo
        self._outbox = Outbox()
        self._workers: set[asyncio.Task[None]] = set()
        self._running: set[Dialogue] = set()
        self._idle: list[tuple[Dialogue, float]] = []
        self._opening, self._enough_until = 0, 0.0
        self._closed = False

    async def ping(self) -> None:
        """Connect, log in, ask. Raises SendError."""
        try:
            line = await self._take_idle() or await self._open()
            await line.ask(self._settings.timeout)
        except (SMTPException, OSError, ValueError) as error:
            raise translate(error) from error
        self._keep(line)

    async def send(self, mail: bytes, *, sender: str, to: str, bulk: bool = False) -> None:
        """Hand over one mail to one recipient, as `post` does. Raises SendError."""
        await self.post(mail, sender=sender, to=to, bulk=bulk)

    def post(
        self, mail: bytes, *, sender: str, to: str, bulk: bool = False, sent: Sent = _TAKEN
    ) -> asyncio.Future[Sent]:
        """Hand over one mail to one recipient; mailings (`bulk`) let others go first.

        The future gives `sent` when the server has it, else raises SendError; this itself raises Rejected. When the
        line breaks after the whole mail went out and before the answer, it is Uncertain: it may have been taken. Who
        cancels the future has not sent, unless the mail was handed over already. At a server that answers nothing more,
        it is told within three of the line's timeouts: one for the line, one for the next, and one to connect.
        """
        if _UNSAFE.search(sender) or _UNSAFE.search(to):
            raise translate(ValueError("no space, bracket or control character may stand in an address"), to=to)
        data, size = stuffed(mail)
        is_ascii = to.isascii() and sender.isascii()
        letter = Letter(sender=sender, to=to, size=size, data=data, is_ascii=is_ascii, sent=sent, bulk=bulk)
        self._outbox.add(letter)
        self._hire()
        return letter.told

    async def aclose(self, grace: float = _GRACE) -> None:
        """Say goodbye on what is open; what is under way has `grace` seconds to end. Twice is fine."""
        self._closed = True
        if self._workers:
            _, late = await asyncio.wait(self._workers, timeout=grace)
            for worker in late:
                worker.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._outbox.fail_all(SMTPServerDisconnected("closed by us"))
        lines = [line for line, _ in self._idle]
        self._idle.clear()
        for line in lines:
            await _hang_up(line)

    def _hire(self) -> None:
        """One more connection, if there may be one."""
        most = self._settings.connections if time.monotonic() >= self._enough_until else 1
        if len(self._workers) < most:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._retire)

    def _retire(self, worker: asyncio.Task[None]) -> None:
        """Its place is free; and what came between its last look into the outbox and this is not left lying there."""
        self._workers.discard(worker)
        if self._outbox and not self._workers and not self._closed:
            self._hire()

    async def _work(self) -> None:
        """Serve the outbox with one connection after another until it is empty."""
        while self._outbox:
            try:
                line = await self._take_idle() or await self._opened()
            except (SendError, SMTPException, OSError, ValueError) as error:
                if self._running or self._opening:  # the server has had enough of us, and others go on, or will see
                    self._enough_until = time.monotonic() + _ENOUGH
                    return
                self._enough_until = 0
                self._outbox.fail_all(error)
            else:
                await self._serve(line)

    async def _serve(self, line: Dialogue) -> None:
        self._running.add(line)
        try:
            ended = await line.run()
        finally:
            self._running.discard(line)
        if ended is None:
            self._keep(line)
        elif line.is_fresh and isinstance(translate(ended), Throttled):
            self._outbox.fail_all(ended)
        elif isinstance(ended, SMTPTimeoutError):  # else each line would wait out one mail after the other
            self._outbox.fail_older(ended, than=time.monotonic() - self._settings.timeout)

    def _keep(self, line: Dialogue) -> None:
        if line.is_usable and not self._closed:
            self._idle.append((line, time.monotonic()))
        else:
            line.quit()

    async def _take_idle(self) -> Dialogue | None:
        while self._idle:
            line, since = self._idle.pop()
            age = time.monotonic() - since
            if age < self._settings.keep and line.is_usable and (age < _FRESH or await _answers(line)):
                return line
            line.quit()
        return None

    async def _opened(self) -> Dialogue:
        self._opening += 1
        try:
            return await self._open()
        finally:
            self._opening -= 1

    async def _open(self) -> Dialogue:
        settings = self._settings
        smtp = SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.user,
            password=settings.password.get_secret_value() if settings.password else None,
            timeout=settings.timeout,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=_tls(settings) if settings.security != "none" else None,
            local_hostname=self._helo,
        )
        try:
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:
                try:
                    await smtp.ehlo()
                except SMTPHeloError:  # an old server
                    await smtp.helo()
            return self._dialogue(smtp)
        except BaseException:
            smtp.close()
            raise

    def _dialogue(self, smtp: SMTP) -> Dialogue:
        transport = smtp.protocol.transport if smtp.protocol else None
        if transport is None or transport.is_closing():
            raise SMTPServerDisconnected("Connection lost")
        settings = self._settings
        return Dialogue(
            cast("asyncio.Transport", transport),  # uvloop's is one in all but its name
            self._outbox,
            extensions=smtp.esmtp_extensions,
            timeout=settings.timeout,
            most=settings.mails_per_connection,
        )


async def _answers(line: Dialogue) -> bool:
    try:
        await line.ask(5)
    except (SMTPException, OSError):
        return False
    return True


async def _hang_up(line: Dialogue) -> None:
    line.quit()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2):
            await asyncio.shield(line.closed)
    line.abort()


def _tls(settings: SmtpSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise Misconfigured(f"ca_file {settings.ca_file} cannot be read: {error}") from error
