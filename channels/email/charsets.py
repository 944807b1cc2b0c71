"""Bytes of unsure origin to text. Pure, never raises.

Russian mail comes as UTF-8, windows-1251 and koi8-r, and is mislabelled as each other, as latin-1, or not labelled at
all. A wrong guess among them still gives letters, so Russian text is told by which letters are frequent.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from charset_normalizer import from_bytes

_CYRILLIC = ("windows-1251", "koi8-r", "cp866", "iso8859-5")
_ALIASES = {
    "x-unknown": "",
    "unknown-8bit": "",
    "default": "",
    "cp-1251": "windows-1251",
    "win-1251": "windows-1251",
    "win1251": "windows-1251",
}
_WESTERN = frozenset({"ascii", "iso8859-1", "iso8859-15", "cp1252"})
_COMMON = frozenset("оеаинтсрвлкмдпуяыьгзбчй")
_RARE = frozenset("ёъэщфцхжюш")
_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC_WORD = re.compile(r"[\u0400-\u04ff]+")
_PUNCTUATION = frozenset("«»„“”‘’–—…№§°€₽\u00a0\u00ad\u200b\ufeff")
_SAMPLE = 4096
"""Characters that are looked at."""
_GUESSABLE = 200
"""Bytes below which a guess by statistics is dear and worth nothing: a header may hold hundreds of such words."""


def decode(data: bytes, declared: str | None = None) -> str:
    """The text, by the declared charset where that is plausible. What fits nothing is replaced by U+FFFD."""
    if data.isascii() and b"\x1b" not in data:  # ISO-2022 is ASCII with escapes
        return data.decode("ascii") if not _is_wide(declared) else _strict(data, declared or "") or data.decode("ascii")
    if (text := _strict(data, "utf-8-sig")) is not None and b"\x1b" not in data:
        return text
    name = _codec(declared)
    if name in ("", "utf-8") and (text := _damaged_utf8(data)) is not None:
        return text
    claimed = _strict(data, name) if name else None
    if claimed is not None and name not in _WESTERN and name not in _known_cyrillic():
        return claimed
    return _guess(data, claimed, name)


def _is_wide(declared: str | None) -> bool:
    return _codec(declared).startswith(("utf-16", "utf-32", "utf-7", "hz"))


def _codec(declared: str | None) -> str:
    """Python's name for the charset, empty for none or an unknown one."""
    name = (declared or "").strip().strip("\"'").lower()
    try:
        return codecs.lookup(_ALIASES.get(name, name)).name if len(name) < 40 else ""
    except (LookupError, ValueError):
        return ""


@lru_cache
def _known_cyrillic() -> frozenset[str]:
    return frozenset(codecs.lookup(name).name for name in _CYRILLIC)


def _strict(data: bytes, name: str) -> str | None:
    try:
        text = data.decode(name)
    except (UnicodeError, LookupError, ValueError):
        return None
    return text if isinstance(text, str) else None


def _guess(data: bytes, claimed: str | None, name: str) -> str:
    """The declared charset keeps the benefit of the doubt: another must look clearly more Russian."""
    best, text = (_russian(claimed), claimed) if claimed is not None else (0.0, None)
    for other in sorted(_known_cyrillic() - {name}, key=lambda each: each != "cp1251"):
        candidate = _strict(data, other)
        if candidate is not None and (score := _russian(candidate)) > max(best + 0.15, 0.55):
            best, text = score, candidate
    if text is not None:
        return text
    found = from_bytes(data[:_SAMPLE]).best() if len(data) >= _GUESSABLE else None
    return data.decode(found.encoding if found else "latin-1", "replace")


def _russian(text: str) -> float:
    """How much this looks like Russian, about 0 to 1: common letters, in words of one script and of sound case."""
    words = [word for word in _WORD.findall(text[:_SAMPLE]) if not word.isascii()]
    letters = [letter for word in words for letter in word.lower() if not letter.isascii()]
    if not letters:
        return 0.0
    total = sum(map(len, words))
    pure = sum(len(word) for word in words if _CYRILLIC_WORD.fullmatch(word)) / total
    sound = sum(len(word) for word in words if word[1:].islower() or word.isupper() or len(word) == 1) / total
    common = sum((letter in _COMMON) - (letter in _RARE) for letter in letters) / len(letters)
    strange = sum(not (each.isascii() or each.isalpha() or each in _PUNCTUATION) for each in text[:_SAMPLE])
    return common * pure * sound * total / (total + 2 * strange)


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 with a few broken places, such as a cut end."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return text if broken * 4 <= sum(not each.isascii() for each in text) else None
