"""What hangs on a person's card: fields with their history, tags, notes, files, companies, consents."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import Time, metadata

field_kinds = Table(
    "field_kinds",
    metadata,
    Column("name", Text, primary_key=True),
    Column("type", Text, nullable=False, comment="text, number, date, phone, email, choice, flag"),
    Column("labels", JSONB, nullable=False, comment="language -> what people read"),
    Column("choices", JSONB, nullable=False, comment="of a choice: the values"),
    Column("matching", Text, nullable=False, comment="how duplicates are found by it: none, text, identifier, date"),
    Column("created_at", Time, nullable=False),
    Column("archived_at", Time),
    comment="custom fields of cards",
)

field_values = Table(
    "field_values",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("field", Text, nullable=False, comment="a built-in one (people.fields) or a custom one"),
    Column("value", Text, nullable=False, comment="normal form; empty: it was cleared"),
    Column("source", Text, nullable=False, comment="a channel's name, 'import:ID', 'staff:ID', 'api:ID'"),
    Column("at", Time, nullable=False),
    Index(None, "contact_id", "field", "at"),
    Index(None, "field", "value"),
    comment="append-only: the latest value of a card's field holds, the others are its history",
)

contact_tags = Table(
    "contact_tags",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("at", Time, nullable=False),
    Index(None, "tag"),
)

companies = Table(
    "companies",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False, comment="the name without case, quotes and legal form"),
    Column("kind", Text, nullable=False, comment="client, partner"),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("key"),
)

company_members = Table(
    "company_members",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("company_id", Uuid, primary_key=True),
    Column("position", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", Time, nullable=False),
    Index(None, "company_id"),
)

notes = Table(
    "notes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("text", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", Time, nullable=False),
    Index(None, "contact_id", "at"),
)

contact_files = Table(
    "contact_files",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("key", Text, nullable=False, comment="of the file store"),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", Time, nullable=False),
    Index(None, "contact_id", "at"),
)

consents = Table(
    "consents",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("identity_id", Uuid, comment="the address that it was given from"),
    Column("purpose", Text, nullable=False, comment="marketing, service ..."),
    Column("channel", Text, nullable=False, comment="email, sms, telegram; empty: all"),
    Column("granted", Boolean, nullable=False, comment="false: withdrawn"),
    Column("text", Text, nullable=False, comment="word for word what was agreed to"),
    Column("text_hash", LargeBinary, nullable=False, comment="SHA-256 of it"),
    Column("source", Text, nullable=False),
    Column("at", Time, nullable=False),
    Column("version", Text, nullable=False, server_default=text("''"), comment="of the text, as its author counts"),
    Column("actor", Text, nullable=False, server_default=text("''"), comment="who wrote it down; empty: the source"),
    Column("address", Text, nullable=False, server_default=text("''"), comment="or the chat, as it was written"),
    Column("address_hash", LargeBinary, comment="keyed, as in tombstones: what stays of the address once it is erased"),
    Index(None, "contact_id", "purpose", "channel", "at"),
    comment="append-only receipts: the latest of a card, purpose and channel holds; of a person, the strictest",
)
