"""A mail's HTML in pieces is the HTML, and what all share is one object for all."""

from __future__ import annotations

from broadcasts.content.compiled import House, compile
from broadcasts.content.parse import parse
from tests.broadcasts.content.making import Urls

CONTENT = """{"subject": "News", "blocks": [
  {"type": "heading", "text": "Hello, {{ name | default('friend') }}"},
  {"type": "button", "text": "Look", "url": "https://shop.test/{{ name }}"}, {"type": "footer", "text": "Bye"}]}"""


def test_the_pieces_are_the_html_and_are_shared() -> None:
    template = compile(parse(CONTENT), "email", house=House(company="Orchard"))
    anna, ivan = (template.fill({"name": name}, Urls()) for name in ("Anna <b>", "Иван"))
    assert anna.woven and ivan.woven
    assert anna.woven.shared is ivan.woven.shared
    assert (str(anna.woven), str(ivan.woven)) == (anna.html, ivan.html)
    assert "Anna &lt;b&gt;" in anna.woven.own
    assert compile(parse(CONTENT), "telegram", house=House(company="Orchard")).fill({}, Urls()).woven is None
