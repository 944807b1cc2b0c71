"""The page's address, its languages and its templates, without a browser."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from simulator.page.ui import CATALOGS, HERE, initials, weight
from simulator.page.view import View

TEMPLATES = sorted((HERE / "templates").glob("*.html"))

READ = [
    ("nothing", "", "", View()),
    ("all of it", "lang=ru&customer=petr&app=sms&desk=form&seller=olga&room=team", "en",
     View(lang="ru", customer="petr", app="sms", desk="form", seller="olga", room="team")),
    ("nonsense counts as absent", "lang=xx&app=fax&desk=&room=-1&reply=minus", "", View()),
    ("a message to answer", "quote=12&reply=7", "", View(quote=12, reply=7)),
    ("digits that are not ours", "reply=٣", "", View()),
    ("the browser's language", "", "fr-FR,ru;q=0.8,en;q=0.5", View(lang="ru")),
    ("the address before the browser", "lang=en", "ru", View()),
    ("unknown languages", "", "fr, de", View()),
]  # fmt: skip


@pytest.mark.parametrize(("label", "query", "accept", "expected"), READ, ids=[case[0] for case in READ])
def test_address_is_read(label: str, query: str, accept: str, expected: View) -> None:
    assert View.of(dict(parse_qsl(query)), accept) == expected


def test_address_leaves_out_what_is_as_usual() -> None:
    view = View(lang="ru", seller="olga", reply=7)
    assert view.url() == "/?lang=ru&seller=olga"
    assert view.url(room="team", seller="") == "/?lang=ru&room=team"
    assert view.url(reply=9) == "/?lang=ru&seller=olga&reply=9"


@given(
    st.builds(
        View,
        lang=st.sampled_from(["en", "ru"]),
        customer=st.text(max_size=20),
        app=st.sampled_from(["telegram", "sms"]),
        mail=st.text(max_size=64),
        seller=st.text(max_size=20),
        room=st.sampled_from(["bot", "team"]),
    )
)
def test_every_view_has_an_address(view: View) -> None:
    assert View.of(dict(parse_qsl(view.query(), keep_blank_values=True))) == view


def test_every_text_is_in_russian() -> None:
    reader = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    texts = {str(text) for path in TEMPLATES for text in _texts(reader, path.read_text("utf-8"))}
    assert len(texts) > 50
    assert not texts - set(CATALOGS["ru"].messages)


def _texts(reader: Environment, source: str) -> list[str]:
    found = [message for _, _, message in reader.extract_translations(source)]  # type: ignore[attr-defined]  # by i18n
    texts = [message if isinstance(message, str) else message[0] for message in found if message]
    return [text for text in texts if text]


def test_placeholders_survive_translation() -> None:
    for english, russian in CATALOGS["ru"].messages.items():
        assert re.findall(r"%\(\w+\)s", english) == re.findall(r"%\(\w+\)s", russian), english


@pytest.mark.parametrize("path", TEMPLATES, ids=[path.name for path in TEMPLATES])
def test_templates_obey_the_strict_policy(path: str) -> None:
    """An inline style or script is refused by the browser, and nobody sees why."""
    source = TEMPLATES[0].parent.joinpath(path).read_text("utf-8")
    assert not re.findall(r"\sstyle=|\son\w+=|<style|<script(?![^>]*src=)|hx-on", source)


@pytest.mark.parametrize(("name", "letters"), [("Emma Clarke", "EC"), ("Пётр Иванов", "ПИ"), ("Max", "M"), ("", "")])
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(("size", "words"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KB"), (5 * 1024**2, "5.0 MB")])
def test_weight(size: int, words: str) -> None:
    assert weight(size) == words
