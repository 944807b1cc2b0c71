"""The question whether two cards are one person, as Telegram HTML with buttons. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from domain.messages import Button
from notifications.lines import one_line
from notifications.words import moment
from store.reviews import Side
from store.suggestions import Suggestion

_ICONS = {"email": "✉️", "phone": "📞", "telegram": "✈️"}
_WEAK = 0.5
"""Bits. What says less than this is not worth a word."""
_SHOWN_FIELDS = ("born", "city", "company")

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "ask": "Is this one person?",
        "same_said": "One person, said {who}",
        "different_said": "Not the same, said {who}",
        "gone": "This question has settled itself",
        "later": "You will be asked again tomorrow",
        "for": "For it",
        "against": "Against it",
        "since": "known since {at}",
        "last": "wrote last {at}",
        "same": "Same",
        "different": "Not the same",
        "put_off": "Later",
        "veto": "Veto",
        "undo": "Undo",
        "name": "name",
        "email": "e-mail",
        "phone": "phone",
        "telegram": "Telegram",
        "city": "city",
        "company": "company",
        "born": "date of birth",
        "unnamed": "No name given",
        "claimed": "not verified",
    },
    "ru": {
        "ask": "Это один человек?",
        "same_said": "Один человек, решение: {who}",
        "different_said": "Разные люди, решение: {who}",
        "gone": "Вопрос снят",
        "later": "Спросим ещё раз завтра",
        "for": "За",
        "against": "Против",
        "since": "известен с {at}",
        "last": "писал {at}",
        "same": "Один",
        "different": "Разные",
        "put_off": "Позже",
        "veto": "Запретить",
        "undo": "Отменить",
        "name": "имя",
        "email": "почта",
        "phone": "телефон",
        "telegram": "Telegram",
        "city": "город",
        "company": "компания",
        "born": "дата рождения",
        "unnamed": "Имя не указано",
        "claimed": "не подтверждено",
    },
}
LEVELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "full": "the same with patronymic", "same": "the same", "near": "nearly the same", "initials": "initials agree",
        "part": "a part is the same", "given": "the same given name", "surname": "the same surname only",
        "differs": "different", "last 10": "the last 10 digits agree", "last 7": "the last 7 digits agree",
        "local part": "the same before the @", "swapped": "day and month swapped", "day and month": "another year",
        "year": "the same year only", "alike": "somewhat alike",
    },
    "ru": {
        "full": "совпадает с отчеством", "same": "совпадает", "near": "почти совпадает",
        "initials": "совпадают инициалы",
        "part": "совпадает часть", "given": "совпадает только имя", "surname": "совпадает только фамилия",
        "differs": "отличается", "last 10": "совпадают последние 10 цифр", "last 7": "совпадают последние 7 цифр",
        "local part": "совпадает до @", "swapped": "день и месяц переставлены", "day and month": "другой год",
        "year": "совпадает только год", "alike": "отчасти похоже",
    },
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """All that the question shows."""

    suggestion: Suggestion
    one: Side
    other: Side
    decided_by: str = ""
    """Who has said something; empty while it is open."""
    is_put_off: bool = False


def review(asked: Asked, language: str, zone: ZoneInfo, now: datetime) -> str:
    """The question, or what was said to it."""
    say = WORDS.get(language, WORDS["en"])
    parts = [
        f"🔗 <b>{_head(asked, say)}</b>",
        _side(1, asked.one, say, language, zone, now),
        _side(2, asked.other, say, language, zone, now),
        _reasons("➕", say["for"], (r for r in asked.suggestion.reasons if r[2] > _WEAK), language),
        _reasons("➖", say["against"], (r for r in asked.suggestion.reasons if r[2] < -_WEAK), language),
    ]
    return "\n\n".join(filter(None, parts))


def _head(asked: Asked, say: Mapping[str, str]) -> str:
    state = asked.suggestion.state
    if state in ("same", "different"):
        return say[f"{state}_said"].format(who=escape(one_line(asked.decided_by, 60)))
    if state == "gone":
        return say["gone"]
    return say["later"] if asked.is_put_off else say["ask"]


def _side(number: int, side: Side, say: Mapping[str, str], language: str, zone: ZoneInfo, now: datetime) -> str:
    names = " / ".join(escape(one_line(name, 60)) for name in side.names) or say["unnamed"]
    numbers = " ".join(f"#{n}" for n in side.leads)
    when = side.last_at or side.created_at
    since = say["last" if side.last_at else "since"].format(at=moment(when, now, zone, language))
    told = [f"{say[f]}: {escape(one_line(side.fields[f], 60))}" for f in _SHOWN_FIELDS if side.fields.get(f)]
    lines = [f"<b>{number}. {names}</b> {numbers}".strip(), *_addresses(side.addresses, say), *told, f"<i>{since}</i>"]
    return "\n".join(lines)


def _addresses(addresses: Sequence[Mapping[str, Any]], say: Mapping[str, str]) -> list[str]:
    """What was only typed says so: a stranger may have typed it."""
    return [
        f"{_ICONS.get(str(a['kind']), '•')} {escape(one_line(str(a['value']), 80))}"
        + ("" if a["proved"] else f" <i>({say['claimed']})</i>")
        for a in addresses[:4]
    ]


def _reasons(icon: str, head: str, reasons: Iterable[Sequence[Any]], language: str) -> str:
    say, levels = WORDS.get(language, WORDS["en"]), LEVELS.get(language, LEVELS["en"])
    told = [
        f"{say.get(field, escape(field.removeprefix('custom.')))} {levels.get(level, escape(level))}"
        for field, level, _ in reasons
    ]
    return f"{icon} {head}: {'; '.join(told[:6])}" if told else ""


def offered(facts: Mapping[str, Any]) -> tuple[tuple[Button, ...], ...]:
    """What an operator may answer a line with: of an export that waits, that it is forbidden."""
    if "veto" not in facts:
        return ()
    say = WORDS.get(str(facts.get("language")), WORDS["en"])
    return ((Button(text=say["veto"], data=f"veto:{facts['veto']}"),),)


def buttons(asked: Asked, language: str) -> tuple[tuple[Button, ...], ...]:
    """What can be said now."""
    say, which = WORDS.get(language, WORDS["en"]), asked.suggestion.id.hex
    if asked.suggestion.state in ("same", "different"):
        return ((Button(text=say["undo"], data=f"undo:{which}"),),)
    if asked.suggestion.state != "open" or asked.is_put_off:
        return ()
    same, different, later = (
        Button(text=say[word], data=f"{verb}:{which}")
        for word, verb in (("same", "same"), ("different", "different"), ("put_off", "later"))
    )
    return ((same, different), (later,))
