"""An `Outbound` as a mail, read back by the standard library."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
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
from domain.errors import Rejected
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


@pytest.mark.parametrize("to", ["", "anna", "a@b\r\nBcc: x@y.test", "a b@c.test", "a@b, c@d", "=?utf-8?q?x?=@c.test"])
def test_what_is_no_address_is_refused(to: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        render(outbound(to=to), settings(), now=NOW)


def hidden(text: str, times: int) -> str:
    """An encoded word, in an encoded word as often as asked for."""
    for _ in range(times):
        text = f"=?utf-8?b?{b64encode(text.encode()).decode()}?="
    return text


INJECTED = "a\r\nBcc: evil@x.test\r\nX-Evil: 1\r\n\r\n<h1>Pay here</h1>"
HOSTILE = [
    *(hidden(INJECTED, times) for times in range(4)),
    "Re: =?utf-8?q?a=0D=0ABcc:_e@x?=",
    "=?utf-8?q?a=0ABcc:_e@x?=.pdf",
    "=?utf-8?q?a=0DBcc:_e@x?=",
    "=\ud800?utf-8?q?a=0ABcc:_e@x?=",
    "=\x00?utf-8?q?a=0ABcc:_e@x?=",
    "=?x?q?=ff?= =?utf-7?q?+AAA-?= =?idna?b?eA==?=",
    "a\u2028Bcc: x\x85y\x0bz\x00",
    "=?utf-8?q?=?=" * 100,
    "=" * 80 + "?" * 80,
    "a" * 5000,
    '"; x="y',
]
FIELDS = ["Message-ID", "In-Reply-To", "References", "From", "To", "Subject", "Date"]
FIELDS += ["Auto-Submitted", "X-Auto-Response-Suppress", "X-Leadwire", "MIME-Version", "Content-Type"]
PART_FIELDS = {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID", "MIME-Version"}


def is_ours(raw: bytes, *, html: bool, ref: str) -> None:
    """Exactly our fields, once each; exactly our parts; our text in the first one."""
    read = message_from_bytes(raw)
    optional = set() if re.fullmatch(r"<[!-;=?-~]{1,900}>", ref) else {"In-Reply-To", "References"}
    assert sorted(read.keys()) == sorted(set(FIELDS) - optional)
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    kinds = ["multipart/mixed", *(["multipart/alternative"] if html else []), "text/plain"]
    kinds += [*(["text/html"] if html else []), "application/pdf"]
    parts = list(read.walk())
    assert [part.get_content_type() for part in parts] == kinds
    for part in parts[1:]:
        assert len(set(part.keys())) == len(part.keys()) and set(part.keys()) <= PART_FIELDS
    assert b64decode(str(parts[-1].get_payload())) == b"%PDF"
    body = parts[2 if html else 1].get_payload(decode=True)
    assert isinstance(body, bytes) and body.decode().replace("\r\n", "\n") == "Здравствуйте!\n"


def injected(value: str, ref: str = "<1@c.test>", html: str | None = None, shop: str = "") -> bytes:
    file = File(name=value, type="application/pdf", size=4, data=b"%PDF", content_id=value)
    refs = () if ref == "" else (ref, value)
    message = outbound(subject=value, html=html, reply_to=refs, files=(file,), automatic=True)
    return render(message, settings(name=shop), now=NOW)


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("html", [None, "<p>hi</p>"])
def test_no_encoded_word_brings_a_header_or_a_body(value: str, html: str | None) -> None:
    is_ours(injected(value, html=html), html=html is not None, ref="<1@c.test>")


words = st.lists(
    st.sampled_from(
        ["=?utf-8?q?", "?=", "=?", "=0A", "=0D", "=", "?", " ", "_", "ы", "a", "\r", "\n", '"', ";", "%0a", "\\"]
    )
    | st.builds(hidden, st.just(INJECTED), st.integers(0, 2)),
    max_size=12,
).map("".join)


@given(value=words | st.text(max_size=100), ref=words | st.text(max_size=50), html=st.booleans(), shop=words)
def test_whatever_stands_in_subject_file_and_names_the_header_is_ours(
    value: str, ref: str, html: bool, shop: str
) -> None:
    shop = "".join(each for each in shop if each.isprintable())[:40]
    is_ours(injected(value, ref or "none", "<p>hi</p>" if html else None, shop), html=html, ref=ref)


def test_an_inline_file_with_a_hidden_line_break_is_attached() -> None:
    cid = "=?utf-8?q?a=0ABcc:_e@x?="
    file = File(name="a.png", type="image/png", size=1, data=b"x", content_id=cid)
    raw = render(outbound(html=f"<img src='cid:{cid}'>", files=(file,)), settings(), now=NOW)
    assert b"Bcc" not in raw.partition(b"\r\n\r\n")[0]
    assert b"Content-ID" not in raw


@pytest.mark.parametrize("value", ["=?utf-8?q?a=0d=0aBcc:_e@x?=", "=?utf-8?q?a=0aBcc:_e@x?=", hidden(INJECTED, 1)])
@pytest.mark.parametrize("field", ["subject", "file"])
def test_the_net_below_catches_what_would_slip_through(value: str, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.email.render._harmless", lambda text: text)
    files = (File(name=value, type="application/pdf", size=4, data=b"%PDF"),) if field == "file" else ()
    with pytest.raises(Rejected):
        render(outbound(subject=value if field == "subject" else "hi", files=files), settings(), now=NOW)


@pytest.mark.parametrize("delivery", ["", "a b", "a\r\nBcc: x@y.test", "=?utf-8?q?=0a?=", "a>"])
def test_a_delivery_is_an_id(delivery: str) -> None:
    with pytest.raises(ValueError, match="is no delivery"):
        render(outbound(delivery=delivery), settings(), now=NOW)


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
