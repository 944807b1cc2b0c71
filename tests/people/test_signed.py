"""Signed links: what we made is read back, and nothing else is."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from people import signed
from people.signed import Kind, Link, read, token

KEY, ID = b"k" * 32, UUID("01930000-0000-7000-8000-000000000001")
BASE = "https://leads.example.com"


@given(st.sampled_from(Kind), st.uuids(), st.integers(0, signed.MOST_LINKS - 1), st.binary(min_size=32, max_size=32))
def test_what_we_made_is_read_back(kind: Kind, id_: UUID, number: int, key: bytes) -> None:
    number = number if kind is Kind.CLICK else 0
    text = token(key, kind, id_, number)
    assert read(key, text, kind) == Link(kind, id_, number)
    assert read(key, text, *(set(Kind) - {kind})) is None
    assert read(bytes(32) if key != bytes(32) else KEY, text, kind) is None


@given(st.integers(0, 43), st.integers(1, 63))
def test_one_changed_sign_makes_it_nothing(place: int, by: int) -> None:
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    good = token(KEY, Kind.UNSUBSCRIBE, ID)
    other = signs[(signs.index(good[place]) + by) % 64]
    assert read(KEY, good[:place] + other + good[place + 1 :], *Kind) is None


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
def test_nothing_else_is_read_or_raises(text: str) -> None:
    assert read(KEY, text, *Kind) is None


def test_links_are_the_same_each_time_and_name_nobody() -> None:
    """A pure function of key and delivery: a letter that is rendered again has the same links."""
    assert signed.unsubscribe_url(BASE, KEY, ID) == signed.unsubscribe_url(BASE, KEY, ID)
    assert len({signed.click_url(BASE, KEY, ID, n) for n in range(300)}) == 300
    urls = {
        signed.unsubscribe_url(BASE, KEY, ID): "/u/",
        signed.preferences_url(BASE, KEY, ID): "/p/",
        signed.click_url(BASE, KEY, ID, 1): "/c/",
        signed.open_url(BASE, KEY, ID): "/o/",
        signed.confirm_url(BASE, KEY, ID): "/d/",
    }
    for url, path in urls.items():
        assert url.startswith(BASE + path)
        assert len(url) < 80


def test_the_mailto_carries_the_same_token() -> None:
    mailto = signed.unsubscribe_mail("news@shop.example", KEY, ID)
    assert mailto == f"news@shop.example?subject=unsubscribe%20{token(KEY, Kind.UNSUBSCRIBE, ID)}"
