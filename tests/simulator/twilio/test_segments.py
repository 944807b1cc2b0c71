"""Segments, against the figures that Twilio and 3GPP TS 23.038 print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.twilio.segments import segments

CASES = [
    ("nothing", "", "GSM-7", 0, 1),
    ("one full", "a" * 160, "GSM-7", 160, 1),
    ("one over", "a" * 161, "GSM-7", 161, 2),
    ("two full", "a" * 306, "GSM-7", 306, 2),
    ("three", "a" * 307, "GSM-7", 307, 3),
    ("the euro costs two", "€" * 80, "GSM-7", 160, 1),
    ("an escape is not torn apart", "€" * 153, "GSM-7", 306, 3),
    ("national letters of the table", "Ñandú à la Ö@", "UCS-2", 13, 1),
    ("greek capitals", "ΔΦΓΛΩ", "GSM-7", 5, 1),
    ("cyrillic, one full", "ы" * 70, "UCS-2", 70, 1),
    ("cyrillic, one over", "ы" * 71, "UCS-2", 71, 2),
    ("one letter makes all UCS-2", "a" * 70 + "ы", "UCS-2", 71, 2),
    ("an emoji costs two", "🎉" * 35, "UCS-2", 70, 1),
    ("a surrogate pair is not torn apart", "🎉" * 67, "UCS-2", 134, 3),
]


@pytest.mark.parametrize(("label", "text", "encoding", "units", "count"), CASES, ids=[case[0] for case in CASES])
def test_segments(label: str, text: str, encoding: str, units: int, count: int) -> None:
    found = segments(text)
    assert (found.encoding, found.units, found.count) == (encoding, units, count)


@given(st.text(max_size=500))
def test_any_text_fits_into_its_segments(text: str) -> None:
    found = segments(text)
    each = 153 if found.encoding == "GSM-7" else 67
    assert (found.count - 1) * (each - 1) <= found.units <= max(160, found.count * each)
