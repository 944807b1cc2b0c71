"""A lead is won, its seller says for how much, and a segment finds who bought for more."""

from __future__ import annotations

from typing import Any

from domain.messages import utcnow
from people import segment_rules
from people.person import person
from store import segments, trace
from tests.e2e.wire import Wire, until


async def test_for_how_much(wire: Wire) -> None:
    await wire.hire()
    world, anna = wire.stage.world, wire.stage.customers[0]
    world.say(anna.chat, anna.user, "How much is an oak kitchen?")
    card = await wire.card("oak kitchen")
    wire.press(card, "Take")
    await wire.shown(card, ", taken")
    wire.press(world.message(card.chat, card.id), "Won")
    await wire.shown(card, "Won for how much?")
    world.say(card.chat, wire.stage.sellers[0].user, "50 тыс")
    await wire.shown(card, "RUB\u00a050,000")
    await until(lambda: wire.said(card.chat, "#1: RUB\u00a050,000."), "the confirmation")
    wire.reply(card, "50 000,01 ₽")
    await wire.shown(card, "RUB\u00a050,000.01")

    [contact] = await wire.ask("SELECT contact_id FROM leads")
    async with wire.built.database.begin() as connection:
        found = await person(connection, contact)
        assert found and [(str(lead.amount), lead.currency) for lead in found.leads] == [("50000.01", "RUB")]
        steps = await trace.steps(connection, found.leads[0].id, None)
    assert [step.data["amount"] for step in steps if step.kind == "lead.amount"] == ["50000.00", "50000.01"]
    assert await _found(wire, over=50000) == await _found(wire, over=50000, currency="RUB") == [contact]
    assert await _found(wire, over="50000.01") == []
    assert await _found(wire, over=50000, currency="EUR") == []


async def _found(wire: Wire, **of: Any) -> list[Any]:
    """Who won so much in the last year."""
    zone = wire.built.settings.company.zone
    async with wire.built.database.begin() as connection:
        condition = await segment_rules.read(
            connection, {"field": "lead_won", "op": "in_last_days", "value": 365, **of}
        )
        asked = await segment_rules.logic(connection, condition, utcnow(), zone)
        return list(await segments.ids(connection, asked))
