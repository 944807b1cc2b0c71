"""Segments: named conditions and lists of people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "segments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="rule, list"),
        sa.Column("rule", postgresql.JSONB(), nullable=True, comment="domain.conditions as JSON; null: a list"),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_segments"),
    )
    op.create_index(
        "uq_segments_name", "segments", ["name"], unique=True, postgresql_where=sa.text("archived_at IS NULL")
    )
    op.create_table(
        "segment_versions",
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rule", postgresql.JSONB(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("segment_id", "version", name="pk_segment_versions"),
        comment="append-only: what a segment was from then on, the present version too",
    )
    op.create_table(
        "segment_members",
        sa.Column("contact_id", sa.Uuid(), nullable=False, comment="a card; its person belongs to the list"),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "segment_id", name="pk_segment_members"),
    )
    op.create_index("ix_segment_members_segment_id_contact_id", "segment_members", ["segment_id", "contact_id"])
    op.drop_index("ix_contacts_leader_id", "contacts")
    op.create_index(
        "ix_contacts_leader_id",
        "contacts",
        ["leader_id"],
        postgresql_where=sa.text("leader_id IS NOT NULL"),
        postgresql_include=["id"],
    )
    op.create_index(
        "ix_messages_received",
        "messages",
        ["received_at"],
        postgresql_where=sa.text("direction = 'in'"),
        postgresql_include=["lead_id", "channel"],
    )
