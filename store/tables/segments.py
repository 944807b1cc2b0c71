"""Segments: named conditions and lists of people."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import Time, metadata

segments = Table(
    "segments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="rule, list"),
    Column("rule", JSONB, comment="domain.conditions as JSON; null: a list"),
    Column("description", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("archived_at", Time),
    Index("uq_segments_name", "name", unique=True, postgresql_where=text("archived_at IS NULL")),
)

segment_versions = Table(
    "segment_versions",
    metadata,
    Column("segment_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("rule", JSONB),
    Column("description", Text, nullable=False),
    Column("at", Time, nullable=False),
    Column("actor", Text, nullable=False),
    comment="append-only: what a segment was from then on, the present version too",
)

segment_members = Table(
    "segment_members",
    metadata,
    Column("contact_id", Uuid, primary_key=True, comment="a card; its person belongs to the list"),
    Column("segment_id", Uuid, primary_key=True),
    Column("source", Text, nullable=False),
    Column("added_at", Time, nullable=False),
    Index(None, "segment_id", "contact_id"),
)
