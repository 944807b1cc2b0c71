"""Two cards, field by field: how far do they agree? A few levels each, since weights are learned per level. Pure.

What one of the two does not have is not in the answer: it speaks neither for nor against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rapidfuzz.distance import OSA

from people.names import Likeness, compare_names
from people.prepared import Email, Prepared
from people.traits import Kind

Levels = tuple[tuple[str, str], ...]
"""(field, level), each field once and always in the same order. Custom fields are called "custom.NAME"."""
CUSTOM = "custom."

LEVELS: Mapping[str, tuple[str, ...]] = {
    "name": tuple(Likeness),
    "phone": ("same", "last 10", "last 7", "near", "differs"),
    "email": ("same", "local part", "near", "differs"),
    "telegram": ("same", "differs"),
    "city": ("same", "near", "differs"),
    "company": ("same", "near", "differs"),
    "born": ("same", "swapped", "near", "day and month", "year", "differs"),
    Kind.TEXT: ("same", "near", "alike", "differs"),
    Kind.IDENTIFIER: ("same", "near", "alike", "differs"),
    Kind.PERSONAL: ("same", "near", "alike", "differs"),
    Kind.DATE: ("same", "swapped", "near", "day and month", "year", "differs"),
}
"""By field, and for custom fields by kind: the levels from the best to the worst."""
_RANK = {field: {level: rank for rank, level in enumerate(levels)} for field, levels in LEVELS.items()}


def compare(a: Prepared, b: Prepared) -> Levels:
    """How far two cards agree, in the fields that both have. compare(a, b) == compare(b, a)."""
    found: list[tuple[str, str]] = []
    if a.names and b.names:
        found.append(("name", _best("name", (compare_names(x, y) or "differs" for x in a.names for y in b.names))))
    if a.phones and b.phones:
        found.append(("phone", _best("phone", (phones(x, y) for x in a.phones for y in b.phones))))
    if a.emails and b.emails:
        found.append(("email", _best("email", (emails(x, y) for x in a.emails for y in b.emails))))
    if a.telegrams and b.telegrams:
        found.append(("telegram", "same" if a.telegrams & b.telegrams else "differs"))
    if a.city and b.city:
        found.append(("city", towns(a.city, b.city)))
    if a.company and b.company:
        found.append(("company", companies(a.company, b.company)))
    if a.born and b.born:
        found.append(("born", dates(a.born, b.born)))
    for name, (kind, value) in a.custom.items():
        if (other := b.custom.get(name)) and other[0] is kind:
            found.append((CUSTOM + name, _BY_KIND[kind](value, other[1])))
    return tuple(found)


def _best(field: str, levels: Iterable[str]) -> str:
    return min(levels, key=_RANK[field].__getitem__)


def phones(a: str, b: str) -> str:
    """Two numbers in digits. An extension that differs makes two numbers of one office."""
    if a == b:
        return "same"
    (number, _, inner), (other, _, others) = a.partition("x"), b.partition("x")
    if inner and others and inner != others:
        return "differs"
    if number[-10:] == other[-10:]:
        return "last 10"
    if number[-7:] == other[-7:]:
        return "last 7"
    return "near" if len(number) == len(other) and OSA.distance(number, other, score_cutoff=1) <= 1 else "differs"


def emails(a: Email, b: Email) -> str:
    """Two addresses. A shared mailbox's local part (info, office) says nothing on another domain."""
    if a.host == b.host:
        same = a.local == b.local
        return (
            "same" if same else "near" if min(len(a.local), len(b.local)) > 4 and _slip(a.local, b.local) else "differs"
        )
    if min(len(a.local), len(b.local)) < 5 or a.local in SHARED or b.local in SHARED:
        return "differs"
    return "local part" if a.local == b.local else "near" if _slip(a.local, b.local) else "differs"


SHARED = frozenset(
    """info office admin sales support hello contact mail postmaster webmaster zakaz zakupki buh buhgalter director
    reception secretary shop order orders manager marketing accounting billing help team service noreply""".split()
)
"""Local parts that name a desk, not a person (RFC 2142 has some of them)."""


def towns(a: str, b: str) -> str:
    """Two cities, folded."""
    return "same" if a == b else "near" if _slip(a, b) or _within(a, b) else "differs"


def companies(a: str, b: str) -> str:
    """Two companies, folded, without their legal forms."""
    if a == b:
        return "same"
    words, others = set(a.split()), set(b.split())
    return "near" if words <= others or others <= words or _slip(a, b) else "differs"


def texts(a: str, b: str) -> str:
    """Two texts, folded."""
    if a == b or a.replace(" ", "") == b.replace(" ", ""):
        return "same"
    if _slip(a, b) or (" " in a and sorted(a.split()) == sorted(b.split())):
        return "near"
    return "alike" if OSA.normalized_similarity(a, b, score_cutoff=0.6) else "differs"


def identifiers(a: str, b: str) -> str:
    """Two numbers of documents: a slip is one sign, in long ones two."""
    if a == b:
        return "same"
    distance = OSA.distance(a, b, score_cutoff=2)
    shorter = min(len(a), len(b))
    if distance == 1 and shorter > 2:
        return "near"
    return "alike" if distance <= 2 and shorter > 3 else "differs"


def dates(a: str, b: str) -> str:
    """Two dates as YYYYMMDD."""
    if a == b:
        return "same"
    if a[:4] == b[:4] and a[4:6] == b[6:] and a[6:] == b[4:6]:
        return "swapped"
    if OSA.distance(a, b, score_cutoff=1) <= 1:
        return "near"
    return "day and month" if a[4:] == b[4:] else "year" if a[:4] == b[:4] else "differs"


def _slip(a: str, b: str) -> bool:
    shorter = min(len(a), len(b))
    most = 2 if shorter > 7 else 1 if shorter > 3 else 0
    return a == b or OSA.distance(a, b, score_cutoff=most) <= most


def _within(a: str, b: str) -> bool:
    shorter, longer = sorted((a, b), key=len)
    return len(shorter) > 3 and longer.startswith(shorter)


_BY_KIND: Mapping[Kind, Callable[[str, str], str]] = {
    Kind.TEXT: texts,
    Kind.IDENTIFIER: identifiers,
    Kind.PERSONAL: identifiers,
    Kind.DATE: dates,
}
