"""The lines by which somebody is asked for his consent: what was ticked, and the link that only his address gets."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from notifications.verdict import Skip
from people import opting, signed
from store import secrets
from store.engine import Connection


async def questions(connection: Connection, requests: Iterable[str], public_url: str) -> list[str]:
    """Of each request that still waits. Raises Skip when there is none, or links cannot be made."""
    if not public_url:
        raise Skip("links need server.public_url")
    key = await secrets.key(connection, secrets.LINKS)
    found = [await opting.asked(connection, UUID(str(one))) for one in requests]
    waiting = [one for one in found if one and one.confirmed_at is None]
    if not waiting:
        raise Skip("nothing is asked any more")
    base = public_url.rstrip("/")
    # Straight quotes: curly ones would make an English SMS one of 70 characters a part
    return [f'"{one.text}"\n{signed.confirm_url(base, key, one.id)}' for one in waiting]
