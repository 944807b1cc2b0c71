"""What the pages of unsubscribing, preferences and confirmation say, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from channels.form.settings import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class WishTexts:
    """The sentences. `{}` stands for what is named there."""

    skip: str
    language: str
    missing: str
    missing_hint: str
    away: str
    away_hint: str
    unsubscribe: str
    unsubscribe_hint: str
    already: str
    went_to: Mapping[str, str]
    """By the kind of address that the mailing went to."""
    from_this: str
    from_all: str
    choose: str
    left: str
    left_topic: str
    left_all: str
    left_hint: str
    undo: str
    undone: str
    undone_hint: str
    mailings: str
    preferences: str
    for_whom: Mapping[str, str]
    """By the kind of address that it is about."""
    topics: str
    channels: str
    channels_hint: str
    save: str
    saved: str
    receipt: str
    pause: str
    pause_hint: str
    pause_button: str
    paused_until: str
    resume: str
    all_title: str
    all_hint: str
    data: str
    data_hint: str
    export: str
    erase: str
    erase_hint: str
    erase_label: str
    erase_word: str
    erase_button: str
    erase_wrong: str
    erased: str
    erased_hint: str
    confirm: str
    confirm_hint: str
    confirm_button: str
    confirmed: str
    confirmed_hint: str
    yes_noted: str
    """He has confirmed, and still it does not come: the next three say why."""
    yes_unreached: str
    yes_withdrawn: str
    yes_paused: str
    error_title: str


WISH_TEXTS: dict[Language, WishTexts] = {
    "en": WishTexts(
        skip="Go to the content",
        language="Language",
        missing="This link does not work",
        missing_hint="It may have been cut off. Open it again from the letter, as a whole.",
        away="Please try again in a minute",
        away_hint="Nothing was lost and nothing was changed.",
        unsubscribe="Unsubscribe",
        unsubscribe_hint="This will come to you no more, whether by e-mail, by SMS or in Telegram:",
        already="You are already unsubscribed, since {}:",
        went_to={
            "email": "You opened a link of the letter to {}.",
            "phone": "You opened a link of the message to the number {}.",
            "telegram": "You opened a link of the message in Telegram.",
        },
        from_this="Unsubscribe",
        from_all="Unsubscribe from all mailings",
        choose="Choose what to receive instead",
        left="You are unsubscribed",
        left_topic="Nothing more on the topic “{}” will come to you, on any channel.",
        left_all="No more mailings will come to you, on any channel.",
        left_hint="It holds at once, also for what was about to be sent. If you write to us, we still answer.",
        undo="I changed my mind",
        undone="It is as it was before",
        undone_hint="What you had agreed to before holds again, and nothing else. What was about to be sent meanwhile "
        "does not come any more.",
        mailings="Mailings",
        preferences="What you receive",
        for_whom={"email": "For {}", "phone": "For the number {}", "telegram": "For messages in Telegram"},
        topics="Topics",
        channels="Your other addresses",
        channels_hint="Tick where mailings may go, too.",
        save="Save",
        saved="Saved. It holds from now on.",
        receipt="I want to receive: {}",
        pause="A break",
        pause_hint="No mailings for 30 days, on any channel; then everything as it is now.",
        pause_button="Pause for 30 days",
        paused_until="No mailings until {}.",
        resume="End the pause",
        all_title="Nothing at all",
        all_hint="No mailings on any topic and on any channel. If you write to us, we still answer.",
        data="Your data",
        data_hint="Everything that is written down under this address, as a JSON file.",
        export="Download",
        erase="Erase my data",
        erase_hint="Your card, your messages and files will be erased. It cannot be undone. We keep a hash of the "
        "address, so that nobody writes to it again.",
        erase_label="Type the word “{}” to confirm",
        erase_word="erase",
        erase_button="Erase",
        erase_wrong="Nothing was erased: type the word “{}” into the field.",
        erased="Your data is erased",
        erased_hint="Nobody will write to this address again.",
        confirm="Confirm your subscription",
        confirm_hint="You, or somebody else, gave us {}. Nothing is sent there unless you confirm:",
        confirm_button="Confirm",
        confirmed="Thank you, it is confirmed",
        confirmed_hint="Each letter has a link by which you can leave.",
        yes_noted="Your yes is written down",
        yes_unreached="But nothing comes for now: what we sent there came back, or was not let through. Write to us "
        "from there, and it begins.",
        yes_withdrawn="But it does not come: you have unsubscribed since, or a refusal under your name still holds. "
        "Write to us, and we will look into it.",
        yes_paused="It begins when your break is over, on {}.",
        error_title="Error",
    ),
    "ru": WishTexts(
        skip="Перейти к содержанию",
        language="Язык",
        missing="Ссылка не работает",
        missing_hint="Возможно, она обрезана. Откройте её из письма ещё раз, целиком.",
        away="Попробуйте ещё раз через минуту",
        away_hint="Ничего не потеряно и ничего не изменено.",
        unsubscribe="Отписаться",
        unsubscribe_hint="Это больше не будет приходить вам ни по почте, ни по SMS, ни в Telegram:",
        already="Вы уже отписаны с {}:",
        went_to={
            "email": "Вы открыли ссылку из письма на {}.",
            "phone": "Вы открыли ссылку из сообщения на номер {}.",
            "telegram": "Вы открыли ссылку из сообщения в Telegram.",
        },
        from_this="Отписаться",
        from_all="Отписаться от всех рассылок",
        choose="Выбрать, что получать",
        left="Вы отписаны",
        left_topic="На тему «{}» вам больше ничего не придёт, ни по какому каналу.",
        left_all="Рассылки вам больше не придут, ни по какому каналу.",
        left_hint="Это действует сразу, в том числе для уже подготовленных писем. Если вы напишете нам, мы ответим.",
        undo="Вернуть как было",
        undone="Всё как раньше",
        undone_hint="Снова действует то, на что вы были согласны до этого, и ничего больше. То, что готовилось к "
        "отправке, уже не придёт.",
        mailings="Рассылки",
        preferences="Что вы получаете",
        for_whom={"email": "Для адреса {}", "phone": "Для номера {}", "telegram": "Для сообщений в Telegram"},
        topics="Темы",
        channels="Другие ваши адреса",
        channels_hint="Отметьте, куда ещё можно присылать рассылки.",
        save="Сохранить",
        saved="Сохранено и уже действует.",
        receipt="Хочу получать: {}",
        pause="Перерыв",
        pause_hint="30 дней без рассылок, ни по какому каналу, потом всё как сейчас.",
        pause_button="Пауза на 30 дней",
        paused_until="Рассылок не будет до {}.",
        resume="Закончить паузу",
        all_title="Совсем ничего",
        all_hint="Никаких рассылок, ни на одну тему и ни по какому каналу. Если вы напишете нам сами, мы ответим.",
        data="Ваши данные",
        data_hint="Всё, что записано под этим адресом, в файле JSON.",
        export="Скачать",
        erase="Удалить мои данные",
        erase_hint="Ваша карточка, сообщения и файлы будут удалены. Отменить это нельзя. Останется только хеш адреса, "
        "чтобы на него больше никто не писал.",
        erase_label="Для подтверждения введите слово «{}»",
        erase_word="удалить",
        erase_button="Удалить",
        erase_wrong="Ничего не удалено: введите в поле слово «{}».",
        erased="Ваши данные удалены",
        erased_hint="На этот адрес больше никто не напишет.",
        confirm="Подтвердите подписку",
        confirm_hint="Вы или кто-то другой оставили нам {}. Пока вы не подтвердите, туда ничего не придёт:",
        confirm_button="Подтвердить",
        confirmed="Спасибо, подписка подтверждена",
        confirmed_hint="В каждом письме есть ссылка, по которой можно отписаться.",
        yes_noted="Ваше согласие записано",
        yes_unreached="Но пока ничего не придёт: то, что мы отправляли туда раньше, вернулось или не было принято. "
        "Напишите нам оттуда, и рассылка начнётся.",
        yes_withdrawn="Но рассылка не придёт: вы отписались позже, или под вашим именем ещё действует отказ. Напишите "
        "нам, и мы разберёмся.",
        yes_paused="Рассылка начнётся, когда закончится ваш перерыв, {}.",
        error_title="Ошибка",
    ),
}
