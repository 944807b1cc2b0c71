"""The end of a lead, however it is said: by a button or by a command."""

from __future__ import annotations

from desk.act import Act
from store import chats, leads
from store.leads import Lead


async def close(act: Act, lead: Lead, state: str) -> None:
    """Close the seller's lead, which is locked, as "won", "lost" or "spam"."""
    await leads.close(act.connection, lead.id, state, act.now)
    await act.record(f"lead.{state}", lead=lead.id)
    await chats.refresh(act.connection, [lead.id], act.now)
