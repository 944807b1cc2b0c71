"""Addresses of several people: an office's phone, a family's mailbox. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from people.names import compatible

SEVERAL = 3
"""So many names that cannot be one person's make an address a shared one: two may be a slip, or a wedding."""


def is_shared(names: Iterable[str]) -> bool:
    """Whether these names, all of one address, are several people's."""
    apart: list[str] = []
    for name in sorted(names):
        if not any(compatible(name, other) for other in apart):
            apart.append(name)
    return len(apart) >= SEVERAL
