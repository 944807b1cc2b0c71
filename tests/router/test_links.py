"""A request is handed over to Telegram: what a link proves, and what it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.links import digest, new_token
from domain.messages import Address, utcnow
from router.confirm import confirm
from router.route import Router
from router.screen import Voice
from store.engine import Database
from store.links import VALID
from tests.router.conftest import Ask, Hire
from tests.router.following import sent_to, started
from tests.router.people import INBOX, SMS, filled, mail, message, phone

ANNA, HER_PHONE = mail("anna@example.org"), phone("+79160000001")
USER, OTHER = "501", "502"


async def persons(ask: Ask) -> dict[str, object]:
    """Address -> the card that leads its person."""
    return dict(await ask("SELECT value, contact_id FROM identities"))


@pytest.mark.parametrize(("channel", "address"), [(INBOX, ANNA), (SMS, HER_PHONE)])
async def test_who_opens_the_bot_by_the_link_sent_to_him_is_one_person_with_it(
    router: Router, database: Database, ask: Ask, channel: str, address: Address
) -> None:
    [first] = await router.route([message(INBOX if channel == INBOX else SMS, address)])
    token = await sent_to(database, first.message, address)
    [opened] = await router.route([started(USER, token)])
    who = await persons(ask)
    assert who[USER] == who[address.value]
    assert opened.lead == first.lead, "the seller goes on in the same lead"
    assert await ask("SELECT proved FROM identities WHERE value IN (:a, :b)", a=USER, b=address.value) == [True, True]


async def test_the_token_is_kept_nowhere(router: Router, database: Database, ask: Ask) -> None:
    [first] = await router.route([message(INBOX, ANNA)])
    token = await sent_to(database, first.message, ANNA)
    await router.route([started(USER, token)])
    [number] = await ask("SELECT number FROM leads")
    assert await ask("SELECT text FROM messages WHERE channel = 'bot'") == [f"/start #{number}"]
    tables = ("messages", "events", "deliveries", "links", "claims")
    kept = [row for table in tables for row in await ask(f"SELECT CAST(t AS text) FROM {table} t")]
    assert kept
    assert not any(token in row for row in kept)


async def test_cards_that_were_two_are_joined(router: Router, database: Database, ask: Ask) -> None:
    [first] = await router.route([message(INBOX, ANNA)])
    await router.route([started(USER, "spring")])
    assert len(set((await persons(ask)).values())) == 2
    await router.route([started(USER, await sent_to(database, first.message, ANNA))])
    assert len(set((await persons(ask)).values())) == 1
    assert await ask("SELECT rule FROM merges") == ["proved-together"]


async def test_a_typed_address_is_proved_by_its_link(router: Router, database: Database, ask: Ask) -> None:
    [form] = await router.route([filled(ANNA)])
    [opened] = await router.route([started(USER, await sent_to(database, form.message, ANNA))])
    assert opened.lead == form.lead
    assert await ask("SELECT proof FROM claims ORDER BY at, proof") == ["typed", "channel", "link"]


async def test_a_link_to_an_address_that_somebody_else_typed_takes_it_off_his_card(
    router: Router, database: Database, ask: Ask
) -> None:
    """He typed her address beside his phone, and proved the phone: her address is hers, with her Telegram."""
    [form] = await router.route([filled(HER_PHONE, ANNA)])
    await router.route([message(SMS, HER_PHONE)])
    await router.route([started(USER, await sent_to(database, form.message, ANNA))])
    who = await persons(ask)
    assert who[USER] == who[ANNA.value] != who[HER_PHONE.value]


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_link_opens_the_bot_once(router: Router, database: Database, ask: Ask, at_once: bool) -> None:
    [first] = await router.route([message(INBOX, ANNA)])
    token = await sent_to(database, first.message, ANNA)
    hers, his = started(USER, token), started(OTHER, token)
    for batch in [[hers, his]] if at_once else [[hers], [his]]:
        await router.route(batch)
    again = await router.route([hers])
    who = await persons(ask)
    assert who[USER] == who[ANNA.value] != who[OTHER]
    assert again[0].lead == (await ask("SELECT lead_id FROM messages WHERE identity_id IS NOT NULL LIMIT 1"))[0]
    assert await ask("SELECT facts -> 'source' ->> 'campaign' FROM messages WHERE text = :t", t=f"/start {token}") == [
        token
    ], "to the second it is a campaign like any other"


@pytest.mark.parametrize("case", ["expired", "forged", "unknown", "group"])
async def test_a_link_that_does_not_hold_is_a_campaign(
    router: Router, database: Database, ask: Ask, hire: Hire, case: str
) -> None:
    [first] = await router.route([message(INBOX, ANNA)])
    at = utcnow() - VALID - timedelta(seconds=1) if case == "expired" else utcnow()
    token = await sent_to(database, first.message, ANNA, at)
    token = {"forged": token[:-1] + ("A" if token[-1] != "A" else "B"), "unknown": new_token()}.get(case, token)
    [opened] = await router.route([started(USER, token, chat="-77" if case == "group" else "")])
    assert (opened.voice is Voice.IGNORED) == (case == "group")
    assert (await persons(ask)).get(USER, "nobody") != (await persons(ask))[ANNA.value]
    assert await ask("SELECT count(*) FROM links WHERE used_at IS NOT NULL") == [0]


async def test_a_seller_who_tries_a_customers_link_does_not_use_it_up(
    router: Router, database: Database, ask: Ask, hire: Hire
) -> None:
    await hire("Olga", "71")
    [first] = await router.route([message(INBOX, ANNA)])
    token = await sent_to(database, first.message, ANNA)
    await router.route([started("71", token)])
    await router.route([started(USER, token)])
    who = await persons(ask)
    assert "71" not in who
    assert who[USER] == who[ANNA.value]


async def test_a_form_has_a_link_for_each_answer_that_was_shown(router: Router, ask: Ask) -> None:
    one, two = digest(new_token()), digest(new_token())
    typed = filled(ANNA, link=one, external_id="LW-1")
    again = filled(ANNA, link=two, external_id="LW-1")
    [first, second] = await router.route([typed, again])
    await router.route([typed])
    assert first == second
    rows = await ask("SELECT encode(hash, 'hex'), message_id, kind FROM links ORDER BY 1")
    assert rows == [(hash_, first.message, "form") for hash_ in sorted([one, two])]


async def test_what_is_no_digest_makes_no_link(router: Router, ask: Ask) -> None:
    await router.route([filled(ANNA, link=bad) for bad in ("x", "Z" * 64, "")])
    assert await ask("SELECT count(*) FROM links") == [0]


async def test_a_forms_link_proves_none_of_its_addresses(router: Router, ask: Ask) -> None:
    """Whoever typed the address saw the link: it is a claim in Telegram as it was in the form."""
    [hers] = await router.route([message(INBOX, ANNA)])
    token = new_token()
    await router.route([filled(ANNA, link=digest(token))])
    for _ in range(2):
        [his] = await router.route([started(OTHER, token)])
    who = await persons(ask)
    assert who[OTHER] != who[ANNA.value]
    assert his.lead != hers.lead
    assert await ask("SELECT text FROM messages WHERE channel = 'bot'") == ["/start #?"] * 2
    claimed = "SELECT c.proof FROM claims c JOIN identities i ON i.id = c.identity_id WHERE i.value = :v ORDER BY c.at"
    assert await ask(claimed, v=ANNA.value) == ["channel", "typed"]


async def test_the_button_proves_the_address_once(router: Router, database: Database, ask: Ask) -> None:
    [form] = await router.route([filled(ANNA, name="Anna")])
    hash_ = digest(await sent_to(database, form.message, ANNA))
    assert [await confirm(database, hash_, utcnow()) for _ in range(2)] == [True, False]
    assert await ask("SELECT proved FROM identities") == [True]
    assert sorted(await ask("SELECT proof FROM claims")) == ["link", "typed"]
    [later] = await router.route([message(INBOX, ANNA)])
    assert later.lead == form.lead


async def test_the_button_takes_an_address_off_the_card_of_who_typed_it(
    router: Router, database: Database, ask: Ask
) -> None:
    [form] = await router.route([filled(HER_PHONE, ANNA)])
    await router.route([message(SMS, HER_PHONE)])
    assert await confirm(database, digest(await sent_to(database, form.message, ANNA)), utcnow())
    who = await persons(ask)
    assert who[ANNA.value] != who[HER_PHONE.value]
    assert sorted(await ask("SELECT proof FROM claims")) == ["channel", "link", "typed", "typed"]


async def test_the_button_does_nothing_for_others(router: Router, database: Database, ask: Ask) -> None:
    shown = digest(new_token())
    [form] = await router.route([filled(ANNA, link=shown)])
    old = digest(await sent_to(database, form.message, ANNA, utcnow() - VALID - timedelta(seconds=1)))
    strangers = digest(await sent_to(database, form.message, mail("nobody@example.org")))
    assert not await confirm(database, shown, utcnow()), "a form's link proves nothing"
    assert not await confirm(database, old, utcnow())
    assert not await confirm(database, digest(new_token()), utcnow())
    assert await confirm(database, strangers, utcnow()), "an address that nobody has yet"
    assert await ask("SELECT proved FROM identities") == [False]


async def test_dead_links_are_swept_away_by_new_ones(router: Router, database: Database, ask: Ask) -> None:
    [form] = await router.route([filled(ANNA)])
    for days in (40, 35, 1, 0):
        await sent_to(database, form.message, ANNA, utcnow() - timedelta(days=days))
    assert await ask("SELECT count(*) FROM links WHERE expires_at < now()") == [0]
    assert await ask("SELECT count(*) FROM links") == [2]
