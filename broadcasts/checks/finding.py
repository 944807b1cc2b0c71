"""One thing that the pre-flight says, of whatever it has looked at."""

from __future__ import annotations

from dataclasses import dataclass

from broadcasts.content.check import Finding as ContentFinding
from broadcasts.content.check import Severity
from broadcasts.content.texts import FINDINGS
from broadcasts.preflight_words import WORDS

Fact = tuple[str, str | int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing to mend, or to know."""

    code: str
    """Also the key of its words, in `broadcasts/preflight_words.py` or `broadcasts/content/texts.py`."""
    severity: Severity
    """error: it does not start; warning: to be thought over; note: only said."""
    where: str = ""
    """Its place in the content's JSON, or the account's name; empty: the whole broadcast."""
    facts: tuple[Fact, ...] = ()

    def say(self, language: str) -> str:
        """The finding in words, English for a language that we do not have."""
        known = language if language in WORDS else "en"
        words = WORDS[known].get(self.code) or FINDINGS[known][self.code]
        return words.format(**dict(self.facts))

    def placed(self, language: str) -> str:
        """The same, behind its place where it has one."""
        return f"{self.where}: {self.say(language)}" if self.where else self.say(language)


def of_content(found: ContentFinding) -> Finding:
    """A finding of the content's own check."""
    return Finding(code=found.code, severity=found.severity, where=found.where, facts=found.facts)


def error(code: str, where: str = "", **facts: str | int) -> Finding:
    """It stops the broadcast."""
    return Finding(code=code, severity="error", where=where, facts=tuple(facts.items()))


def warning(code: str, where: str = "", **facts: str | int) -> Finding:
    """To be thought over."""
    return Finding(code=code, severity="warning", where=where, facts=tuple(facts.items()))


def note(code: str, where: str = "", **facts: str | int) -> Finding:
    """Only said."""
    return Finding(code=code, severity="note", where=where, facts=tuple(facts.items()))
