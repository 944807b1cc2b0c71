"""What a mailing through WhatsApp costs, and what is said of it before it starts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.broadcasts.test_preflight import draft, look
from tests.broadcasts.world import TEXT, World, account

LONG: dict[str, Any] = {"sms": {"text": "я" * 1000}}
TEMPLATE: dict[str, Any] = {"template": "HX" + "a" * 32, "values": {"1": "{{ name | default('friend') }}"}}


@pytest.mark.parametrize(
    ("variants", "found"), [(LONG, {"whatsapp_no_template"}), ({**LONG, "whatsapp": TEMPLATE}, set())]
)
async def test_a_message_has_one_price_and_wants_a_template(
    world: World, variants: dict[str, Any], found: set[str]
) -> None:
    world.accounts["wa"] = account("wa", "whatsapp", price=Decimal(3))
    await world.person(phone="+79161234567", consents=["whatsapp"])
    await world.person(phone="+79161234568", consents=["sms"])
    seen = await look(world, await draft(world, {**TEXT, "variants": variants}, steps=[{"channel": "wa"}]))
    assert seen.forecast.cost == 3
    assert {one.code for one in seen.findings} & {"whatsapp_no_template", "sms_parts"} == found
