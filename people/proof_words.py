"""By what a consent came, and who wrote it down, in words: the page of proof is read by people. Pure."""

from __future__ import annotations

from collections.abc import Mapping

Pair = tuple[str, str]
"""English, Russian."""
_SOURCES: Mapping[str, Pair] = {
    "link": ("by the link that was sent there, and the button behind it", "по присланной туда ссылке, кнопкой за ней"),
    "one-click": ("by the unsubscribe button of the mail program", "кнопкой отписки в почтовой программе"),
    "page": ("on the page of preferences", "на странице настроек рассылок"),
    "page-all": ("on the page of preferences: nothing at all", "на странице настроек рассылок: совсем ничего"),
    "mailto": ("by a mail to the address for unsubscribing", "письмом на адрес для отписки"),
    "word": ("by a word in a message, such as STOP", "словом в сообщении, например СТОП"),
    "button": ("by a button of the bot", "кнопкой бота"),
    "block": ("by blocking the bot", "блокировкой бота"),
    "complaint": ("by a complaint: “this is spam”", "жалобой: «это спам»"),
    "staff": ("told to one of us, who noted it", "сказано сотруднику, он записал"),
    "cli": ("noted in the terminal", "записано в терминале"),
}
_WITH: Mapping[str, Pair] = {
    "form": ("in the web form “{}”", "в веб-форме «{}»"),
    "import": ("from the imported file {}", "из загруженного файла {}"),
    "api": ("by another program, with the key {}", "другой программой, по ключу {}"),
    "staff": ("noted by the member of staff {}", "записано сотрудником {}"),
    "cli": ("noted in the terminal: {}", "записано в терминале: {}"),
}
"""Before the colon -> the words; what stands behind it is put in."""
_ACTORS: Mapping[str, Pair] = {
    "form": ("the web form “{}”, where it was ticked", "веб-форма «{}», где поставили галочку"),
    "cli": ("{}, in the terminal", "{}, в терминале"),
    "cli-alone": ("somebody in the terminal", "кто-то в терминале"),
    "api": ("another program, with the key {}", "другая программа, по ключу {}"),
    "staff": ("the member of staff {}", "сотрудник {}"),
}


def source_said(source: str, language: str) -> str:
    """By what it came; what has no words here stays as it is."""
    if source in _SOURCES:
        return _SOURCES[source][language == "ru"]
    return _filled(_WITH, source, language)


def actor_said(actor: str, language: str) -> str:
    """Who wrote it down; a name stays as it is."""
    return _ACTORS["cli-alone"][language == "ru"] if actor == "cli" else _filled(_ACTORS, actor, language)


def _filled(table: Mapping[str, Pair], said: str, language: str) -> str:
    kind, sign, rest = said.partition(":")
    return table[kind][language == "ru"].format(rest.strip()) if sign and kind in table else said
