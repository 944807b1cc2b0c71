"""What the law wants kept: who refused what, whom we forgot, and the keys that links and hashes are made with."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, Uuid, text

from store.tables.base import NOW, Time, metadata

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True, comment="links, tombstones"),
    Column("value", LargeBinary, nullable=False, comment="random; never in an export or a log"),
    Column("created_at", Time, nullable=False, server_default=NOW),
    comment="keys of this installation",
)

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("kind", Text, primary_key=True, comment="of the address: domain.messages.AddressKind"),
    Column("value", Text, primary_key=True, comment="normal form"),
    Column("purpose", Text, primary_key=True, comment="marketing, a topic; empty: everything but answers"),
    Column("reason", Text, nullable=False, comment="link, mailto, word, button, complaint, page, staff, erased"),
    Column("at", Time, nullable=False),
    Column("until", Time, comment="a pause ends then; null: for good"),
    comment="addresses that were told to be left alone; unlike a suppression, writing to us does not lift it",
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("hash", LargeBinary, primary_key=True, comment="HMAC-SHA-256 of kind:value under the secret 'tombstones'"),
    Column("scope", Text, primary_key=True, comment="a purpose; empty: everything but answers"),
    Column("reason", Text, nullable=False, comment="erased, withdrawn"),
    Column("at", Time, nullable=False),
    comment="what stays of an erased address: whoever brings it back brings its refusals, too",
)

consent_requests = Table(
    "consent_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False, comment="of the address that is asked"),
    Column("value", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("channel", Text, nullable=False, comment="email, sms, telegram; empty: all"),
    Column("text", Text, nullable=False, comment="word for word what is asked"),
    Column("version", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("asked_at", Time, nullable=False),
    Column("confirmed_at", Time),
    Column("lapsed", Boolean, nullable=False, server_default=text("false"), comment="refused or erased meanwhile"),
    Index(None, "contact_id"),
    comment="double opt-in: asked, and not granted before the link's button is pressed",
)
