"""Who takes a lead: round robin over the team's members at work. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from store.staff import Member


def at_work(roster: Sequence[Member], team: str) -> list[Member]:
    """Those who can be offered a lead now: of the team, at work, and reachable in a chat."""
    return [m for m in roster if m.team == team and m.at_work and m.channel and m.address]


def turn_of(members: Sequence[Member], turn: int) -> Member | None:
    """Whose turn it is; None when nobody is at work."""
    return members[turn % len(members)] if members else None
