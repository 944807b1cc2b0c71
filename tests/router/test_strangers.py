"""What strangers try: nobody's letters, and nobody's answers, may come to anybody else."""

from __future__ import annotations

from domain.messages import Report, ReportKind, utcnow
from router.route import Router
from tests.router.conftest import Ask, Hire
from tests.router.people import INBOX, SMS, filled, mail, message, phone

VICTIM, STRANGER = mail("victim@example.org"), phone("+79990000000")


async def contact_of(ask: Ask, value: str) -> object:
    [contact] = await ask("SELECT contact_id FROM identities WHERE value = :value", value=value)
    return contact


async def test_a_claim_beside_a_proof_leads_nowhere(router: Router, ask: Ask) -> None:
    """He typed both addresses; she proved hers; now he comes by his claim alone."""
    await router.route([filled(STRANGER, VICTIM)])
    [hers] = await router.route([message(INBOX, VICTIM)])
    [his] = await router.route([filled(STRANGER, text="remind me what I ordered")])
    assert his.lead != hers.lead
    assert await contact_of(ask, VICTIM.value) != await contact_of(ask, STRANGER.value)
    [proved] = await ask("SELECT proved FROM identities WHERE value = :v", v=STRANGER.value)
    assert not proved
    [again] = await router.route([message(INBOX, VICTIM)])
    assert again.lead == hers.lead


async def test_who_types_both_of_his_addresses_stays_one_person(router: Router) -> None:
    [first] = await router.route([message(INBOX, VICTIM)])
    [form] = await router.route([filled(VICTIM, phone("+79160000001"))])
    assert form.lead == first.lead


async def test_a_claimed_reply_address_joins_nobody_within_one_batch(router: Router, ask: Ask) -> None:
    """A forged From with his Reply-To, and his own mail, in one batch: the same as in two."""
    his = mail("stranger@example.org")
    await router.route([message(INBOX, VICTIM)])
    forged = message(INBOX, VICTIM, mail(his.value, proved=False))
    outcomes = await router.route([forged, message(INBOX, his)])
    assert outcomes[0].lead != outcomes[1].lead
    assert await contact_of(ask, VICTIM.value) != await contact_of(ask, his.value)


async def test_a_bounce_of_what_we_never_sent_stops_nobody(router: Router, ask: Ask) -> None:
    forged = Report(
        channel=INBOX, external_id="<invented@us>", kind=ReportKind.STOPPED, at=utcnow(), address=VICTIM, reason="5.1.1"
    )
    await router.settle([forged])
    assert await ask("SELECT count(*) FROM suppressions") == [0]


async def test_a_bounce_stops_the_address_that_we_sent_to(router: Router, ask: Ask, hire: Hire) -> None:
    await ask(
        """INSERT INTO deliveries
             (id, channel, address, purpose, facts, state, priority, due_at, external_id, created_at)
           VALUES (gen_random_uuid(), 'inbox', 'gone@example.org', 'reply', '{}', 'sent', 0, now(), '<real@us>', now())
           RETURNING 1"""
    )
    bounce = Report(
        channel=INBOX, external_id="<real@us>", kind=ReportKind.STOPPED, at=utcnow(), address=VICTIM, reason="5.1.1"
    )
    await router.settle([bounce])
    assert await ask("SELECT address FROM suppressions") == ["gone@example.org"]


async def test_typed_escapes_are_text(router: Router, ask: Ask) -> None:
    odd = "regex \\u0000 question"
    await router.route([message(SMS, STRANGER, text=odd, name=odd, fields={odd: odd}, refers_to=(odd,))])
    assert await ask("SELECT text, facts ->> 'name' FROM messages") == [(odd, odd)]
