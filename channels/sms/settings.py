"""What can be set for an SMS channel."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

API_URL = "https://api.twilio.com"


class SmsSettings(BaseModel):
    """One Twilio number or messaging service. Set its webhook to `{public_url}/in/{channel}/message`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)  # the token is in the input

    kind: Literal["sms"] = Field("sms", description="SMS through Twilio.")
    account_sid: str = Field(
        pattern=r"^AC[0-9a-fA-F]{32}$",
        description="Account SID, from the first page of Twilio's console.",
        examples=["AC00000000000000000000000000000000"],
        json_schema_extra={"form": "expected AC and 32 characters 0-9, a-f, as Twilio's console shows it"},
    )
    auth_token: SecretStr = Field(
        description="Auth token, from the same page. It sends, and it proves that a webhook is Twilio's.",
        examples=["env:TWILIO_AUTH_TOKEN"],
    )
    number: str | None = Field(
        None,
        pattern=r"^((whatsapp:)?\+[1-9][0-9]{6,14}|[0-9]{3,8}|[0-9]{0,10}[A-Za-z][A-Za-z0-9 ]{0,10})$",
        description='What we send from: a number as "+15005550006", "whatsapp:+15005550006", a short code or a name.',
        examples=["+15005550006"],
        json_schema_extra={"form": "expected a number with + and its country code, a short code or a name"},
    )
    messaging_service_sid: str | None = Field(
        None,
        pattern=r"^MG[0-9a-fA-F]{32}$",
        description="Or the messaging service that chooses the number.",
        examples=["MG00000000000000000000000000000000"],
        json_schema_extra={"form": "expected MG and 32 characters 0-9, a-f, as Twilio's console shows it"},
    )
    late_template: str = Field(
        "",
        pattern=r"^(HX[0-9a-fA-F]{32})?$",
        description="Of a WhatsApp number: the ContentSid of an approved template, without variables, that asks people "
        "to write back. It is sent when an answer comes after the 24 hours.",
        examples=["HX00000000000000000000000000000000"],
        json_schema_extra={"form": "expected HX and 32 characters 0-9, a-f, as Twilio's console shows it"},
    )
    api_url: str = Field(
        API_URL, description="Where Twilio's REST API is; another address only for tests and the demo."
    )

    @field_validator("api_url")
    @classmethod
    def _no_slash(cls, url: str) -> str:
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"expected an address, for example {API_URL!r}")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _one_sender(self) -> Self:
        if bool(self.number) == bool(self.messaging_service_sid):
            raise ValueError('give either number, for example "+15005550006", or messaging_service_sid ("MG...")')
        if self.late_template and not self.prefix:
            raise ValueError('late_template is of WhatsApp: give number = "whatsapp:+15005550006", or leave it out')
        return self

    @property
    def medium(self) -> Literal["sms", "whatsapp"]:
        """Through what people get our messages: consent, price and length hang on it."""
        return "whatsapp" if self.prefix else "sms"

    @property
    def prefix(self) -> str:
        """What Twilio puts before every number of this channel: "whatsapp:" or nothing."""
        return "whatsapp:" if self.number and self.number.startswith("whatsapp:") else ""
