"""Parts of an audience: the same person always falls into the same part, whoever computes it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

WHOLE = 10_000
"""Parts that everybody is divided into: a hundredth of a percent each."""


def bucket(salt: str, contact: UUID) -> int:
    """In which of WHOLE parts this person is. `salt`: the name of the division, so that divisions differ.

    MD5, since PostgreSQL has it without an extension (`store.segments.BUCKET` computes the same); it guards nothing.
    """
    digest = hashlib.md5(f"{salt}:{contact}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) % WHOLE


def ranges(percents: Sequence[float]) -> list[tuple[int, int]]:
    """The buckets, from and up to (not with), of parts of so many percent, one behind the other.

    Raises ValueError when they are not positive, or more than 100 together.
    """
    sizes = [round(percent * WHOLE / 100) for percent in percents]
    if any(size <= 0 for size in sizes) or sum(sizes) > WHOLE:
        raise ValueError("each part is more than 0 percent, and all together at most 100")
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    return list(zip([0, *ends], ends, strict=False))


def part(salt: str, contact: UUID, percents: Sequence[float]) -> int | None:
    """Which of the parts has this person; None: none, which is the rest (a control group, or the winner's)."""
    found = bucket(salt, contact)
    return next((n for n, (low, high) in enumerate(ranges(percents)) if low <= found < high), None)
