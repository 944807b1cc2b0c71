"""How long an SMS is on the wire, against a slow reference."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import sms

CASES = [
    ("", "gsm7", 0, 0),
    ("a" * 160, "gsm7", 160, 1),
    ("a" * 161, "gsm7", 161, 2),
    ("a" * 306, "gsm7", 306, 2),
    ("a" * 307, "gsm7", 307, 3),
    ("€" * 80, "gsm7", 160, 1),
    ("€" * 81, "gsm7", 162, 2),
    ("a" * 152 + "€" + "a" * 152, "gsm7", 306, 3),
    ("[]{}\\~^|€", "gsm7", 18, 1),
    ("äöüñ£Ω\n", "gsm7", 7, 1),
    ("ç", "ucs2", 1, 1),
    ("`", "ucs2", 1, 1),
    ("\t", "ucs2", 1, 1),
    ("я" * 70, "ucs2", 70, 1),
    ("я" * 71, "ucs2", 71, 2),
    ("я" * 134, "ucs2", 134, 2),
    ("я" * 135, "ucs2", 135, 3),
    ("👍" * 35, "ucs2", 70, 1),
    ("👍" * 36, "ucs2", 72, 2),
    ("👍" * 67, "ucs2", 134, 3),
]


@pytest.mark.parametrize(("text", "encoding", "units", "parts"), CASES)
def test_lengths(text: str, encoding: str, units: int, parts: int) -> None:
    found = sms.measure(text)
    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)


def reference(text: str) -> int:
    """Cuts real parts off the text, one character at a time."""
    seven = set(text) <= sms.BASIC | sms.EXTENSION

    def units(piece: str) -> int:
        return sum(2 if one in sms.EXTENSION else 1 for one in piece) if seven else len(piece.encode("utf-16-be")) // 2

    if units(text) <= (160 if seven else 70):
        return 1 if text else 0
    pieces: list[str] = []
    while text:
        end = 1
        while end < len(text) and units(text[: end + 1]) <= (153 if seven else 67):
            end += 1
        pieces.append(text[:end])
        text = text[end:]
    return len(pieces)


alphabet = st.sampled_from("abc €[~")
texts = st.one_of(st.text(alphabet, max_size=500), st.text("aяё👍€", max_size=250), st.text(max_size=50))


@given(texts)
def test_parts_equal_the_reference(text: str) -> None:
    if any("\ud800" <= one <= "\udfff" for one in text):
        return
    assert sms.measure(text).parts == reference(text)


def test_the_alphabet_is_whole() -> None:
    assert len(sms.BASIC) == 127 and not sms.BASIC & sms.EXTENSION


def test_what_it_costs() -> None:
    assert sms.cost("я" * 71, Decimal("2.45")) == Decimal("4.90")
    assert sms.cost("", Decimal("2.45")) == 0
