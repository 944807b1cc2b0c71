"""JSON in, values out, and back; what is wrong is named with its place and with what may stand there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from broadcasts.content import blocks
from broadcasts.content.blocks import Content, to_json, version
from broadcasts.content.parse import NotContent, parse
from tests.broadcasts.content.making import content, text

KINDS = {"heading", "text", "image", "button", "columns", "product", "divider", "footer", "html"}
BUTTON = {"type": "button", "text": "Go", "url": "https://acme.shop/"}
WRONG: list[tuple[Any, str, str, set[str]]] = [
    ({"blok": []}, "blok", "unknown_field", set(Content.model_fields)),
    ({"blocks": [{**BUTTON, "colour": 1}]}, "blocks[0].colour", "unknown_field", {"type", "text", "url"}),
    ({"blocks": [BUTTON, {"type": "buton"}]}, "blocks[1].type", "unknown_value", KINDS),
    ({"blocks": [{}]}, "blocks[0].type", "unknown_value", KINDS),
    ({"blocks": [{"type": "heading", "level": 4, "text": "x"}]}, "blocks[0].level", "unknown_value", {"1", "2", "3"}),
    ({"blocks": [{"type": "heading", "level": "1", "text": "x"}]}, "blocks[0].level", "unknown_value", {"1", "2", "3"}),
    (
        {"blocks": [{"type": "columns", "columns": [[{"type": "columns", "columns": [[]]}]]}]},
        "blocks[0].columns[0][0].type",
        "unknown_value",
        KINDS - {"columns", "footer"},
    ),
    (
        {"blocks": [{"type": "columns", "columns": [[], [{**BUTTON, "z": 1}]]}]},
        "blocks[0].columns[1][0].z",
        "unknown_field",
        {"type", "text", "url"},
    ),
    ({"blocks": [{"type": "columns", "columns": [[], [], [], []]}]}, "blocks[0].columns", "too_long", set()),
    ({"blocks": [{"type": "columns", "columns": []}]}, "blocks[0].columns", "too_short", set()),
    ({"language": "de"}, "language", "unknown_value", {"en", "ru"}),
    ({"utm": {"sauce": "x"}}, "utm.sauce", "unknown_field", {"source", "medium", "campaign", "term", "content"}),
    ({"variants": {"fax": {}}}, "variants.fax", "unknown_field", {"email", "telegram", "sms", "whatsapp"}),
    ({"variants": {"sms": {"words": ""}}}, "variants.sms.words", "unknown_field", {"blocks", "text"}),
    ({"variants": {"sms": {"text": "x", "blocks": [BUTTON]}}}, "variants.sms", "value_error", set()),
    ({"blocks": [{"type": "html", "html": "x"}]}, "blocks[0]", "html_not_allowed", set()),
    (
        {"variants": {"email": {"blocks": [{"type": "columns", "columns": [[{"type": "html", "html": "x"}]]}]}}},
        "variants.email.blocks[0].columns[0][0]",
        "html_not_allowed",
        set(),
    ),
    ({"subject": "a\nBcc: b@c.shop"}, "subject", "value_error", set()),
    ({"subject": "a\u0000b"}, "subject", "value_error", set()),
    ({"subject": "x" * 501}, "subject", "string_too_long", set()),
    ({"blocks": [{"type": "divider"}] * 201}, "blocks", "too_long", set()),
    ("[]", "", "model_type", set()),
    ("{", "", "json_invalid", set()),
    ("[" * 100_000, "", "json_invalid", set()),
    (" " * 2_000_001, "", "too_long", set()),
]


@pytest.mark.parametrize(("wrong", "path", "code", "allowed"), WRONG)
def test_what_is_wrong_is_named(wrong: Any, path: str, code: str, allowed: set[str]) -> None:
    with pytest.raises(NotContent) as caught:
        parse(wrong)
    (problem,) = caught.value.problems
    assert (problem.path, problem.code, set(problem.allowed)) == (path, code, allowed)
    assert all(one in str(caught.value) for one in allowed)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(NotContent) as caught:
        parse({"blok": 1, "blocks": [{"type": "text"}, {"type": "divider", "x": 1}]})
    assert {problem.path for problem in caught.value.problems} == {"blok", "blocks[0].text", "blocks[1].x"}


def test_values_are_frozen() -> None:
    with pytest.raises(ValidationError):
        content().subject = "other"  # type: ignore[misc]  # what is forbidden


lines = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)
simple = st.one_of(
    st.builds(blocks.Heading, level=st.sampled_from([1, 2, 3]), text=lines),
    st.builds(blocks.Paragraphs, text=lines),
    st.builds(blocks.Image, src=lines, alt=lines, link=lines),
    st.builds(blocks.Button, text=lines, url=lines),
    st.builds(blocks.Product, title=lines, price=lines, image=lines, url=lines, text=lines),
    st.just(blocks.Divider()),
    st.builds(blocks.Html, html=lines),
)
columns = st.builds(
    blocks.Columns, columns=st.lists(st.lists(simple, max_size=2).map(tuple), min_size=1, max_size=3).map(tuple)
)
anything = st.lists(st.one_of(simple, columns, st.builds(blocks.Footer, text=lines)), max_size=4).map(tuple)
variants = st.one_of(st.none(), st.builds(blocks.Variant, blocks=anything), st.builds(blocks.Variant, text=lines))
contents = st.builds(
    Content,
    subject=lines,
    preheader=lines,
    blocks=anything,
    language=st.sampled_from(["en", "ru", None]),
    variants=st.builds(blocks.Variants, email=variants, telegram=variants, sms=variants),
    variables=st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}", fullmatch=True), lines, max_size=3),
    utm=st.builds(blocks.Utm, source=lines, campaign=lines),
)


@given(contents)
def test_json_and_back(given_: Content) -> None:
    assert parse(to_json(given_), html=True) == given_
    assert parse(json.loads(to_json(given_)), html=True) == given_


@given(contents, contents)
def test_the_version_differs_when_the_content_does(one: Content, other: Content) -> None:
    assert (version(one) == version(other)) == (one == other)
    assert version(parse(to_json(one), html=True)) == version(one)


def test_the_version_does_not_know_the_order_of_variables() -> None:
    one, other = ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    assert version(content(variables=one)) == version(content(variables=other))
    assert version(content(text("a"))) != version(content(text("b")))
