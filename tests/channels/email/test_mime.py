"""The fast writer against the standard library: what it wrote is read back, and equals what the package would write."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import unquote
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.email import mime
from channels.email.headers import decode_words, one_line
from channels.email.render import _automatic, _by_package, _identifiers, _signed, recipient, render
from channels.email.settings import EmailSettings
from domain.errors import Rejected
from domain.messages import Outbound

NOW = datetime(2026, 11, 23, 15, 4, 5, 678, tzinfo=UTC)
CYRILLIC = "Мы рады рассказать о новых предложениях недели. " * 30


def settings(**changes: Any) -> EmailSettings:
    table = {"kind": "email", "address": "leads@shop.test", "name": "Магазин, «Шоп»", "smtp": {"host": "127.0.0.1"}}
    return EmailSettings.model_validate({**table, **changes})


def outbound(**changes: Any) -> Outbound:
    return Outbound(**{"delivery": "0190-abc", "to": "anna@customer.test", "text": "Здравствуйте!", **changes})


def read(raw: bytes) -> EmailMessage:
    """As strict as it gets: no bare line ends, no line too long, nothing outside of ASCII, no defect."""
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    assert not any(part.defects for part in mail.walk())
    return mail


def body(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body((kind,))
    return part.get_content().replace("\r\n", "\n") if part is not None else None


def lines(text: str) -> str:
    """As a mail ends lines; a character that UTF-8 cannot write is replaced."""
    text = re.sub(r"[\ud800-\udfff]", "\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") or not text else text + "\n"


@pytest.mark.parametrize(
    "message",
    [
        outbound(),
        outbound(text="Plain ASCII\n.\n..\n.leading dot\nFrom here\n-- \n trailing \t\n"),
        outbound(text="a" * 5000, subject="b" * 900),
        outbound(text=CYRILLIC, html=f"<p>{CYRILLIC}</p>", subject=CYRILLIC),
        outbound(text="It costs 5 €\n=20 =\n", html="<p style='x=1'>5&nbsp;€</p>\n" * 60, subject="Re: 5 €"),
        outbound(text="", html="<p>Hi</p>", subject=""),
        outbound(subject="word " * 100, automatic=True, reply_to=("<1@c.test>", "<2@c.test>")),
        outbound(subject="Re: Заказ № 15", automatic=True),
    ],
    ids=range(8),
)
def test_it_reads_as_what_the_package_writes(message: Outbound) -> None:
    ours = read(render(message, settings(signature="Шоп\n+7"), now=NOW))
    signed = _signed(message, "Шоп\n+7")
    to, head = recipient(message.to), _identifiers(message, "leads@shop.test") + _automatic(message)
    head += b"From: leads@shop.test\r\n"
    theirs = message_from_bytes(_by_package(message, to, head, signed, NOW), policy=default)
    assert isinstance(theirs, EmailMessage)
    assert sorted(set(ours.keys()) - {"Content-Transfer-Encoding"}) == sorted(
        set(theirs.keys()) - {"Content-Transfer-Encoding"}
    )
    for name in set(ours.keys()) - {"Content-Type", "Content-Transfer-Encoding", "From"}:
        assert ours[name] == theirs[name]
    assert [part.get_content_type() for part in ours.walk()] == [part.get_content_type() for part in theirs.walk()]
    assert (body(ours, "plain"), body(ours, "html")) == (body(theirs, "plain"), body(theirs, "html"))


odd = (
    st.text(max_size=200) | st.text(alphabet="a .=-\r\n\t_?\0ы", max_size=400) | st.text(alphabet="ы\n ", max_size=600)
)


@given(subject=odd, text=odd, html=st.none() | odd)
@example(subject=" " * 950 + "x", text=".", html="")
@example(subject="x" * 899 + " y", text="a \r\n\t\r\n.\r\n", html="=\n")
@example(subject="\ud800", text="\ud800\0", html="\ud800")
@example(subject="ы" * 900, text=" ", html="ы" + "a" * 3000)
def test_whatever_is_written_is_read_back(subject: str, text: str, html: str | None) -> None:
    mail = read(render(outbound(subject=subject, text=text or "x", html=html), settings(), now=NOW))
    expected = one_line(re.sub(r"[\ud800-\udfff]", "\ufffd", subject)).replace("=?", "= ?")[:900].rstrip()
    assert mail["Subject"] == expected
    assert body(mail, "plain") == lines((text or "x") + "\n")
    if html is not None:
        assert body(mail, "html") == lines(html)
    kinds = ["text/plain"] if html is None else ["multipart/alternative", "text/plain", "text/html"]
    assert [part.get_content_type() for part in mail.walk()] == kinds
    fields = ["From", "Message-ID", "To", "Subject", "Date", "X-Leadwire", "MIME-Version", "Content-Type"]
    assert list(mail.keys()) == fields + (["Content-Transfer-Encoding"] if html is None else [])


@given(name=st.text(alphabet=st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=200))
def test_whatever_the_company_is_called(name: str) -> None:
    mail = read(render(outbound(), settings(name=name), now=NOW))
    assert [address.addr_spec for address in mail["From"].addresses] == ["leads@shop.test"]
    raw = str(dict(mail.raw_items())["From"])  # the package reads a blank between two encoded words of a name
    shown = decode_words(raw.rpartition("<")[0]).strip()
    expected = one_line(name).replace("=?", "= ?")
    assert unquote(shown) == expected if expected.isascii() else shown == expected


@pytest.mark.parametrize("text", ["=?utf-8?q?a=0d=0aBcc:_e@x?=", "a\r\nBcc: e@x", "a\nb", "a\0b", "a\x7fb", " a", "a "])
def test_a_header_takes_no_line_break_and_no_strange_encoded_word(text: str) -> None:
    with pytest.raises(Rejected):
        mime.header("Subject", text)


@pytest.mark.parametrize("text", ["ы" * 100, "a" + "ы" * 100, "€" * 100, "a€" * 60, "😀" * 60, "ab😀" * 60])
def test_no_encoded_word_cuts_a_character(text: str) -> None:
    """RFC 2047, section 5: each is read by itself. The package's reader would join them, others do not."""
    field = mime.header("Subject", text).decode()
    words = re.findall(r"=\?utf-8\?b\?([^?]*)\?=", field)
    assert "".join(b64decode(word).decode() for word in words) == text
    assert len(words) > 1
    assert max(map(len, field.split("\r\n"))) <= 76


def test_the_boundary_is_another_one_each_time() -> None:
    one, other = (mime.content("a\n", "<p>b</p>").partition(b'boundary="')[2].partition(b'"')[0] for _ in range(2))
    assert one != other


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Hello\n", "7bit"),
        ("x" * 990, "7bit"),
        ("x" * 991, "quoted-printable"),
        ("Hello\0", "quoted-printable"),
        ("It costs 5 €, and " + "more " * 50, "quoted-printable"),
        (CYRILLIC, "base64"),
    ],
)
def test_the_encoding_suits_the_text(text: str, encoding: str) -> None:
    assert f"Content-Transfer-Encoding: {encoding}\r\n".encode() in mime.content(text, None)
