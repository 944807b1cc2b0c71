"""What people read about a broadcast: outcomes, reasons, waits, states and refusals, in English and Russian."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from broadcasts.content import reasons
from broadcasts.content.marks import NotCompiled
from broadcasts.lifecycle import Refused
from broadcasts.progress import Wait

Pair = tuple[str, str]
"""English, Russian."""
OUTCOMES: Mapping[str, Pair] = {
    "planned": ("to be sent", "ещё не отправлено"),
    "sent": ("sent", "отправлено"),
    "delivered": ("delivered", "доставлено"),
    "opened": ("opened", "открыто"),
    "clicked": ("followed a link", "перешли по ссылке"),
    "answered": ("answered", "ответили"),
    "unsubscribed": ("unsubscribed", "отписались"),
    "complained": ("complained", "пожаловались"),
    "bounced_soft": ("given up after several tries", "не приняли после нескольких попыток"),
    "bounced_hard": ("no such address", "адреса не существует"),
    "failed": ("failed", "не удалось"),
    "unknown": ("perhaps sent: the connection broke", "возможно, отправлено: связь оборвалась"),
    "skipped": ("left out", "пропущено"),
}
DELIVERIES: Mapping[str, Pair] = {
    "pending": ("still on its way", "ещё в пути"),
    "sending": ("still on its way", "ещё в пути"),
    "read": ("read", "прочитано"),
    "skipped": ("not sent", "не отправлено"),
}
"""States of a single message that no recipient has."""
UNDERWAY = ("pending", "sending")
CODES: Mapping[str, Pair] = {
    "erased": ("was erased on demand", "данные удалены по просьбе"),
    "suppressed": ("takes nothing more at this address", "по этому адресу больше не пишем"),
    "withdrawn": ("wants no mailings", "отказ от рассылок"),
    "paused": ("has paused mailings", "рассылки приостановлены получателем"),
    "no_consent": ("has not agreed to mailings", "нет согласия на рассылки"),
    "no_address": ("has no address by these channels", "нет адреса в этих каналах"),
    "duplicate": ("the address belongs to another recipient, too", "этот адрес уже есть у другого получателя"),
    "capped": ("has had enough mailings lately", "недавно уже получил достаточно рассылок"),
    "quiet": ("waits for the end of quiet hours", "ждёт конца тихих часов"),
    "cancelled": ("the broadcast was cancelled", "рассылка отменена"),
    "large_file": ("the files that belong to it are too large", "файлы, которые должны уйти, слишком велики"),
    "no_file": ("has no such file on the card", "на карточке нет такого файла"),
    "hard": ("no such address", "адреса не существует"),
    "soft": ("not taken after several tries", "не приняли после нескольких попыток"),
    "rejected": ("the provider refused it", "провайдер отказал"),
    "fault": ("a fault in Leadwire itself", "ошибка в самом Leadwire"),
    "uncertain": ("the connection broke while it was sent", "связь оборвалась во время отправки"),
}
STATES: Mapping[str, Pair] = {
    "draft": ("draft", "черновик"),
    "scheduled": ("scheduled", "запланирована"),
    "running": ("running", "идёт"),
    "paused": ("paused", "на паузе"),
    "cancelled": ("cancelled", "отменена"),
    "finished": ("finished", "закончена"),
}
_SPANS: Mapping[str, Pair] = {
    "second": ("this second", "за эту секунду"),
    "minute": ("this minute", "за эту минуту"),
    "hour": ("this hour", "за этот час"),
    "day": ("today", "за сегодня"),
}
_WAITS: Mapping[str, Pair] = {
    "soft": ("it asks us to slow down", "просит отправлять медленнее"),
    "hard": ("too many addresses do not exist", "слишком много несуществующих адресов"),
    "blocked": ("it refuses too many letters", "отклоняет слишком много писем"),
    "complaints": ("too many complaints", "слишком много жалоб"),
    "quiet": ("quiet hours", "тихие часы"),
    "later": ("quiet hours, other time zones, further tries", "тихие часы, другие часовые пояса, повторы"),
    "cascade": ("who has not read or got it gets the next channel then", "кто не получил, получит по другому каналу"),
    "paused": ("paused", "на паузе"),
    "channel": ("the channel rests", "канал остановлен"),
}
_UNTIL: Pair = ("goes on in {time}", "продолжение через {time}")
_OF: Pair = ("{limit} of {limit} {span}", "{limit} из {limit} {span}")
_REFUSED: Mapping[str, str] = {
    "unknown": "Такого нет. Проверьте имя или идентификатор.",
    "name": "Рассылке нужно название от 1 до 200 знаков.",
    "channel": "Через «{channel}» рассылки не отправляются. Каналы из leadwire.toml: {known}.",
    "purpose": "purpose: темы «{purpose}» нет. {meant}Темы из leadwire.toml: {known}.",
    "too-early": "{at} — это время уже прошло. Чтобы начать сейчас, не указывайте время.",
    "too-late": "{at} — это больше чем через год. Выберите время ближе.",
    "resumes-early": "{at} — это время уже прошло. Не указывайте его и продолжите сами (resume), когда нужно.",
    "not-draft": "Рассылка {state}, изменить её нельзя: {instead}.",
    "changed": "Её тем временем изменил кто-то другой. Посмотрите, какова она теперь, и повторите.",
    "unconfirmed": "Получателей {count}, больше чем {most}: сначала её подтверждает (confirm) кто-то, кроме {who}.",
    "own": "Автор не может подтвердить свою рассылку сам: попросите другого.",
    "state": "Рассылка {state}, {to} её нельзя: {instead}.",
    "not-sent": "Рассылка {state}, повторять нечего: {instead}.",
    "attachments-channel": "SMS не передаёт файлов: дайте в тексте ссылку или напишите по почте или в Telegram.",
    "attachments-many": "Файлов {count}, больше чем {most}: отправьте их несколькими сообщениями.",
    "attachment-empty": "Файл «{name}» пуст: проверьте его содержимое.",
    "attachment-large": "Файл «{name}» больше {kb} КБ: дайте ссылку.",
    "attachments-large": "Файлы вместе больше {kb} КБ: дайте ссылку.",
    "picture": "«{name}» — не PNG, JPEG, GIF или WebP до {kb} КБ: уменьшите картинку или дайте её адрес в интернете.",
    "picture-unhosted": "Картинку «{name}» взять негде: укажите server.public_url или напишите cid:{name}.",
    "code": "Причины «{wanted}» нет. Есть: {known}.",
    "template": "Такого шаблона нет. Посмотрите, какие есть, или сохраните новый.",
    "template-name": "Имя шаблона: строчные латинские буквы, цифры, дефис и точка, не больше 80 знаков.",
    "contact": "Такого контакта нет. Проверьте идентификатор.",
    "test": "Пробное письмо отправляется хотя бы одному и не больше чем 20 получателям.",
    "message": "Дайте текст или шаблон, адрес или контакт; html — только для почты и вместе с текстом.",
    "no-address": "У контакта нет адреса для этого канала. Возьмите другой канал.",
}
_TO: Mapping[str, str] = {
    "changed": "изменить",
    "tried again": "повторить",
    "taken off the calendar": "снять с расписания",
    "begun": "начать",
    "resumed": "продолжить",
    "paused": "поставить на паузу",
    "cancelled": "отменить",
}
_IS: Mapping[str, str] = {
    "draft": "ещё черновик",
    "scheduled": "запланирована",
    "running": "уже идёт",
    "paused": "на паузе",
    "cancelled": "отменена",
    "finished": "закончена",
}
_INSTEAD: Mapping[str, str] = {
    "draft": "её можно начать (start), запланировать (schedule) или изменить (change)",
    "scheduled": "её можно снять с расписания (unschedule), тогда это снова черновик, или отменить (cancel)",
    "running": "её можно остановить на время (pause) или насовсем (cancel); для другой сделайте копию (copy)",
    "paused": "её можно продолжить (resume) или отменить (cancel); для другой сделайте копию (copy)",
    "cancelled": "чтобы всё-таки отправить, сделайте копию (copy) и начните её",
    "finished": "можно повторить тем, кому не удалось (retry), или сделать копию (copy) и начать её",
}
MISSING = frozenset({"unknown", "template", "contact"})
"""Codes of refusals that mean: there is no such thing."""


def _of(table: Mapping[str, Pair], key: str, language: str) -> str:
    return _pick(table[key], language) if key in table else key


def _pick(pair: Pair, language: str) -> str:
    return pair[language == "ru"]


def outcome_said(outcome: str, language: str) -> str:
    """What became of somebody. Pure."""
    return _of(OUTCOMES, outcome, language)


def delivery_said(state: str, language: str) -> str:
    """Where a single message stands. Pure."""
    return _of({**OUTCOMES, **DELIVERIES}, state, language)


def code_said(code: str, language: str) -> str:
    """Why; "" for no reason. Pure."""
    return _of(CODES, code, language)


def state_said(state: str, language: str) -> str:
    """Where a broadcast stands. Pure."""
    return _of(STATES, state, language)


def refused_said(error: Refused, language: str) -> str:
    """Why something cannot be done, and what to do. Pure."""
    if language != "ru" or error.code not in _REFUSED:
        return str(error)
    state, to = str(error.facts.get("state", "")), str(error.facts.get("to", ""))
    near = error.facts.get("near")
    named = {
        "state": _IS.get(state, state), "to": _TO.get(to, to), "instead": _INSTEAD.get(state, ""),
        "meant": f"Может быть, «{near}»? " if near else "",
    }  # fmt: skip
    return _REFUSED[error.code].format_map(error.facts | named)


def content_said(error: NotCompiled, language: str) -> str:
    """Which text of a content is no template. Pure."""
    code = "template" if error.key == "syntax" else f"template_{error.key}"
    said = reasons.said(error.where, code, {"detail": error.detail}, (), language)
    return f"{error.where}: {said}" if error.where else said


def wait_said(wait: Wait, now: datetime, language: str = "en") -> str:
    """ "gmail: 20 of 20 this minute, goes on in 0:34". Pure."""
    who = wait.provider or wait.channel
    if wait.reason in _SPANS:
        why = _pick(_OF, language).format(limit=wait.limit, span=_of(_SPANS, wait.reason, language))
    else:
        why = _of(_WAITS, wait.reason, language)
    said = f"{why}: {wait.words}" if wait.words else why
    if wait.until is not None:
        said += ", " + _pick(_UNTIL, language).format(time=clock(max(0.0, (wait.until - now).total_seconds())))
    return f"{who}: {said}" if who else said


def clock(seconds: float) -> str:
    """ "0:34", "5:00:00". Pure."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
