"""Cards for the tests of `people`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from people.prepared import Kinds
from people.traits import Kind, Traits

KINDS: Kinds = {
    "came by": Kind.TEXT,
    "manager": Kind.TEXT,
    "contract": Kind.IDENTIFIER,
    "passport": Kind.PERSONAL,
    "since": Kind.DATE,
}


def card(*names: str, **fields: Any) -> Traits:
    """A card of somebody."""
    return Traits(id=UUID(int=1), names=names, **fields)


_words = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["Иван Петров", "Petrov I.", "Саша", "Москва", "ООО Ромашка", "77", "2020-02-03", "4509 123456"]),
)
_digits = st.text("0123456789", min_size=7, max_size=12)


def traits() -> st.SearchStrategy[Traits]:
    """Any card, and often one that looks like another."""
    return st.builds(
        Traits,
        id=st.uuids(),
        names=st.lists(_words, max_size=4).map(tuple),
        emails=st.lists(
            st.builds("{}@{}.example".format, st.sampled_from(["anna", "info", "ivan.p"]), st.sampled_from("ab"))
        )
        .map(lambda found: found[:9])
        .map(tuple),
        phones=st.lists(st.one_of(_digits.map("+{}".format), _digits.map("+{};ext=7".format)), max_size=9).map(tuple),
        telegrams=st.lists(_digits, max_size=5).map(tuple),
        city=_words,
        company=_words,
        born=st.one_of(st.none(), st.dates()),
        custom=st.dictionaries(st.sampled_from([*KINDS, "undeclared"]), _words, max_size=5),
    )
