"""Consent: joining people forbids and never permits."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import new_id
from domain.messages import utcnow
from people import consent
from people.consent import NoReceipt, Word, effective, may
from store import consents
from store.consents import Receipt
from store.engine import Database
from tests.people.making import card

NOW = utcnow()
ONE, OTHER = new_id(), new_id()
P = "marketing"


def said(minute: int, granted: bool, channel: str = "email", card: UUID = ONE, purpose: str = P) -> Receipt:
    return Receipt(new_id(), card, None, purpose, channel, granted, "x", "", "site", NOW + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("receipts", "email", "sms"),
    [
        ([], False, False),
        ([said(0, True)], True, False),
        ([said(0, True, "")], True, True),
        ([said(0, True), said(1, False)], False, False),
        ([said(0, False), said(1, True)], True, False),
        ([said(0, True), said(1, False, card=OTHER)], False, False),
        ([said(0, False), said(1, True, card=OTHER)], False, False),
        ([said(0, True), said(1, False, "", OTHER)], False, False),
        ([said(0, False, ""), said(1, True)], False, False),
        ([said(0, False, ""), said(1, True), said(2, True, "")], True, True),
        ([said(0, True, ""), said(1, False, "sms")], True, False),
        ([said(0, True), said(1, False, purpose="service")], True, False),
        ([said(0, True, ""), said(1, False, "*")], False, False),
        ([said(0, True, ""), said(1, False, "*"), said(2, True, ""), said(3, True)], False, False),
        ([said(0, True), said(1, False, "*"), said(2, True, "*")], True, False),
        ([said(0, True, "*")], False, False),
    ],
)
def test_the_strictest_holds(receipts: list[Receipt], email: bool, sms: bool) -> None:
    standing = effective(reversed(receipts))
    assert (may(standing, P, "email"), may(standing, P, "sms")) == (email, sms)


_SAID = st.builds(said, st.integers(0, 9), st.booleans(), st.sampled_from(("", "*", "email", "sms")), st.just(ONE))
_ALSO = st.builds(said, st.integers(0, 9), st.booleans(), st.sampled_from(("", "*", "email", "sms")), st.just(OTHER))


@given(st.lists(_SAID), st.lists(_ALSO), st.sampled_from(("email", "sms", "telegram")))
def test_joining_permits_nothing_that_a_card_forbids(mine: list[Receipt], other: list[Receipt], channel: str) -> None:
    """What a card was asked about and took back stays taken back, whoever it is joined with."""
    together = effective([*mine, *other])
    for standing in (effective(mine), effective(other)):
        spoken = (P, channel) in standing or (P, "") in standing
        if spoken and not may(standing, P, channel):
            assert not may(together, P, channel)


async def test_a_receipt_keeps_the_words_and_their_hash(database: Database) -> None:
    async with database.begin() as connection:
        anna = await card(connection)
        await consent.grant(connection, [Word(card=anna, purpose=P, text="Согласна")], source="site")
        await consent.withdraw(connection, anna, P, "email", source="staff:1")
        last, first = await consents.of(connection, [anna])
    assert (first.text, first.text_hash) == ("Согласна", hashlib.sha256("Согласна".encode()).hexdigest())
    assert (last.granted, last.channel, last.source) == (False, "email", "staff:1")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"purpose": ""}, "purpose"),
        ({"purpose": "A b"}, "purpose"),
        ({"channel": "E-Mail"}, "channel"),
        ({"text": " "}, "text"),
    ],
)
async def test_what_is_no_receipt_is_refused(database: Database, changes: dict[str, str], field: str) -> None:
    word = Word(**({"card": ONE, "purpose": P, "text": "yes"} | changes))  # type: ignore[arg-type]  # a test's table
    async with database.begin() as connection:
        with pytest.raises(NoReceipt) as refused:
            await consent.grant(connection, [word], source="site")
    assert refused.value.field == field
