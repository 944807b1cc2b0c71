"""What a person reads about a file, a mapping or a row: a key and facts, and the words in two languages."""

from __future__ import annotations

from typing import NamedTuple

TEXTS = {
    # a file
    "absent": ("The file {name} is not there.", "Файла {name} нет."),
    "no_rows": ("The file is empty. Choose one with contacts in it.", "Файл пуст. Выберите файл с контактами."),
    "too_large": (
        "The file is larger than {limit} MB. Part it into smaller ones.",
        "Файл больше {limit} МБ. Разделите его на части.",
    ),
    "long_row": (
        "Row {row} is longer than {limit} characters: probably a quote is never closed. Mend it and try again.",
        "Строка {row} длиннее {limit} знаков: похоже, не закрыта кавычка. Исправьте её и попробуйте снова.",
    ),
    "many_columns": (
        "Row {row} has more than {limit} columns. Delete those that you do not need.",
        "В строке {row} больше {limit} столбцов. Удалите лишние.",
    ),
    "binary": (
        "This is not a table. Save the contacts as CSV, XLSX or vCard and try again.",
        "Это не таблица. Сохраните контакты как CSV, XLSX или vCard и попробуйте снова.",
    ),
    "web_page": (
        "This is a web page under the name of a table. Open it in Excel and save it as XLSX or CSV.",
        "Это веб-страница под именем таблицы. Откройте её в Excel и сохраните как XLSX или CSV.",
    ),
    "bad_workbook": (
        "The workbook cannot be read ({why}). Open it in Excel and save it as CSV.",
        "Книгу не удалось прочесть ({why}). Откройте её в Excel и сохраните как CSV.",
    ),
    "bomb": (
        "The workbook unpacks to more than {limit} MB. Save the sheet as CSV and try again.",
        "В распакованном виде книга больше {limit} МБ. Сохраните лист как CSV и попробуйте снова.",
    ),
    "no_encoding": ("There is no encoding {encoding}.", "Кодировки {encoding} нет."),
    "no_sheet": (
        "The workbook has no sheet {sheet}. It has: {sheets}.",
        "В книге нет листа {sheet}. Есть: {sheets}.",
    ),
    # a mapping
    "no_column": ("The file has no column “{column}”.", "В файле нет столбца «{column}»."),
    "no_target": (
        "“{column}” cannot become “{target}”: there is no such field.",
        "«{column}» не может стать «{target}»: такого поля нет.",
    ),
    "no_field": (
        "“{column}”: there is no custom field “{field}”. Create it first, or skip the column.",
        "«{column}»: нет своего поля «{field}». Сначала создайте его или пропустите столбец.",
    ),
    "no_system": (
        "“{column}”: say which system the ids are from, for example “external:amocrm”.",
        "«{column}»: укажите, из какой системы номера, например «external:amocrm».",
    ),
    "twice": (
        "“{target}” is taken from several columns ({columns}); it can hold one value.",
        "«{target}» берётся из нескольких столбцов ({columns}), а значение может быть одно.",
    ),
    "nobody": (
        "No column gives a name or an address: say which one does.",
        "Ни один столбец не даёт ни имени, ни адреса: укажите, какой даёт.",
    ),
    # a row
    "empty": ("Neither a name nor an address.", "Нет ни имени, ни адреса."),
    "two_people": (
        "These addresses belong to two people: {addresses}. The row has a card of its own; say who it is.",
        "Эти адреса принадлежат двум людям: {addresses}. У строки своя карточка; решите, кто это.",
    ),
    "other_name": (
        "{address} is known as {name}. The row has a card of its own; say whether it is the same person.",
        "{address} известен как {name}. У строки своя карточка; решите, один ли это человек.",
    ),
    "shifted": (
        "{cells} values for {columns} columns: probably a separator inside a value.",
        "Значений {cells}, а столбцов {columns}: похоже, внутри значения разделитель.",
    ),
    "email": ("“{value}” is not an e-mail address.", "«{value}» — не адрес почты."),
    "phone": ("“{value}” is not a phone number.", "«{value}» — не номер телефона."),
    "rounded": (
        "“{value}” was shortened by Excel and cannot be restored. Format the column as text and export again.",
        "«{value}» сокращено в Excel, восстановить номер нельзя. Задайте столбцу текстовый формат и выгрузите снова.",
    ),
    "telegram": ("“{value}” is neither a Telegram name nor an id.", "«{value}» — не имя и не номер в Telegram."),
    "vk": ("“{value}” is not a page of VK.", "«{value}» — не страница ВКонтакте."),
    "born": ("“{value}” is not a date of birth.", "«{value}» — не дата рождения."),
    "consent": ("“{value}” is neither yes nor no.", "«{value}» — не «да» и не «нет»."),
}
"""Key -> English, Russian."""


class Reason(NamedTuple):
    """Why, as data: it can be stored, counted and said in either language."""

    key: str
    facts: tuple[tuple[str, str], ...] = ()

    def words(self, language: str = "en") -> str:
        """The sentence in "en" or "ru"."""
        return TEXTS[self.key][language == "ru"].format(**dict(self.facts))


def reason(key: str, **facts: object) -> Reason:
    """A reason of the table above, with its facts."""
    return Reason(key, tuple((name, str(value)) for name, value in facts.items()))


class Unreadable(ValueError):
    """The file cannot be imported as it is; the words say what to do."""

    def __init__(self, key: str, **facts: object) -> None:
        self.reason = reason(key, **facts)
        super().__init__(self.reason.words())
