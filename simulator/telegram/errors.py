"""The Bot API's refusals, in its own words."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """`{"ok": false, "error_code": code, "description": ...}` with that HTTP status (Bot API, Making requests)."""

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after
        """Seconds, of a 429 (Bot API, ResponseParameters)."""

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad_request(reason: str) -> ApiError:
    """400 with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiError:
    """403 with Telegram's prefix."""
    return ApiError(403, f"Forbidden: {reason}")


def too_many(retry_after: int) -> ApiError:
    """429: wait `retry_after` seconds."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def not_played(what: str) -> ApiError:
    """501: the real Telegram knows this, the simulator does not play it."""
    return ApiError(501, f"Not Implemented: the simulator does not play {what}")
