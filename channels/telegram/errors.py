"""The Bot API's refusals in our terms. Pure.

A failed request answers {"ok": false, "error_code", "description", "parameters"}
(https://core.telegram.org/bots/api#making-requests). The codes are few and broad, so the words decide about 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Unreachable

_DAY = 86_400

# (code, words within the description in lower case, kind); the first row that fits decides.
_TABLE: tuple[tuple[int, str, type[SendError]], ...] = (
    (400, "chat not found", Unreachable),
    (400, "user not found", Unreachable),
    (400, "peer_id_invalid", Unreachable),
    (400, "user is deactivated", Unreachable),
    (400, "not enough rights to send", Unreachable),
    (400, "have no rights to send", Unreachable),
    (400, "chat_write_forbidden", Unreachable),
    (400, "group is deactivated", Unreachable),
    (400, "temporarily unavailable", Unavailable),
    (401, "", Misconfigured),  # the token was revoked
    (403, "", Unreachable),  # blocked by the user, kicked from the group, user deactivated, never started
    (404, "", Misconfigured),  # the token is no token
    (409, "", Unavailable),  # somebody else polls with this token, or a webhook is set
)


class Migrated(Rejected):
    """The group became a supergroup: the same message goes to `chat` now (ResponseParameters)."""

    def __init__(self, reason: str, *, chat: str, code: str) -> None:
        super().__init__(reason, code=code)
        self.chat = chat


def refusal(status: int, answer: Mapping[str, Any], chat: object = None) -> SendError:
    """The error that an answer with "ok": false stands for. `chat` is the chat_id of the request, if it had one."""
    code = _int(answer.get("error_code")) or status
    reason = str(answer.get("description") or "Telegram gives no reason")
    parameters = answer.get("parameters")
    parameters = parameters if isinstance(parameters, Mapping) else {}
    if code == 429:
        return _too_fast(reason, _int(parameters.get("retry_after")), chat)
    if moved := _int(parameters.get("migrate_to_chat_id")):
        return Migrated(reason, chat=str(moved), code=str(code))
    return _kind(code, reason.lower())(reason, code=str(code))


def _too_fast(reason: str, seconds: int, chat: object) -> Throttled:
    """A 429 does not say whose limit it was. A group has its own, 20 a minute, and only a group has one that a
    sender within 1 a second per chat and 30 a second in all can hit (https://core.telegram.org/bots/faq).
    """
    wait = timedelta(seconds=min(max(seconds, 1), _DAY))
    return Throttled(reason, retry_after=wait, code="429", address_only=str(chat).startswith("-"))


def _kind(code: int, words: str) -> type[SendError]:
    for row_code, row_words, kind in _TABLE:
        if row_code == code and row_words in words:
            return kind
    return Unavailable if code >= 500 else Rejected


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
