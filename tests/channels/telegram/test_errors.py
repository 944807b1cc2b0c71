"""The Bot API's refusals: one table, in Telegram's own words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.telegram.errors import Migrated, refusal
from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Unreachable


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (400, "Bad Request: chat not found", Unreachable),
        (400, "Bad Request: PEER_ID_INVALID", Unreachable),
        (400, "Bad Request: not enough rights to send text messages to the chat", Unreachable),
        (400, "Bad Request: can't parse entities: Unsupported start tag", Rejected),
        (400, "Bad Request: message is too long", Rejected),
        (400, "Bad Request: message to edit not found", Rejected),
        (400, "Bad Request: wrong file_id or the file is temporarily unavailable", Unavailable),
        (401, "Unauthorized", Misconfigured),
        (403, "Forbidden: bot was blocked by the user", Unreachable),
        (403, "Forbidden: user is deactivated", Unreachable),
        (403, "Forbidden: bot was kicked from the supergroup chat", Unreachable),
        (403, "Forbidden: bot can't initiate conversation with a user", Unreachable),
        (404, "Not Found", Misconfigured),
        (409, "Conflict: terminated by other getUpdates request", Unavailable),
        (413, "Request Entity Too Large", Rejected),
        (418, "", Rejected),
        (500, "Internal Server Error", Unavailable),
        (502, "Bad Gateway", Unavailable),
    ],
)
def test_each_refusal(code: int, words: str, kind: type[SendError]) -> None:
    error = refusal(code, {"ok": False, "error_code": code, "description": words}, 5001)
    assert type(error) is kind
    assert error.code == str(code)
    assert error.reason == (words or "Telegram gives no reason")


@pytest.mark.parametrize(
    ("chat", "address_only"),
    [(5001, False), (-1001234567890, True), ("-100", True), (None, False)],
)
def test_too_fast(chat: object, address_only: bool) -> None:
    answer = {"error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 35}}
    error = refusal(429, answer, chat)
    assert isinstance(error, Throttled)
    assert (error.retry_after, error.address_only) == (timedelta(seconds=35), address_only)


@pytest.mark.parametrize("parameters", [None, [], {}, {"retry_after": "x"}, {"retry_after": -5}, {"retry_after": 0}])
def test_too_fast_for_an_unknown_time_waits_a_second(parameters: object) -> None:
    error = refusal(429, {"parameters": parameters})
    assert isinstance(error, Throttled)
    assert error.retry_after == timedelta(seconds=1)


def test_a_group_that_moved() -> None:
    words = "Bad Request: group chat was upgraded to a supergroup chat"
    error = refusal(400, {"description": words, "parameters": {"migrate_to_chat_id": -100777}}, -4567)
    assert isinstance(error, Migrated)
    assert error.chat == "-100777"


def test_the_answers_own_code_goes_before_the_http_status() -> None:
    assert isinstance(refusal(200, {"error_code": 403, "description": "Forbidden"}), Unreachable)
