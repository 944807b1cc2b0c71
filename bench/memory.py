"""What the sender holds in memory while it writes to a million people, against ten thousand."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path

from app.embedded import Embedded
from bench import mail, mailing
from bench.report import ratio

FEW, MANY = 10_000, 1_000_000


async def main(few: int = FEW, many: int = MANY) -> None:
    """One after the other in one process: its peak after each. Takes some minutes."""
    with tempfile.TemporaryDirectory() as folder:
        async with Embedded(Path(folder), valkey=False) as embedded, mail.sink() as port:
            peaks = [await _peak(embedded.database_url, port, people) for people in (few, many)]
    ratio(f"peak of memory with {many:,} recipients against {few:,}, MB", peaks[1], peaks[0], most=1.1)


async def _peak(base: str, port: int, people: int) -> float:
    url = await mailing.town(base, people)
    await mailing.sent_here(url, mailing.channel_to(port), people, [])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
