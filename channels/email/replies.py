"""What mail servers mean by their replies: RFC 5321 section 4.2, RFC 3463, RFC 7505, and their own words. Pure."""

from __future__ import annotations

import re

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_GONE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
"""Bad mailbox, bad system, bad syntax, moved away, null MX, disabled, no route."""
_VAGUE = frozenset({"", "5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.4.0", "5.4.1", "5.5.0", "5.7.1"})
"""Codes that servers also give for unknown users; there the words decide."""
_GONE_WORDS = re.compile(
    "|".join(
        (
            r"(?:user|recipient|mailbox|account|address|alias)(?: \S{1,80})? (?:is |was |has been |account is )?"
            r"(?:unknown|unavailable|disabled|inactive|closed|suspended|discontinued|not found|not exist|invalid)",
            r"do(?:es)? ?n[o']t exist|recipient address rejected: access denied|no mailbox",
            r"(?:unknown|no such|invalid|non-?existent|bad|not a valid|not our) (?:local )?"
            r"(?:user|recipient|mailbox|account|address|customer)",
            r"does(?: not|n't) have an? .{0,40}account|not (?:listed in|found in) .{0,60}(?:directory|book)",
            r"domain (?:name )?not found|host (?:unknown|not found)",
            r"(?:пользовател\w*|ящик\w*|адрес\w*|получател\w*)(?: \S{1,80})? (?:\w+ )?"
            r"не (?:найден|существует|зарегистрирован)",
        )
    ),
    re.IGNORECASE,
)
_TOO_FAST = re.compile(
    "|".join(
        (
            r"rate[ -]?limit|unusual rate|at a rate that|throttl|slow down|too (?:quickly|fast)",
            r"too many (?:messages|mails|connections|sessions|recipients|errors)|daily .{0,40}(?:limit|quota)",
            r"(?:sending|message|hourly) .{0,20}(?:limit|quota) .{0,20}exceed",
        )
    ),
    re.IGNORECASE,
)
_QUOTES = re.compile(r"\b(?:said|says|responded|replied)\b[^:]{0,80}:", re.IGNORECASE)


def status(text: str) -> str:
    """The first enhanced status code in a reply, "" when it has none."""
    found = _STATUS.search(text)
    return found[0] if found else ""


def is_gone(code: str, text: str) -> bool:
    """Whether a permanent failure says that the address takes no mail at all, now or ever."""
    return code in _GONE or (code in _VAGUE and bool(_GONE_WORDS.search(text)))


def is_too_fast(code: str, text: str) -> bool:
    """Whether a refusal means our speed: 4.7.28, 5.7.28 and 5.4.5 are Gmail's, 4.5.3 the standard's.

    What our server quotes of another ("host mx.example said: ...") is a stranger's, and must not slow down all mail.
    """
    return code in {"4.7.28", "5.7.28", "4.5.3", "5.4.5"} or bool(_TOO_FAST.search(own_words(text)))


def own_words(text: str) -> str:
    """A reply without what it quotes of another server."""
    return _QUOTES.split(text, maxsplit=1)[0]
