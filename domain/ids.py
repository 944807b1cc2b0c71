"""Identifiers: UUID version 7 (RFC 9562, section 5.7), ascending in time within a process, many at a time.

The order is a kindness to indexes; nothing may rely on it.
"""

from __future__ import annotations

import os
import time
from uuid import UUID, SafeUUID

_BLOCK = 512
_VERSION, _VARIANT = 0x7000, 0x8000_0000_0000_0000


class Ids:
    """Call it for the next id. Randomness is drawn a block at a time; the clock is read for each id."""

    def __init__(self) -> None:
        self._random = b""
        self._at = 0
        self._stamp = 0
        self._count = 0

    def __call__(self) -> UUID:
        if self._at >= len(self._random):
            self._random, self._at = os.urandom(8 * _BLOCK), 0
        low = int.from_bytes(self._random[self._at : self._at + 8], "big") >> 2
        self._at += 8
        high = self._tick() << 16 | _VERSION | self._count
        return _uuid(high << 64 | _VARIANT | low)

    def _tick(self) -> int:
        """The millisecond of this id; a full counter, or a clock that went back, borrows from the future."""
        now = time.time_ns() // 1_000_000
        if now > self._stamp:
            self._stamp, self._count = now, 0
        elif self._count == 0xFFF:
            self._stamp, self._count = self._stamp + 1, 0
        else:
            self._count += 1
        return self._stamp


def _uuid(number: int) -> UUID:
    """A UUID of a number that is known to be one: without the constructor's checks, at a third of their time."""
    made = object.__new__(UUID)
    object.__setattr__(made, "int", number)
    object.__setattr__(made, "is_safe", SafeUUID.unknown)
    return made


new_id = Ids()
"""The process's own generator. Not for threads."""
