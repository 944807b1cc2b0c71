"""Why a JSON is no content: what is wrong, what is expected there, and an example; in English and Russian. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Pair = tuple[str, str]
"""English, Russian."""
_REASONS: Mapping[str, Pair] = {
    "unknown_field": ("there is no such field; allowed: {allowed}", "такого поля нет; можно: {allowed}"),
    "unknown_value": ("allowed here: {allowed}", "здесь можно: {allowed}"),
    "missing": ("this field is missing", "этого поля не хватает"),
    "html_not_allowed": (
        "raw HTML is switched off here: use other blocks, or have raw_html switched on in [broadcasts]",
        "свой HTML здесь выключен: возьмите другие блоки или включите raw_html в [broadcasts]",
    ),
    "too_long": ("too much: at most {most}", "слишком много: не больше {most}"),
    "too_short": ("too few: at least {least}", "слишком мало: не меньше {least}"),
    "string_too_long": ("too long: at most {most} characters", "слишком длинно: не больше {most} знаков"),
    "string_type": ("a text in quotes is expected", "здесь нужен текст в кавычках"),
    "tuple_type": ("a list is expected: [...]", "здесь нужен список: [...]"),
    "model_type": ("an object is expected: {{...}}", "здесь нужен объект: {{...}}"),
    "json_invalid": (
        "this is no JSON: look for a missing comma, quote or brace",
        "это не JSON: проверьте запятые, кавычки и скобки",
    ),
    "control": ("control characters are not allowed", "управляющие символы не допускаются"),
    "one_line": ("only one line is allowed", "допускается только одна строка"),
    "name_or_field": ("give a name or a field, one of them", "укажите name или field, что-то одно"),
    "picture_strange": (
        "no picture with this key was ever put: give its file, with --picture or in pictures",
        "картинку с таким ключом никто не сохранял: дайте её файл, через --picture или в pictures",
    ),
    "both": ("give blocks or text, not both", "укажите blocks или text, но не оба"),
    "string_pattern_mismatch": (
        "a name has Latin letters, digits and _, and begins with a letter",
        "имя — латинские буквы, цифры и _, первой идёт буква",
    ),
    "template": (
        "it is not read, since braces do not close or hold no variable: {detail}",
        "не читается: скобки не закрыты или в них не переменная: {detail}",
    ),
    "template_forbidden": (
        "only variables, their filters and conditions may stand in braces, not {detail}",
        "в скобках можно писать только переменные, их фильтры и условия, но не {detail}",
    ),
    "template_too_much": (
        "too long, or too much within each other: {detail}",
        "слишком длинно или много вложений: {detail}",
    ),
    "template_cut": (
        "a condition begins in one paragraph or word and ends in another: {detail}",
        "условие начинается в одном абзаце или слове, а заканчивается в другом: {detail}",
    ),
    "": ("this may not stand here", "этого здесь быть не может"),
}
_ALIKE = {
    "mapping_type": "model_type",
    "dict_type": "model_type",
    "model_attributes_type": "model_type",
    "list_type": "tuple_type",
}
"""Other names of pydantic for the same."""
TEMPLATE = '"text": "Hello {{ given_name | default(\'there\') }}!{% if city %} How is {{ city }}?{% endif %}"'
_EXAMPLES: Mapping[str, str] = {
    "": '{"subject": "News", "blocks": [{"type": "text", "text": "Hello!"}]}',
    "subject": '"subject": "News of May"',
    "preheader": '"preheader": "Three short stories"',
    "blocks": '"blocks": [{"type": "text", "text": "Hello!"}]',
    "columns": '"columns": [[{"type": "text", "text": "Left"}], [{"type": "text", "text": "Right"}]]',
    "type": '"type": "text"',
    "level": '"level": 2',
    "text": '"text": "Hello!"',
    "title": '"title": "A jug"',
    "price": '"price": "1 990"',
    "url": '"url": "https://example.com/"',
    "link": '"link": "https://example.com/"',
    "src": '"src": "https://example.com/spring.jpg"',
    "image": '"image": "https://example.com/jug.jpg"',
    "alt": '"alt": "A jug with flowers"',
    "html": '"html": "<p>Hello!</p>"',
    "language": '"language": "ru"',
    "variants": '"variants": {"sms": {"text": "Hello!"}}',
    "email": '"email": {"text": "Hello!"}',
    "telegram": '"telegram": {"text": "Hello!"}',
    "sms": '"sms": {"text": "Hello!"}',
    "whatsapp": '"whatsapp": {"template": "HX...", "values": {"1": "{{ name }}"}}',
    "template": '"template": "HX" and the 32 characters of Twilio\'s ContentSid',
    "values": '"values": {"1": "{{ name }}"}',
    "variables": '"variables": {"city": "your city"}',
    "utm": '"utm": {"source": "mail", "campaign": "spring"}',
    "source": '"source": "mail"',
    "attachments": '"attachments": [{"field": "invoice"}]',
    "pictures": '"pictures": {"logo.png": {"key": "...", "type": "image/png", "size": 4096}}',
    "field": '"field": "invoice"',
    "missing": '"missing": "skip"',
}
"""By the last name of the place."""
_EXAMPLE: Pair = ("for example {example}", "например {example}")


def said(path: str, code: str, facts: Mapping[str, object], allowed: Sequence[str], language: str) -> str:
    """What is wrong at this place, what may stand there, and how it may look."""
    russian = language == "ru"
    words = _REASONS.get(_ALIKE.get(code, code), _REASONS[""])[russian]
    known = {"most": "", "least": "", "detail": "", **facts, "allowed": ", ".join(sorted(allowed))}
    example = TEMPLATE if code.startswith("template") else _example(path)
    if code in {"unknown_field", "html_not_allowed", "control", "one_line", "both"} or not example:
        return words.format(**known)
    return f"{words.format(**known)}, {_EXAMPLE[russian].format(example=example)}"


def _example(path: str) -> str:
    """By the last name of the place; of a list's item that of the list."""
    return _EXAMPLES.get(re.sub(r"\[\d+\]", "", path).rpartition(".")[2], "")
