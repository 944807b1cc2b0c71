"""What comes in, beyond what the rooms below have shapes for. pydantic makes the OpenAPI document of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from domain.messages import AddressKind


def _without_nul(value: str) -> str:
    """PostgreSQL's text takes no NUL."""
    return value.replace("\x00", "")


def moment(value: datetime) -> datetime:
    """The time, when it has a zone and is one of our days. Raises ValueError."""
    if value.tzinfo is None:
        raise ValueError("give the time zone, too: 2026-01-31T12:00:00Z")
    if not 1970 <= value.year < 9000:  # with its zone, the first and the last year do not fit into the database
        raise ValueError("give a time from 1970 on")
    return value


Text = Annotated[str, StringConstraints(max_length=500), AfterValidator(_without_nul)]
Version = Annotated[str, StringConstraints(max_length=100), AfterValidator(_without_nul)]
Long = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_without_nul)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_without_nul)]
Time = Annotated[datetime, AfterValidator(moment)]
Limit = Annotated[int, Field(ge=1, le=100)]
Kind = Literal["email", "phone", "telegram", "vk", "external"]


class Shape(BaseModel):
    """What a caller sends: a name that nobody knows is a typing error, and is said."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AddressIn(Shape):
    """One address, as a person writes it."""

    kind: Kind
    value: Text = Field(description='An e-mail, a phone, an id; of kind external "system:id".', min_length=1)

    @property
    def address_kind(self) -> AddressKind:
        """As the house has it."""
        return AddressKind(self.kind)


Addresses = Annotated[list[AddressIn], Field(max_length=50)]
Fields = Annotated[dict[Text, Text], Field(max_length=200, description='Field -> value; "" clears it.')]
Tags = Annotated[list[Tag], Field(max_length=100)]
Columns = Annotated[list[Text], Field(max_length=200, description="Of a CSV; every one when empty.")]


class ContactIn(Shape):
    """A contact to be made."""

    name: Text = ""
    addresses: Addresses = []
    fields: Fields = {}
    tags: Tags = []
    note: Long = ""
    even_if_known: bool = Field(False, description="Make it although another contact has one of the addresses.")


class ContactPatch(Shape):
    """What is to change."""

    fields: Fields = {}
    add_tags: Tags = []
    remove_tags: Tags = []
    card: UUID | None = Field(None, description="Write on this one of the contact's cards; else on the leading one.")


class NoteIn(Shape):
    """A note."""

    text: Long = Field(min_length=1)


class AddressesIn(Shape):
    """Addresses to be added."""

    addresses: Annotated[list[AddressIn], Field(min_length=1, max_length=50)]
    name: Text = Field("", description="Whose they are; at a shared address it tells who.")


class SharedIn(Shape):
    """Whether several people have an address."""

    kind: Kind
    value: Text
    shared: bool


class Labels(Shape):
    """What people read."""

    en: Text = ""
    ru: Text = ""


class FieldIn(Shape):
    """A custom field to be defined."""

    name: Text
    type: Literal["text", "number", "date", "phone", "email", "choice", "flag"]
    labels: Labels
    choices: Annotated[list[Text], Field(max_length=200)] = []
    matching: Literal["none", "text", "identifier", "personal", "date"] = "none"


class FieldPatch(Shape):
    """What is to change; what is left out stays."""

    labels: Labels | None = None
    choices: Annotated[list[Text], Field(max_length=200)] | None = None
    matching: Literal["none", "text", "identifier", "personal", "date"] | None = None
    archived: bool | None = None


class FieldOut(BaseModel):
    """A field of contacts."""

    name: str
    type: str
    labels: dict[str, str]
    choices: list[str]
    matching: str
    custom: bool
    archived: bool


class CompanyIn(Shape):
    """A company."""

    name: Text = Field(min_length=1)
    kind: Literal["client", "partner"] = "client"


class MemberIn(Shape):
    """A contact's place in a company."""

    position: Text = ""


class MergeIn(Shape):
    """Two contacts to be joined."""

    one: UUID = Field(description="The contact that leads.")
    other: UUID
    choices: dict[Text, UUID] = Field({}, description="Field -> the card whose value shows; else the leading one's.")
    even_if_different: bool = Field(False, description="Although somebody has said that they are not the same.")


class PairIn(Shape):
    """Two contacts."""

    one: UUID
    other: UUID


class UndoIn(Shape):
    """Merges to be taken back: `ids`, or all that `rule` did from `since` on, before `until`."""

    ids: Annotated[list[UUID], Field(max_length=20_000)] | None = None
    rule: Text | None = None
    since: Time | None = None
    until: Time | None = None
    at_most: int = Field(500, ge=1, le=5000, description="So many in this request; ask again until `left` is 0.")


class UndoOut(BaseModel):
    """How far it is."""

    undone: int
    total: int
    left: int


class MergeOut(BaseModel):
    """A merge."""

    id: UUID
    at: datetime
    one: UUID
    other: UUID
    rule: str
    actor: str
    choices: dict[str, str]
    undone_at: datetime | None
    undone_by: str | None


class SuggestionOut(BaseModel):
    """Two cards that are probably one person."""

    id: UUID
    one: UUID
    other: UUID
    score: float
    band: str
    reasons: list[list[Any]] = Field(description="[field, how alike, bits for (or against) being one person]")
    state: str
    due_at: datetime
    created_at: datetime


class DecisionIn(Shape):
    """What a person says."""

    answer: Literal["same", "different", "later", "undo"]
    choices: dict[Text, UUID] = Field({}, description="With same: field -> the card whose value shows.")


class ConsentIn(Shape):
    """A receipt: what somebody agreed to, or took back."""

    purpose: Text = Field(description="marketing, or a topic of the configuration.", examples=["marketing"])
    channel: Text = Field("", description="email, sms or telegram; empty for all.")
    granted: bool
    text: Long = Field("", description="Word for word what was agreed to.")
    version: Version = Field("", description="Of the text, as its author counts.", examples=["3"])
    identity: UUID | None = Field(None, description="The address that it was given from.")


class FilterIn(Shape):
    """Which contacts; all of them when nothing is given."""

    tag: Text = ""
    owner: UUID | None = None
    company: UUID | None = None
    city: Text = ""
    since: Time | None = None
    import_id: UUID | None = None


class WantedIn(Shape):
    """What is to be carried out."""

    format: Literal["csv", "vcard"] = "csv"
    columns: Columns = []
    filter: FilterIn = FilterIn()


class MadeOut(BaseModel):
    """What was made."""

    id: UUID | None
