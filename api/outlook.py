"""What a broadcast would do, and how far it is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from api.access import BroadcastReader
from api.broadcast_shapes import FindingOut, ForecastOut, ProgressOut, TotalOut, WaitOut
from broadcasts import lifecycle, preflight
from broadcasts.preflight import Preflight
from broadcasts.progress import Progress, progress
from broadcasts.words import code_said, outcome_said, wait_said
from domain.messages import utcnow

router = APIRouter(prefix="/broadcasts/{broadcast}", tags=["broadcasts"])


@router.get("/progress")
async def how_far(caller: BroadcastReader, broadcast: UUID) -> ProgressOut:
    """Recipients by outcome, the rate, when it ends, and every wait with its reason."""
    async with caller.database.begin() as connection:
        row, now = await lifecycle.one(connection, broadcast), utcnow()
        found = await progress(connection, row, caller.office.rules.accounts, now)
    return _progress(found, row.state, now, caller.language)


def _progress(found: Progress, state: str, now: datetime, language: str) -> ProgressOut:
    return ProgressOut(
        state=state,
        people=found.people,
        done=found.done,
        share=found.share,
        per_minute=found.per_minute,
        ends_at=found.ends_at,
        totals=[
            TotalOut(**t._asdict(), said=outcome_said(t.outcome, language), why=code_said(t.code, language))
            for t in found.totals
        ],
        waits=[
            WaitOut(
                channel=w.channel,
                provider=w.provider,
                reason=w.reason,
                until=w.until,
                count=w.count,
                said=wait_said(w, now, language),
            )
            for w in found.waits
        ],
    )


@router.get("/forecast")
async def look_ahead(
    caller: BroadcastReader, broadcast: UUID, compared_with: UUID | None = None, outside: bool = False
) -> ForecastOut:
    """What would happen if it began now, and what is to be mended first.

    `compared_with`: a broadcast; the last one when left out. `outside`: ask links, DNS and SpamAssassin, too, for at
    most half a minute.
    """
    conductor, setting = caller.office.conductor(caller.database), caller.office.setting
    async with caller.database.begin() as connection:
        row = await lifecycle.one(connection, broadcast)
    looked = await preflight.outside(row, conductor, setting) if outside else ()
    async with caller.database.begin() as connection:
        found = await preflight.preflight(
            connection, conductor, row, utcnow(), setting, looked=looked, compared_with=compared_with
        )
    return _forecast(found, caller.language)


def _forecast(found: Preflight, language: str) -> ForecastOut:
    figures = found.forecast
    return ForecastOut(
        people=figures.people,
        gets=figures.gets,
        left_out=figures.not_,
        left_out_said={code: code_said(code, language) for code in figures.not_},
        before=figures.before,
        compared_with=found.compared,
        cost=figures.cost,
        cost_most=figures.cost_most,
        seconds=figures.seconds,
        begins_at=figures.begins_at,
        ends_at=figures.ends_at,
        confirm=found.needs_confirmation,
        findings=[
            FindingOut(code=one.code, severity=one.severity, where=one.where, said=one.say(language))
            for one in found.findings
        ],
    )
