"""Sums of money as people write them: "50 000", "50,000.00", "$50k", "50 тыс", "1,5 млн ₽". Pure.

What could be read in two ways is not read at all: whoever wrote it is asked again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

MOST = Decimal(10**15)
"""Sums stay below; with two decimals that is 17 digits."""


class Money(NamedTuple):
    """A sum, and what it is in (ISO 4217)."""

    amount: Decimal
    currency: str


_SIGNS: Mapping[str, str] = {
    "₽": "RUB", "р": "RUB", "руб": "RUB", "рублей": "RUB", "рубля": "RUB", "рубль": "RUB", "$": "USD", "us$": "USD",
    "доллар": "USD", "доллара": "USD", "долларов": "USD", "dollar": "USD", "dollars": "USD", "€": "EUR", "евро": "EUR",
    "euro": "EUR", "euros": "EUR", "£": "GBP", "₸": "KZT", "тг": "KZT", "тенге": "KZT", "₴": "UAH", "грн": "UAH",
    **{
        code.lower(): code
        for code in (
            "RUB", "USD", "EUR", "GBP", "KZT", "BYN", "UAH", "AMD", "AZN", "GEL", "KGS", "MDL", "TJS", "UZS", "TRY",
            "CHF", "PLN", "CZK", "SEK", "NOK", "DKK", "RSD", "ILS", "AED", "CNY", "JPY", "INR", "CAD", "AUD",
        )
    },
}  # fmt: skip
_SCALES: Mapping[str, int] = {
    **dict.fromkeys(("k", "к", "т", "тыс", "тысяч", "тысяча", "тысячи", "thousand"), 1000),
    **dict.fromkeys(("m", "м", "mln", "млн", "миллион", "миллиона", "миллионов", "million"), 1_000_000),
    **dict.fromkeys(("bn", "mlrd", "млрд", "миллиард", "миллиарда", "миллиардов", "billion"), 1_000_000_000),
}


def _one_of(words: Mapping[str, object]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_SPACE = "[ \u00a0\u2009\u202f]"
"""Also those that programs put between thousands: U+00A0, U+2009, U+202F."""
_WRITTEN = re.compile(
    rf"(?P<before>{_one_of(_SIGNS)})?{_SPACE}*(?P<number>[0-9](?:[0-9.,'’]|{_SPACE}(?=[0-9]))*)"
    rf"{_SPACE}*(?P<scale>{_one_of(_SCALES)})?\.?{_SPACE}*(?P<after>{_one_of(_SIGNS)})?\.?"
)
_GROUPED = re.compile(r"[0-9]{1,3}([ '’.,])[0-9]{3}(?:\1[0-9]{3})*|[0-9]+")
"""Thousands in threes, all by the same sign."""
_LAST = re.compile(r"(.*)([.,])([0-9]*)")
"""What may be decimals."""


def read(text: str, currency: str) -> Money | None:
    """The sum; in `currency` when the text names none. None for what is no sum, or could be two."""
    match = _WRITTEN.fullmatch(text.strip().lower()) if len(text) <= 60 else None
    if match is None or (match["before"] and match["after"]):
        return None
    scale = _SCALES.get(match["scale"] or "", 1)
    number = _number(re.sub(_SPACE, " ", match["number"]), scaled=scale > 1)
    if number is None or (amount := number * scale) >= MOST or amount != round(amount, 2):
        return None
    return Money(round(amount, 2), _SIGNS.get(match["before"] or match["after"] or "", currency))


def _number(text: str, *, scaled: bool) -> Decimal | None:
    """Of digits with signs between them. A sign before three digits parts thousands: no sum has three decimals.

    Before a scale a lone one may be either ("1,234 million"), and is not read.
    """
    found = _LAST.fullmatch(text)
    whole, sign, rest = found.groups() if found else (text, "", "")
    if sign and len(rest) == 3 and not (scaled and whole.isdecimal()):
        whole, rest = text, ""
    elif sign and (sign in whole or len(rest) not in ((1, 2, 4, 5, 6) if scaled else (1, 2))):
        return None
    grouped = _GROUPED.fullmatch(whole)
    if not grouped or (grouped[1] and whole[0] == "0"):
        return None
    return Decimal(f"{re.sub('[^0-9]', '', whole)}.{rest or 0}")
