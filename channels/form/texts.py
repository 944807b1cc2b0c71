"""What a form says when something is wrong, in every language. mypy sees to it that none lacks a text."""

from __future__ import annotations

from dataclasses import dataclass

from channels.form.settings import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """The sentences; those with braces are filled in by `str.format`."""

    required: str
    email: str
    phone: str
    contact: str
    number: str
    date: str
    choice: str
    consent: str
    too_long: str
    too_many_files: str
    file_too_large: str
    file_empty: str
    body_too_large: str
    unreadable: str
    unavailable: str
    too_often: str
    confirm_mail: str
    confirm_sms: str


TEXTS: dict[Language, Texts] = {
    "en": Texts(
        required="Please fill in this field.",
        email="This is not an e-mail address. It looks like name@example.com.",
        phone="This is not a phone number. Give it with its country code, for example +44 20 7946 0018.",
        contact="Leave an e-mail address or a phone number, so that we can answer you.",
        number="Give a number, for example 12 or 12.5.",
        date="Give a date as year-month-day, for example 2026-01-31.",
        choice="Choose one of the offered values.",
        consent="Please tick this box to send the form.",
        too_long="At most {limit} characters; there are {length}.",
        too_many_files="At most {limit} files at a time.",
        file_too_large="{name} is larger than {limit} MB.",
        file_empty="{name} is empty.",
        body_too_large="This is too large. All together may be {limit} MB.",
        unreadable="We could not read this submission.",
        unavailable="We could not keep your message just now. Send it again in a moment: it will not be doubled.",
        too_often="Too many messages from your network. Please try again in a minute.",
        confirm_mail="One more step for the mailings: we have sent you a letter, please confirm there. Look into the "
        "spam folder, too. Whoever gets them already gets no such letter.",
        confirm_sms="One more step for the mailings: we have sent you an SMS, please confirm by the link in it. "
        "Whoever gets them already gets no such SMS.",
    ),
    "ru": Texts(
        required="Заполните это поле.",
        email="Это не адрес почты. Он выглядит так: name@example.com.",
        phone="Это не номер телефона. Укажите его с кодом страны, например +7 916 123-45-67.",
        contact="Оставьте почту или телефон, чтобы мы могли ответить.",
        number="Укажите число, например 12 или 12,5.",
        date="Укажите дату в виде год-месяц-день, например 2026-01-31.",
        choice="Выберите одно из предложенных значений.",
        consent="Поставьте галочку, чтобы отправить форму.",
        too_long="Не больше {limit} знаков; сейчас их {length}.",
        too_many_files="Не больше {limit} файлов за раз.",
        file_too_large="Файл {name} больше {limit} МБ.",
        file_empty="Файл {name} пуст.",
        body_too_large="Слишком много данных. Всё вместе может занимать {limit} МБ.",
        unreadable="Не удалось прочитать отправленное.",
        unavailable="Сейчас не удалось сохранить сообщение. Отправьте его ещё раз чуть позже: оно не задвоится.",
        too_often="Слишком много сообщений из вашей сети. Попробуйте ещё раз через минуту.",
        confirm_mail="Для рассылок остался один шаг: мы отправили вам письмо, подтвердите в нём согласие. Загляните и "
        "в папку «Спам». Тем, кто их уже получает, такое письмо не приходит.",
        confirm_sms="Для рассылок остался один шаг: мы отправили вам SMS, подтвердите согласие по ссылке из него. "
        "Тем, кто их уже получает, такое SMS не приходит.",
    ),
}
