"""One message to one person that another program asks for: an order's number, a code. It goes as answers go, at once.

It needs no consent, for it is about something that the person has ordered; but whoever wants nothing at all, or
whose address takes nothing, gets none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from broadcasts import attachments, templates
from broadcasts.attachments import Keep
from broadcasts.content.compiled import compile
from broadcasts.content.parse import parse
from broadcasts.content.raw import sanitise
from broadcasts.lifecycle import Refused
from broadcasts.office import Office
from broadcasts.trials import person_of, values_of
from domain.messages import File, utcnow
from store import deliveries, permission, singles
from store.deliveries import Lane, Purpose
from store.engine import Connection
from store.permission import SERVICE, Aim, Code
from store.singles import Single


class Barred(Exception):
    """The person may not be written to. `code` says why."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """What is to be sent."""

    channel: str
    to: str = ""
    """An address in normal form; empty: the contact's."""
    contact: UUID | None = None
    subject: str = ""
    text: str = ""
    html: str = ""
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    """Of the template's variables, above what the contact's card says."""
    files: Sequence[File] = ()
    """With their content."""
    most_each: int = attachments.LARGEST
    """Bytes of one file."""


async def post(connection: Connection, office: Office, wanted: Post, keep: Keep | None = None) -> UUID:
    """Queue it; its delivery. Raises Refused, Barred, NotCompiled, and what `keep` raises.

    `keep` puts the files into the store, after nothing else was found wrong: what is refused leaves none there.
    """
    kind = office.kind(wanted.channel)
    account = office.rules.accounts[wanted.channel]
    if bool(wanted.template) == bool(wanted.text):
        raise Refused("message", "give a text, or a template: one of them")
    if wanted.html and (wanted.template or kind != "email"):
        raise Refused("message", "html goes beside a text, and by mail alone")
    attachments.require_bounds(wanted.files, office.speaks(wanted.channel), wanted.most_each)
    person, address = await _to(connection, account.reaches, wanted)
    aim = Aim(person, account.consents, address, wanted.channel)
    if word := (await permission.judge(connection, [aim], SERVICE))[aim]:
        raise Barred(word.code)
    facts = await _facts(connection, office, wanted, person)
    if wanted.files:
        assert keep, "who sends files has a store"
        facts["files"] += await attachments.kept(wanted.files, keep)
    row = deliveries.row(
        Purpose.MESSAGE, Lane.ANSWER, channel=wanted.channel, address=address, at=utcnow(), contact=person,
        facts=msgspec.json.encode(facts).decode(),
    )  # fmt: skip
    await deliveries.add(connection, [row])
    made = row[0]
    assert isinstance(made, UUID)
    return made


async def _to(connection: Connection, kind: str, wanted: Post) -> tuple[UUID | None, str]:
    if bool(wanted.to) == (wanted.contact is not None):
        raise Refused("message", "say to whom: an address (to), or a contact")
    if wanted.contact is None:
        return await singles.holder_of(connection, kind, wanted.to), wanted.to
    person = await person_of(connection, wanted.contact)
    address = await singles.address_of(connection, person, kind)
    if address is None:
        raise Refused("no-address", f"this contact has no address of kind {kind}")
    return person, address


async def _facts(connection: Connection, office: Office, wanted: Post, person: UUID | None) -> dict[str, Any]:
    """What the sender writes it from. A template is written down as it is now: later versions do not change it."""
    if not wanted.template:
        return {"subject": wanted.subject, "text": wanted.text, "html": sanitise(wanted.html), "files": []}
    content = await templates.content_of(connection, wanted.template, office.house.language)
    parsed = parse(content, html=True)
    made = compile(parsed, office.speaks(wanted.channel), house=office.house)
    attachments.require_hosts(made, office.house.public_url)
    known = dict(await values_of(connection, made, person)) | dict(wanted.values)
    return {"content": content, "values": known, "files": attachments.pictures(parsed, made.attached)}


async def state(connection: Connection, message: UUID) -> Single:
    """How far it is. Raises Refused."""
    found = await singles.get(connection, message, Purpose.MESSAGE)
    if found is None:
        raise Refused("unknown", f"there is no message {message}")
    return found
