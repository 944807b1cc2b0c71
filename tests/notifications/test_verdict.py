"""One table: what every error means for a delivery, its address and its channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Unreachable
from domain.ids import new_id
from domain.messages import DeliveryState, Sent
from notifications.retry import RETRY
from notifications.verdict import Later, Rest, Skip, gate, put_off, verdict, went_out, words
from store.deliveries import Delivery, Purpose

NOW = datetime(2026, 5, 12, 11, 5, tzinfo=UTC)
FAILED, PENDING, SKIPPED = DeliveryState.FAILED, DeliveryState.PENDING, DeliveryState.SKIPPED


def delivery(purpose: Purpose = Purpose.REPLY, *, attempts: int = 1, suppressed: str | None = None) -> Delivery:
    return Delivery(new_id(), "bot", "77", purpose, {}, attempts, None, None, None, None, NOW, suppressed)


def in_(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Case(NamedTuple):
    error: Exception
    state: DeliveryState
    reason: str
    retry_at: datetime | None = None
    counted: bool = True
    stops: bool = False
    rests: Rest | None = None
    holds: timedelta | None = None
    attempts: int = 1


MINUTE = timedelta(minutes=1)
CASES = {
    "rejected": Case(Rejected("too long", code="400"), FAILED, "too long"),
    "unreachable": Case(Unreachable("blocked"), FAILED, "blocked", stops=True),
    "unavailable": Case(Unavailable("502"), PENDING, "502", in_(5)),
    "unavailable again": Case(Unavailable("502"), PENDING, "502", in_(78.125), attempts=4),
    "unavailable for long": Case(Unavailable("502"), PENDING, "502", in_(900), attempts=9),
    "unavailable too often": Case(Unavailable("502"), FAILED, "given up after 10 attempts: 502", attempts=10),
    "of no kind": Case(SendError("odd"), PENDING, "odd", in_(5)),
    "throttled": Case(
        Throttled("fast", retry_after=MINUTE), PENDING, "fast", in_(60), False, rests=Rest(until=in_(60), reason="fast")
    ),
    "throttled at the last attempt": Case(
        Throttled("fast", retry_after=MINUTE, address_only=True),
        PENDING, "fast", in_(60), False, holds=MINUTE, attempts=10,
    ),
    "throttled for a day": Case(
        Throttled("fast", retry_after=timedelta(days=1)),
        PENDING, "fast", in_(3600), False, rests=Rest(until=in_(3600), reason="fast"),
    ),
    "throttled in the past": Case(
        Throttled("fast", retry_after=timedelta(seconds=-5), address_only=True),
        PENDING, "fast", NOW, False, holds=timedelta(0),
    ),
    "misconfigured": Case(
        Misconfigured("bad token"), PENDING, "bad token", None, False, rests=Rest(until=None, reason="bad token")
    ),
    "nothing to send": Case(Skip("the lead is gone"), SKIPPED, "the lead is gone"),
    "too early": Case(Later("its card comes", timedelta(seconds=1)), PENDING, "its card comes", in_(1), False),
    "until the channel sends": Case(Later("paused", None), PENDING, "paused", None, False),
    "a bug": Case(
        ZeroDivisionError("x"), FAILED, "a fault in Leadwire itself (ZeroDivisionError); the log has the details"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_error_has_its_verdict(case: Case) -> None:
    found = verdict(case.error, delivery(attempts=case.attempts), NOW)
    assert (found.verdict.state, found.verdict.reason) == (case.state, case.reason)
    assert (found.verdict.retry_at, found.verdict.counted) == (case.retry_at, case.counted)
    assert (found.stops, found.rests, found.holds) == (case.stops, case.rests, case.holds)


@pytest.mark.parametrize("purpose", Purpose)
def test_the_gate_stops_customers_addresses_only(purpose: Purpose) -> None:
    barred = gate(delivery(purpose, suppressed="they wrote STOP"))
    if purpose in (Purpose.REPLY, Purpose.GREETING, Purpose.BROADCAST, Purpose.TEST, Purpose.MESSAGE):
        assert barred is not None
        assert (barred.verdict.state, barred.verdict.reason) == (SKIPPED, "suppressed: they wrote STOP")
    else:
        assert barred is None


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_is_given_up_at_last(purpose: Purpose) -> None:
    most = RETRY[purpose].attempts
    assert gate(delivery(purpose, attempts=most)) is None
    barred = gate(delivery(purpose, attempts=most + 1))
    assert barred is not None
    assert barred.verdict.state is (SKIPPED if purpose is Purpose.RELAY else FAILED)
    assert bool(barred.refused) == (purpose is Purpose.RELAY)


RELAYS: list[tuple[Exception, bool, DeliveryState, str]] = [
    (Rejected("file must be non-empty"), False, SKIPPED, "file must be non-empty"),
    (ZeroDivisionError("x"), False, SKIPPED, "a fault in Leadwire itself (ZeroDivisionError); the log has the details"),
    (Unreachable("blocked"), False, FAILED, ""),
    (Rejected("odd"), True, FAILED, ""),
    (Unavailable("502"), False, PENDING, ""),
]


@pytest.mark.parametrize(("error", "plain", "state", "refused"), RELAYS)
def test_a_relay_fails_only_without_its_files(
    error: Exception, plain: bool, state: DeliveryState, refused: str
) -> None:
    relay = delivery(Purpose.RELAY)._replace(facts={"plain": True} if plain else {})
    found = verdict(error, relay, NOW)
    assert (found.verdict.state, found.refused) == (state, refused)


def test_an_answer_is_tried_for_about_an_hour() -> None:
    backoff = RETRY[Purpose.REPLY]
    total = sum((backoff.delay(n, 0.5) for n in range(1, backoff.attempts)), timedelta(0))
    assert timedelta(minutes=50) < total < timedelta(minutes=70)


@given(st.sampled_from(list(Purpose)), st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_back_off_is_bounded_and_spread(purpose: Purpose, attempt: int, chance: float) -> None:
    backoff = RETRY[purpose]
    assert timedelta(0) < backoff.delay(attempt, chance) <= backoff.most * 1.25
    assert backoff.delay(attempt, 0) < backoff.delay(attempt, 0.99)


@given(st.text(st.characters(), max_size=2000))
def test_a_reason_can_be_kept_and_read(text: str) -> None:
    reason = words(text)
    assert 0 < len(reason) <= 500
    assert "\n" not in reason
    assert "\x00" not in reason
    reason.encode()


def test_ids_from_outside_can_be_kept() -> None:
    found = went_out(delivery(), Sent(external_id="1:\x002", others=("1:3", "\x00"))).verdict
    assert (found.external_id, found.others) == ("1:2", ("1:3",))
    assert went_out(delivery(), Sent(external_id="")).verdict.external_id is None


def test_what_is_put_off_costs_no_attempt() -> None:
    found = put_off(delivery(), None, "").verdict
    assert (found.state, found.counted, found.retry_at) == (PENDING, False, None)
    assert found.reason == "no reason was given"
