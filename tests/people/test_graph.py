"""Who leads whom, whatever is joined and parted in between."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from people.graph import Edge, Open, Proofs, are_apart, leaders, mains

CARDS = [UUID(int=n) for n in range(8)]


def edge(number: int, one: int, other: int) -> Edge:
    return Edge(UUID(int=1000 + number), CARDS[one], CARDS[other])


def test_the_first_named_leads_and_what_it_leads_comes_along() -> None:
    found = leaders(CARDS[:4], [edge(1, 0, 1), edge(2, 2, 1)])
    assert found == {CARDS[0]: CARDS[2], CARDS[1]: CARDS[2], CARDS[2]: CARDS[2], CARDS[3]: CARDS[3]}


def test_an_inner_edge_that_is_gone_parts_what_it_joined() -> None:
    """0-1, then 2 was joined with 1: without the first one, 1 stays with 2."""
    assert leaders(CARDS[:3], [edge(2, 2, 1)]) == {CARDS[0]: CARDS[0], CARDS[1]: CARDS[2], CARDS[2]: CARDS[2]}


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda p: p[0] != p[1]), max_size=12), st.data())
def test_taking_one_back_is_as_if_it_had_never_been(pairs: list[tuple[int, int]], data: st.DataObject) -> None:
    edges = [edge(n, *pair) for n, pair in enumerate(pairs)]
    kept = [e for e in edges if data.draw(st.booleans())]
    found = leaders(CARDS, kept)
    assert found == leaders(reversed(CARDS), kept)
    assert all(found[leader] == leader for leader in found.values())
    for e in kept:
        assert found[e.one] == found[e.other]
    assert len(set(found.values())) >= len(CARDS) - len(kept)


def lead(number: int, person: int, *, taken: bool = False, pipeline: str = "sales") -> Open:
    at = datetime(2026, 1, 1, number, tzinfo=UTC)
    return Open(UUID(int=number), CARDS[person], pipeline, at if taken else None, at)


def test_the_taken_one_goes_on_then_the_older_one() -> None:
    found = mains([lead(1, 0), lead(2, 0, taken=True), lead(3, 0), lead(4, 1), lead(5, 0, pipeline="support")])
    assert found == {
        UUID(int=1): UUID(int=2), UUID(int=2): None, UUID(int=3): UUID(int=2), UUID(int=4): None, UUID(int=5): None,
    }  # fmt: skip


def test_two_identified_people_have_nothing_in_common() -> None:
    one = Proofs(frozenset({"a@x.org"}), frozenset({"+7"}))
    assert are_apart(one, Proofs(frozenset({"b@x.org"}), frozenset({"+8"})))
    assert not are_apart(one, Proofs(frozenset({"b@x.org"}), frozenset({"+7"})))
    assert not are_apart(one, Proofs(frozenset(), frozenset({"+8"})))
