"""What is known of the people in a batch of a file's rows, and so what the rows change. Reads, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.messages import utcnow
from people.draft import Draft, Rejection
from people.filing import Choices, Facts, Filing, Outcome, Plan, addresses_of, variant_of
from store import contacts, imports
from store.bulk import Row
from store.contacts import Pair
from store.engine import Connection


async def planned(
    connection: Connection, batch: Sequence[Draft | Rejection], choices: Choices, *, dry: bool = False
) -> Plan:
    """What these rows change; nothing is written. A dry run remembers in the transaction what they would make."""
    filing = Filing(await _facts(connection, batch, dry=dry), choices, utcnow())
    for made in batch:
        filing.on(made)
    if dry:
        await imports.remember_seen(connection, _seen(filing.plan, batch), _seen_apart(filing.plan))
    return filing.plan


def _seen(plan: Plan, batch: Sequence[Draft | Rejection]) -> Iterator[Row]:
    """In the order of imports.SEEN."""
    rows = {pair: row for row, _, pair in reversed(_addresses(batch))}
    for id_, kind, value, variant, person, home, _, name, _ in plan.identities:
        yield kind, value, variant, id_, person, home, name or "", rows[kind, value]


def _seen_apart(plan: Plan) -> Iterator[Row]:
    """In the order of imports.SEEN_APART."""
    rows = {filed.card: filed.row for filed in plan.filed if filed.outcome is Outcome.CONFLICTING}
    for identity, card, _, _, name, *_ in (*plan.claims, *plan.further):
        if card in rows:
            yield identity, card, name, rows[card]


async def _facts(connection: Connection, batch: Sequence[Draft | Rejection], *, dry: bool) -> Facts:
    addresses = _addresses(batch)
    pairs = sorted({pair for _, _, pair in addresses})
    people = await contacts.known(connection, pairs)
    seen = await imports.seen(connection, pairs) if dry else []
    people.identities.update((s.key, s.identity) for s in seen)
    keys = {(name, (*pair, variant)) for _, name, pair in addresses for variant in ("", variant_of(name))}
    named = [(i.id, name) for name, key in keys if (i := people.identities.get(key))]
    apart = await imports.apart(connection, named)
    once = await imports.seen_apart(connection, named) if dry else {}
    homes = {identity.home for identity in people.identities.values()} | set(apart.values())
    contents = await imports.contents(connection, sorted(homes))
    yes = any(isinstance(d, Draft) and True in d.consents.values() for d in batch)
    stopped = await imports.stopped(connection, [value for _, value in pairs]) if yes else set()
    earlier = {s.identity.home: s.row for s in seen if s.identity.home not in contents}
    earlier |= dict(once.values())
    for s in seen:
        contents.setdefault(s.identity.home, imports.nothing()).names.extend(s.names)
    return Facts(
        people=people,
        contents=contents,
        stopped={pair for pair in pairs if pair[1] in stopped},
        earlier=earlier,
        apart={key: card for key, (card, _) in once.items()} | apart,
    )


def _addresses(batch: Sequence[Draft | Rejection]) -> list[tuple[int, str, Pair]]:
    """(row, name, address) of all."""
    named = ((d, a) for d in batch if isinstance(d, Draft) for a in addresses_of(d))
    return [(d.row, d.name, (a.kind.value, a.value)) for d, a in named]
