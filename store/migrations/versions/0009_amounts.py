"""For how much a lead was won."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply."""
    op.add_column("leads", sa.Column("amount", sa.Numeric(17, 2), nullable=True, comment="for how much; null: unknown"))
    op.add_column(
        "leads", sa.Column("currency", sa.Text(), nullable=True, comment="of the amount, beside each one: ISO 4217")
    )
    op.create_index(
        "ix_leads_won",
        "leads",
        ["closed_at"],
        postgresql_where=sa.text("state = 'won'"),
        postgresql_include=["contact_id", "amount", "currency"],
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_leads_won", table_name="leads")
    op.drop_column("leads", "currency")
    op.drop_column("leads", "amount")
