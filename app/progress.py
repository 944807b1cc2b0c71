"""How far a long piece of work is: one line that is written over at a terminal, else a plain line now and then."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic

import typer

_WIDTH = 24
_EVERY = 0.2
"""Seconds between two drawings at a terminal."""
_PLAIN_EVERY = 3.0


class Bar:
    """Tell it often; it draws seldom. `what`: what is done, "Looking"; `unit`: what is counted, "rows"."""

    def __init__(self, what: str, unit: str = "rows", *, clock: Callable[[], float] = monotonic) -> None:
        self._what, self._unit, self._clock = what, unit, clock
        self._terminal = sys.stderr.isatty()
        self._first: tuple[float, int, float] | None = None
        self._drawn = clock() - (_EVERY if self._terminal else 0)

    def told(self, count: int, share: float) -> None:
        """`count` of the unit are done, and `share` (0 to 1) of the whole."""
        now = self._clock()
        if self._first is None:
            self._first = (now, count, share)
        if now - self._drawn >= (_EVERY if self._terminal else _PLAIN_EVERY):
            self._drawn = now
            self._draw(line(self._what, self._unit, now - self._first[0], self._first[1:], (count, share)))

    def end(self) -> None:
        """Take the line away."""
        if self._terminal:
            typer.echo("\r\x1b[K", err=True, nl=False)

    def _draw(self, text: str) -> None:
        typer.echo(f"\r{text}\x1b[K" if self._terminal else text, err=True, nl=not self._terminal)


def line(what: str, unit: str, elapsed: float, begun: tuple[int, float], now: tuple[int, float]) -> str:
    """ "Looking [######------]  50 %  25,000 rows  3,100/s  0:08 left". Pure. `begun`, `now`: (count, share)."""
    count, share = now
    full = round(share * _WIDTH)
    rate = (count - begun[0]) / elapsed if elapsed > 0 else 0.0
    done = share - begun[1]
    left = f"{clock_of(elapsed * (1 - share) / done)} left" if done > 0 and elapsed > 0 else ""
    bar = f"[{'#' * full}{'-' * (_WIDTH - full)}]"
    speed = f"{rate:,.0f}/s" if rate else ""
    return "  ".join(filter(None, [f"{what} {bar} {share:4.0%}", f"{count:,} {unit}", speed, left]))


def clock_of(seconds: float) -> str:
    """ "0:07", "1:02:03". Pure."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
