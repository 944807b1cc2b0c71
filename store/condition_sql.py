"""Conditions for everybody at once: the plain questions of `domain.conditions` as one SELECT of leading cards.

Each question becomes a set of ids: who answers yes. Groups become unions, joins and anti-joins of these sets, so that
what has an index is found by it. A set may name a card twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from domain.conditions.atoms import (
    BOUNDS,
    LOWER,
    UPPER,
    And,
    Atom,
    Check,
    Consented,
    Counted,
    FieldIs,
    Flip,
    Happened,
    Has,
    LedBy,
    Logic,
    MadeBefore,
    Or,
)
from store.condition_names import named, shown
from store.condition_rows import ADDRESSES, EVENTS, LEADS, LED_BY, REACHABLE, SETS, UNOPENED, Source, latest


class Found(NamedTuple):
    """A set of ids, or (`but`) everybody but these."""

    sql: str
    but: bool


class Statement(NamedTuple):
    """SQL, and the values that are bound in it."""

    sql: str
    values: dict[str, Any]


class Binder:
    """Hands out the names of bound values: nothing that anybody wrote stands in the SQL itself."""

    def __init__(self, *, bounded: bool = False) -> None:
        self.bounded = bounded
        self.values: dict[str, Any] = {}

    def __call__(self, value: object, type_: str) -> str:
        name = f"q{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {type_})"

    def within(self, id_: str) -> str:
        """Whether an id lies within the portion, where there is one."""
        if not self.bounded:
            return "true"
        low, high = f"coalesce(CAST(:after AS uuid), '{_NIL}')", f"coalesce(CAST(:upto AS uuid), '{_LAST}')"
        return f"{id_} > {low} AND {id_} <= {high}"


def select_ids(logic: Logic) -> Statement:
    """SELECT of the leading cards of those for whom it holds, as column `id`: each once, in no order."""
    bind = Binder()
    sql, but = _found(logic, bind)
    if not but:  # these are leading cards already: no need to look at any other
        return Statement(f"SELECT DISTINCT s.id FROM ({sql}) AS s", bind.values)
    return Statement(_everybody(Found(sql, True), "true"), bind.values)


def select_count(logic: Logic) -> Statement:
    """SELECT of how many it holds for. Everybody but some are counted without asking who: all, less those."""
    bind = Binder()
    sql, but = _found(logic, bind)
    some = f"SELECT count(*) FROM (SELECT DISTINCT s.id FROM ({sql}) AS s) AS d"
    if not but:
        return Statement(some, bind.values)
    return Statement(f"SELECT (SELECT count(*) FROM contacts p WHERE p.leader_id IS NULL) - ({some})", bind.values)


def select_portion(logic: Logic) -> Statement:
    """The same within bounds that the caller binds: above :after (an id, or NULL for none) and up to :upto (the same).

    So an INSERT ... SELECT can go through everybody in the order of ids, each portion reading its own rows only.
    """
    bind = Binder(bounded=True)
    return Statement(_everybody(_found(logic, bind), bind.within("p.id")), bind.values)


def _everybody(found: Found, where: str) -> str:
    return f"SELECT p.id FROM contacts p WHERE p.leader_id IS NULL AND {' AND '.join([where, *_among(found, 'p.id')])}"


_NIL, _LAST = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"


def _among(found: Found | list[Found], id_: str) -> list[str]:
    """The conditions on this id."""
    parts = found if isinstance(found, list) else [found]
    return [
        f"NOT EXISTS (SELECT FROM ({part.sql}) AS n WHERE n.id = {id_})" if part.but else f"{id_} IN ({part.sql})"
        for part in parts
    ]


_NOBODY = "SELECT id FROM contacts WHERE false"


def _found(logic: Logic, bind: Binder) -> Found:
    match logic:
        case And(parts):
            return _all([_found(part, bind) for part in parts])
        case Or(parts):
            return _any([_found(part, bind) for part in parts])
        case Flip(part):
            sql, but = _found(part, bind)
            return Found(sql, not but)
        case _:
            return Found(_atom(logic, bind), False)


def _all(parts: list[Found]) -> Found:
    """Where nobody is named, everybody but the others; else those of the first who are in the rest."""
    named, but = [p for p in parts if not p.but], [p for p in parts if p.but]
    if not named:
        return Found(_union(but), True)
    if len(parts) == 1:
        return named[0]
    first, *rest = named
    return Found(f"SELECT a.id FROM ({first.sql}) AS a WHERE {' AND '.join(_among([*rest, *but], 'a.id'))}", False)


def _any(parts: list[Found]) -> Found:
    """Everybody but some, or others: everybody but those of the some who are none of the others."""
    if not any(part.but for part in parts):
        return Found(_union(parts), False)
    return Found(_all([Found(sql, not but) for sql, but in parts]).sql, True)


def _union(parts: list[Found]) -> str:
    return " UNION ALL ".join(f"({part.sql})" for part in parts) if parts else _NOBODY


def _atom(atom: Atom, bind: Binder) -> str:
    match atom:
        case FieldIs(field, check):
            return _field(field, check, bind)
        case Has(what, values):
            return _has(what, values, bind)
        case LedBy(staff):
            return LED_BY.format(fits=f"l.owner_id = ANY({bind(list(staff), 'uuid[]')})" if staff else "true")
        case Happened():
            return _happened(atom, bind)
        case Counted(what, of, least, most):
            source = UNOPENED if what == "unopened" else LEADS[dict(of)["state"]]
            top = "" if most is None else f" AND count(*) <= {bind(most, 'bigint')}"
            return source.format(having=f"count(*) >= {bind(least, 'bigint')}{top}")
        case Consented(purpose, channel):
            return _consented(bind(purpose, "text"), bind(channel, "text"), bind)
        case MadeBefore(until):
            cut = bind(until, "timestamptz")
            return _own("contacts r", "r.id", f"r.created_at < {cut}", bind)


def _own(rows: str, card: str, where: str, bind: Binder) -> str:
    """The cards that lead the persons to whom the cards of these rows belong.

    In one pass over the rows; of a portion in two, each of which finds its rows by the index of cards. Then some do not
    lead: they are nobody who is asked for.
    """
    if not bind.bounded:
        return (
            f"SELECT coalesce(f.leader_id, {card}) AS id FROM {rows} "
            f"LEFT JOIN contacts f ON f.id = {card} AND f.leader_id IS NOT NULL WHERE {where}"
        )
    return (
        f"SELECT {card} AS id FROM {rows} WHERE {where} AND {bind.within(card)} "
        f"UNION ALL SELECT f.leader_id FROM {rows} JOIN contacts f ON f.id = {card} AND f.leader_id IS NOT NULL "
        f"WHERE {where} AND {bind.within('f.leader_id')}"
    )


def _source(source: Source, where: list[str], bind: Binder) -> str:
    fits = " AND ".join([source.where, *where])
    if source.leading:
        return f"SELECT {source.card} AS id FROM {source.rows} WHERE {fits} AND {bind.within(source.card)}"
    return _own(source.rows, source.card, fits, bind)


def _has(what: str, values: tuple[str, ...], bind: Binder) -> str:
    if what == "reach":
        kinds = [REACHABLE[value] for value in values or REACHABLE]
        fits = f"i.kind = ANY({bind(kinds, 'text[]')}) AND {bind.within('i.contact_id')}"
        return f"SELECT i.contact_id AS id FROM {ADDRESSES} AND {fits}"
    source = SETS[what]
    return _source(source, [f"{source.value} = ANY({bind(list(values), source.type)})"] if values else [], bind)


def _happened(atom: Happened, bind: Binder) -> str:
    source = EVENTS["clicked_link" if "link" in dict(atom.of) else atom.event]
    where = [_narrowed(source, name, value, bind) for name, value in atom.of]
    where += [f"{source.at} >= {bind(atom.since, 'timestamptz')}"] if atom.since else []
    where += [f"{source.at} < {bind(atom.until, 'timestamptz')}"] if atom.until else []
    found = _source(source, where, bind)
    if atom.least == 1:
        return found
    return f"SELECT e.id FROM ({found}) AS e GROUP BY e.id HAVING count(*) >= {bind(atom.least, 'bigint')}"


def _narrowed(source: Source, name: str, value: str, bind: Binder) -> str:
    column, sign = BOUNDS.get(name, (name, "="))
    return f"{source.params[column]} {sign} {bind(*_param(name, value))}"


def _param(name: str, value: str) -> tuple[object, str]:
    if name == "link":
        return int(value), "smallint"
    if name in BOUNDS:
        return Decimal(value), "numeric"
    return value, "uuid" if name == "broadcast" else "text"


def _consented(purpose: str, channel: str, bind: Binder) -> str:
    """Somebody has spoken of it, and no card's last word, for the channel or for all, is a no."""
    about = f"r.purpose = {purpose} AND r.channel IN ('', {channel})"
    newer = """EXISTS (SELECT FROM consents n WHERE n.contact_id = r.contact_id AND n.purpose = r.purpose
        AND n.channel = r.channel AND (n.at, n.id) > (r.at, r.id))"""
    said = _own("consents r", "r.contact_id", about, bind)
    against = f"r.purpose = {purpose} AND r.channel IN ('', '*', {channel})"  # `store.permission.EVERYWHERE`
    refused = _own("consents r", "r.contact_id", f"NOT r.granted AND {against} AND NOT {newer}", bind)
    return _all([Found(said, False), Found(refused, True)]).sql


def _field(field: str, check: Check, bind: Binder) -> str:
    """Of a single card its latest value; of several joined ones what shows, computed where any of them ever fitted.

    A name may stand elsewhere: what cards show as theirs is asked.
    """
    name, fits = bind(field, "text"), _fits(check, bind)
    single = latest(name, f"{fits('v.value')} AND {bind.within('v.contact_id')}")
    if field == "name":
        return f"{single} UNION ALL {named(fits, _begins(check, bind), bind.within)}"
    several = shown(name, fits("v.value"), bind.within("j.person"), fits("s.value"))
    return f"{single} UNION ALL {several}"


def _begins(check: Check, bind: Binder) -> Callable[[str], str]:
    """SQL that holds for the first of the words that, put together, the check holds for."""
    if check.kind != "in":
        return "{0} <> ''".format
    heads = {" ".join(words[:n]) for words in (v.split(" ") for v in check.values) for n in range(1, len(words) + 1)}
    bound = bind(sorted(heads), "text[]")
    return lambda column: f"{column} = ANY({bound})"


def _fits(check: Check, bind: Binder) -> Callable[[str], str]:
    """SQL that holds for a column's value when the check does, and never for ""."""
    template = _template(check, bind)
    return lambda column: template.replace("{0}", column)


def _template(check: Check, bind: Binder) -> str:
    match check.kind:
        case "in":
            return f"{{0}} = ANY({bind(list(check.values), 'text[]')})"
        case "contains":
            return f"strpos({_FOLDED}, {bind(check.values[0], 'text')}) > 0"
        case "starts":
            return f"starts_with({_FOLDED}, {bind(check.values[0], 'text')})"
        case "days":
            return f"substr({{0}}, 6, 5) = ANY({bind(list(check.values), 'text[]')})"
        case "number":
            return _compared(_NUMBER, [(sign, bind(Decimal(value), "numeric")) for sign, value in check.bounds])
        case "text":
            return "{0} <> '' AND " + _compared("{0}", [(sign, bind(value, "text")) for sign, value in check.bounds])
    return "{0} <> ''"


_FOLDED = f"translate({{0}}, '{UPPER}', '{LOWER}')"
_NUMBER = "CASE WHEN {0} ~ '^-?[0-9]+([.][0-9]+)?$' THEN CAST({0} AS numeric) END"


def _compared(column: str, bounds: list[tuple[str, str]]) -> str:
    return " AND ".join(f"{column} {_SIGNS[sign]} {bound}" for sign, bound in bounds)


_SIGNS: Mapping[str, str] = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "="}
