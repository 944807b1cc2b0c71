"""What a broadcast costs, at least and at most."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from broadcasts import plan
from broadcasts.forecast import figures
from store.forecasts import Share
from tests.broadcasts.world import EVERYBODY, account

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ACCOUNTS = {
    "bot": account("bot", "telegram"),
    "mail": account("mail", "email", price=Decimal("0.10")),
    "sms": account("sms", "sms", price=Decimal("3")),
}
SHARES = [
    Share(channel="mail", provider="other", code="", people=6, before=0),
    Share(channel="sms", provider="other", code="", people=2, before=0),
    Share(channel="", provider="", code="no_consent", people=5, before=0),
]


@pytest.mark.parametrize(
    ("steps", "choose", "parts", "cost", "most"),
    [
        pytest.param(("mail", "sms"), "first", {}, "6.60", "24.60", id="a mail, then an SMS"),
        pytest.param(("sms", "mail"), "first", {}, "6.60", "6.80", id="after the SMS a mail; after the mail nothing"),
        pytest.param(("sms", "mail"), "cheapest", {}, "6.60", "24.60", id="the mail is the cheaper one"),
        pytest.param(("sms", "mail"), "preferred", {}, "6.60", "24.80", id="which may begin anywhere"),
        pytest.param(("mail", "sms"), "first", {"sms": 2}, "12.60", "48.60", id="an SMS of two parts"),
        pytest.param(("mail", "sms", "bot"), "first", {}, "6.60", "24.60", id="a free one behind"),
    ],
)
def test_the_first_message_of_each_and_all_that_may_follow(
    steps: tuple[str, ...], choose: str, parts: dict[str, int], cost: str, most: str
) -> None:
    raw: dict[str, Any] = {"audience": EVERYBODY, "steps": [{"channel": name} for name in steps], "choose": choose}
    found = figures(SHARES, ACCOUNTS, plan.read({**raw, "quiet": None}), NOW, {}, parts)
    assert (found.people, found.cost, found.cost_most) == (8, Decimal(cost), Decimal(most))
