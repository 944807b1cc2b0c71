"""What customers read of the machine itself: greetings, and answers to what they tell it. Plain text."""

from __future__ import annotations

from collections.abc import Mapping

ANSWERS: Mapping[str, Mapping[str, str]] = {
    "greeting": {
        "en": "Thank you for your message! We have received it and will answer you soon.",
        "ru": "Спасибо за обращение! Мы получили ваше сообщение и скоро ответим.",
    },
    "unsubscribed": {
        "en": "You are unsubscribed: no more mailings. If you write to us, we still answer.",
        "ru": "Вы отписаны: рассылок больше не будет. Если вы напишете нам, мы ответим.",
    },
    "confirm_subscription": {
        "en": "Somebody, probably you, ticked this on our site and gave your address. To confirm, open the link and "
        "press the button. Otherwise do nothing: then nothing is sent to you.",
        "ru": "Кто-то, вероятно вы, отметил это на нашем сайте и указал ваш адрес. Чтобы подтвердить, откройте ссылку "
        "и нажмите кнопку. Иначе ничего делать не нужно: мы ничего не пришлём.",
    },
    "confirm_by_sms": {
        "en": "Ticked on our site with your number. To confirm, open the link; if it was not you, do nothing.",
        "ru": "Отмечено на нашем сайте с вашим номером. Чтобы подтвердить, откройте ссылку; если это не вы, ничего "
        "не делайте.",
    },
    "confirm_to_company": {
        "en": "{company}: to confirm, open the link. Not you? Do nothing.",
        "ru": "{company}: чтобы подтвердить, откройте ссылку. Если это не вы, не открывайте.",
    },
    "confirm_subject": {"en": "Please confirm your subscription", "ru": "Подтвердите подписку"},
    "welcome_customer": {
        "en": "Hello! Write your question here, and one of us will answer you in this chat.",
        "ru": "Здравствуйте! Напишите ваш вопрос, и наш сотрудник ответит вам в этом чате.",
    },
    "write_back": {
        "en": "We have an answer for you. Write to us here, and you get it.",
        "ru": "У нас есть для вас ответ. Напишите нам сюда, и вы его получите.",
    },
    "follow": {
        "en": "How your request stands (this link is for you alone): {url}",
        "ru": "Как идёт работа над обращением (ссылка только для вас): {url}",
    },
    "continue": {
        "en": "Continue in Telegram (for you alone, too): {url}",
        "ru": "Продолжить в Telegram (тоже только для вас): {url}",
    },
}
