"""Everything that we send, what became of it, and what holds it back."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, SmallInteger, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import NOW, Time, metadata

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
    Column("step", SmallInteger, nullable=False, server_default=text("0"), comment="of the broadcast's cascade"),
    Column("provider", Text, nullable=False, server_default=text("''"), comment="who receives it: gmail, yandex"),
    Column("code", Text, comment="of a mailing: why it was skipped or failed, as a word of store.outcomes.Code"),
    Column("created_at", Time, nullable=False),
    Column("sent_at", Time),
    Column("reported_at", Time, comment="the last word from the provider"),
    Column("opened_at", Time, comment="first, by a person"),
    Column("clicked_at", Time, comment="first, by a person"),
    Column("answered_at", Time, comment="when the person wrote back"),
    Column("left_at", Time, comment="when he unsubscribed by it"),
    Column("complained_at", Time),
    Column("offered_at", Time, comment="of a mailing: just before it was put on the wire; null: it never was"),
    Column("next_at", Time, comment="when the cascade looks whether the next channel is to be tried"),
    Index(
        "ix_deliveries_due",
        "channel",
        "priority",
        "due_at",
        postgresql_where=text("state = 'pending' AND broadcast_id IS NULL"),
    ),
    Index(
        "ix_deliveries_mailing",
        "broadcast_id",
        "channel",
        "provider",
        "due_at",
        postgresql_where=text("state = 'pending' AND broadcast_id IS NOT NULL"),
    ),
    Index(
        "uq_deliveries_recipient",
        "contact_id",
        "broadcast_id",
        "step",
        unique=True,
        postgresql_where=text("broadcast_id IS NOT NULL"),
    ),
    Index("ix_deliveries_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("ix_deliveries_broadcast", "broadcast_id", "address", postgresql_where=text("broadcast_id IS NOT NULL")),
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

cursors = Table(
    "cursors",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("saved_at", Time, nullable=False, server_default=NOW),
)
