"""Addresses of one mailbox have one normal form: dots and "+" of Gmail, ya.ru and yandex.ru, and the like."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from domain.addresses import normalise_email

revision = "0004"
down_revision = "0003"
_AT_ONCE = 10_000


def upgrade() -> None:
    """Apply. Two identities that turn out to be one mailbox stay on their cards; a person is asked about these."""
    connection = op.get_bind()
    for identity, value, home in _pages(connection):
        normal = normalise_email(value)
        if normal and normal != value:
            _rename(connection, identity, normal, home)
    for (address,) in connection.execute(sa.text("SELECT DISTINCT address FROM suppressions WHERE address LIKE '%@%'")):
        normal = normalise_email(address)
        if normal and normal != address:
            connection.execute(_STOP, {"was": address, "now": normal})


def _pages(connection: sa.Connection) -> Iterator[Any]:
    after = "00000000-0000-0000-0000-000000000000"
    while rows := connection.execute(_EMAILS, {"after": after, "limit": _AT_ONCE}).all():
        yield from rows
        after = rows[-1].id


def _rename(connection: sa.Connection, identity: Any, normal: str, home: Any) -> None:
    taken = connection.execute(_TAKEN, {"value": normal}).first()
    if taken is None:
        connection.execute(_RENAME, {"id": identity, "value": normal})
        return
    connection.execute(_RELEASE, {"id": identity})
    if taken.home_id != home:
        connection.execute(_ASK, {"one": min(taken.home_id, home), "other": max(taken.home_id, home)})


_EMAILS = sa.text(
    """SELECT id, value, home_id FROM identities WHERE kind = 'email' AND variant NOT LIKE '~%'
       AND id > CAST(:after AS uuid) ORDER BY id LIMIT :limit"""
)
_TAKEN = sa.text("SELECT home_id FROM identities WHERE kind = 'email' AND value = :value AND variant = ''")
_RENAME = sa.text("UPDATE identities SET value = :value WHERE id = :id")
_RELEASE = sa.text("UPDATE identities SET variant = '~' || id WHERE id = :id")
_ASK = sa.text(
    """INSERT INTO suggestions (id, one, other, score, band, reasons, due_at)
       VALUES (gen_random_uuid(), :one, :other, 10, 'likely', '[["email", "same", 10]]', now())
       ON CONFLICT DO NOTHING"""
)
_STOP = sa.text(
    """INSERT INTO suppressions (channel, address, reason, created_at)
       SELECT channel, :now, reason, created_at FROM suppressions WHERE address = :was ON CONFLICT DO NOTHING"""
)


def downgrade() -> None:
    """Take back: the addresses as they were written are gone, and nothing needs them."""
