"""Joined and parted: exactly, whatever came in between."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from domain.ids import new_id
from domain.messages import utcnow
from people import merging
from people.merging import HAND, Unjoinable, Wish
from router.route import Router
from store import merges
from store.engine import Database
from tests.router.conftest import RULES, Ask, Hire
from tests.router.people import BOT, INBOX, SMS, chat, filled, mail, message, phone

ANNA, PETR = mail("anna@example.org"), phone("+79161234567")


async def card_of(ask: Ask, value: str) -> UUID:
    [card] = await ask("SELECT home_id FROM identities WHERE value = :value AND variant = ''", value=value)
    assert isinstance(card, UUID)
    return card


async def joined(database: Database, one: UUID, other: UUID, **more: Any) -> UUID:
    given: dict[str, Any] = {"one": one, "other": other, "rule": HAND, "actor": "staff:1"} | more
    wish = Wish(**given)
    async with database.begin() as connection:
        return await merging.join(connection, wish)


async def parted(database: Database, *ids: UUID) -> int:
    async with database.begin() as connection:
        return await merging.part(connection, ids, "staff:1")


async def two_people(router: Router, ask: Ask) -> tuple[UUID, UUID]:
    await router.route([message(INBOX, ANNA, name="Anna"), message(SMS, PETR)])
    return await card_of(ask, ANNA.value), await card_of(ask, PETR.value)


async def test_joined_people_have_one_lead_that_goes_on(router: Router, ask: Ask, database: Database) -> None:
    anna, petr = await two_people(router, ask)
    await joined(database, anna, petr)
    assert await ask("SELECT DISTINCT contact_id FROM identities") == [anna]
    [by_sms] = await router.route([message(SMS, PETR, text="again")])
    [main] = await ask("SELECT id FROM leads WHERE under_id IS NULL")
    assert by_sms.lead == main
    assert await ask("SELECT count(*) FROM leads WHERE under_id = :main", main=main) == [1]


async def test_what_came_meanwhile_goes_with_its_identity(router: Router, ask: Ask, database: Database) -> None:
    anna, petr = await two_people(router, ask)
    merge = await joined(database, anna, petr)
    [later] = await router.route([message(SMS, PETR, text="later")])
    assert await parted(database, merge) == 1
    where = "SELECT m.lead_id = l.id FROM messages m, leads l WHERE m.id = :m AND l.home_id = :card"
    assert await ask(where, m=later.message, card=petr) == [True]
    assert await ask("SELECT count(*) FROM leads WHERE under_id IS NOT NULL") == [0]
    assert await parted(database, merge) == 0, "a second time nothing is left to part"


async def test_old_ids_go_on_resolving(router: Router, ask: Ask, database: Database) -> None:
    anna, petr = await two_people(router, ask)
    await joined(database, petr, anna)
    async with database.begin() as connection:
        assert await merges.persons(connection, [anna, petr]) == {anna: petr, petr: petr}


async def test_a_rule_joins_no_two_identified_people(router: Router, ask: Ask, database: Database) -> None:
    await router.route([message(BOT, mail("a@example.org"), phone("+79160000001"))])
    await router.route([message(BOT, mail("b@example.org"), phone("+79160000002"))])
    one, other = await card_of(ask, "a@example.org"), await card_of(ask, "b@example.org")
    with pytest.raises(Unjoinable, match="only a person"):
        await joined(database, one, other, rule="certain")
    await joined(database, one, other)


async def test_not_the_same_is_remembered_for_everybody(router: Router, ask: Ask, database: Database) -> None:
    anna, petr = await two_people(router, ask)
    async with database.begin() as connection:
        await merging.differ(connection, petr, anna, "staff:2")
    with pytest.raises(Unjoinable, match="not the same person"):
        await joined(database, anna, petr)
    await joined(database, anna, petr, even_if_different=True)


async def test_what_a_person_undid_no_rule_does_again(router: Router, ask: Ask, database: Database) -> None:
    anna, petr = await two_people(router, ask)
    await parted(database, await joined(database, anna, petr, rule="certain"))
    with pytest.raises(Unjoinable, match="took that back"):
        await joined(database, anna, petr, rule="certain")


async def test_who_were_one_by_way_of_a_third_are_not_joined_by_a_rule(
    router: Router, ask: Ask, database: Database
) -> None:
    anna, petr = await two_people(router, ask)
    await router.route([message(INBOX, mail("third@example.org"))])
    third = await card_of(ask, "third@example.org")
    ids = [await joined(database, third, card, rule="certain") for card in (anna, petr)]
    await parted(database, ids[0])
    with pytest.raises(Unjoinable, match="took that back"):
        await joined(database, petr, anna, rule="proved-together")
    await parted(database, ids[1])
    with pytest.raises(Unjoinable, match="took that back"):
        await joined(database, anna, petr, rule="certain")
    await joined(database, anna, petr)


async def test_nobody_is_joined_with_himself_or_with_nobody(router: Router, ask: Ask, database: Database) -> None:
    anna, petr = await two_people(router, ask)
    for one, other in ((anna, anna), (anna, new_id())):
        with pytest.raises(Unjoinable):
            await joined(database, one, other)
    await joined(database, anna, petr)
    with pytest.raises(Unjoinable, match="one person already"):
        await joined(database, petr, anna)


async def test_proved_together_are_one_person(router: Router, ask: Ask, database: Database, hire: Hire) -> None:
    """He wrote by SMS and from Telegram; then he shares his contact there."""
    await hire("Olga", "71")
    await router.route([message(SMS, PETR), message(BOT, chat("5"))])
    [shared, after] = await router.route([message(BOT, chat("5"), PETR), message(SMS, PETR, text="and by SMS")])
    assert await ask("SELECT rule FROM merges") == ["proved-together"]
    assert await ask("SELECT count(DISTINCT contact_id) FROM identities") == [1]
    assert shared.lead != after.lead or after.lead, "both messages found a lead"
    assert await ask("SELECT count(*) FROM leads WHERE state = 'open' AND under_id IS NULL") == [1]


async def test_a_claim_joins_nobody(router: Router, ask: Ask) -> None:
    await router.route([message(INBOX, ANNA), message(SMS, PETR)])
    await router.route([filled(ANNA, PETR)])
    assert await ask("SELECT count(*) FROM merges") == [0]


async def test_both_leads_cards_are_edited(router: Router, ask: Ask, database: Database, hire: Hire) -> None:
    await hire("Olga", "71")
    anna, petr = await two_people(router, ask)
    await ask("UPDATE deliveries SET state = 'sent', external_id = 'x' || id WHERE purpose = 'card' RETURNING 1")
    await joined(database, anna, petr)
    assert await ask("SELECT count(*) FROM deliveries WHERE purpose = 'refresh'") == [2]


# Whatever is joined and parted, the end is as if nothing had been

PEOPLE = 4
Op = tuple[str, int, int]
_OPS = st.one_of(
    st.tuples(st.just("write"), st.integers(0, PEOPLE - 1), st.just(0)),
    st.tuples(st.just("join"), st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("part"), st.integers(0, 20), st.just(0)),
    st.tuples(st.just("close"), st.just(0), st.just(0)),
)
_worlds = count(1)


class World:
    """Some people in the database, told from others by the domain of their addresses."""

    def __init__(self, database: Database, *, joins: bool) -> None:
        self.database, self.joins = database, joins
        self.router = Router(database, RULES)
        self.domain = f"w{next(_worlds)}.example"
        self.merges: list[UUID] = []

    async def play(self, ops: list[Op]) -> None:
        await self.router.route([self._message(n, "first") for n in range(PEOPLE)])
        for number, (what, a, b) in enumerate(ops):
            if what == "write":
                await self.router.route([self._message(a, str(number))])
            elif what == "close":
                await self._close()
            elif self.joins and what == "join":
                await self._join(a, b)
            elif self.joins and self.merges:
                await parted(self.database, self.merges[a % len(self.merges)])
        await parted(self.database, *self.merges)

    def _message(self, person: int, words: str) -> Any:
        return message(INBOX, mail(f"p{person}@{self.domain}"), text=words, name=f"P{person}")

    async def _join(self, a: int, b: int) -> None:
        cards = [await self._card(n) for n in (a, b)]
        try:
            self.merges.append(await joined(self.database, *cards))
        except Unjoinable as error:
            assert error.reason == "same"

    async def _card(self, person: int) -> UUID:
        async with self.database.begin() as connection:
            sql = text("SELECT home_id FROM identities WHERE value = :value")
            found = await connection.scalar(sql, {"value": f"p{person}@{self.domain}"})
        assert isinstance(found, UUID)
        return found

    async def _close(self) -> None:
        async with self.database.begin() as connection:
            sql = text(
                """UPDATE leads SET state = 'won', closed_at = :now WHERE state = 'open' AND contact_id IN
                   (SELECT contact_id FROM identities WHERE value LIKE '%@' || :domain)"""
            )
            await connection.execute(sql, {"domain": self.domain, "now": utcnow()})

    async def cards(self) -> list[tuple[Any, ...]]:
        """Each person's leads with what was written in them."""
        sql = text(
            """SELECT split_part(i.value, '@', 1), l.state, l.under_id IS NULL, i.contact_id = i.home_id,
                 l.contact_id = i.contact_id,
                 array_agg(split_part(w.value, '@', 1) || ':' || m.text ORDER BY m.received_at, m.id)
               FROM identities i JOIN leads l ON l.home_id = i.home_id JOIN messages m ON m.lead_id = l.id
               JOIN identities w ON w.id = m.identity_id
               WHERE i.value LIKE '%@' || :domain GROUP BY i.id, l.id ORDER BY 1, 2, 6"""
        )
        async with self.database.begin() as connection:
            return [tuple(row) for row in await connection.execute(sql, {"domain": self.domain})]


def test_undoing_all_merges_ends_in_equal_cards(database_url: str) -> None:
    """Two worlds get the same letters; in one people are joined and parted meanwhile, and all parted at last."""
    with asyncio.Runner() as runner:
        database = Database(database_url)

        @settings(max_examples=30, deadline=None)
        @given(st.lists(_OPS, min_size=1, max_size=14))
        def hold(ops: list[Op]) -> None:
            calm, busy = World(database, joins=False), World(database, joins=True)
            for world in (calm, busy):
                runner.run(world.play(ops))
            assert runner.run(busy.cards()) == runner.run(calm.cards())

        try:
            hold()
        finally:
            runner.run(database.aclose())
