"""What a domain's TXT records say of its mail: SPF (RFC 7208), DKIM keys (RFC 6376), DMARC (RFC 7489). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_LOOKUPS = 10
"""RFC 7208, section 4.6.4: a record that needs more fails at every receiver."""
_ASKS = re.compile(r"[+?~-]?(include|a|mx|ptr|exists)(?:[:/](.*))?\Z", re.IGNORECASE)
_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*\Z", re.DOTALL)


def is_spf(text: str) -> bool:
    """RFC 7208, section 4.5."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spf:
    """One record."""

    lookups: int
    """Questions to the DNS that it needs itself."""
    further: tuple[str, ...]
    """Domains whose records count with it: of include and redirect."""
    everybody: bool
    """+all: anybody may send in the domain's name."""


def spf(text: str) -> Spf:
    """A record that `is_spf`."""
    asks, further, terms = 0, [], text.split()[1:]
    has_all = any(term.lower().lstrip("+?~-") == "all" for term in terms)
    for term in terms:
        if found := _ASKS.match(term):
            asks += 1
            if found[1].lower() == "include" and found[2]:
                further.append(found[2])
        elif term.lower().startswith("redirect=") and not has_all:  # section 6.1
            asks += 1
            further.append(term.partition("=")[2])
    everybody = any(term.lower() in ("all", "+all") for term in terms)
    return Spf(lookups=asks, further=tuple(further), everybody=everybody)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dmarc:
    """One policy."""

    policy: str
    """none, quarantine, reject: of the domain itself."""
    below: str
    """The same, of the domains below it."""
    strict_dkim: bool
    strict_spf: bool
    reports: bool
    """Somebody gets the receivers' reports."""


def dmarc(texts: Sequence[str]) -> Dmarc | None:
    """The policy among these records; None: there is none, or more than one (RFC 7489, section 6.6.3)."""
    found = [tags for text in texts if (tags := _tags(text)).get("v") == "DMARC1" and text.lstrip()[:1] == "v"]
    if len(found) != 1:
        return None
    [tags] = found
    policy = tags.get("p", "").lower()
    if policy not in ("none", "quarantine", "reject"):
        return None
    return Dmarc(
        policy=policy,
        below=tags.get("sp", policy).lower(),
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        reports=bool(tags.get("rua")),
    )


def has_key(texts: Sequence[str]) -> bool:
    """Whether one of these records holds a DKIM key; an empty one is revoked (RFC 6376, section 3.6.1)."""
    return any(tags.get("v", "DKIM1") == "DKIM1" and tags.get("p") for tags in map(_tags, texts))


def _tags(text: str) -> Mapping[str, str]:
    """ "v=DMARC1; p=none" as a table; what is no tag is left out."""
    found = (_TAG.match(part) for part in text.split(";"))
    return {tag[1].lower(): tag[2] for tag in found if tag}


def parents(domain: str) -> list[str]:
    """The domains above, the nearest first, without the top-level one."""
    labels = domain.split(".")
    return [".".join(labels[n:]) for n in range(1, len(labels) - 1)]
