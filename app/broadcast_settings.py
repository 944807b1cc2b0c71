"""Settings of broadcasts: what all of them keep to, and how fast each account sends them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from app.section import FORM, Section

Provider = Annotated[str, Field(pattern=r"^[a-z]{2,20}$")]
_MANY = 1_000_000_000


class Broadcasts(Section):
    """What all broadcasts keep to."""

    address: str = Field(
        "",
        max_length=300,
        description="Your postal address: the law asks for it in every mailing.",
        examples=["12 Orchard Lane, Ely"],
    )
    site: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="Your site, in the footer of mailings.",
        json_schema_extra={FORM: "expected an address that begins with http:// or https://"},
        examples=["https://www.example.com"],
    )
    color: str = Field(
        "#1d5fd1",
        pattern=r"^#[0-9a-fA-F]{6}$",
        description="Of buttons and links in mails.",
        json_schema_extra={FORM: "expected # and six hexadecimal digits"},
        examples=["#1d5fd1"],
    )
    confirm_over: int = Field(
        0,
        ge=0,
        le=_MANY,
        description="A broadcast to more people than this needs a second person who confirms it; 0: none does.",
        examples=[10000],
    )
    raw_html: bool = Field(False, description="Contents may hold raw HTML. It is sanitised all the same.")


class Windows(Section):
    """At most so many messages in each window of the clock."""

    per_second: int | None = Field(None, ge=1, le=_MANY, description="Mailings a second.", examples=[20])
    per_minute: int | None = Field(None, ge=1, le=_MANY, description="Mailings a minute.", examples=[600])
    per_hour: int | None = Field(None, ge=1, le=_MANY, description="Mailings an hour.", examples=[5000])
    per_day: int | None = Field(
        None, ge=1, le=_MANY, description="Mailings a day, from midnight UTC.", examples=[50000]
    )


class Mailing(Windows):
    """How an account sends broadcasts. Answers to customers are not counted, and go first."""

    warmup: tuple[Annotated[int, Field(ge=1, le=_MANY)], ...] = Field(
        (),
        max_length=90,
        description="A new account's mailings on the first day, the second, and so on; then the windows alone hold.",
        examples=[(50, 100, 200, 400, 800)],
    )
    price: Decimal = Field(
        Decimal(0),
        ge=0,
        le=1000,
        decimal_places=4,
        description="What one message costs (an SMS: one part), for the pre-flight and the cheapest channel.",
        examples=[Decimal("2.5")],
    )
    unsubscribe_by_mail: bool = Field(
        True, description="Mails also name an address to unsubscribe by: this channel's own, which has to be read."
    )
    dkim_selector: str = Field(
        "",
        pattern=r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?){0,5})?$",
        description="E-mail: under which name your mail server's DKIM key stands in the DNS (`s=` in the "
        "`DKIM-Signature` of a mail that you sent), for the pre-flight.",
        json_schema_extra={FORM: "expected a name such as mail or s1.news"},
        examples=["mail"],
    )
    providers: Mapping[Provider, Windows] = Field(
        {},
        description="Windows of one receiver: [channels.NAME.mailing.providers.gmail]; also yandex, mailru, outlook, "
        "yahoo, icloud, rambler, proton, gmx, other.",
        json_schema_extra={FORM: "a receiver's name is made of a-z"},
    )
