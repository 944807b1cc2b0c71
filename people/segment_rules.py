"""The rules of segments: read, said in words, and asked with the rules of the segments that they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.conditions import Condition, Logic, Test, Unreadable, Vocabulary, explain, parse, plan, tests
from domain.messages import utcnow
from people.segment_facts import vocabulary
from store import segments as stored
from store.engine import Connection
from store.segments import Segment


def referred(rule: object) -> set[str]:
    """The ids of the segments that this JSON of a condition refers to. Pure."""
    if isinstance(rule, Mapping):
        if rule.get("field") == "segment":
            value = rule.get("value")
            return {str(one) for one in value} if isinstance(value, list) else set()
        return {id_ for one in rule.values() for id_ in referred(one)}
    return {id_ for one in rule for id_ in referred(one)} if isinstance(rule, list) else set()


async def said(connection: Connection, segment: Segment, language: str) -> str:
    """The rule in one line, in "en" or "ru"; "" for a list. A rule that broke since says what is wrong with it."""
    if segment.rule is None:
        return ""
    words = await vocabulary(connection)
    try:
        condition = parse(segment.rule, words)
    except Unreadable as error:
        return error.words(language)
    ids = {one for test in tests(condition) for one in _ids_in(test)}
    return explain(condition, words, language, await stored.called(connection, ids))


def _ids_in(test: Test) -> set[str]:
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    said = {str(value) for value in (*values, *(value for _, value in test.of))}
    return {one for one in said if _ID.fullmatch(one)}


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def read(connection: Connection, rule: object, *, within: UUID | None = None) -> Condition:
    """The condition that this JSON says; segments may be named by their names. Raises Unreadable.

    `within`: the segment whose rule it is to be: whatever leads back to it is refused.
    """
    known, words = await stored.listed(connection), await vocabulary(connection)
    condition = parse(_by_id(rule, {one.name: str(one.id) for one in known}), words)
    rules = _rules(known, words, condition)
    if within:
        rules |= {str(within): condition}
    plan(condition, words, utcnow(), ZoneInfo("UTC"), rules)
    if within and any(str(within) in _segments_of(one) for one in (condition, *rules.values()) if one):
        raise Unreadable("", "segment", given=str(within))
    return condition


def _by_id(rule: object, ids: Mapping[str, str]) -> object:
    """The same JSON with ids in place of segments' names."""
    if isinstance(rule, list):
        return [_by_id(one, ids) for one in rule[:1000]]
    if not isinstance(rule, Mapping):
        return rule
    if rule.get("field") == "segment" and isinstance(value := rule.get("value"), list):
        return {**rule, "value": [ids.get(one, one) if isinstance(one, str) else one for one in value]}
    return {key: _by_id(one, ids) if key in ("all", "any", "not") else one for key, one in rule.items()}


def _segments_of(condition: Condition) -> set[str]:
    found: set[str] = set()
    for test in tests(condition):
        if test.subject == "segment" and isinstance(test.value, tuple):
            found |= {str(value) for value in test.value}
    return found


def _rules(known: Iterable[Segment], words: Vocabulary, condition: Condition) -> dict[str, Condition | None]:
    """The rules of all segments that the condition refers to, whatever lies between."""
    by_id = {str(one.id): one for one in known}
    found: dict[str, Condition | None] = {}
    waiting = _segments_of(condition)
    while waiting:
        id_ = waiting.pop()
        if id_ in found or id_ not in by_id:
            continue
        rule = by_id[id_].rule
        found[id_] = parsed = None if rule is None else parse(rule, words)
        waiting |= _segments_of(parsed) if parsed else set()
    return found


async def logic(connection: Connection, condition: Condition, now: datetime, zone: ZoneInfo) -> Logic:
    """What the condition asks at this moment, of everybody or (`matches`) of one. Raises Unreadable."""
    words = await vocabulary(connection)
    return plan(condition, words, now, zone, _rules(await stored.listed(connection), words, condition))
