"""Why something was not sent, in words that say what to do next. Pure.

What adapters and providers say is kept as it is (deliveries.reason, the trace); here it is put into the reader's
language when it is shown. The first row whose pattern is found in it decides; what fits no row is shown as it came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_TABLE: tuple[tuple[str, str], ...] = (
    (r"asked to stop|answered STOP|wrote STOP|\b21610\b", "stopped"),
    (r"write no more|blocked by the user|bot was blocked", "bot_blocked"),
    (r"user is deactivated", "deactivated"),
    (r"marked as spam by the recipient", "complained"),
    (r"can't initiate conversation|chat not found|peer_id_invalid|have no rights to send|not enough rights", "no_chat"),
    (r"bot was kicked|not a member|group is deactivated|chat_write_forbidden", "kicked"),
    (
        r"\b5\.1\.(1|2|3|6|10)\b|user (is )?unknown|unknown user|no such (user|mailbox|recipient)|user not found"
        r"|mailbox (is )?(unavailable|not found)|does not exist",
        "no_mailbox",
    ),
    (r"\b[45]\.2\.2\b|mailbox (is )?full|over ?quota", "mailbox_full"),
    (r"\b5\.7\.\d+\b|policy|looks like spam|took it for spam|\b30007\b", "filtered"),
    (r"no such phone number|\b21211\b|number is not in service|\b30005\b", "no_number"),
    (r"takes no SMS|cannot receive SMS|\b21614\b|\b30006\b", "no_sms"),
    (r"switched off or out of reach|\b30003\b", "phone_off"),
    (r"carrier blocks|\b30004\b", "carrier"),
    (r"asked to write back", "whatsapp_asked"),
    (r"only approved templates|\b63016\b", "whatsapp_late"),
    (r"not on WhatsApp|\b63024\b", "no_whatsapp"),
    (r"carries no files yet", "sms_files"),
    (r"must be non-empty|file is empty", "empty_file"),
    (r"too (large|big)|\bSIZE\b|\b413\b", "too_large"),
    (r"not in the file store any more", "file_gone"),
    (r"no text and no file|no text to send", "nothing"),
    (r"auth token|unauthorized|bad token|bot token|authentication (failed|credentials)", "credentials"),
    (r"fault in Leadwire itself", "fault"),
    (r"no answer within|timed? ?out|connection (refused|reset)|given up after", "no_answer"),
)
_ROWS = tuple((re.compile(pattern, re.IGNORECASE), key) for pattern, key in _TABLE)

REASONS: Mapping[str, Mapping[str, str]] = {
    "whatsapp_late": {
        "en": "WhatsApp takes answers for 24 hours after the customer’s last message. Call, or use another address.",
        "ru": "WhatsApp принимает ответы 24 часа после сообщения клиента. Позвоните или напишите на другой адрес.",
    },
    "whatsapp_asked": {
        "en": "WhatsApp takes answers for 24 hours after the customer’s last message. The customer has been asked to "
        "write back; then send your answer again.",
        "ru": "WhatsApp принимает ответы 24 часа после сообщения клиента. Мы попросили клиента написать ещё раз, "
        "тогда отправьте ответ снова.",
    },
    "no_whatsapp": {
        "en": "This number is not on WhatsApp. Call, or write to another address.",
        "ru": "У этого номера нет WhatsApp. Позвоните или напишите на другой адрес.",
    },
    "stopped": {
        "en": "The customer has asked us to stop writing here. Call, or write to another address.",
        "ru": "Клиент попросил больше не писать сюда. Позвоните или напишите на другой адрес.",
    },
    "bot_blocked": {
        "en": "The customer has stopped the bot. Call, or wait until he writes again.",
        "ru": "Клиент остановил бота. Позвоните или дождитесь, пока он напишет снова.",
    },
    "deactivated": {
        "en": "This Telegram account has been deleted. Use another address, or call.",
        "ru": "Этот аккаунт Telegram удалён. Напишите на другой адрес или позвоните.",
    },
    "complained": {
        "en": "The customer has marked our mail as spam. Do not write there again; call instead.",
        "ru": "Клиент пометил наше письмо как спам. Больше не пишите туда, лучше позвоните.",
    },
    "no_chat": {
        "en": "The bot may not write to this chat. Use another address, or call.",
        "ru": "Бот не может писать в этот чат. Напишите на другой адрес или позвоните.",
    },
    "kicked": {
        "en": "The bot may no longer write in this group. Add it again, or write to another address.",
        "ru": "Бот больше не может писать в эту группу. Добавьте его снова или напишите на другой адрес.",
    },
    "no_mailbox": {
        "en": "There is no such mailbox. Check the address with the customer, or call.",
        "ru": "Такого почтового ящика нет. Уточните адрес у клиента или позвоните.",
    },
    "mailbox_full": {
        "en": "The customer’s mailbox is full. Try again later, or call.",
        "ru": "Почтовый ящик клиента переполнен. Попробуйте позже или позвоните.",
    },
    "filtered": {
        "en": "The other side refuses this message as unwanted. Change the words, or call.",
        "ru": "Принимающая сторона отклонила сообщение как нежелательное. Измените текст или позвоните.",
    },
    "no_number": {
        "en": "This phone number does not exist. Check it with the customer, or write to another address.",
        "ru": "Такого номера телефона нет. Уточните его у клиента или напишите на другой адрес.",
    },
    "no_sms": {
        "en": "This number takes no SMS. Call it.",
        "ru": "Этот номер не принимает SMS. Позвоните.",
    },
    "phone_off": {
        "en": "The phone is switched off or out of reach. Try again later.",
        "ru": "Телефон выключен или вне зоны сети. Попробуйте позже.",
    },
    "carrier": {
        "en": "The customer’s carrier blocks our SMS. Call, or write to another address.",
        "ru": "Оператор клиента блокирует наши SMS. Позвоните или напишите на другой адрес.",
    },
    "sms_files": {
        "en": "An SMS carries no files. Send the text alone, or answer by another channel.",
        "ru": "SMS не передаёт файлы. Отправьте только текст или ответьте по другому каналу.",
    },
    "empty_file": {
        "en": "The file is empty. Ask the customer to send it again.",
        "ru": "Файл пустой. Попросите клиента прислать его ещё раз.",
    },
    "too_large": {
        "en": "Too large for this channel. Use a link instead.",
        "ru": "Слишком большой размер для этого канала. Используйте ссылку.",
    },
    "file_gone": {
        "en": "The file is no longer kept here. Ask for it again.",
        "ru": "Файл больше не хранится. Попросите прислать его ещё раз.",
    },
    "nothing": {
        "en": "There was nothing in it to send.",
        "ru": "В сообщении нечего было отправлять.",
    },
    "credentials": {
        "en": "The provider does not accept our password or token. The administrator has to renew it.",
        "ru": "Провайдер не принимает наш пароль или токен. Администратору нужно его обновить.",
    },
    "fault": {
        "en": "A fault in Leadwire itself. The administrator finds the details in the log.",
        "ru": "Ошибка в самом Leadwire. Подробности администратор найдёт в журнале.",
    },
    "no_answer": {
        "en": "The provider did not answer for a long time. Send it again later.",
        "ru": "Провайдер долго не отвечал. Отправьте ещё раз позже.",
    },
}

COLLEAGUES: Mapping[str, Mapping[str, str]] = {
    "bot_blocked": {
        "en": "The colleague has stopped the bot. He has to open it and press Start.",
        "ru": "Сотрудник остановил бота. Ему нужно открыть бота и нажать «Старт».",
    },
    "deactivated": {
        "en": "The colleague’s Telegram account has been deleted. Give him a new link.",
        "ru": "Аккаунт Telegram сотрудника удалён. Выдайте ему новую ссылку.",
    },
    "no_chat": {
        "en": "The bot may not write to this chat. Open the bot and press Start, or add it to the group.",
        "ru": "Бот не может писать в этот чат. Откройте бота и нажмите «Старт» или добавьте его в группу.",
    },
    "kicked": {
        "en": "The bot may no longer write in the team’s group. Add it again.",
        "ru": "Бот больше не может писать в группу команды. Добавьте его снова.",
    },
}
"""The same where it is one of us, or a team's chat, that could not be written to."""
_ANYWHERE = frozenset({"empty_file", "file_gone", "nothing", "credentials", "fault", "no_answer"})


def key_of(reason: str) -> str | None:
    """Which sentence of REASONS fits; None when none does."""
    return next((key for pattern, key in _ROWS if pattern.search(reason)), None)


def explain(reason: str, language: str, *, colleague: bool = False) -> str:
    """The reason in the reader's language (English for one that we do not have), as it came when it is not known.

    `colleague`: what failed was to go to one of us, not to the customer.
    """
    key = key_of(reason)
    known = {**{k: REASONS[k] for k in _ANYWHERE}, **COLLEAGUES} if colleague else REASONS
    if key is None or key not in known:
        return reason
    return known[key].get(language, known[key]["en"])
