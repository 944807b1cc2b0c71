"""The pre-flight: what is wrong is found in its place, once, and said in two languages."""

from __future__ import annotations

import string
from typing import Any

import pytest

from broadcasts.content.blocks import Content
from broadcasts.content.check import Finding, check
from broadcasts.content.compiled import House
from broadcasts.content.ready import LANGUAGES, NAMES, ready
from broadcasts.content.texts import FINDINGS, WORDS
from tests.broadcasts.content.making import HOUSE, content, text

FOOTER = {"type": "footer", "text": "You asked."}
HX = "HX" + "a" * 32
PICTURE = {"key": "ab" * 32, "type": "image/png", "size": 9}
IMAGE = {"type": "image", "src": "https://acme.shop/i.png", "alt": "x"}


def button(url: str) -> dict[str, Any]:
    return {"type": "button", "text": "Go", "url": url}


def codes(given: Content, *channels: str, known: tuple[str, ...] = ("name",), **how: Any) -> list[tuple[str, str, str]]:
    found = check(given, house=HOUSE, known=known, channels=channels or ("email",), **how)  # type: ignore[arg-type]  # names of channels
    return [(one.severity, one.code, one.where) for one in found]


CASES: list[tuple[Content, tuple[str, ...], list[tuple[str, str, str]]]] = [
    (content(text("Hi"), FOOTER), ("email", "telegram", "sms"), []),
    (content(text("Hi"), FOOTER, subject=" "), ("email",), [("error", "subject_empty", "subject")]),
    (content(text("Hi"), FOOTER, subject=""), ("telegram", "sms"), []),
    (content(), ("email",), [("error", "empty", "blocks")]),
    (content(text("Hi")), ("email",), [("error", "no_unsubscribe", "blocks")]),
    (content(text("[leave]({{ unsubscribe }})")), ("email",), []),
    (
        content(text("Hi"), FOOTER, variants={"email": {"text": "x"}}),
        ("email",),
        [("error", "no_unsubscribe", "variants.email.text")],
    ),
    (content(text("Hi {{ nam }}"), FOOTER), ("email",), [("error", "variable_unknown", "blocks[0].text")]),
    (content(text("Hi {{ name }}"), FOOTER), ("email",), [("warning", "variable_no_default", "blocks[0].text")]),
    (content(text("Hi {{ name }}"), FOOTER, variables={"name": "friend"}), ("email",), []),
    (content(text("Hi {{ nam }}"), FOOTER, variables={"nam": "friend"}), ("email",), []),
    (content(text("Hi {{ name.x }}"), FOOTER), ("email",), [("error", "template_forbidden", "blocks[0].text")]),
    (content(text("Hi {{ name"), FOOTER), ("email",), [("error", "template", "blocks[0].text")]),
    (content(text("**a {% if name %}b** c{% endif %}"), FOOTER), ("email",), [("error", "template_cut", "blocks")]),
    (content({**IMAGE, "alt": ""}, FOOTER), ("email",), [("warning", "image_no_alt", "blocks[0].alt")]),
    (content({**IMAGE, "src": ""}, FOOTER), ("email",), [("error", "image_no_source", "blocks[0].src")]),
    (content({**IMAGE, "src": "javascript:x"}, FOOTER), ("email",), [("error", "link_unusable", "blocks[0].src")]),
    (content(button(""), FOOTER), ("email",), [("error", "button_no_url", "blocks[0].url")]),
    (content(button("acme.shop"), FOOTER), ("email",), [("error", "link_unusable", "blocks[0].url")]),
    (content(button("https://example.com/"), FOOTER), ("email",), [("warning", "link_placeholder", "blocks[0].url")]),
    (content(button("http://localhost/"), FOOTER), ("email",), [("warning", "link_private", "blocks[0].url")]),
    (content(button("https://acme/"), FOOTER), ("email",), [("error", "link_unparsable", "blocks[0].url")]),
    (content(text("[a](http://10.0.0.1/)")), ("telegram", "sms"), [("warning", "link_private", "blocks[0].text")]),
    (content(button("https://acme.shop/{{ name | d('x') }}")), ("sms",), [("note", "link_personal", "blocks[0].url")]),
    (content(*[text("я" * 19_000)] * 3, FOOTER), ("email",), [("warning", "too_big", "blocks")]),
    (content(text("я" * 202)), ("sms",), [("warning", "sms_parts", "blocks")]),
    (content(text("я" * 201)), ("sms",), []),
    (content(FOOTER), ("sms",), [("error", "no_text", "blocks")]),
    (content(text("я" * 2000)), ("whatsapp",), [("warning", "whatsapp_no_template", "variants.whatsapp")]),
    (content(text("я" * 2000), variants={"whatsapp": {"template": HX}}), ("whatsapp",), []),
    (content(FOOTER, variants={"whatsapp": {"template": HX}}), ("whatsapp",), []),
    (
        content(text("Hi"), variants={"whatsapp": {"template": HX, "values": {"1": "{{ nam }}"}}}),
        ("whatsapp",),
        [("error", "variable_unknown", "variants.whatsapp.values.1")],
    ),
    (content(text("Hi"), variants={"sms": {}}), ("sms",), [("error", "no_text", "variants.sms.blocks")]),
    (
        content(text("Hi"), variants={"telegram": {"text": " "}}),
        ("telegram",),
        [("error", "no_text", "variants.telegram.text")],
    ),
    (content(text("a" * 1024), IMAGE), ("telegram",), []),
    (content(text("a" * 1025), IMAGE), ("telegram",), [("warning", "telegram_caption", "blocks")]),
    (content(text("👍" * 2049)), ("telegram",), [("warning", "telegram_long", "blocks")]),
    (content(text("&" * 4096)), ("telegram",), []),
    (content({**IMAGE, "src": "cid:i.png"}, pictures={"i.png": PICTURE}), ("telegram",), []),
    (content({**IMAGE, "src": "cid:i.png"}), ("telegram",), [("error", "picture_missing", "blocks[0].src")]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "channels", "expected"), CASES)
def test_what_is_found(given: Content, channels: tuple[str, ...], expected: list[tuple[str, str, str]]) -> None:
    assert codes(given, *channels) == expected


PAGE = "https://acme.shop/{{ name }}"


@pytest.mark.parametrize(
    ("url", "channel", "code"),
    [
        ("{{ site }}", "telegram", "button_vanishes"),
        ("{{ site }}", "email", "button_leads_nowhere"),
        ("{{ site | default('') }}", "telegram", "button_vanishes"),
        ("{{ site | default('https://acme.shop/') }}", "telegram", ""),
        ("{{ site }}", "sms", ""),
        (PAGE, "telegram", ""),
    ],
)
def test_a_button_that_some_do_not_get(url: str, channel: Any, code: str) -> None:
    found = check(content(text("Hi"), button(url), FOOTER), house=HOUSE, known=("name", "site"), channels=(channel,))
    buttons = [one for one in found if one.code.startswith("button")]
    assert [one.code for one in buttons] == ([code] if code else [])
    assert all((one.severity, one.where) == ("warning", "blocks[1].url") for one in buttons)
    assert all("“site”" in one.say("en") and "«site»" in one.say("ru") for one in buttons)


def test_a_house_without_an_address() -> None:
    (found,) = check(content(text("Hi"), FOOTER), house=House(company="Acme"), known=[], channels=["email"])
    assert (found.code, found.where) == ("no_address", "blocks[1]")


def test_lengths_are_of_the_person_at_hand() -> None:
    given = content(text("{{ name | d('x') }}"))
    assert codes(given, "sms") == []
    assert codes(given, "sms", sample={"name": "я" * 202}) == [("warning", "sms_parts", "blocks")]
    assert codes(content(text("я" * 71)), "sms", most_parts=1) == [("warning", "sms_parts", "blocks")]


def test_errors_come_first_and_each_once() -> None:
    given = content({**IMAGE, "alt": ""}, button(""), button(""), FOOTER)
    found = codes(given, "email", "telegram", "sms")
    assert found[:2] == [("error", "button_no_url", "blocks[1].url"), ("error", "button_no_url", "blocks[2].url")]
    assert len(found) == len(set(found))


@pytest.mark.parametrize("code", FINDINGS["en"])
def test_findings_are_said_in_both_languages(code: str) -> None:
    fields = {
        language: {f for _, f, _, _ in string.Formatter().parse(FINDINGS[language][code]) if f}
        for language in LANGUAGES
    }
    assert fields["en"] == fields["ru"]
    finding = Finding(code=code, where="", facts=tuple((name, 5) for name in fields["en"]))
    assert finding.say("ru") != finding.say("en") == finding.say("de")
    assert "{{{{" not in finding.say("en")


def test_languages_have_the_same_words() -> None:
    assert FINDINGS["en"].keys() == FINDINGS["ru"].keys()
    assert WORDS["en"].keys() == WORDS["ru"].keys()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_ready_contents_pass(name: str, language: str) -> None:
    given = ready(name, language)
    assert given.language == language
    assert check(given, house=HOUSE, known=["given_name"], most_parts=2) == []


def test_ready_contents_are_named() -> None:
    assert ready("welcome", "de") == ready("welcome", "en")
    with pytest.raises(KeyError):
        ready("../check", "en")
