"""Links that whoever sent a request was given."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "links",
        sa.Column(
            "hash",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the token, which is kept nowhere",
        ),
        sa.Column("message_id", sa.Uuid(), nullable=False, comment="the request"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="form: shown to whoever sent the form; address: sent to one address alone",
        ),
        sa.Column(
            "address_kind",
            sa.Text(),
            nullable=True,
            comment="of kind address: to which it was sent, so whoever has it reads there",
        ),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "used_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="of kind address: it has opened a bot, and opens none again",
        ),
        sa.Column(
            "confirmed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="of kind address: the button on the page was pressed",
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_expires_at"), "links", ["expires_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("links")
