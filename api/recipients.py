"""Who gets a broadcast: the ledger of its recipients, and how often its links were followed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from api.access import BroadcastReader
from api.guard import Caller
from api.shapes import Limit
from broadcasts import ledger, lifecycle
from broadcasts.words import code_said, outcome_said
from domain.messages import utcnow
from store import engagements, events
from store.outcomes import Outcome, Recipient

router = APIRouter(prefix="/broadcasts/{broadcast}", tags=["broadcasts"])
Code = Annotated[str | None, Query(max_length=40, pattern="^[a-z_]*$", description="Why, as a word: no_consent, soft.")]


class RecipientOut(BaseModel):
    """One row of the ledger."""

    delivery: UUID
    contact: UUID
    step: int = Field(description="Of the cascade, from 0.")
    channel: str
    address: str = Field(description="Empty for a key without contacts:read.")
    outcome: str
    said: str
    state: str
    code: str | None
    why: str
    reason: str | None
    due_at: datetime
    sent_at: datetime | None
    reported_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    answered_at: datetime | None
    left_at: datetime | None
    complained_at: datetime | None


class PageOut(BaseModel):
    """About as many rows as were asked for: nobody's rows are parted."""

    recipients: list[RecipientOut]
    next: UUID | None = Field(description="Give it as `after`; null: this was the last page.")


class LinkOut(BaseModel):
    """How often a link was followed, or the letter opened."""

    kind: str = Field(description="open, click")
    channel: str
    link: int | None = Field(description="Which of the content's links, from 0.")
    people: int = Field(description="Each once.")
    machines: int = Field(description="Scanners, proxies and bots, each time.")


@router.get("/recipients")
async def find(
    caller: BroadcastReader,
    broadcast: UUID,
    outcome: Outcome | None = None,
    code: Code = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> PageOut:
    """A page of the ledger, in the order of contacts."""
    async with caller.database.begin() as connection:
        await lifecycle.one(connection, broadcast)
        rows, following = await ledger.page(
            connection, broadcast, outcome=outcome, code=code or None, after=after, limit=limit
        )
    shown = bool({"contacts:read", "admin"} & set(caller.key.scopes))
    return PageOut(recipients=[_out(row, caller.language, shown) for row in rows], next=following)


def _out(row: Recipient, language: str, shown: bool) -> RecipientOut:
    known = row._asdict() | {"address": row.address if shown else ""}
    return RecipientOut(**known, said=outcome_said(row.outcome, language), why=code_said(row.code or "", language))


@router.get("/recipients.csv")
async def export(
    caller: BroadcastReader, broadcast: UUID, outcome: Outcome | None = None, code: Code = None
) -> StreamingResponse:
    """The whole ledger as a file. Names and addresses stand in it with exports:read, where exports need not wait."""
    addresses = _may_export(caller)
    ledger.require_code(code)
    async with caller.database.begin() as connection:
        await lifecycle.one(connection, broadcast)
        await events.record(
            connection, "broadcast.exported", at=utcnow(), actor=caller.actor, broadcast=str(broadcast),
            addresses=addresses,
        )  # fmt: skip
    pieces = ledger.text(
        caller.database,
        broadcast,
        outcome=outcome,
        code=code or None,
        addresses=addresses,
        language=caller.language,
    )
    headers = {"Content-Disposition": 'attachment; filename="recipients.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)


def _may_export(caller: Caller) -> bool:
    """Where the owner wants to be asked before contacts leave the house, a broadcast is no way around."""
    return bool({"exports:read", "admin"} & set(caller.key.scopes)) and not caller.house.delay


@router.get("/links")
async def links(caller: BroadcastReader, broadcast: UUID) -> list[LinkOut]:
    """Opens and clicks, of people and of machines apart."""
    async with caller.database.begin() as connection:
        await lifecycle.one(connection, broadcast)
        found = [
            (kind, one) for kind in ("open", "click") for one in await engagements.counted(connection, broadcast, kind)
        ]
    return [LinkOut(kind=kind, **one._asdict()) for kind, one in found]
