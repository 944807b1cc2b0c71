"""Who came by himself is greeted by the name that he told, which stands beside his address alone."""

from __future__ import annotations

from typing import Any

import pytest

from people import merging
from people.merging import HAND, Wish
from store import mailing
from tests.broadcasts.world import World

LETTER: dict[str, Any] = {
    "subject": "News",
    "blocks": [{"type": "text", "text": "Hello, {{ given_name | default('dear customer') }} ({{ name }})"}],
    "variables": {"name": "nobody"},
}


async def named(world: World, name: str, **given: Any) -> Any:
    card = await world.person(**given)
    await world.ask("UPDATE identities SET name = :name WHERE contact_id = :card RETURNING 1", name=name, card=card)
    return card


@pytest.mark.parametrize(
    ("beside", "values", "greeting"),
    [
        ("Котова Анна", {}, "Hello, Анна (Котова Анна)"),
        ("Котова Анна", {"name": "Acme"}, "Hello, dear customer (Acme)"),
        ("Котова Анна", {"surname": "Серова", "given_name": "Инна"}, "Hello, Инна (Серова Инна)"),
        ("", {}, "Hello, dear customer (nobody)"),
    ],
    ids=["beside the address", "in the field", "in parts", "nowhere"],
)
async def test_mailings_greet_by_the_name_of_the_card(
    world: World, beside: str, values: dict[str, str], greeting: str
) -> None:
    await named(world, beside, email="anna@example.com", values=values)
    news = await world.broadcast(content=LETTER)
    await world.conduct()
    async with world.sending():
        await world.settled(news)
    [sent] = world.wires["mail"].sent
    assert greeting in sent.text


async def test_who_was_joined_to_another_meanwhile_is_greeted_all_the_same(world: World) -> None:
    one, other = [await named(world, "Анна", email=f"{n}@example.com") for n in "ab"]
    async with world.database.begin() as connection:
        await merging.join(connection, Wish(one=one, other=other, rule=HAND, actor="staff:1"))
        assert await mailing.values(connection, [other], ["name"]) == {other: {"name": "Анна"}}
