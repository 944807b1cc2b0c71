"""An `Outbound` as a mail, read back by the standard library."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.render import is_own_id, message_id, render
from channels.email.settings import EmailSettings
from domain.messages import File, Outbound

NOW = datetime(2026, 11, 23, 15, 4, 5, tzinfo=UTC)
SMTP = {"host": "127.0.0.1"}
LONG_ID = "<" + "A" * 40 + "%" + "B" * 60 + "@PR3P193MB0123.EURP193.PROD.OUTLOOK.COM>"


def settings(**changes: Any) -> EmailSettings:
    return EmailSettings.model_validate(
        {"kind": "email", "address": "leads@shop.test", "name": "Магазин, «Шоп»", "smtp": SMTP, **changes}
    )


def outbound(**changes: Any) -> Outbound:
    return Outbound(**{"delivery": "0190-abc", "to": "anna@customer.test", "text": "Здравствуйте!", **changes})


def rendered(message: Outbound, **changes: Any) -> EmailMessage:
    raw = render(message, settings(**changes), now=NOW)
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    read = message_from_bytes(raw, policy=default)
    assert isinstance(read, EmailMessage)
    assert not read.defects
    return read


def test_the_header() -> None:
    read = rendered(outbound(subject="Re: Заказ № 15: " + "длинная тема " * 20))
    assert read["From"].addresses[0].display_name == "Магазин, «Шоп»"
    assert read["From"].addresses[0].addr_spec == "leads@shop.test"
    assert read["To"] == "anna@customer.test"
    assert read["Subject"] == ("Re: Заказ № 15: " + "длинная тема " * 20).strip()
    assert read["Message-ID"] == "<leadwire.0190-abc@shop.test>"
    assert read["Date"].datetime == NOW
    assert "Auto-Submitted" not in read
    assert read.get_content().replace("\r\n", "\n") == "Здравствуйте!\n"


def test_threading() -> None:
    refs = ("<3@c.test>", LONG_ID, "<1@c.test>")
    read = rendered(outbound(reply_to=refs))
    assert read["In-Reply-To"] == "<3@c.test>"
    assert read["References"].split() == ["<1@c.test>", LONG_ID, "<3@c.test>"]
    assert LONG_ID.encode() in render(outbound(reply_to=(LONG_ID,)), settings(), now=NOW)


def test_many_references_keep_the_first_and_the_last() -> None:
    refs = tuple(f"<{number}@c.test>" for number in reversed(range(100)))
    kept = rendered(outbound(reply_to=refs))["References"].split()
    assert (kept[0], kept[-1], len(kept)) == ("<0@c.test>", "<99@c.test>", 30)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (outbound(), None),
        (outbound(automatic=True), "auto-generated"),
        (outbound(automatic=True, reply_to=("<1@c.test>",)), "auto-replied"),
    ],
)
def test_machines_are_told_that_it_was_a_machine(message: Outbound, expected: str | None) -> None:
    assert rendered(message)["Auto-Submitted"] == expected


def test_html_has_a_text_part_and_the_signature_in_both() -> None:
    html = "<html><body><p>Привет, <b>Анна</b></p><a href='https://shop.test/1'>Заказ</a></body></html>"
    read = rendered(outbound(text="", html=html), signature="ООО <Шоп>\n+7 495 000-00-00")
    plain, rich = (read.get_body((kind,)) for kind in ("plain", "html"))
    assert isinstance(plain, EmailMessage) and isinstance(rich, EmailMessage)
    text = plain.get_content().replace("\r\n", "\n")
    assert "Привет, Анна" in text and "https://shop.test/1" in text
    assert text.endswith("\n-- \nООО <Шоп>\n+7 495 000-00-00\n")
    assert "ООО &lt;Шоп&gt;<br>+7 495 000-00-00</p></body>" in rich.get_content()


def test_files() -> None:
    files = (
        File(name="Счёт/№ 5\r\n.pdf", type="application/pdf", size=4, data=b"%PDF"),
        File(name="logo.png", type="image/png", size=3, data=b"PNG", content_id="logo@shop"),
        File(name="mail.eml", type="message/rfc822", size=2, data=b"a\n"),
        File(name="", type="nonsense", size=1, data=b"x"),
    )
    read = rendered(outbound(html='<img src="cid:logo@shop">', files=files))
    names = [(part.get_filename(), part.get_content_type()) for part in read.iter_attachments()]
    assert names == [
        ("Счёт № 5 .pdf", "application/pdf"),
        ("mail.eml", "application/octet-stream"),
        ("file", "application/octet-stream"),
    ]
    inline = [part for part in read.walk() if part["Content-ID"]]
    assert [(part["Content-ID"], part.get_content()) for part in inline] == [("<logo@shop>", b"PNG")]


@pytest.mark.parametrize("to", ["анна@пример.рф", "anna@пример.рф"])
def test_international_addresses(to: str) -> None:
    raw = render(outbound(to=to), settings(), now=NOW)
    assert f"To: {to.split('@', maxsplit=1)[0]}@xn--e1afmkfd.xn--p1ai\r\n".encode() in raw


@pytest.mark.parametrize("to", ["", "anna", "a@b\r\nBcc: x@y.test", "a b@c.test", "a@b, c@d"])
def test_what_is_no_address_is_refused(to: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        render(outbound(to=to), settings(), now=NOW)


text = st.text(max_size=200)


@given(subject=text, body=text, html=st.none() | text, ref=text, name=text, type_=text, cid=text, signature=text)
def test_no_text_of_ours_or_theirs_adds_a_header(
    subject: str, body: str, html: str | None, ref: str, name: str, type_: str, cid: str, signature: str
) -> None:
    file = File(name=name, type=type_, size=1, data=b"x", content_id=cid)
    message = outbound(subject=subject, text=body, html=html, reply_to=(ref, f"<{ref}>"), files=(file,))
    raw = render(message, settings(signature=signature), now=NOW)
    names = set(message_from_bytes(raw).keys())
    assert names <= {
        "Message-ID", "In-Reply-To", "References", "From", "To", "Subject", "Date", "X-Leadwire", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ref", "ours"),
    [
        (message_id("1", "leads@shop.test"), True),
        ("<LEADWIRE.1@SHOP.TEST>", True),
        ("<6f1c2f3e-8a55-4a8e@shop.test>", False),  # Thunderbird's, of a colleague
        ("<leadwire.1@other.test>", False),
        ("", False),
    ],
)
def test_we_know_our_own_ids(ref: str, ours: bool) -> None:
    assert is_own_id(ref, "leads@shop.test") is ours
