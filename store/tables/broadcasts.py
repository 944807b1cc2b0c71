"""Mailings: what is sent to whom, how fast each provider takes it, and what people did with it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, SmallInteger, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import NOW, Time, metadata

broadcasts = Table(
    "broadcasts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False, comment="draft, scheduled, running, paused, cancelled, finished"),
    Column("plan", JSONB, nullable=False, comment="broadcasts.plan.Plan: audience, steps, times, limits"),
    Column("content", JSONB, nullable=False, comment="broadcasts.content: blocks and variants"),
    Column("links", JSONB, nullable=False, server_default=text("'[]'"), comment="what the n-th counted link leads to"),
    Column("revision", Integer, nullable=False, server_default=text("1"), comment="counts the changes of the draft"),
    Column("scheduled_at", Time, comment="when it begins; of a local time: in the first zone"),
    Column("upto", Uuid, comment="the highest contact id when it began: later ones are late comers"),
    Column("cursor", Uuid, comment="people up to this one have their row"),
    Column("expanded_at", Time, comment="when everybody had a row"),
    Column("started_at", Time),
    Column("finished_at", Time),
    Column("reason", Text, comment="why it is paused, in words"),
    Column("resumes_at", Time, comment="when it goes on by itself"),
    Column("parent_id", Uuid, comment="the broadcast that it repeats"),
    Column("created_at", Time, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("confirmed_by", Text, comment="the second person"),
    Index("ix_broadcasts_live", "state", postgresql_where=text("state IN ('scheduled', 'running', 'paused')")),
    Index(None, "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
)

templates = Table(
    "templates",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("at", Time, nullable=False),
    Column("actor", Text, nullable=False),
    Column("archived_at", Time),
    UniqueConstraint("name", "version"),
    comment="append-only versions: the highest of a name holds",
)

engagements = Table(
    "engagements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("delivery_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False, comment="open, click"),
    Column("link", SmallInteger, comment="of a click: which of the broadcast's links"),
    Column("machine", Boolean, nullable=False, comment="a scanner, a proxy or a bot: counted apart"),
    Column("at", Time, nullable=False),
    Index(None, "delivery_id", "kind"),
)

quotas = Table(
    "quotas",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("provider", Text, primary_key=True, comment="empty: the whole account"),
    Column("span", Text, primary_key=True, comment="second, minute, hour, day"),
    Column("began_at", Time, nullable=False, comment="of the window that is counted"),
    Column("used", Integer, nullable=False),
    comment="how much of each window is used: shared by all processes, and what a restart does not forget",
)

pulses = Table(
    "pulses",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("minute", Time, primary_key=True),
    Column("sent", Integer, nullable=False),
    Column("soft", Integer, nullable=False, comment="421, 450, 429: not now"),
    Column("hard", Integer, nullable=False, comment="no such address"),
    Column("blocked", Integer, nullable=False, comment="refused for what we are or send"),
    Column("complaints", Integer, nullable=False),
    comment="what a provider answered lately: what the brakes look at. Totals are read from the deliveries",
)

brakes = Table(
    "brakes",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("level", SmallInteger, nullable=False, comment="each one halves the speed"),
    Column("until", Time, nullable=False, comment="nothing goes out before; after it the level falls"),
    Column("reason", Text, nullable=False),
    Column("share", Float, nullable=False, comment="of the full speed"),
    Column("at", Time, nullable=False),
)

warmups = Table(
    "warmups",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("began_at", Time, nullable=False, server_default=NOW, comment="the first mailing of this account"),
)
