"""Who you are, as everything that people read says it."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global
from babel.numbers import get_territory_currencies
from pydantic import Field, field_validator

from app.section import FORM, Section

Language = Literal["en", "ru"]


class Company(Section):
    """Who you are."""

    name: str = Field("", max_length=200, description="Your name, as customers read it.", examples=["Apple Orchard"])
    country: str = Field(
        "RU",
        pattern=r"^[A-Z]{2}$",
        description="Where a phone number without a country code is from (ISO 3166-1).",
        json_schema_extra={FORM: "expected two capital letters, a country of ISO 3166-1"},
        examples=["RU"],
    )
    language: Language = Field(
        "en", description="For people whose language nothing tells, and for team chats.", examples=["ru"]
    )
    currency: str = Field(
        "",
        pattern=r"^([A-Z]{3})?$",
        description="Of sums that name none (ISO 4217). Left out: the country's.",
        json_schema_extra={FORM: "expected three capital letters, a currency of ISO 4217"},
        examples=["RUB"],
    )
    timezone: str = Field("UTC", description="In which staff read times (IANA).", examples=["Europe/Moscow"])

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f'"{value}" is no time zone of the IANA list')
        return value

    @field_validator("currency")
    @classmethod
    def _is_money(cls, value: str) -> str:
        if value and not any(value in get_territory_currencies(one) for one in get_global("territory_currencies")):
            raise ValueError(f'"{value}" is no currency that is in use (ISO 4217)')
        return value

    @property
    def money(self) -> str:
        """The currency of sums that name none."""
        return self.currency or next(iter(get_territory_currencies(self.country)), "USD")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)
