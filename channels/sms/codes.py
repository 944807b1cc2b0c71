"""Twilio's error codes (https://www.twilio.com/docs/api/errors) in our words and in what to do next. Pure."""

from __future__ import annotations

from datetime import timedelta

from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Unreachable
from domain.templates import NEEDED

REASONS = {
    20003: "Twilio does not accept the account SID or the auth token",
    20005: "the Twilio account is not active",
    20008: "these are Twilio's test credentials: they send nothing",
    21211: "there is no such phone number",
    21212: "the sender's number is not valid",
    21408: "the Twilio account may not send to this country: allow it in Messaging, Geo permissions",
    21603: "no sender's number is set",
    21606: "the sender's number does not belong to this Twilio account or cannot send SMS",
    21608: "a trial account sends to verified numbers only",
    21610: "the recipient has answered STOP",
    21612: "this sender's number cannot reach that phone number",
    21614: "this number cannot receive SMS",
    21617: "the text is longer than 1600 characters",
    21655: "the Twilio account has no such template: look at its ContentSid",
    21656: "the template's variables are not those that it asks for",
    21658: "a text or a variable of the template is longer than 1600 characters",
    21659: "the sender's number does not belong to this Twilio account",
    21660: "the sender's number belongs to another Twilio account",
    21701: "the messaging service does not exist",
    21703: "the messaging service has no number to send from",
    21910: "WhatsApp numbers write to WhatsApp only, other numbers to phones only",
    30001: "too many messages are waiting at Twilio",
    30002: "the Twilio account is suspended",
    30003: "the phone is switched off or out of reach",
    30004: "the recipient or the carrier blocks our messages",
    30005: "the number is not in service",
    30006: "a landline, or a carrier that takes no SMS",
    30007: "the carrier's filter took it for spam",
    30008: "the carrier gave no reason",
    30034: "the sender's number is not registered with the US carriers (A2P 10DLC)",
    63007: "the sender's number is no WhatsApp sender of this Twilio account",
    63016: NEEDED,
    63024: "the recipient is not on WhatsApp",
}

UNREACHABLE = frozenset({21211, 21610, 21614, 30005, 63024})
"""This number will never take anything from us."""
_MISCONFIGURED = frozenset(
    {20003, 20005, 20008, 20403, 20404, 21212, 21603, 21606, 21659, 21660, 21701, 21703, 30002, 63007}
)
_THROTTLED = {20429: 1.0, 14107: 1.0, 63018: 60.0, 21611: 60.0, 30001: 60.0, 63038: 3600.0}
"""Code -> seconds to wait when the answer has no Retry-After."""


def reason(code: int, words: str = "") -> str:
    """Why, for a person. Falls back to Twilio's own words."""
    return REASONS.get(code) or words or f"Twilio's error {code}"


def send_error(status: int, code: int, words: str = "", *, retry_after: float | None = None) -> SendError:
    """The one of the five errors that an answer stands for.

    `status` is HTTP's, `code` Twilio's (the status again when the body had none), `retry_after` in seconds.
    """
    text, name = reason(code, words), str(code)
    if code in _THROTTLED or status == 429:
        wait = retry_after if retry_after is not None else _THROTTLED.get(code, 1.0)
        return Throttled(words or text, retry_after=timedelta(seconds=min(wait, 3600.0)), code=name)
    if code in UNREACHABLE:
        return Unreachable(text, code=name)
    if code in _MISCONFIGURED or status in {401, 403, 404}:
        return Misconfigured(text, code=name)
    if 30000 <= code < 40000 or status >= 500 or status == 408 or status < 400:  # a redirect is not Twilio's
        return Unavailable(text, code=name)
    return Rejected(text, code=name)
