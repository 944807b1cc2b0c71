"""The installation's configuration: one typed document, read from `leadwire.toml`.

Secrets are written as `env:NAME` or `file:PATH` and never stand in the document itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from app.broadcast_settings import Broadcasts, Mailing
from app.company_settings import Company
from app.consent_settings import Consent, Retention
from app.section import FORM, Section

NAME_FORM = "a name is made of a-z, 0-9 and -, at most 39 of them, and begins with no -"
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,38}$")]


class Server(Section):
    """Where the forms, hooks and pages are served."""

    host: str = Field("127.0.0.1", description="The address to listen on.", examples=["0.0.0.0"])  # noqa: S104 - an example
    port: int = Field(8080, ge=1, le=65535, description="The port to listen on.", examples=[8080])
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$",
        description="Under which the world reaches you. Twilio's signatures and Telegram's webhook need it.",
        json_schema_extra={FORM: "expected an address that begins with http:// or https://"},
        examples=["https://leads.example.com"],
    )
    proxies: tuple[str, ...] = Field(
        ("127.0.0.1",),
        description="Reverse proxies whose X-Forwarded-For is believed.",
        examples=[("127.0.0.1",)],
    )
    frame_ancestors: tuple[str, ...] = Field(
        (), description="Sites that may show the hosted forms in a frame.", examples=[("https://www.example.com",)]
    )

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")


class Bucket(Section):
    """An S3-compatible bucket for files, instead of the data folder."""

    name: str = Field(description="The bucket's name.", examples=["leadwire"])
    endpoint: str = Field(description="The service's URL.", examples=["https://storage.yandexcloud.net"])
    region: str = Field("us-east-1", description="The region, where the service has them.", examples=["ru-central1"])
    access_key: SecretStr = Field(description="The access key.", examples=["env:S3_ACCESS_KEY"])
    secret_key: SecretStr = Field(description="The secret key.", examples=["env:S3_SECRET_KEY"])
    prefix: str = Field("", description="A folder in the bucket.", examples=["files"])


class Storage(Section):
    """Where everything is kept."""

    data: Path = Field(
        Path("data"),
        description="Folder of the embedded servers and the files. A relative one is in the folder of leadwire.toml.",
        examples=["data"],
    )
    database_url: SecretStr | None = Field(
        None,
        description="An external PostgreSQL. Without it, and without DATABASE_URL, an embedded one runs.",
        examples=["env:DATABASE_URL"],
    )
    redis_url: SecretStr | None = Field(
        None,
        description="An external Redis or Valkey. Without it, and without REDIS_URL, an embedded one runs.",
        examples=["env:REDIS_URL"],
    )
    bucket: Bucket | None = Field(None, description="Keep files in S3 instead of the data folder.")
    max_file_mb: int = Field(25, ge=1, le=200, description="The largest file that is taken, in MB.", examples=[25])
    replicas: int = Field(
        0,
        ge=0,
        le=10,
        description="On how many Redis replicas' disks a message must be before it counts as accepted.",
        examples=[1],
    )
    shards: int = Field(
        8, ge=1, le=64, description="Streams that senders are spread over. The same in all processes.", examples=[8]
    )


class People(Section):
    """How people are told apart, and who may carry them out."""

    join_certain: bool = Field(
        False,
        description="Join cards that are certainly one person without asking. Each such merge can be undone.",
        examples=[True],
    )
    ask: bool = Field(
        True, description="Ask in the chat of whoever works for one of them whether two cards are one person."
    )
    learn: bool = Field(
        True,
        description="Learn from the contacts what agreement of names, phones and the like weighs: once there are 1000, "
        "and whenever they have grown by a fifth, at most daily.",
    )
    export_delay_hours: int = Field(
        0,
        ge=0,
        le=168,
        description="How long an export waits, so that the operators, who are told of it, may forbid it.",
        examples=[24],
    )


class ChatPlace(Section):
    """A chat that staff read."""

    channel: Name = Field(
        description="The Telegram channel (the bot) that writes there.",
        examples=["bot"],
        json_schema_extra={FORM: NAME_FORM},
    )
    chat: str = Field(
        pattern=r"^-?\d{1,20}$",
        description="The chat's id: negative for groups.",
        examples=["-1001234567890"],
        json_schema_extra={FORM: "expected the chat's number in quotes, negative for groups"},
    )


class Team(Section):
    """People who share a pipeline."""

    chat: ChatPlace | None = Field(None, description="The team's group chat: leads wait there while nobody is at work.")


class Greeting(Section):
    """The automatic first answer of a channel."""

    en: str = Field("", max_length=1000, description="In English; the default text when empty.")
    ru: str = Field("", max_length=1000, description="In Russian; the default text when empty.")


class Intake(Section):
    """What becomes of a channel's messages."""

    team: Name = Field(
        "sales",
        description="The team, and so the pipeline, that gets the leads.",
        examples=["sales"],
        json_schema_extra={FORM: NAME_FORM},
    )
    greet: bool | None = Field(
        None,
        description="Answer the first message at once, at most once a day per address. On, but for forms.",
        examples=[True],
    )
    greeting: Greeting = Field(Greeting(), description="The text of that answer, per language.")
    answer_by: tuple[Name, ...] = Field(
        (),
        description="Through which channels the people of a form are answered. All that can, when empty.",
        json_schema_extra={FORM: NAME_FORM},
        examples=[("inbox", "sms")],
    )


class Rates(Section):
    """How fast a channel sends."""

    per_second: float | None = Field(None, gt=0, description="Messages a second in all.", examples=[10])
    per_address: float | None = Field(None, gt=0, description="Messages a second to one address.", examples=[1])


class ChannelConfig(BaseModel):
    """One `[channels.NAME]` table: the adapter's own settings, and what the house adds."""

    model_config = ConfigDict(frozen=True)

    kind: str
    settings: BaseModel
    intake: Intake = Intake()
    rates: Rates = Rates()
    mailing: Mailing = Mailing()

    @property
    def medium(self) -> str:
        """Through what people get its messages: its kind, but for a number of WhatsApp at Twilio."""
        return str(getattr(self.settings, "medium", self.kind))


class Settings(BaseModel):
    """The whole document."""

    model_config = ConfigDict(frozen=True)

    company: Company = Company()
    server: Server = Server()
    storage: Storage = Storage()
    people: People = People()
    consent: Consent = Consent()
    retention: Retention = Retention()
    broadcasts: Broadcasts = Broadcasts()
    teams: Mapping[Name, Team] = {"sales": Team()}
    operators: tuple[ChatPlace, ...] = ()
    channels: Mapping[Name, ChannelConfig] = {}


_REFERENCE = re.compile(r"(env|file):(.+)", re.DOTALL)


def resolve(value: str, base: Path = Path()) -> str:
    """The secret that `env:NAME` or `file:PATH` points at; a relative path is taken from `base`.

    Raises ValueError in words, without the secret.
    """
    match = _REFERENCE.fullmatch(value)
    if not match:
        raise ValueError('a secret does not stand here: write "env:NAME" or "file:/path/to/it"')
    kind, where = match.groups()
    if kind == "env":
        if where not in os.environ:
            raise ValueError(f"the environment has no {where}: export {where}=...")
        return os.environ[where]
    path = (base / where).absolute()
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        raise ValueError(f"there is no {path}; paste the secret into: mkdir -p {path.parent} && cat > {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ValueError(f"cannot read the secret in {path}: {reason}") from None


def with_secrets(
    model: type[BaseModel], table: Mapping[str, Any], base: Path = Path()
) -> tuple[dict[str, Any], dict[str, str]]:
    """The table with each reference in a secret field resolved, and why those that could not be were not, by key.

    What could not be resolved is left as it was written. `base` is where relative files are.
    """
    values, missing = dict(table), dict[str, str]()
    for key, value in table.items():
        field = model.model_fields.get(key)
        inner = model_in(field.annotation) if field else None
        if isinstance(value, Mapping) and inner:
            values[key], deeper = with_secrets(inner, value, base)
            missing |= {f"{key}.{below}": reason for below, reason in deeper.items()}
        elif isinstance(value, str) and field and _holds(field.annotation, SecretStr):
            try:
                values[key] = resolve(value, base)
            except ValueError as error:
                missing[key] = str(error)
    return values, missing


def _holds(annotation: Any, wanted: type) -> bool:
    return annotation is wanted or any(_holds(a, wanted) for a in getattr(annotation, "__args__", ()))


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, also inside an optional or a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in getattr(annotation, "__args__", ()) if (m := model_in(a))), None)
