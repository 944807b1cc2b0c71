"""What the pages say, in every language. mypy sees to it that none lacks a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from channels.form.settings import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """The sentences of the form, of the thank-you page, of the snippets' page and of a request's page."""

    optional: str
    contact_hint: str
    choose: str
    consent: str
    policy: str
    honeypot: str
    mend: str
    error_title: str
    files_again: str
    sending: str
    kept: str
    kept_files: str
    thanks: str
    receipt: str
    receipt_hint: str
    another: str
    skip: str
    language: str
    missing: str
    missing_hint: str
    embed_title: str
    embed_intro: str
    embed_script: str
    embed_frame: str
    embed_html: str
    embed_own: str
    embed_json: str
    embed_origins: str
    track: str
    follow: str
    telegram: str
    track_state: str
    track_received: str
    track_way: str
    state_received: str
    state_taken: str
    state_answered: str
    state_closed: str
    ways: Mapping[str, str]
    """By the kind of channel."""
    confirm: str
    confirm_hint: str
    confirmed: str
    untracked: str
    untracked_hint: str
    too_often: str
    too_often_hint: str
    away: str
    away_hint: str


TEXTS: dict[Language, Texts] = {
    "en": Texts(
        optional="optional",
        contact_hint="Leave a phone number or an e-mail address, whichever you prefer.",
        choose="Choose…",
        consent="Consent",
        policy="Read the policy",
        honeypot="Leave this field empty",
        mend="Please check these fields",
        error_title="Error",
        files_again="Please attach the files again.",
        sending="Sending…",
        kept="Not sent yet. Your message is kept in this browser and will go by itself as soon as possible.",
        kept_files="Your message was not sent yet. Please attach the files again and send it.",
        thanks="Your message has arrived",
        receipt="Receipt number",
        receipt_hint="Name it if you call or write about this request.",
        another="Send another message",
        skip="Skip to the form",
        language="Language",
        missing="There is no such form",
        missing_hint="Please check the address, or go back to the page that you came from.",
        embed_title="Put this form on your site",
        embed_intro="Choose one way, copy it into your page, and send yourself a message.",
        embed_script="The form where the script stands, as high as it needs to be",
        embed_frame="The same without any script",
        embed_html="Plain HTML in your own design; the answer is a page with the receipt",
        embed_own="Your own form, sent without leaving the page",
        embed_json="From your server",
        embed_origins="These sites may show the form and post by script",
        track="Your request",
        follow="Follow this request",
        telegram="Continue in Telegram",
        track_state="State",
        track_received="Received",
        track_way="By",
        state_received="Received",
        state_taken="In work",
        state_answered="Answered",
        state_closed="Closed",
        ways={"form": "Web form", "email": "E-mail", "sms": "SMS", "whatsapp": "WhatsApp", "telegram": "Telegram"},
        confirm="Confirm that this is my address",
        confirm_hint="Press it only if you wrote to us yourself.",
        confirmed="You have confirmed that this is your address. Thank you.",
        untracked="There is no such request",
        untracked_hint="The link may be too old. What was sent a moment ago is here within a minute.",
        too_often="Too many requests from your network",
        too_often_hint="Please try again in a minute.",
        away="This page is away for a moment",
        away_hint="Nothing is lost. Please try again in a minute.",
    ),
    "ru": Texts(
        optional="необязательно",
        contact_hint="Оставьте телефон или почту — как вам удобнее.",
        choose="Выберите…",
        consent="Согласие",
        policy="Прочитать политику",
        honeypot="Не заполняйте это поле",
        mend="Проверьте эти поля",
        error_title="Ошибка",
        files_again="Прикрепите файлы ещё раз.",
        sending="Отправляем…",
        kept="Ещё не отправлено. Сообщение сохранено в этом браузере и уйдёт само при первой возможности.",
        kept_files="Сообщение ещё не отправлено. Прикрепите файлы ещё раз и отправьте его.",
        thanks="Ваше сообщение получено",
        receipt="Номер обращения",
        receipt_hint="Назовите его, если будете звонить или писать об этом обращении.",
        another="Отправить ещё одно сообщение",
        skip="Перейти к форме",
        language="Язык",
        missing="Такой формы нет",
        missing_hint="Проверьте адрес или вернитесь на страницу, с которой пришли.",
        embed_title="Эта форма на вашем сайте",
        embed_intro="Выберите один способ, скопируйте его в страницу и отправьте себе сообщение.",
        embed_script="Форма там, где стоит скрипт, нужной высоты",
        embed_frame="То же самое без скрипта",
        embed_html="Простой HTML в вашем оформлении; ответ — страница с номером обращения",
        embed_own="Ваша форма, отправка без ухода со страницы",
        embed_json="С вашего сервера",
        embed_origins="Эти сайты могут показывать форму и отправлять её скриптом",
        track="Ваше обращение",
        follow="Следить за обращением",
        telegram="Продолжить в Telegram",
        track_state="Состояние",
        track_received="Получено",
        track_way="Откуда",
        state_received="Получено",
        state_taken="В работе",
        state_answered="Ответ отправлен",
        state_closed="Закрыто",
        ways={
            "form": "Форма на сайте",
            "email": "Эл. почта",
            "sms": "SMS",
            "whatsapp": "WhatsApp",
            "telegram": "Telegram",
        },
        confirm="Подтвердить, что это мой адрес",
        confirm_hint="Нажимайте, только если вы сами нам написали.",
        confirmed="Вы подтвердили, что это ваш адрес. Спасибо.",
        untracked="Такого обращения нет",
        untracked_hint="Возможно, ссылка устарела. Только что отправленное появится здесь в течение минуты.",
        too_often="Слишком много запросов из вашей сети",
        too_often_hint="Попробуйте ещё раз через минуту.",
        away="Страница ненадолго недоступна",
        away_hint="Ничего не потеряно. Попробуйте ещё раз через минуту.",
    ),
}
