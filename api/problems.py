"""Answers that say no: application/problem+json (RFC 9457), in the caller's language, without a word of the inside."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from api.words import language_of, say
from people.consent import NoReceipt
from people.editing import Taken
from people.merging import Unjoinable
from people.reviewing import Decided
from people.values import Wrong
from store.engine import Away

log = logging.getLogger(__name__)
TYPE = "application/problem+json"
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Problem(Exception):
    """The request is not done. `key`: of api.words; `facts`: what the sentence names; `more`: members beside it."""

    def __init__(self, status: int, key: str, *, more: dict[str, Any] | None = None, **facts: object) -> None:
        super().__init__(key)
        self.status, self.key, self.facts, self.more = status, key, facts, more or {}


def answer(problem: Problem, language: str, **headers: str) -> Response:
    """The problem as a response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.key,
        "detail": say(problem.key, language, **problem.facts),
    }
    content = body | problem.more
    return JSONResponse(content, problem.status, {**_NO_STORE, "Content-Language": language, **headers}, TYPE)


def unknown(what: str) -> Problem:
    """There is no such thing."""
    return Problem(404, "unknown", what=what)


def _of_validation(error: RequestValidationError, language: str) -> Problem:
    """Where it is wrong and how; never what was sent."""
    errors = [{"at": [str(part) for part in e["loc"]], "type": e["type"], "message": e["msg"]} for e in error.errors()]
    return Problem(422, "unreadable", more={"errors": errors[:50]})


def _of_http(error: HTTPException, language: str) -> Problem:
    key = {404: "no-such-address", 405: "method"}.get(error.status_code, "unreadable")
    return Problem(error.status_code, key)


def _of_taken(error: Taken, language: str) -> Problem:
    return Problem(409, "taken", more={"contact": str(error.person)})


def _of_unjoinable(error: Unjoinable, language: str) -> Problem:
    return Problem(404, "unknown-contact") if error.reason == "unknown" else Problem(409, error.reason)


def _of_wrong(error: Wrong, language: str) -> Problem:
    return Problem(422, "field", more={"field": error.field, "reason": error.key}, words=error.words(language))


Turn = Callable[[Any, str], Problem]
_TABLE: dict[type[Exception], Turn] = {
    Problem: lambda error, language: cast("Problem", error),
    RequestValidationError: _of_validation,
    HTTPException: _of_http,
    Taken: _of_taken,
    Unjoinable: _of_unjoinable,
    Wrong: _of_wrong,
    Decided: lambda error, language: Problem(409, "decided", state=error.state),
    NoReceipt: lambda error, language: Problem(422, "receipt", field=error.field),
    Away: lambda error, language: Problem(503, "away"),
    Exception: lambda error, language: Problem(500, "fault"),
}
"""What is raised -> what is said."""


def handle_all(app: FastAPI) -> None:
    """Have every exception answered by the table."""
    for kind, turn in _TABLE.items():
        app.add_exception_handler(kind, _handler(turn))


def _handler(turn: Turn) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        language = language_of(request.headers.get("accept-language", ""))
        problem = turn(error, language)
        return answer(problem, language, **({"Retry-After": "5"} if problem.status == 503 else {}))

    return handle
