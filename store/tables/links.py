"""Links to a request that its sender was given."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, Text, Uuid

from store.tables.base import Time, metadata

links = Table(
    "links",
    metadata,
    Column("hash", LargeBinary, primary_key=True, comment="SHA-256 of the token, which is kept nowhere"),
    Column("message_id", Uuid, nullable=False, comment="the request"),
    Column(
        "kind", Text, nullable=False, comment="form: shown to whoever sent the form; address: sent to one address alone"
    ),
    Column("address_kind", Text, comment="of kind address: to which it was sent, so whoever has it reads there"),
    Column("address", Text),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("used_at", Time, comment="of kind address: it has opened a bot, and opens none again"),
    Column("confirmed_at", Time, comment="of kind address: the button on the page was pressed"),
    Index(None, "expires_at"),
)
