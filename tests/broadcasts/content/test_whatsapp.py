"""What a content says in WhatsApp: an SMS's words, or a template's variables."""

from __future__ import annotations

from typing import Any

import pytest

from broadcasts.content.parse import NotContent, parse
from domain.templates import Template
from tests.broadcasts.content.making import Urls, compiled, content, text

HX = "HX" + "a" * 32
OWN: dict[str, Any] = {"template": HX, "values": {"1": "{{ name | default('friend') }}", "place": "{{ city }}!"}}


def test_a_template_is_filled_for_each_person() -> None:
    made = compiled(content(text("Hi"), variants={"sms": {"text": "Apples!"}, "whatsapp": OWN}), "whatsapp")
    assert made.variables == {"name", "city"}
    filled = made.fill({"name": "<Anna> {{ x }}", "city": "Perm"}, Urls())
    assert filled.template == Template(HX, {"1": "<Anna> {{ x }}", "place": "Perm!"})
    assert filled.text == "Apples!"
    assert made.fill({}, Urls()).template == Template(HX, {"1": "friend", "place": "!"})


def test_an_sms_has_no_template_and_whatsapp_without_one_an_smss_words() -> None:
    given = content(text("Hi"), variants={"sms": {"text": "Apples!"}, "whatsapp": OWN})
    assert compiled(given, "sms").fill({}, Urls()).template is None
    plain = compiled(content(text("**Hi**")), "whatsapp").fill({}, Urls())
    assert (plain.text, plain.template) == (compiled(content(text("**Hi**")), "sms").fill({}, Urls()).text, None)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, "variants.whatsapp.template"),
        ({"template": "HX1"}, "variants.whatsapp.template"),
        ({"template": HX, "values": {"a b": "x"}}, "variants.whatsapp.values"),
        ({"template": HX, "text": "Hi"}, "variants.whatsapp.text"),
        ({"template": HX, "values": {"1": "a\nb"}}, "variants.whatsapp.values"),
    ],
)
def test_what_is_no_template_is_named(given: dict[str, Any], path: str) -> None:
    with pytest.raises(NotContent) as caught:
        parse({"variants": {"whatsapp": given}})
    [problem] = caught.value.problems
    assert problem.path.startswith(path)
    assert problem.say("ru") != problem.say("en")
