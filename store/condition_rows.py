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
ADDRESSES = """identities i WHERE i.variant NOT LIKE '~%'
    AND NOT EXISTS (SELECT FROM suppressions s WHERE s.address = i.value)
    AND NOT EXISTS (SELECT FROM opt_outs o WHERE o.kind = i.kind AND o.value = i.value AND o.purpose = ''
      AND o.until IS NULL)"""
"""Addresses that are somebody's now and may take something: what one account could not deliver is not tried by another,
and who wants nothing at all is not counted on."""

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


def latest(field: str, fits: str) -> str:
    """The single cards whose latest value of the field fits (`v.value`)."""
    return f"""SELECT v.contact_id AS id FROM field_values v WHERE v.field = {field} AND {fits}
        AND NOT EXISTS (SELECT FROM field_values w WHERE w.contact_id = v.contact_id AND w.field = v.field
          AND w.at >= v.at AND (w.at, w.id) > (v.at, v.id))
        AND NOT EXISTS (SELECT FROM {JOINED} AS j WHERE j.card = v.contact_id)"""


def shown(field: str, ever: str, within: str, fits: str) -> str:
    """The persons of several cards for whom what shows in the field fits (`s.value`), as `people.shown` decides it.

    `ever`: holds for a value (`v.value`) that fits: only persons who ever had one are looked at; `within`: for a person
    (`j.person`) who may be looked at.
    """
    found = _SHOWN.replace("@field", field).replace("@ever", ever).replace("@within", within)
    return f"SELECT s.id FROM ({found}) AS s WHERE {fits}"


_SHOWN = f"""
    WITH held AS (SELECT j.person, j.card, h.value, h.at
      FROM (SELECT DISTINCT j.person FROM {JOINED} AS j JOIN field_values v ON v.contact_id = j.card
        WHERE v.field = @field AND @ever AND @within) AS c
      JOIN {JOINED} AS j ON j.person = c.person
      CROSS JOIN LATERAL (SELECT w.value, w.at FROM field_values w WHERE w.contact_id = j.card AND w.field = @field
        ORDER BY w.at DESC, w.id DESC LIMIT 1) AS h),
    merge AS (SELECT DISTINCT ON (j.person) j.person, g.at, g.choices ->> @field AS card
      FROM merges g JOIN {JOINED} AS j ON j.card = g.one
      WHERE g.undone_at IS NULL AND g.choices ->> @field IS NOT NULL AND @within
      ORDER BY j.person, g.at DESC, g.id DESC),
    said AS (SELECT h.person, m.at AS merged, m.card AS wanted,
        max(h.value) FILTER (WHERE CAST(h.card AS text) = m.card) AS chosen,
        max(h.value) FILTER (WHERE h.card = h.person) AS mine, max(h.at) FILTER (WHERE h.card = h.person) AS mine_at,
        (array_agg(h.value ORDER BY h.at DESC, h.card DESC) FILTER (WHERE h.card <> h.person AND h.value <> ''))[1]
          AS last,
        max(h.at) FILTER (WHERE h.card <> h.person AND h.value <> '') AS last_at
      FROM held h LEFT JOIN merge m ON m.person = h.person GROUP BY h.person, m.at, m.card)
    SELECT person AS id, CASE
        WHEN chosen IS NOT NULL AND NOT coalesce(mine_at > merged AND wanted <> CAST(person AS text), false) THEN chosen
        WHEN mine <> '' THEN mine
        WHEN last_at IS NULL OR mine_at > last_at THEN ''
        ELSE last END AS value
    FROM said"""
