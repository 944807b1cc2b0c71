"""What an adapter is to the rest of the house. The one page that an adapter's author reads.

An adapter normalises and sends; it knows nothing else. It confirms upstream only after `accept` has
returned, and keeps no state of its own: what it must remember lives upstream, or in what `Host` lends it.

Every kind is one folder of `channels/` with the same four parts: `settings` (a frozen pydantic model,
secrets as SecretStr), `parse` (pure: the vendor's bytes -> Inbound | Report | None), `render` (pure:
Outbound -> the vendor's payload), and a thin I/O class with one table from the vendor's errors to ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from domain.messages import AddressKind, ChannelName, Inbound, Outbound, Report, Sent

Accept = Callable[[Inbound | Report], Awaitable[None]]
"""Returns once the event is durable. Only then may the adapter confirm upstream.

Raises `Unpublished` when it could not be made durable: leave it upstream, try again with back-off.
Raises `Refused` when it never will be: say so upstream.
"""

AsgiApp = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]
"""An ASGI 3 application. A Starlette Router is one."""


@runtime_checkable
class Channel(Protocol):
    """What every adapter can do."""

    @property
    def name(self) -> ChannelName: ...

    async def ping(self) -> None:
        """Ask the provider whether it would serve us now. Raises SendError with the reason when not."""
        ...

    async def aclose(self) -> None:
        """Let go of connections. Twice is fine."""
        ...


@runtime_checkable
class Listener(Channel, Protocol):
    """We fetch (IMAP, Telegram polling). One process listens per name."""

    async def listen(self, accept: Accept) -> None:
        """Run until cancelled. Lost connections are its own business; Misconfigured is what a person must mend."""
        ...


@runtime_checkable
class Webhook(Channel, Protocol):
    """They call us (forms, SMS, Telegram's webhook). The signature is checked before anything else."""

    def app(self, accept: Accept) -> AsgiApp:
        """The application that is mounted at `/in/{name}`. It answers 2xx only after `accept` has returned."""
        ...


@runtime_checkable
class Registered(Channel, Protocol):
    """A webhook that tells its provider where we are."""

    async def register(self, public_url: str = "") -> None:
        """Tell it, once at start. Raises SendError."""
        ...


@runtime_checkable
class Named(Channel, Protocol):
    """A bot that people find by its name."""

    async def username(self) -> str:
        """The name in a link, without "@". Raises SendError."""
        ...


@runtime_checkable
class Sender(Channel, Protocol):
    """We send."""

    async def send(self, message: Outbound) -> Sent:
        """Hand one message to the provider. Raises SendError only."""
        ...


@runtime_checkable
class Poster(Sender, Protocol):
    """A sender that takes many messages at once, without a task for each."""

    def post(self, message: Outbound) -> asyncio.Future[Sent]:
        """The same as `send`; raises at once, or sets as the future's exception, SendError only."""
        ...


class Cursors(Protocol):
    """Where a listener stands in a source that does not remember it for us."""

    async def load(self, channel: ChannelName, place: str) -> str | None:
        """What was saved last for this place (a folder), or None."""
        ...

    async def save(self, channel: ChannelName, place: str, value: str) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """What the house lends to an adapter."""

    cursors: Cursors
    country: str = "RU"
    """ISO 3166-1 alpha-2: where a national phone number is from."""
    public_url: str = ""
    """Under which the world reaches us, without a trailing slash: "https://leads.example.com"."""
    company: str = ""
    max_file: int = 25 * 1024 * 1024
    """Bytes: the largest file that `accept` takes."""
    bot: Callable[[], str] = str
    """The name, without "@", of the Telegram bot in which customers may go on; empty while it is not known."""
    asks: Mapping[ChannelName, frozenset[AddressKind]] = field(default_factory=dict)
    """By which addresses those who ticked a box of this form are asked to confirm it."""
