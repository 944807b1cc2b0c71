"""Where the facts that conditions ask for stand: tables, columns, and which of their rows count. Fragments of SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Rows, and the card that each is about."""

    rows: str
    card: str
    where: str = "true"
    leading: bool = False
    """Whether the card is the leading one already."""
    value: str = ""
    """Of a set: the column with its values."""
    type: str = "text[]"
    at: str = ""
    """Of an event: when it happened."""
    params: Mapping[str, str] = field(default_factory=dict)
    """What narrows or bounds it (`BOUNDS`) -> the column."""


SETS: Mapping[str, Source] = {
    "tag": Source(rows="contact_tags r", card="r.contact_id", value="r.tag"),
    "company_name": Source(
        rows="company_members r JOIN companies c ON c.id = r.company_id", card="r.contact_id", value="c.name"
    ),
    "company_kind": Source(
        rows="company_members r JOIN companies c ON c.id = r.company_id", card="r.contact_id", value="c.kind"
    ),
    "list": Source(rows="segment_members r", card="r.contact_id", value="r.segment_id", type="uuid[]"),
}
REACHABLE: Mapping[str, str] = {"email": "email", "sms": "phone", "telegram": "telegram"}
"""Channel -> the kind of address."""


def addresses(by: str = "true") -> str:
    """Addresses that are somebody's now and may take something: what one account could not deliver is not tried by
    another, and who wants nothing at all is not counted on. `by`: which accounts' word counts (`s.channel`).
    """
    return f"""identities i WHERE i.variant NOT LIKE '~%'
    AND NOT EXISTS (SELECT FROM suppressions s WHERE s.address = i.value AND {by})
    AND NOT EXISTS (SELECT FROM opt_outs o WHERE o.kind = i.kind AND o.value = i.value AND o.purpose = ''
      AND o.until IS NULL)"""


ADDRESSES = addresses()

_MAILED = "r.broadcast_id IS NOT NULL"
_BY_BROADCAST = {"broadcast": "r.broadcast_id"}


def _mailing(column: str, where: str = "") -> Source:
    fits = f"{_MAILED} AND r.contact_id IS NOT NULL AND {where or f'{column} IS NOT NULL'}"
    return Source(rows="deliveries r", card="r.contact_id", where=fits, at=column, params=_BY_BROADCAST)


_SUM = {"amount": "r.amount", "currency": "r.currency"}


def _lead(column: str, where: str) -> Source:
    return Source(rows="leads r", card="r.contact_id", leading=True, where=where, at=column, params=_SUM)


ARRIVED = "r.state IN ('sent', 'delivered', 'read') AND r.sent_at IS NOT NULL"
"""Of a delivery: it went out, and nobody said that it did not come."""
EVENTS: Mapping[str, Source] = {
    "wrote": Source(
        rows="messages r JOIN leads l ON l.id = r.lead_id", card="l.contact_id", leading=True, at="r.received_at",
        where="r.direction = 'in'", params={"channel": "r.channel"},
    ),
    "written_to": Source(
        rows="messages r JOIN leads l ON l.id = r.lead_id", card="l.contact_id", leading=True, at="r.received_at",
        where="r.direction = 'out'", params={"channel": "r.channel"},
    ),
    "lead_opened": _lead("r.opened_at", "r.state <> 'spam'"),
    "lead_won": _lead("r.closed_at", "r.state = 'won' AND r.closed_at IS NOT NULL"),
    "lead_lost": _lead("r.closed_at", "r.state = 'lost' AND r.closed_at IS NOT NULL"),
    "got": _mailing("r.sent_at", ARRIVED),
    "opened": _mailing("r.opened_at"),
    "clicked": _mailing("r.clicked_at"),
    "answered": _mailing("r.answered_at"),
    "clicked_link": Source(
        rows="engagements k JOIN deliveries r ON r.id = k.delivery_id", card="r.contact_id", at="k.at",
        where=f"k.kind = 'click' AND NOT k.machine AND {_MAILED} AND r.contact_id IS NOT NULL",
        params={**_BY_BROADCAST, "link": "k.link"},
    ),
}  # fmt: skip

_COUNTED = "SELECT l.contact_id AS id FROM leads l WHERE {where} GROUP BY l.contact_id HAVING {{having}}"
_NOT_UNDER = "NOT (l.state = 'open' AND l.under_id IS NOT NULL)"
"""While two leads of one person are joined, the talk goes on in one: it counts once."""
LEADS: Mapping[str, str] = {
    "any": _COUNTED.format(where=f"l.state <> 'spam' AND {_NOT_UNDER}"),
    "open": _COUNTED.format(where="l.state = 'open' AND l.under_id IS NULL"),
    "won": _COUNTED.format(where="l.state = 'won'"),
    "lost": _COUNTED.format(where="l.state = 'lost'"),
}
_LEADING = "l.state = 'open' AND l.owner_id IS NOT NULL AND l.under_id IS NULL"
LED_BY = f"""SELECT l.contact_id AS id FROM leads l WHERE {_LEADING} AND {{fits}} AND NOT EXISTS (
    SELECT FROM leads n WHERE n.contact_id = l.contact_id AND {_LEADING.replace("l.", "n.")}
      AND (n.opened_at, n.id) > (l.opened_at, l.id))"""
MAILINGS = f"""SELECT coalesce(f.leader_id, r.contact_id) AS person, r.broadcast_id AS broadcast, min(r.sent_at) AS at,
      bool_or(r.opened_at IS NOT NULL) AS opened
    FROM deliveries r LEFT JOIN contacts f ON f.id = r.contact_id AND f.leader_id IS NOT NULL
    WHERE {_MAILED} AND r.contact_id IS NOT NULL AND {ARRIVED} {{among}}
    GROUP BY 1, 2"""
"""The broadcasts that each person got, however many steps and cards they came by."""
UNOPENED = f"""SELECT u.person AS id FROM (
      SELECT m.person, m.at, max(m.at) FILTER (WHERE m.opened) OVER (PARTITION BY m.person) AS last
      FROM ({MAILINGS.format(among="")}) AS m) AS u
    WHERE u.last IS NULL OR u.at > u.last GROUP BY u.person HAVING {{having}}"""

JOINED = """(SELECT id AS card, leader_id AS person FROM contacts WHERE leader_id IS NOT NULL
    UNION ALL SELECT leader_id, leader_id FROM contacts WHERE leader_id IS NOT NULL)"""
"""The cards of those who have several; the leading one as often as others follow it."""


NEWEST = """NOT EXISTS (SELECT FROM field_values w WHERE w.contact_id = v.contact_id AND w.field = v.field
          AND w.at >= v.at AND (w.at, w.id) > (v.at, v.id))"""
"""Of a value (`v`): no later one has replaced it."""


def latest(field: str, fits: str) -> str:
    """The single cards whose latest value of the field fits (`v.value`)."""
    return f"""SELECT v.contact_id AS id FROM field_values v WHERE v.field = {field} AND {fits} AND {NEWEST}
        AND NOT EXISTS (SELECT FROM {JOINED} AS j WHERE j.card = v.contact_id)"""
