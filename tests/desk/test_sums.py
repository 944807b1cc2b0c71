"""For how much a lead was won: what a seller writes, and what stands in the lead then."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from domain.messages import AddressKind
from store.staff import Member
from tests.desk.world import GROUP, SMS, Row, World, claimed, gist


async def sums(world: World, lead: UUID) -> tuple[Decimal | None, str | None]:
    (row,) = await world.rows("SELECT amount, currency FROM leads WHERE id = :lead", lead=lead)
    return row.amount, row.currency


async def won(world: World) -> tuple[Member, UUID, str]:
    """A seller who has just won a lead, and its card."""
    anna = await world.hire("Anna")
    lead = await world.customer()
    await world.press(anna, "won", lead)
    await world.send_all()
    return anna, lead, await world.card(lead, anna.address)


def told(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row.key, str(row.facts.get("sum", ""))) for row in rows if row.purpose == "notice"]


@pytest.mark.parametrize("pointing", [True, False])
async def test_behind_won_he_writes_the_sum(world: World, pointing: bool) -> None:
    anna, lead, card = await won(world)
    rows = await world.say(anna, "50 тыс", refers_to=(card,) if pointing else ())
    assert told(rows) == [("sum_noted", "RUB\u00a050,000")]
    assert ("refresh", anna.address, "") in gist(rows)
    assert not [row for row in rows if row.purpose == "reply"]
    assert await sums(world, lead) == (Decimal(50000), "RUB")
    assert await world.events(lead) == ["lead.taken", "lead.won", "lead.amount"]
    (event,) = await world.rows("SELECT data FROM events WHERE kind = 'lead.amount'")
    assert event.data == {"amount": "50000.00", "currency": "RUB"}


async def test_what_is_no_sum_goes_to_nobody(world: World) -> None:
    anna, lead, card = await won(world)
    assert told(await world.say(anna, "Thank you!", refers_to=(card,))) == [("not_sent_won", "")]
    assert told(await world.say(anna, "Thank you!")) == [("how_to_answer_none", "")]
    assert await sums(world, lead) == (None, None)


async def test_only_just_behind_won_and_only_once(world: World) -> None:
    anna, lead, _ = await won(world)
    other = await world.customer(claimed(AddressKind.EMAIL, "zoe@example.com"))
    await world.press(anna, "take", other)
    assert told(await world.say(anna, "50 000")) == [("how_to_answer", "")]
    await world.press(anna, "won", other)
    assert told(await world.say(anna, "$7")) == [("sum_noted", "US$7")]
    assert told(await world.say(anna, "8")) == [("how_to_answer_none", "")]
    assert (await sums(world, lead), await sums(world, other)) == ((None, None), (Decimal(7), "USD"))


async def test_after_reply_a_number_is_the_answer(world: World) -> None:
    anna, lead, _ = await won(world)
    other = await world.customer(claimed(AddressKind.PHONE, "+74951234567"), channel=SMS)
    await world.press(anna, "reply", other)
    rows = await world.say(anna, "50 000")
    assert [row.lead for row in rows if row.purpose == "reply"] == [other]
    assert await sums(world, lead) == (None, None)


async def test_a_command_wins_and_says_for_how_much(world: World) -> None:
    anna = await world.hire("Anna", language="ru")
    lead = await world.customer()
    card = await world.card(lead, anna.address)
    assert told(await world.say(anna, "/won a lot", refers_to=(card,))) == [("not_a_sum", "")]
    assert (await world.lead(lead)).state == "open"
    assert told(await world.say(anna, "/won 1,5 млн", refers_to=(card,))) == [
        ("sum_noted", "1\u00a0500\u00a0000\u00a0₽")
    ]
    assert ((await world.lead(lead)).state, await sums(world, lead)) == ("won", (Decimal(1500000), "RUB"))
    assert told(await world.say(anna, "/amount 1 400 000,50", refers_to=(card,)))[0][0] == "sum_noted"
    assert await sums(world, lead) == (Decimal("1400000.50"), "RUB")


async def test_won_without_a_sum_asks_for_it(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    card = await world.card(lead, anna.address)
    assert told(await world.say(anna, "/won", refers_to=(card,))) == [("how_much", "")]
    assert told(await world.say(anna, "/won 5")) == [("sum_noted", "RUB\u00a05")]
    assert told(await world.say(anna, "/won 6")) == [("sum_of_which", "")]
    assert told(await world.say(anna, "/amount 6")) == [("sum_of_which", "")]


async def test_an_open_lead_may_have_a_sum(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    card = await world.card(lead, anna.address)
    await world.press(anna, "take", lead)
    assert told(await world.say(anna, "/amount £9.90", refers_to=(card,))) == [("sum_noted", "£9.90")]
    assert ((await world.lead(lead)).state, await sums(world, lead)) == ("open", (Decimal("9.90"), "GBP"))
    assert told(await world.say(anna, "/amount", refers_to=(card,))) == [("not_a_sum", "")]
    await world.press(anna, "won", lead)
    assert told(await world.say(anna, "8")) == [("how_to_answer_none", "")]  # nobody asked: the sum is known
    assert await sums(world, lead) == (Decimal("9.90"), "GBP")


@pytest.mark.parametrize("words", ["/won 5", "/amount 5", "5"])
async def test_a_colleagues_lead_is_left_alone(world: World, words: str) -> None:
    anna, lead, _ = await won(world)
    boris = await world.hire("Boris")
    await world.press(boris, "reopen", lead, chat=GROUP)
    card = await world.card(lead, anna.address)
    assert told(await world.say(boris, words, refers_to=(card,)))[0][0] in ("not_changed", "not_sent_closed")
    assert await sums(world, lead) == (None, None)
