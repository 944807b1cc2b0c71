"""Where letters lead: safe addresses, parameters for statistics, links that can be counted."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcasts.content import links
from tests.broadcasts.content.making import Elements, Urls, compiled, content, filled, text

USABLE = [
    ("https://acme.shop", True),
    ("http://acme.shop:8080/a?b=c&d#e", True),
    ("HTTPS://acme.shop/", True),
    ("https://кухни.рф/стол?цвет=белый", True),
    ("https://acme.shop?a=b", True),
    ("https://acme.shop/@anna", True),
    ("mailto:sales@acme.shop?subject=Hi", True),
    ("tel:+79161234567", True),
    ("tg://resolve?domain=acme", True),
    ("javascript:alert(1)", False),
    ("JaVaScRiPt:alert(1)", False),
    (" javascript:alert(1)", False),
    ("java\tscript:alert(1)", False),
    ("data:text/html,<script>1</script>", False),
    ("vbscript:x", False),
    ("file:///etc/passwd", False),
    ("ftp://acme.shop/", False),
    ("//acme.shop/", False),
    ("/path", False),
    ("acme.shop", False),
    ("https:acme.shop", False),
    ("https://", False),
    ("https:///acme.shop", False),
    ("https://acme.shop@evil.shop/", False),
    ("https://user:pass@acme.shop/", False),
    ("https://acme.shop\\@evil.shop/", False),
    ("https://acme.shop/ x", False),
    ('https://acme.shop/"onclick=x', False),
    ("https://acme.shop/<b>", False),
    ("", False),
]


@pytest.mark.parametrize(("url", "expected"), USABLE)
def test_what_may_be_led_to(url: str, expected: bool) -> None:
    assert links.usable(url) is expected
    html = Elements(filled(content({"type": "button", "text": "Go", "url": url})).html)
    assert (html.of("a", "href") == [url]) is expected
    assert not any("script" in href.lower() or "data:" in href for href in html.of("a", "href"))


MARKDOWN = ["[x](javascript:alert(1))", "<javascript:alert(1)>", "[x](data:text/html,y)", "[x]: javascript:y\n\n[x]"]


@pytest.mark.parametrize("url", ["https://acme.shop/\n", "https://acme.shop/" + "a" * 2000, "#"])
def test_what_may_not_be_led_to(url: str) -> None:
    assert not links.usable(url)


@pytest.mark.parametrize("markdown", MARKDOWN)
def test_markdown_leads_nowhere_unsafe(markdown: str) -> None:
    given_ = content(text(markdown))
    assert Elements(filled(given_).html).of("a", "href") == ["#"]
    assert Elements(filled(given_, "telegram").html).of("a", "href") == ["#"]
    assert compiled(given_).links == ()


UTM = (("utm_source", "mail"), ("utm_campaign", "May & June"))
ADDED = [
    ("https://acme.shop", "https://acme.shop?utm_source=mail&utm_campaign=May%20%26%20June"),
    ("https://acme.shop/?a=1&b", "https://acme.shop/?a=1&b&utm_source=mail&utm_campaign=May%20%26%20June"),
    ("https://acme.shop/a#b?c", "https://acme.shop/a?utm_source=mail&utm_campaign=May%20%26%20June#b?c"),
    ("https://acme.shop/?utm_source=own", "https://acme.shop/?utm_source=own&utm_campaign=May%20%26%20June"),
    ("https://acme.shop/?UTM_Source=own&utm_campaign=", "https://acme.shop/?UTM_Source=own&utm_campaign="),
    ("https://acme.shop/?", "https://acme.shop/?utm_source=mail&utm_campaign=May%20%26%20June"),
    ("mailto:sales@acme.shop", "mailto:sales@acme.shop"),
    ("tel:+79161234567", "tel:+79161234567"),
    ("tg://resolve?domain=acme", "tg://resolve?domain=acme"),
]


@pytest.mark.parametrize(("url", "expected"), ADDED)
def test_parameters_are_added(url: str, expected: str) -> None:
    assert links.with_parameters(url, UTM) == expected
    assert links.with_parameters(url, ()) == url


query = st.text("abc=&%2+;я/?", max_size=20)


@given(query, st.text("ab#?&я", max_size=10))
def test_a_query_and_a_fragment_stay(asked: str, fragment: str) -> None:
    url = f"https://acme.shop/p?{asked}#{fragment}"
    found = links.with_parameters(url, UTM)
    before, after = urlsplit(url), urlsplit(found)
    assert (after.netloc, after.path, after.fragment) == (before.netloc, before.path, before.fragment)
    assert after.query.startswith(before.query)
    assert parse_qsl(after.query, True)[-2:] == list(UTM)
    assert links.with_parameters(found, UTM) == found


DOUBTS = [
    ("https://acme.shop/", None),
    ("https://кухни.рф", None),
    ("https://8.8.8.8/", None),
    ("http://localhost:8000/x", "private"),
    ("http://127.0.0.1/", "private"),
    ("http://192.168.1.5/", "private"),
    ("http://crm.local/", "private"),
    ("https://example.com/", "placeholder"),
    ("https://www.example.org/a", "placeholder"),
    ("https://intranet/", "unparsable"),
    ("https://acme..shop/", "unparsable"),
    ("https://acme.shop:port/", "unparsable"),
    ("https://[::1/", "unparsable"),
    ("mailto:a@b.shop", None),
]


@pytest.mark.parametrize(("url", "expected"), DOUBTS)
def test_what_looks_dead(url: str, expected: str | None) -> None:
    assert links.doubt(url) == expected


@given(st.text(max_size=30))
def test_doubting_never_raises(host: str) -> None:
    links.doubt(f"https://{host}")


PERSONAL = [
    ("https://acme.shop/?m={{ v }}", "a@b.c&x=1#y", "https://acme.shop/?m=a%40b.c%26x%3D1%23y"),
    ("https://acme.shop/{{ v }}/x", "../../evil", "https://acme.shop/..%2F..%2Fevil/x"),
    ("https://acme.shop/#{{ v }}", '"><b>', "https://acme.shop/#%22%3E%3Cb%3E"),
    ("{{ v }}", "https://acme.shop/me", "https://acme.shop/me"),
    ("{{ v }}", "javascript:alert(1)", "#"),
    ("{{ v }}", "", "#"),
    ("{{ v }}/x", "https://acme.shop", "https://acme.shop/x"),
    ("{{ v }}{{ w }}", "https://acme.shop", "#"),
    ("{{ v }}.acme.shop/", "https://evil.shop?", "#"),
    ("https://{{ v }}/x", "evil.shop", "#"),
    ("https://acme.shop{{ v }}", ".evil.shop", "#"),
    ("https://acme.shop@{{ v }}/", "evil.shop", "#"),
    ("java{{ v }}", "script:alert(1)", "#"),
    ("mailto:{{ v }}", "anna@acme.shop", "mailto:anna@acme.shop"),
    ("mailto:{{ v }}", "a@b.c?bcc=d@e.f", "mailto:a@b.c%3Fbcc%3Dd@e.f"),
    ("tel:{{ v }}", "+79161234567", "tel:+79161234567"),
    ("https://acme.shop/{% if v %}a{% endif %}", "x", "#"),
    ("https://acme.shop/?u={{ unsubscribe }}", "x", "#"),
    ("{{ our_site }}?x={{ v }}", "1", "https://acme.shop/?x=1"),
]


@pytest.mark.parametrize(("template", "value", "expected"), PERSONAL)
def test_values_in_addresses(template: str, value: str, expected: str) -> None:
    given_ = content({"type": "button", "text": "Go", "url": template})
    assert Elements(filled(given_, urls=Urls(), v=value, w=".evil.shop").html).of("a", "href") == [expected]
    assert compiled(given_).links == ()


def test_links_are_numbered_once_and_counted_where_asked() -> None:
    given_ = content(
        text("[a](https://acme.shop/a) and [b](https://acme.shop/b?x=1)"),
        {"type": "button", "text": "A", "url": "https://acme.shop/a"},
        {"type": "image", "src": "https://acme.shop/i.png", "alt": "i", "link": "https://acme.shop/b?x=1"},
        {"type": "html", "html": "<a href='{{ our_site }}'>c</a> <a href='mailto:a@acme.shop'>d</a>"},
        {"type": "footer", "text": "why"},
        utm={"source": "mail"},
    )
    made = compiled(given_)
    a, b, c = (f"https://acme.shop/{path}utm_source=mail" for path in ("a?", "b?x=1&", "?"))
    assert made.links == (a, b, c)
    plain = Elements(filled(given_).html)
    assert plain.of("a", "href") == [a, b, a, b, c, "mailto:a@acme.shop", Urls.unsubscribe]
    assert plain.of("img", "src") == ["https://acme.shop/i.png"]
    counted = filled(given_, urls=Urls())
    go = "https://go.acme.shop/c/k3y/"
    assert Elements(counted.html).of("a", "href")[:5] == [go + "0", go + "1", go + "0", go + "1", go + "2"]
    assert Elements(counted.html).of("img", "src")[-1] == Urls().open
    assert counted.text.count(go) == 5 and "utm_source" not in counted.text
    assert compiled(given_, "telegram").links == (a, b, c)
