"""Answers that came too late for WhatsApp: whose customers are asked to write back, and how often."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.ids import new_id
from domain.messages import ChannelName, DeliveryState, Report, ReportKind, utcnow
from domain.templates import NEEDED
from notifications.reasons import explain
from notifications.sweep import Sweep
from router.route import Router
from router.rules import Intake, Rules
from store import deliveries
from store.deliveries import Verdict
from store.engine import Database
from tests.router.conftest import Ask, Hire
from tests.router.people import INBOX, mail, message

BACK = "HX" + "b" * 32
WA, PLAIN = ChannelName("wa"), ChannelName("wa-plain")
LATE = f"{NEEDED} (63016)"


@pytest.fixture
def router(database: Database) -> Router:
    return Router(database, Rules(intakes={INBOX: Intake(), WA: Intake(late_template=BACK), PLAIN: Intake()}))


async def answered(ask: Ask, router: Router, staff: UUID, *, channel: str, name: str, purpose: str = "reply") -> None:
    """An answer that was handed over, of the provider's name."""
    [first] = await router.route([message(INBOX, mail("anna@example.org"))])
    ids = {"message": new_id(), "staff": staff, "lead": first.lead, "name": name}
    await ask(
        """INSERT INTO messages
             (id, channel, external_id, direction, staff_id, lead_id, ref, thread, text, facts, received_at, created_at)
           VALUES (:message, 'bot', :name, 'out', :staff, :lead, '', '', 'Yes', '{}', now(), now()) RETURNING 1""",
        **ids,
    )
    await ask(
        """INSERT INTO deliveries (id, channel, address, purpose, facts, state, priority, due_at, external_id,
             created_at, lead_id, message_id)
           VALUES (gen_random_uuid(), :channel, '+79161234567', :purpose, '{}', 'sent', 0, now(), :name, now(), :lead,
             :message) RETURNING 1""",
        channel=channel,
        purpose=purpose,
        **{key: value for key, value in ids.items() if key != "staff"},
    )


def failed(channel: ChannelName, name: str, reason: str = LATE) -> Report:
    return Report(channel=channel, external_id=name, kind=ReportKind.FAILED, at=utcnow(), address=None, reason=reason)


ASKED = "SELECT channel, address, facts ->> 'template', lead_id IS NOT NULL FROM deliveries WHERE facts ? 'template'"
TOLD = "SELECT facts ->> 'reason' FROM deliveries WHERE purpose = 'notice' ORDER BY id"


async def test_once_a_day_however_many_came_too_late(router: Router, ask: Ask, hire: Hire) -> None:
    seller = await hire("Olga", "71")
    for name in ("SM1", "SM2", "SM3", "SM4"):
        await answered(ask, router, seller.id, channel=WA, name=name)
    await router.settle([failed(WA, "SM1"), failed(WA, "SM2")])
    await router.settle([failed(WA, "SM3")])
    assert await ask(ASKED) == [("wa", "+79161234567", BACK, True)]
    said = await ask(TOLD)
    assert [explain(reason, "en").endswith("then send your answer again.") for reason in said] == [True] * 3
    await ask("UPDATE deliveries SET created_at = now() - interval '25 hours' WHERE facts ? 'template' RETURNING 1")
    await router.settle([failed(WA, "SM4")])
    assert len(await ask(ASKED)) == 2


@pytest.mark.parametrize(
    ("channel", "purpose", "reason"),
    [(PLAIN, "reply", LATE), (WA, "reply", "the recipient is not on WhatsApp (63024)"), (WA, "greeting", LATE)],
)
async def test_nobody_else_is_asked(
    router: Router, ask: Ask, hire: Hire, channel: ChannelName, purpose: str, reason: str
) -> None:
    seller = await hire("Olga", "71")
    await answered(ask, router, seller.id, channel=channel, name="SM1", purpose=purpose)
    await router.settle([failed(channel, "SM1", reason)])
    assert await ask(ASKED) == []
    assert await ask(TOLD) == ([reason] if purpose == "reply" else [])


@pytest.mark.parametrize("reason", [LATE, "the number is not in use (30005)"])
async def test_a_failure_that_overtakes_its_delivery_is_told_as_well(
    router: Router, ask: Ask, hire: Hire, database: Database, reason: str
) -> None:
    """The seller believed that he had answered: his card said failed, and nobody told him."""
    seller = await hire("Olga", "71")
    await answered(ask, router, seller.id, channel=WA, name="SM1")
    [one] = await ask(
        "UPDATE deliveries SET state = 'sending', external_id = NULL WHERE purpose = 'reply' RETURNING id"
    )
    sent = Verdict(id=one, state=DeliveryState.SENT, external_id="SM1")
    await router.settle([failed(WA, "SM1", reason)])
    assert await ask(TOLD) == []
    async with database.begin() as connection:
        await deliveries.settle(connection, [sent], utcnow())
    for _ in range(2):
        await Sweep(database, lambda: None, tell=router.told).sweep()
    assert await ask("SELECT state FROM deliveries WHERE purpose = 'reply'") == ["failed"]
    [said] = await ask(TOLD)
    assert said.startswith(reason)
    assert len(await ask(ASKED)) == (reason == LATE)
