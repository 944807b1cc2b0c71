"""How a figure is printed: what it is, its ratio to the limit of the same run, and whether that is enough."""

from __future__ import annotations

import sys

_misses: list[str] = []


def say(text: str) -> None:
    """A line of explanation."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def ratio(what: str, value: float, limit: float, *, least: float | None = None, most: float | None = None) -> float:
    """Print `value / limit` against the demand; remember a miss."""
    found = value / limit
    demand = f"at least {least:g}" if least is not None else f"at most {most:g}" if most is not None else "no demand"
    good = (least is None or found >= least) and (most is None or found <= most)
    say(f"  {'ok  ' if good else 'MISS'} {what}: {found:.2f} ({value:,.0f} to {limit:,.0f}; {demand})")
    if not good:
        _misses.append(what)
    return found


def seconds(what: str, value: float, most: float) -> None:
    """Print a time that has a promise of its own."""
    good = value <= most
    say(f"  {'ok  ' if good else 'MISS'} {what}: {value:.3f} s (at most {most:g} s)")
    if not good:
        _misses.append(what)


def misses() -> list[str]:
    """Every demand that was not met."""
    return list(_misses)
