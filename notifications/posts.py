"""Messages to one person each that belong to no broadcast: tests of one, and what other programs have us send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from domain.messages import Outbound
from notifications.letters import Compile, Ours, message_of
from notifications.verdict import Skip
from store import broadcasts, permission, secrets
from store.deliveries import Delivery, Purpose
from store.engine import Connection
from store.permission import SERVICE, Aim

TEST = "[Test]"
"""Stands before the subject of a test, so that nobody takes it for the mailing itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Posts:
    """Writes them from their facts.

    A test: {"broadcast": its id, "values"}. A message: {"content", "values"}, or {"subject", "text", "html"}.
    """

    compile: Compile
    base: str
    """Our public URL."""

    async def write(self, connection: Connection, delivery: Delivery, kind: str) -> Outbound:
        """The message. Raises Skip when there is nothing to say, or its person wants nothing any more."""
        await _judged(connection, delivery, kind)
        if delivery.purpose == Purpose.TEST:
            return await self._test(connection, delivery, kind)
        facts = delivery.facts
        if "content" in facts:
            return replace(await self._filled(connection, delivery, facts["content"], kind), automatic=True)
        return Outbound(
            delivery=str(delivery.id),
            to=delivery.address,
            text=facts["text"],
            html=facts.get("html") or None,
            subject=(facts.get("subject") or None) if kind == "email" else None,
            automatic=True,
        )

    async def _test(self, connection: Connection, delivery: Delivery, kind: str) -> Outbound:
        row = await broadcasts.get(connection, UUID(str(delivery.facts["broadcast"])))
        if row is None:
            raise Skip("its broadcast is gone")
        message = await self._filled(connection, delivery, row.content, kind)
        if kind == "email":
            return replace(message, subject=f"{TEST} {message.subject or ''}".strip(), automatic=True)
        return replace(message, automatic=True)

    async def _filled(
        self, connection: Connection, delivery: Delivery, content: Mapping[str, Any], kind: str
    ) -> Outbound:
        """Its links lead straight on, and nothing is counted; the one to unsubscribe is the recipient's own."""
        key = await secrets.key(connection, secrets.LINKS)
        filled = self.compile(content, kind).compiled.fill(
            delivery.facts.get("values", {}), Ours(self.base, key, delivery.id, opens=False, clicks=False)
        )
        return message_of(delivery, filled)


async def _judged(connection: Connection, delivery: Delivery, kind: str) -> None:
    """It may have waited for a while: what the person has said meanwhile holds. Raises Skip."""
    aim = Aim(delivery.contact, kind, delivery.address, delivery.channel)
    if word := (await permission.judge(connection, [aim], SERVICE))[aim]:
        raise Skip(word.code.value)
