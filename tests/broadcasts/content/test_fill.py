"""No value of a person changes anything but the text in its own place."""

from __future__ import annotations

from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from broadcasts.content.blocks import CHANNELS, Channel, Content
from broadcasts.content.marks import NotCompiled
from broadcasts.content.slots import clean
from tests.broadcasts.content.making import PLAIN, Elements, Urls, compiled, content, filled, text

NASTY = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='x", "</a></td></table>", "-->",
    "<!--", "]]>", "<![CDATA[", "javascript:alert(1)", "https://evil.shop/", "//evil.shop", "@evil.shop", "&lt;b&gt;",
    "&#60;b&#62;", "{{ email }}", "{% if a %}", "lwslot0x", "lwslot1x", "**bold**", "[x](https://evil.shop)", "`",
    "\r\nBcc: evil@evil.shop", "\x00", "\u202e", "\ud800", "\u2028", "a" * 5000, "%0d%0a", "<mj-raw>", "</title>", "\\",
    "", " ",
]  # fmt: skip
values = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=20)), max_size=4).map("".join)

EVERYWHERE = content(
    {"type": "heading", "text": "Hello {{ name }}"},
    text("**{{ name }}**, [page](https://acme.shop/u/{{ id }}?m={{ email }}#{{ name }}) `{{ name }}`\n\n> {{ id }}"),
    text("{% if name %}*{{ name | upper }}*{% else %}*nobody*{% endif %} {{ name | truncate(5) }}"),
    {"type": "button", "text": "For {{ name }}", "url": "https://acme.shop/?b={{ name }}"},
    {"type": "image", "src": "https://acme.shop/{{ id }}.png", "alt": "{{ name }}", "link": "https://acme.shop/i"},
    {"type": "product", "title": "{{ name }}", "price": "{{ id }}", "image": "https://acme.shop/p", "text": "{{ id }}"},
    {"type": "columns", "columns": [[{"type": "text", "text": "{{ name }}"}], [{"type": "divider"}]]},
    {
        "type": "html",
        "html": '<p title="{{ name }}" style="color:red">{{ name }} <a href="https://acme.shop/{{ id }}">x</a>'
        '<img src="https://acme.shop/x.png" alt="{{ name }}"></p>',
    },
    {"type": "footer", "text": "You are {{ name }}"},
    subject="Hello {{ name }}",
    preheader="For {{ name }}",
    utm={"source": "mail"},
)  # fmt: skip
HOSTS = {"acme.shop", "go.acme.shop"}
COMPILED = {channel: compiled(EVERYWHERE, channel) for channel in CHANNELS}
BENIGN = {"name": "Anna", "id": "17", "email": "anna@acme.shop"}
EXPECTED = {channel: Elements(made.fill(BENIGN, Urls()).html) for channel, made in COMPILED.items()}


@given(values, values, values)
def test_no_value_breaks_out(name: str, id_: str, email: str) -> None:
    given_ = {"name": name or "x", "id": id_, "email": email}
    for channel in CHANNELS[:2]:
        found = Elements(COMPILED[channel].fill(given_, Urls()).html)
        assert found.tags == EXPECTED[channel].tags
        assert found.comments == EXPECTED[channel].comments
        assert len(found.attributes) == len(EXPECTED[channel].attributes)
        for tag, attribute, value in found.attributes:
            if attribute in {"href", "src"} and value != "#":
                assert (urlsplit(value).scheme, urlsplit(value).hostname in HOSTS) == ("https", True), (tag, value)


@given(values, values)
def test_what_never_changes(name: str, id_: str) -> None:
    for channel, made in COMPILED.items():
        found = made.fill({"name": name, "id": id_}, PLAIN)
        assert found.text.strip()
        assert not {"\r", "\n", "\x00"} & set(found.subject)
        assert "lwslot" not in found.html.replace("lwslot0x", "").replace("lwslot1x", "") or "lwslot" in name + id_
        for one in (found.subject, found.text, found.html, *map("".join, found.buttons), found.photo):
            one.encode()
        for _, url in found.buttons:
            assert urlsplit(url).hostname == "acme.shop", channel


@given(values)
def test_a_value_is_seen_as_it_is(name: str) -> None:
    found = filled(content(text("a{{ name }}b")), name=name)
    assert (
        f"a{' '.join(clean(name).split())}b".replace(" ", "") in Elements(found.html).shown.replace(" ", "")
        or "\f" in name
    )


@given(values, st.sampled_from(CHANNELS))
def test_an_author_breaks_nothing_either(written: str, channel: Channel) -> None:
    """Texts, not markup: whatever is typed into a block is refused as a template, or stays in its place."""
    source = "".join(sign for sign in written if sign.isprintable())[:400]
    blocks = [
        {"type": "heading", "text": source},
        text(source),
        {"type": "button", "text": source, "url": "https://acme.shop"},
    ]
    try:
        found = filled(content(*blocks, subject=source, preheader=source), channel)
    except NotCompiled:
        return
    elements = Elements(found.html)
    assert not {"script", "iframe", "object", "form", "svg", "mj-raw"} & {tag for tag, _ in elements.tags}
    assert not any(name.startswith("on") for _, name, _ in elements.attributes)


def test_a_subject_stays_one_line() -> None:
    given_ = content(text("a"), subject="Hello {{ name }}")
    assert filled(given_, name="Anna\r\nBcc: evil@evil.shop").subject == "Hello Anna Bcc: evil@evil.shop"
    assert filled(given_, name="Anna\u2028Lee").subject == "Hello Anna Lee"


def test_a_mark_in_the_authors_text_is_text() -> None:
    assert filled(content(text("lwslot0x {{ name }} lwslot1x")), name="Anna").text == "lwslot0x Anna lwslot1x"


def test_the_text_part_is_never_empty() -> None:
    image = {"type": "image", "src": "https://acme.shop/i.png"}
    assert filled(content(image)).text == "News"
    assert filled(content(image, subject="{{ name }}")).text == "Acme & Sons"
    assert filled(Content()).text == "Acme & Sons"


def test_long_and_harmful_values_are_cut() -> None:
    assert len(clean("a" * 100_000)) == 2000
    assert clean("An\x00na\u202e\r\nLee\ud800") == "Anna\nLee"
    assert clean("Анна 👩‍💻") == "Анна 👩‍💻"
