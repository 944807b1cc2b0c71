"""Every text in both languages, with the same facts; every key that the code uses exists."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.answer_texts import ANSWERS
from notifications.texts import LANGUAGES, NOTICES, TEXTS, TOAST_LIMIT, TOASTS, Text, say

ROOT = Path(__file__).resolve().parents[2]
ALLOWED_TAGS = {"b", "i", "u", "s", "a", "code", "pre"}
PLURALS = {"en": {"one", "other"}, "ru": {"one", "few", "many"}}


def variants(text: Text) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def places(text: Text) -> set[str]:
    """The facts that it needs."""
    found = {name for v in variants(text) for _, name, _, _ in string.Formatter().parse(v) if name}
    return found if isinstance(text, str) else found | {"count"}


def facts_of(key: str) -> dict[str, object]:
    return dict.fromkeys(places(TEXTS[key]["en"]), 5)


@pytest.mark.parametrize("key", TEXTS)
def test_each_text_is_there_in_each_language_with_the_same_facts(key: str) -> None:
    assert set(TEXTS[key]) == set(LANGUAGES)
    assert places(TEXTS[key]["en"]) == places(TEXTS[key]["ru"])
    for language in LANGUAGES:
        text = TEXTS[key][language]
        assert isinstance(text, str) or set(text) == PLURALS[language]
        assert all(v.strip() == v != "" for v in variants(text))


def test_no_key_stands_in_two_tables() -> None:
    assert len(TEXTS) == len(NOTICES) + len(TOASTS) + len(ANSWERS)


@pytest.mark.parametrize("key", TOASTS)
def test_toasts_fit_and_are_plain(key: str) -> None:
    for language in LANGUAGES:
        text = say(key, language, **facts_of(key))
        assert len(text) <= TOAST_LIMIT and "<" not in text


class Tags(HTMLParser):
    """The tags of a text that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag in ALLOWED_TAGS
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("key", NOTICES)
def test_notices_are_telegrams_html(key: str) -> None:
    for language in LANGUAGES:
        parser = Tags()
        parser.feed(say(key, language, **dict.fromkeys(facts_of(key), 5) | {"name": "<i>&", "reason": "<script>"}))
        assert parser.open == []


def used_keys() -> Iterator[tuple[str, str]]:
    """(key, file): what is handed to say, notice, toast, alert, or stands under "key" or in a table of refusals."""
    for path in [path for room in ("desk", "notifications") for path in (ROOT / room).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield from ((key, path.name) for key in _keys(node))


def _keys(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        first = node.args[0] if node.args else None
        if name in ("say", "notice", "toast", "tell", "alert", "_notice", "_closing"):
            for candidate in node.args[1:2] if name in ("_closing", "tell") else [first]:
                yield from _string(candidate)
    if isinstance(node, ast.Dict):
        for name_node, value in zip(node.keys, node.values, strict=True):
            if (isinstance(name_node, ast.Constant) and name_node.value == "key") or (
                isinstance(name_node, ast.Attribute) and getattr(name_node.value, "id", "") in ("Refusal", "Answer")
            ):
                yield from _string(value)


def _string(node: ast.AST | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def test_every_key_that_is_used_exists() -> None:
    used = set(used_keys())
    assert {"welcome", "toast_won", "toast_was_first", "not_sent_taken"} <= {key for key, _ in used}
    assert [(key, file) for key, file in used if key not in TEXTS] == []


def test_every_key_of_the_desk_is_used() -> None:
    """Texts that nobody reads any more go."""
    others = {"reply_failed", "relay_failed", "channel_paused", "channel_resumed", "card_failed"}
    others |= {"greeting", "welcome_customer", "follow", "continue"}  # to customers
    others |= {"customer_stopped", "farewell"}  # by the router, and by `leadwire staff leave`
    others |= {"unsubscribed", "toast_unsubscribed", "write_back"}  # by router.leaving, and router.late
    others |= {"confirm_subscription", "confirm_by_sms", "confirm_to_company", "confirm_subject"}  # by router.ticks
    others |= {"export_asked"}  # by people.exporting
    assert set(TEXTS) - {key for key, _ in used_keys()} - others == set()


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "1 открытая заявка"),
        (2, "2 открытые заявки"),
        (5, "5 открытых заявок"),
        (11, "11 открытых заявок"),
        (21, "21 открытая заявка"),
        (104, "104 открытые заявки"),
    ],
)
def test_russian_plurals(count: int, words: str) -> None:
    assert words in say("your_leads", "ru", count=count)


def test_english_plurals() -> None:
    assert say("your_leads", "en", count=1) == "You have one open lead:"
    assert say("your_leads", "en", count=2) == "You have 2 open leads:"


@pytest.mark.parametrize("key", [key for key, text in TEXTS.items() if not isinstance(text["en"], str)])
def test_one_is_never_a_plural(key: str) -> None:
    assert not any(plural in say(key, "en", count=1) for plural in ("1 ", "leads", " are now"))


def test_values_are_escaped_where_they_are_markup() -> None:
    assert "&lt;b&gt; &amp;" in say("reply_failed", "en", number=1, reason="<b> &")
    assert "• &lt;i&gt;\n• b" in say("how_to_answer", "en", leads=["<i>", "b"])
    assert say("toast_was_first", "en", name="A & <B>") == "A & <B> was first."


@given(st.text(), st.sampled_from(LANGUAGES))
def test_a_value_never_brings_markup_nor_places(value: str, language: str) -> None:
    text = say("reply_failed", language, number=1, reason=value + "{number}")
    assert "<" not in text and ("{number}" in text or len(value) > 480)


def test_lengths_are_bounded() -> None:
    assert len(say("toast_was_first", "ru", name="я" * 5000)) == TOAST_LIMIT
    assert len(say("reply_failed", "ru", number=1, reason="я" * 5000)) < 1000


def test_an_unknown_language_is_english() -> None:
    assert say("no_leads", "de") == say("no_leads", "en")


def test_facts_may_bear_the_names_of_the_parameters() -> None:
    """`deliveries.facts` hold the key and the language themselves."""
    assert say("no_leads", "ru", **{"key": "x", "language": "en", "press": "1"}) == say("no_leads", "ru")


def test_what_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("nonsense", "en")
    with pytest.raises(KeyError):
        say("reply_failed", "en", number=1)
