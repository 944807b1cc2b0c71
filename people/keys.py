"""Under which keys may a duplicate of this card be found? Two cards that are compared share at least one. Pure.

A key is a short text; the database has one inverted index over them. None may gather thousands in a base of a million,
but those of `WHOLE`: a city, a given name or a day alone is none, two such things together may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, islice, product
from typing import NamedTuple

from people.compare import SHARED
from people.letters import fold, skeleton
from people.names import Name, Role, Word
from people.prepared import Prepared
from people.traits import Kind

MOST = 24
"""Keys of a card that has collected many values; a usual one has five to fifteen."""
WHOLE = "w:"
"""With this begins the key of a common name alone, which in a large base thousands may have. Every card has it, since
the base may be small; whether to ask under it is decided by `people.candidates`.
"""
_ENOUGH_BITS = 14
"""Two values make a key when their fields tell this many bits together: sixty of a million cards under one key."""
_ENOUGH_BESIDE_A_NAME = 8
"""So many bits, beside a surname that one of a hundred has."""
_BITS = {Kind.TEXT: 4.0, Kind.IDENTIFIER: 9.0, Kind.PERSONAL: 20.0, Kind.DATE: 10.0}
"""What a field tells while nobody has measured it. A text may be "came by: search", on half of the cards."""
_BORN_BITS = 11.0
_COMMON = frozenset(
    fold(word)
    for word in """Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков
    Алексеев Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров
    Smith Jones Williams Brown Taylor Johnson Miller Davis Garcia Rodriguez Martinez Lee Ли Kim Ким Nguyen""".split()
)
"""With these surnames, a name is no key to be asked under without thought: there are thousands of Александр Иванов."""


Rarity = Mapping[str, float]
"""Custom field -> bits: -log2 of the share of cards that have its most common value. See `people.learn.rarity`."""
_UNMEASURED: Rarity = {}


def keys(card: Prepared, rarity: Rarity = _UNMEASURED) -> frozenset[str]:
    """The keys of a card, at most `MOST`, each at most 64 characters.

    Cards are found only under keys made with one rarity and the same kinds: when these change, all keys are made anew.
    """
    ordered = dict.fromkeys(key[:64] for source in _SOURCES for key in source(card))
    ordered |= dict.fromkeys(key[:64] for key in _customs(card, rarity))
    return frozenset(islice(ordered, MOST))


def _addresses(card: Prepared) -> Iterator[str]:
    for phone in card.phones[:3]:
        digits = phone.partition("x")[0][-7:]
        if len(set(digits)) > 1:  # 000 00 00 is what a required field gets
            yield f"p:{digits}"
    for email in card.emails[:3]:
        yield (
            f"e:{email.local}"
            if len(email.local) > 4 and email.local not in SHARED
            else f"e:{email.local}@{email.host}"
        )
    for telegram in sorted(card.telegrams)[:3]:
        yield f"t:{telegram}"


def _identifiers(card: Prepared) -> Iterator[str]:
    for name, (kind, value) in card.custom.items():
        if (kind is Kind.IDENTIFIER and len(value) > 5) or (kind is Kind.PERSONAL and len(value) > 3):
            yield f"i:{name}:{value}"


def _names(card: Prepared) -> Iterator[str]:
    for name in card.names[:2]:
        if name.patronymic:
            yield f"n:{name.key} {name.patronymic}"
        yield from (f"{WHOLE if _is_common(name) else 'n:'}{whole}" for whole in _wholes(name))
        for surname in _surnames(name):
            if card.city:
                yield from (f"nc:{surname.sound}:{letter}:{card.city}" for letter in surname.others[:2])
            if card.company:
                yield f"no:{surname.sound}:{card.company}"


def _wholes(name: Name) -> Iterator[str]:
    """A given name and a surname, each in the forms that it may stand for."""
    if len(name.words) == 2:
        yield from (" ".join(sorted(both)) for both in islice(product(*map(_forms, name.words)), 3))


def _is_common(name: Name) -> bool:
    return any(word.stem in _COMMON for word in name.words)


def _beside(card: Prepared) -> Iterator[str]:
    """What tells little by itself, beside a name. An address with one slip keeps one of its halves."""
    for name in card.names[:2]:
        for whole in _wholes(name) if _is_common(name) else ():
            for phone in card.phones[:1]:
                digits = phone.partition("x")[0][-8:]
                yield from (f"np:{whole}:{half}" for half in (f"{digits[:-4]}-", f"-{digits[-4:]}"))
            for email in card.emails[:1]:
                half = len(email.local) // 2
                yield from (f"ne:{whole}:{part}" for part in (f"{email.local[:half]}-", f"-{email.local[half + 1 :]}"))
        for surname in _surnames(name):
            yield from _but_the_first_letter(surname, [value for value in (card.city, card.company) if value])


def _but_the_first_letter(surname: _Surname, places: list[str]) -> Iterator[str]:
    """A slip in the first letter of a surname makes another sound of it; what follows is the same."""
    tail = surname.sound[1:]
    if len(tail) > 1:
        yield from (f"nt:{tail}:{given}:{place}" for given in surname.beside[:2] for place in places)


def _forms(word: Word) -> list[str]:
    """A short form by the names that it stands for: Саша is among the Александр and the Александра."""
    return sorted(word.formals)[:3] or [word.stem]


class _Surname(NamedTuple):
    sound: str
    beside: list[str]
    """The words beside it, short forms by what they stand for, or else the initials."""

    @property
    def others(self) -> list[str]:
        """Their first letters."""
        return list(dict.fromkeys(word[0] for word in self.beside))


def _surnames(name: Name) -> list[_Surname]:
    """The words that may be the surname, at most two."""
    words = [w for w in name.words if w.role is not Role.GIVEN or not w.formals] or name.words
    return [_Surname(skeleton(w.stem), _words_beside(w, name)) for w in words[:2]]


def _words_beside(word: Word, name: Name) -> list[str]:
    beside = [form for other in name.words if other is not word for form in _forms(other)]
    return list(dict.fromkeys(beside or name.initials))


def _births(card: Prepared) -> Iterator[str]:
    if not card.born:
        return
    year, day = card.born[:4], card.born[4:]
    for name in card.names[:2]:
        for word in name.words[:2]:
            yield f"b:{card.born}:{word.stem[0]}"
        for surname in _surnames(name):
            yield f"y:{year}:{surname.sound}"
            yield f"d:{day}:{surname.sound}"
    if card.city:
        yield f"bc:{card.born}:{card.city}"


def _customs(card: Prepared, rarity: Rarity) -> Iterator[str]:
    """A value beside the surname, and two values that are rare together, the rarest first."""
    told = [(name, value, _bits(name, kind, value, rarity)) for name, (kind, value) in card.custom.items()]
    told.sort(key=lambda one: -one[2])
    surnames = [surname.sound for name in card.names[:1] for surname in _surnames(name)]
    for name, value, bits in told:
        if bits >= _ENOUGH_BESIDE_A_NAME:
            yield from (f"s:{name}:{value[:24]}:{sound}" for sound in surnames)
    if card.born:
        told.insert(0, ("born", card.born, _BORN_BITS))
    for (one, value, bits), (two, other, more) in combinations(told, 2):
        if bits + more >= _ENOUGH_BITS:
            yield f"c:{one}:{value[:24]}:{two}:{other[:24]}"


def _bits(name: str, kind: Kind, value: str, rarity: Rarity) -> float:
    """How much a field tells; never more than so few signs can."""
    return min(rarity.get(name, _BITS[kind]), 3.3 * len(value))


_SOURCES = (_addresses, _identifiers, _names, _births, _beside)
