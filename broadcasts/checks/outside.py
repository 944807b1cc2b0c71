"""The looks outside, all at once and within some seconds: links, the sender's domain, the spam filter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from broadcasts.checks import domain
from broadcasts.checks.domain import From, Resolver
from broadcasts.checks.finding import Finding, note, warning
from broadcasts.checks.links import MOST, Links, State
from broadcasts.checks.spam import SpamAssassin
from broadcasts.content import links
from broadcasts.content.blocks import Channel, Content
from broadcasts.content.compiled import Compiled, compile
from broadcasts.content.marks import House, NotCompiled
from broadcasts.content.preview import PlainUrls
from domain.errors import SendError
from domain.messages import Outbound

_SAMPLE = UUID(int=0)
_DOUBTFUL = 2
"""Points from which a filter's word is worth a warning: receivers add their own."""
Mime = Callable[[Outbound], bytes]
"""An account's mail as it goes over the wire."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """An e-mail account, as far as others see it."""

    sender: From
    mime: Mime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What is asked outside; what is None is left out, or was not to be had."""

    accounts: Mapping[str, Sending] = field(default_factory=dict)
    """Of the kind email."""
    resolver: Resolver | None = None
    links: Links | None = None
    spam: SpamAssassin | None = None
    seconds: float = 30.0
    """The longest that all of it may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Whose words the sample mail is written in."""

    house: House
    public_url: str
    purpose: str


class Outside:
    """Looks around for one broadcast."""

    def __init__(self, around: Surroundings, *, house: House, public_url: str, purpose: str) -> None:
        self._around = around
        self._sample = Sample(house=house, public_url=public_url, purpose=purpose)

    async def look(self, content: Content, channels: Sequence[Channel], accounts: Sequence[str]) -> list[Finding]:
        """All findings; what takes too long is a note."""
        compiled = [one for channel in channels if (one := _compiled(content, channel, self._sample.house))]
        looks: list[Awaitable[list[Finding]]] = [self._links(compiled)]
        mails = [one for one in compiled if one.channel == "email"]
        for account in (self._around.accounts[name] for name in accounts if name in self._around.accounts):
            looks.append(domain.look(self._around.resolver, account.sender))
            looks += [self._spam(account, mail) for mail in mails]
        tasks = [asyncio.ensure_future(one) for one in looks]
        try:
            done, late = await asyncio.wait(tasks, timeout=self._around.seconds)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        found = [finding for task in tasks if task in done for finding in task.result()]
        return [*found, *([note("outside_unchecked")] if late else [])]

    async def _links(self, compiled: Sequence[Compiled]) -> list[Finding]:
        urls = {seen.url: seen.where for one in reversed(compiled) for seen in one.seen if _is_asked(seen.url, one)}
        if self._around.links is None or not urls:
            return [note("links_unchecked", count=len(urls))] if urls else []
        found, unchecked = [], 0
        for link in await self._around.links.look(list(urls)):
            match link.state:
                case State.DEAD:
                    found.append(warning("link_dead", urls[link.url], url=link.url, status=link.status))
                case State.UNREACHABLE:
                    found.append(warning("link_unreachable", urls[link.url], url=link.url))
                case State.REFUSED:
                    found.append(warning("link_refused", urls[link.url], url=link.url))
                case State.UNCHECKED:
                    unchecked += 1
        if unchecked:
            found.append(note("links_unchecked", count=unchecked))
        if len(urls) > MOST:
            found.append(note("links_more", count=len(urls) - MOST, most=MOST))
        return found

    async def _spam(self, account: Sending, mail: Compiled) -> list[Finding]:
        name = account.sender.account
        raw = self._raw(account, mail)
        score = await self._around.spam.score(raw) if self._around.spam and raw else None
        if score is None:
            return [note("spam_unchecked", name)]
        say = warning if score.score >= _DOUBTFUL else note
        rules = ", ".join(score.rules)
        return [say("spam_score", name, score=str(score.score), required=str(score.required), rules=rules)]

    def _raw(self, account: Sending, mail: Compiled) -> bytes:
        """The mail as a recipient gets it, with nobody's values; empty when it cannot be written."""
        if account.mime is None:
            return b""
        try:
            return account.mime(sample(mail, self._sample, account.sender.domain))
        except (ValueError, SendError):
            return b""  # the content's own check says what is wrong with it


def _compiled(content: Content, channel: Channel, house: House) -> Compiled | None:
    try:
        return compile(content, channel, house=house)
    except NotCompiled:
        return None  # the content's own check says why


def _is_asked(url: str, compiled: Compiled) -> bool:
    """Whether somebody can be asked: on the web, the same for all, and not doubtful as it is written."""
    fixed = not any(seen.personal for seen in compiled.seen if seen.url == url)
    return fixed and links.on_web(url) and links.usable(url) and links.doubt(url) is None


def sample(mail: Compiled, whose: Sample, domain: str) -> Outbound:
    """The mail of a broadcast to somebody at the sender's own domain, with the fields that each one has. Pure."""
    leave = f"{whose.public_url or 'https://localhost'}/u/{'0' * 44}"
    filled = mail.fill({}, PlainUrls(unsubscribe=leave))
    return Outbound(
        delivery=str(_SAMPLE),
        to=f"sample@{domain}",
        text=filled.text,
        html=filled.html or None,
        subject=filled.subject or None,
        automatic=True,
        unsubscribe=leave,
        list_id=f"{whose.purpose}.{domain}",
        feedback=f"{_SAMPLE}:{whose.purpose}:broadcast:leadwire",
    )
