"""Quiet hours: when a person's own clock allows a mailing. Pure; `store.mailing` says the same in SQL."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from broadcasts.plan import Quiet, at_clock


def is_quiet(at: time, quiet: Quiet) -> bool:
    """Whether this time of the day is quiet; the first minute of `to` is not."""
    since, to = at_clock(quiet.since), at_clock(quiet.to)
    if since == to:
        return False
    return since <= at < to if since < to else at >= since or at < to


def allowed_at(at: datetime, zone: ZoneInfo, quiet: Quiet | None) -> datetime:
    """The first moment from `at` on (aware) that is not quiet in this zone.

    A time that the zone's clock skips in spring is the moment after the gap; one that it shows twice in autumn is the
    first (PEP 495, fold=0), as PostgreSQL's AT TIME ZONE has it within a minute of the change.
    """
    if quiet is None:
        return at
    local = at.astimezone(zone)
    if not is_quiet(local.time(), quiet):
        return at
    end = at_clock(quiet.to)
    day = local.date() if local.time() < end else local.date() + timedelta(days=1)
    wanted = datetime.combine(day, end, zone)
    return max(at, wanted.astimezone(at.tzinfo))
