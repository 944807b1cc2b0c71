"""The router on a real database: what messages lead to, once and for all."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.messages import Automatic, File, Inbound, Report, ReportKind, Source, utcnow
from router.route import Router
from router.screen import Voice
from tests.router.conftest import Ask, Hire
from tests.router.people import BOT, FORM, INBOX, SMS, chat, filled, mail, message, phone

ANNA = mail("anna@example.org")


async def test_a_first_message_opens_a_lead_with_a_card_for_whose_turn_it_is(
    router: Router, ask: Ask, hire: Hire
) -> None:
    seller = await hire("Olga", "71")
    [outcome] = await router.route([message(INBOX, ANNA, name="Anna", subject="Price", ref="<1@x>")])
    assert outcome.voice is Voice.CUSTOMER
    assert await ask("SELECT owner_id, taken_at, channel, pipeline, state FROM leads") == [
        (seller.id, None, INBOX, "sales", "open")
    ]
    assert await ask("SELECT channel, address, lead_id FROM deliveries WHERE purpose = 'card'") == [
        (BOT, "71", outcome.lead)
    ]
    assert await ask("SELECT kind, lead_id, message_id FROM events") == [("lead.opened", outcome.lead, outcome.message)]
    assert await ask("SELECT staff_id, reason FROM assignments") == [(seller.id, "turn")]


async def test_a_further_message_joins_and_is_relayed_to_the_owner(router: Router, ask: Ask, hire: Hire) -> None:
    await hire("Olga", "71")
    [first] = await router.route([message(INBOX, ANNA)])
    [second] = await router.route([message(INBOX, ANNA)])
    assert second.lead == first.lead
    assert await ask("SELECT message_id, address FROM deliveries WHERE purpose = 'relay'") == [(second.message, "71")]


async def test_a_further_message_of_a_waiting_lead_brings_the_teams_card_up_to_date(router: Router, ask: Ask) -> None:
    """Nothing is relayed there. An owner's card is brought up to date once the message has been relayed to him."""
    await router.route([message(INBOX, ANNA)])
    await ask("UPDATE deliveries SET state = 'sent', external_id = '-500:1' WHERE purpose = 'card' RETURNING 1")
    for _ in range(2):
        await router.route([message(INBOX, ANNA)])
    assert await ask("SELECT address FROM deliveries WHERE purpose = 'refresh'") == ["-500"]


async def test_a_message_seen_again_returns_what_it_led_to(router: Router, ask: Ask) -> None:
    letter = message(INBOX, ANNA)
    first = await router.route([letter, letter])
    again = await router.route([letter])
    assert first[0] == first[1] == again[0]
    assert await ask("SELECT count(*) FROM messages") == [1]


async def test_nobody_at_work_leaves_the_lead_in_the_teams_chat(router: Router, ask: Ask, hire: Hire) -> None:
    await hire("Olga", "71", at_work=False)
    await router.route([message(INBOX, ANNA)])
    assert await ask("SELECT owner_id FROM leads") == [None]
    assert await ask("SELECT address FROM deliveries WHERE purpose = 'card'") == ["-500"]


async def test_turns_go_round_fairly_also_over_batches(router: Router, ask: Ask, hire: Hire) -> None:
    for n in range(3):
        await hire(f"S{n}", str(70 + n))
    for size in (1, 4, 2, 5):
        await router.route([message(INBOX, mail(f"p{size}-{n}@example.org")) for n in range(size)])
    assert await ask("SELECT count(*) FROM leads GROUP BY owner_id") == [4, 4, 4]


async def test_long_texts_and_files_follow_under_the_card(router: Router, ask: Ask, hire: Hire) -> None:
    await hire("Olga", "71")
    photo = File(name="a.png", type="image/png", size=3, key="ab")
    await router.route([message(BOT, chat("5"), files=(photo,)), message(INBOX, ANNA, text="x" * 700)])
    assert await ask("SELECT count(*) FROM deliveries WHERE purpose = 'relay'") == [2]


@pytest.mark.parametrize("automatic", list(Automatic))
async def test_machine_mail_is_kept_but_opens_and_answers_nothing(
    router: Router, ask: Ask, automatic: Automatic
) -> None:
    [outcome] = await router.route([message(INBOX, ANNA, automatic=automatic)])
    assert outcome.voice is Voice.IGNORED
    assert await ask("SELECT count(*) FROM leads") == [0]
    assert await ask("SELECT count(*) FROM deliveries") == [0]
    assert await ask("SELECT lead_id FROM messages") == [None]
    assert await ask("SELECT kind FROM events") == ["message.ignored"]


async def test_the_unreadable_becomes_a_lead_that_a_person_will_see(router: Router, ask: Ask, hire: Hire) -> None:
    await hire("Olga", "71")
    [outcome] = await router.route([message(INBOX, unreadable="no headers")])
    assert outcome.lead
    assert await ask("SELECT kind FROM identities") == ["unreadable"]
    assert await ask("SELECT purpose FROM deliveries") == ["card"]


async def test_staff_never_become_leads(router: Router, ask: Ask, hire: Hire) -> None:
    await hire("Olga", "71")
    newcomer = message(BOT, chat("72"), text="/start staff-abc", source=Source(campaign="staff-abc"))
    outcomes = await router.route([message(BOT, chat("71")), newcomer])
    assert [o.voice for o in outcomes] == [Voice.STAFF, Voice.STAFF]
    assert await ask("SELECT count(*) FROM leads") == [0]


async def test_strangers_in_a_team_chat_are_ignored_and_on_buttons_are_the_desks(router: Router, ask: Ask) -> None:
    outcomes = await router.route([message(BOT, chat("9"), chat="-500"), message(BOT, chat("9"), button="take:1")])
    assert [o.voice for o in outcomes] == [Voice.IGNORED, Voice.STAFF]
    assert await ask("SELECT count(*) FROM leads") == [0]


async def test_a_greeting_goes_out_once_a_day_in_the_customers_language(router: Router, ask: Ask) -> None:
    [first] = await router.route([message(INBOX, ANNA, text="Добрый день, сколько стоит?")])
    assert await ask("SELECT address, facts ->> 'language' FROM deliveries WHERE purpose = 'greeting'") == [
        ("anna@example.org", "ru")
    ]
    await ask("UPDATE leads SET state = 'won' WHERE id = :id RETURNING 1", id=first.lead)
    await router.route([message(INBOX, ANNA)])
    assert await ask("SELECT count(*) FROM deliveries WHERE purpose = 'greeting'") == [1]
    await ask("UPDATE deliveries SET created_at = created_at - interval '25 hours' RETURNING 1")
    await ask("UPDATE leads SET state = 'won' RETURNING 1")
    await router.route([message(INBOX, ANNA)])
    assert await ask("SELECT count(*) FROM deliveries WHERE purpose = 'greeting'") == [2]


async def test_stop_by_sms_holds_until_start(router: Router, ask: Ask) -> None:
    number = phone("+79161234567")
    await router.route([message(SMS, number, text=" Стоп. ")])
    assert await ask("SELECT address FROM suppressions") == ["+79161234567"]
    await router.route([message(SMS, number, text="And the price?")])
    assert await ask("SELECT address FROM suppressions") == ["+79161234567"]
    await router.route([message(SMS, number, text="START")])
    assert await ask("SELECT address FROM suppressions") == []
    assert await ask("SELECT count(*) FROM leads") == [1]


async def test_who_writes_from_a_blocked_chat_can_be_reached_again(router: Router, ask: Ask) -> None:
    blocked = Report(
        channel=BOT, external_id="", kind=ReportKind.STOPPED, at=utcnow(), address=chat("5"), reason="blocked"
    )
    await router.settle([blocked])
    assert await ask("SELECT reason FROM suppressions") == ["blocked"]
    await router.route([message(BOT, chat("5"))])
    assert await ask("SELECT count(*) FROM suppressions") == [0]


async def test_replies_find_their_thread(router: Router, ask: Ask) -> None:
    first = message(INBOX, ANNA, ref="<1@x>")
    reply = message(INBOX, ANNA, ref="<3@x>", refers_to=("<2@us>", "<1@x>"))
    other = message(INBOX, ANNA, ref="<9@x>")
    await router.route([first, other])
    await router.route([reply])
    assert await ask("SELECT thread FROM messages ORDER BY ref") == ["<1@x>", "<1@x>", "<9@x>"]


# Identity


async def test_one_person_on_two_proved_addresses_of_one_message(router: Router, ask: Ask) -> None:
    shared = message(BOT, chat("5"), phone("+79161234567"))
    await router.route([shared])
    [by_sms] = await router.route([message(SMS, phone("+79161234567"))])
    assert await ask("SELECT count(*) FROM contacts") == [1]
    assert await ask("SELECT id FROM leads") == [by_sms.lead]


async def test_a_typed_address_leads_to_its_owner_and_brings_nobody_along(router: Router, ask: Ask) -> None:
    [owner] = await router.route([message(INBOX, ANNA)])
    [form] = await router.route([filled(ANNA, phone("+79990000000"))])
    assert form.lead == owner.lead
    [stranger] = await router.route([message(SMS, phone("+79990000000"))])
    assert stranger.lead != owner.lead


async def test_a_typed_address_that_speaks_for_itself_leaves_a_strangers_contact(router: Router, ask: Ask) -> None:
    """A stranger typed Anna's address beside his own phone, and proves the phone; then Anna writes."""
    [form] = await router.route([filled(ANNA, phone("+79990000000"))])
    [stranger] = await router.route([message(SMS, phone("+79990000000"))])
    assert stranger.lead == form.lead
    [anna] = await router.route([message(INBOX, ANNA)])
    owners = await ask("SELECT i.value, l.id FROM leads l JOIN identities i ON i.contact_id = l.contact_id")
    assert ("anna@example.org", form.lead) in owners  # she opened it, as far as the form said: it goes with her
    assert anna.lead == form.lead
    assert ("+79990000000", form.lead) not in owners
    [again] = await router.route([message(SMS, phone("+79990000000"))])
    assert again.lead != anna.lead


async def test_a_form_then_the_proof_is_one_person(router: Router, ask: Ask) -> None:
    [form] = await router.route([filled(ANNA)])
    [proved] = await router.route([message(INBOX, ANNA)])
    assert proved.lead == form.lead
    assert await ask("SELECT proved FROM identities") == [True]


async def test_two_people_named_in_one_form_stay_two_and_the_claim_is_kept(router: Router, ask: Ask) -> None:
    await router.route([message(INBOX, ANNA), message(SMS, phone("+79161234567"))])
    await router.route([filled(ANNA, phone("+79161234567"))])
    assert await ask("SELECT count(*) FROM contacts") == [2]
    claims = (
        "SELECT i.value, c.proof FROM claims c JOIN identities i ON i.id = c.identity_id WHERE c.contact_id <> home_id"
    )
    assert await ask(claims) == [("+79161234567", "typed")]


async def test_a_split_in_the_middle_of_a_batch(router: Router, ask: Ask) -> None:
    await router.route([filled(ANNA, phone("+79990000000"))])
    await router.route([message(SMS, phone("+79990000000"))])
    batch = [message(INBOX, mail("b@example.org")), message(INBOX, ANNA), message(SMS, phone("+79990000000"))]
    outcomes = await router.route(batch)
    assert len({o.lead for o in outcomes}) == 3


# Races


def _crowd(seed: int, size: int) -> list[Inbound]:
    """Messages of few people, each named now by mail, now by phone, now by both."""
    made = []
    for n in range(size):
        person = (n * 7 + seed) % 13
        both = (mail(f"h{person}@example.org"), phone(f"+7916000{person:04d}"))
        names = (both[:1], both[1:], both)[(n + seed) % 3]
        made.append(
            message(
                FORM if len(names) == 2 else INBOX, *names, external_id=f"{n % 40 if n % 5 == 0 else f'{seed}-{n}'}"
            )
        )
    return made


async def test_routers_that_meet_the_same_people_double_nobody(database_url: str, ask: Ask, router: Router) -> None:
    crowds = [_crowd(seed, 120) for seed in range(4)]

    async def run(crowd: list[Inbound]) -> None:
        for at in range(0, len(crowd), 15):
            assert len(await router.route(crowd[at : at + 15])) == len(crowd[at : at + 15])

    await asyncio.gather(*(run(crowd) for crowd in crowds))
    sent = {(m.channel, m.external_id) for crowd in crowds for m in crowd}
    assert await ask("SELECT count(*) FROM messages") == [len(sent)]
    assert await ask("SELECT count(*) FROM leads") == await ask(
        "SELECT count(*) FROM deliveries WHERE purpose = 'card'"
    )
    assert await ask(
        """SELECT count(*) FROM messages m JOIN identities i ON i.id = m.identity_id JOIN leads l ON l.id = m.lead_id
           WHERE l.contact_id <> i.contact_id"""
    ) == [0]
    assert await ask(
        "SELECT count(*) FROM contacts c WHERE NOT EXISTS (SELECT FROM identities i WHERE i.home_id = c.id)"
    ) == [0]


async def test_a_lead_that_is_closed_meanwhile_is_not_lost_on(router: Router, ask: Ask) -> None:
    closing = [ask("UPDATE leads SET state = 'won' WHERE state = 'open' RETURNING 1") for _ in range(10)]
    writing = [router.route([message(INBOX, ANNA)]) for _ in range(10)]
    await asyncio.gather(*writing, *closing)
    assert await ask("SELECT count(*) FROM messages WHERE lead_id IS NOT NULL") == [10]
    assert (await ask("SELECT count(*) FROM leads WHERE state = 'open'"))[0] <= 1


# Reports


async def test_reports_move_deliveries_forward_only_and_may_come_early(router: Router, ask: Ask) -> None:
    now = utcnow()

    def said(kind: ReportKind) -> Report:
        return Report(channel=SMS, external_id="SM1", kind=kind, at=now + timedelta(seconds=1), reason="")

    await router.settle([said(ReportKind.DELIVERED)])
    assert await ask("SELECT count(*) FROM early_reports") == [1]
    await ask(
        """INSERT INTO deliveries
             (id, channel, address, purpose, facts, state, priority, due_at, external_id, created_at)
           VALUES (gen_random_uuid(), 'sms', '+7', 'reply', '{}', 'sent', 0, now(), 'SM1', now()) RETURNING 1"""
    )
    await router.settle([said(ReportKind.SENT), said(ReportKind.DELIVERED), said(ReportKind.SENT)])
    assert await ask("SELECT state FROM deliveries") == ["delivered"]


async def test_an_answer_that_bounces_late_is_told_to_who_wrote_it(router: Router, ask: Ask, hire: Hire) -> None:
    seller = await hire("Olga", "71")
    [first] = await router.route([message(INBOX, ANNA)])
    await ask(
        """INSERT INTO messages
             (id, channel, external_id, direction, staff_id, lead_id, ref, thread, text, facts, received_at, created_at)
           VALUES (CAST(:id AS uuid), 'bot', '71:9', 'out', :staff, :lead, '', '', 'Yes', '{}', now(), now())
           RETURNING 1""",
        id="00000000-0000-7000-8000-000000000001",
        staff=seller.id,
        lead=first.lead,
    )
    await ask(
        """INSERT INTO deliveries (id, channel, address, purpose, facts, state, priority, due_at, external_id,
             created_at, lead_id, message_id)
           VALUES (gen_random_uuid(), 'inbox', 'anna@example.org', 'reply', '{}', 'sent', 0, now(), '<x@us>', now(),
             :lead, '00000000-0000-7000-8000-000000000001') RETURNING 1""",
        lead=first.lead,
    )
    bounced = Report(
        channel=INBOX, external_id="<x@us>", kind=ReportKind.STOPPED, at=utcnow(), address=ANNA, reason="no such user"
    )
    await router.settle([bounced])
    await router.settle([bounced])
    told = await ask("SELECT address, facts ->> 'key', facts ->> 'reason' FROM deliveries WHERE purpose = 'notice'")
    assert told == [("71", "reply_failed", "no such user")]


async def test_who_only_presses_start_is_welcomed_once_and_is_no_lead(router: Router, ask: Ask) -> None:
    await router.route([message(BOT, chat("5"), text="/start", language="ru"), message(BOT, chat("5"), text="/start")])
    assert await ask("SELECT address, facts ->> 'key', facts ->> 'language' FROM deliveries") == [
        ("5", "welcome_customer", "ru")
    ]
    assert await ask("SELECT count(*) FROM leads") == [0]
