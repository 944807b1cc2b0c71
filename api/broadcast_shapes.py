"""What comes in and goes out about broadcasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from api.shapes import Shape, Text, Time

_LARGEST = 2**53


def storable(value: dict[str, Any]) -> dict[str, Any]:
    """JSON that the database and every reader of it can keep. Raises ValueError."""
    waiting: list[Any] = [value]
    while waiting:
        match waiting.pop():
            case dict() as inner:
                waiting += [*inner, *inner.values()]
            case list() as inner:
                waiting += inner
            case str() as text if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
                raise ValueError("a text holds signs that cannot be kept")
            case int() as number if abs(number) > _LARGEST:
                raise ValueError("a number is too large")
            case _:
                pass
    return value


Json = Annotated[dict[str, Any], AfterValidator(storable)]
PlanIn = Annotated[
    Json,
    Field(
        description='Whom and how: audience (a condition; everybody: {"all": []}), steps, choose, purpose, split, '
        "zone, local, quiet, cap, pace, late_comers, track_opens, track_clicks, repeat.",
        examples=[{"audience": {"field": "segment", "op": "has_any", "value": ["Vips"]}, "steps": [{"channel": "m"}]}],
    ),
]
ContentIn = Annotated[
    Json,
    Field(
        description="What is said: subject, preheader, blocks, language, variants, variables, utm.",
        examples=[{"subject": "News", "blocks": [{"type": "text", "text": "Hello, {{ given_name }}!"}]}],
    ),
]


class BroadcastIn(Shape):
    """A broadcast to be made."""

    name: Text
    plan: PlanIn
    content: ContentIn


class BroadcastPatch(Shape):
    """What is to change of a draft; what is left out stays."""

    revision: int = Field(
        description="The one that you have seen: somebody else's change is not overwritten.", ge=1, le=2**31 - 1
    )
    name: Text | None = None
    plan: PlanIn | None = None
    content: ContentIn | None = None


class ScheduleIn(Shape):
    """When it begins."""

    at: Time | None = Field(None, description="None: now.")


class ConfirmIn(Shape):
    """What was looked at."""

    revision: int = Field(ge=1, le=2**31 - 1)


class PauseIn(Shape):
    """Why, and for how long."""

    reason: Text = Field("by hand", min_length=1)
    resumes_at: Time | None = Field(None, description="When it goes on by itself; None: when somebody resumes it.")


Codes = Annotated[list[Literal["soft", "rejected", "fault", "uncertain"]], Field(min_length=1, max_length=4)]


class RetryIn(Shape):
    """Whom to try again."""

    codes: Codes = Field(["soft"])


class CopyIn(Shape):
    """What the copy is to be called."""

    name: Text = Field("", description="Empty: like the first one.")


class BroadcastOut(BaseModel):
    """A broadcast."""

    id: UUID
    name: str
    state: str
    said: str = Field(description="The state in words.")
    plan: Mapping[str, Any]
    content: Mapping[str, Any]
    revision: int
    scheduled_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    reason: str | None = Field(description="Why it is paused.")
    resumes_at: datetime | None
    parent: UUID | None = Field(description="The one that it repeats.")
    created_at: datetime
    created_by: str
    confirmed_by: str | None


class TotalOut(BaseModel):
    """So many recipients have this outcome."""

    channel: str
    outcome: str
    said: str
    code: str
    why: str
    people: int


class WaitOut(BaseModel):
    """Why something waits."""

    channel: str
    provider: str
    reason: str
    until: datetime | None
    count: int
    said: str


class ProgressOut(BaseModel):
    """How far it is. The totals add up to all recipients."""

    state: str
    people: int
    done: int
    share: float
    per_minute: int
    ends_at: datetime | None
    totals: list[TotalOut]
    waits: list[WaitOut]


class FindingOut(BaseModel):
    """What is to be mended, or known."""

    code: str
    severity: str = Field(description="error: it does not begin; warning, note.")
    where: str
    said: str


class ForecastOut(BaseModel):
    """What would happen if it began now."""

    people: int
    gets: Mapping[str, int] = Field(description="Channel -> people.")
    left_out: Mapping[str, int] = Field(description="Code -> people.")
    left_out_said: Mapping[str, str]
    before: int = Field(description="Of those who get it so many were sent the one that it is compared with.")
    compared_with: UUID | None = Field(description="That one; null: there is none yet.")
    cost: Decimal = Field(description="Of everybody's first message.")
    cost_most: Decimal = Field(description="When every further channel of the cascade has to follow.")
    seconds: float
    begins_at: datetime
    ends_at: datetime
    confirm: bool = Field(description="Somebody else has to confirm it first.")
    findings: list[FindingOut]
