"""A step of a trace is read by a person: names and the ends of ids, never a wall of digits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.steps import line
from store.trace import Step

BEGAN = datetime(2026, 1, 31, 12, tzinfo=UTC)
ANNA = "0199f0a4-0000-7000-8000-0000000000aa"
OTHER = "0199f0a4-0000-7000-8000-00001e955615"


def step(what: str = "bot", text: str = "", **data: Any) -> Step:
    """One of a quarter of a second after the beginning."""
    return Step(BEGAN + timedelta(seconds=0.25), "lead.taken", what, "", None, text, data)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (step(f"staff:{ANNA}"), "+0.250 s  lead.taken         Anna"),
        (step(f"staff:{OTHER}"), f"staff:{OTHER}"),  # nobody of ours: said as it stands
        (step(owner=ANNA), "owner=Anna"),
        (step(delivery=OTHER), "delivery=…1e955615"),
        (step(error="x" * 90), f"error={'x' * 39}…"),
        (step(text="An oak\nkitchen"), "  An oak kitchen"),
    ],
)
def test_a_line(given: Step, shown: str) -> None:
    said = line(given, BEGAN, {ANNA: "Anna"})
    assert shown in said
    assert "\n" not in said


def test_what_says_nothing_is_left_out() -> None:
    assert line(step(attempts=0, reason=""), BEGAN, {}).rstrip() == "    +0.250 s  lead.taken         bot"
