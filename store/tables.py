"""The tables. The migrations in `store/migrations` must equal them; a test compares.

There are no foreign keys. Each check locks the row it points at, which writes its page: with a million contacts that
made a routed message 1.7 times slower than with ten thousand (`make bench`), and tables that are to be partitioned
could not have them anyway. One writer, the router's transaction, keeps the references true; tests/router holds it to.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Time = DateTime(timezone=True)
NOW = text("now()")

contacts = Table(
    "contacts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", Time, nullable=False),
    comment="A person. Nothing hangs here that could not be moved back: see identities.",
)

identities = Table(
    "identities",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False, comment="domain.messages.AddressKind, or 'unreadable'"),
    Column("value", Text, nullable=False, comment="normal form"),
    Column("contact_id", Uuid, nullable=False),
    Column("proved", Boolean, nullable=False, comment="a channel vouched for it; else it was only typed somewhere"),
    Column("name", Text, comment="what this person called himself under this address"),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("kind", "value"),
    Index(None, "contact_id"),
)

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
    Column("contact_id", Uuid, nullable=False),
    Column("opened_by", Uuid, nullable=False, comment="the identity that opened it"),
    Column("pipeline", Text, nullable=False),
    Column("state", Text, nullable=False, comment="open, won, lost, spam"),
    Column("channel", Text, nullable=False, comment="the channel of the first message"),
    Column("owner_id", Uuid, comment="to whom it is offered, or who took it"),
    Column("taken_at", Time, comment="when the owner said yes"),
    Column("opened_at", Time, nullable=False),
    Column("active_at", Time, nullable=False, comment="the customer's last message"),
    Column("closed_at", Time),
    Index("one_open_lead", "contact_id", "pipeline", unique=True, postgresql_where=text("state = 'open'")),
    Index(None, "number", unique=True),
    Index(None, "owner_id", postgresql_where=text("state = 'open'")),
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
)

assignments = Table(
    "assignments",
    metadata,
    Column("lead_id", Uuid, primary_key=True),
    Column("assigned_at", Time, primary_key=True),
    Column("staff_id", Uuid, nullable=False),
    Column("reason", Text, nullable=False, comment="turn, passed, took, waited"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("purpose", Text, nullable=False, comment="store.deliveries.Purpose"),
    Column("facts", JSONB, nullable=False, comment="what to render, not the rendered text"),
    Column("state", Text, nullable=False, server_default=text("'pending'"), comment="domain.messages.DeliveryState"),
    Column("reason", Text, comment="why it failed or was skipped, in words"),
    Column("priority", SmallInteger, nullable=False, comment="store.deliveries.Lane: 0 goes first"),
    Column("due_at", Time, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("lease_until", Time, comment="while sending: afterwards the sender is taken for dead"),
    Column("external_id", Text, comment="the provider's id; by it reports and replies name this delivery"),
    Column("lead_id", Uuid),
    Column("message_id", Uuid, comment="the message that is relayed, answered or sent"),
    Column("contact_id", Uuid),
    Column("staff_id", Uuid, comment="the member of staff that it goes to"),
    Column("broadcast_id", Uuid),
    Column("created_at", Time, nullable=False),
    Column("sent_at", Time),
    Column("reported_at", Time, comment="the last word from the provider"),
    Index("ix_deliveries_due", "channel", "priority", "due_at", postgresql_where=text("state = 'pending'")),
    Index("ix_deliveries_lease", "lease_until", postgresql_where=text("state = 'sending'")),
    Index("ix_deliveries_external", "channel", "external_id", postgresql_where=text("external_id IS NOT NULL")),
    Index("ix_deliveries_lead", "lead_id", "created_at", postgresql_where=text("lead_id IS NOT NULL")),
    Index("ix_deliveries_message", "message_id", postgresql_where=text("message_id IS NOT NULL")),
    Index("ix_deliveries_greeting", "address", "created_at", postgresql_where=text("purpose = 'greeting'")),
    Index(
        "one_pending_refresh",
        "lead_id",
        "channel",
        "address",
        unique=True,
        postgresql_where=text("purpose = 'refresh' AND state = 'pending'"),
    ),
    postgresql_with={"fillfactor": "80"},
)

delivery_parts = Table(
    "delivery_parts",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("delivery_id", Uuid, nullable=False),
    comment="the further parts of a long text: a reply to any of them finds the delivery",
)

early_reports = Table(
    "early_reports",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Time, nullable=False),
    comment="reports that overtook the settling of their delivery: applied when it is settled",
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    comment="addresses that take nothing more on a channel",
)

pauses = Table(
    "pauses",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("until", Time, comment="null: until a person or a good ping lifts it"),
    Column("reason", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    comment="channels that send nothing now",
)

merge_suggestions = Table(
    "merge_suggestions",
    metadata,
    Column("one", Uuid, primary_key=True),
    Column("other", Uuid, primary_key=True),
    Column("because", Uuid, nullable=False, comment="the message that named both"),
    Column("created_at", Time, nullable=False, server_default=NOW),
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
    Index(None, "lead_id", "at"),
    Index(None, "message_id", postgresql_where=text("lead_id IS NULL")),
    comment="append-only: who did what to which lead, when",
)

cursors = Table(
    "cursors",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("saved_at", Time, nullable=False, server_default=NOW),
)
