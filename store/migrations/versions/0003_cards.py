"""What hangs on a person's card; imports, exports and keys of the API."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key"),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index("uq_api_keys_hash", "api_keys", ["hash"], unique=True)
    op.create_table(
        "companies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="the name without case, quotes and legal form"),
        sa.Column("kind", sa.Text(), nullable=False, comment="client, partner"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("key", name=op.f("uq_companies_key")),
    )
    op.create_table(
        "company_members",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "company_id", name=op.f("pk_company_members")),
    )
    op.create_index(op.f("ix_company_members_company_id"), "company_members", ["company_id"], unique=False)
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=True, comment="the address that it was given from"),
        sa.Column("purpose", sa.Text(), nullable=False, comment="marketing, service ..."),
        sa.Column("channel", sa.Text(), nullable=False, comment="email, sms, telegram; empty: all"),
        sa.Column("granted", sa.Boolean(), nullable=False, comment="false: withdrawn"),
        sa.Column("text", sa.Text(), nullable=False, comment="word for word what was agreed to"),
        sa.Column("text_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of it"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        comment="append-only receipts: the latest of a card, purpose and channel holds; of a person, the strictest",
    )
    op.create_index(
        op.f("ix_consents_contact_id_purpose_channel_at"),
        "consents",
        ["contact_id", "purpose", "channel", "at"],
        unique=False,
    )
    op.create_table(
        "contact_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="of the file store"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_files")),
    )
    op.create_index(op.f("ix_contact_files_contact_id_at"), "contact_files", ["contact_id", "at"], unique=False)
    op.create_table(
        "contact_tags",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "tag", name=op.f("pk_contact_tags")),
    )
    op.create_index(op.f("ix_contact_tags_tag"), "contact_tags", ["tag"], unique=False)
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("wanted", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="format, filter, columns"),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting, vetoed, done"),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="until then the owner may say no"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_table(
        "field_kinds",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False, comment="text, number, date, phone, email, choice, flag"),
        sa.Column(
            "labels", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="language -> what people read"
        ),
        sa.Column(
            "choices", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="of a choice: the values"
        ),
        sa.Column(
            "matching",
            sa.Text(),
            nullable=False,
            comment="how duplicates are found by it: none, text, identifier, date",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_field_kinds")),
        comment="custom fields of cards",
    )
    op.create_table(
        "field_values",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False, comment="a built-in one (people.fields) or a custom one"),
        sa.Column("value", sa.Text(), nullable=False, comment="normal form; empty: it was cleared"),
        sa.Column("source", sa.Text(), nullable=False, comment="a channel's name, 'import:ID', 'staff:ID', 'api:ID'"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_values")),
        comment="append-only: the latest value of a card's field holds, the others are its history",
    )
    op.create_index(
        op.f("ix_field_values_contact_id_field_at"), "field_values", ["contact_id", "field", "at"], unique=False
    )
    op.create_index(op.f("ix_field_values_field_value"), "field_values", ["field", "value"], unique=False)
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False, comment="as a person counts them in the file"),
        sa.Column("outcome", sa.Text(), nullable=False, comment="new, changed, conflicting, rejected"),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what changed, the reason of a rejection with the row itself",
        ),
        sa.PrimaryKeyConstraint("import_id", "row", name=op.f("pk_import_rows")),
        comment="what became of each row that was not the same already",
    )
    op.create_index(
        op.f("ix_import_rows_import_id_outcome_row"), "import_rows", ["import_id", "outcome", "row"], unique=False
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="of the file, as people know it"),
        sa.Column("file", sa.Text(), nullable=False, comment="its path, or its key in the file store"),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the file: it may not change in between"
        ),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="column -> target"),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="running, done, failed, undone"),
        sa.Column(
            "done", sa.BigInteger(), server_default=sa.text("0"), nullable=False, comment="rows: it goes on behind them"
        ),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="outcome -> rows"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_contact_id_at"), "notes", ["contact_id", "at"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_notes_contact_id_at"), table_name="notes")
    op.drop_table("notes")
    op.drop_table("imports")
    op.drop_index(op.f("ix_import_rows_import_id_outcome_row"), table_name="import_rows")
    op.drop_table("import_rows")
    op.drop_index(op.f("ix_field_values_field_value"), table_name="field_values")
    op.drop_index(op.f("ix_field_values_contact_id_field_at"), table_name="field_values")
    op.drop_table("field_values")
    op.drop_table("field_kinds")
    op.drop_table("exports")
    op.drop_index(op.f("ix_contact_tags_tag"), table_name="contact_tags")
    op.drop_table("contact_tags")
    op.drop_index(op.f("ix_contact_files_contact_id_at"), table_name="contact_files")
    op.drop_table("contact_files")
    op.drop_index(op.f("ix_consents_contact_id_purpose_channel_at"), table_name="consents")
    op.drop_table("consents")
    op.drop_index(op.f("ix_company_members_company_id"), table_name="company_members")
    op.drop_table("company_members")
    op.drop_table("companies")
    op.drop_index("uq_api_keys_hash", table_name="api_keys")
    op.drop_table("api_keys")
