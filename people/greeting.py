"""By what name somebody is greeted of whom only a whole name is known. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from people.letters import fold
from people.names import Role, ends_as_surname, parse

MOST_WORDS = 4
"""More of them are a sentence, or several people."""
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")
_FIRM = re.compile(
    r"(?i)[«»\"“”&@/\\]|\d|\b(?:ооо|ао|зао|оао|пао|тоо|нко|llc|ltd|inc|gmbh|corp|company|компания|фирма|студия|салон|магазин)\b"
)
"""What stands in no person's name."""


@lru_cache(maxsize=8192)
def called(name: str) -> str:
    """ "Котова Анна Петровна" is greeted as "Анна"; "" for what is no person's name, or may be none.

    By the given name where it is one that we know, or a patronymic stands behind it; otherwise by the whole name, if
    one of its words is a surname by its ending. A lone word that nobody knows may be a nickname, and greets nobody.
    """
    words = _WORD.findall(name)
    if not 0 < len(words) <= MOST_WORDS or _FIRM.search(name):
        return ""
    found = parse(name)
    given = next((w for w in found.words if w.role is Role.GIVEN and (w.formals or found.patronymic)), None)
    if given:
        return next((_cased(word) for word in words if given.stem in map(fold, word.split("-"))), "")
    of_family = found.key and any(map(ends_as_surname, words))
    return " ".join(map(_cased, name.split())) if of_family and len(words) > 1 else ""


def _cased(word: str) -> str:
    """ "АННА" and "анна" as names are written; "McCoy" as it stands."""
    return word.title() if len(word) > 1 and (word.islower() or word.isupper()) else word
