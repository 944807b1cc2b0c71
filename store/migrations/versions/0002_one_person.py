"""One person: claims, merges that can be undone, suggestions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

_CLAIMS = """INSERT INTO claims (identity_id, contact_id, proof, source, name, at)
  SELECT id, contact_id, CASE WHEN proved THEN 'channel' ELSE 'typed' END, 'before', coalesce(name, ''), created_at
  FROM identities WHERE kind <> 'unreadable'"""
"""What is known so far was not written down claim by claim: it is taken over as it stands."""
_SUGGESTIONS = """INSERT INTO suggestions (id, one, other, score, band, reasons, state, due_at, created_at)
  SELECT gen_random_uuid(), one, other, 0, 'likely', '[]', 'open', created_at, created_at FROM merge_suggestions"""


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "claims",
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column(
            "contact_id", sa.Uuid(), nullable=False, comment="the card that says so; not always the one that has it"
        ),
        sa.Column("proof", sa.Text(), nullable=False, comment="domain.messages.Proof"),
        sa.Column("source", sa.Text(), nullable=False, comment="a channel's name, 'import:ID', 'staff:ID', 'api:ID'"),
        sa.Column("name", sa.Text(), nullable=False, comment="the name that came along; empty for none"),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("identity_id", "contact_id", "proof", "source", "name", name=op.f("pk_claims")),
        comment="who said of an address that it is his, how far it was proved, from where and when. Append-only",
    )
    op.create_index(op.f("ix_claims_contact_id"), "claims", ["contact_id"], unique=False)
    op.create_table(
        "merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("one", sa.Uuid(), nullable=False, comment="the card whose person leads"),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False, comment="hand, review, proved-together, certain, import:ID"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "choices",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="field -> the card whose value shows",
        ),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
        comment="which cards were found to be one person; a person is what is connected by those that are not undone",
    )
    op.create_index(op.f("ix_merges_one"), "merges", ["one"], unique=False)
    op.create_index(op.f("ix_merges_other"), "merges", ["other"], unique=False)
    op.create_index(op.f("ix_merges_rule_at"), "merges", ["rule", "at"], unique=False)
    op.create_table(
        "shared_addresses",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False, comment="false: a person said that it is one person's"),
        sa.Column("reason", sa.Text(), nullable=False, comment="names, cards, or staff:ID"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_shared_addresses")),
        comment="addresses of several people: no key to one of them",
    )
    op.create_table(
        "suggestions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("one", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False, comment="the greater id"),
        sa.Column("score", sa.Float(), nullable=False, comment="bits for being one person"),
        sa.Column("band", sa.Text(), nullable=False, comment="certain, likely"),
        sa.Column(
            "reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="[[field, level, bits], ...], the strongest first",
        ),
        sa.Column(
            "state", sa.Text(), server_default=sa.text("'open'"), nullable=False, comment="open, same, different, gone"
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="when it is asked; Later puts it off"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True, comment="when its card went to a chat"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_suggestions")),
        comment="pairs of cards that are probably one person",
    )
    op.create_index(
        "ix_suggestions_open", "suggestions", ["score"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(op.f("ix_suggestions_other"), "suggestions", ["other"], unique=False)
    op.create_index("uq_suggestions_id", "suggestions", ["id"], unique=True)
    op.create_table(
        "traits",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="people.names.name_key, for search and similarity"),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="people.traits.Traits"),
        sa.Column("keys", sa.ARRAY(sa.Text()), nullable=False, comment="people.keys: probable duplicates share one"),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_traits")),
        comment="what a card is compared by, as it was when it was compared last",
    )
    op.create_index(
        "ix_traits_keys",
        "traits",
        ["keys"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "ix_traits_name",
        "traits",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_table(
        "verdicts",
        sa.Column("one", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False, comment="the greater id"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_verdicts")),
        comment="pairs of cards that a person has said are not the same, for everybody and every rule",
    )
    op.create_table(
        "weights",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="people.score.Weights"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weights")),
        comment="what the comparisons weigh, as learned from this installation; the latest holds",
    )
    op.add_column(
        "contacts",
        sa.Column(
            "leader_id",
            sa.Uuid(),
            nullable=True,
            comment="the card that leads the person; null: this one does. Derived from merges",
        ),
    )
    op.add_column(
        "contacts",
        sa.Column(
            "match_due",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="to be compared with the others",
        ),
    )
    op.add_column("contacts", sa.Column("import_id", sa.Uuid(), nullable=True, comment="the import that made it"))
    op.create_index(
        op.f("ix_contacts_import_id"),
        "contacts",
        ["import_id"],
        unique=False,
        postgresql_where=sa.text("import_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_contacts_leader_id"),
        "contacts",
        ["leader_id"],
        unique=False,
        postgresql_where=sa.text("leader_id IS NOT NULL"),
    )
    op.create_index("ix_contacts_match_due", "contacts", ["id"], unique=False, postgresql_where=sa.text("match_due"))
    op.create_table_comment(
        "contacts",
        "A card: what is known of one person from one side. Cards are joined by merges, and never rewritten.",
        existing_comment="A person. Nothing hangs here that could not be moved back: see identities.",
        schema=None,
    )
    op.add_column(
        "events",
        sa.Column(
            "contact_id", sa.Uuid(), nullable=True, comment="the card that it is about, where it is about no lead"
        ),
    )
    op.create_index(
        op.f("ix_events_contact_id_at"),
        "events",
        ["contact_id", "at"],
        unique=False,
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.add_column(
        "identities",
        sa.Column(
            "variant",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="whose it is, at a shared address",
        ),
    )
    op.add_column(
        "identities",
        sa.Column("home_id", sa.Uuid(), nullable=True, comment="the card that it is on, whatever is joined or parted"),
    )
    op.execute("UPDATE identities SET home_id = contact_id")
    op.alter_column("identities", "home_id", nullable=False)
    op.alter_column(
        "identities",
        "contact_id",
        existing_type=sa.UUID(),
        comment="the card that leads the person now. Derived from merges",
        existing_nullable=False,
    )
    op.alter_column(
        "identities",
        "proved",
        existing_type=sa.BOOLEAN(),
        comment="somebody vouched for it (see claims); else it was only typed",
        existing_comment="a channel vouched for it; else it was only typed somewhere",
        existing_nullable=False,
    )
    op.drop_constraint(op.f("uq_identities_kind_value"), "identities", type_="unique")
    op.create_unique_constraint(op.f("uq_identities_kind_value_variant"), "identities", ["kind", "value", "variant"])
    op.add_column(
        "leads",
        sa.Column("home_id", sa.Uuid(), nullable=True, comment="the card that it is on, whatever is joined or parted"),
    )
    op.execute("UPDATE leads SET home_id = contact_id")
    op.alter_column("leads", "home_id", nullable=False)
    op.add_column(
        "leads",
        sa.Column(
            "under_id",
            sa.Uuid(),
            nullable=True,
            comment="while its person is joined: the person's other lead, where the talk goes on",
        ),
    )
    op.alter_column(
        "leads",
        "contact_id",
        existing_type=sa.UUID(),
        comment="the card that leads the person now. Derived from merges",
        existing_nullable=False,
    )
    op.create_index(op.f("ix_leads_contact_id_opened_at"), "leads", ["contact_id", "opened_at"], unique=False)
    op.create_index(
        op.f("ix_leads_under_id"), "leads", ["under_id"], unique=False, postgresql_where=sa.text("under_id IS NOT NULL")
    )
    op.drop_index("one_open_lead", table_name="leads")
    op.create_index(
        "one_open_lead",
        "leads",
        ["contact_id", "pipeline"],
        unique=True,
        postgresql_where=sa.text("state = 'open' AND under_id IS NULL"),
    )
    op.execute(_CLAIMS)
    op.execute(_SUGGESTIONS)
    op.drop_table("merge_suggestions")


def downgrade() -> None:
    """Take back."""
    op.drop_index("one_open_lead", table_name="leads")
    op.create_index(
        "one_open_lead", "leads", ["contact_id", "pipeline"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.drop_index(op.f("ix_leads_under_id"), table_name="leads", postgresql_where=sa.text("under_id IS NOT NULL"))
    op.drop_index(op.f("ix_leads_contact_id_opened_at"), table_name="leads")
    op.alter_column(
        "leads",
        "contact_id",
        existing_type=sa.UUID(),
        comment=None,
        existing_comment="the card that leads the person now. Derived from merges",
        existing_nullable=False,
    )
    op.drop_column("leads", "under_id")
    op.drop_column("leads", "home_id")
    op.drop_constraint(op.f("uq_identities_kind_value_variant"), "identities", type_="unique")
    op.create_unique_constraint(
        op.f("uq_identities_kind_value"), "identities", ["kind", "value"], postgresql_nulls_not_distinct=False
    )
    op.alter_column(
        "identities",
        "proved",
        existing_type=sa.BOOLEAN(),
        comment="a channel vouched for it; else it was only typed somewhere",
        existing_comment="somebody vouched for it (see claims); else it was only typed",
        existing_nullable=False,
    )
    op.alter_column(
        "identities",
        "contact_id",
        existing_type=sa.UUID(),
        comment=None,
        existing_comment="the card that leads the person now. Derived from merges",
        existing_nullable=False,
    )
    op.drop_column("identities", "home_id")
    op.drop_column("identities", "variant")
    op.drop_index(
        op.f("ix_events_contact_id_at"), table_name="events", postgresql_where=sa.text("contact_id IS NOT NULL")
    )
    op.drop_column("events", "contact_id")
    op.create_table_comment(
        "contacts", "A person. Nothing hangs here that could not be moved back: see identities.", schema=None
    )
    op.drop_index("ix_contacts_match_due", table_name="contacts", postgresql_where=sa.text("match_due"))
    op.drop_index(
        op.f("ix_contacts_leader_id"), table_name="contacts", postgresql_where=sa.text("leader_id IS NOT NULL")
    )
    op.drop_index(
        op.f("ix_contacts_import_id"), table_name="contacts", postgresql_where=sa.text("import_id IS NOT NULL")
    )
    op.drop_column("contacts", "import_id")
    op.drop_column("contacts", "match_due")
    op.drop_column("contacts", "leader_id")
    op.create_table(
        "merge_suggestions",
        sa.Column("one", sa.UUID(), autoincrement=False, nullable=False),
        sa.Column("other", sa.UUID(), autoincrement=False, nullable=False),
        sa.Column("because", sa.UUID(), autoincrement=False, nullable=False, comment="the message that named both"),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_merge_suggestions")),
    )
    op.drop_table("weights")
    op.drop_table("verdicts")
    op.drop_index(
        "ix_traits_name", table_name="traits", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
    )
    op.drop_index("ix_traits_keys", table_name="traits", postgresql_using="gin")
    op.drop_table("traits")
    op.drop_index("uq_suggestions_id", table_name="suggestions")
    op.drop_index(op.f("ix_suggestions_other"), table_name="suggestions")
    op.drop_index("ix_suggestions_open", table_name="suggestions", postgresql_where=sa.text("state = 'open'"))
    op.drop_table("suggestions")
    op.drop_table("shared_addresses")
    op.drop_index(op.f("ix_merges_rule_at"), table_name="merges")
    op.drop_index(op.f("ix_merges_other"), table_name="merges")
    op.drop_index(op.f("ix_merges_one"), table_name="merges")
    op.drop_table("merges")
    op.drop_index(op.f("ix_claims_contact_id"), table_name="claims")
    op.drop_table("claims")
