"""Telegram's HTML: what it becomes, what is refused, and that what is shown is safe."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.telegram.content import formatted
from simulator.telegram.entities import Entity, find_entities, render_html, utf16_length
from simulator.telegram.errors import ApiError
from simulator.telegram.markup import KINDS, parse_html

PARSED = [
    ("plain", "plain", []),
    ("a &lt;b&gt; &amp; &quot;c&quot; &#1078;&#x416; &nbsp; &", 'a <b> & "c" жЖ &nbsp; &', []),
    ("<b>x</b><strong>y</strong>", "xy", [("bold", 0, 1), ("bold", 1, 2)]),
    ("<I>x</i> <em>y</EM>", "x y", [("italic", 0, 1), ("italic", 2, 3)]),
    ("<u>a</u><ins>b</ins>", "ab", [("underline", 0, 1), ("underline", 1, 2)]),
    ("<s>a</s><strike>b</strike><del>c</del>", "abc", [("strikethrough", n, n + 1) for n in range(3)]),
    ('<span class="tg-spoiler">a</span><tg-spoiler>b</tg-spoiler>', "ab", [("spoiler", 0, 1), ("spoiler", 1, 2)]),
    ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 2)]),
    ("<b></b>x", "x", []),
    ("<b>x</>", "x", [("bold", 0, 1)]),
    ("<code>x</code>", "x", [("code", 0, 1)]),
    ("<pre>x\ny</pre>", "x\ny", [("pre", 0, 3)]),
    ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
    ("<blockquote>x</blockquote>", "x", [("blockquote", 0, 1)]),
    ("<a>no address</a>", "no address", []),
    ("<a href=example.org >x</a>", "x", [("text_link", 0, 1)]),
]
BROKEN = [
    ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ("x</b>", "Unexpected end tag at byte offset 1"),
    ("ж</b>", "Unexpected end tag at byte offset 2"),
    ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
    ("<div>x</div>", 'Unsupported start tag "div" at byte offset 0'),
    ("a<br>b", 'Unsupported start tag "br" at byte offset 1'),
    ("1 < 2 > 0", 'Unsupported start tag "" at byte offset 2'),
    ("1 <2", "Unclosed start tag at byte offset 2"),
    ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ('<a href="x>y</a>', 'Unexpected end of attributes of the tag "a" at byte offset 0'),
]
FOUND = [
    ("/start abc", [("bot_command", "/start")]),
    ("see /help@acme_bot now", [("bot_command", "/help@acme_bot")]),
    ("and/or 1/2 </b>", []),
    ("https://example.org/a?b=1, ok", [("url", "https://example.org/a?b=1")]),
    ("to ivan@example.ru!", [("email", "ivan@example.ru")]),
    ("ask @acme_sales #срочно", [("mention", "@acme_sales"), ("hashtag", "#срочно")]),
    ("call +7 916 123-45-67", [("phone_number", "+7 916 123-45-67")]),
]
SHOWN = [
    ("<b>a &lt; b</b>", "<b>a &lt; b</b>"),
    ("<tg-spoiler>x</tg-spoiler>", "<mark>x</mark>"),
    ("<a href='javascript://x.y/%0aalert(1)'>x</a>", "x"),
    ('/start <i>"x"</i>', "/start <i>&quot;x&quot;</i>"),
    ("<i>a<u>b</u></i>c", "<i>a<u>b</u></i>c"),
]


@pytest.mark.parametrize(("source", "text", "entities"), PARSED)
def test_markup_becomes_entities(source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    plain, found = parse_html(source)
    assert (plain, [(e.kind, e.start, e.end) for e in found]) == (text, entities)


@pytest.mark.parametrize(("source", "words"), BROKEN)
def test_bad_markup_is_refused_in_telegrams_words(source: str, words: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_html(source)
    assert caught.value.body() == {
        "ok": False,
        "error_code": 400,
        "description": f"Bad Request: can't parse entities: {words}",
    }


def test_links_and_languages_are_kept() -> None:
    _, (link,) = parse_html('<a href="https://x.org/?a=1&amp;b=2">x</a>')
    assert link.url == "https://x.org/?a=1&b=2"
    _, (code,) = parse_html('<pre><code class="language-python">x</code></pre>')
    assert (code.kind, code.language) == ("pre", "python")
    _, (emoji,) = parse_html('<tg-emoji emoji-id="5368">👍</tg-emoji>')
    assert dict(emoji.extra) == {"custom_emoji_id": "5368"}


@pytest.mark.parametrize(("text", "found"), FOUND)
def test_telegram_finds_things_by_itself(text: str, found: list[tuple[str, str]]) -> None:
    assert [(e.kind, text[e.start : e.end]) for e in find_entities(text)] == found


def test_nothing_is_found_inside_code() -> None:
    text, given_entities = parse_html("<code>/start</code> /go")
    assert [(e.kind, e.start) for e in find_entities(text, given_entities)] == [("code", 0), ("bot_command", 7)]


@pytest.mark.parametrize(("source", "shown"), SHOWN)
def test_what_a_page_shows(source: str, shown: str) -> None:
    assert render_html(*parse_html(source)) == shown


def test_entities_that_cross_end_with_the_outer_one() -> None:
    crossing = [Entity(kind="bold", start=0, end=2), Entity(kind="italic", start=1, end=3)]
    assert render_html("abcd", crossing) == "<b>a<i>b</i></b>cd"


def test_links_in_a_page_lead_out_safely() -> None:
    text = 'https://example.org/?a=1&b="x a@b.ru +7 916 123-45-67'
    shown = render_html(text, find_entities(text))
    rel = 'target="_blank" rel="noopener noreferrer nofollow"'
    assert f'<a href="https://example.org/?a=1&amp;b=" {rel}>' in shown.replace("b</a>=", "b=")
    assert f'<a href="mailto:a@b.ru" {rel}>a@b.ru</a>' in shown
    assert f'<a href="tel:+79161234567" {rel}>' in shown


def test_outer_blanks_go_and_entities_move_along() -> None:
    content = formatted("  <b> x</b> y \n", "HTML", None, 100)
    assert (content.text, [(e.kind, e.start, e.end) for e in content.entities]) == ("x y", [("bold", 0, 1)])


class _Reader(HTMLParser):
    """A browser's view: tags and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"b", "i", "u", "s", "mark", "code", "pre", "blockquote", "a"}
        assert all(name in {"href", "target", "rel"} for name, _ in attrs)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


_words = st.text(alphabet=st.sampled_from("ab <>&\"'/@#+:.Жё😀\n"), max_size=12)
_entities = st.lists(
    st.builds(
        lambda kind, start, length, url: Entity(kind=kind, start=start, end=start + length, url=url),
        st.sampled_from([*KINDS.values(), "url", "email", "mention"]),
        st.integers(0, 12),
        st.integers(1, 12),
        st.sampled_from(["", "https://x.org/\"'><script>", "javascript:alert(1)", "data:text/html,x"]),
    ),
    max_size=5,
)


@given(_words, _entities)
def test_whatever_the_entities_the_page_stays_whole(text: str, entities: list[Entity]) -> None:
    reader = _Reader()
    reader.feed(render_html(text, entities))
    reader.close()
    assert (reader.text, reader.open) == (text, [])


@given(st.text(alphabet=st.sampled_from("<>/&;=\"' abipre\u00a0ж#x1-"), max_size=40))
def test_any_markup_is_read_or_refused(source: str) -> None:
    try:
        text, entities = parse_html(source)
    except ApiError as error:
        assert error.description.startswith("Bad Request: can't parse entities: ")
    else:
        assert all(0 <= e.start < e.end <= len(text) for e in entities)


@given(st.text())
def test_lengths_are_counted_in_utf_16(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2
