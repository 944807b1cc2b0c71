"""Settings of who may be sent mailings, and of how long things are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from app.section import FORM, Section

TopicName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Topic(Section):
    """What one kind of mailing is called on people's page of preferences."""

    en: str = Field("", max_length=200, description="In English.", examples=["New arrivals"])
    ru: str = Field("", max_length=200, description="In Russian.", examples=["Новинки"])


class Consent(Section):
    """Who may be sent mailings."""

    marketing: Literal["opt-in", "soft"] = Field(
        "opt-in",
        description='Who gets marketing: "opt-in", whoever said yes; "soft", also who has bought, until he says no.',
        examples=["opt-in"],
    )
    topics: Mapping[TopicName, Topic] = Field(
        {},
        description="Topics that people choose from: [consent.topics.NAME]. A broadcast names one as its purpose.",
        json_schema_extra={FORM: "a topic's name is made of a-z, 0-9, - and _, and begins with a letter"},
    )


class Retention(Section):
    """How long things are kept; 0 keeps them. What is older is removed every day, for ever."""

    messages_days: int = Field(0, ge=0, le=36_500, description="Messages of requests that are closed.", examples=[1095])
    leads_days: int = Field(0, ge=0, le=36_500, description="Closed requests, with their messages.", examples=[1825])
    events_days: int = Field(
        0, ge=0, le=36_500, description="Who did what when, but for consents and erasures.", examples=[730]
    )
    dry_run: bool = Field(False, description="Only count, into the log, what would be removed.", examples=[True])

    @property
    def days(self) -> Mapping[str, int]:
        """By kind, as `people.retention` takes them."""
        return {"messages": self.messages_days, "leads": self.leads_days, "events": self.events_days}
