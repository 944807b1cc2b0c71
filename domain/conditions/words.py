"""A condition in one line, for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from domain.conditions.tree import All, Condition, Not, Test
from domain.conditions.vocabulary import Shape, Vocabulary

_JOINED = {"all": (" and ", " и "), "any": (" or ", " или "), "not": ("not ", "не ")}
_OPS: Mapping[str, tuple[str, str]] = {
    "is": ("is {0}", "— {0}"),
    "is_not": ("is not {0}", "— не {0}"),
    "one_of": ("is one of {0}", "— одно из: {0}"),
    "contains": ("contains {0}", "содержит {0}"),
    "starts_with": ("starts with {0}", "начинается с {0}"),
    "known": ("is known", "есть"),
    "empty": ("is empty", "пусто"),
    "less": ("is less than {0}", "меньше {0}"),
    "more": ("is more than {0}", "больше {0}"),
    "between": ("is between {0} and {1}", "от {0} до {1}"),
    "before": ("is before {0}", "раньше {0}"),
    "after": ("is after {0}", "позже {0}"),
    "in_last_days": ("in the last {0} days", "за последние {0} дн."),
    "not_in_last_days": ("not in the last {0} days", "не за последние {0} дн."),
    "in_next_days": ("in the next {0} days", "в ближайшие {0} дн."),
    "anniversary_in_days": ("comes round within {0} days", "— годовщина в ближайшие {0} дн."),
    "has_any": ("has {0}", "есть {0}"),
    "has_all": ("has all of {0}", "есть все: {0}"),
    "has_none": ("has none of {0}", "нет ни одного из: {0}"),
    "at_least": ("at least {0} times in {1} days", "не меньше {0} раз за {1} дн."),
}
_BOUNDED = {"over": ("over {0}", "больше {0}"), "up_to": ("up to {0}", "не больше {0}")}
_EVER = {"known": ("at some time", "когда-нибудь"), "empty": ("never", "никогда")}
_YES = {True: ("yes", "да"), False: ("no", "нет")}
_SHOWN = 5
"""Values of a list that are named; the others are counted."""


def explain(condition: Condition, vocabulary: Vocabulary, language: str, names: Mapping[str, str] | None = None) -> str:
    """ "City is “Perm” and (Tag has “vip” or not ...)", in "en" or "ru".

    `names`: what ids in it are called (segments, broadcasts, members of staff).
    """
    return _say(condition, vocabulary, language, names or {}, outer="")


def _say(condition: Condition, vocabulary: Vocabulary, language: str, names: Mapping[str, str], outer: str) -> str:
    ru = language == "ru"
    if isinstance(condition, Test):
        return _test(condition, vocabulary, language, names)
    if isinstance(condition, Not):
        return _JOINED["not"][ru] + _say(condition.part, vocabulary, language, names, "not")
    kind = "all" if isinstance(condition, All) else "any"
    parts = [_say(part, vocabulary, language, names, kind if len(condition.parts) > 1 else outer)
             for part in condition.parts]  # fmt: skip
    said = _JOINED[kind][ru].join(parts)
    return f"({said})" if len(parts) > 1 and outer not in ("", kind) else said


def _test(test: Test, vocabulary: Vocabulary, language: str, names: Mapping[str, str]) -> str:
    ru = language == "ru"
    subject = vocabulary.get(test.subject)
    label = subject.label(language) if subject else test.subject
    of = ", ".join(_narrowed(name, value, language, names) for name, value in test.of)
    event = subject is not None and subject.type == "event"
    template = _EVER[test.op][ru] if event and test.op in _EVER else _OPS[test.op][ru]
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    said = [_value(value, language, names) for value in values]
    if test.shape is Shape.MANY:
        more = f", +{len(said) - _SHOWN}" if len(said) > _SHOWN else ""
        said = [", ".join(said[:_SHOWN]) + more]
    return f"{label}{f' ({of})' if of else ''} {template.format(*said)}"


def _narrowed(name: str, value: str, language: str, names: Mapping[str, str]) -> str:
    if name in _BOUNDED:
        return _BOUNDED[name][language == "ru"].format(_value(Decimal(value), language, names))
    return names.get(value, value)


def _value(value: object, language: str, names: Mapping[str, str]) -> str:
    ru = language == "ru"
    if isinstance(value, bool):
        return _YES[value][ru]
    if isinstance(value, datetime):
        return f"{value:%d.%m.%Y %H:%M %Z}" if ru else f"{value:%Y-%m-%d %H:%M %Z}"
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}" if ru else value.isoformat()
    if isinstance(value, Decimal | int):
        said = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
        return said.replace(",", " ").replace(".", ",") if ru else said
    text = names.get(str(value), str(value))
    return f"«{text}»" if ru else f"“{text}”"
