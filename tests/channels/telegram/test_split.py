"""Long texts in parts: nothing lost, nothing too long, and HTML that stays HTML."""

from __future__ import annotations

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telegram.split import split_html, split_text, units, visible

letters = st.text('ab😀 \n.!?"', max_size=120) | st.text(max_size=60)


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("", 10, []),
        ("short", 10, ["short"]),
        ("exactly 10", 10, ["exactly 10"]),
        ("A whole. B", 9, ["A whole. ", "B"]),
        ("One two. Three four", 12, ["One two. ", "Three four"]),
        ("«Да.» Нет, пожалуй", 12, ["«Да.» Нет, ", "пожалуй"]),
        ("first line\nsecond. line", 15, ["first line\n", "second. line"]),
        ("para one\n\nline\nx", 14, ["para one\n\n", "line\nx"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("a bcdefghij", 8, ["a bcdefg", "hij"]),  # a part of two characters is not worth a message
        ("😀😀😀", 4, ["😀😀", "😀"]),  # two code units each
        ("x😀😀", 4, ["x😀", "😀"]),
    ],
)
def test_where_a_text_is_cut(text: str, limit: int, parts: list[str]) -> None:
    assert split_text(text, limit) == parts


@pytest.mark.parametrize(
    ("markup", "limit", "parts"),
    [
        ("", 5, []),
        ("<b>fits</b>", 4, ["<b>fits</b>"]),
        ("<b>abcdef</b>", 3, ["<b>abc</b>", "<b>def</b>"]),
        ("ab<b>cd</b>", 2, ["ab", "<b>cd</b>"]),
        ("<b>ab</b>cd", 2, ["<b>ab</b>", "cd"]),
        ("&lt;&lt;&lt;", 2, ["&lt;&lt;", "&lt;"]),
        ("&#128512;&#128512;", 2, ["&#128512;", "&#128512;"]),
        ("&nbsp;", 3, ["&nb", "sp;"]),  # not an entity to Telegram
        (
            '<i><a href="https://example.com/?a=1&amp;b=2">abcd</a></i>',
            2,
            [
                '<i><a href="https://example.com/?a=1&amp;b=2">ab</a></i>',
                '<i><a href="https://example.com/?a=1&amp;b=2">cd</a></i>',
            ],
        ),
        ("<b>ab<i>cd</i>ef</b>", 3, ["<b>ab<i>c</i></b>", "<b><i>d</i>ef</b>"]),
        ("1 < 2 > 0", 4, ["1 < ", "2 > ", "0"]),
    ],
)
def test_where_markup_is_cut(markup: str, limit: int, parts: list[str]) -> None:
    assert split_html(markup, limit) == parts


@settings(max_examples=300, deadline=None)
@given(text=letters, limit=st.integers(2, 40))
def test_the_parts_are_the_text(text: str, limit: int) -> None:
    parts = split_text(text, limit)
    assert "".join(parts) == text
    assert all(0 < units(part) <= limit for part in parts)


tags = st.sampled_from(["b", "i", "code", "tg-spoiler", "blockquote"])
markups = st.recursive(
    letters.map(html.escape) | st.sampled_from(["&#128512;", "&#x416;", "&quot;"]),
    lambda inner: (
        st.builds(lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", tags, st.lists(inner, max_size=3))
        | st.lists(inner, max_size=3).map("".join)
        | inner.map(lambda part: f'<a href="https://example.com/?q=&quot;1&gt;2">{part}</a>')
    ),
    max_leaves=8,
)


class Reader(HTMLParser):
    """Each shown character with the tags around it; complains of tags that do not match."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(f"{tag}{attrs}")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().startswith(tag)

    def handle_data(self, data: str) -> None:
        self.seen += [(char, tuple(self.open)) for char in data]


def shown(markup: str) -> list[tuple[str, tuple[str, ...]]]:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    assert not reader.open
    return reader.seen


@settings(max_examples=300, deadline=None)
@given(markup=markups, limit=st.integers(2, 30))
def test_every_part_is_whole_and_shows_what_it_showed(markup: str, limit: int) -> None:
    parts = split_html(markup, limit)
    assert all(units(visible(part)) <= limit for part in parts)
    assert [char for part in parts for char in shown(part)] == shown(markup)


@settings(max_examples=200, deadline=None)
@given(markup=st.text('<>/&;ab#1 "', max_size=60), limit=st.integers(2, 10))
def test_broken_markup_loses_no_text(markup: str, limit: int) -> None:
    assert "".join(visible(part) for part in split_html(markup, limit)) == visible(markup)
