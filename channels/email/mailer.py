"""Mail out: a few SMTP connections that are kept and used again."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from channels.email.replies import is_gone, is_too_fast, own_words, status
from channels.email.settings import SmtpSettings
from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Unreachable

PAUSE = timedelta(minutes=5)
"""How long to hold still when a server says that we are too fast: SMTP has no way to tell."""
_FRESH = 10.0
"""Seconds for which an unused connection is trusted without a question."""


class Mailer:
    """Hands mails to one SMTP server."""

    def __init__(self, settings: SmtpSettings, *, helo: str) -> None:
        self._settings, self._helo = settings, helo
        self._free = asyncio.Semaphore(settings.connections)
        self._idle: list[tuple[SMTP, float]] = []
        self._closed = False

    async def ping(self) -> None:
        """Connect, log in, ask. Raises SendError."""
        async with self._connection() as smtp:
            with _translating():
                await smtp.noop()

    async def send(self, mail: bytes, *, sender: str, to: str) -> None:
        """Hand over one mail to one recipient. Raises SendError.

        When the line breaks after the whole mail went out and before the answer, it may have been taken: this counts as
        Unavailable, for a mail that comes twice, under one Message-ID, is better than one that never comes.
        """
        options = ["SMTPUTF8", "BODY=8BITMIME"] if not to.isascii() else []
        async with self._connection() as smtp:
            self._check_size(smtp, len(mail))
            with _translating(to):
                await smtp.sendmail(sender, [to], mail, mail_options=options)

    async def aclose(self) -> None:
        """Say goodbye on what is open. Twice is fine."""
        self._closed = True
        while self._idle:
            await _quit(self._idle.pop()[0])

    def _check_size(self, smtp: SMTP, size: int) -> None:
        limit = smtp.esmtp_extensions.get("size", "")
        if limit.isdigit() and 0 < int(limit) < size:  # RFC 1870, section 3: 0 is no limit
            raise Rejected(f"the mail has {size} bytes, the server takes {limit}", code="SIZE")

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[SMTP]:
        """A connection that lives. It goes back when it still does, and is closed after anything unforeseen."""
        async with self._free:
            smtp = await self._take_idle() or await self._open()
            healthy = False
            try:
                yield smtp
                healthy = True
            except (Rejected, Unreachable, Throttled):
                healthy = True  # an answer, not a breakdown
                raise
            finally:
                if healthy and smtp.is_connected and not self._closed:
                    self._idle.append((smtp, time.monotonic()))
                else:
                    smtp.close()

    async def _take_idle(self) -> SMTP | None:
        while self._idle:
            smtp, since = self._idle.pop()
            age = time.monotonic() - since
            if age < self._settings.keep and smtp.is_connected and (age < _FRESH or await _answers(smtp)):
                return smtp
            smtp.close()
        return None

    async def _open(self) -> SMTP:
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
            with _translating():
                await smtp.connect()
                with contextlib.suppress(SMTPHeloError):  # an old server: sending will say HELO
                    if smtp.is_ehlo_or_helo_needed:
                        await smtp.ehlo()
        except BaseException:
            smtp.close()
            raise
        return smtp


async def _answers(smtp: SMTP) -> bool:
    try:
        return (await smtp.noop(timeout=5)).code == 250
    except (SMTPException, OSError):
        return False


async def _quit(smtp: SMTP) -> None:
    with contextlib.suppress(SMTPException, OSError):
        await smtp.quit(timeout=2)
    smtp.close()


def _tls(settings: SmtpSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise Misconfigured(f"ca_file {settings.ca_file} cannot be read: {error}") from error


@contextlib.contextmanager
def _translating(to: str = "") -> Iterator[None]:
    try:
        yield
    except (SMTPException, OSError, ValueError) as error:
        raise translate(error, to=to) from error


def translate(error: Exception, *, to: str = "") -> SendError:
    """The SMTP client's error in our terms: the one table. `to` is the recipient, empty before there is one.

    Misconfigured stops all mail of the channel, so it needs a refusal of *us*: of the connection, TLS, the login or the
    sender. What is said of one recipient or of one mail never is one, whatever its words.
    """
    match error:
        case _ if (distrust := _distrust(error)) is not None:
            return Misconfigured(f"the SMTP server's certificate is not trusted: {distrust}", code="TLS")
        case SMTPRecipientsRefused():
            return answer(error.recipients[0].code, error.recipients[0].message)
        case SMTPDataError():
            return answer(error.code, error.message)
        case SMTPAuthenticationError() | SMTPHeloError() | SMTPConnectResponseError() if error.code >= 500:
            return Misconfigured(f"the SMTP server refuses us: {error.message}", code=str(error.code))
        case SMTPSenderRefused() if error.code >= 500 and not _is_about_the_mail(error.code, error.message):
            return Misconfigured(f"the SMTP server refuses our address: {error.message}", code=str(error.code))
        case SMTPResponseException() if error.code in _LOG_IN_FIRST:
            return Misconfigured(f"the SMTP server refuses us: {error.message}", code=str(error.code))
        case SMTPResponseException():
            return answer(error.code, error.message)
        case SMTPNotSupported() if to:
            return Rejected(f"{to} needs SMTPUTF8, which the server does not have", code="SMTPUTF8")
        case OSError():  # SMTPServerDisconnected and the timeouts are OSErrors, too
            return Unavailable(f"the SMTP server cannot be reached or hung up: {error}")
        case ValueError():
            return Rejected(f"{to} cannot be addressed: {error}")
        case _:
            return Misconfigured(f"the SMTP server does not do what the settings demand: {error}")


_LOG_IN_FIRST = frozenset({530, 534, 535, 538})
"""RFC 4954, section 6."""


def _is_about_the_mail(code: int, text: str) -> bool:
    """Whether a server that refuses MAIL FROM means the mail's size or our speed, and not our address."""
    return code == 552 or status(text) in ("5.3.4", "5.2.3") or is_too_fast(status(text), text)


def answer(code: int, text: str) -> SendError:
    """A server's refusal of one mail or recipient in our terms. RFC 5321 section 4.2.2, RFC 3463."""
    text = " ".join(text.split())[:500]
    enhanced = status(text)
    shown = str(code) if not enhanced or enhanced in text else f"{code} {enhanced}"
    if is_too_fast(status(own_words(text)), text):
        return Throttled(text, retry_after=PAUSE, code=shown, address_only=enhanced == "4.2.1")
    if code < 500:  # also -1, for what is no SMTP at all
        return Unavailable(text, code=shown)
    return (Unreachable if is_gone(enhanced, text) else Rejected)(text, code=shown)


def _distrust(error: BaseException | None) -> str | None:
    """Why TLS failed, if it did: the client wraps the reason."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return getattr(error, "verify_message", "") or error.reason or "TLS failed"
        error = error.__cause__ or error.__context__
    return None
