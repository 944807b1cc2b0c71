"""Alembic's entry: runs on the connection that `store.migrations` opened, in its transaction."""

from __future__ import annotations

from alembic import context

from store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
