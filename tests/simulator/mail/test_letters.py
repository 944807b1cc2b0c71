"""Mails as people read and write them, without any server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.letters import Attachment, Letter, compose, parse, reply_subject, split_quote

NOW = datetime(2026, 1, 31, 9, 5, tzinfo=UTC)


def read(raw: bytes) -> Letter:
    """The mail as if it had just come."""
    return parse(raw, uid=7, folder="INBOX", seen=False, received_at=NOW)


QUOTES = [
    ("nothing is quoted", "Hello\nthere", "Hello\nthere", ""),
    ("introduced tail", "Yes\n\nMonday, Max wrote:\n> Want it?\n> Max", "Yes", "Monday, Max wrote:\n> Want it?\n> Max"),
    ("Russian introduction", "Да\n\n31.01.2026, Макс пишет:\n> Берёте?", "Да", "31.01.2026, Макс пишет:\n> Берёте?"),
    ("bare tail", "Yes\n> Want it?", "Yes", "> Want it?"),
    ("gaps inside the tail", "Yes\n> a\n\n> b\n", "Yes", "> a\n\n> b"),
    ("words after a quotation stay", "> Want it?\nYes", "> Want it?\nYes", ""),
    ("only quoted", "> a\n> b", "", "> a\n> b"),
    ("Windows line ends", "Yes\r\n\r\nMax:\r\n> a\r\n", "Yes", "Max:\n> a"),
    ("empty", "", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("label", "text", "words", "quote"), QUOTES, ids=[case[0] for case in QUOTES])
def test_quoted_tail(label: str, text: str, words: str, quote: str) -> None:
    assert split_quote(text) == (words, quote)


@given(st.text())
def test_splitting_loses_no_word(text: str) -> None:
    words, quote = split_quote(text)
    assert (words + quote).split() == text.replace("\r\n", "\n").split()


MAILS = [
    ("plain", b"From: A <a@x.example>\r\nSubject: Hi\r\n\r\nHello\r\n", "A", "Hi", "Hello"),
    ("no headers", b"\r\nHello", "", "", "Hello"),
    ("nothing at all", b"", "", "", ""),
    ("koi8-r", "Content-Type: text/plain; charset=koi8-r\r\n\r\nпривет".encode("koi8-r"), "", "", "привет"),
    ("windows-1251", "Content-Type: text/plain; charset=windows-1251\r\n\r\nпривет".encode("cp1251"), "", "", "привет"),
    ("unknown charset", b"Content-Type: text/plain; charset=martian\r\n\r\nhi", "", "", ""),
    ("encoded words", b"From: =?koi8-r?B?4c7OwQ==?= <a@x>\r\nSubject: =?utf-8?B?0JTQsA==?=\r\n\r\n", "Анна", "Да", ""),
    ("html alone", b"Content-Type: text/html\r\n\r\n<p>Hi <b>you</b></p><script>x()</script>", "", "", "Hi **you**"),
    ("no display name", b"From: a@x.example\r\n\r\n", "a@x.example", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("label", "raw", "name", "subject", "text"), MAILS, ids=[case[0] for case in MAILS])
def test_mails_are_read(label: str, raw: bytes, name: str, subject: str, text: str) -> None:
    letter = read(raw)
    assert (letter.sender_name, letter.subject, letter.text) == (name, subject, text)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_letter(raw: bytes) -> None:
    assert read(raw).uid == 7


@given(st.binary(max_size=100), st.sampled_from([b"From", b"To", b"Subject", b"Message-ID", b"References"]))
def test_any_header_is_a_letter(value: bytes, name: bytes) -> None:
    assert read(name + b": " + value + b"\r\n\r\nhello").folder == "INBOX"


LINE = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=60)


@given(LINE, LINE)
def test_what_is_written_is_read(subject: str, text: str) -> None:
    letter = read(compose(sender="anna@x.example", name="Анна", to="b@y.example", subject=subject, text=f"a {text} b"))
    assert (letter.sender, letter.sender_name, letter.to) == ("anna@x.example", "Анна", "b@y.example")
    assert letter.subject.split() == subject.split()
    assert letter.text.split() == f"a {text} b".split()


def test_answer_threads_and_quotes() -> None:
    raw = b"From: Max <max@x.example>\r\nMessage-ID: <2@x>\r\nReferences: <0@x> <1@x>\r\n\r\nWant it?\r\n> old\r\n"
    question = read(raw)
    answer = read(compose(sender="a@y.example", name="", to="m@x.example", subject="Re", text="Yes", answers=question))
    assert answer.references == ("<0@x>", "<1@x>", "<2@x>")
    assert answer.text == "Yes"
    assert answer.quote == "2026-01-31 09:05, Max <max@x.example>:\n> Want it?"


def test_in_reply_to_stands_in_for_references() -> None:
    assert read(b"In-Reply-To: <1@x> (a comment)\r\n\r\n").references == ("<1@x>",)


def test_files_travel() -> None:
    files = (
        Attachment(name="план.pdf", type="application/pdf", data=b"%PDF"),
        Attachment(name="a", type="nonsense", data=bytes(range(256))),
    )
    raw = compose(sender="a@x.example", name="", to="b@x.example", subject="s", text="t", attachments=files)
    assert [(file.name, file.data) for file in read(raw).attachments] == [(file.name, file.data) for file in files]


def test_header_injection_is_refused() -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline|header"):
        compose(sender="a@x.example", name="", to="b@x.example", subject="a\nBcc: c@x.example", text="")


@pytest.mark.parametrize(
    ("before", "after"), [("Hi", "Re: Hi"), ("re: Hi", "re: Hi"), ("Re: Hi", "Re: Hi"), ("", "Re: ")]
)
def test_reply_subject(before: str, after: str) -> None:
    assert reply_subject(before) == after
