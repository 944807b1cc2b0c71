"""Each one's own files for a mailing: found on the person's cards, and without them no message or one without."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from broadcasts import attachments, trials
from broadcasts.attachments import LARGE_FILE, LARGEST, NO_FILE
from broadcasts.content.blocks import CHANNELS
from broadcasts.content.check import check
from broadcasts.content.compiled import compile
from broadcasts.content.parse import NotContent, parse
from broadcasts.lifecycle import Rules
from broadcasts.office import Office
from domain.ids import new_id
from domain.messages import utcnow
from store import pinned
from tests.broadcasts.test_preflight import draft
from tests.broadcasts.world import HOUSE, TEXT, World

NOW = utcnow()


def content(*wanted: dict[str, str]) -> Any:
    return parse({**TEXT, "attachments": list(wanted)})


async def put(world: World, card: UUID, name: str, *, hours: int = 0, size: int = 5) -> None:
    row = (new_id(), card, f"{name}-{hours}", name, "application/pdf", size, "test", NOW - timedelta(hours=hours))
    async with world.database.begin() as connection:
        await pinned.attach(connection, [row])


async def found(world: World, asked: Any, *people: UUID) -> list[Any]:
    """Keys of each one's files, or the code."""
    async with world.database.begin() as connection:
        made = compile(asked, "email", house=HOUSE)
        files = await attachments.of_people(connection, asked, made, people)
    return [one if isinstance(one := files[person], str) else [f["key"] for f in one] for person in people]


async def test_the_latest_of_the_name_whoever_has_none_is_left_out(world: World) -> None:
    anna, boris, vera = await world.crowd(3)
    for hours, name in ((2, "invoice-6.pdf"), (1, "Invoice-7.PDF"), (0, "contract.pdf")):
        await put(world, anna, name, hours=hours)
    await put(world, boris, "invoice_6.pdf")
    by_name = content({"name": "invoice-*.pdf"})
    assert await found(world, by_name, anna, boris, vera) == [["Invoice-7.PDF-1"], NO_FILE, NO_FILE]
    either = content({"name": "invoice-*.pdf", "missing": "send"}, {"name": "contract.pdf", "missing": "send"})
    assert await found(world, either, anna, boris) == [["Invoice-7.PDF-1", "contract.pdf-0"], []]
    assert await found(world, content({"name": "invoice?6.pdf"}), boris) == [NO_FILE]
    assert await found(world, content({"name": "invoice_6.pdf"}), anna, boris) == [NO_FILE, ["invoice_6.pdf-0"]]


async def test_the_field_of_the_card_names_the_file(world: World) -> None:
    anna = await world.person(email="a@example.com", values={"invoice": "Bill 7.pdf"})
    boris = await world.person(email="b@example.com", values={"invoice": "*"})
    for card in (anna, boris):
        await put(world, card, "bill 7.pdf")
        await put(world, card, "bill 8.pdf", hours=-1)
    assert await found(world, content({"field": "invoice"}), anna, boris) == [["bill 7.pdf-0"], NO_FILE]


async def test_all_cards_of_a_person_are_looked_at_and_nobody_elses(world: World) -> None:
    anna, old, other = await world.crowd(3)
    await world.ask("UPDATE contacts SET leader_id = :anna WHERE id = :old RETURNING 1", anna=anna, old=old)
    await put(world, old, "invoice.pdf")
    assert await found(world, content({"name": "invoice.pdf"}), anna, other) == [["invoice.pdf-0"], NO_FILE]


async def test_too_much_together_is_left_out(world: World) -> None:
    [anna] = await world.crowd(1)
    await put(world, anna, "a.pdf", size=LARGEST)
    await put(world, anna, "b.pdf", size=1)
    assert await found(world, content({"name": "a.pdf"}), anna) == [["a.pdf-0"]]
    assert await found(world, content({"name": "a.pdf"}, {"name": "b.pdf"}), anna) == [LARGE_FILE]


async def test_a_test_letter_has_them_too(world: World) -> None:
    anna, boris = await world.crowd(2)
    await put(world, anna, "invoice.pdf")
    broadcast = await draft(world, {**TEXT, "attachments": [{"name": "invoice.pdf"}]})
    office = Office(rules=Rules(accounts=world.accounts), house=HOUSE)
    row = await world.get(broadcast)
    async with world.database.begin() as connection:
        done = await trials.test(connection, office, row, "mail", contacts=[anna, boris], actor="staff:1")
    assert [one.barred for one in done] == ["", NO_FILE]
    assert await world.ask("SELECT facts #>> '{files,0,name}' FROM deliveries WHERE purpose = 'test'") == [
        "invoice.pdf"
    ]


@pytest.mark.parametrize("wrong", [{}, {"name": "a", "field": "b"}, {"name": "a\nb"}, {"name": "a", "missing": "x"}])
def test_it_is_one_name_or_one_field(wrong: dict[str, str]) -> None:
    with pytest.raises(NotContent):
        content(wrong)


def test_the_preflight_says_who_goes_without() -> None:
    asked = content({"field": "invoice"}, {"name": "a.pdf"}, {"name": "b.pdf", "missing": "send"})
    codes = [
        (one.severity, one.code, one.where) for one in check(asked, house=HOUSE, known=["name"], channels=CHANNELS)
    ]
    assert codes == [
        ("error", "attachment_field", "attachments[0]"),
        ("warning", "attachment_sms", "attachments"),
        ("note", "attachment_skips", "attachments[1]"),
    ]  # fmt: skip
