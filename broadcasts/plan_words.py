"""What a plan takes at each place, in words and by an example, in English and Russian. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Expected = tuple[str, str, str]
"""English, Russian, an example as it stands in the plan."""
_CLOCK = ("a time of day, hours and minutes", "время суток: часы и минуты")
_WINDOW = ("a whole number from 1 on", "целое число от 1")
EXPECTED: Mapping[str, Expected] = {
    "": ("an object: {...}", "объект: {...}", '{"steps": [{"channel": "inbox"}]}'),
    "audience": (
        'a condition; everybody is {"all": []}',
        'условие; все — это {"all": []}',
        '"audience": {"field": "city", "op": "is", "value": "Perm"}',
    ),
    "steps": (
        "a list of one to five channels, each once",
        "список каналов, от одного до пяти, каждый один раз",
        '"steps": [{"channel": "inbox"}, {"channel": "sms"}]',
    ),
    "steps.channel": (
        "a channel's name as leadwire.toml has it",
        "имя канала, как в leadwire.toml",
        '"channel": "inbox"',
    ),
    "steps.wait_minutes": ("whole minutes, 1 to 43200", "целые минуты, от 1 до 43200", '"wait_minutes": 60'),
    "steps.until": ("sent, delivered or read", "sent, delivered или read", '"until": "delivered"'),
    "choose": ("first, cheapest or preferred", "first, cheapest или preferred", '"choose": "cheapest"'),
    "purpose": (
        "a topic: small Latin letters, digits, - and _",
        "тема: строчные латинские буквы, цифры, - и _",
        '"purpose": "marketing"',
    ),
    "split": (
        "a part of the people: a salt, and from which percent to which",
        "часть людей: соль и проценты, с какого и до какого",
        '"split": {"salt": "spring", "since": 0, "to": 50}',
    ),
    "split.salt": ("a text of 1 to 100 characters", "текст от 1 до 100 знаков", '"salt": "spring"'),
    "split.since": ("percent, 0 to 100, less than `to`", "проценты от 0 до 100, меньше чем `to`", '"since": 0'),
    "split.to": ("percent, 0 to 100, more than `since`", "проценты от 0 до 100, больше чем `since`", '"to": 50'),
    "zone": ("a time zone of the IANA list", "часовой пояс из списка IANA", '"zone": "Europe/Moscow"'),
    "local": ("true or false", "true или false", '"local": true'),
    "quiet": (
        "hours without letters, or null for none",
        "часы без писем, или null, если их нет",
        '"quiet": {"since": "21:00", "to": "09:00"}',
    ),
    "quiet.since": (*_CLOCK, '"since": "21:00"'),
    "quiet.to": (*_CLOCK, '"to": "09:00"'),
    "cap": (
        "at most how many letters in how many days",
        "сколько писем не больше за сколько дней",
        '"cap": {"count": 2, "days": 7}',
    ),
    "cap.count": ("a whole number, 1 to 1000", "целое число от 1 до 1000", '"count": 2'),
    "cap.days": ("whole days, 1 to 366", "целые дни, от 1 до 366", '"days": 7'),
    "pace": (
        "at most how many a second, minute, hour, day",
        "сколько не больше в секунду, минуту, час, день",
        '"pace": {"minute": 100}',
    ),
    "pace.second": (*_WINDOW, '"second": 5'),
    "pace.minute": (*_WINDOW, '"minute": 100'),
    "pace.hour": (*_WINDOW, '"hour": 5000'),
    "pace.day": (*_WINDOW, '"day": 20000'),
    "late_comers": ("true or false", "true или false", '"late_comers": true'),
    "track_opens": ("true or false", "true или false", '"track_opens": false'),
    "track_clicks": ("true or false", "true или false", '"track_clicks": false'),
    "repeat": ("every how many days", "раз во сколько дней", '"repeat": {"days": 7}'),
    "repeat.days": ("whole days, 1 to 366", "целые дни, от 1 до 366", '"days": 7'),
    "repeat.until": (
        "a moment with its zone, or null",
        "момент с часовым поясом или null",
        '"until": "2027-03-01T00:00:00Z"',
    ),
}
"""By the place without the numbers of lists."""
_WORDS: Mapping[str, tuple[str, str]] = {
    "unknown": ("there is no such key; known are {known}", "такого ключа нет; есть {known}"),
    "missing": (
        "this key is missing; expected is {expected}, for example {example}",
        "этого ключа не хватает; ожидается: {expected}, например {example}",
    ),
    "wrong": (
        "not right; expected is {expected}, for example {example}",
        "не подходит; ожидается: {expected}, например {example}",
    ),
}


def said(path: str, key: str, known: Sequence[str], language: str) -> str:
    """What is wrong at this place ("steps[0].until"), what is expected there, and how it may look."""
    russian = language == "ru"
    bare = "".join(part.partition("]")[2] if at else part for at, part in enumerate(path.split("[")))
    english, ours, example = EXPECTED.get(bare, EXPECTED[""])
    words = _WORDS[key][russian].format(known=", ".join(known), expected=ours if russian else english, example=example)
    return f"{path}: {words}" if path else words
