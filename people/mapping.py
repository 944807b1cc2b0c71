"""Which column becomes what: guessed from headers and values, edited as plain JSON, and checked in words. Pure.

A mapping is {column: target}. Targets: those of TARGETS, "external:SYSTEM", "consent:CHANNEL", "field:NAME".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from people.files.texts import Reason, reason

Columns = dict[str, str]

SINGLE = ("name", "given_name", "surname", "patronymic", "company", "position", "city", "born", "owner", "language")
"""One value; from several columns only by mistake."""
SEVERAL = ("email", "phone", "telegram", "vk", "tags", "note")
TARGETS = (*SINGLE, *SEVERAL, "skip")
CHANNELS = ("email", "phone", "sms", "telegram", "vk", "whatsapp")
_PREFIXES = ("external", "consent", "field")
_SOMEBODY = frozenset({"name", "given_name", "surname", "email", "phone", "telegram", "vk"})

_WORDS = {
    "name": """name; full name; display name; contact; contact name; client; customer; имя контакта; фио; ф и о;
        наименование; контакт; клиент; полное имя; полное имя контакта; название контакта; fn""",
    "given_name": "given name; first name; firstname; имя",
    "surname": "surname; last name; lastname; family name; second name; фамилия",
    "patronymic": "patronymic; middle name; additional name; отчество",
    "email": """email; e mail; email address; e mail address; mail; почта; эл почта; электронная почта; емейл; имейл;
        адрес электронной почты; рабочий email; личный email; другой email; рабочий e mail; частный e mail;
        другой e mail; work e mail; home e mail; other e mail; e mail для рассылок; newsletters email""",
    "phone": """phone; telephone; tel; mobile; cell; phone number; mobile phone; work phone; home phone; other phone;
        телефон; тел; мобильный; сотовый; номер телефона; рабочий телефон; мобильный телефон; сотовый телефон;
        домашний телефон; другой телефон; рабочий прямой телефон; телефон для рассылок; whatsapp; sms phone""",
    "telegram": "telegram; телеграм; телеграмм; telegram account; telegram id; tg; тг; telegram username",
    "vk": "vk; вк; вконтакте; vkontakte; vk id; страница вконтакте; vk account",
    "company": """company; organization; organisation; organization name; organization 1 name; company name; org;
        компания; организация; название компании; компания контакта; фирма""",
    "position": """position; title; job title; organization title; organization 1 title; role; должность;
        должность контакта""",
    "city": "city; town; address 1 city; home city; business city; город; населенный пункт; адрес город",
    "born": "born; birthday; date of birth; birth date; birthdate; bday; дата рождения; день рождения; др",
    "tags": "tags; labels; group membership; categories; groups; теги; теги контакта; метки; contact type",
    "note": """note; notes; comment; comments; примечание; примечания; примечание контакта; комментарий; заметка;
        заметки""",
    "owner": "owner; responsible; responsible person; assigned to; manager; ответственный; менеджер",
    "language": "language; lang; язык",
    "consent:email": "email consent; email opt in; accepts email marketing; согласие на рассылку; согласие на email",
    "consent:sms": "sms consent; sms opt in; accepts sms marketing; согласие на sms; согласие на смс",
    "consent:phone": "phone consent; согласие на звонки",
    "consent:telegram": "telegram consent; согласие на telegram",
    "consent:whatsapp": "whatsapp consent; согласие на whatsapp",
}  # fmt: skip
_KNOWN = {word.strip(): target for target, words in _WORDS.items() for word in " ".join(words.split()).split(";")}
_FORMS = [
    (re.compile(pattern), target)
    for pattern, target in [
        (r"consent (\w+)", "consent"),
        (r"(e mail|email|phone|address|website|relation|custom field|event|im) \d+ (type|label)", "skip"),
        (r"phonetic .*|yomi .*|.* yomi|nickname|photo|file as|row|reason|строка|причина", "skip"),
        (r"(e mail|email) \d+( value)?", "email"),
        (r"phone \d+( value)?", "phone"),
        (r"(im|website) \d+ value", "skip"),
        (r"(примечание|note|комментарий|comment) \d+", "note"),
        (r"(.+ )?(email|e mail|почта)( \d+)?( контакта)?", "email"),
        (r"(.+ )?(телефон|phone|мобильный|mobile)( \d+)?( контакта)?", "phone"),
    ]
]
_SYSTEMS = {
    "amocrm": {"наименование", "рабочий телефон", "теги"},
    "bitrix24": {"отчество", "рабочий e mail", "источник"},
    "bitrix": {"second name", "work e mail", "source"},
    "amo": {"contact name", "work phone", "tags"},
}
_NAMES = {"bitrix": "bitrix24", "amo": "amocrm"}
"""The English exports of the same two."""
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
_PHONE = re.compile(r"\+?[78]?[\s(\-]*\d{3}[\s)\-]*\d{3}[\s\-]?\d{2}[\s\-]?\d{2}|\+[\d\s()\-]{9,20}")
_PERSON = re.compile(r"([А-ЯЁA-Z][\w'’.\-]*)(\s+[А-ЯЁA-Z][\w'’.\-]*){1,2}")
_LOOKED_AT = 200
"""Characters of a header or a value: patterns cost the square of what they search in vain."""
_MOST = 0.6
"""Of the values of a column without a known header, this share must look alike."""


def guess(headers: Sequence[str], sample_rows: Sequence[Sequence[str]] = ()) -> Columns:
    """A target for each column, "skip" where nothing fits. A single field is given to the first that fits."""
    system = system_of(headers)
    mapping = {header: _by_header(_plain(header), header, system) for header in headers}
    for position, header in enumerate(headers):
        if not mapping[header]:
            values = [
                row[position].strip()[:_LOOKED_AT]
                for row in sample_rows
                if position < len(row) and row[position].strip()
            ]
            mapping[header] = _by_values(values, taken=mapping.values())
    return _parted_once(mapping)


def system_of(headers: Sequence[str]) -> str:
    """Whose export this is: "amocrm", "bitrix24", "google", or empty."""
    plain = {_plain(header) for header in headers}
    if any(re.fullmatch(r"(e mail|phone) 1 value", header) for header in plain):
        return "google"
    return next((_NAMES.get(name, name) for name, words in _SYSTEMS.items() if words <= plain), "")


def _plain(header: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", header[:_LOOKED_AT].casefold().replace("ё", "е")).split())


def _by_header(plain: str, header: str, system: str) -> str:
    exact = header.strip()
    if exact.startswith(tuple(f"{prefix}:" for prefix in _PREFIXES)) or exact in TARGETS:
        return exact  # our own export names its columns by their targets
    if plain == "id":
        return f"external:{system}" if system in ("amocrm", "bitrix24") else "skip"
    if plain == "second name" and system == "bitrix24":
        return "patronymic"
    if target := _KNOWN.get(re.sub(r" \d$", "", plain)) or _KNOWN.get(plain):
        return target
    for form, target in _FORMS:
        if match := form.fullmatch(plain):
            return f"consent:{match[1]}" if target == "consent" else target
    return ""


def _by_values(values: Sequence[str], taken: Collection[str]) -> str:
    def most(fits: Callable[[str], object]) -> bool:
        return bool(values) and sum(1 for value in values if fits(value)) >= _MOST * len(values)

    if most(_EMAIL.search):
        return "email"
    if most(_PHONE.fullmatch):
        return "phone"
    named = "name" in taken or "given_name" in taken
    return "name" if not named and most(_PERSON.fullmatch) else "skip"


def _parted_once(mapping: Columns) -> Columns:
    seen: set[str] = set()
    for column, target in mapping.items():
        if target in seen and _is_single(target):
            mapping[column] = "skip"
        seen.add(target)
    return mapping


def _is_single(target: str) -> bool:
    return target not in SEVERAL and target != "skip"


def check(mapping: Mapping[str, str], headers: Sequence[str], custom_fields: Collection[str]) -> tuple[Reason, ...]:
    """What is wrong, empty when it can be used. `custom_fields`: the names that exist."""
    wrong = [reason("no_column", column=column) for column in mapping if column not in headers]
    for column, target in mapping.items():
        wrong += _wrong_target(column, target, custom_fields)
    by_target = defaultdict(list)
    for column, target in mapping.items():
        by_target[target].append(column)
    wrong += [
        reason("twice", target=target, columns=", ".join(columns))
        for target, columns in by_target.items()
        if len(columns) > 1 and _is_single(target)
    ]
    if not _SOMEBODY & Counter(mapping.values()).keys():
        wrong.append(reason("nobody"))
    return tuple(wrong)


def _wrong_target(column: str, target: str, custom_fields: Collection[str]) -> list[Reason]:
    kind, colon, name = target.partition(":")
    if kind == "external" and not name.strip():
        return [reason("no_system", column=column)]
    if kind == "field" and colon and name not in custom_fields:
        return [reason("no_field", column=column, field=name)]
    known = target in TARGETS or (colon and (kind in ("external", "field") or (kind == "consent" and name in CHANNELS)))
    return [] if known else [reason("no_target", column=column, target=target)]
