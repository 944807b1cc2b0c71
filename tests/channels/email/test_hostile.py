"""Mails that are meant to harm: what they cost is bounded, and nothing of theirs reaches a header of ours."""

from __future__ import annotations

import pytest

from channels.email import bounded
from channels.email.parse import parse
from domain.messages import Inbound
from tests.channels.email.test_parse import ENVELOPE


def test_parts_within_parts_without_end_become_a_file() -> None:
    deep = b"From: a@b.test\nContent-Type: multipart/mixed; boundary=b0\n\n" + b"".join(
        b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (depth, depth + 1) for depth in range(3000)
    )
    event = parse(deep, ENVELOPE)
    assert isinstance(event, Inbound)
    assert (event.unreadable, event.addresses[0].value) == ("", "a@b.test")
    assert event.raw and event.raw.data == deep


@pytest.mark.parametrize("piece", [b"\n", b"--\n", b"\r"])
def test_a_mail_without_measure_is_unreadable(piece: bytes) -> None:
    event = parse(b"From: a@b.test\nSubject: hi\n\n" + piece * 2_000_001, ENVELOPE)
    assert isinstance(event, Inbound)
    assert event.unreadable == "the mail has more lines or parts than can be read"
    assert (event.addresses[0].value, event.subject) == ("a@b.test", "hi")


def multipart(*parts: bytes) -> bytes:
    head = b"From: a@b.test\nMessage-ID: <1@b.test>\nContent-Type: multipart/mixed; boundary=b\n\n"
    return head + b"".join(b"--b\n" + part + b"\n" for part in parts) + b"--b--\n"


def test_html_of_many_parts_is_turned_into_text_only_up_to_a_total(monkeypatch: pytest.MonkeyPatch) -> None:
    handed_on: list[int] = []

    def count(html: str) -> str:
        handed_on.append(len(html))
        return "x"

    monkeypatch.setattr("channels.email.body.plain_text", count)
    part = b"Content-Type: text/html\n\n" + b"<blockquote><ul><li>a" * 1000
    event = parse(multipart(*[part] * 300), ENVELOPE)
    assert isinstance(event, Inbound)
    assert (len(handed_on), sum(handed_on)) == (50, 200_000)
    assert len(event.files) == 200


def test_text_of_many_parts_is_read_only_up_to_a_total() -> None:
    event = parse(multipart(*[b"Content-Type: text/html\n\n" + b"x" * 1_000_000] * 8), ENVELOPE)
    assert isinstance(event, Inbound)
    assert (event.html, len(event.files), event.unreadable) == (None, 4, "")


@pytest.mark.parametrize("field", [b"Content-Type", b"Content-Disposition", b"Subject", b"References"])
def test_long_fields_are_cut_before_they_are_looked_at(field: bytes) -> None:
    mail = bounded.read(b'%s: text/plain; a="%s"; name=x\n\nhi' % (field, b";" * 60_000))
    assert len(str(mail[field.decode()])) == (2048 if field.startswith(b"Content-") else 16_384)


def test_few_containers_are_opened_when_there_are_many_lines() -> None:
    nest = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(90))
    for lines, most in ((10, 50), (400_000, 29)):
        mail = bounded.read(nest + b"Content-Type: text/plain\n\n" + b"\n" * lines)
        assert sum(part.is_multipart() for part in mail.walk()) == most


WORDS = b"".join(b"=?x%d?q?=80=e4=fc?= " % (number % 7) for number in range(900))
SHAPES = {
    "lists": b"From: a@b.test\nContent-Type: text/html\n\n" + b"<ol><li>" * 2000,
    "blanks": b"From: a@b.test\nContent-Type: text/html\n\n<pre>" + b" " * 90_000 + b"x</pre>",
    "flowed": b"From: a@b.test\nContent-Type: text/plain; format=flowed\n\n" + b"a \n" * 300_000,
    "html parts": multipart(*[b"Content-Type: text/html\n\n" + b"<blockquote><ul><li>a" * 250] * 400),
    "parameters": b'From: a@b.test\nContent-Type: text/plain; a="' + b";" * 60_000 + b"\n\nhi",
    "nested": b"From: a@b.test\n"
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(90))
    + b"Content-Type: text/plain\n\n"
    + b"\n" * 400_000,
    "file names": multipart(*[b'Content-Type: application/pdf; name="' + WORDS[:15_000] + b'"\n\nx'] * 200),
    "words": b"From: " + WORDS + b"<a@b.test>\nReply-To: a@b.test\nSubject: " + WORDS + b"\n\nhi",
}


@pytest.mark.parametrize("name", SHAPES)
def test_mails_that_once_froze_the_process_are_read(name: str) -> None:
    """Each of these took from five seconds to minutes; the suite would hang."""
    event = parse(SHAPES[name], ENVELOPE)
    assert isinstance(event, Inbound)
    assert "cannot be read" not in event.unreadable


@pytest.mark.parametrize(
    ("field", "ids"),
    [
        (b"<a\x00b@c.test>", ()),
        (b"<a\x1b[31m@c.test>", ()),
        ("<ы@c.test>".encode(), ()),
        (b"<" + b"a" * 499 + b">", ("<" + "a" * 499 + ">",)),
        (b"<" + b"a" * 501 + b">", ()),
        (b"a" * 9000 + b"@c.test", ()),
        (b"a\x00b@c.test", ()),
        (b"a@c.test", ("<a@c.test>",)),
        (b"<bad\x00@c.test> <good@c.test>", ("<good@c.test>",)),
    ],
)
def test_ids_are_short_printable_ascii(field: bytes, ids: tuple[str, ...]) -> None:
    event = parse(b"From: a@b.test\nMessage-ID: %s\nReferences: %s\n\nhi" % (field, field), ENVELOPE)
    assert isinstance(event, Inbound)
    assert (event.ref, event.refers_to) == (ids[0] if ids else "", ids)


def test_of_many_references_the_nearest_stay() -> None:
    refs = " ".join(f"<{number}@c.test>" for number in range(500))
    event = parse(f"From: a@b.test\nIn-Reply-To: <x@c.test>\nReferences: {refs}\n\nhi".encode(), ENVELOPE)
    assert isinstance(event, Inbound)
    assert len(event.refers_to) == 50
    assert event.refers_to[:2] == ("<x@c.test>", "<499@c.test>")


@pytest.mark.parametrize(
    "sender", ["=?utf-8?q?a=0d=0aBcc:_e@x?=@b.test", '"=?utf-8?q?x?="@b.test', "＝？utf-8?q?x?=@b.test"]
)
def test_a_sender_that_hides_an_encoded_word_is_none(sender: str) -> None:
    event = parse(f"From: {sender}\n\nhi".encode(), ENVELOPE)
    assert isinstance(event, Inbound)
    assert not any("=?" in each.value for each in event.addresses)


def test_no_line_break_comes_out_of_a_header() -> None:
    word = "=?utf-8?q?a=0D=0AB_c=00=E2=80=A8d?="
    event = parse(
        f'From: {word} <a@b.test>\nSubject: {word}\nContent-Type: x/y; name="{word}"\n\nhi'.encode(), ENVELOPE
    )
    assert isinstance(event, Inbound)
    assert (event.name, event.subject, event.files[0].name) == ("a B c d",) * 3


@pytest.mark.parametrize("piece", [b"<a ", b"<", b"<!--", b"a", b":", b"=?", b"\n> ", b"(", b"\n--b\n", b"=\n"])
def test_hostile_repetition_is_read_in_time(piece: bytes) -> None:
    """Parsers that take the square of the length would need minutes here."""
    for head in (
        b"From: a@b.test\nContent-Type: text/html\n\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n",
        b"From: ",
    ):
        parse(head + piece * 50_000, ENVELOPE)
