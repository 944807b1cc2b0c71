"""The settings of one e-mail channel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from domain.addresses import written_email

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_RECEIVER = re.compile(r"(?:\*\.(?=[^.]+\.[^.]))?[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?", re.IGNORECASE)
_RECEIVERS: Mapping[str, tuple[str, ...]] = {
    "imap.gmail.com": ("mx.google.com",),
    "imap.googlemail.com": ("mx.google.com",),
    # mxfront4o.mail.yandex.net in older mails, mail-nwsmtp-mxfront-production-main-71.klg.yp-c.yandex.net in newer ones
    "imap.yandex.ru": ("*.yandex.net",),
    "imap.yandex.com": ("*.yandex.net",),
    "imap.ya.ru": ("*.yandex.net",),
    "imap.mail.ru": ("mxs.mail.ru",),  # the host itself stands in a comment: mx289.i.mail.ru
}
"""IMAP host -> what stands first in the Authentication-Results of that provider, as mails that came through it have it.

Not Outlook: Microsoft writes the field without its name in it, so that nothing tells it from a sender's. And not
providers with a name for each check (iCloud): only the topmost field counts.
"""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ImapSettings(_Section):
    """Where mail is fetched from."""

    host: str = Field(description="Name of the IMAP server, as its certificate has it.", examples=["imap.example.com"])
    port: int = Field(default=993, ge=1, le=65535, description="993 with TLS, usually 143 without.")
    security: Literal["tls", "none"] = Field(
        default="tls",
        description="`tls`: encrypted from the first byte. `none`: plain text, for a server on the same machine. "
        "IMAP with STARTTLS is not supported; servers that offer it offer TLS on port 993 too.",
    )
    user: str = Field(min_length=1, description="Login name, often the whole address.", examples=["sales@example.com"])
    password: SecretStr = Field(
        description="Password; with most large providers an app password made for this use.",
        examples=["env:IMAP_PASSWORD"],
    )
    ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that signed the server's certificate, when it is your own."
    )
    folders: tuple[str, ...] = Field(
        default=("INBOX",),
        min_length=1,
        max_length=20,
        description="Folders to read, as the server names them. Each is watched over a connection of its own. The "
        "first start takes the unread mails of the last seven days and everything that comes later.",
    )
    file_to: str | None = Field(
        default=None,
        description="Folder into which a mail is moved once it is safely taken over; made when it does not exist. "
        "Without it mails stay where they are and keep their unread mark.",
    )
    trusted_receiver: tuple[str, ...] | None = Field(
        default=None,
        description="The name by which the server that takes your mail in signs its checks (SPF, DKIM, DMARC): the "
        "first word of the topmost `Authentication-Results` in a mail that you got. Several names make a list, "
        "`*.example.com` stands for all names below. Known already for Gmail, Yandex and Mail.ru. On any other server "
        "without it, or with an empty list, a From proves nothing: whoever writes is only claimed to be that person.",
        examples=[("mx.example.com",)],
    )
    timeout: float = Field(default=30, gt=0, le=600, description="Seconds to wait for an answer of the server.")
    renew: float = Field(
        default=300,
        gt=0,
        le=1740,
        description="Seconds after which waiting for news (IDLE) is begun anew: at most 29 minutes.",
    )
    poll: float = Field(default=60, gt=0, description="Seconds between two looks, when the server knows no IDLE.")
    retry_first: float = Field(
        default=1, gt=0, description="Seconds to wait after the first failure; doubled each time."
    )
    retry_most: float = Field(default=300, gt=0, description="The longest wait between two attempts, in seconds.")

    @field_validator("security", mode="before")
    @classmethod
    def _no_starttls(cls, value: object) -> object:
        if value == "starttls":
            raise ValueError('IMAP with STARTTLS is not supported: use security = "tls" with port 993')
        return value

    @field_validator("trusted_receiver", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("trusted_receiver")
    @classmethod
    def _names(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in value or ():
            if not _RECEIVER.fullmatch(name):
                raise ValueError(f'{name!r} is not the name of a server; expected one like "mx.example.com"')
        return value and tuple(name.lower() for name in value)

    @property
    def receivers(self) -> tuple[str, ...]:
        """Whose Authentication-Results are believed: as set, or as known of the provider."""
        if self.trusted_receiver is not None:
            return self.trusted_receiver
        return _RECEIVERS.get(self.host.lower().rstrip("."), ())

    @field_validator("user", "file_to", "folders")
    @classmethod
    def _one_line(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        if any(_CONTROL.search(text) for text in ((value,) if isinstance(value, str) else value or ())):
            raise ValueError("must not contain line breaks or other control characters")
        return value

    @model_validator(mode="after")
    def _not_in_a_circle(self) -> ImapSettings:
        if self.file_to in self.folders:
            raise ValueError(f"file_to = {self.file_to!r} is one of the folders that are read")
        return self


class SmtpSettings(_Section):
    """Where mail is handed in."""

    host: str = Field(description="Name of the SMTP server, as its certificate has it.", examples=["smtp.example.com"])
    port: int = Field(default=587, ge=1, le=65535, description="587 with STARTTLS, 465 with TLS, 25 without either.")
    security: Literal["tls", "starttls", "none"] = Field(
        default="starttls",
        description="`starttls`: encryption is demanded after the greeting. `tls`: encrypted from the first byte. "
        "`none`: plain text, for a server on the same machine.",
    )
    user: str | None = Field(default=None, description="Login name; without it nobody logs in.")
    password: SecretStr | None = Field(
        default=None, description="Password of that login.", examples=["env:SMTP_PASSWORD"]
    )
    ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that signed the server's certificate, when it is your own."
    )
    connections: int = Field(
        default=2,
        ge=1,
        le=50,
        description="How many connections may be open at a time. Mailings over a server of your own go fastest with "
        "20; large providers allow fewer, and when they refuse one, the open ones are enough.",
    )
    mails_per_connection: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="After how many mails a connection is closed and a new one opened: providers hang up, some after "
        "100.",
    )
    timeout: float = Field(default=60, gt=0, le=600, description="Seconds to wait for an answer of the server.")
    keep: float = Field(default=60, ge=0, description="Seconds for which an unused connection is kept open.")

    @model_validator(mode="after")
    def _login_is_whole(self) -> SmtpSettings:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together: give both or neither")
        return self


class EmailSettings(_Section):
    """One e-mail account: mail comes in over IMAP, goes out over SMTP."""

    kind: Literal["email"] = Field(description="`email`.")
    address: str = Field(
        description="The address that customers write to and that answers come from.", examples=["sales@example.com"]
    )
    name: str = Field(
        default="", max_length=200, description="The name beside the address in what we send.", examples=["Example Ltd"]
    )
    imap: ImapSettings | None = Field(
        default=None, description="How mail is fetched. Without it the channel only sends."
    )
    smtp: SmtpSettings | None = Field(
        default=None, description="How mail is sent. Without it the channel only receives."
    )
    signature: str = Field(
        default="", max_length=4000, description="Text under each mail that we send, below a line with `-- `."
    )

    @field_validator("address")
    @classmethod
    def _normal_address(cls, value: str) -> str:
        normal = written_email(value)
        if normal is None:
            raise ValueError(f"{value!r} is not an e-mail address; expected one like sales@example.com")
        return normal

    @field_validator("name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if _CONTROL.search(value):
            raise ValueError("must not contain line breaks or other control characters")
        return value

    @model_validator(mode="after")
    def _some_use(self) -> EmailSettings:
        if self.imap is None and self.smtp is None:
            raise ValueError("give imap, smtp or both: without them the channel neither receives nor sends")
        return self
