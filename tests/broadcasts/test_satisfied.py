"""When the next channel of a cascade is tried, and when not."""

from __future__ import annotations

import pytest

from broadcasts.conducting import is_satisfied
from broadcasts.plan import Step, Until
from domain.ids import new_id
from store.cascade import Waiting

TRIED_NEXT = [
    ("sent", Until.SENT, True, False), ("sent", Until.DELIVERED, True, True), ("sent", Until.DELIVERED, False, False),
    ("sent", Until.READ, False, True), ("delivered", Until.DELIVERED, True, False),
    ("delivered", Until.READ, True, True), ("failed", Until.SENT, False, True), ("skipped", Until.SENT, False, True),
    ("unknown", Until.READ, False, False), ("pending", Until.READ, False, False),
]  # fmt: skip


def waiting(state: str, *, engaged: bool) -> Waiting:
    return Waiting(new_id(), new_id(), new_id(), 0, state, "inbox", engaged, [0])


@pytest.mark.parametrize(("state", "until", "reported", "tried"), TRIED_NEXT)
def test_the_next_channel_is_for_who_was_not_reached(state: str, until: Until, reported: bool, tried: bool) -> None:
    steps = [Step(channel="inbox", until=until), Step(channel="sms")]
    assert is_satisfied(waiting(state, engaged=False), steps, reported=reported) is not tried


@pytest.mark.parametrize("until", list(Until))
@pytest.mark.parametrize("state", ["sent", "delivered", "failed", "unknown"])
def test_who_read_it_or_complained_gets_no_copy(state: str, until: Until) -> None:
    steps = [Step(channel="inbox", until=until), Step(channel="sms")]
    assert is_satisfied(waiting(state, engaged=True), steps, reported=False)
