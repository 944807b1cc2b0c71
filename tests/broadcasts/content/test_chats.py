"""Telegram and SMS: the same blocks, in what those show."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcasts.content.marks import NotCompiled
from broadcasts.content.preview import preview
from tests.broadcasts.content.making import HOUSE, Elements, Urls, content, filled, text

TELEGRAM = [
    ("**b** *i* ~~s~~ `c` & <u>", "<b>b</b> <i>i</i> <s>s</s> <code>c</code> &amp; &lt;u&gt;"),
    ("[x](https://acme.shop/?a=1&b)", '<a href="https://acme.shop/?a=1&amp;b">x</a>'),
    ("<https://acme.shop/>", '<a href="https://acme.shop/">https://acme.shop/</a>'),
    ("# Head\n\ntext\nnext", "<b>Head</b>\n\ntext\nnext"),
    ("- a\n- b\n  - c\n\n3. d\n4. e", "• a\n• b\n   • c\n\n3. d\n4. e"),
    ("> a\n> > b", "<blockquote>a\n\nb</blockquote>"),
    ("```\na < b\n```", "<pre>a &lt; b</pre>"),
    ("![alt](https://acme.shop/i.png) x", "alt x"),
    ("a\n\n---\n\nb", "a\n\n—————\n\nb"),
]
PLAIN = [
    ("**b** *i* ~~s~~ `c` & <u>", "b i s c & <u>"),
    ("[x](https://acme.shop/?a=1&b)", "x: https://acme.shop/?a=1&b"),
    ("<https://acme.shop/>", "https://acme.shop/"),
    ("# Head\n\ntext\nnext", "Head\n\ntext\nnext"),
    ("- a\n- b\n  - c\n\n3. d\n4. e", "• a\n• b\n   • c\n\n3. d\n4. e"),
    ("> a\n> > b", "> a\n>\n> > b"),
    ("\\*a\\* &amp; &copy;", "*a* & ©"),
]


@pytest.mark.parametrize(("markdown", "expected"), TELEGRAM)
def test_markdown_for_telegram(markdown: str, expected: str) -> None:
    assert filled(content(text(markdown)), "telegram").html == expected


@pytest.mark.parametrize(("markdown", "expected"), PLAIN)
def test_markdown_as_text(markdown: str, expected: str) -> None:
    assert filled(content(text(markdown)), "sms").text == expected


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("See [more](https://acme.shop/x).", "See more <https://acme.shop/x>."),
        ("By the link: [more](https://acme.shop/x), now", "By the link: more <https://acme.shop/x>, now"),
        ("(<https://acme.shop/>)", "(<https://acme.shop/>)"),
        ("[Leave]({{ unsubscribe }}).", "Leave <https://go.acme.shop/u/k3y>."),
    ],
)
def test_an_address_in_a_mails_text_ends_where_it_ends(markdown: str, expected: str) -> None:
    """A full stop that stood behind it became a part of it, and the link was dead (RFC 3986, appendix C)."""
    assert filled(content(text(markdown)), "email").text == expected


@given(st.text("ab*_~`[]()<>#->&! \n1.\\|", max_size=60))
def test_telegram_gets_only_its_own_tags(markdown: str) -> None:
    try:
        html = filled(content(text(markdown)), "telegram").html
    except NotCompiled:
        return
    open_: list[str] = []
    for tag, names in Elements(html).tags:
        assert tag.lstrip("/") in {"a", "b", "i", "u", "s", "code", "pre", "blockquote"}
        assert set(names) <= {"href"}
        if tag.startswith("/"):
            assert open_.pop() == tag[1:]
        else:
            assert tag != "blockquote" or "blockquote" not in open_, "one within another is refused"
            open_.append(tag)
    assert not open_


def test_a_message_with_photo_and_buttons() -> None:
    given_ = content(
        {"type": "heading", "text": "Hi {{ name }}"},
        {"type": "image", "src": "https://acme.shop/1.png", "alt": "A chair", "link": "https://acme.shop/1"},
        {"type": "image", "src": "https://acme.shop/2.png", "alt": "A table"},
        {"type": "button", "text": "Buy {{ name }}", "url": "https://acme.shop/buy"},
        {"type": "button", "text": "Nowhere", "url": "javascript:x"},
        {"type": "button", "text": "Later", "url": ""},
        {"type": "product", "title": "Desk", "price": "€ 5", "image": "https://acme.shop/3.png", "url": "https://acme.shop/3"},
        {"type": "divider"},
        {"type": "footer", "text": "You asked."},
    )  # fmt: skip
    found = filled(given_, "telegram", urls=Urls(counted=False), name="<A>")
    assert found.photo == "https://acme.shop/1.png"
    assert found.buttons == (("Buy <A>", "https://acme.shop/buy"),)
    assert found.html == (
        '<b>Hi &lt;A&gt;</b>\n\n<a href="https://acme.shop/1">A chair</a>\n\nA table\n\n'
        '<a href="https://acme.shop/3"><b>Desk</b></a> — € 5\n\n—————\n\n<i>You asked.</i>\n'
        f'<a href="{Urls.unsubscribe}">Unsubscribe</a>'
    )
    assert filled(given_, "telegram", urls=Urls()).buttons[0][1] == "https://go.acme.shop/c/k3y/1"


def test_own_plain_text_for_telegram() -> None:
    found = filled(content(text("all"), variants={"telegram": {"text": "a < b, {{ name }}"}}), "telegram", name="*A*")
    assert (found.text, found.html) == ("a < b, *A*", "")


def test_sms_is_short_and_priced() -> None:
    given_ = content(
        text("Hi {{ name }}, see [us](https://acme.shop/)"), {"type": "divider"}, {"type": "footer", "text": "Long"}
    )
    seen = preview(given_, "sms", {"name": "Анна"}, house=HOUSE, price=Decimal("2.40"))
    assert seen.filled.text == "Hi Анна, see us: https://acme.shop/"
    assert (seen.parts, seen.cost) == (1, Decimal("2.40"))
    long = preview(content(text("я" * 71)), "sms", {}, house=HOUSE, price=Decimal("2.40"))
    assert (long.parts, long.cost) == (2, Decimal("4.80"))


def test_a_preview_of_a_mail_knows_its_size() -> None:
    small = preview(content(text("Hi {{ name }}")), "email", {"name": "Анна"}, house=HOUSE)
    assert small.size == len(small.filled.html.encode()) and not small.clipped and small.parts == 0
    assert (
        "https://acme.shop/a"
        in preview(content(text("[a](https://acme.shop/a)")), "email", {}, house=HOUSE).filled.html
    )
    assert preview(content(*[text("я" * 19_000)] * 3), "email", {}, house=HOUSE).clipped
