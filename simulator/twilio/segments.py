"""How many SMS a text is: GSM 03.38 (3GPP TS 23.038, section 6.2.1) or UCS-2, and the concatenation header. Pure."""

from __future__ import annotations

from dataclasses import dataclass

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENDED = frozenset("^{}\\[~]|€\f")
"""Sent as an escape and a character: two units each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Segments:
    """What a text costs."""

    encoding: str
    """"GSM-7" or "UCS-2"."""
    units: int
    """Septets or 16-bit code units."""
    count: int
    """Messages that are billed; at least one."""


def segments(text: str) -> Segments:
    """Count the parts: 160 septets alone or 153 each, 70 code units alone or 67 each."""
    if all(char in GSM7 or char in GSM7_EXTENDED for char in text):
        widths = [2 if char in GSM7_EXTENDED else 1 for char in text]
        return _split("GSM-7", widths, alone=160, each=153)
    widths = [2 if ord(char) > 0xFFFF else 1 for char in text]
    return _split("UCS-2", widths, alone=70, each=67)


def _split(encoding: str, widths: list[int], *, alone: int, each: int) -> Segments:
    units = sum(widths)
    if units <= alone:
        return Segments(encoding=encoding, units=units, count=1)
    count, room = 1, each
    for width in widths:  # an escape pair or a surrogate pair is never torn apart
        if width > room:
            count, room = count + 1, each
        room -= width
    return Segments(encoding=encoding, units=units, count=count)
