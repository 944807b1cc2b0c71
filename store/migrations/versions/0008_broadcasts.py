"""Mailings: plans, content, what providers take, and what became of each recipient."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply."""
    op.execute("ALTER INDEX ix_traits_name SET (fastupdate = off)")  # each look-up would read the pending list through
    op.execute("SELECT gin_clean_pending_list('ix_traits_name')")
    _tables()
    _recipients()


def _tables() -> None:
    op.create_table(
        "brakes",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False, comment="each one halves the speed"),
        sa.Column(
            "until",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="nothing goes out before; after it the level falls",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False, comment="of the full speed"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "provider", name=op.f("pk_brakes")),
    )
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="draft, scheduled, running, paused, cancelled, finished"),
        sa.Column(
            "plan", postgresql.JSONB(), nullable=False, comment="broadcasts.plan.Plan: audience, steps, times, limits"
        ),
        sa.Column("content", postgresql.JSONB(), nullable=False, comment="broadcasts.content: blocks and variants"),
        sa.Column(
            "links",
            postgresql.JSONB(),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="what the n-th counted link leads to",
        ),
        sa.Column(
            "revision",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="counts the changes of the draft",
        ),
        sa.Column(
            "scheduled_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it begins; of a local time: in the first zone",
        ),
        sa.Column(
            "upto", sa.Uuid(), nullable=True, comment="the highest contact id when it began: later ones are late comers"
        ),
        sa.Column("cursor", sa.Uuid(), nullable=True, comment="people up to this one have their row"),
        sa.Column("expanded_at", sa.DateTime(timezone=True), nullable=True, comment="when everybody had a row"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it is paused, in words"),
        sa.Column("resumes_at", sa.DateTime(timezone=True), nullable=True, comment="when it goes on by itself"),
        sa.Column("parent_id", sa.Uuid(), nullable=True, comment="the broadcast that it repeats"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True, comment="the second person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    op.create_index(
        "ix_broadcasts_live",
        "broadcasts",
        ["state"],
        postgresql_where=sa.text("state IN ('scheduled', 'running', 'paused')"),
    )
    op.create_index(
        op.f("ix_broadcasts_parent_id"), "broadcasts", ["parent_id"], postgresql_where=sa.text("parent_id IS NOT NULL")
    )
    op.create_table(
        "engagements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="open, click"),
        sa.Column("link", sa.SmallInteger(), nullable=True, comment="of a click: which of the broadcast's links"),
        sa.Column("machine", sa.Boolean(), nullable=False, comment="a scanner, a proxy or a bot: counted apart"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagements")),
    )
    op.create_index(op.f("ix_engagements_delivery_id_kind"), "engagements", ["delivery_id", "kind"])
    op.create_table(
        "pulses",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("soft", sa.Integer(), nullable=False, comment="421, 450, 429: not now"),
        sa.Column("hard", sa.Integer(), nullable=False, comment="no such address"),
        sa.Column("blocked", sa.Integer(), nullable=False, comment="refused for what we are or send"),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "provider", "minute", name=op.f("pk_pulses")),
        comment="what a provider answered lately: what the brakes look at. Totals are read from the deliveries",
    )
    op.create_table(
        "quotas",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False, comment="empty: the whole account"),
        sa.Column("span", sa.Text(), nullable=False, comment="second, minute, hour, day"),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False, comment="of the window that is counted"),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "provider", "span", name=op.f("pk_quotas")),
        comment="how much of each window is used: shared by all processes, and what a restart does not forget",
    )
    op.create_table(
        "templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_templates_name_version")),
        comment="append-only versions: the highest of a name holds",
    )
    op.create_table(
        "warmups",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column(
            "began_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="the first mailing of this account",
        ),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_warmups")),
    )


def _recipients() -> None:
    op.add_column(
        "deliveries",
        sa.Column(
            "step", sa.SmallInteger(), server_default=sa.text("0"), nullable=False, comment="of the broadcast's cascade"
        ),
    )
    op.add_column(
        "deliveries",
        sa.Column(
            "provider",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="who receives it: gmail, yandex",
        ),
    )
    op.add_column(
        "deliveries",
        sa.Column(
            "code",
            sa.Text(),
            nullable=True,
            comment="of a mailing: why it was skipped or failed, as a word of store.outcomes.Code",
        ),
    )
    op.add_column(
        "deliveries", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True, comment="first, by a person")
    )
    op.add_column(
        "deliveries", sa.Column("clicked_at", sa.DateTime(timezone=True), nullable=True, comment="first, by a person")
    )
    op.add_column(
        "deliveries",
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True, comment="when the person wrote back"),
    )
    op.add_column(
        "deliveries",
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True, comment="when he unsubscribed by it"),
    )
    op.add_column("deliveries", sa.Column("complained_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "deliveries",
        sa.Column(
            "offered_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="of a mailing: just before it was put on the wire; null: it never was",
        ),
    )
    op.add_column(
        "deliveries",
        sa.Column(
            "next_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the cascade looks whether the next channel is to be tried",
        ),
    )
    op.create_index("ix_deliveries_next", "deliveries", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL"))
    op.drop_index("ix_deliveries_due", "deliveries")
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["channel", "priority", "due_at"],
        postgresql_where=sa.text("state = 'pending' AND broadcast_id IS NULL"),
    )
    op.create_index(
        "ix_deliveries_broadcast",
        "deliveries",
        ["broadcast_id", "address"],
        postgresql_where=sa.text("broadcast_id IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_mailing",
        "deliveries",
        ["broadcast_id", "channel", "provider", "due_at"],
        postgresql_where=sa.text("state = 'pending' AND broadcast_id IS NOT NULL"),
    )
    op.create_index(
        "uq_deliveries_recipient",
        "deliveries",
        ["contact_id", "broadcast_id", "step"],
        unique=True,
        postgresql_where=sa.text("broadcast_id IS NOT NULL"),
    )
