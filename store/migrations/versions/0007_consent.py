"""Proof of consent, opting out, erasure."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply."""
    _receipts()
    _refusals()
    _requests()
    op.execute(_APPEND_ONLY)
    op.execute("CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON consents EXECUTE FUNCTION consents_append_only()")
    op.execute(_BAR)
    op.execute(
        """CREATE TRIGGER bar_the_erased AFTER INSERT ON identities REFERENCING NEW TABLE AS fresh
           FOR EACH STATEMENT EXECUTE FUNCTION bar_the_erased()"""
    )


def _receipts() -> None:
    empty: dict[str, Any] = {"server_default": sa.text("''"), "nullable": False}
    op.add_column("consents", sa.Column("version", sa.Text(), comment="of the text, as its author counts", **empty))
    op.add_column("consents", sa.Column("actor", sa.Text(), comment="who wrote it down; empty: the source", **empty))
    op.add_column("consents", sa.Column("address", sa.Text(), comment="or the chat, as it was written", **empty))
    op.add_column(
        "consents",
        sa.Column(
            "address_hash",
            sa.LargeBinary(),
            nullable=True,
            comment="keyed, as in tombstones: what stays of the address once it is erased",
        ),
    )


def _refusals() -> None:
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text(), nullable=False, comment="links, tombstones"),
        sa.Column("value", sa.LargeBinary(), nullable=False, comment="random; never in an export or a log"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
        comment="keys of this installation",
    )
    op.create_table(
        "opt_outs",
        sa.Column("kind", sa.Text(), nullable=False, comment="of the address: domain.messages.AddressKind"),
        sa.Column("value", sa.Text(), nullable=False, comment="normal form"),
        sa.Column("purpose", sa.Text(), nullable=False, comment="marketing, a topic; empty: everything but answers"),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=False,
            comment="link, mailto, word, button, complaint, page, staff, erased",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True, comment="a pause ends then; null: for good"),
        sa.PrimaryKeyConstraint("kind", "value", "purpose", name=op.f("pk_opt_outs")),
        comment="addresses that were told to be left alone; unlike a suppression, writing to us does not lift it",
    )
    op.create_table(
        "tombstones",
        sa.Column(
            "hash",
            sa.LargeBinary(),
            nullable=False,
            comment="HMAC-SHA-256 of kind:value under the secret 'tombstones'",
        ),
        sa.Column("scope", sa.Text(), nullable=False, comment="a purpose; empty: everything but answers"),
        sa.Column("reason", sa.Text(), nullable=False, comment="erased, withdrawn"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", "scope", name=op.f("pk_tombstones")),
        comment="what stays of an erased address: whoever brings it back brings its refusals, too",
    )


def _requests() -> None:
    op.create_table(
        "consent_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="of the address that is asked"),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="email, sms, telegram; empty: all"),
        sa.Column("text", sa.Text(), nullable=False, comment="word for word what is asked"),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "lapsed",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="refused or erased meanwhile",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_requests")),
        comment="double opt-in: asked, and not granted before the link's button is pressed",
    )
    op.create_index(op.f("ix_consent_requests_contact_id"), "consent_requests", ["contact_id"])


_APPEND_ONLY = """
CREATE FUNCTION consents_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('leadwire.rewrites_consents', true), '') <> 'on' THEN
    RAISE EXCEPTION 'receipts of consent are only ever added' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$
"""
# A receipt that can be changed proves nothing. Erasing a person and undoing an import say so before they do it

_BAR = """
CREATE FUNCTION bar_the_erased() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  key bytea;
  inner_pad bytea := decode(repeat('36', 64), 'hex');
  outer_pad bytea := decode(repeat('5c', 64), 'hex');
BEGIN
  IF NOT EXISTS (SELECT FROM tombstones) THEN
    RETURN NULL;
  END IF;
  SELECT value INTO key FROM secrets WHERE name = 'tombstones';
  FOR place IN 0 .. length(key) - 1 LOOP
    inner_pad := set_byte(inner_pad, place, get_byte(inner_pad, place) # get_byte(key, place));
    outer_pad := set_byte(outer_pad, place, get_byte(outer_pad, place) # get_byte(key, place));
  END LOOP;
  INSERT INTO opt_outs (kind, value, purpose, reason, at)
  SELECT DISTINCT f.kind, f.value, t.scope, t.reason, t.at FROM fresh f
  JOIN tombstones t ON t.hash =
    sha256(outer_pad || sha256(inner_pad || convert_to(f.kind || ':' || f.value, 'UTF8')))
  ON CONFLICT (kind, value, purpose) DO UPDATE SET until = NULL, reason = excluded.reason;
  RETURN NULL;
END $$
"""
# RFC 2104. By whatever door an erased address comes back, its refusals are there before anything can be written to it
