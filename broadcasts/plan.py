"""What a marketer has decided of a broadcast, as one frozen value; its JSON stands in the store and in the API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta, Struct

from broadcasts import plan_words

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,38}$")]
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Share = Annotated[int, Meta(ge=0, le=100)]
MOST_STEPS = 5


class WrongPlan(ValueError):
    """What is wrong with a plan: where ("steps[0].until"), and whether a key is unknown, missing or wrong."""

    def __init__(self, path: str, key: str = "wrong", known: Sequence[str] = ()) -> None:
        self.path, self.key, self.known = path, key, tuple(known)
        super().__init__(self.words("en"))

    def words(self, language: str) -> str:
        """That, with what is expected and an example."""
        return plan_words.said(self.path, self.key, self.known, language)


class Until(StrEnum):
    """What has to have happened, or the next channel is tried."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"


class Choose(StrEnum):
    """Which of the channels a person is written to first."""

    FIRST = "first"  # in the order of the steps
    CHEAPEST = "cheapest"
    PREFERRED = "preferred"  # the one that the person wrote by last, then in the order of the steps


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One channel of the cascade."""

    channel: Name
    wait_minutes: Annotated[int, Meta(ge=1, le=43_200)] = 60
    until: Until = Until.DELIVERED


class Quiet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of the recipient's own clock in which nothing goes out; `since` may be later than `to`: over midnight."""

    since: Clock = "21:00"
    to: Clock = "09:00"


class Cap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most `count` mailings to one person in any `days` days, over all broadcasts."""

    count: Annotated[int, Meta(ge=1, le=1000)]
    days: Annotated[int, Meta(ge=1, le=366)] = 7


class Split(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the audience, the same people each time: those whose hash with `salt` is in [since, to) percent."""

    salt: Annotated[str, Meta(min_length=1, max_length=100)]
    since: Share = 0
    to: Share = 100


class Pace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most so many, in each window of the clock. None: without a limit."""

    second: Annotated[int, Meta(ge=1)] | None = None
    minute: Annotated[int, Meta(ge=1)] | None = None
    hour: Annotated[int, Meta(ge=1)] | None = None
    day: Annotated[int, Meta(ge=1)] | None = None

    @property
    def windows(self) -> tuple[tuple[str, int], ...]:
        """(span, limit) of each window that has one, the shortest first."""
        return tuple((span, limit) for span in SPANS if (limit := getattr(self, span)) is not None)


SPANS: Mapping[str, timedelta] = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}


class Repeat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sent anew, to whoever is in the audience then: every `days` days at the same time of the zone's clock."""

    days: Annotated[int, Meta(ge=1, le=366)]
    until: datetime | None = None


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole plan."""

    audience: dict[str, Any]
    """A condition of `domain.conditions`, as JSON; `{"all": []}` is everybody."""
    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=MOST_STEPS)]
    choose: Choose = Choose.FIRST
    purpose: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}$")] = "marketing"
    split: Split | None = None
    zone: str = "UTC"
    """Of the scheduled time, and of people whose zone nobody knows (IANA)."""
    local: bool = False
    """At that time of each one's own clock."""
    quiet: Quiet | None = Quiet()
    cap: Cap | None = None
    pace: Pace = Pace()
    late_comers: bool = False
    """Whoever comes into the audience before it ends gets it, too."""
    track_opens: bool = True
    track_clicks: bool = True
    repeat: Repeat | None = None

    def __post_init__(self) -> None:
        if self.zone not in available_timezones():
            raise ValueError("zone")  # the place, for `_wrong`
        names = [step.channel for step in self.steps]
        if len(set(names)) != len(names):
            raise ValueError("steps")
        if self.split and self.split.since >= self.split.to:
            raise ValueError("split.since")

    @property
    def clock(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.zone)


def read(raw: Any) -> Plan:
    """The plan in decoded JSON. Raises WrongPlan with the path of what is wrong."""
    try:
        return msgspec.convert(raw, Plan)
    except msgspec.ValidationError as error:
        raise _wrong(str(error)) from error


_STRUCTS: Mapping[str, type[Struct]] = {
    "": Plan, "steps": Step, "quiet": Quiet, "cap": Cap, "split": Split, "pace": Pace, "repeat": Repeat,
}  # fmt: skip
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_FIELD = re.compile(r"^Object (?:contains unknown|missing required) field `([^`]*)`")


def _wrong(words: str) -> WrongPlan:
    """msgspec's sentence as ours: it says the place behind " - at", and names a key that is unknown or missing."""
    found = _AT.search(words)
    place, plain = (found[1] if found else ""), _AT.sub("", words)
    if plain in plan_words.EXPECTED:  # of `Plan.__post_init__`
        return WrongPlan(plain)
    if not (field := _FIELD.match(plain)):
        return WrongPlan(place)
    inner = f"{place}.{field[1]}" if place else field[1]
    struct = _STRUCTS[re.sub(r"\[\d+\]", "", place)]
    return WrongPlan(inner, "unknown" if "unknown" in plain else "missing", struct.__struct_fields__)


def to_json(plan: Plan) -> str:
    """As JSON text, which `read` takes back."""
    return msgspec.json.encode(plan).decode()


def at_clock(text: str) -> time:
    """ "21:00" as a time of day."""
    return time.fromisoformat(text)
