"""How many parts an SMS has, and what they cost. Pure.

A message in the GSM 7-bit alphabet holds 160 septets, or 153 in each of several parts; any other is UCS-2 and holds 70
code units, or 67 (3GPP TS 23.038, section 6.2; TS 23.040, section 9.2.3.24.1: a header takes the rest). Characters of
the extension table take two, and neither they nor a surrogate pair are parted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet, but for the escape to the next table (TS 23.038, section 6.2.1)."""
EXTENSION = frozenset("\f^{}\\[~]|€")
"""Its extension (section 6.2.1.1)."""
_LIMITS = {"gsm7": (160, 153), "ucs2": (70, 67)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Length:
    """A text's length on the wire."""

    encoding: Literal["gsm7", "ucs2"]
    units: int
    """Septets, or UTF-16 code units."""
    parts: int
    """Messages that are paid for; 0 for an empty text."""


def measure(text: str) -> Length:
    """The length of a text as it is."""
    if all(sign in BASIC or sign in EXTENSION for sign in text):
        return _length("gsm7", [2 if sign in EXTENSION else 1 for sign in text])
    return _length("ucs2", [2 if sign > "\uffff" else 1 for sign in text])


def _length(encoding: Literal["gsm7", "ucs2"], sizes: Sequence[int]) -> Length:
    units = sum(sizes)
    alone, each = _LIMITS[encoding]
    parts = _parts(sizes, each) if units > alone else min(units, 1)
    return Length(encoding=encoding, units=units, parts=parts)


def _parts(sizes: Sequence[int], each: int) -> int:
    parts, taken = 1, 0
    for size in sizes:
        if taken + size > each:
            parts, taken = parts + 1, 0
        taken += size
    return parts


def cost(text: str, price: Decimal) -> Decimal:
    """What the text costs at a price per part."""
    return measure(text).parts * price
