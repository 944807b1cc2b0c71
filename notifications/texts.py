"""What staff read in notices and toasts, and the default first answers to customers, in English and Russian.

Three tables by where a text is shown, since that decides how values are escaped:
    NOTICES  messages in a seller's chat: Telegram's HTML (https://core.telegram.org/bots/api#html-style)
    TOASTS   answers to a button press: plain, at most 200 characters (Bot API, answerCallbackQuery)
    ANSWERS  to customers on any channel: plain; the channel's renderer escapes
A text that counts is a table of CLDR plural categories, chosen by the fact `count`.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from babel import Locale

from notifications.answer_texts import ANSWERS

LANGUAGES = ("en", "ru")
TOAST_LIMIT = 200
VALUE_LIMIT = 500
"""Characters: of what comes from outside the rest is cut, so that a notice stays one message."""

Text = str | Mapping[str, str]
Texts = Mapping[str, Mapping[str, Text]]

HELP = {
    "en": (
        "• <b>Answer</b>: reply to a lead’s card or to the customer’s message; text and files go to the customer.\n"
        "• <b>/on</b>: I am at work; waiting leads are offered to me.\n"
        "• <b>/off</b>: I am away; no new leads.\n"
        "• <b>/leads</b>: my open leads, with fresh cards.\n"
        "• <b>/won 50 000</b>, as a reply to a card: won, and for how much. <b>/amount</b> corrects the sum.\n"
        "• <b>/id</b>: this chat’s id, for the configuration.\n"
        "• <b>/help</b>: this list."
    ),
    "ru": (
        "• <b>Ответить</b>: ответьте на карточку заявки или на сообщение клиента; текст и файлы уйдут клиенту.\n"
        "• <b>/on</b>: я на работе, ожидающие заявки предлагаются мне.\n"
        "• <b>/off</b>: меня нет, новых заявок не нужно.\n"
        "• <b>/leads</b>: мои открытые заявки, свежие карточки.\n"
        "• <b>/won 50 000</b>, ответом на карточку: успех и сумма. <b>/amount</b> исправит сумму.\n"
        "• <b>/id</b>: номер этого чата, для настроек.\n"
        "• <b>/help</b>: эта подсказка."
    ),
}

NOTICES: Texts = {
    "welcome": {
        "en": (
            "Welcome, {name}! You now work with {company}’s leads in this chat.\n\n"
            "1. Each new lead comes as a card. Press <b>Take</b>, and it is yours.\n"
            "2. To answer the customer, <b>reply to the card</b> or to the customer’s message.\n"
            "3. /off when you leave, /on when you are back. You are at work now. Everything else: /help"
        ),
        "ru": (
            "Здравствуйте, {name}! Теперь заявки компании «{company}» приходят вам в этот чат.\n\n"
            "1. Каждая новая заявка — это карточка. Нажмите <b>Взять</b>, и она ваша.\n"
            "2. Чтобы ответить клиенту, <b>ответьте на карточку</b> или на его сообщение.\n"
            "3. Уходите — /off, вернулись — /on. Сейчас вы на работе. Остальное: /help"
        ),
    },
    "link_used": {
        "en": "This link has been used or is no longer valid. Please ask for a new one.",
        "ru": "Эта ссылка уже использована или устарела. Пожалуйста, попросите новую.",
    },
    "link_again": {
        "en": "This link is no longer valid, but you are already linked, {name}: nothing is left to do. See /help",
        "ru": "Эта ссылка больше не действует, но вы уже подключены, {name}: ничего делать не нужно. См. /help",
    },
    "not_staff": {
        "en": "{name}, you are not linked as staff, so nothing was done. Please ask for your personal link.",
        "ru": "{name}, вы не подключены как сотрудник, поэтому ничего не сделано. Попросите свою личную ссылку.",
    },
    "help": HELP,
    "unknown_command": {
        "en": f"I do not know this command. What I understand:\n\n{HELP['en']}",
        "ru": f"Такой команды нет. Вот что я понимаю:\n\n{HELP['ru']}",
    },
    "how_to_answer": {
        "en": (
            "Nothing was sent. To answer a customer, reply to the lead’s card. "
            "Your open leads, the latest first:\n{leads}\nTheir cards: /leads"
        ),
        "ru": (
            "Ничего не отправлено. Чтобы ответить клиенту, ответьте на карточку заявки. "
            "Ваши открытые заявки, начиная с последней:\n{leads}\nКарточки: /leads"
        ),
    },
    "how_to_answer_none": {
        "en": "Nothing was sent: customers are answered by a reply to a lead’s card, and you have no open lead. /help",
        "ru": "Ничего не отправлено: клиентам отвечают ответом на карточку, а открытых заявок у вас нет. /help",
    },
    "at_work": {
        "en": "You are at work. No leads are waiting.",
        "ru": "Вы на работе. Ожидающих заявок нет.",
    },
    "offered": {
        "en": {
            "one": "One lead was waiting and is now offered to you.",
            "other": "{count} leads were waiting and are now offered to you.",
        },
        "ru": {
            "one": "Ждала {count} заявка, она предложена вам.",
            "few": "Ждали {count} заявки, они предложены вам.",
            "many": "Ждали {count} заявок, они предложены вам.",
        },
    },
    "offered_more": {
        "en": {
            "one": "The lead that has waited longest is now offered to you. More are waiting: /on brings them.",
            "other": "The {count} leads that have waited longest are now offered to you. More are waiting: /on",
        },
        "ru": {
            "one": "Вам предложена {count} заявка из ожидающих. Ждут и другие: следующие по команде /on",
            "few": "Вам предложены {count} заявки из ожидающих. Ждут и другие: следующие по команде /on",
            "many": "Вам предложено {count} заявок из ожидающих. Ждут и другие: следующие по команде /on",
        },
    },
    "away": {
        "en": "You are away and get no new leads. Your own leads stay with you. Back again: /on",
        "ru": "Вас нет на работе, новых заявок не будет. Взятые заявки остаются за вами. Вернётесь — /on",
    },
    "away_passed": {
        "en": {
            "one": "You are away. The lead that you had not taken yet went to the others. Back again: /on",
            "other": "You are away. {count} leads that you had not taken yet went to the others. Back again: /on",
        },
        "ru": {
            "one": "Вас нет на работе. {count} ещё не взятая заявка передана другим. Вернётесь — /on",
            "few": "Вас нет на работе. {count} ещё не взятые заявки переданы другим. Вернётесь — /on",
            "many": "Вас нет на работе. {count} ещё не взятых заявок передано другим. Вернётесь — /on",
        },
    },
    "passed_to_you": {
        "en": "#{number} comes to you from {name}.",
        "ru": "Заявку #{number} вам передаёт {name}.",
    },
    "your_leads": {
        "en": {"one": "You have one open lead:", "other": "You have {count} open leads:"},
        "ru": {
            "one": "У вас {count} открытая заявка:",
            "few": "У вас {count} открытые заявки:",
            "many": "У вас {count} открытых заявок:",
        },
    },
    "your_latest_leads": {
        "en": {"one": "Your latest open lead:", "other": "Your {count} latest open leads:"},
        "ru": {
            "one": "Ваша {count} последняя открытая заявка:",
            "few": "Ваши {count} последние открытые заявки:",
            "many": "Ваши {count} последних открытых заявок:",
        },
    },
    "no_leads": {"en": "You have no open leads.", "ru": "Открытых заявок у вас нет."},
    "not_sent_taken": {
        "en": "Nothing was sent: #{number} is with {name}.",
        "ru": "Ничего не отправлено: заявка #{number} в работе, её ведёт {name}.",
    },
    "not_sent_offered": {
        "en": "Nothing was sent: #{number} is offered to {name}.",
        "ru": "Ничего не отправлено: заявка #{number} предложена другому сотруднику: {name}.",
    },
    "not_sent_under": {
        "en": "Nothing was sent: #{number} is the same person as #{other}. Please answer there.",
        "ru": "Ничего не отправлено: в #{number} тот же человек, что в заявке #{other}. Ответьте там.",
    },
    "not_sent_closed": {
        "en": "Nothing was sent: #{number} is closed. If the customer writes again, a new lead is opened.",
        "ru": "Ничего не отправлено: заявка #{number} закрыта. Если клиент напишет снова, откроется новая.",
    },
    "not_sent_won": {
        "en": (
            "Nothing was sent: #{number} is won and closed. If this was the sum, write it like 50 000, 50,000.00, 50k "
            "or 1.5m. If the customer writes again, a new lead is opened."
        ),
        "ru": (
            "Ничего не отправлено: заявка #{number} выиграна и закрыта. Если это сумма, напишите её так: 50 000, "
            "50 000,50, 50 тыс или 1,5 млн. Если клиент напишет снова, откроется новая заявка."
        ),
    },
    "how_much": {
        "en": "#{number} is won. For how much? Answer with the sum, or leave it.",
        "ru": "Заявка #{number}: успех. На какую сумму? Ответьте суммой — или оставьте так.",
    },
    "sum_noted": {"en": "#{number}: {sum}.", "ru": "Заявка #{number}: {sum}."},
    "not_a_sum": {
        "en": "Nothing was changed: I cannot read the sum of #{number}. Write it like 50 000, 50,000.00, 50k or 1.5m.",
        "ru": "Ничего не изменено: сумму заявки #{number} не прочесть. Напишите так: 50 000, 50 тыс или 1,5 млн.",
    },
    "sum_of_which": {
        "en": "Nothing was changed: of which lead? Reply to its card with /won 50 000 or /amount 50 000",
        "ru": "Ничего не изменено: чья это сумма? Ответьте на карточку заявки: /won 50 000 или /amount 50 000",
    },
    "not_changed": {
        "en": "Nothing was changed: #{number} is not yours now. Its card says how it stands.",
        "ru": "Ничего не изменено: заявка #{number} сейчас не ваша. Что с ней, видно на карточке.",
    },
    "not_sent_team": {
        "en": "Nothing was sent: #{number} belongs to another team.",
        "ru": "Ничего не отправлено: заявка #{number} принадлежит другой команде.",
    },
    "not_sent_gone": {
        "en": "Nothing was sent: this lead is no longer kept.",
        "ru": "Ничего не отправлено: эта заявка больше не хранится.",
    },
    "not_sent_empty": {
        "en": "Nothing was sent for #{number}: I can pass on text and files only.",
        "ru": "По заявке #{number} ничего не отправлено: я могу передать только текст и файлы.",
    },
    "not_sent_file": {
        "en": "Nothing was sent for #{number}: the file could not be fetched ({reason}). Please send it another way.",
        "ru": "По заявке #{number} ничего не отправлено: файл не удалось получить ({reason}). Отправьте его иначе.",
    },
    "no_route": {
        "en": "Nothing was sent: no channel of ours reaches the customer of #{number}. Known addresses:\n{addresses}",
        "ru": "Ничего не отправлено: ни один канал не ведёт к клиенту заявки #{number}. Известные адреса:\n{addresses}",
    },
    "no_route_phone": {
        "en": "Nothing was sent: #{number} gave only a phone, and no SMS channel is set up. Please call {phone}",
        "ru": "Ничего не отправлено: в заявке #{number} есть только телефон, а канала SMS нет. Позвоните: {phone}",
    },
    "no_route_nothing": {
        "en": "Nothing was sent: the customer of #{number} left no address that could be answered.",
        "ru": "Ничего не отправлено: в заявке #{number} нет адреса, на который можно ответить.",
    },
    "no_route_stopped": {
        "en": "Nothing was sent: the customer of #{number} takes no more messages there. Known addresses:\n{addresses}",
        "ru": "Ничего не отправлено: клиент заявки #{number} больше не принимает сообщений. Адреса:\n{addresses}",
    },
    "no_route_stopped_call": {
        "en": "Nothing was sent: the customer of #{number} takes no more messages there. You can still call {phone}",
        "ru": "Ничего не отправлено: клиент заявки #{number} больше не принимает сообщений. Можно позвонить: {phone}",
    },
    "answer_accepted": {
        "en": "This goes to the customer of #{number}. For the next answer press Reply again, or reply to the card.",
        "ru": "Это уходит клиенту заявки #{number}. Ещё ответ: снова нажмите «Ответить» или ответьте на карточку.",
    },
    "edited": {
        "en": "The edit was not passed on: what was sent cannot be changed. Please send a new reply instead.",
        "ru": "Правка не передана: отправленное изменить нельзя. Отправьте, пожалуйста, новый ответ.",
    },
    "reply_failed": {
        "en": "Your answer to #{number} did not arrive: {reason}",
        "ru": "Ваш ответ по заявке #{number} не доставлен: {reason}",
    },
    "relay_failed": {
        "en": "A message of the customer of #{number} could not be shown here: {reason}",
        "ru": "Сообщение клиента по заявке #{number} не удалось показать здесь: {reason}",
    },
    "customer_stopped": {
        "en": "The customer of #{number} has written STOP: nothing more goes to that number.",
        "ru": "Клиент заявки #{number} написал СТОП: на этот номер больше ничего не уйдёт.",
    },
    "farewell": {
        "en": "{name}, you no longer work with {company}’s leads: this chat is cut off. Thank you, and farewell!",
        "ru": "{name}, вы больше не работаете с заявками компании «{company}»: чат отключён. Спасибо и всего доброго!",
    },
    "chat_id": {
        "en": "This chat’s id is <code>{chat}</code>. A team’s chat stands in leadwire.toml under [teams].",
        "ru": "Номер этого чата: <code>{chat}</code>. Чат команды записывают в leadwire.toml в разделе [teams].",
    },
    "team_chat_moved": {
        "en": "The chat of the team “{team}” has a new id: <code>{chat}</code>. Put it into leadwire.toml and restart.",
        "ru": "У чата команды «{team}» новый номер: <code>{chat}</code>. Запишите его в leadwire.toml и перезапустите.",
    },
    "card_failed": {
        "en": "The card of #{number} could not be shown in a chat: {reason}\nPlease see that somebody gets it.",
        "ru": "Карточку заявки #{number} не удалось показать в чате: {reason}\nПроверьте, чтобы её кто-нибудь взял.",
    },
    "export_asked": {
        "en": "{who} wants to carry contacts out of here: {what}. It waits until {when}. To forbid it: {command}",
        "ru": "Запрошена выгрузка контактов: {what}. Кто: {who}. Она ждёт до {when}. Запретить: {command}",
    },
    "channel_paused": {
        "en": "Nothing goes out through “{channel}” until it is mended: {reason}\nWhat waits is kept and will be sent.",
        "ru": "Через канал «{channel}» ничего не уходит, пока его не починят: {reason}\nВсё сохранено и уйдёт позже.",
    },
    "channel_resumed": {
        "en": "“{channel}” works again; what waited is being sent.",
        "ru": "Канал «{channel}» снова работает; отложенное отправляется.",
    },
}

TOASTS: Texts = {
    "toast_unsubscribed": {
        "en": "You are unsubscribed. If you write to us, we still answer.",
        "ru": "Вы отписаны. Если вы напишете нам, мы ответим.",
    },
    "toast_taken": {
        "en": "#{number} is yours. To answer, reply to the card.",
        "ru": "Заявка #{number} ваша. Чтобы ответить, ответьте на карточку.",
    },
    "toast_yours": {"en": "#{number} is yours already.", "ru": "Заявка #{number} уже ваша."},
    "toast_was_first": {"en": "{name} was first.", "ru": "Заявку уже взял другой сотрудник: {name}."},
    "toast_offered": {
        "en": "#{number} is offered to {name}.",
        "ru": "Заявка #{number} предложена другому сотруднику: {name}.",
    },
    "toast_under": {
        "en": "#{number} is the same person as #{other}: go on there.",
        "ru": "В #{number} тот же человек, что в #{other}: продолжайте там.",
    },
    "review_same": {"en": "They are one person now.", "ru": "Теперь это один человек."},
    "review_different": {"en": "Noted: they are not the same.", "ru": "Запомнили: это разные люди."},
    "veto_done": {"en": "Forbidden: it will never be written.", "ru": "Запрещено: выгрузки не будет."},
    "veto_late": {"en": "It waits no more: written, or forbidden.", "ru": "Она уже не ждёт: записана или запрещена."},
    "veto_not_yours": {"en": "Only operators may forbid this.", "ru": "Запретить это могут только операторы."},
    "review_later": {"en": "You will be asked again tomorrow.", "ru": "Спросим ещё раз завтра."},
    "review_undone": {"en": "Taken back.", "ru": "Отменено."},
    "review_decided": {"en": "This is settled already.", "ru": "Это уже решено."},
    "review_one_already": {"en": "They are one person already.", "ru": "Это уже один человек."},
    "review_differ": {
        "en": "Somebody has said before that they are not the same.",
        "ru": "Ранее было решено, что это разные люди.",
    },
    "review_not_joined": {"en": "They could not be joined.", "ru": "Объединить не удалось."},
    "toast_closed": {"en": "#{number} is closed.", "ru": "Заявка #{number} закрыта."},
    "toast_other_team": {"en": "This lead belongs to another team.", "ru": "Эта заявка принадлежит другой команде."},
    "toast_nobodys": {
        "en": "#{number} belongs to nobody yet, so there is nothing to pass on.",
        "ru": "Заявка #{number} пока ничья, передавать нечего.",
    },
    "toast_passed": {"en": "#{number} went to {name}.", "ru": "Заявку #{number} получает {name}."},
    "toast_passed_team": {"en": "#{number} went to the team’s chat.", "ru": "Заявка #{number} передана в чат команды."},
    "toast_passed_nobody": {
        "en": "Nobody else is at work: #{number} waits for the next who comes.",
        "ru": "Больше никого нет на работе: заявка #{number} ждёт того, кто придёт.",
    },
    "toast_write": {
        "en": "#{number}: write your answer now, or reply to the card.",
        "ru": "Заявка #{number}: напишите ответ сейчас или ответьте на карточку.",
    },
    "toast_write_group": {
        "en": "#{number}: reply to this card, or write your answer in your own chat with me.",
        "ru": "Заявка #{number}: ответьте на эту карточку или напишите ответ в личном чате со мной.",
    },
    "toast_won": {
        "en": "#{number} is won. Congratulations! For how much? Answer with the sum, or leave it.",
        "ru": "Заявка #{number} закрыта: успех. Поздравляем! На какую сумму? Ответьте суммой — или оставьте так.",
    },
    "toast_lost": {
        "en": "#{number} is closed as lost. Reopen is on the card.",
        "ru": "Заявка #{number} закрыта: отказ. Вернуть в работу можно на карточке.",
    },
    "toast_spam": {
        "en": "#{number} is closed as spam. Reopen is on the card.",
        "ru": "Заявка #{number} закрыта: спам. Вернуть в работу можно на карточке.",
    },
    "toast_reopened": {"en": "#{number} is open again, and yours.", "ru": "Заявка #{number} снова открыта, она ваша."},
    "toast_is_open": {"en": "#{number} is open.", "ru": "Заявка #{number} открыта."},
    "toast_other_open": {
        "en": "The same customer has #{other} open: go on there, #{number} stays closed.",
        "ru": "У этого клиента открыта заявка #{other}: продолжайте там, #{number} остаётся закрытой.",
    },
    "toast_closed_by": {
        "en": "#{number} was {name}’s: only {name} can reopen it.",
        "ru": "Заявку #{number} может вернуть в работу только её владелец: {name}.",
    },
    "toast_not_staff": {
        "en": "You are not linked as staff. Please ask for your personal link.",
        "ru": "Вы не подключены как сотрудник. Попросите свою личную ссылку.",
    },
    "toast_unknown": {"en": "This button does nothing any more.", "ru": "Эта кнопка больше не действует."},
}

TEXTS: Texts = {**NOTICES, **TOASTS, **ANSWERS}


def say(key: str, language: str, /, **facts: Any) -> str:
    """The text of `key` in this language, English for a language that we do not have.

    Facts are shown as they are, a sequence as one line each; more facts than the text has places for are fine.
    Raises KeyError for a key that is not here, or for a fact that the text needs.
    """
    variants = TEXTS[key]
    language = language if language in variants else "en"
    text = _plural(variants[language], language, facts)
    shown = text.format_map({name: _shown(value, markup=key in NOTICES) for name, value in facts.items()})
    return _cut(shown, TOAST_LIMIT) if key in TOASTS else shown


def _plural(text: Text, language: str, facts: Mapping[str, Any]) -> str:
    """The CLDR category of whole numbers; "other" is theirs in English, and that of fractions in Russian."""
    if isinstance(text, str):
        return text
    return text[str(Locale.parse(language).plural_form(facts["count"]))]


def _shown(value: Any, *, markup: bool) -> str:
    if isinstance(value, list | tuple):
        return "\n".join(f"• {_shown(item, markup=markup)}" for item in value)
    text = _cut(str(value), VALUE_LIMIT)
    return escape(text, quote=False) if markup else text


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
