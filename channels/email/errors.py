"""An SMTP server's refusals, and the client library's errors, in our terms. Pure. RFC 5321, RFC 3463, RFC 4954."""

from __future__ import annotations

import ssl
from datetime import timedelta
from enum import Enum

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPDataError,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from channels.email.replies import is_gone, is_too_fast, own_words, status
from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Uncertain, Unreachable

PAUSE = timedelta(minutes=5)
"""How long to hold still when a server says that we are too fast: SMTP has no way to tell."""
_LOG_IN_FIRST = frozenset({530, 534, 535, 538})
"""RFC 4954, section 6."""


class Stage(Enum):
    """Where in a mail's transaction a server refuses. RFC 5321, section 3.3."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "the end of the data"


class Unanswered(Exception):
    """The whole mail went out, and then the line broke before the answer."""


def refusal(stage: Stage, code: int, text: str, sender: str, to: str) -> SMTPResponseException | SMTPRecipientsRefused:
    """The client library's error for a reply, so that `translate` stays the one table."""
    if stage is Stage.MAIL:
        return SMTPSenderRefused(code, text, sender)
    if stage is Stage.RCPT:
        return SMTPRecipientsRefused([SMTPRecipientRefused(code, text, to)])
    return SMTPDataError(code, text)


def translate(error: Exception, *, to: str = "") -> SendError:
    """The SMTP client's error in our terms: the one table. `to` is the recipient, empty before there is one.

    Misconfigured stops all mail of the channel, so it needs a refusal of *us*: of the connection, TLS, the login or the
    sender. What is said of one recipient or of one mail never is one, whatever its words.
    """
    match error:
        case Unanswered():
            return Uncertain(f"the mail was handed over, and the SMTP server never said that it has it: {error}")
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


def _is_about_the_mail(code: int, text: str) -> bool:
    """Whether a server that refuses MAIL FROM means the mail's size or our speed, and not our address."""
    return code == 552 or status(text) in ("5.3.4", "5.2.3") or is_too_fast(status(text), text)


def _distrust(error: BaseException | None) -> str | None:
    """Why TLS failed, if it did: the client wraps the reason."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return getattr(error, "verify_message", "") or error.reason or "TLS failed"
        error = error.__cause__ or error.__context__
    return None
