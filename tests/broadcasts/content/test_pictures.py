"""Pictures that we host: by mail an address that is the same for all, in a chat the file, in an SMS nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from broadcasts.content.blocks import Channel, Content
from broadcasts.content.check import check
from broadcasts.content.compiled import compile
from broadcasts.content.parse import NotContent
from broadcasts.content.preview import preview
from broadcasts.content.slots import Escaped
from people.signed import picture_token, picture_url
from tests.broadcasts.content.making import HOUSE, PLAIN, Elements, Urls, content, text

HERE = replace(HOUSE, public_url="https://leads.acme.shop/wire")
TOKEN = picture_token(b"k" * 32, "ab" * 32)
ADDRESS = picture_url(HERE.public_url, TOKEN)
LOGO = {"key": "ab" * 32, "type": "image/png", "size": 9, "token": TOKEN}
OLD = {name: value for name, value in LOGO.items() if name != "token"}
IMAGE = {"type": "image", "src": "host:logo.png", "alt": "Acme", "link": "https://acme.shop/"}
FOOTER = {"type": "footer", "text": "You asked."}


def shown(*blocks: dict[str, Any], **more: Any) -> Content:
    return content(*blocks, **{"pictures": {"logo.png": LOGO}, **more})


BLOCKS = [
    (IMAGE, True),
    ({**IMAGE, "src": "HOST:logo.png"}, True),
    (text("![Acme](host:logo.png)"), False),
    ({"type": "html", "html": "<p>Acme <img src='host:logo.png' alt='Acme'></p>"}, True),
    ({"type": "product", "title": "Acme", "image": "host:logo.png"}, True),
    ({"type": "columns", "columns": [[IMAGE], [text("b")]]}, True),
]


@pytest.mark.parametrize(("block", "in_chats"), BLOCKS)
def test_all_media(block: dict[str, Any], in_chats: bool) -> None:
    given = shown(block, utm={"source": "mail"})
    mail, chat, sms = (compile(given, channel, house=HERE) for channel in ("email", "telegram", "sms"))
    letter = mail.fill({}, PLAIN)
    assert Elements(letter.html).of("img", "src") == [ADDRESS]
    assert (mail.hosted, mail.attached) == (("logo.png",), ())
    assert chat.attached == (("logo.png",) if in_chats else ())
    assert (chat.hosted, chat.fill({}, PLAIN).photo, sms.hosted) == ((), "", ())
    for said in (letter.text, chat.fill({}, PLAIN).html, chat.fill({}, PLAIN).text, sms.fill({}, PLAIN).text):
        assert "host:" not in said and TOKEN not in said and "#" not in said
    assert "Acme" in sms.fill({}, PLAIN).text or block["type"] == "html"


def test_the_address_is_written_down_once_for_all() -> None:
    """No slot holds it: nobody's letter is told from another one by it, and nothing is filled in for it."""
    made = compile(shown(IMAGE), "email", house=HERE)
    assert made.html and any(ADDRESS in piece for piece in made.html.pieces)
    assert not any(isinstance(slot, Escaped) and TOKEN in repr(slot) for slot in made.html.slots)
    assert ADDRESS in made.fill({}, Urls()).html and made.links == ("https://acme.shop/",)


@pytest.mark.parametrize(
    ("pictures", "src", "base", "expected"),
    [
        ({"logo.png": LOGO}, "host:logo.png", HERE.public_url, []),
        ({"logo.png": LOGO}, "Host:logo.png", HERE.public_url, []),
        ({"logo.png": LOGO}, "host:logo.png", "", ["picture_unhosted"]),
        ({"logo.png": LOGO}, "cid:logo.png", "", []),
        ({"logo.png": OLD}, "cid:logo.png", HERE.public_url, []),
        ({"logo.png": OLD}, "host:logo.png", HERE.public_url, ["picture_missing"]),
        ({}, "host:logo.png", HERE.public_url, ["picture_missing"]),
        ({"logo.png": LOGO}, "host:logo.gif", HERE.public_url, ["picture_missing"]),
        ({"logo.png": LOGO}, "host:", HERE.public_url, ["link_unusable"]),
        ({"logo.png": LOGO}, "host://logo.png", HERE.public_url, ["link_unusable"]),
        ({"logo.png": LOGO}, "host:{{ name }}", HERE.public_url, ["link_unusable"]),
    ],
)
def test_what_the_preflight_finds(pictures: Any, src: str, base: str, expected: list[str]) -> None:
    given = content({**IMAGE, "src": src}, FOOTER, pictures=pictures, variables={"name": "logo.png"})
    house = replace(HERE, public_url=base)
    found = check(given, house=house, known=["name"], channels=["email"])
    assert [one.code for one in found] == expected
    assert all((one.severity, one.where) == ("error", "blocks[0].src") for one in found)
    src_in_mail = Elements(compile(given, "email", house=house).fill({}, PLAIN).html).of("img", "src")
    assert (src_in_mail == ["#"]) == bool(expected)


@pytest.mark.parametrize(("channel", "base"), [("telegram", ""), ("telegram", HERE.public_url), ("sms", "")])
def test_chats_and_phones_need_no_public_address(channel: Channel, base: str) -> None:
    given = shown(IMAGE, text("Hi"), FOOTER)
    assert check(given, house=replace(HERE, public_url=base), known=[], channels=[channel]) == []
    missing = shown({**IMAGE, "src": "host:other.png"}, text("Hi"), FOOTER)
    codes = [one.code for one in check(missing, house=HERE, known=[], channels=[channel])]
    assert codes == (["picture_missing"] if channel == "telegram" else [])


def test_no_value_of_a_person_becomes_one() -> None:
    """Whoever types host:logo.png, or a link to a picture of ours, into a form shows nobody anything."""
    given = shown({**IMAGE, "src": "{{ name }}"})
    html = compile(given, "email", house=HERE).fill({"name": "host:logo.png"}, PLAIN).html
    assert Elements(html).of("img", "src") == ["#"]


def test_a_link_is_no_picture() -> None:
    given = shown(text("[a](host:logo.png)"), {"type": "html", "html": "<a href='host:logo.png'>b</a>"})
    html = compile(given, "email", house=HERE).fill({}, PLAIN).html
    assert set(Elements(html).of("a", "href")) == {"#"} and TOKEN not in html


def test_the_preview_shows_them() -> None:
    found = preview(shown(IMAGE), "email", {}, house=HERE).filled
    assert Elements(found.html).of("img", "src") == [ADDRESS]


@pytest.mark.parametrize("token", ["x", TOKEN + "a", TOKEN[:-1] + "=", TOKEN[:-1] + '"', TOKEN + "\n"])
def test_a_token_is_a_token(token: str) -> None:
    with pytest.raises(NotContent, match=r"pictures\.logo\.png\.token"):
        shown(IMAGE, pictures={"logo.png": {**LOGO, "token": token}})
