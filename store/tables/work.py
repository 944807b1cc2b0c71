"""Staff, their leads, and the messages of both sides."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import Time, metadata

staff = Table(
    "staff",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("at_work", Boolean, nullable=False, server_default=text("false")),
    Column("channel", Text, comment="the bot through which this person works"),
    Column("address", Text, comment="his Telegram id, once he has opened the link"),
    Column("link_hash", LargeBinary, comment="SHA-256 of the one-time link's token"),
    Column("link_expires_at", Time),
    Column("created_at", Time, nullable=False),
    Column("left_at", Time),
    Index("uq_staff_address", "address", unique=True, postgresql_where=text("left_at IS NULL")),
)

rotations = Table(
    "rotations",
    metadata,
    Column("team", Text, primary_key=True),
    Column(
        "turn", BigInteger, nullable=False, comment="turns handed out so far; reserved outside the router's transaction"
    ),
)

leads = Table(
    "leads",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", BigInteger, Identity(always=True), nullable=False, comment="what people call it: #42"),
    Column("contact_id", Uuid, nullable=False, comment="the card that leads the person now. Derived from merges"),
    Column("home_id", Uuid, nullable=False, comment="the card that it is on, whatever is joined or parted"),
    Column("opened_by", Uuid, nullable=False, comment="the identity that opened it"),
    Column("pipeline", Text, nullable=False),
    Column("state", Text, nullable=False, comment="open, won, lost, spam"),
    Column("channel", Text, nullable=False, comment="the channel of the first message"),
    Column("owner_id", Uuid, comment="to whom it is offered, or who took it"),
    Column("taken_at", Time, comment="when the owner said yes"),
    Column("opened_at", Time, nullable=False),
    Column("active_at", Time, nullable=False, comment="the customer's last message"),
    Column("closed_at", Time),
    Column("under_id", Uuid, comment="while its person is joined: the person's other lead, where the talk goes on"),
    Column("amount", Numeric(17, 2), comment="for how much; null: unknown"),
    Column("currency", Text, comment="of the amount, beside each one: ISO 4217"),
    Index(
        "one_open_lead",
        "contact_id",
        "pipeline",
        unique=True,
        postgresql_where=text("state = 'open' AND under_id IS NULL"),
    ),
    Index(None, "contact_id", "opened_at"),
    Index(None, "under_id", postgresql_where=text("under_id IS NOT NULL")),
    Index(None, "number", unique=True),
    Index(None, "owner_id", postgresql_where=text("state = 'open'")),
    Index(
        "ix_leads_won",
        "closed_at",
        postgresql_where=text("state = 'won'"),
        postgresql_include=["contact_id", "amount", "currency"],
    ),
    postgresql_with={"fillfactor": "80"},
)

messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("direction", Text, nullable=False, comment="in: from the customer; out: from staff to the customer"),
    Column("identity_id", Uuid, comment="who wrote it, or to whom it goes"),
    Column("staff_id", Uuid, comment="who of us wrote it"),
    Column("lead_id", Uuid, comment="null: it opened none (machine mail)"),
    Column("ref", Text, nullable=False, comment="the id by which answers refer to it"),
    Column("thread", Text, nullable=False, comment="the ref of the message that began the conversation"),
    Column("subject", Text),
    Column("text", Text, nullable=False),
    Column("facts", JSONB, nullable=False, comment="fields, source, files, refers_to ... of domain.messages.Inbound"),
    Column("received_at", Time, nullable=False),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("channel", "external_id"),
    Index(None, "lead_id", "received_at"),
    Index(None, "channel", "ref", postgresql_where=text("ref <> ''")),
    Index(
        "ix_messages_received",
        "received_at",
        postgresql_where=text("direction = 'in'"),
        postgresql_include=["lead_id", "channel"],
    ),
)

assignments = Table(
    "assignments",
    metadata,
    Column("lead_id", Uuid, primary_key=True),
    Column("assigned_at", Time, primary_key=True),
    Column("staff_id", Uuid, nullable=False),
    Column("reason", Text, nullable=False, comment="turn, passed, took, waited"),
)

events = Table(
    "events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", Time, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False, comment="a channel's name, 'staff:ID', or 'leadwire'"),
    Column("lead_id", Uuid),
    Column("message_id", Uuid),
    Column("data", JSONB, nullable=False),
    Column("contact_id", Uuid, comment="the card that it is about, where it is about no lead"),
    Index(None, "lead_id", "at"),
    Index(None, "contact_id", "at", postgresql_where=text("contact_id IS NOT NULL")),
    Index(None, "message_id", postgresql_where=text("lead_id IS NULL")),
    comment="append-only: who did what to which lead, when",
)
