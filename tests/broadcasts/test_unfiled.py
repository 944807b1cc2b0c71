"""The pre-flight counts who has not the files of his own that a mailing asks for, as the sender will find it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from broadcasts import attachments, starting
from broadcasts.attachments import NO_FILE
from broadcasts.content.compiled import compile
from broadcasts.content.parse import parse
from broadcasts.lifecycle import Rules
from broadcasts.office import Office
from broadcasts.starting import Unfit
from people import consent
from tests.broadcasts.test_attached import Store
from tests.broadcasts.test_attachments import put
from tests.broadcasts.test_preflight import draft, look
from tests.broadcasts.world import HOUSE, TEXT, World

INVOICE = {"name": "invoice-*.pdf"}
NAMES = ("invoice-7.pdf", "Invoice-8.PDF", "invoice_8.pdf", "100%.pdf", "a\\b.pdf", "Счёт.pdf", "contract.pdf")
FIELDS = ("invoice-7.pdf", " CONTRACT.pdf ", "100%.pdf", "*", "", "счёт.pdf")
ASKED = (
    [INVOICE],
    [{"name": "*.pdf"}],
    [{"name": "invoice_8.pdf"}],
    [{"name": "100%.pdf"}],
    [{"name": "a\\b.pdf"}],
    [{"name": "СЧЁТ.pdf"}],
    [{"field": "invoice"}],
    [{"field": "invoice"}, INVOICE],
    [{"name": "contract.pdf"}, {**INVOICE, "missing": "send"}],
    [{**INVOICE, "missing": "send"}],
)


async def left_out(world: World, *asked: dict[str, str], **plan: Any) -> dict[str, int]:
    broadcast = await draft(world, {**TEXT, "attachments": list(asked)}, **plan)
    return dict((await look(world, broadcast)).forecast.not_)


async def test_the_figures_are_those_of_the_ledger(world: World) -> None:
    """Reasons of the gate come first, and what carries no files asks for none."""
    anna, boris, _ = await world.crowd(3)
    no = await world.person(email="no@example.com", consents=())
    await world.person(phone="+79161234567")
    await put(world, anna, "invoice-7.pdf")
    await put(world, boris, "contract.pdf")
    steps = [{"channel": "mail"}, {"channel": "sms"}]
    broadcast = await draft(world, {**TEXT, "attachments": [INVOICE]}, steps=steps)
    figures = (await look(world, broadcast)).forecast
    assert (figures.gets, figures.not_) == ({"mail": 1, "sms": 1}, {"no_file": 2, "no_consent": 1})
    await put(world, no, "invoice-7.pdf")
    assert await left_out(world, INVOICE, steps=steps) == {"no_file": 2, "no_consent": 1}


@pytest.mark.parametrize("seed", range(3))
async def test_all_at_once_and_one_by_one_agree(world: World, seed: int) -> None:
    """Of people with several cards, files with odd names, and fields that changed."""
    rnd = random.Random(seed)
    people = [await world.person(email=f"p{n}@example.com", values={"invoice": rnd.choice(FIELDS)}) for n in range(10)]
    for card in people:
        for name in rnd.sample(NAMES, rnd.randrange(4)):
            await put(world, card, name, hours=rnd.randrange(9))
    for joined, leader in ((6, 0), (7, 0), (8, 1)):
        values = {"card": people[joined], "leader": people[leader]}
        await world.ask("UPDATE contacts SET leader_id = :leader WHERE id = :card RETURNING 1", **values)
        await world.ask("UPDATE identities SET contact_id = :leader WHERE home_id = :card RETURNING 1", **values)
    leading = [card for n, card in enumerate(people) if n not in (6, 7, 8)]
    for asked in ASKED:
        content = parse({**TEXT, "attachments": asked})
        async with world.database.begin() as connection:
            files = await attachments.of_people(connection, content, compile(content, "email", house=HOUSE), leading)
        lacking = sum(files[card] == NO_FILE for card in leading)
        assert (await left_out(world, *asked)).get(NO_FILE, 0) == lacking, asked


async def test_what_all_lack_a_file_for_does_not_begin(world: World) -> None:
    await world.crowd(2)
    broadcast = await draft(world, {**TEXT, "attachments": [INVOICE]})
    office = Office(rules=Rules(accounts=world.accounts), house=HOUSE, public_url="https://leads.example")
    async with world.database.begin() as connection:
        with pytest.raises(Unfit, match="Nobody"):
            await starting.schedule(connection, office, world.database, broadcast, None, actor="staff:1")


async def test_in_the_ledger_too_the_gate_has_the_first_word(world: World) -> None:
    """Of those who left after they got their rows, and have no file; who may be written to lacks the file."""
    anna, boris, _ = await world.crowd(3)
    await put(world, anna, "invoice-7.pdf")
    broadcast = await world.broadcast(content={**TEXT, "attachments": [INVOICE]})
    await world.conduct()
    async with world.database.begin() as connection:
        await consent.withdraw(connection, boris, "marketing", source="staff:1")
    async with world.sending() as loop:
        loop._dispatch._renderer = Store()
        await world.settled(broadcast)
    assert await world.outcomes(broadcast) == {"sent": 1, "skipped:withdrawn": 1, "skipped:no_file": 1}
