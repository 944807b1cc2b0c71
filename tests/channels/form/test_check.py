"""A submission against a form: what is accepted, what is said about the rest."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.form.check import FieldErrors, Rules, check, receipt
from channels.form.parse import Submission, Upload
from channels.form.settings import FormSettings, Language
from channels.form.texts import TEXTS
from domain.messages import AddressKind, ChannelName, File, Inbound

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
FIELDS: list[dict[str, Any]] = [
    {"name": "name", "label": "Name"},
    {"name": "phone", "type": "phone"},
    {"name": "email", "type": "email"},
    {"name": "what", "type": "select", "options": ["kitchen", {"value": "door", "label": "A door"}]},
    {"name": "size", "type": "number"},
    {"name": "when", "type": "date"},
    {"name": "call", "type": "checkbox"},
    {"name": "plan", "type": "file"},
    {"name": "product", "type": "hidden"},
    {"name": "message", "type": "textarea", "max_length": 20},
]
FORM = FormSettings.model_validate({"fields": FIELDS, "max_files": 2})
RECEIPT = r"LW(-[0-9A-HJKMNP-TV-Z]{4}){3}"
GOOD = {"phone": "8 (916) 123-45-67"}


def checked(values: dict[str, str], *files: File, form: FormSettings = FORM, **more: Any) -> Inbound | FieldErrors:
    rules = Rules(channel=ChannelName("site"), form=form, country="RU", max_file=1024 * 1024)
    uploads = tuple(Upload(field="plan", file=file) for file in files)
    return check(rules, Submission(values=values, uploads=uploads, **more), "key", NOW)


def accepted(values: dict[str, str], *files: File, **more: Any) -> Inbound:
    inbound = checked(values, *files, **more)
    assert isinstance(inbound, Inbound), inbound
    return inbound


def refused(values: dict[str, str], *files: File, **more: Any) -> dict[str, tuple[str, ...]]:
    errors = checked(values, *files, **more)
    assert isinstance(errors, FieldErrors), errors
    return dict(errors.errors)


def a_file(size: int, name: str = "plan.pdf") -> File:
    return File(name=name, type="application/pdf", size=size, data=b"x" * size)


def test_everything_in_its_place() -> None:
    values = {
        "name": "Анна",
        "phone": "8 (916) 123-45-67",
        "email": " Anna@Example.COM",
        "what": "door",
        "size": "12,5",
        "when": "2026-05-09",
        "call": "on",
        "message": "Сколько\nстоит?",
    }
    inbound = accepted(values, a_file(3), language="ru")
    assert [(address.kind, address.value, address.proved) for address in inbound.addresses] == [
        (AddressKind.PHONE, "+79161234567", False),
        (AddressKind.EMAIL, "anna@example.com", False),
    ]
    assert (inbound.name, inbound.text, inbound.language) == ("Анна", "Сколько\nстоит?", "ru")
    assert (inbound.subject, inbound.source.form, inbound.received_at) == (None, "site", NOW)
    assert inbound.fields == values | {"call": "yes", "email": " Anna@Example.COM"}
    assert [file.name for file in inbound.files] == ["plan.pdf"]
    assert re.fullmatch(RECEIPT, inbound.external_id)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"phone": "12"}, "phone"),
        ({"email": "anna@"}, "email"),
        ({"what": "window"}, "choice"),
        ({"size": "a lot"}, "number"),
        ({"size": "NaN"}, "number"),
        ({"when": "9.5.2026"}, "date"),
        ({"when": "2026-02-30"}, "date"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_wrong_value(wrong: dict[str, str], text: str, language: Language) -> None:
    (name,) = wrong
    assert refused(GOOD | wrong, language=language) == {name: (getattr(TEXTS[language], text),)}


def test_too_long() -> None:
    assert refused(GOOD | {"message": "x" * 21}) == {"message": ("At most 20 characters; there are 21.",)}
    assert refused(GOOD | {"name": "x" * 201})["name"]


def test_nobody_to_answer() -> None:
    assert refused({"message": "hi"}) == {"phone": (TEXTS["en"].contact,)}
    assert "contact" not in str(refused({"phone": "12"}))


def test_errors_are_in_the_order_of_the_page() -> None:
    required = [{**field, "required": True} for field in FIELDS]
    form = FormSettings.model_validate({"fields": required, "consent": {"text": "I agree"}})
    assert list(refused({}, form=form)) == [*(field["name"] for field in FIELDS), "consent"]


@pytest.mark.parametrize(
    ("sizes", "sentences"),
    [
        ([1, 2, 3], ["At most 2 files at a time."]),
        ([1024 * 1024 + 1], ["plan.pdf is larger than 1 MB."]),
        ([0], ["plan.pdf is empty."]),
        ([1, 2], []),
    ],
)
def test_files(sizes: list[int], sentences: list[str]) -> None:
    answer = checked(GOOD, *map(a_file, sizes))
    assert (list(answer.errors["plan"]) if isinstance(answer, FieldErrors) else []) == sentences


def test_consent_is_kept_word_for_word() -> None:
    consent = {"text": {"en": "I agree", "ru": "Согласен"}, "version": "7"}
    form = FormSettings.model_validate({"fields": FIELDS, "consent": consent})
    assert refused(GOOD, form=form, language="ru") == {"consent": (TEXTS["ru"].consent,)}
    inbound = accepted(GOOD | {"consent": "yes"}, form=form, language="ru")
    assert (inbound.consents, inbound.fields["_consent_version"]) == (("Согласен",), "7")
    optional = FormSettings.model_validate({"fields": FIELDS, "consent": consent | {"required": False}})
    assert accepted(GOOD, form=optional).consents == ()


BOXES = [
    {"purpose": "news", "text": {"en": "News, please", "ru": "Хочу новости"}, "version": "2"},
    {"purpose": "marketing", "text": "Everything"},
]


@pytest.mark.parametrize(
    ("said", "language", "expected"),
    [
        ({}, "en", []),
        ({"consent_news": "off", "consent_marketing": ""}, "en", []),
        ({"consent_news": "on"}, "ru", [("news", "Хочу новости", "2")]),
        ({"consent_marketing": "1", "consent_news": "yes"}, "en",
         [("news", "News, please", "2"), ("marketing", "Everything", "")]),
        ({"consent_weather": "yes"}, "en", []),
        ({"consent": "yes", "consent_news": "yes"}, "en", [("service", "I agree", "7"), ("news", "News, please", "2")]),
    ],
)  # fmt: skip
def test_boxes_of_mailings_say_what_stood_beside_them(
    said: dict[str, str], language: Language, expected: list[tuple[str, str, str]]
) -> None:
    consent = {"text": "I agree", "version": "7", "required": False}
    form = FormSettings.model_validate({"fields": FIELDS, "consent": consent, "consents": BOXES})
    inbound = accepted(GOOD | said, form=form, language=language)
    assert [(one.purpose, one.text, one.version) for one in inbound.ticked] == expected
    assert inbound.consents == tuple(text for _, text, _ in expected)
    assert not {"consent_news", "consent_marketing"} & set(inbound.fields)


def test_another_tick_is_another_submission() -> None:
    form = FormSettings.model_validate({"fields": FIELDS, "consents": BOXES})
    plain = FormSettings.model_validate({"fields": FIELDS})
    said = [GOOD, GOOD | {"consent_news": "yes"}, GOOD | {"consent_marketing": "yes"}]
    assert len({accepted(one, form=form).external_id for one in said}) == 3
    assert accepted(GOOD, form=form).external_id == accepted(GOOD, form=plain).external_id


@pytest.mark.parametrize(
    "changes",
    [
        {"consents": [{"purpose": "news", "text": ""}]},
        {"consents": [{"purpose": "service", "text": "x"}]},
        {"consents": [{"purpose": "A b", "text": "x"}]},
        {"consents": [{"purpose": "news", "text": "x"}, {"purpose": "news", "text": "y"}]},
        {"fields": [*FIELDS, {"name": "consent_news"}]},
    ],
)
def test_boxes_that_mean_nothing_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        FormSettings.model_validate({"fields": FIELDS, **changes})


@pytest.mark.parametrize(
    ("sent", "spam"),
    [
        ({}, None),
        ({"website": "http://spam.example"}, "honeypot"),
        ({"_time": str(int(NOW.timestamp()) - 1)}, "too fast"),
        ({"_time": str(int(NOW.timestamp()) - 2)}, None),
        ({"_time": str(int(NOW.timestamp()) + 60)}, None),  # another clock is not a crime
        ({"_time": "soon"}, None),
        ({"_time": "²"}, None),
        ({"_time": "9" * 30}, None),
        ({"_spam": "no"}, None),  # only we write it
    ],
)
def test_spam_is_marked_and_kept(sent: dict[str, str], spam: str | None) -> None:
    inbound = accepted(GOOD | sent)
    assert inbound.fields.get("_spam") == spam
    assert "website" not in inbound.fields


def test_fields_that_only_the_page_knows_are_kept_within_bounds() -> None:
    extras = {f"x{number}": "y" * 1000 for number in range(30)} | {"_secret": "1", "utm_x": "1", "lang": "en"}
    fields = accepted(GOOD | extras).fields
    assert len(fields) == 1 + 20
    assert fields["x0"] == "y" * 500


@pytest.mark.parametrize(
    ("values", "page", "expected"),
    [
        ({}, "https://s.example/a?utm_source=ya&utm_campaign=may", {"source": "ya", "campaign": "may"}),
        ({"utm_source": "direct"}, "https://s.example/a?utm_source=ya", {"source": "direct"}),
        ({"_page": "https://s.example/b?utm_term=x#utm_source=no"}, "https://s.example/a", {"term": "x"}),
        ({"_page": "javascript:alert(1)?utm_source=x"}, "", {}),
        ({"_page": "https://[::1?utm_source=x"}, "", {}),
        ({}, "", {}),
    ],
)
def test_source(values: dict[str, str], page: str, expected: dict[str, str]) -> None:
    source = accepted(GOOD | values | {"_referrer": "https://ya.ru/"}, page=page).source
    assert source.utm == expected
    assert source.referrer == "https://ya.ru/"
    assert not source.page.startswith("javascript")


def test_receipt_is_stable_and_readable() -> None:
    assert receipt("site", "key", "00ff") == receipt("site", "key", "00ff")
    others = [("site", "kez", "00ff"), ("other", "key", "00ff"), ("site", "key", "00fe")]
    assert len({receipt("site", "key", "00ff"), *(receipt(*other) for other in others)}) == 4
    assert receipt("ab", "c", "") != receipt("a", "bc", "")
    assert re.fullmatch(RECEIPT, receipt("site", "key", "00ff"))


@given(st.text())
@example("half of a pair: \ud800")
@example("\0\n\x85")
def test_any_key_makes_a_receipt(key: str) -> None:
    assert re.fullmatch(RECEIPT, receipt("site", key, "00ff"))


MESSAGES = st.text("ab \n", min_size=1, max_size=3).map(str.strip).filter(bool)
SAID = st.tuples(
    st.fixed_dictionaries({}, optional={"message": MESSAGES, "name": MESSAGES, "extra": MESSAGES}),
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([b"x", b"y"])), max_size=2),
)


@given(SAID, SAID)
def test_a_key_holds_for_one_content_only(
    one: tuple[dict[str, str], list[tuple[str, bytes]]], other: tuple[dict[str, str], list[tuple[str, bytes]]]
) -> None:
    """Who guesses "order-1043" and sends it first must not make the real submission vanish as a duplicate."""
    first, second = (
        accepted(GOOD | values, *(File(name=name, type="a/b", size=len(data), data=data) for name, data in files))
        for values, files in (one, other)
    )
    same = (first.fields, first.files) == (second.fields, second.files)
    assert (first.external_id == second.external_id) == same


@pytest.mark.parametrize(
    ("again", "same"),
    [
        ({}, True),
        ({"_key": "another mark", "_time": "1", "_page": "https://a.example.com/2"}, True),
        ({"_time": str(int(NOW.timestamp()))}, True),  # the first try looked too fast, the second does not
        ({"website": "http://spam.example.com"}, True),
        ({"phone": "+7 916 123-45-68"}, False),
        ({"consent": "on"}, False),
    ],
)
def test_the_same_again_is_what_the_visitor_said(again: dict[str, str], same: bool) -> None:
    form = FormSettings.model_validate({"fields": FIELDS, "consent": {"text": "Agreed", "required": False}})
    first, second = accepted(GOOD, form=form), accepted(GOOD | again, form=form)
    assert (first.external_id == second.external_id) == same


def test_the_order_of_the_fields_says_nothing() -> None:
    values = GOOD | {"message": "Hi", "colour": "red"}
    assert accepted(values).external_id == accepted(dict(reversed(values.items()))).external_id


NAMES = st.sampled_from([*(field["name"] for field in FIELDS), "consent", "_time", "_page", "utm_source", "website"])


@given(st.dictionaries(NAMES | st.text(max_size=5), st.text(max_size=60)))
def test_no_submission_raises(values: dict[str, str]) -> None:
    answer = checked(values)
    assert answer.addresses if isinstance(answer, Inbound) else answer.errors
