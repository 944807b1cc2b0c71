"""The header of one mail of a mailing: how to leave, and whose mailing it is. Pure. RFC 2369, RFC 2919, RFC 8058."""

from __future__ import annotations

import re
from functools import lru_cache

from domain.messages import Outbound

_URL = re.compile(r"https?://[!#-;=?-~]{1,800}", re.IGNORECASE)
_MAIL = re.compile(r"[!#-+\--;=?-~]{1,200}@[a-zA-Z0-9.-]{1,200}(?:\?[!#-+\--;=?-~]{1,400})?")
_LIST = re.compile(r"[a-zA-Z0-9_-]{1,63}(?:\.[a-zA-Z0-9_-]{1,63}){1,10}")
_FEEDBACK = re.compile(r"[\w.@-]{0,60}(?::[\w.@-]{0,60}){0,2}:[\w.@-]{1,60}|[\w.@-]{1,60}", re.ASCII)


def fields(message: Outbound) -> bytes:
    """The fields, each ended by CR LF; empty for what is no mailing. Raises ValueError for what cannot stand there."""
    lines: list[str] = []
    if ways := _ways(message):
        lines.append("List-Unsubscribe: " + ",\r\n ".join(ways))
        if message.unsubscribe[:6].lower() == "https:":  # RFC 8058, section 3.1: nothing less
            lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    if message.is_mailing:
        lines.append(_shared(message.list_id, message.feedback))
    return "\r\n".join([*lines, ""]).encode("ascii")


@lru_cache(64)
def _shared(list_id: str, feedback: str) -> str:
    """What all mails of a mailing say, without the last CR LF."""
    lines = []
    if list_id:
        lines.append(f"List-Id: <{_sound(_LIST, list_id, 'list_id')}>")
    if feedback:
        lines.append(f"Feedback-ID: {_sound(_FEEDBACK, feedback, 'feedback')}")
    return "\r\n".join([*lines, "Precedence: bulk"])


def _ways(message: Outbound) -> list[str]:
    ways = []
    if message.unsubscribe:
        ways.append(f"<{_sound(_URL, message.unsubscribe, 'unsubscribe')}>")
    if message.unsubscribe_mail:
        ways.append(f"<mailto:{_sound(_MAIL, message.unsubscribe_mail, 'unsubscribe_mail')}>")
    return ways


def _sound(pattern: re.Pattern[str], value: str, name: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(f"{name} cannot stand in a header: {value[:100]!r}")
    return value
