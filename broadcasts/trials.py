"""A broadcast as single people would get it: shown, and sent as a test. Nothing of it is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from broadcasts import attachments
from broadcasts.content.blocks import Content
from broadcasts.content.compiled import Compiled, compile
from broadcasts.content.parse import parse
from broadcasts.content.preview import Preview
from broadcasts.content.preview import preview as previewed
from broadcasts.lifecycle import Refused
from broadcasts.office import Office
from domain.messages import utcnow
from store import deliveries, events, mailing, merges, permission, singles
from store.broadcasts import Broadcast
from store.deliveries import Lane, Purpose
from store.engine import Connection
from store.permission import SERVICE, Aim, Barred

MOST = 20
"""Test letters at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One test that is on its way, or why it is not."""

    address: str
    delivery: UUID | None = None
    contact: UUID | None = None
    barred: str = ""
    """A code of `store.permission.Code`, or no_address, no_file, large_file, unknown."""


async def preview(
    connection: Connection, office: Office, content: Mapping[str, Any], channel: str, contact: UUID | None
) -> Preview:
    """The message that this contact would get by this channel; None: somebody of whom nothing is known.

    Raises Refused, NotContent, NotCompiled.
    """
    spoken, parsed = office.speaks(channel), parse(content, html=True)
    if contact is not None:
        contact = await person_of(connection, contact)
    known = await values_of(connection, compile(parsed, spoken, house=office.house), contact)
    return previewed(parsed, spoken, known, house=office.house, price=office.rules.accounts[channel].price)


async def person_of(connection: Connection, contact: UUID) -> UUID:
    """The card that leads. Raises Refused."""
    found = await merges.persons(connection, [contact])
    if contact not in found:
        raise Refused("contact", f"there is no contact {contact}")
    return found[contact]


async def values_of(connection: Connection, template: Compiled, person: UUID | None) -> Mapping[str, str]:
    """What the person's cards say for the variables of a content."""
    if person is None:
        return {}
    return (await mailing.values(connection, [person], sorted(template.variables))).get(person, {})


async def files_of(
    connection: Connection, content: Content, template: Compiled, person: UUID | None
) -> list[dict[str, Any]] | str:
    """The files that go with it, or the code why nothing does; somebody unknown gets the pictures alone."""
    if person is None:
        return attachments.pictures(content, template.attached)
    person = await person_of(connection, person)
    return (await attachments.of_people(connection, content, template, [person])).get(person, [])


async def test(
    connection: Connection,
    office: Office,
    row: Broadcast,
    channel: str,
    *,
    contacts: Sequence[UUID] = (),
    addresses: Sequence[str] = (),
    actor: str,
) -> list[Trial]:
    """Queue test letters to contacts, and to addresses in normal form; each written as for that person.

    To an address whom nobody has it is written as for somebody of whom nothing is known. Whoever wants nothing at all
    any more gets no test either. Raises Refused, NotContent, NotCompiled.
    """
    if not 0 < len(contacts) + len(addresses) <= MOST:
        raise Refused("test", f"a test goes to at least one and at most {MOST} contacts and addresses")
    account = office.rules.accounts[channel] if office.kind(channel) else None
    assert account
    content = parse(row.content, html=True)
    template = compile(content, office.speaks(channel), house=office.house)
    attachments.require_hosts(template, office.house.public_url)
    found = [await _of_contact(connection, account.reaches, one) for one in contacts]
    found += [Trial(address=a, contact=await singles.holder_of(connection, account.reaches, a)) for a in addresses]
    aims = {n: Aim(one.contact, account.consents, one.address, channel) for n, one in enumerate(found) if one.address}
    judged = await permission.judge(connection, aims.values(), SERVICE)
    done = []
    for n, one in enumerate(found):
        word = judged[aims[n]] if n in aims else None
        values = await values_of(connection, template, one.contact)
        files = await files_of(connection, content, template, one.contact)
        trial = replace(one, barred=one.barred or files) if isinstance(files, str) else one
        done.append(await _queued(connection, row, channel, trial, word, {"values": values, "files": files}))
    sent = sum(one.delivery is not None for one in done)
    await events.record(
        connection, "broadcast.tested", at=utcnow(), actor=actor, broadcast=str(row.id), channel=channel, count=sent
    )
    return done


async def _of_contact(connection: Connection, kind: str, contact: UUID) -> Trial:
    person = await person_of(connection, contact)
    address = await singles.address_of(connection, person, kind)
    return Trial(address=address or "", contact=person, barred="" if address else "no_address")


async def _queued(
    connection: Connection,
    row: Broadcast,
    channel: str,
    trial: Trial,
    barred: Barred | None,
    told: Mapping[str, object],
) -> Trial:
    if barred or trial.barred:
        code = barred.code.value if barred else trial.barred
        return Trial(address=trial.address, contact=trial.contact, barred=code)
    facts = msgspec.json.encode({"broadcast": str(row.id), **told}).decode()
    made = deliveries.row(
        Purpose.TEST, Lane.NOTICE, channel=channel, address=trial.address, at=utcnow(), facts=facts,
        contact=trial.contact,
    )  # fmt: skip
    await deliveries.add(connection, [made])
    delivery = made[0]
    assert isinstance(delivery, UUID)
    return Trial(address=trial.address, contact=trial.contact, delivery=delivery)
