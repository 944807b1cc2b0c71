"""What is wrong with a condition, where, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches


class Unreadable(ValueError):
    """A condition that cannot be read. `path`: where, as "all.1.any.0"; `key` says why, `words` says it to a person."""

    def __init__(self, path: str, key: str, **facts: str) -> None:
        self.path, self.key, self.facts = path, key, facts
        super().__init__(self.words("en"))

    def words(self, language: str) -> str:
        """Where it is wrong and what to do, in "en" or "ru"."""
        ru = language == "ru"
        what = _WHAT[self.facts["what"]][ru].format(**self.facts) if "what" in self.facts else ""
        said = _WORDS[self.key][ru].format(**{**self.facts, "what": what})
        if near := self.facts.get("near"):
            said += _NEAR[ru].format(near=near)
        elif allowed := self.facts.get("allowed"):
            said += _ALLOWED[ru].format(allowed=allowed)
        return f"{self.path}: {said}" if self.path else said


def unknown(path: str, key: str, given: object, allowed: Iterable[str], **facts: str) -> Unreadable:
    """The error for a name that nobody knows, with the one that was meant, or all that there are."""
    name, names = str(given)[:60], sorted(allowed)
    near = get_close_matches(name, names, 1, cutoff=0.65)  # at 0.6 'more' was taken for 'before'
    return Unreadable(path, key, given=name, near=near[0] if near else "", allowed=", ".join(names)[:500], **facts)


_NEAR = ("; did you mean '{near}'?", "; может быть, «{near}»?")
_ALLOWED = ("; allowed: {allowed}", "; можно: {allowed}")
_WORDS: Mapping[str, tuple[str, str]] = {
    "shape": (
        'a condition is {{"all": [...]}}, {{"any": [...]}}, {{"not": {{...}}}} or a test '
        '{{"field": ..., "op": ..., "value": ...}}',
        'условие — это {{"all": [...]}}, {{"any": [...]}}, {{"not": {{...}}}} или проверка '
        '{{"field": ..., "op": ..., "value": ...}}',
    ),
    "empty": ("a group needs at least one condition", "в группе должно быть хотя бы одно условие"),
    "deep": ("groups lie in each other at most {most} deep", "группы вложены глубже {most} уровней"),
    "many": ("a condition has at most {most} tests", "в условии больше {most} проверок"),
    "subject": ("field '{given}' is unknown", "поле «{given}» неизвестно"),
    "op": ("'{given}' does not go with {subject}", "«{given}» не подходит к {subject}"),
    "key": ("'{given}' is not known here", "«{given}» здесь неизвестно"),
    "param": ("say which {given}", "укажите {given}"),
    "no-value": ("{op} takes no value", "для {op} значение не нужно"),
    "value": ("this is not {what}", "это не {what}"),
    "choice": ("'{given}' is not one of them", "«{given}» нет в списке"),
    "order": ("the first value is greater than the second", "первое значение больше второго"),
    "segment": (
        "segment {given} is gone or refers to itself; choose another one",
        "сегмента {given} нет или он ссылается на себя; выберите другой",
    ),
}
_WHAT: Mapping[str, tuple[str, str]] = {
    "list": ("a list of 1 to {most} values", "список от 1 до {most} значений"),
    "pair": ("a list of two values, from and to", "список из двух значений, «от» и «до»"),
    "whole": ("a whole number from {least} to {most}", "целое число от {least} до {most}"),
    "times": ('like {{"times": 3, "days": 30}}', 'значение вида {{"times": 3, "days": 30}}'),
    "text": ("a text of 1 to {most} characters", "текст от 1 до {most} знаков"),
    "id": (
        "an id, like 0199d2f0-1111-7000-8000-000000000000",
        "идентификатор вида 0199d2f0-1111-7000-8000-000000000000",
    ),
    "number": ("a number, like 50000 or 12.5", "число вида 50000 или 12.5"),
    "date": ("a date, like 2026-12-31", "дата вида 2026-12-31"),
    "time": (
        "a day like 2026-12-31, or a time like 2026-12-31T12:00:00Z",
        "день вида 2026-12-31 или время вида 2026-12-31T12:00:00Z",
    ),
    "flag": ("true or false", "true или false"),
    "amount": ("a sum, like 50000 or 12.50", "сумма вида 50000 или 12.50"),
    "currency": ("a currency, like RUB or EUR", "валюта вида RUB или EUR"),
    "word": ("a word of small Latin letters, digits, - and _", "слово из строчных латинских букв, цифр, - и _"),
}
