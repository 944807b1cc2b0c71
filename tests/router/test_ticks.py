"""What was ticked in a form: the policy's text is a receipt, a mailing's only a request to the address's holder."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Address, ChannelName, Ticked
from people import opting
from people.consent import may_write
from people.opting import Subject, Way
from router.route import Router
from store import consents
from store.engine import Database
from store.permission import MARKETING, SOFT, Aim
from tests.people.law import NEWS, agreed, proved
from tests.router.conftest import RULES, Ask
from tests.router.people import filled, mail, message, phone

ANNA, PHONE = mail("anna@example.org"), phone("+79161234567")
POLICY = Ticked(purpose="service", text="I agree to the processing", version="7")
BOX = Ticked(purpose=NEWS, text="News, please", version="2")
SALES = Ticked(purpose="sales", text="Sales, please")


async def gets(database: Database, card: UUID, marketing: str) -> bool:
    async with database.begin() as connection:
        aim = Aim(card, "email", ANNA.value)
        return (await may_write(connection, [aim], NEWS, marketing=marketing))[aim] is None


async def test_the_policy_is_a_receipt(router: Router, ask: Ask) -> None:
    form = filled(ANNA, PHONE, ticked=(POLICY,))
    for _ in range(2):  # the bus may bring it twice
        await router.route([form])
    [kept] = await ask("SELECT purpose, channel, granted, text, version, source, address, at FROM consents")
    assert kept == ("service", "", True, POLICY.text, "7", "form:site", ANNA.value, form.received_at)
    [digest] = await ask("SELECT encode(text_hash, 'hex') FROM consents")
    assert digest == hashlib.sha256(POLICY.text.encode()).hexdigest()
    assert await ask("SELECT count(*) FROM consent_requests") == [0]
    assert await ask("SELECT count(*) FROM deliveries WHERE purpose = 'greeting'") == [0]


@pytest.mark.parametrize("marketing", ["opt-in", SOFT])
async def test_a_box_asks_the_holder_and_grants_nothing(
    router: Router, ask: Ask, database: Database, marketing: str
) -> None:
    form = filled(ANNA, PHONE, ticked=(BOX, SALES), language="ru")
    await router.route([form])
    assert await ask("SELECT count(*) FROM consents") == [0]
    asked = await ask(
        """SELECT kind, value, purpose, channel, text, version, source, confirmed_at
           FROM consent_requests ORDER BY purpose"""
    )
    assert asked == [
        ("email", ANNA.value, NEWS, "email", BOX.text, "2", "form:site", None),
        ("email", ANNA.value, "sales", "email", SALES.text, "", "form:site", None),
    ]
    [letter] = await ask("SELECT channel, address, facts FROM deliveries WHERE purpose = 'greeting'")
    assert letter[:2] == ("inbox", ANNA.value)
    assert (letter[2]["key"], letter[2]["language"], len(letter[2]["requests"])) == ("confirm_subscription", "ru", 2)
    [card] = await ask("SELECT contact_id FROM identities WHERE kind = 'email'")
    assert not await gets(database, card, marketing)
    async with database.begin() as connection:
        found = [await opting.asked(connection, UUID(one)) for one in letter[2]["requests"]]
        await opting.confirm(connection, next(one for one in found if one and one.purpose == NEWS))
    assert await gets(database, card, marketing)
    assert await ask("SELECT purpose, channel, text, version, source, actor, address FROM consents") == [
        (NEWS, "email", BOX.text, "2", "link", "form:site", ANNA.value)
    ]


async def test_nobody_is_asked_twice_a_day(router: Router, ask: Ask) -> None:
    """Else a stranger could fill somebody's mailbox through our form, under whatever names."""
    forms = [filled(ANNA, ticked=(BOX,), name=f"Name {n}", text=f"Hello {n}") for n in range(4)]
    await router.route(forms[:2])
    for form in forms[2:]:
        await router.route([form])
    letters = "SELECT count(*) FROM deliveries WHERE facts ->> 'key' = 'confirm_subscription'"
    assert await ask(letters) == [1]
    await router.route([filled(ANNA, ticked=(SALES,))])
    assert await ask(letters) == [2]
    await ask("UPDATE deliveries SET created_at = created_at - interval '2 days' RETURNING 1")
    await router.route([filled(ANNA, ticked=(BOX,), text="Again")])
    assert await ask(letters) == [3]


@pytest.mark.parametrize(
    ("before", "asked"), [("agreed", 0), ("left", 1), ("stopped", 0), ("suppressed", 0), ("erased", 0), ("unknown", 1)]
)
async def test_who_is_asked(router: Router, ask: Ask, database: Database, before: str, asked: int) -> None:
    """Who left may come back by his own hand; who is not to be written to is not asked either."""
    if before != "unknown":
        async with database.begin() as connection:
            card = await proved(connection, ("email", ANNA.value))
            subject = Subject(kind="email", value=ANNA.value, card=card)
            if before == "agreed":
                await agreed(connection, card)
            if before == "left":
                await opting.opt_out(connection, subject, MARKETING, Way.LINK)
            if before in ("stopped", "erased"):
                await opting.opt_out(connection, subject, opting.ALL, Way.WORD)
    if before == "suppressed":
        await ask("INSERT INTO suppressions VALUES ('inbox', :a, '5.1.1', now()) RETURNING 1", a=ANNA.value)
    await router.route([filled(ANNA, ticked=(BOX,))])
    assert await ask("SELECT count(*) FROM consent_requests") == [asked]


@pytest.mark.parametrize(
    ("form", "place"),
    [
        (filled(PHONE, ticked=(BOX,)), [("sms", PHONE.value)]),
        (filled(PHONE, ANNA, ticked=(BOX,)), [("inbox", ANNA.value)]),
        (message(ChannelName("nowhere"), PHONE, ticked=(BOX,)), []),
        (filled(ANNA, ticked=(BOX,), fields={"_spam": "honeypot"}), []),
    ],
    ids=["sms", "mail first", "no way", "spam"],
)
async def test_by_which_way_somebody_is_asked(router: Router, ask: Ask, form: Any, place: list[Any]) -> None:
    await router.route([form])
    found = await ask("SELECT channel, address FROM deliveries WHERE facts ? 'requests'")
    assert found == place


async def test_the_yes_is_on_the_card_that_has_the_address(router: Router, ask: Ask, database: Database) -> None:
    """Whoever filled in the form may have been somebody else, with a card of his own."""
    async with database.begin() as connection:
        card = await proved(connection, ("email", ANNA.value), name="Anna")
        petr = await proved(connection, ("phone", PHONE.value), name="Petr")
    await router.route([filled(PHONE, ANNA, ticked=(BOX,))])
    assert await ask("SELECT contact_id FROM leads") == [petr]
    async with database.begin() as connection:
        [id_] = await ask("SELECT id FROM consent_requests")
        asked = await opting.asked(connection, id_)
        assert asked
        await opting.confirm(connection, asked)
        assert [r.purpose for r in await consents.of(connection, [card])] == [NEWS]


@pytest.mark.parametrize(
    ("address", "key"), [(ANNA, "confirm_subscription"), (PHONE, "confirm_by_sms")], ids=["mail", "sms"]
)
async def test_a_phone_is_asked_in_fewer_words(router: Router, ask: Ask, address: Address, key: str) -> None:
    """Each part of an SMS has its price: the words of the letter were four of them."""
    await router.route([filled(address, ticked=(BOX,))])
    assert await ask("SELECT facts ->> 'key' FROM deliveries WHERE facts ? 'requests'") == [key]


async def test_an_sms_names_the_company(database: Database, ask: Ask) -> None:
    """It comes from a number that nobody knows, and "our site" is anybody's."""
    rules = replace(RULES, company="Orchard & Sons")
    await Router(database, rules).route([filled(PHONE, ticked=(BOX,))])
    [facts] = await ask("SELECT facts FROM deliveries WHERE facts ? 'requests'")
    assert (facts["key"], facts["company"]) == ("confirm_to_company", "Orchard & Sons")
    await Router(database, rules).route([filled(ANNA, ticked=(BOX,))])
    assert "confirm_subscription" in await ask("SELECT facts ->> 'key' FROM deliveries WHERE facts ? 'requests'")
