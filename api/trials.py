"""A broadcast as one contact would get it, and test letters."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.access import BroadcastSender, BroadcastWriter
from api.guard import Caller
from api.problems import Problem
from api.shapes import AddressIn, Shape, Text
from api.subjects import normalised
from api.writing import Made, write
from broadcasts import lifecycle, trials
from broadcasts.trials import MOST, Trial
from broadcasts.words import code_said
from store.engine import Connection

router = APIRouter(prefix="/broadcasts/{broadcast}", tags=["broadcasts"])
Addresses = Annotated[list[Annotated[Text, Field(min_length=1)]], Field(max_length=MOST)]
Contacts = Annotated[list[UUID], Field(max_length=MOST)]


class PreviewIn(Shape):
    """Who is looked over the shoulder of."""

    channel: Text
    contact: UUID | None = Field(None, description="None: somebody of whom nothing is known. Needs contacts:read.")


class TemplateOut(BaseModel):
    """A text that WhatsApp has approved, filled in."""

    id: str = Field(description="The ContentSid.")
    values: Mapping[str, str] = Field(description="Placeholder -> what stands there.")


class PreviewOut(BaseModel):
    """The message."""

    subject: str
    html: str
    text: str
    buttons: list[tuple[str, str]]
    photo: str
    template: TemplateOut | None = Field(description="WhatsApp: what is sent in place of the text.")
    version: str = Field(description="Of the content: another text has another one.")
    size: int = Field(description="Bytes of the HTML, else of the text.")
    clipped: bool = Field(description="Gmail would cut it off.")
    parts: int = Field(description="Of an SMS.")
    cost: Decimal


class TestIn(Shape):
    """Whom the test goes to: as many as 20 in all."""

    channel: Text
    contacts: Contacts = Field([])
    addresses: Addresses = Field([])


class TrialOut(BaseModel):
    """One test letter."""

    address: str
    contact: UUID | None
    delivery: UUID | None = Field(description="null: it is not sent.")
    barred: str
    why: str


@router.post("/preview")
async def preview(caller: BroadcastWriter, broadcast: UUID, given: PreviewIn) -> PreviewOut:
    """What this contact would get. Nothing is kept."""
    if given.contact and not {"contacts:read", "admin"} & set(caller.key.scopes):
        raise Problem(403, "scope", scope="contacts:read")
    async with caller.database.begin() as connection:
        row = await lifecycle.one(connection, broadcast)
        found = await trials.preview(connection, caller.office, row.content, given.channel, given.contact)
    own = found.filled.template
    return PreviewOut(
        subject=found.filled.subject,
        html=found.filled.html,
        text=found.filled.text,
        buttons=list(found.filled.buttons),
        photo=found.filled.photo,
        template=TemplateOut(id=own.id, values=own.values) if own else None,
        version=found.version,
        size=found.size,
        clipped=found.clipped,
        parts=found.parts,
        cost=found.cost,
    )


@router.post("/test", status_code=202)
async def test(caller: BroadcastSender, broadcast: UUID, given: TestIn) -> list[TrialOut]:
    """Send it at once to these, marked as a test. It is counted nowhere; a repeated request sends and lists nothing."""
    done: list[Trial] = []

    async def act(connection: Connection) -> Made:
        row = await lifecycle.one(connection, broadcast)
        done[:] = await trials.test(
            connection, caller.office, row, given.channel, contacts=given.contacts,
            addresses=normal(caller, given.channel, given.addresses), actor=caller.actor,
        )  # fmt: skip
        return Made(broadcast, None, {"broadcast": str(broadcast)})

    await write(caller, "broadcast.asked", act)
    return [_out(one, caller) for one in done]


def _out(one: Trial, caller: Caller) -> TrialOut:
    shown = bool({"contacts:read", "admin"} & set(caller.key.scopes)) or one.contact is None
    return TrialOut(
        address=one.address if shown else "",
        contact=one.contact,
        delivery=one.delivery,
        barred=one.barred,
        why=code_said(one.barred, caller.language),
    )


def normal(caller: Caller, channel: str, given: list[str]) -> list[str]:
    """Addresses of the kind that this channel reaches, in normal form. Raises Problem, Refused."""
    caller.office.kind(channel)
    kind = caller.office.rules.accounts[channel].reaches
    shaped = [AddressIn.model_validate({"kind": kind, "value": value}) for value in given]
    return [address.value for address in normalised(shaped, caller.country)]
