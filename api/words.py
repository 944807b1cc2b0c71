"""What the API says when it says no, in English and in Russian. Each sentence ends with what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PREFERENCE = re.compile(r"([A-Za-z]{2})[A-Za-z0-9-]*(?:\s*;\s*q\s*=\s*([01](?:\.\d{0,3})?))?")


def language_of(accepted: str) -> str:
    """ "ru" or "en", by Accept-Language (RFC 9110, section 12.5.4)."""
    ranked = sorted(_PREFERENCE.findall(accepted[:500]), key=lambda found: -float(found[1] or 1))
    return next((code.lower() for code, _ in ranked if code.lower() in {"en", "ru"}), "en")


def say(key: str, language: str, **facts: object) -> str:
    """The sentence of this key. What others have put into words begins with a capital, unless a place has it."""
    template = WORDS[key][language]
    text = template.format(**facts)
    return text[:1].upper() + text[1:] if template.startswith("{words}") and _BEGINS.match(text) else text


_BEGINS = re.compile(r"[a-zа-яё]+(?=[ ,;]|$)")
"""A word of a sentence; "subject:" and "blocks[0].text" are places."""


WORDS: Mapping[str, Mapping[str, str]] = {
    "no-key": {
        "en": "This address needs a key. Send it in the header Authorization: Bearer lw_…, never in the address.",
        "ru": "Нужен ключ. Передайте его в заголовке Authorization: Bearer lw_…, но не в самом адресе.",
    },
    "wrong-key": {
        "en": "This key opens nothing: it is mistyped, or it was revoked. Ask for a new one.",
        "ru": "Ключ не подходит: в нём опечатка или он отозван. Попросите новый.",
    },
    "scope": {
        "en": "This key may not do that: it lacks the scope {scope}. Ask for a key that has it.",
        "ru": "Этому ключу это нельзя: ему не хватает права {scope}. Попросите ключ с этим правом.",
    },
    "wrong-keys": {
        "en": "Too many wrong keys from your address. Wait {seconds} s, and check the key before you go on.",
        "ru": "С вашего адреса слишком много неверных ключей. Подождите {seconds} с и проверьте ключ.",
    },
    "too-often": {
        "en": "Too many requests with this key. Wait {seconds} s, then go on more slowly.",
        "ru": "Слишком много запросов с этим ключом. Подождите {seconds} с и продолжайте медленнее.",
    },
    "too-large": {
        "en": "The request is larger than {kb} KB. Send it in parts.",
        "ru": "Запрос больше {kb} КБ. Отправьте его по частям.",
    },
    "unreadable": {
        "en": "This request cannot be read. Look at `errors`, correct them and send it again.",
        "ru": "Запрос не получилось прочитать. Посмотрите `errors`, исправьте и отправьте ещё раз.",
    },
    "no-such-address": {
        "en": "There is nothing at this address. /api/openapi.json names everything that there is.",
        "ru": "По этому адресу ничего нет. Всё, что есть, перечислено в /api/openapi.json.",
    },
    "method": {
        "en": "This address does not take this method. Look into /api/openapi.json.",
        "ru": "Этот адрес не принимает такой метод. Посмотрите в /api/openapi.json.",
    },
    "unknown-contact": {
        "en": "There is no such contact. Check the id.",
        "ru": "Такого контакта нет. Проверьте идентификатор.",
    },
    "unknown": {
        "en": "There is no such {what}. Check the id.",
        "ru": "Ничего не найдено ({what}). Проверьте идентификатор.",
    },
    "not-his-card": {
        "en": "This card is not one of the contact's. Take one of `cards`.",
        "ru": "Эта карточка не относится к контакту. Возьмите одну из `cards`.",
    },
    "taken": {
        "en": "Another contact has this address: see `contact`. Change that one, or say even_if_known.",
        "ru": "Этот адрес есть у другого контакта: см. `contact`. Измените его или укажите even_if_known.",
    },
    "address": {
        "en": "“{value}” is not an address of this kind ({kind}). Check it.",
        "ru": "«{value}» — не адрес такого вида ({kind}). Проверьте его.",
    },
    "field": {"en": "{words}", "ru": "{words}"},
    "receipt": {
        "en": "{field}: not taken. Purpose and channel are small Latin letters; the text is what was agreed to.",
        "ru": "{field}: не подходит. Цель и канал — строчные латинские буквы, текст — то, с чем согласились.",
    },
    "not-known": {
        "en": "{field}: there is no “{said}” here. Known are {names}.",
        "ru": "{field}: «{said}» здесь нет. Есть {names}.",
    },
    "company-name": {
        "en": "This is no company's name, or another company is called so. Choose another name.",
        "ru": "Это не название компании, или так называется другая. Выберите другое название.",
    },
    "undo-what": {
        "en": "Say which merges: either ids, or rule and since.",
        "ru": "Укажите, какие объединения отменить: ids либо rule и since.",
    },
    "same": {
        "en": "They are one contact already. Nothing is left to do.",
        "ru": "Это уже один контакт. Делать ничего не нужно.",
    },
    "differ": {
        "en": "Somebody has said that they are not the same person. Say even_if_different to join them nevertheless.",
        "ru": "Кто-то отметил, что это разные люди. Чтобы всё-таки объединить, укажите even_if_different.",
    },
    "apart": {
        "en": "Each has proved an e-mail and a phone of his own. Only a person may join them.",
        "ru": "У каждого подтверждены своя почта и свой телефон. Объединить их может только человек.",
    },
    "undone": {
        "en": "They were joined before, and somebody took that back. Only a person may join them again.",
        "ru": "Их уже объединяли, и это отменили. Объединить снова может только человек.",
    },
    "decided": {
        "en": "Somebody has decided this before ({state}). Undo that first.",
        "ru": "Это уже решено ({state}). Сначала отмените то решение.",
    },
    "reused": {
        "en": "This Idempotency-Key was used for another request. Make a new one for each request.",
        "ru": "Этот Idempotency-Key уже был у другого запроса. Для каждого запроса нужен новый.",
    },
    "idempotency-key": {
        "en": "An Idempotency-Key has 1 to 200 visible ASCII characters. A UUID will do.",
        "ru": "Idempotency-Key — от 1 до 200 печатных знаков ASCII. Подойдёт UUID.",
    },
    "import-undone": {
        "en": "This import is undone already. Nothing is left to do.",
        "ru": "Этот импорт уже отменён. Делать ничего не нужно.",
    },
    "import-old": {
        "en": "An import can be undone within {days} days. Change its contacts one by one.",
        "ru": "Импорт можно отменить в течение {days} дней. Исправьте его контакты по одному.",
    },
    "import-running": {
        "en": "A process is writing this import. Stop it first (cancel), wait a moment, then undo it.",
        "ru": "Этот импорт сейчас записывается. Сначала остановите его (cancel), подождите и отмените.",
    },
    "import-state": {
        "en": "This cannot be done with an import that is {state}. Look at its `state`.",
        "ru": "Этого нельзя сделать с импортом в состоянии {state}. Посмотрите его `state`.",
    },
    "import-file": {"en": "{words}", "ru": "{words}"},
    "import-mapping": {
        "en": "The file cannot be imported with this mapping. Look at `reasons`, and correct it.",
        "ru": "С таким сопоставлением файл импортировать нельзя. Посмотрите `reasons` и исправьте.",
    },
    "files-away": {
        "en": "The file store is away for the moment. Try again soon; nothing was changed.",
        "ru": "Хранилище файлов пока недоступно. Повторите чуть позже: ничего не изменилось.",
    },
    "export-columns": {
        "en": "There is no such column. See `columns` for those that there are.",
        "ru": "Такого столбца нет. Какие есть — см. `columns`.",
    },
    "export-early": {
        "en": "The owner may still forbid this export. Come back after `due_at`.",
        "ru": "Владелец ещё может запретить эту выгрузку. Вернитесь после `due_at`.",
    },
    "export-over": {
        "en": "This export waits no more: it is written, or it was forbidden before. Look at its `state`.",
        "ru": "Эта выгрузка уже не ждёт: она записана или запрещена раньше. Посмотрите её `state`.",
    },
    "segment": {"en": "{words}", "ru": "{words}"},
    "condition": {"en": "{words}", "ru": "{words}"},
    "broadcast": {"en": "{words}", "ru": "{words}"},
    "broadcast-plan": {
        "en": "The plan is not right: {words}",
        "ru": "План рассылки не подходит: {words}",
    },
    "broadcast-content": {
        "en": "The content cannot be read. Look at `problems`, and correct it.",
        "ru": "Содержание не получилось прочитать. Посмотрите `problems` и исправьте.",
    },
    "broadcast-unfit": {
        "en": "It cannot begin yet: {words}. Mend that first.",
        "ru": "Начать ещё нельзя: {words}. Сначала исправьте это.",
    },
    "message-barred": {
        "en": "This person may not be written to there: {words}. Take another way, or leave it.",
        "ru": "Писать туда нельзя: {words}. Выберите другой способ или не пишите.",
    },
    "attachment": {
        "en": "The content of the file “{name}” is no Base64. Encode its bytes (RFC 4648, section 4), then try again.",
        "ru": "Содержимое файла «{name}» — не Base64. Закодируйте его байты (RFC 4648, раздел 4) и отправьте ещё раз.",
    },
    "busy": {
        "en": "Others are changing the same thing. Try again in a moment.",
        "ru": "То же самое сейчас меняют другие. Попробуйте ещё раз через мгновение.",
    },
    "away": {
        "en": "The database is away for the moment. Try again soon; nothing was changed.",
        "ru": "База данных пока недоступна. Повторите чуть позже: ничего не изменилось.",
    },
    "fault": {
        "en": "Something went wrong here, not with you. It is in our log. Try again, then tell whoever runs Leadwire.",
        "ru": "Ошибка на нашей стороне, она записана. Попробуйте ещё раз, а потом сообщите тому, кто ведёт Leadwire.",
    },
}
