"""Somebody pressed the button on the page of a link that his address alone was sent: the address is his."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain.ids import new_id
from domain.messages import Proof
from router.identity import Claim, Resolution, claims_of, resolve
from store import contacts, events, links, merges
from store.bulk import Row
from store.contacts import KnownIdentity
from store.engine import Connection, Database
from store.links import Link

SOURCE = "link"


async def confirm(database: Database, hash_: str, now: datetime) -> bool:
    """Prove the address to which the link with this digest was sent; whether it was not confirmed before.

    It proves one address alone, so it joins nobody. As with any other proof, an address that stood on the card of
    somebody else who is proved leaves it (`router/identity.py`).
    """
    async with database.begin() as connection:
        await merges.share(connection)
        link = await links.confirm(connection, hash_, now)
        if link is None or link.address is None:
            return False
        known = await contacts.known(connection, [(link.address.kind.value, link.address.value)])
        claims = claims_of([replace(link.address, proved=True, proof=Proof.LINK)], link.name, known)
        resolution = resolve(claims, known.identities, link.name, now)
        if identity := known.identities.get(resolution.sender.key):
            await _prove(connection, link, identity, resolution, now)
        await events.record(connection, "address.confirmed", at=now, message=link.message)
    return True


async def _prove(
    connection: Connection, link: Link, identity: KnownIdentity, resolution: Resolution, now: datetime
) -> None:
    home = identity.home
    if resolution.releases:  # a number that was silent for long: who presses a button has not spoken
        return
    if resolution.splits:
        home = new_id()
        await contacts.split(connection, {identity.id: (home, True)}, now)
    if resolution.proves:
        await contacts.prove(connection, [identity.id])
    await contacts.claim(connection, [], [_row(resolution.sender, identity, link, home, now)])
    if resolution.splits or resolution.proves:
        await contacts.look_again(connection, {home, identity.home})


def _row(claim: Claim, identity: KnownIdentity, link: Link, home: UUID, now: datetime) -> Row:
    return (identity.id, home, claim.proof.value, SOURCE, link.name, link.message, now)
