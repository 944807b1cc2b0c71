"""The doors by which people come in and go out in numbers: imports, exports, keys of the API."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Column, Index, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.base import Time, metadata

imports = Table(
    "imports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, comment="of the file, as people know it"),
    Column("file", Text, nullable=False, comment="its path, or its key in the file store"),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the file: it may not change in between"),
    Column("format", Text, nullable=False),
    Column("mapping", JSONB, nullable=False, comment="column -> target"),
    Column("options", JSONB, nullable=False),
    Column("state", Text, nullable=False, comment="running, done, failed, undone"),
    Column("done", BigInteger, nullable=False, server_default=text("0"), comment="rows: it goes on behind them"),
    Column("counts", JSONB, nullable=False, comment="outcome -> rows"),
    Column("actor", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("finished_at", Time),
    Column("undone_at", Time),
    Column("undone_by", Text),
)

import_rows = Table(
    "import_rows",
    metadata,
    Column("import_id", Uuid, primary_key=True),
    Column("row", BigInteger, primary_key=True, comment="as a person counts them in the file"),
    Column("outcome", Text, nullable=False, comment="new, changed, conflicting, rejected"),
    Column("contact_id", Uuid),
    Column("facts", JSONB, nullable=False, comment="what changed, the reason of a rejection with the row itself"),
    Index(None, "import_id", "outcome", "row"),
    comment="what became of each row that was not the same already",
)

exports = Table(
    "exports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("wanted", JSONB, nullable=False, comment="format, filter, columns"),
    Column("state", Text, nullable=False, comment="waiting, vetoed, done"),
    Column("rows", BigInteger),
    Column("created_at", Time, nullable=False),
    Column("due_at", Time, nullable=False, comment="until then the owner may say no"),
    Column("finished_at", Time),
    Column("decided_by", Text),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, comment="SHA-256 of the key"),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("used_at", Time),
    Column("revoked_at", Time),
    Index("uq_api_keys_hash", "hash", unique=True),
)
