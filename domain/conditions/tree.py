"""Conditions: groups with and, or, not around tests. Frozen values, read from JSON and written back the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from domain.conditions.atoms import BOUNDS
from domain.conditions.problems import Unreadable, unknown
from domain.conditions.values import Value, read, read_param, written
from domain.conditions.vocabulary import OPERATORS, Shape, Subject, Vocabulary

DEPTH, LEAVES = 8, 100
"""How deep groups may lie in each other, and how many tests there may be."""


@dataclass(frozen=True, slots=True)
class Test:
    """One question: does this operator hold between the subject and the value?"""

    __test__ = False  # pytest looks at names
    subject: str
    op: str
    value: Value = None
    of: tuple[tuple[str, str], ...] = ()
    """What narrows the subject: (name, value) pairs in the vocabulary's order."""
    shape: Shape = Shape.ONE


@dataclass(frozen=True, slots=True)
class All:
    """Every one of them holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of them holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    part: Condition


Condition = All | AnyOf | Not | Test


def parse(given: object, vocabulary: Vocabulary) -> Condition:
    """The condition that this JSON says. Raises Unreadable, which names the place and what is allowed there."""
    return _read(given, vocabulary, "", 1, count(1))


def _read(given: object, vocabulary: Vocabulary, path: str, depth: int, seen: count[int]) -> Condition:
    if not isinstance(given, Mapping):
        raise Unreadable(path, "shape")
    if "field" in given:
        if next(seen) > LEAVES:
            raise Unreadable(path, "many", most=str(LEAVES))
        return _test(given, vocabulary, path)
    if len(given) != 1 or (key := next(iter(given))) not in ("all", "any", "not"):
        raise Unreadable(path, "shape")
    if depth > DEPTH:
        raise Unreadable(path, "deep", most=str(DEPTH))
    inner = given[key]
    if key == "not":
        return Not(_read(inner, vocabulary, _at(path, "not"), depth + 1, seen))
    if not isinstance(inner, list | tuple):
        raise Unreadable(path, "shape")
    if not inner:
        raise Unreadable(_at(path, key), "empty")
    parts = (_read(one, vocabulary, _at(path, f"{key}.{n}"), depth + 1, seen) for n, one in enumerate(inner))
    return (All if key == "all" else AnyOf)(tuple(parts))


def _at(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


def _test(given: Mapping[str, object], vocabulary: Vocabulary, path: str) -> Test:
    name, op = given["field"], given.get("op")
    subject = vocabulary.get(name) if isinstance(name, str) else None
    if subject is None:
        raise unknown(path, "subject", name, vocabulary)
    shapes = OPERATORS[subject.type]
    if not isinstance(op, str) or op not in shapes:
        raise unknown(path, "op", op, shapes, subject=subject.name)
    known = {"field", "op", "value", *(p.name for p in subject.params)}
    if strange := [str(key) for key in given if key not in known]:
        raise unknown(path, "key", strange[0], known)
    value = read(_at(path, "value"), subject, shapes[op], op, given.get("value"))
    return Test(subject.name, op, value, _params(subject, given, path), shapes[op])


def _params(subject: Subject, given: Mapping[str, object], path: str) -> tuple[tuple[str, str], ...]:
    found = []
    for param in subject.params:
        said = given.get(param.name)
        if said is None and param.required:
            raise Unreadable(path, "param", given=param.name)
        if said is not None:
            found.append((param.name, read_param(_at(path, param.name), param, said)))
    if "link" in dict(found) and "broadcast" not in dict(found):
        raise Unreadable(path, "param", given="broadcast")
    return tuple(found)


def unparse(condition: Condition) -> dict[str, object]:
    """The condition as JSON."""
    match condition:
        case All(parts):
            return {"all": [unparse(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [unparse(part) for part in parts]}
        case Not(part):
            return {"not": unparse(part)}
        case Test(subject, op, value, of, shape):
            said = {} if value is None else {"value": written(value, shape)}
            return {"field": subject, **{name: _plain(name, one) for name, one in of}, "op": op, **said}


def _plain(name: str, value: str) -> object:
    """What narrows a subject, as JSON has it."""
    if name in BOUNDS:
        return written(Decimal(value), Shape.ONE)
    return int(value) if name == "link" else value


def tests(condition: Condition) -> Iterator[Test]:
    """Every test in it, from the left."""
    match condition:
        case Test():
            yield condition
        case Not(part):
            yield from tests(part)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from tests(part)
