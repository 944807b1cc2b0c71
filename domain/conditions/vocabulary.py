"""What may be asked of a person: subjects, each with its type, and the operators of each type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.messages import AddressKind


class Type(StrEnum):
    """What an answer is."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"
    CHOICE = "choice"
    SET = "set"  # several words at once: tags, channels
    TIME = "time"  # a moment that each person has
    EVENT = "event"  # moments at which something happened, none or many
    COUNT = "count"  # how many; nothing is 0
    YES = "yes"  # holds or not


class Shape(StrEnum):
    """What stands in `value`."""

    NONE = "none"
    ONE = "one"
    MANY = "many"
    PAIR = "pair"
    DAYS = "days"
    TIMES = "times"  # {"times": 3, "days": 30}


_EMPTY = {"known": Shape.NONE, "empty": Shape.NONE}
_EQUAL = {"is": Shape.ONE, "is_not": Shape.ONE, "one_of": Shape.MANY}
_MORE = {"less": Shape.ONE, "more": Shape.ONE, "between": Shape.PAIR}
_WHEN = {
    "before": Shape.ONE, "after": Shape.ONE, "between": Shape.PAIR,
    "in_last_days": Shape.DAYS, "not_in_last_days": Shape.DAYS,
}  # fmt: skip
OPERATORS: Mapping[Type, Mapping[str, Shape]] = {
    Type.TEXT: {**_EQUAL, "contains": Shape.ONE, "starts_with": Shape.ONE, **_EMPTY},
    Type.NUMBER: {"is": Shape.ONE, "is_not": Shape.ONE, **_MORE, **_EMPTY},
    Type.DATE: {
        "is": Shape.ONE, "is_not": Shape.ONE, **_WHEN, "in_next_days": Shape.DAYS, "anniversary_in_days": Shape.DAYS,
        **_EMPTY,
    },
    Type.FLAG: {"is": Shape.ONE, "is_not": Shape.ONE, **_EMPTY},
    Type.CHOICE: {**_EQUAL, **_EMPTY},
    Type.SET: {"has_any": Shape.MANY, "has_all": Shape.MANY, "has_none": Shape.MANY, **_EMPTY},
    Type.TIME: _WHEN,
    Type.EVENT: {**_WHEN, "at_least": Shape.TIMES, **_EMPTY},
    Type.COUNT: {"is": Shape.ONE, "is_not": Shape.ONE, **_MORE},
    Type.YES: {"is": Shape.ONE},
}  # fmt: skip
"""Type -> operator -> what its value is. Negative ones hold for those of whom nothing is known, too: each condition
holds or does not hold, and "is_not" is exactly what "is" leaves over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Param:
    """What narrows a subject: of which channel, of which broadcast."""

    name: str
    choices: tuple[str, ...] = ()
    form: str = "text"
    """text, id, word (small Latin letters), number, amount (of money), currency (ISO 4217)."""
    required: bool = False
    default: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Something that may be asked of a person."""

    name: str
    type: Type
    labels: Mapping[str, str]
    """Language -> what people read."""
    field: str = ""
    """The field of a card whose shown value it is; "" when it is none."""
    choices: tuple[str, ...] = ()
    form: str = "text"
    """Of a choice and a set: text, tag, id."""
    params: tuple[Param, ...] = ()

    def label(self, language: str) -> str:
        """What people read; the name when there is no label."""
        return self.labels.get(language) or self.labels.get("en") or next(iter(self.labels.values()), self.name)


Vocabulary = Mapping[str, Subject]
"""Name -> what may be asked."""

REACH: Mapping[str, AddressKind] = {
    "email": AddressKind.EMAIL,
    "sms": AddressKind.PHONE,
    "telegram": AddressKind.TELEGRAM,
}
"""Channel -> the kind of address that it reaches."""
LEAD_STATES = ("any", "open", "won", "lost")
_CHANNEL = Param(name="channel")
_BROADCAST = Param(name="broadcast", form="id")
_LINK = Param(name="link", form="number")
_SUM = (
    Param(name="over", form="amount"), Param(name="up_to", form="amount"), Param(name="currency", form="currency"),
)  # fmt: skip


def _subject(name: str, type_: Type, en: str, ru: str, *params: Param, form: str = "text", **choices: str) -> Subject:
    return Subject(
        name=name, type=type_, labels={"en": en, "ru": ru}, params=params, form=form, choices=tuple(choices.values())
    )


HOUSE: Vocabulary = {
    subject.name: subject
    for subject in (
        _subject("tag", Type.SET, "Tag", "Метка", form="tag"),
        _subject("company_name", Type.SET, "Company in the list", "Компания из списка"),
        _subject("company_kind", Type.SET, "Kind of company", "Вид компании", a="client", b="partner"),
        _subject("reach", Type.SET, "Reachable by", "Можно написать через", **{c: c for c in REACH}),
        _subject("segment", Type.SET, "Segment", "Сегмент", form="id"),
        _subject("owner", Type.CHOICE, "Responsible", "Ответственный", form="id"),
        _subject("created_at", Type.TIME, "Known since", "Известен с"),
        _subject(
            "consent",
            Type.YES,
            "Consent",
            "Согласие",
            Param(name="purpose", form="word", required=True),
            Param(name="channel", form="word"),
        ),
        _subject("leads", Type.COUNT, "Leads", "Заявки", Param(name="state", choices=LEAD_STATES, default="any")),
        _subject("lead_opened", Type.EVENT, "Opened a lead", "Новая заявка", *_SUM),
        _subject("lead_won", Type.EVENT, "Lead won", "Заявка выиграна", *_SUM),
        _subject("lead_lost", Type.EVENT, "Lead lost", "Заявка проиграна", *_SUM),
        _subject("wrote", Type.EVENT, "Wrote to us", "Писал нам", _CHANNEL),
        _subject("written_to", Type.EVENT, "We wrote", "Мы писали", _CHANNEL),
        _subject("got", Type.EVENT, "Got a broadcast", "Получил рассылку", _BROADCAST),
        _subject("opened", Type.EVENT, "Opened a broadcast", "Открыл рассылку", _BROADCAST),
        _subject("clicked", Type.EVENT, "Clicked in a broadcast", "Перешёл по ссылке рассылки", _BROADCAST, _LINK),
        _subject("answered", Type.EVENT, "Answered a broadcast", "Ответил на рассылку", _BROADCAST),
        _subject("unopened", Type.COUNT, "Latest broadcasts not opened", "Последних рассылок не открыто подряд"),
    )
}
"""What can be asked besides the fields of cards."""
