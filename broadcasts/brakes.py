"""When a provider pushes back we slow down, and speed up again by ourselves. Pure.

Each provider of each account has a level: a brake stops its mail for a while, then lets a half, a quarter, ... of the
speed through; each quiet span after that takes a level off. What the large receivers ask for: Google's sender
guidelines want complaints under 0.1 % and never 0.3 % (support.google.com/mail/answer/81126); 421 and 450 mean "later"
(RFC 5321, section 4.2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=10)
"""What is looked at."""
FIRST_STOP = timedelta(minutes=1)
LONGEST_STOP = timedelta(hours=1)
HIGHEST = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulse:
    """What one provider answered within WINDOW."""

    sent: int = 0
    soft: int = 0
    hard: int = 0
    blocked: int = 0
    complaints: int = 0

    @property
    def offered(self) -> int:
        """How many messages it was offered."""
        return self.sent + self.soft + self.hard + self.blocked


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Too much of one kind of answer."""

    kind: str
    share: float
    """Of what was offered."""
    least: int
    """So many offered are needed to judge."""


RULES: Sequence[Rule] = (
    Rule(kind="complaints", share=0.003, least=300),
    Rule(kind="blocked", share=0.10, least=20),
    Rule(kind="soft", share=0.20, least=10),
    Rule(kind="hard", share=0.08, least=50),
)
"""The first that is broken gives the reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Brake:
    """How far a provider is slowed down."""

    level: int
    until: datetime
    """Nothing goes out before."""
    reason: str
    """A rule's kind."""
    share: float
    """Of the full speed, after `until`."""
    at: datetime
    """When it was last changed."""


def judge(pulse: Pulse, rules: Sequence[Rule] = RULES) -> Rule | None:
    """The rule that these answers break, or None."""
    for rule in rules:
        if pulse.offered >= rule.least and getattr(pulse, rule.kind) > rule.share * pulse.offered:
            return rule
    return None


def after(brake: Brake | None, pulse: Pulse, now: datetime) -> Brake | None:
    """The brake from now on, after new answers; None when there is none.

    While it stops everything nothing is judged: what still arrives was sent before.
    """
    if brake and now < brake.until:
        return brake
    if broken := judge(pulse):
        return pressed(brake, broken.kind, now)
    return released(brake, now)


def pressed(brake: Brake | None, reason: str, now: datetime, at_least: timedelta = timedelta(0)) -> Brake:
    """One level more: twice the stop, half the speed."""
    level = min(HIGHEST, (brake.level if brake else 0) + 1)
    stop = max(min(FIRST_STOP * 2 ** (level - 1), LONGEST_STOP), at_least)
    return Brake(level=level, until=now + stop, reason=reason, share=0.5**level, at=now)


def released(brake: Brake | None, now: datetime) -> Brake | None:
    """One level less for each WINDOW that passed since it last changed and let mail through."""
    if brake is None or now < brake.until:
        return brake
    levels = int((now - max(brake.until, brake.at)) / WINDOW)
    if levels == 0:
        return brake
    level = brake.level - levels
    if level <= 0:
        return None
    return Brake(level=level, until=brake.until, reason=brake.reason, share=0.5**level, at=now)
