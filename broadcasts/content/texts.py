"""What content says by itself, and what the pre-flight says about it, in English and Russian."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {"unsubscribe": "Unsubscribe", "more": "More"},
    "ru": {"unsubscribe": "Отписаться", "more": "Подробнее"},
}
"""What readers of a mailing read."""


def words(language: str) -> Mapping[str, str]:
    """The words of this language, English for one that we do not have."""
    return WORDS.get(language, WORDS["en"])


FINDINGS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "empty": "There is nothing in it yet.",
        "no_text": "There is no text for this channel.",
        "subject_empty": "The subject is empty.",
        "template": "Not readable: {detail}. Write {{{{ city | default('home') }}}}, {{% if city %}}…{{% endif %}}.",
        "template_forbidden": "Only variables, their filters and conditions are allowed here, not: {detail}",
        "template_too_much": "Too long, or too much within each other: {detail}",
        "template_cut": "A condition begins in one paragraph or word and ends in another.",
        "variable_unknown": "Nobody has the variable “{name}”: it stays empty for all.",
        "variable_no_default": "“{name}” has no default: where a person has none, nothing stands there.",
        "no_unsubscribe": "There is no way to unsubscribe: add a footer, or a link to {{{{ unsubscribe }}}}.",
        "no_address": "The footer has no postal address: the company's settings hold none.",
        "no_site": "It links to your site, and the settings hold none: add site to [broadcasts].",
        "too_big": "The mail has {kilobytes} kB. Gmail cuts it off at 102 kB, with the link to unsubscribe.",
        "image_no_alt": "The image has no description: who does not see images reads nothing there.",
        "picture_missing": "The picture “{name}” does not come along: leadwire template put ... --picture {name}",
        "picture_unhosted": (
            "The picture “{name}” can be fetched nowhere, for server.public_url is empty: set it, or write cid:{name}."
        ),
        "image_no_source": "The image has no address.",
        "button_no_url": "The button leads nowhere: it has no address.",
        "attachment_field": "No card has the field “{name}”: nobody has this file.",
        "attachment_skips": "Who has no file “{name}” on the card is left out; the figures do not count that yet.",
        "attachment_sms": "An SMS carries no files: who gets it by SMS gets it without them.",
        "button_leads_nowhere": "Who has no “{name}” gets a button that leads nowhere: give it a default.",
        "button_vanishes": "Who has no “{name}” gets no such button in Telegram: give it a default.",
        "link_unusable": "This address is not allowed or not complete: {url}",
        "link_unparsable": "This address cannot be read: {url}",
        "link_private": "This address works only in your own network: {url}",
        "link_placeholder": "This address is an example: {url}",
        "link_personal": "Clicks on this link are not counted, because it is different for each person: {url}",
        "sms_parts": "The SMS has {parts} parts, more than {most}: each one is paid for.",
        "telegram_caption": "With its photo, Telegram takes {most} characters; these are {count}, it goes in parts.",
        "telegram_long": "Telegram takes {most} characters in a message; these are {count}, it goes in parts.",
        "whatsapp_no_template": (
            "WhatsApp takes this only for people who wrote within 24 hours: for all others name an approved template."
        ),
    },
    "ru": {
        "empty": "Здесь пока ничего нет.",
        "no_text": "Для этого канала нет текста.",
        "subject_empty": "Тема письма пуста.",
        "template": "Не читается: {detail}. Пишите {{{{ city | default('дом') }}}}, {{% if city %}}…{{% endif %}}.",
        "template_forbidden": "Здесь можно использовать только переменные, их фильтры и условия, но не: {detail}",
        "template_too_much": "Слишком длинно или слишком много вложений: {detail}",
        "template_cut": "Условие начинается в одном абзаце или слове, а заканчивается в другом.",
        "variable_unknown": "Переменной «{name}» нет ни у кого: место останется пустым у всех.",
        "variable_no_default": "У «{name}» нет значения по умолчанию: у кого оно не заполнено, там будет пусто.",
        "no_unsubscribe": "От рассылки нельзя отписаться: добавьте подвал или ссылку на {{{{ unsubscribe }}}}.",
        "no_address": "В подвале нет почтового адреса: он не указан в настройках компании.",
        "no_site": "Здесь ссылка на ваш сайт, а в настройках его нет: добавьте site в [broadcasts].",
        "too_big": "Размер письма {kilobytes} КБ. Gmail обрежет его на 102 КБ, вместе со ссылкой для отписки.",
        "image_no_alt": "У картинки нет описания: кто не видит картинок, ничего там не прочтёт.",
        "picture_missing": "Картинки «{name}» в содержании нет: leadwire template put ... --picture {name}",
        "picture_unhosted": (
            "Картинку «{name}» взять негде, server.public_url не задан: укажите его или напишите cid:{name}."
        ),
        "image_no_source": "У картинки нет адреса.",
        "button_no_url": "Кнопка никуда не ведёт: у неё нет адреса.",
        "attachment_field": "Поля «{name}» нет ни на одной карточке: такого файла нет ни у кого.",
        "attachment_skips": "У кого на карточке нет файла «{name}», тот пропускается; в расчёте это пока не учтено.",
        "attachment_sms": "SMS не передаёт файлов: кто получит SMS, получит без них.",
        "button_leads_nowhere": "У кого не заполнено «{name}», у того кнопка никуда не ведёт: добавьте default.",
        "button_vanishes": "У кого не заполнено «{name}», тому Telegram не покажет кнопку: добавьте default.",
        "link_unusable": "Такой адрес недопустим или неполон: {url}",
        "link_unparsable": "Этот адрес не удалось разобрать: {url}",
        "link_private": "Этот адрес открывается только в вашей сети: {url}",
        "link_placeholder": "Этот адрес взят из примера: {url}",
        "link_personal": "Переходы по этой ссылке не считаются: у каждого она своя: {url}",
        "sms_parts": "Частей в SMS: {parts}, больше чем {most}; оплачивается каждая.",
        "telegram_caption": "К фото Telegram берёт {most} знаков, здесь {count}: уйдёт несколькими сообщениями.",
        "telegram_long": "Telegram берёт {most} знаков в сообщении, здесь {count}: уйдёт несколькими сообщениями.",
        "whatsapp_no_template": (
            "WhatsApp примет это лишь для тех, кто писал в последние 24 часа: для остальных укажите одобренный шаблон."
        ),
    },
}
"""What the author of a mailing reads, by the finding's code."""
