"""What SpamAssassin thinks of a mail, where it is installed. It is asked on this machine, and asks nobody itself."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

MOST_BYTES = 500_000
"""Longer mails are not looked at: SpamAssassin's own limit."""
_SECONDS = 20.0
_MOST_RULES = 20
_COMMANDS: Sequence[tuple[str, ...]] = (
    ("spamassassin", "--local", "--test-mode", "--cf=use_bayes 0"),  # what it looks at is no mail: it learns nothing
    ("spamc", "-x", "-R"),  # asks the daemon, where that runs
)
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_STATUS = re.compile(
    rf"^X-Spam-Status: \w+, score={_NUMBER} required={_NUMBER}(?: tests=([\w, ]*?))?(?= \w+=|$)", re.MULTILINE
)
_BRIEF = re.compile(rf"\A{_NUMBER}/{_NUMBER}\s")
_ROW = re.compile(r"^ *-?\d+\.\d+ ([A-Z][A-Z0-9_]{2,60}) ", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """Its word."""

    score: Decimal
    required: Decimal
    """From here on it is spam."""
    rules: tuple[str, ...] = ()


def read(output: str) -> Score | None:
    """The score in what spamassassin, or spamc -R, has written; None: it has given none. Pure."""
    if brief := _BRIEF.match(output):
        if Decimal(brief[2]) == 0:
            return None  # spamc without its daemon: 0/0
        return Score(score=Decimal(brief[1]), required=Decimal(brief[2]), rules=_rules(_ROW.findall(output)))
    unfolded = re.sub(r"\n[ \t]+", " ", output.replace("\r\n", "\n"))
    if status := _STATUS.search(unfolded):
        return Score(score=Decimal(status[1]), required=Decimal(status[2]), rules=_rules(_names(status[3] or "")))
    return None


def _names(text: str) -> list[str]:
    return [name for name in re.split(r"[,\s]+", text) if name and name != "none"]


def _rules(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[:_MOST_RULES]


def installed() -> tuple[str, ...]:
    """The command by which it is asked; empty: it is not installed."""
    return next((command for command in _COMMANDS if shutil.which(command[0])), ())


class SpamAssassin:
    """Asks it, one mail at a time: each question costs a process with some 100 MB."""

    def __init__(self, command: Sequence[str] | None = None, *, seconds: float = _SECONDS) -> None:
        self._command = tuple(installed() if command is None else command)
        self._seconds = seconds
        self._one = asyncio.Lock()

    async def score(self, mail: bytes) -> Score | None:
        """Its word on this mail; None: not installed, too long, too slow, or failed. Raises nothing."""
        if not self._command or len(mail) > MOST_BYTES:
            return None
        async with self._one:
            try:
                return read(await self._ask(mail))
            except (OSError, TimeoutError):
                return None

    async def _ask(self, mail: bytes) -> str:
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, stderr=nothing)
        try:
            async with asyncio.timeout(self._seconds):
                said, _ = await process.communicate(mail)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return said.decode("utf-8", "replace")
