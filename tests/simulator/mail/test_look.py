"""A mail's HTML is shown as it was sent, and whoever looks tells nobody that he does."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.look import html_of

PNG = b"\x89PNG\r\n\x1a\n picture"


def mail(html: str, *, picture: str = "") -> EmailMessage:
    made = EmailMessage()
    made.set_content("The text.")
    made.add_alternative(html, subtype="html")
    if picture:
        body = made.get_body(("html",))
        assert isinstance(body, EmailMessage)
        body.add_related(PNG, "image", "png", cid=f"<{picture}>")
    read = message_from_bytes(made.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    return read


def test_its_own_pictures_are_in_it() -> None:
    shown = html_of(mail('<p>Hi</p><img alt="x" src="cid:logo.png"><img src="cid:other">', picture="logo.png"))
    assert re.search(r'<img alt="x" src="data:image/png;base64,[A-Za-z0-9+/=]+">', shown)
    assert "cid:" not in shown


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://spy.example/o.gif">',
        "<img src=https://spy.example/o.gif>",
        "<IMG alt='' srcset='https://spy.example/2x.gif 2x' SRC = 'https://spy.example/o.gif'>",
        '<link rel="stylesheet" href="https://spy.example/x.css">',
        '<td background="//spy.example/x.png">x</td>',
        '<video poster="https://spy.example/x.png"></video>',
        '<img src="data:text/html,https://spy.example">',
        '<iframe src="https://spy.example"></iframe>',
    ],
)
def test_nothing_is_fetched(html: str) -> None:
    assert "spy.example" not in html_of(mail(html))


def test_links_stay_and_a_mail_of_text_has_none() -> None:
    assert html_of(mail('<a href="https://shop.example/">Go</a>')).strip() == '<a href="https://shop.example/">Go</a>'
    plain = EmailMessage()
    plain.set_content("Hi")
    assert html_of(plain) == ""


@given(st.binary(max_size=300))
def test_no_mail_breaks_it(raw: bytes) -> None:
    message = message_from_bytes(b"Content-Type: text/html\r\n\r\n" + raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert isinstance(html_of(message), str)
