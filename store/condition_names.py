"""What shows on persons' cards, for many at once: fields as `people.shown.shown_fields` decides them, and names as
`people.shown.display_name` does: the field, else its parts, else what stands beside an address. Fragments of SQL.
"""

from __future__ import annotations

from collections.abc import Callable

from store.condition_rows import JOINED, NEWEST

PARTS = "CAST('{surname,given_name,patronymic}' AS text[])"
"""The fields that make up a name where none stands in the field `name`, in their order (`people.shown.NAME_PARTS`)."""
NAMES = "CAST('{name,surname,given_name,patronymic}' AS text[])"

Sql = Callable[[str], str]
"""A condition on a column."""


def shown_values(fields: str) -> str:
    """CTEs up to `shown`, (person, field, value): what shows in these fields (text[]), "" where they were cleared.

    Before them stands one called `cards`, (card, person), with every card of each person; one may stand there twice.
    """
    return f"""held AS (SELECT c.person, c.card, h.field, h.value, h.at
      FROM cards c CROSS JOIN LATERAL (SELECT DISTINCT ON (w.field) w.field, w.value, w.at FROM field_values w
        WHERE w.contact_id = c.card AND w.field = ANY({fields}) ORDER BY w.field, w.at DESC, w.id DESC) AS h),
    chosen AS (SELECT DISTINCT ON (c.person, k.field) c.person, k.field, g.at, k.card
      FROM merges g JOIN cards c ON c.card = g.one CROSS JOIN LATERAL jsonb_each_text(g.choices) AS k(field, card)
      WHERE g.undone_at IS NULL AND g.choices <> '{{}}' AND k.field = ANY({fields})
      ORDER BY c.person, k.field, g.at DESC, g.id DESC),
    said AS (SELECT h.person, h.field, m.at AS merged, m.card AS wanted,
        max(h.value) FILTER (WHERE CAST(h.card AS text) = m.card) AS chosen,
        max(h.value) FILTER (WHERE h.card = h.person) AS mine, max(h.at) FILTER (WHERE h.card = h.person) AS mine_at,
        (array_agg(h.value ORDER BY h.at DESC, h.card DESC) FILTER (WHERE h.card <> h.person AND h.value <> ''))[1]
          AS last,
        max(h.at) FILTER (WHERE h.card <> h.person AND h.value <> '') AS last_at
      FROM held h LEFT JOIN chosen m ON m.person = h.person AND m.field = h.field
      GROUP BY h.person, h.field, m.at, m.card),
    shown AS (SELECT person, field, CASE
        WHEN chosen IS NOT NULL AND NOT coalesce(mine_at > merged AND wanted <> CAST(person AS text), false) THEN chosen
        WHEN mine <> '' THEN mine
        WHEN last_at IS NULL OR mine_at > last_at THEN ''
        ELSE last END AS value
      FROM said)"""


def shown(field: str, ever: str, within: str, fits: str) -> str:
    """The persons of several cards for whom what shows in the field fits (`s.value`).

    `ever`: holds for a value (`v.value`) that fits: only persons who ever had one are looked at; `within`: for a person
    (`j.person`) who may be looked at.
    """
    return f"""(WITH cards AS (SELECT j.card, j.person FROM (
        SELECT DISTINCT j.person FROM {JOINED} AS j JOIN field_values v ON v.contact_id = j.card
        WHERE v.field = {field} AND {ever} AND {within}) AS c JOIN {JOINED} AS j ON j.person = c.person),
      {shown_values(f"ARRAY[{field}]")}
      SELECT s.person AS id FROM shown s WHERE {fits})"""


_BESIDE = "i.name <> '' AND i.kind <> 'unreadable'"
"""Of an identity: it has a name. Former addresses count: it is he who was called so."""
_FIRST = f"""NOT EXISTS (SELECT FROM identities o WHERE o.contact_id = i.contact_id AND {_BESIDE.replace("i.", "o.")}
    AND (NOT o.proved, o.created_at, o.id) < (NOT i.proved, i.created_at, i.id))"""
"""The order of `store.person.addresses`."""


def made_up(person: str) -> str:
    """The name of somebody whose field has none: its parts (`NAMES_SHOWN`), else the one beside an address; or NULL."""
    return f"""coalesce(p.parts, (SELECT i.name FROM identities i WHERE i.contact_id = {person} AND {_BESIDE}
        ORDER BY i.proved DESC, i.created_at, i.id LIMIT 1))"""


NAMES_SHOWN = f"""(SELECT person, max(value) FILTER (WHERE field = 'name') AS whole,
      string_agg(value, ' ' ORDER BY array_position({PARTS}, field)) FILTER (WHERE field <> 'name') AS parts
    FROM shown WHERE value <> '' GROUP BY person) AS p"""
"""Of each person with any of them: the field, and what the parts make up."""


def named(fits: Sql, begins: Sql, within: Sql) -> str:
    """The persons who are called so, as column `id`: those of a single card by three ways of which each excludes the
    others, those of several cards by what shows of all.

    `begins`: holds for the first part of a name that fits; `within`: for an id that may be looked at.
    """
    return " UNION ALL ".join(
        (_by_parts(fits, begins, within), _by_address(fits, within), _joined(fits, begins, within))
    )


def _single(card: str) -> str:
    return f"NOT EXISTS (SELECT FROM {JOINED} AS j WHERE j.card = {card})"


def _none(fields: str, card: str) -> str:
    """The card has nothing in these fields now."""
    return f"""NOT EXISTS (SELECT FROM field_values v WHERE v.contact_id = {card} AND v.field = ANY({fields})
        AND v.value <> '' AND {NEWEST})"""


def _by_parts(fits: Sql, begins: Sql, within: Sql) -> str:
    return f"""SELECT s.id FROM (
          SELECT v.contact_id AS id, string_agg(v.value, ' ' ORDER BY array_position({PARTS}, v.field)) AS value
          FROM field_values v WHERE v.field = ANY({PARTS}) AND v.value <> '' AND {NEWEST} AND {within("v.contact_id")}
            AND v.contact_id IN (
              SELECT b.contact_id FROM field_values b WHERE b.field = ANY({PARTS}) AND {begins("b.value")})
          GROUP BY v.contact_id) AS s
        WHERE {fits("s.value")} AND {_none("CAST('{name}' AS text[])", "s.id")} AND {_single("s.id")}"""


def _by_address(fits: Sql, within: Sql) -> str:
    return f"""SELECT i.contact_id AS id FROM identities i WHERE {fits("i.name")} AND {_BESIDE} AND {_FIRST}
        AND {within("i.contact_id")} AND {_none(NAMES, "i.contact_id")} AND {_single("i.contact_id")}"""


def _joined(fits: Sql, begins: Sql, within: Sql) -> str:
    """Persons of several cards: whoever ever had something that may fit is looked at."""
    values = f"{JOINED} AS j JOIN field_values v ON v.contact_id = j.card"
    return f"""(WITH asked AS (
          SELECT j.person FROM {values} WHERE v.field = 'name' AND {fits("v.value")} AND {within("j.person")}
          UNION SELECT j.person FROM {values}
            WHERE v.field = ANY({PARTS}) AND {begins("v.value")} AND {within("j.person")}
          UNION SELECT i.contact_id FROM identities i JOIN contacts f ON f.leader_id = i.contact_id
            WHERE {fits("i.name")} AND {_BESIDE} AND {within("i.contact_id")}),
        cards AS (SELECT j.card, j.person FROM asked a JOIN {JOINED} AS j ON j.person = a.person),
        {shown_values(NAMES)}
        SELECT s.id FROM (
          SELECT a.person AS id, coalesce(p.whole, {made_up("a.person")}) AS value
          FROM asked a LEFT JOIN {NAMES_SHOWN} ON p.person = a.person) AS s WHERE {fits("s.value")})"""
