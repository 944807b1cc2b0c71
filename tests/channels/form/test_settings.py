"""A wrong form is refused when it is configured, with the key and what to do."""

from __future__ import annotations

from dataclasses import fields
from string import Formatter

import pytest
from pydantic import BaseModel, ValidationError

from channels.form.settings import LANGUAGES, ConsentSettings, FieldSettings, FormSettings, Localised, OptionSettings
from channels.form.texts import TEXTS

EMAIL = {"name": "email", "type": "email"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fields": []}, "nobody could be answered"),
        ({"fields": [{"name": "name"}]}, "type = \"email\" or \"phone\""),
        ({"fields": [EMAIL, EMAIL]}, "email is there twice"),
        ({"fields": [EMAIL, {"name": "website"}]}, "honeypot counts"),
        ({"fields": [EMAIL, {"name": "utm_source"}]}, "reserved"),
        ({"fields": [EMAIL, {"name": "lang"}]}, "reserved"),
        ({"fields": [EMAIL, {"name": "_key"}]}, "name"),
        ({"fields": [EMAIL, {"name": "what", "type": "select"}]}, "a select needs them"),
        ({"fields": [EMAIL, {"name": "what", "options": ["a"]}]}, "options belong to a select"),
        ({"origins": ["shop.example.com"]}, "origins"),
        ({"origins": ["https://shop.example.com/page"]}, "origins"),
        ({"origins": ["https://a.example; script-src *"]}, "origins"),
        ({"consent": {"text": "I agree", "url": "javascript:alert(1)"}}, "url"),
        ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_wrong(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        FormSettings.model_validate(changes)


def test_a_form_without_any_setting_works() -> None:
    assert [field.name for field in FormSettings().fields] == ["name", "phone", "email", "message"]


def test_a_text_may_be_one_string() -> None:
    form = FormSettings.model_validate({"title": "Hello", "button": {"ru": "Да"}})
    assert (form.title.text("ru"), form.button.text("en")) == ("Hello", "Да")
    option = OptionSettings.model_validate("kitchen")
    assert (option.value, option.label.text("ru")) == ("kitchen", "kitchen")


@pytest.mark.parametrize("model", [FormSettings, FieldSettings, OptionSettings, ConsentSettings, Localised])
def test_every_setting_is_explained(model: type[BaseModel]) -> None:
    assert all(field.description for field in model.model_fields.values())


def test_both_languages_fill_in_the_same() -> None:
    for text in fields(TEXTS["en"]):
        english, russian = (getattr(TEXTS[language], text.name) for language in LANGUAGES)
        assert blanks(english) == blanks(russian), text.name


def blanks(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)
