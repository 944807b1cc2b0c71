"""What can be set for a web form."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = ("en", "ru")
FieldType = Literal["text", "email", "phone", "textarea", "select", "checkbox", "number", "date", "file", "hidden"]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?)$")]

CONSENT = "consent"
MAILING = "consent_"
"""What the boxes of `consents` are called: "consent_news"."""
LANGUAGE = "lang"
LONGEST = {"textarea": 5000, "email": 254, "phone": 40, "number": 40, "date": 10}
"""Characters that a field of this type takes when `max_length` says nothing; 200 for the others."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Localised(_Part):
    """One text in every language. A plain string means: the same in all."""

    en: str = Field("", description="In English.")
    ru: str = Field("", description="In Russian.")

    @model_validator(mode="before")
    @classmethod
    def _one_for_all(cls, value: Any) -> Any:
        return dict.fromkeys(LANGUAGES, value) if isinstance(value, str) else value

    def text(self, language: Language) -> str:
        """The text in this language, or in the other one where it is missing."""
        return self.ru or self.en if language == "ru" else self.en or self.ru

    def __bool__(self) -> bool:
        return bool(self.en or self.ru)


class OptionSettings(_Part):
    """One choice of a select. A plain string is both its value and its label."""

    value: str = Field(min_length=1, description="What is kept.", examples=["kitchen"])
    label: Localised = Field(Localised(), description="What the visitor reads; the value when it is left out.")

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"value": value, "label": value} if isinstance(value, str) else value


class FieldSettings(_Part):
    """One field of a form."""

    name: FieldName = Field(
        description="Its name in the submission; `name` is also what the customer is called.",
        examples=["size"],
        json_schema_extra={"form": "a field's name is made of A-Z, a-z, 0-9, _ and -, and begins with a letter"},
    )
    label: Localised = Field(Localised(), description="What the visitor reads above it; the name when it is left out.")
    type: FieldType = Field(
        "text", description="E-mail and phone fields say where to answer; text areas are the message."
    )
    required: bool = Field(False, description="Refuse the form without it.")
    max_length: int | None = Field(
        None, gt=0, le=20_000, description="Characters; by type when left out: 200, in a text area 5000."
    )
    options: tuple[OptionSettings, ...] = Field((), description="The choices of a select.")
    placeholder: Localised = Field(Localised(), description="A hint inside the empty field.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.name.lower().startswith(("utm_", MAILING)) or self.name in {LANGUAGE, CONSENT}:
            raise ValueError(
                f"{self.name!r} is a reserved field name; choose another, for example {self.name + '_1'!r}"
            )
        if (self.type == "select") != bool(self.options):
            raise ValueError(f"field {self.name!r}: options belong to a select, and a select needs them")
        return self

    @property
    def longest(self) -> int:
        """The most characters that it takes."""
        return self.max_length or LONGEST.get(self.type, 200)


class ConsentSettings(_Part):
    """What the visitor agrees to with a tick. The text that was shown is kept word for word."""

    text: Localised = Field(description="What the tick says.")
    version: str = Field("", max_length=40, description="The version of your policy, kept beside the text.")
    url: str = Field(
        "",
        pattern=r"^(https?://.*)?$",
        description="Where the whole policy can be read.",
        examples=["https://www.example.com/privacy"],
        json_schema_extra={"form": "expected an address that begins with http:// or https://"},
    )
    required: bool = Field(True, description="Refuse the form without the tick.")


class MailingConsent(_Part):
    """A box, never ticked beforehand and never required, for who wants mailings. A tick alone sends nobody anything."""

    purpose: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")] = Field(
        description='What is agreed to: "marketing", or a topic of [consent.topics].',
        examples=["news"],
        json_schema_extra={"form": "a purpose is made of a-z, 0-9, - and _, and begins with a letter"},
    )
    text: Localised = Field(description="What stands beside the box. It is kept word for word.")
    version: str = Field("", max_length=40, description="The version of that text, as you count.", examples=["2025-01"])

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not self.text:
            raise ValueError("consents: a box needs its text")
        if self.purpose == "service":
            raise ValueError('consents: "service" needs no consent; name "marketing" or a topic')
        return self

    @property
    def name(self) -> str:
        """Of the box in a submission."""
        return MAILING + self.purpose


DEFAULT_FIELDS = (
    FieldSettings(name="name", label=Localised(en="Name", ru="Имя")),
    FieldSettings(name="phone", type="phone", label=Localised(en="Phone", ru="Телефон")),
    FieldSettings(name="email", type="email", label=Localised(en="E-mail", ru="Эл. почта")),
    FieldSettings(name="message", type="textarea", label=Localised(en="Message", ru="Сообщение"), required=True),
)


class FormSettings(_Part):
    """A web form: hosted page, embed, plain HTML or JSON."""

    kind: Literal["form"] = Field("form", description="A web form.")
    title: Localised = Field(Localised(en="Write to us", ru="Напишите нам"), description="The heading of the page.")
    intro: Localised = Field(Localised(), description="A sentence or two under the heading.")
    button: Localised = Field(Localised(en="Send", ru="Отправить"), description="What the button says.")
    success: Localised = Field(
        Localised(en="Thank you. We will answer you soon.", ru="Спасибо. Мы скоро ответим вам."),
        description="What the visitor reads when it was taken.",
    )
    language: Language = Field("en", description="For visitors whose browser asks for neither English nor Russian.")
    fields: tuple[FieldSettings, ...] = Field(
        DEFAULT_FIELDS, description="The fields in their order; one at least of type email or phone."
    )
    consent: ConsentSettings | None = Field(None, description="A consent to tick, with its text.")
    consents: tuple[MailingConsent, ...] = Field(
        (),
        max_length=20,
        description="Boxes for those who want mailings. Whoever ticks one is asked by mail or SMS to confirm it.",
    )
    origins: tuple[Origin, ...] = Field(
        (),
        description='Sites that may post by script and frame the form: "https://shop.example.com"; "*" is all.',
        examples=[("https://shop.example.com",)],
        json_schema_extra={"form": 'expected https:// and a name in small letters, without a path, or "*"'},
    )
    min_seconds: float = Field(
        2, ge=0, le=60, description="Filled in quicker than that is marked as spam; 0 switches the trap off."
    )
    honeypot: FieldName = Field(
        "website",
        description="A field that people do not see; who fills it is marked as spam.",
        examples=["website"],
        json_schema_extra={"form": "a field's name is made of A-Z, a-z, 0-9, _ and -, and begins with a letter"},
    )
    max_files: int = Field(5, ge=0, le=20, description="Files in one submission.")
    per_minute: int = Field(60, ge=0, description="Submissions a minute from one IP address; 0 is no limit.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        names = [*(one.name for one in self.fields), *(one.name for one in self.consents), self.honeypot]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"fields: {', '.join(sorted(twice))} is there twice (the honeypot counts)")
        if not any(field.type in {"email", "phone"} for field in self.fields):
            raise ValueError('fields: nobody could be answered; add one with type = "email" or "phone"')
        return self

    @property
    def takes_files(self) -> bool:
        """Whether a file can come with it."""
        return self.max_files > 0 and any(field.type == "file" for field in self.fields)
