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
from broadcasts import lifecycle, starting
from broadcasts.content.marks import NotCompiled
from broadcasts.content.parse import NotContent
from broadcasts.plan import WrongPlan
from broadcasts.posting import Barred
from broadcasts.words import MISSING, code_said, content_said, refused_said
from domain import conditions
from people import segments
from people.consent import NoReceipt
from people.editing import Taken
from people.files.texts import Unreadable
from people.merging import Unjoinable
from people.reviewing import Decided
from people.uploads import Elsewhere, Unfit
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


def _of_unfit(error: Unfit, language: str) -> Problem:
    return Problem(422, "import-mapping", more={"reasons": [reason.words(language) for reason in error.reasons]})


def _of_unreadable(error: Unreadable, language: str) -> Problem:
    return Problem(422, "import-file", more={"reason": error.reason.key}, words=error.reason.words(language))


def _of_segment(error: segments.Refused, language: str) -> Problem:
    status = {"gone": 404, "name": 422}.get(error.key, 409)
    return Problem(status, "segment", more={"reason": error.key}, words=error.words(language))


def _of_condition(error: conditions.Unreadable, language: str) -> Problem:
    return Problem(422, "condition", more={"at": error.path, "reason": error.key}, words=error.words(language))


def _of_broadcast(error: lifecycle.Refused, language: str) -> Problem:
    status = 404 if error.code in MISSING else 422 if error.code in _UNREADABLE else 409
    return Problem(status, "broadcast", more={"reason": error.code}, words=refused_said(error, language))


_UNREADABLE = {
    "name", "channel", "purpose", "too-early", "too-late", "resumes-early", "template-name", "test", "message",
    "no-address", "code", "attachments-channel", "attachments-many", "attachment-empty", "attachment-large",
    "attachments-large", "picture",
}  # fmt: skip


def _of_content(error: NotContent, language: str) -> Problem:
    problems = [
        {"at": p.path, "code": p.code, "message": p.say(language), "allowed": list(p.allowed)}
        for p in error.problems[:50]
    ]
    return Problem(422, "broadcast-content", more={"problems": problems})


def _of_template(error: NotCompiled, language: str) -> Problem:
    problem = {"at": error.where, "code": error.key, "message": content_said(error, language), "allowed": []}
    return Problem(422, "broadcast-content", more={"problems": [problem]})


def _of_findings(error: starting.Unfit, language: str) -> Problem:
    found = [{"at": one.where, "code": one.code, "message": one.say(language)} for one in error.findings]
    return Problem(409, "broadcast-unfit", more={"findings": found}, words=error.words(language))


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
    Unfit: _of_unfit,
    Unreadable: _of_unreadable,
    segments.Refused: _of_segment,
    conditions.Unreadable: _of_condition,
    lifecycle.Refused: _of_broadcast,
    WrongPlan: lambda error, language: Problem(
        422, "broadcast-plan", more={"at": error.path}, words=error.words(language)
    ),
    NotContent: _of_content,
    NotCompiled: _of_template,
    starting.Unfit: _of_findings,
    Barred: lambda error, language: Problem(
        409, "message-barred", more={"reason": error.code.value}, words=code_said(error.code, language)
    ),
    Elsewhere: lambda error, language: Problem(409, "import-state", state=error.state),
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
