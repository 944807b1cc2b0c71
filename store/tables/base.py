"""What all tables share.

There are no foreign keys. Each check locks the row it points at, which writes its page: with a million contacts that
made a routed message 1.7 times slower than with ten thousand (`make bench`), and tables that are to be partitioned
could not have them anyway. One writer, the router's transaction, keeps the references true; tests/router holds it to.
"""

from __future__ import annotations

from sqlalchemy import DateTime, MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Time = DateTime(timezone=True)
NOW = text("now()")
