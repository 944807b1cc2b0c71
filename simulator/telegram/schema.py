"""Does a request fit the Bot API's schema? The schema is aiogram's method classes, generated from Telegram's pages.

This is stricter than the real server, which ignores parameters that it does not know and takes numbers for strings:
a request that passes here is written as the documentation says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import aiogram.methods
from aiogram.methods import TelegramMethod
from pydantic import BaseModel, ValidationError

from simulator.telegram.errors import ApiError, bad_request
from simulator.telegram.model import Violation

Method = TelegramMethod[Any]

METHODS: dict[str, type[Method]] = {
    method.__api_method__.lower(): method
    for method in (vars(aiogram.methods)[name] for name in aiogram.methods.__all__)
    if isinstance(method, type) and method is not TelegramMethod and issubclass(method, TelegramMethod)
}
"""Every method of the Bot API by its name in lower case: Telegram does not mind the case."""

MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "voice": "there is no voice in the request",
    "media": "media is empty",
    "message_id": "message identifier is not specified",
    "file_id": "file_id not specified",
    "callback_query_id": "query_id is empty",
}

LENIENT = {"setWebhook": {"url": ""}}
"""What the schema requires and the real server does not: aiogram's client sends no empty value at all."""


class Misfit(Exception):
    """The request does not fit: what to note down, and what to answer."""

    def __init__(self, violations: list[Violation], answer: ApiError) -> None:
        super().__init__(answer.description)
        self.violations = violations
        self.answer = answer


def fit(method: type[Method], parameters: Mapping[str, Any]) -> Method:
    """The parameters as the method's own types. Raises Misfit for a missing, unknown or mistyped one.

    A parameter of a compound type may come as a JSON text, as it does in forms.
    """
    name = method.__api_method__
    parameters = {**LENIENT.get(name, {}), **parameters}
    try:
        read = method.model_validate({key: _decoded(method, key, value) for key, value in parameters.items()})
    except ValidationError as error:
        violations = [Violation(method=name, parameter=_path(e["loc"]), problem=e["msg"]) for e in error.errors()]
        raise Misfit(violations, _refusal(error, violations[0])) from None
    unknown = [Violation(method=name, parameter=path, problem="unknown to the Bot API") for path in _unknown(read)]
    if unknown:
        raise Misfit(unknown, bad_request(f'parameter "{unknown[0].parameter}" is unknown to the Bot API'))
    return read


def _decoded(method: type[Method], name: str, value: object) -> object:
    field = method.model_fields.get(name)
    if field is None or not isinstance(value, str) or _admits_text(field.annotation):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _admits_text(annotation: object) -> bool:
    return annotation is str or str in get_args(annotation)


def _refusal(error: ValidationError, first: Violation) -> ApiError:
    if error.errors()[0]["type"] == "missing" and first.parameter in MISSING:
        return bad_request(MISSING[first.parameter])
    return bad_request(f'parameter "{first.parameter}": {first.problem}')


def _unknown(value: object, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from (_path((*path, name)) for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, (*path, index))


def _path(location: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in location)
