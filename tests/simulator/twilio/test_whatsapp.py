"""WhatsApp in the simulated Twilio: who is meant, the 24 hours, templates, receipts."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from simulator.twilio.exchange import Exchange
from tests.simulator.twilio.callee import Callee
from tests.simulator.twilio.conftest import ANNA, SHOP

pytestmark = [  # inside Twilio's own client
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated"),
    pytest.mark.filterwarnings("ignore:The .auth. parameter is deprecated"),
]
WA_SHOP, WA_ANNA = f"whatsapp:{SHOP}", f"whatsapp:{ANNA}"
TEMPLATE = "HX" + "a" * 32


@pytest.fixture
async def talk(exchange: Exchange, hooks: str) -> Exchange:
    """The exchange with a number of WhatsApp, somebody who has it, and a template."""
    exchange.add_number(WA_SHOP, f"{hooks}/in/wa")
    exchange.add_phone(WA_ANNA, "Анна")
    exchange.templates[TEMPLATE] = "Dear {{1}}, table {{2}} is ready."
    return exchange


async def statuses(talk: Exchange, made: Any, callee: Callee) -> list[str]:
    await talk.settled()
    return [form["MessageStatus"] for _, form, _ in callee.calls if form["MessageSid"] == made.sid]


async def test_a_message_says_who_wrote_it(talk: Exchange, callee: Callee) -> None:
    await talk.phone_says(WA_ANNA, WA_SHOP, "Привет")
    _, form, _ = callee.calls[-1]
    assert (form["From"], form["To"], form["ProfileName"], form["WaId"]) == (WA_ANNA, WA_SHOP, "Анна", ANNA[1:])
    assert "FromCountry" not in form


async def test_any_text_for_24_hours_and_then_none(talk: Exchange, client: Client, callee: Callee, hooks: str) -> None:
    wanted = {"to": WA_ANNA, "from_": WA_SHOP, "status_callback": f"{hooks}/receipt"}
    early = await client.messages.create_async(body="Hello", **wanted)
    assert await statuses(talk, early, callee) == ["sent", "failed"]
    assert callee.calls[-1][1]["ErrorCode"] == "63016"
    await talk.phone_says(WA_ANNA, WA_SHOP, "Привет")
    answer = await client.messages.create_async(body="я" * 1600, **wanted)
    assert await statuses(talk, answer, callee) == ["sent", "delivered", "read"]
    assert answer.num_segments == "1"
    talk.let_window_close(WA_ANNA, WA_SHOP)
    late = await client.messages.create_async(body="Hello", **wanted)
    assert await statuses(talk, late, callee) == ["sent", "failed"]
    given = '{"1": "Anna", "2": "7"}'
    template = await client.messages.create_async(content_sid=TEMPLATE, content_variables=given, **wanted)
    assert await statuses(talk, template, callee) == ["sent", "delivered", "read"]
    assert template.body == "Dear Anna, table 7 is ready."


REFUSED: list[tuple[str, dict[str, Any], int]] = [
    ("not of this account", {"from_": "whatsapp:+15005550123"}, 63007),
    ("to a phone", {"to": ANNA}, 21910),
    ("from a phone", {"from_": SHOP}, 21910),
    ("no number", {"to": "whatsapp:Anna"}, 21211),
    ("no template", {"content_sid": "HX0"}, 21655),
    ("no JSON", {"content_sid": TEMPLATE, "content_variables": "Anna"}, 21656),
    ("an empty variable", {"content_sid": TEMPLATE, "content_variables": '{"1": ""}'}, 21656),
]


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize(("label", "changed", "code"), REFUSED, ids=[case[0] for case in REFUSED])
async def test_refusals(client: Client, label: str, changed: dict[str, Any], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        await client.messages.create_async(**{"to": WA_ANNA, "from_": WA_SHOP, "body": "hi", **changed})
    assert refused.value.code == code
