"""A name as people write it, taken apart so that two of them can be compared. Pure.

The order does not matter, nor the alphabet, nor the case. A Russian patronymic is known by its ending and weighs
little: it is left out more often than written. Surnames are compared without the ending that tells the sex.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from people.given import FORMALS
from people.letters import fold


class Role(StrEnum):
    """What a word is in a name, as far as it can be told."""

    GIVEN = "given"
    SURNAME = "surname"
    UNKNOWN = "unknown"


class Word(NamedTuple):
    """One full word of a name."""

    stem: str
    """Folded; of a surname, without the ending that tells the sex."""
    role: Role
    formals: frozenset[str]
    """The given names that it may stand for; empty when it is none that we know."""


class Name(NamedTuple):
    """A name's parts."""

    words: tuple[Word, ...]
    """In the order of writing."""
    initials: tuple[str, ...]
    patronymic: str
    key: str
    """Stems and initials in alphabetical order: equal for every order, alphabet and case. "" when there is no word."""


class Likeness(StrEnum):
    """How alike two names are, the most alike first."""

    FULL = "full"  # and the patronymic is the same as well
    SAME = "same"
    NEAR = "near"  # a short form, a slip of the keyboard
    INITIALS = "initials"  # П. Иванов and Пётр Иванов
    PART = "part"  # one of the two has this word alone
    GIVEN = "given"  # another surname
    SURNAME = "surname"  # another given name
    DIFFERS = "differs"


_SIMILARITY = dict(zip(Likeness, (1.0, 1.0, 0.9, 0.8, 0.7, 0.5, 0.4, 0.0), strict=True))
_MOST_WORDS = 6
"""What somebody pastes into the field of a name may be a page."""
_NOBODY = frozenset(
    fold(word)
    for word in """mr mrs ms miss dr prof sir гн гжа господин госпожа ип ооо клиент покупатель гость пользователь
    без имени имя неизвестно неизвестный аноним нет тест test client customer guest user unknown anonymous noname none
    null admin админ администратор менеджер manager контакт contact telegram телеграм whatsapp""".split()
)
"""What stands in the field of a name and names nobody."""
_FORMAL = frozenset[str]().union(*FORMALS.values())
_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_PATRONYMIC = re.compile(r"(?P<of>\w{2,}?)(?:ovich|evich|ovna|evna|inichna|ichna|ich)$")
_SEXED = re.compile(r"(?<=ov|ev|in)a$|(?<=sk)(?:i|aia)$|(?<=[^aeiou])(?:aia|oi)$")
_SURNAME = re.compile(r"\w{2,}(?:ova?|eva?|[^aeiou]ina?|sk(?:i|aia|oi)?|enko|chuk|ian|dze|shvili)$")
_LINKS = re.compile(r"(?i)\bг-(?:н|жа)\b|https?:\S+|\S+@\S+|@\w+")


def ends_as_surname(word: str) -> bool:
    """Whether it is a surname by its ending: Котова, Berezovski, Gevorgian."""
    return _SURNAME.fullmatch(fold(word)) is not None


@lru_cache(maxsize=32768)
def parse(text: str) -> Name:
    """Take a name apart. Words with digits, links, titles and "client" name nobody and are left out."""
    head, comma, tail = _LINKS.sub(" ", text).partition(",")
    first = _folded(head)
    found = first + _folded(tail)
    surname_first = len(first) if comma and len(first) < len(found) else 0
    patronymic = _patronymic_at(found)
    initials = tuple(w for w in found if len(w) == 1)[:_MOST_WORDS]
    words = [w for at, w in enumerate(found) if len(w) > 1 and at != patronymic]
    given = _given_of(words, found, patronymic, surname_first)
    by_stem = {w.stem: w for w in (_word(w, given) for w in reversed(words[:_MOST_WORDS]))}
    named = tuple(reversed(by_stem.values()))
    key = " ".join(sorted({*by_stem, *initials})) if named else ""
    father = _PATRONYMIC.sub(r"\g<of>", found[patronymic]) if patronymic >= 0 else ""
    return Name(named, initials, father, key)


def _folded(text: str) -> list[str]:
    words = (fold(w) for w in _WORD.findall(text) if not any(c.isdigit() for c in w))
    return [w for w in words if w and w not in _NOBODY]


def _patronymic_at(words: list[str]) -> int:
    """Where the patronymic stands, or -1. Behind the given name, never in front; Роман Абрамович has a surname."""
    likely = [at for at, word in enumerate(words) if at and len(words[at - 1]) > 1 and _PATRONYMIC.fullmatch(word)]
    if not likely:
        return -1
    behind_given = [at for at in likely if words[at - 1] in FORMALS]
    at = (behind_given or likely)[0]
    return at if sum(len(w) > 1 for w in words) > 2 or _is_of_a_father(words[at]) else -1


@lru_cache(maxsize=4096)
def _is_of_a_father(word: str) -> bool:
    father = _consonants(_PATRONYMIC.sub(r"\g<of>", word))
    return any(n[0] == word[0] and _consonants(n) == father for n in _FORMAL)


def _consonants(word: str) -> str:
    return re.sub("[aeiou]", "", word)


def _given_of(words: list[str], found: list[str], patronymic: int, surname_first: int) -> str | None:
    """Which word is the given name; "" when none is; None when nobody can tell."""
    if not words:
        return ""
    if patronymic > 0:
        return found[patronymic - 1]
    if surname_first:
        return next((w for w in found[surname_first:] if len(w) > 1), "")
    known = [w for w in words if w in FORMALS]
    plain = [w for w in words if w not in FORMALS and not _SURNAME.fullmatch(w)]
    if known:
        return known[0]
    if len(words) == 1:
        return None if plain and len(found) == 1 else ""
    return plain[0] if plain and len(plain) < len(words) else None if len(words) != 2 else words[0]


def _word(word: str, given: str | None) -> Word:
    role = Role.GIVEN if word == given else Role.UNKNOWN if given is None else Role.SURNAME
    formals = FORMALS.get(word, frozenset())
    return Word(word if formals or len(word) < 5 else _SEXED.sub("", word), role, formals)


def name_key(text: str) -> str:
    """A key that is equal for every order, alphabet and case of one name; "" for what names nobody."""
    return parse(text).key


def similarity(a: str, b: str) -> float:
    """How alike two names are, 0 to 1; 0 when one of them names nobody."""
    likeness = compare_names(parse(a), parse(b))
    return _SIMILARITY[likeness] if likeness else 0.0


def compatible(a: str, b: str) -> bool:
    """Whether both may be names of one person.

    They may when one names nobody, when parts are missing or shortened, and when the given name stayed and the surname
    changed. They may not with another given name, or another patronymic.
    """
    one, other = parse(a), parse(b)
    if one.patronymic and other.patronymic and not _is_slip(one.patronymic, other.patronymic):
        return False
    likeness = compare_names(one, other)
    if likeness not in (Likeness.SURNAME, Likeness.DIFFERS):
        return True
    given, others = _given(one), _given(other)
    if given is None or others is None:
        return True
    return (
        bool(_letters(given) & _letters(others))
        if 1 in (len(given.stem), len(others.stem))
        else _are_one(given, others)
    )


def compare_names(a: Name, b: Name) -> Likeness | None:
    """How alike two names are; None when one of them is empty."""
    if not a.words or not b.words:
        return None
    if a.key == b.key:
        found = Likeness.SAME if len(a.words) > 1 else Likeness.INITIALS if a.initials else Likeness.PART
    else:
        found = (
            _aligned(a, b) if a.key < b.key else _aligned(b, a)
        )  # pairing off goes from one side: always the same one
    return _with_patronymics(found, a, b) if a.patronymic and b.patronymic else found


def _aligned(a: Name, b: Name) -> Likeness:
    """Pair the words off, equal ones first, and judge by what is left over."""
    left, right = sorted(a.words), sorted(b.words)  # the order of writing decides nothing
    equal = _pair_off(left, right, _are_equal)
    near = _pair_off(left, right, _are_one) if left and right else []
    by_initial = _spend(left, b.initials) | _spend(right, a.initials)
    by_initial = by_initial or bool(a.initials and a.initials[:1] == b.initials[:1])
    if (left and right) or not (equal or near):
        return _by_half([*equal, *near])
    if len(equal) + len(near) > 1:
        return Likeness.NEAR if near else Likeness.SAME
    if by_initial:
        return Likeness.INITIALS
    contradict = (left or a.initials) and (right or b.initials)
    return _by_half([*equal, *near]) if contradict else Likeness.PART


def _by_half(matched: list[tuple[Word, Word]]) -> Likeness:
    """Of both names something is left over."""
    if not matched:
        return Likeness.DIFFERS
    return Likeness.GIVEN if any(Role.GIVEN in (a.role, b.role) for a, b in matched) else Likeness.SURNAME


def _with_patronymics(found: Likeness, a: Name, b: Name) -> Likeness:
    if _is_slip(a.patronymic, b.patronymic):
        return {Likeness.SAME: Likeness.FULL, Likeness.PART: Likeness.NEAR}.get(found, found)
    return found if found in (Likeness.DIFFERS, Likeness.GIVEN) else Likeness.SURNAME


def _pair_off(left: list[Word], right: list[Word], alike: Callable[[Word, Word], bool]) -> list[tuple[Word, Word]]:
    """Take what is alike out of both lists."""
    found = []
    for a in list(left):
        b = next((b for b in right if alike(a, b)), None)
        if b is not None:
            left.remove(a)
            right.remove(b)
            found.append((a, b))
    return found


def _are_equal(a: Word, b: Word) -> bool:
    return a.stem == b.stem


def _are_one(a: Word, b: Word) -> bool:
    """Equal, a short form, or a slip. Two given names that we know are no slip of each other: Мария and Марина."""
    if a.stem == b.stem or a.formals & b.formals:
        return True
    return not (a.formals and b.formals) and _is_slip(a.stem, b.stem)


def _is_slip(a: str, b: str) -> bool:
    """One letter is wrong, missing, too many or changed places with its neighbour; in long words, two."""
    shorter = min(len(a), len(b))
    most = 2 if shorter >= 7 else 1 if shorter >= 4 else 0
    return a == b or (abs(len(a) - len(b)) <= most and OSA.distance(a, b, score_cutoff=most) <= most)


def _spend(words: list[Word], initials: tuple[str, ...]) -> bool:
    """Take out of the list what initials stand for; whether there was any."""
    some = False
    for letter in initials:
        word = next((w for w in words if letter in _letters(w)), None)
        if word is not None:
            words.remove(word)
            some = True
    return some


def _letters(word: Word) -> set[str]:
    return {word.stem[0], *(formal[0] for formal in word.formals)}


def _given(name: Name) -> Word | None:
    initial = next((Word(letter, Role.GIVEN, frozenset()) for letter in name.initials), None)
    return next((w for w in name.words if w.role is Role.GIVEN), initial)
