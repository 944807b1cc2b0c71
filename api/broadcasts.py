"""Broadcasts: planned, changed, begun and stopped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from api.access import BroadcastReader, BroadcastSender, BroadcastWriter
from api.broadcast_shapes import (
    BroadcastIn,
    BroadcastOut,
    BroadcastPatch,
    ConfirmIn,
    CopyIn,
    PauseIn,
    RetryIn,
    ScheduleIn,
)
from api.guard import Caller
from api.shapes import Limit
from api.writing import Made, write
from broadcasts import lifecycle, starting
from broadcasts.words import state_said
from store import broadcasts as stored
from store.broadcasts import Broadcast
from store.engine import Connection

router = APIRouter(prefix="/broadcasts", tags=["broadcasts"])


@router.get("")
async def find(caller: BroadcastReader, before: UUID | None = None, limit: Limit = 50) -> list[BroadcastOut]:
    """The latest first; `before`: the last one of a page."""
    async with caller.database.begin() as connection:
        return [_out(row, caller.language) for row in await stored.latest(connection, limit, before)]


@router.post("", status_code=201)
async def create(caller: BroadcastWriter, given: BroadcastIn, response: Response) -> BroadcastOut:
    """Make a draft."""

    async def act(connection: Connection) -> Made:
        made = await lifecycle.create(
            connection, caller.office.rules, name=given.name, plan=given.plan, content=given.content,
            actor=caller.actor,
        )  # fmt: skip
        return Made(made.id, None, {"broadcast": str(made.id)})

    return await _made(caller, response, await write(caller, "broadcast.asked", act))


@router.get("/{broadcast}")
async def get(caller: BroadcastReader, broadcast: UUID) -> BroadcastOut:
    """One of them."""
    return await _shown(caller, broadcast)


@router.patch("/{broadcast}")
async def change(caller: BroadcastWriter, broadcast: UUID, given: BroadcastPatch) -> BroadcastOut:
    """Change a draft."""
    return await _done(
        caller, broadcast, "changed",
        lambda connection: lifecycle.change(
            connection, caller.office.rules, broadcast, revision=given.revision, actor=caller.actor, name=given.name,
            plan=given.plan, content=given.content,
        ),
    )  # fmt: skip


@router.post("/{broadcast}/schedule")
async def schedule(caller: BroadcastSender, broadcast: UUID, given: ScheduleIn) -> BroadcastOut:
    """Have it begin. Refused while the forecast finds errors, or while a second person has to confirm it."""
    return await _done(
        caller, broadcast, "schedule",
        lambda c: starting.schedule(c, caller.office, caller.database, broadcast, given.at, actor=caller.actor),
    )  # fmt: skip


@router.post("/{broadcast}/unschedule")
async def unschedule(caller: BroadcastSender, broadcast: UUID) -> BroadcastOut:
    """Make it a draft again."""
    return await _done(
        caller, broadcast, "unschedule", lambda c: lifecycle.unschedule(c, broadcast, actor=caller.actor)
    )


@router.post("/{broadcast}/confirm")
async def confirm(caller: BroadcastSender, broadcast: UUID, given: ConfirmIn) -> BroadcastOut:
    """Stand for it as the second person: by another key than the one that made it."""
    return await _done(
        caller, broadcast, "confirm",
        lambda c: lifecycle.confirm(c, broadcast, revision=given.revision, actor=caller.actor),
    )  # fmt: skip


@router.post("/{broadcast}/pause")
async def pause(caller: BroadcastSender, broadcast: UUID, given: PauseIn) -> BroadcastOut:
    """Send nothing more for now; what is on its way arrives."""
    return await _done(
        caller, broadcast, "pause",
        lambda c: lifecycle.pause(
            c, broadcast, actor=caller.actor, reason=given.reason, resumes_at=given.resumes_at
        ),
    )  # fmt: skip


@router.post("/{broadcast}/resume")
async def resume(caller: BroadcastSender, broadcast: UUID) -> BroadcastOut:
    """Go on."""
    return await _done(caller, broadcast, "resume", lambda c: lifecycle.resume(c, broadcast, actor=caller.actor))


@router.post("/{broadcast}/cancel")
async def cancel(caller: BroadcastSender, broadcast: UUID) -> BroadcastOut:
    """Send nothing more of it, for ever."""
    return await _done(caller, broadcast, "cancel", lambda c: lifecycle.cancel(c, broadcast, actor=caller.actor))


@router.post("/{broadcast}/retry")
async def retry(caller: BroadcastSender, broadcast: UUID, given: RetryIn) -> BroadcastOut:
    """Send once more to those who failed so. Addresses that do not exist stay out; with uncertain some get it twice."""
    return await _done(
        caller, broadcast, "retry", lambda c: lifecycle.retry(c, broadcast, given.codes, actor=caller.actor)
    )


@router.post("/{broadcast}/copy", status_code=201)
async def copy(caller: BroadcastWriter, broadcast: UUID, given: CopyIn, response: Response) -> BroadcastOut:
    """A new draft with the same plan and content."""

    async def act(connection: Connection) -> Made:
        made = await lifecycle.copy(connection, broadcast, actor=caller.actor, name=given.name)
        return Made(made.id, None, {"broadcast": str(made.id)})

    return await _made(caller, response, await write(caller, "broadcast.asked", act))


async def _done(
    caller: Caller, broadcast: UUID, what: str, act: Callable[[Connection], Awaitable[Any]]
) -> BroadcastOut:
    """Do it, and show how it is now."""

    async def acted(connection: Connection) -> Made:
        await act(connection)
        return Made(broadcast, None, {"broadcast": str(broadcast), "what": what})

    await write(caller, "broadcast.asked", acted)
    return await _shown(caller, broadcast)


async def _made(caller: Caller, response: Response, made: Made) -> BroadcastOut:
    assert made.id
    response.headers["Location"] = f"/api/broadcasts/{made.id}"
    return await _shown(caller, made.id)


async def _shown(caller: Caller, broadcast: UUID) -> BroadcastOut:
    async with caller.database.begin() as connection:
        return _out(await lifecycle.one(connection, broadcast), caller.language)


def _out(row: Broadcast, language: str) -> BroadcastOut:
    known = {name: value for name, value in row._asdict().items() if name in BroadcastOut.model_fields}
    return BroadcastOut(**known, said=state_said(row.state, language))
