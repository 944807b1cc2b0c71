"""Whether receivers can tell that a mail is from the domain in its From: SPF, DKIM, DMARC, asked of the DNS."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from broadcasts.checks import records
from broadcasts.checks.finding import Finding, note, warning
from broadcasts.checks.guard import ALWAYS_THERE

_SECONDS = 3.0


class Unanswered(Exception):
    """The DNS has not answered: nothing is known."""


class Resolver(Protocol):
    """The DNS, as far as it is asked here."""

    async def txt(self, name: str) -> Sequence[str]:
        """The TXT records of this name; none when there is no such name. Raises Unanswered."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class From:
    """In whose name an e-mail account sends."""

    account: str
    domain: str
    """Of its address: of the header's From and of the envelope alike."""
    selector: str = ""
    """Of the DKIM key that its server signs with."""


async def look(resolver: Resolver | None, sender: From) -> list[Finding]:
    """What is missing, as warnings, or one note that nobody has looked. Raises nothing."""
    facts: dict[str, str | int] = {"domain": sender.domain}
    if resolver is None:
        return [note("dns_missing", sender.account, **facts)]
    try:
        found = await asyncio.gather(_spf(resolver, sender), _dmarc(resolver, sender))
    except Unanswered:
        return [note("dns_unanswered", sender.account, **facts)]
    return [one for several in found for one in several]


async def _spf(resolver: Resolver, sender: From) -> list[Finding]:
    texts = [text for text in await resolver.txt(sender.domain) if records.is_spf(text)]
    if not texts:
        return [warning("spf_missing", sender.account, domain=sender.domain)]
    if len(texts) > 1:
        return [warning("spf_several", sender.account, domain=sender.domain, count=len(texts))]
    found = []
    if records.spf(texts[0]).everybody:
        found.append(warning("spf_everybody", sender.account, domain=sender.domain))
    if await _lookups(resolver, texts[0]) > records.MOST_LOOKUPS:
        found.append(warning("spf_lookups", sender.account, domain=sender.domain, most=records.MOST_LOOKUPS))
    return found


async def _lookups(resolver: Resolver, text: str) -> int:
    """How many questions the record needs with all that it includes; the count ends just above the limit."""
    count, waiting = 0, [text]
    while waiting and count <= records.MOST_LOOKUPS:
        one = records.spf(waiting.pop())
        count += one.lookups
        for name in one.further[: records.MOST_LOOKUPS]:
            if "%" not in name:  # a macro means another name for each mail (RFC 7208, section 7)
                waiting += [text for text in await resolver.txt(name) if records.is_spf(text)][:1]
    return count


async def _dmarc(resolver: Resolver, sender: From) -> list[Finding]:
    at, policy = await _policy(resolver, sender.domain)
    found = await _dkim(resolver, sender, at, policy is not None and policy.strict_dkim)
    if policy is None:
        return [*found, warning("dmarc_missing", sender.account, domain=sender.domain)]
    if (policy.policy if at == sender.domain else policy.below) == "none":
        found.append(note("dmarc_none", sender.account, domain=sender.domain))
    if not policy.reports:
        found.append(note("dmarc_silent", sender.account, domain=at))
    return found


async def _policy(resolver: Resolver, domain: str) -> tuple[str, records.Dmarc | None]:
    """The nearest policy, and whose it is: the domain's own, or that of one above."""
    for name in (domain, *records.parents(domain)[:5]):
        if found := records.dmarc(await resolver.txt(f"_dmarc.{name}")):
            return name, found
    return domain, None


async def _dkim(resolver: Resolver, sender: From, above: str, strict: bool) -> list[Finding]:
    """The key, in the From domain or in the one that its policy stands in: any other signature is not aligned."""
    if not sender.selector:
        return [note("dkim_unknown", sender.account, domain=sender.domain)]
    facts: dict[str, str | int] = {"domain": sender.domain, "selector": sender.selector}
    if records.has_key(await resolver.txt(f"{sender.selector}._domainkey.{sender.domain}")):
        return []
    if above == sender.domain or not records.has_key(await resolver.txt(f"{sender.selector}._domainkey.{above}")):
        return [warning("dkim_missing", sender.account, **facts)]
    return [warning("dkim_unaligned", sender.account, **facts)] if strict else []


class Dns:
    """The DNS through dnspython, the optional extra `preflight`."""

    def __init__(
        self, resolver: Any, *, no_name: type[Exception], no_answer: type[Exception], failed: type[Exception]
    ) -> None:
        """dnspython's resolver, and what it raises; `failed` is the root of all that."""
        self._resolver, self._no_name, self._no_answer, self._failed = resolver, no_name, no_answer, failed

    async def txt(self, name: str) -> Sequence[str]:
        """The TXT records of this name. Raises Unanswered."""
        try:
            answer = await self._ask(name, "TXT")
        except self._no_answer:
            return []
        except self._no_name:
            await self._ask_for_what_is_there()
            return []
        except (self._failed, OSError, UnicodeError) as error:
            raise Unanswered(name) from error
        return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]

    async def _ask_for_what_is_there(self) -> None:
        """Raises Unanswered when nobody out there is asked, and every name is unknown for that."""
        try:
            await self._ask(ALWAYS_THERE, "A")
        except (self._failed, OSError) as error:
            raise Unanswered(ALWAYS_THERE) from error

    async def _ask(self, name: str, kind: str) -> Any:
        return await self._resolver.resolve(name, kind, lifetime=_SECONDS, search=False)


def system_dns() -> Dns | None:
    """The DNS as this machine is set up to ask it; None: dnspython is not installed, or nobody can be asked."""
    try:
        import dns.asyncresolver
        import dns.exception
        import dns.resolver
    except ImportError:
        return None
    try:
        made = dns.asyncresolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return None
    made.timeout = _SECONDS / 2
    names, root = dns.resolver, dns.exception.DNSException
    return Dns(made, no_name=names.NXDOMAIN, no_answer=names.NoAnswer, failed=root)
