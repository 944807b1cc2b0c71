"""People: the cards that they are made of, the addresses on them, and how cards were joined."""

from __future__ import annotations

from sqlalchemy import ARRAY, Boolean, Column, Float, Index, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import NOW, Time, metadata

contacts = Table(
    "contacts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", Time, nullable=False),
    Column("leader_id", Uuid, comment="the card that leads the person; null: this one does. Derived from merges"),
    Column("match_due", Boolean, nullable=False, server_default=text("true"), comment="to be compared with the others"),
    Column("import_id", Uuid, comment="the import that made it"),
    Index(None, "leader_id", postgresql_where=text("leader_id IS NOT NULL"), postgresql_include=["id"]),
    Index("ix_contacts_match_due", "id", postgresql_where=text("match_due")),
    Index(None, "import_id", postgresql_where=text("import_id IS NOT NULL")),
    comment="A card: what is known of one person from one side. Cards are joined by merges, and never rewritten.",
)

identities = Table(
    "identities",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False, comment="domain.messages.AddressKind, or 'unreadable'"),
    Column("value", Text, nullable=False, comment="normal form"),
    Column("variant", Text, nullable=False, server_default=text("''"), comment="whose it is, at a shared address"),
    Column("contact_id", Uuid, nullable=False, comment="the card that leads the person now. Derived from merges"),
    Column("home_id", Uuid, nullable=False, comment="the card that it is on, whatever is joined or parted"),
    Column("proved", Boolean, nullable=False, comment="somebody vouched for it (see claims); else it was only typed"),
    Column("name", Text, comment="what this person called himself under this address"),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("kind", "value", "variant"),
    Index(None, "contact_id"),
)

claims = Table(
    "claims",
    metadata,
    Column("identity_id", Uuid, primary_key=True),
    Column("contact_id", Uuid, primary_key=True, comment="the card that says so; not always the one that has it"),
    Column("proof", Text, primary_key=True, comment="domain.messages.Proof"),
    Column("source", Text, primary_key=True, comment="a channel's name, 'import:ID', 'staff:ID', 'api:ID'"),
    Column("name", Text, primary_key=True, comment="the name that came along; empty for none"),
    Column("message_id", Uuid),
    Column("at", Time, nullable=False),
    Index(None, "contact_id"),
    comment="who said of an address that it is his, how far it was proved, from where and when. Append-only",
)

shared_addresses = Table(
    "shared_addresses",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("shared", Boolean, nullable=False, comment="false: a person said that it is one person's"),
    Column("reason", Text, nullable=False, comment="names, cards, or staff:ID"),
    Column("at", Time, nullable=False),
    comment="addresses of several people: no key to one of them",
)

merges = Table(
    "merges",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", Time, nullable=False),
    Column("one", Uuid, nullable=False, comment="the card whose person leads"),
    Column("other", Uuid, nullable=False),
    Column("rule", Text, nullable=False, comment="hand, review, proved-together, certain, import:ID"),
    Column("actor", Text, nullable=False),
    Column("choices", JSONB, nullable=False, comment="field -> the card whose value shows"),
    Column("undone_at", Time),
    Column("undone_by", Text),
    Index(None, "one"),
    Index(None, "other"),
    Index(None, "rule", "at"),
    comment="which cards were found to be one person; a person is what is connected by those that are not undone",
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("one", Uuid, primary_key=True),
    Column("other", Uuid, primary_key=True, comment="the greater id"),
    Column("actor", Text, nullable=False),
    Column("at", Time, nullable=False),
    comment="pairs of cards that a person has said are not the same, for everybody and every rule",
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("one", Uuid, primary_key=True),
    Column("other", Uuid, primary_key=True, comment="the greater id"),
    Column("score", Float, nullable=False, comment="bits for being one person"),
    Column("band", Text, nullable=False, comment="certain, likely"),
    Column("reasons", JSONB, nullable=False, comment="[[field, level, bits], ...], the strongest first"),
    Column("state", Text, nullable=False, server_default=text("'open'"), comment="open, same, different, gone"),
    Column("due_at", Time, nullable=False, comment="when it is asked; Later puts it off"),
    Column("created_at", Time, nullable=False, server_default=NOW),
    Column("asked_at", Time, comment="when its card went to a chat"),
    Column("decided_at", Time),
    Column("decided_by", Text),
    Index("uq_suggestions_id", "id", unique=True),
    Index(None, "other"),
    Index("ix_suggestions_open", "score", postgresql_where=text("state = 'open'")),
    comment="pairs of cards that are probably one person",
)

traits = Table(
    "traits",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, comment="people.names.name_key, for search and similarity"),
    Column("facts", JSONB, nullable=False, comment="people.traits.Traits"),
    Column("keys", ARRAY(Text), nullable=False, comment="people.keys: probable duplicates share one"),
    # Without the list of pending entries, which each look-up would have to read through
    Index("ix_traits_keys", "keys", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    Index(
        "ix_traits_name",
        "name",
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
        postgresql_with={"fastupdate": "off"},
    ),
    comment="what a card is compared by, as it was when it was compared last",
)

weights = Table(
    "weights",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", Time, nullable=False),
    Column("values", JSONB, nullable=False, comment="people.score.Weights"),
    Column("actor", Text, nullable=False),
    comment="what the comparisons weigh, as learned from this installation; the latest holds",
)
