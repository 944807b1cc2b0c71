"""Single values of a cell in their normal form: dates, yes and no, names in messengers, lists, phones. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from domain.addresses import normalise_phone

_ISO = re.compile(r"(\d{4})-?(\d{1,2})-?(\d{1,2})(?:[t ].*)?", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?: г\.?)?(?:[t ]\d.*)?", re.ASCII)
_WORDED = re.compile(r"(\d{1,2})\.? ([^\W\d_]{3,9})\.?,? (\d{4})(?: г\.?)?")
_WORDED_US = re.compile(r"([^\W\d_]{3,9})\.? (\d{1,2}),? (\d{4})")
_MONTHS = {
    word: number
    for number, words in enumerate(
        """jan янв|feb фев|mar мар|apr апр|may май мая|jun июн|jul июл|aug авг|sep сен|oct окт|nov ноя|dec дек""".split(
            "|"
        ),
        1,
    )
    for word in words.split()
}
_MONTH_FIRST = frozenset({"US", "PH", "PW", "FM"})
_YEARS = range(1880, 2100)

_YES = frozenset("yes y true 1 + да д истина ok ✓ v согласен согласна on subscribed подписан".split())
_NO = frozenset("no n false 0 - нет н ложь отказ off unsubscribed отписан".split())

_SIGNS = re.compile(r"[,;|\n]| / | или | or ")
_LISTED = re.compile(r"[,;|\n]|:::| / | или | or ")
_DIGITS = re.compile(r"\d")

_RUSSIAN_MOBILE = re.compile(r"(?:\+7|[78])[ \-]?\(?(9[0-9]{2})\)?[ \-]?([0-9]{3})[ \-]?([0-9]{2})[ \-]?([0-9]{2})")
_NUMBERISH = re.compile(r"\+?\d[\d\s()\-.]{5,}\d")
_LONGEST = 250
"""Characters: what phonenumbers takes. Longer texts would fill the memory of what was read before."""
_FLOAT = re.compile(r"(\+?\d{7,15})\.0")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)

_TG_NAME = re.compile(r"(?i)(?:(?:https?://)?(?:www\.)?(?:t|telegram)\.me/|@)?([a-z]\w{3,31})/?", re.ASCII)
_VK_NAME = re.compile(r"(?i)(?:(?:https?://)?(?:www\.|m\.)?vk\.(?:com|ru)/|@)?([a-z][\w.]{1,31})/?", re.ASCII)


def line(text: str) -> str:
    """On one line, without spaces around and without what cannot be seen (NFC)."""
    return _line(text) if len(text) < 64 else _line.__wrapped__(text)  # long texts seldom come twice


@lru_cache(1 << 14)
def _line(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def several(cell: str) -> list[str]:
    """Values with "," ";" "|" a line break or " / " between them; where Google's " ::: " stands, it alone parts."""
    if not _LISTED.search(cell):
        return [cell]
    parts = cell.split(":::") if ":::" in cell else _SIGNS.split(cell)
    return [part.strip() for part in parts if part.strip()]


def phones(cell: str) -> list[str]:
    """Like `several`; a part too short to be a number (an extension) stays with the number before it."""
    if _ROUNDED.fullmatch(cell.strip()):  # its comma parts nothing
        return [cell]
    found: list[str] = []
    for part in several(cell):
        if found and len(_DIGITS.findall(part)) < 5:
            found[-1] += f";{part}" if part.startswith("ext=") else f" {part}"  # RFC 3966, section 3
        else:
            found.append(part)
    return found


def phone(text: str, country: str) -> str | None:
    """`normalise_phone`, at a hundredth of its time for the usual forms of a Russian mobile number."""
    if (match := _RUSSIAN_MOBILE.fullmatch(text)) and (country == "RU" or text[0] == "+"):
        return "+7" + "".join(match.groups())
    return _remembered(text, country) if len(text) <= _LONGEST else None


@lru_cache(1 << 15)
def _remembered(text: str, country: str) -> str | None:
    if is_rounded(text):
        return None
    if whole := _FLOAT.fullmatch(text):
        text = whole[1]
    found = normalise_phone(text, country)
    if found is None and (inside := _NUMBERISH.search(text)):
        return normalise_phone(inside[0], country)
    return found


def is_rounded(text: str) -> bool:
    """ "7,91612E+10": Excel has thrown digits away."""
    return bool(_ROUNDED.search(text))


def day(text: str, country: str) -> str | None:
    """A date of birth as ISO 8601, or None.

    31.12.1980 has the day first everywhere; of 03/04/1980 the country decides. Two digits of a year are Excel's: 30 to
    99 are of the twentieth century.
    """
    return _day(text, country.upper()) if len(text) < 64 else None


@lru_cache(1 << 15)
def _day(text: str, country: str) -> str | None:
    for numbers in _readings(line(text).casefold(), country):
        try:
            found = date(*numbers)
        except ValueError:
            continue
        return found.isoformat() if found.year in _YEARS else None
    return None


def _readings(text: str, country: str) -> Iterator[tuple[int, int, int]]:
    if match := _ISO.fullmatch(text):
        yield int(match[1]), int(match[2]), int(match[3])
    if match := _SLASHED.fullmatch(text):
        first, second, year = int(match[1]), int(match[3]), _full_year(match[4])
        day_first, month_first = (year, second, first), (year, first, second)
        yield from (month_first, day_first) if match[2] == "/" and country in _MONTH_FIRST else (day_first,)
        if match[2] == "/":
            yield month_first
    if match := _WORDED.fullmatch(text):
        yield int(match[3]), _MONTHS.get(match[2][:3], 0), int(match[1])
    if match := _WORDED_US.fullmatch(text):
        yield int(match[3]), _MONTHS.get(match[1][:3], 0), int(match[2])


def _full_year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= 30 else 2000)


def decision(text: str) -> bool | None:
    """Yes or no in the words of either language, None for anything else."""
    word = text.strip().casefold()
    return True if word in _YES else False if word in _NO else None


def telegram_name(text: str) -> str | None:
    """The public name in small letters, out of "@name" or a link."""
    return _name(text, _TG_NAME)


def vk_name(text: str) -> str | None:
    """The page in small letters, out of "vk.com/id1", "@durov"; a number is "id" and it."""
    text = text.strip()
    return f"id{int(text)}" if text.isascii() and text.isdigit() and len(text) < 20 else _name(text, _VK_NAME)


def _name(text: str, form: re.Pattern[str]) -> str | None:
    match = form.fullmatch(text.strip())
    return match[1].lower() if match else None
