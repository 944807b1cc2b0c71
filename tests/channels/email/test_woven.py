"""A mailing's HTML that is encoded in pieces reads as the whole would, whatever the pieces are."""

from __future__ import annotations

from base64 import b64decode
from quopri import decodestring

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.email import woven
from channels.email.lines import Lines, stuffed
from channels.email.render import render
from domain.messages import Outbound, Woven
from tests.channels.email.test_mime import NOW, body, lines, outbound, read, settings

PIECE = st.text(st.characters(codec="utf-8"), max_size=60) | st.text("Привет, мир\n. =", max_size=200)
PIECE |= st.text("abc.=\n\r\t ", max_size=200) | st.sampled_from(
    ["", ".", "a", "ab", "\n", "x" * 75, "x" * 76, "=" * 26]
)
PIECE = PIECE.filter(lambda piece: not piece.endswith("\r"))
"""Before a piece that begins with LF it would end one line with it in the whole, and two in pieces: the same HTML."""


@st.composite
def wovens(draw: st.DrawFn) -> Woven:
    own = tuple(draw(st.lists(PIECE, max_size=5)))
    return Woven(tuple(draw(st.lists(PIECE, min_size=len(own) + 1, max_size=len(own) + 1))), own)


@given(wovens())
@example(Woven(("<p>", "</p>"), ("x" * 75,)))
@example(Woven(("я", "", "я"), ("а", "я")))
@example(Woven(("", ""), (".",)))
def test_it_decodes_to_the_text_in_both_encodings(given: Woven) -> None:
    text = lines(str(given)).rstrip("\n")
    quoted = woven._quoted(given)
    assert decodestring(quoted).decode().replace("\r\n", "\n").rstrip("\n") == text
    flat = woven._base64(given)
    assert b64decode(flat).decode().replace("\r\n", "\n").rstrip("\n") == text
    for data in (quoted, flat):
        assert data.count(b"\r") == data.count(b"\n") == data.count(b"\r\n")
        assert not data or data.endswith(b"\r\n")
        assert not data.endswith(b"=\r\n") or data is flat
        assert all(len(line) <= 76 and not line.startswith(b".") for line in data.split(b"\r\n"))


@given(wovens(), st.sampled_from(["", "Шоп\n+7"]))
def test_a_mail_in_pieces_reads_as_the_whole(given: Woven, signature: str) -> None:
    html = f"<html><body>{given}</body></html>"
    pieces = Woven((f"<html><body>{given.shared[0]}", *given.shared[1:]), given.own)
    pieces = Woven((*pieces.shared[:-1], f"{pieces.shared[-1]}</body></html>"), given.own)
    message = outbound(html=html, text="As text.\n.dot", woven=pieces)
    whole = Outbound(**{**{name: getattr(message, name) for name in message.__slots__}, "woven": None})
    ours, theirs = (render(one, settings(signature=signature), now=NOW) for one in (message, whole))
    (mine, other) = (body(read(one), "html") or "" for one in (ours, theirs))
    assert mine.rstrip("\n") == other.rstrip("\n")
    assert isinstance(ours, Lines)
    assert stuffed(ours) == stuffed(bytes(ours))  # what vouches for itself needs nothing more


@pytest.mark.parametrize(
    ("piece", "encoding"), [("<p>Hello, Анна</p>" * 3, b"quoted-printable"), ("Здравствуйте", b"base64")]
)
def test_the_encoding_is_the_shorter_one(piece: str, encoding: bytes) -> None:
    assert woven.encoded(Woven((piece, ""), ("x",)))[0] == encoding
