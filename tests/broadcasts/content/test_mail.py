"""A mail's HTML and text as mail programs get them."""

from __future__ import annotations

import re

import pytest

from broadcasts.content.compiled import House, compile
from tests.broadcasts.content.making import HOUSE, PLAIN, Elements, Urls, compiled, content, filled, text

FOOTER = {"type": "footer", "text": "You asked for it."}


def test_nothing_is_fetched_but_pictures() -> None:
    html = filled(content({"type": "heading", "text": "Hi"}, text("a"), FOOTER)).html
    assert not re.findall(r"@import|@font-face|fonts\.googleapis|<link|url\(|<script", html)
    assert "Ubuntu" not in html


def test_the_head_of_the_letter() -> None:
    html = filled(content(text("a"), subject='Пять "&" шесть', preheader="Коротко & ясно", language="ru")).html
    elements = Elements(html)
    assert elements.of("html", "lang") == ["ru"]
    assert "<title>Пять &quot;&amp;&quot; шесть</title>" in html
    assert elements.of("div", "aria-label") == ['Пять "&" шесть']
    assert 'name="color-scheme" content="light dark"' in html and "prefers-color-scheme: dark" in html
    hidden = re.search(r'<div style="display:none[^>]*>(.*?)</div>', html, re.DOTALL)
    assert hidden and hidden[1].startswith("Коротко &amp; ясно\u034f")


def test_styles_stand_at_the_elements() -> None:
    html = filled(content(text("One [two](https://acme.shop/x)\n\n- three"))).html
    assert re.search(r'<p style="[^"]*margin: 0 0 14px', html)
    assert re.search(rf'<a href="https://acme.shop/x" style="color: {HOUSE.color}', html)
    assert "<li style=" in html


def test_the_language_is_the_contents_or_the_houses() -> None:
    russian = House(company="Кухни", address="Тверь", language="ru")
    assert "Отписаться" in compile(content(FOOTER), "email", house=russian).fill({}, PLAIN).html
    assert "Unsubscribe" in compile(content(FOOTER, language="en"), "email", house=russian).fill({}, PLAIN).html


def test_the_footer_says_who_and_how_to_leave() -> None:
    given = content(FOOTER)
    found = filled(given)
    for seen in (Elements(found.html).shown, found.text):
        assert all(
            part in seen for part in ("You asked for it.", "Acme & Sons", "12 High Street, London", "Unsubscribe")
        )
    assert Elements(found.html).of("a", "href") == [Urls.unsubscribe]
    assert Urls.unsubscribe in found.text
    assert compiled(given).leaves and not compiled(content(text("a"))).leaves


def test_the_companys_name_is_no_template() -> None:
    house = House(company="A {% B {{ c }} <d>", address="lwslot0x")
    found = compile(content(FOOTER, text("{{ our_company }}")), "email", house=house).fill({"c": "no"}, PLAIN)
    assert found.text.count("A {% B {{ c }} <d>") == 2 and "lwslot0x" in found.text
    assert Elements(found.html).shown.count("A {% B {{ c }} <d>") == 2 and "lwslot0x" in found.html


def test_an_authors_own_link_to_leave_is_the_only_one() -> None:
    given = content({"type": "footer", "text": "Enough? [Leave]({{ unsubscribe }})."}, utm={"source": "mail"})
    assert Elements(filled(given).html).of("a", "href") == [Urls.unsubscribe]
    assert filled(given).text.count(Urls.unsubscribe) == 1
    assert compiled(given).leaves and compiled(given).links == ()


def test_the_pixel_is_there_only_when_asked() -> None:
    given = content(text("a"))
    assert Elements(filled(given, urls=Urls()).html).of("img", "src") == [Urls().open]
    assert "<img" not in filled(given, urls=PLAIN).html


RAW = [
    ("<script>alert(1)</script><b>x</b>", "<b>x</b>"),
    ("<b onclick='x'>x</b>", "<b>x</b>"),
    ("<style>p{}</style><i>x</i>", "<i>x</i>"),
    ("<iframe src='https://evil.shop'></iframe>x", "x"),
    ("<form action='https://evil.shop'><input name=a></form>x", "x"),
    ("<p style='position:fixed;color:red'>x</p>", '<p style="color:red">x</p>'),
    ("<p style='background-color:url(https://evil.shop)'>x</p>", "<p>x</p>"),
    ("<p style='color:{{ name }}'>x</p>", "<p>x</p>"),
    ("<p class='{{ name }}'>x</p>", "<p>x</p>"),
    ("<a href='javascript:x'>x</a>", "<a>x</a>"),
    ("<a href='/relative'>x</a>", '<a href="#">x</a>'),
    ("<img src='data:image/png;base64,x' alt='y'>", '<img alt="y">'),
    ("<b>not closed", "<b>not closed</b>"),
    ("</td></tr></table>x", "x"),
    ("<svg><script>1</script></svg><math></math>x", "x"),
    ("<!-- comment -->x", "x"),
    ("<base href='https://evil.shop'><meta http-equiv=refresh content=0>x", "x"),
]


@pytest.mark.parametrize(("html", "expected"), RAW)
def test_raw_html_is_sanitised(html: str, expected: str) -> None:
    found = filled(content({"type": "html", "html": html}), name="red").html
    seen = re.search(r'<div class="prose"[^>]*>(.*?)</div>', found, re.DOTALL)
    assert seen and seen[1] == expected


def test_raw_html_has_a_text() -> None:
    raw = "<table><tr><td><p>Hi &amp; {{ name }}</p><p><a href='https://acme.shop/x'>more</a></p></td></tr></table>"
    given = content({"type": "html", "html": raw})
    assert filled(given, name="<A&B>").text == "Hi & <A&B>\n\nmore <https://acme.shop/x>"
    assert filled(given, "telegram", name="<A>").html == "Hi &amp; &lt;A&gt;\n\nmore: https://acme.shop/x"


def test_columns_and_products() -> None:
    product = {"type": "product", "title": "Chair", "price": "€ 5", "url": "https://acme.shop/c", "text": "*Soft*"}
    given = content({"type": "columns", "columns": [[product], [text("b")], [text("c")]]}, product)
    found = filled(given)
    assert found.html.count('class="mj-outlook-group-fix mj-column-per-33') == 3
    goods = "Chair — € 5\nSoft\nhttps://acme.shop/c"
    assert found.text == f"{goods}\n\nb\n\nc\n\n{goods}"


def test_attached_pictures_are_named() -> None:
    given = content(
        {"type": "image", "src": "cid:logo", "alt": "Acme"}, text("![b](cid:plan.png) ![c](https://acme.shop/c)")
    )
    assert compiled(given).attached == ("logo", "plan.png")
    assert Elements(filled(given).html).of("img", "src") == ["cid:logo", "cid:plan.png", "https://acme.shop/c"]


def test_a_logo_stays_as_small_as_it_should() -> None:
    image = {"type": "image", "src": "https://acme.shop/logo.png", "alt": "Acme"}
    wide, small = (filled(content(block)).html for block in (image, {**image, "width": 80}))
    assert "width:80px" in small and 'width="80"' in small and 'class="mj-full-width-mobile"' not in small
    assert 'class="mj-full-width-mobile"' in wide


def test_a_channels_own_words() -> None:
    given = content(text("for all"), variants={"email": {"text": "Just *text*, {{ name }}"}})
    found = filled(given, name="<A>")
    assert (found.text, found.html, found.subject) == ("Just *text*, <A>", "", "News")
    own = content(text("for all"), variants={"email": {"blocks": [text("for mail")]}})
    assert filled(own).text == "for mail" and filled(own, "sms").text == "for all"


@pytest.mark.parametrize(("color", "on"), [("#1d5fd1", "#ffffff"), ("#ffd400", "#14181d"), ("#0B7A5C", "#ffffff")])
def test_buttons_can_be_read(color: str, on: str) -> None:
    house = House(company="A", color=color)
    given = content({"type": "button", "text": "Go", "url": "https://acme.shop/"})
    html = compile(given, "email", house=house).fill({}, PLAIN).html
    (style,) = Elements(html).of("a", "style")
    assert {f"background: {color}", f"color: {on}"} <= set(style.split(";"))


def test_a_colour_is_a_colour() -> None:
    with pytest.raises(ValueError, match="colour"):
        House(company="A", color='red" onclick="x')
