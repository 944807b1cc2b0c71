"""What providers say about deliveries, in whatever order it comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.messages import COMPLAINT, ChannelName, DeliveryState, Report, ReportKind
from store import bulk


class Reported(NamedTuple):
    """A delivery that a report has moved on."""

    id: UUID
    purpose: str
    lead: UUID | None
    state: str
    message: UUID | None
    reason: str | None


_STATES = {
    ReportKind.SENT: DeliveryState.SENT,
    ReportKind.DELIVERED: DeliveryState.DELIVERED,
    ReportKind.READ: DeliveryState.READ,
    ReportKind.FAILED: DeliveryState.FAILED,
    ReportKind.STOPPED: DeliveryState.FAILED,
}


async def report(connection: AsyncConnection, reports: Iterable[Report]) -> list[Reported]:
    """Apply the providers' words to the deliveries they name; those that moved.

    States only move forward (sent, delivered, read); "failed" beats "sent" alone. The same report twice moves nothing
    the second time. A report that names nothing yet is kept for `settle`: it may have overtaken it.
    """
    reports = list(reports)
    rows = [(r.channel, r.external_id, _state(r).value, r.reason or None, r.at) for r in reports if r.kind in _STATES]
    rows = [row for row in rows if row[1]]
    moved: list[Reported] = []
    for state in ("sent", "delivered", "read", "failed"):  # one pass each: two reports on one delivery must not race
        if same := [row for row in rows if row[2] == state]:
            moved += [Reported(*r) for r in await connection.execute(_REPORT, bulk.arrays(sorted(same)))]
    await _keep_early(connection, [r for r in reports if r.external_id and r.kind in _STATES])
    return moved


def _state(report: Report) -> DeliveryState:
    """Who complains of a message has it."""
    return DeliveryState.DELIVERED if report.reason == COMPLAINT else _STATES[report.kind]


async def _keep_early(connection: AsyncConnection, reports: Sequence[Report]) -> None:
    if reports:
        rows = sorted((r.channel, r.external_id, r.kind.value, r.reason, r.at) for r in reports)
        await connection.execute(_KEEP_EARLY, bulk.arrays(rows))


_KEEP_EARLY = text(
    """INSERT INTO early_reports (channel, external_id, kind, reason, at)
       SELECT * FROM unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[]), CAST(:c2 AS text[]), CAST(:c3 AS text[]),
         CAST(:c4 AS timestamptz[])) AS r(channel, external_id, kind, reason, at)
       WHERE NOT EXISTS (SELECT FROM deliveries d WHERE d.channel = r.channel AND d.external_id = r.external_id)
       ON CONFLICT DO NOTHING"""
)


_REPORT = text(
    """UPDATE deliveries d SET state = r.state, reason = coalesce(r.reason, d.reason), reported_at = r.at,
         code = CASE WHEN d.broadcast_id IS NOT NULL AND r.state = 'failed' THEN 'hard' ELSE d.code END,
         next_at = CASE WHEN d.next_at IS NOT NULL AND r.state = 'failed' THEN r.at ELSE d.next_at END
       FROM (SELECT DISTINCT ON (channel, external_id) * FROM unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[]),
         CAST(:c2 AS text[]), CAST(:c3 AS text[]), CAST(:c4 AS timestamptz[]))
         AS u(channel, external_id, state, reason, at)
         ORDER BY channel, external_id) AS r
       WHERE d.channel = r.channel AND d.external_id = r.external_id AND CASE r.state
         WHEN 'sent' THEN d.state IN ('sending', 'unknown')
         WHEN 'delivered' THEN d.state IN ('sending', 'sent', 'unknown')
         WHEN 'read' THEN d.state IN ('sending', 'sent', 'delivered', 'unknown')
         ELSE d.state IN ('sending', 'sent', 'unknown') END
       RETURNING d.id, d.purpose, d.lead_id, d.state, d.message_id, d.reason"""
)


async def catch_up(
    connection: AsyncConnection, names: Sequence[tuple[str, str]], *, tells: bool = False
) -> list[Reported]:
    """Apply the reports that came before we knew the provider's id; the deliveries that moved.

    `tells`: the caller tells people what has failed. Else the failures of answers wait for `catch_up_overtaken`, so
    that no seller's answer is lost without his knowing.
    """
    if not names:
        return []
    early = (await connection.execute(_EARLY, bulk.arrays(sorted(names)) | {"tells": tells})).all()
    return await report(
        connection,
        [
            Report(
                channel=ChannelName(r.channel),
                external_id=r.external_id,
                kind=ReportKind(r.kind),
                reason=r.reason,
                at=r.at,
            )
            for r in early
        ],
    )


_EARLY = text(
    """DELETE FROM early_reports e USING unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[])) AS n(channel, external_id)
       WHERE e.channel = n.channel AND e.external_id = n.external_id
         AND (CAST(:tells AS boolean) OR e.kind NOT IN ('failed', 'stopped') OR NOT EXISTS (
           SELECT FROM deliveries d
           WHERE d.channel = e.channel AND d.external_id = e.external_id AND d.purpose = 'reply'))
       RETURNING e.channel, e.external_id, e.kind, e.reason, e.at"""
)


async def catch_up_overtaken(connection: AsyncConnection) -> list[Reported]:
    """Apply reports that came before or while their delivery was settled; forget those that name nothing of ours.

    The caller tells people of those that moved.
    """
    names = [(r.channel, r.external_id) for r in await connection.execute(_OVERTAKEN)]
    await connection.execute(_FORGET)
    return await catch_up(connection, names, tells=True)


_OVERTAKEN = text(
    """SELECT DISTINCT e.channel, e.external_id FROM early_reports e
       JOIN deliveries d ON d.channel = e.channel AND d.external_id = e.external_id LIMIT 1000"""
)
_FORGET = text("DELETE FROM early_reports WHERE at < now() - interval '3 days'")
