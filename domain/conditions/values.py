"""What is written in a test: strictly read by the type of its subject, and written back the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from domain.conditions.problems import Unreadable, unknown
from domain.conditions.vocabulary import Param, Shape, Subject, Type
from domain.money import MOST

LONGEST, MOST_VALUES, MOST_DAYS = 500, 1000, 3660
_FORMS = {"word": re.compile(r"[a-z0-9][a-z0-9_-]{0,39}"), "currency": re.compile("[A-Z]{3}")}

Scalar = str | Decimal | int | bool | date | datetime
Value = Scalar | tuple[Scalar, ...] | None


def read(path: str, subject: Subject, shape: Shape, op: str, given: object) -> Value:
    """The value of a test, typed. Raises Unreadable."""
    if shape is Shape.NONE:
        if given is not None:
            raise Unreadable(path, "no-value", op=op)
        return None
    if shape is Shape.DAYS:
        return _whole(path, given, 0 if op == "anniversary_in_days" else 1, MOST_DAYS)
    if shape is Shape.TIMES:
        return _times(path, given)
    if shape is Shape.ONE:
        return _scalar(path, subject, given)
    if not isinstance(given, list | tuple) or not 0 < len(given) <= MOST_VALUES:
        raise Unreadable(path, "value", what="list", most=f"{MOST_VALUES:,}")
    found = tuple(_scalar(f"{path}.{n}", subject, one) for n, one in enumerate(given))
    return _pair(path, found) if shape is Shape.PAIR else tuple(dict.fromkeys(found))


def _pair(path: str, found: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    if len(found) != 2:
        raise Unreadable(path, "value", what="pair")
    low, high = found
    if type(low) is type(high) and low > high:  # type: ignore[operator]  # of one type, and both can be compared
        raise Unreadable(path, "order")
    return found


def _whole(path: str, given: object, least: int, most: int) -> int:
    if type(given) is not int or not least <= given <= most:
        raise Unreadable(path, "value", what="whole", least=f"{least}", most=f"{most:,}")
    return given


def _times(path: str, given: object) -> tuple[int, int]:
    if not isinstance(given, Mapping) or set(given) != {"times", "days"}:
        raise Unreadable(path, "value", what="times")
    return (
        _whole(f"{path}.times", given["times"], 1, 1_000_000),
        _whole(f"{path}.days", given["days"], 1, MOST_DAYS),
    )


def _scalar(path: str, subject: Subject, given: object) -> Scalar:
    found = _SCALARS[subject.type](path, given)
    if isinstance(found, str) and subject.type in {Type.CHOICE, Type.SET}:
        found = _formed(path, subject.form, found)
    if subject.choices and found not in subject.choices:
        raise unknown(path, "choice", found, subject.choices)
    return found


def _formed(path: str, form: str, text: str) -> str:
    if form == "tag":
        return _text(path, " ".join(text.lower().split())[:60].strip())
    if form == "id":
        return _id(path, text)
    return text


def _text(path: str, given: object) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > LONGEST or "\x00" in given:
        raise Unreadable(path, "value", what="text", most=f"{LONGEST}")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise Unreadable(path, "value", what="text", most=f"{LONGEST}") from None
    return given


def _id(path: str, given: object) -> str:
    try:
        return str(UUID(str(given)))
    except ValueError:
        raise Unreadable(path, "value", what="id") from None


def _number(path: str, given: object) -> Decimal:
    try:
        if isinstance(given, bool) or not isinstance(given, int | float | str | Decimal) or len(str(given)) > 60:
            raise InvalidOperation
        number = Decimal(str(given))
    except InvalidOperation:
        raise Unreadable(path, "value", what="number") from None
    if not number.is_finite() or abs(number.adjusted()) > 40:
        raise Unreadable(path, "value", what="number")
    return number


def _amount(path: str, given: object) -> str:
    """In normal form: "50000", "12.5"."""
    number = _number(path, given)
    if not 0 <= number < MOST or number != round(number, 2):
        raise Unreadable(path, "value", what="amount")
    return f"{number.normalize():f}"


def _date(path: str, given: object) -> date:
    try:
        found = date.fromisoformat(given) if isinstance(given, str) and len(given) == 10 else None
    except ValueError:
        found = None
    if found is None:
        raise Unreadable(path, "value", what="date")
    return found


def _time(path: str, given: object) -> date | datetime:
    """A day begins in the installation's zone; a time says its own."""
    found: date | datetime | None = None
    try:
        if isinstance(given, str):
            found = date.fromisoformat(given) if len(given) == 10 else datetime.fromisoformat(given)
    except ValueError:
        found = None
    naive = isinstance(found, datetime) and found.tzinfo is None
    if found is None or naive or not 1900 <= found.year <= 9000:
        raise Unreadable(path, "value", what="time")
    return found


def _flag(path: str, given: object) -> bool:
    if not isinstance(given, bool):
        raise Unreadable(path, "value", what="flag")
    return given


_SCALARS: Mapping[Type, Callable[[str, object], Scalar]] = {
    Type.TEXT: _text,
    Type.CHOICE: _text,
    Type.SET: _text,
    Type.NUMBER: _number,
    Type.DATE: _date,
    Type.TIME: _time,
    Type.EVENT: _time,
    Type.FLAG: _flag,
    Type.YES: _flag,
    Type.COUNT: lambda path, given: _whole(path, given, 0, 1_000_000),
}


def read_param(path: str, param: Param, given: object) -> str:
    """What narrows a subject, in normal form. Raises Unreadable."""
    if param.form == "number":
        return str(_whole(path, given, 0, 32_000))
    if param.form == "amount":
        return _amount(path, given)
    text = _id(path, given) if param.form == "id" else _text(path, given)
    if param.form in _FORMS and not _FORMS[param.form].fullmatch(text):
        raise Unreadable(path, "value", what=param.form)
    if param.choices and text not in param.choices:
        raise unknown(path, "choice", text, param.choices)
    return text


def written(value: Value, shape: Shape) -> object:
    """The value as JSON has it: `read` gives the same again."""
    if isinstance(value, tuple):
        if shape is Shape.TIMES:
            return dict(zip(("times", "days"), value, strict=True))
        return [written(one, Shape.ONE) for one in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else str(value)
    return value.isoformat() if isinstance(value, date) else value
