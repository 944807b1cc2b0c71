"""The words of a lead's card and of subjects, in English and Russian; times as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time
from babel.numbers import format_currency, get_currency_symbol

from domain.money import Money

_LOCALES = {"en": Locale("en", "GB"), "ru": Locale("ru")}
_DAY_FIRST = "{day}, {time}"

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "new": "New",
        "offered": "Offered to {name}",
        "taken": "{name}, taken {at}",
        "won": "Won",
        "lost": "Lost",
        "spam": "Spam",
        "owned": "{state} · {name}",
        "nobody": "somebody who has left",
        "under": "The same person as #{number}: go on there",
        "also": "The same person wrote {numbers}: it goes on here",
        "unnamed": "No name given",
        "claimed": "not verified",
        "kind_email": "Mail",
        "kind_telegram": "Telegram",
        "kind_form": "Form",
        "kind_sms": "SMS",
        "kind_whatsapp": "WhatsApp",
        "reopen": "Reopen",
        "how_much": "Won for how much? Answer with the sum, or leave it.",
        "customer": "Customer",
        "we": "We",
        "page": "Page",
        "referrer": "Came from",
        "campaign": "Campaign",
        "more_one": "{count} more message",
        "more_other": "{count} more messages",
        "unknown": "it may not have gone out: {reason}",
        "take": "Take",
        "pass": "Pass",
        "reply": "Reply",
        "win": "Won",
        "lose": "Lost",
        "subject": "Your request",
        "unreadable": "This message could not be read ({reason}). The original is attached.",
        "whole": "… (the whole text is in the attached file)",
        "file_error": "File not received",
    },
    "ru": {
        "new": "Новая",
        "offered": "Предложена: {name}",
        "taken": "{name}, в работе с {at}",
        "won": "Успех",
        "lost": "Отказ",
        "spam": "Спам",
        "owned": "{state} · {name}",
        "nobody": "бывший сотрудник",
        "under": "Тот же человек, что в заявке #{number}: продолжайте там",
        "also": "Это тот же человек, что в {numbers}: разговор продолжается здесь",
        "unnamed": "Имя не указано",
        "claimed": "не подтверждено",
        "kind_email": "Почта",
        "kind_telegram": "Telegram",
        "kind_form": "Форма на сайте",
        "kind_sms": "SMS",
        "kind_whatsapp": "WhatsApp",
        "reopen": "Открыть снова",
        "how_much": "На какую сумму? Ответьте суммой — или оставьте так.",
        "customer": "Клиент",
        "we": "Мы",
        "page": "Страница",
        "referrer": "Пришёл с",
        "campaign": "Кампания",
        "more_one": "ещё {count} сообщение",
        "more_few": "ещё {count} сообщения",
        "more_many": "ещё {count} сообщений",
        "more_other": "ещё {count} сообщения",
        "unknown": "возможно, не ушло: {reason}",
        "take": "Взять",
        "pass": "Передать",
        "reply": "Ответить",
        "win": "Успех",
        "lose": "Отказ",
        "subject": "Ваше обращение",
        "unreadable": "Сообщение не удалось прочитать ({reason}). Оригинал приложен.",
        "whole": "… (весь текст в приложенном файле)",
        "file_error": "Файл не получен",
    },
}


def words(language: str) -> Mapping[str, str]:
    """The words of this language, English for one that we do not have."""
    return WORDS.get(language, WORDS["en"])


def more(count: int, language: str) -> str:
    """ "3 more messages", in the right plural form."""
    known = language if language in WORDS else "en"
    form = str(_LOCALES[known].plural_form(count))
    return WORDS[known][f"more_{form}"].format(count=count)


def sum_of(money: Money, language: str) -> str:
    """ "£50,000", "50 000 ₽", "KZT 50,000.50": cents only where there are some."""
    locale = _LOCALES.get(language, _LOCALES["en"])
    pattern = locale.currency_formats["standard"].pattern
    if money.amount == money.amount.to_integral_value():
        pattern = pattern.replace(".00", "")
    if get_currency_symbol(money.currency, locale)[-1:].isalpha():
        pattern = pattern.replace("¤#", "¤\u00a0#")
    return format_currency(money.amount, money.currency, pattern, locale, currency_digits=False)


def moment(at: datetime, now: datetime, zone: ZoneInfo, language: str) -> str:
    """ "14:05", "12 May, 14:05" or "12 May 2025, 14:05", in the reader's zone.

    Not "today" nor "5 minutes ago": a card that is not edited must not become wrong.
    """
    locale = _LOCALES.get(language, _LOCALES["en"])
    local, today = at.astimezone(zone), now.astimezone(zone)
    time = format_time(local, "HH:mm", locale=locale)
    if local.date() == today.date():
        return time
    skeleton = "MMMd" if local.year == today.year else "yMMMd"
    return _DAY_FIRST.format(day=format_skeleton(skeleton, local, locale=locale), time=time)
