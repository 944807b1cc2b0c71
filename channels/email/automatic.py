"""Was this mail written by a machine? From the header alone. Pure.

RFC 3834 section 5 (Auto-Submitted), RFC 2919 and RFC 2369 (lists), RFC 2076 section 3.9 (Precedence), RFC 5321 section
4.5.5 (the empty return path), and the fields of programs that know none of these.
"""

from __future__ import annotations

import re

from channels.email.headers import Headers
from channels.email.render import MARK, is_own_id
from domain.messages import Automatic

_REPLY_FIELDS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-auto-reply-from", "x-mail-autoreply",
    "x-auto-response", "x-vacation", "x-yandex-autoreply", "x-amazon-auto-reply", "x-cron-env",
)  # fmt: skip
_PRECEDENCE = {
    "bulk": Automatic.BULK,
    "junk": Automatic.BULK,
    "list": Automatic.LIST,
    "auto_reply": Automatic.REPLY,
    "auto-reply": Automatic.REPLY,
}
_DAEMON = re.compile(
    "|".join(
        (
            r"^(?:(?:mailer|mail)[-_.]?daemon|postmaster|mdaemon|bounces?|double-bounce",
            r"microsoftexchange[0-9a-f]{20,}|mail[-_.]?delivery[-_.]?(?:sub)?system|ndr|\"system administrator\"",
            r"[\w.-]{0,40}_smtp_(?:mail|gateway)[\w.-]{0,40})(?:[+=-].*)?\\?@",
        )
    ),
    re.IGNORECASE,
)
_DAEMON_PATH = re.compile(r"<?(?:mailer-daemon|postmaster)@", re.IGNORECASE)
_AWAY = re.compile(
    "|".join(
        (
            r"^\W*(?:auto(?:matic)?[ -]?(?:reply|response|answer)|out of (?:the )?office|away from (?:the )?office",
            r"(?:on )?vacation|автоответ\w*|автоматический ответ",
            r"вне офиса|(?:я )?в отпуске|нет на месте|отсутств\w+)\b",
        )
    ),
    re.IGNORECASE,
)


def automatic(headers: Headers, *, own: str) -> Automatic | None:
    """Why this is no person's mail, or None. `own` is our address."""
    if MARK.lower() in headers or any(is_own_id(each, own) for each in headers.message_ids("message-id")):
        return Automatic.OWN
    if from_daemon(headers):
        return Automatic.BOUNCE
    # A server's own "no" is worth little beside other signs, but it is no sign of a machine (RFC 3834, section 5).
    if headers.token("auto-submitted") not in ("", "no") or any(name in headers for name in _REPLY_FIELDS):
        return Automatic.REPLY
    if kind := _PRECEDENCE.get(headers.token("precedence")):
        return kind
    if any(name in headers for name in ("list-id", "list-unsubscribe", "list-post")):
        return Automatic.LIST
    if _says_away(headers):
        return Automatic.REPLY
    return Automatic.BOUNCE if is_bounce_path(headers) else None


def is_bounce_path(headers: Headers) -> bool:
    """The envelope's sender was empty: nobody wants to hear back."""
    return headers.raw("return-path").replace(" ", "") == "<>"


def from_daemon(headers: Headers) -> bool:
    """The sender is a mail server, as From has it, or the envelope (where "bounces+..." is an honest newsletter's)."""
    senders = [address for _, address in headers.mailboxes("from")]
    return any(map(_DAEMON.match, [*senders, headers.raw("from").strip("<> ") + "@"])) or bool(
        _DAEMON_PATH.match(headers.raw("return-path"))
    )


def _says_away(headers: Headers) -> bool:
    """The subject of an absence note counts only beside other evidence: a person may write "vacation" too."""
    evidence = "x-auto-response-suppress" in headers or "x-ms-exchange-inbox-rules-loop" in headers
    return bool(_AWAY.match(headers.text("subject"))) and (evidence or is_bounce_path(headers))
