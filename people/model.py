"""What the comparison weighs in this installation: as learned, or as it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil, log2, log10
from typing import Any
from uuid import UUID

import msgspec

from people.keys import Rarity
from people.score import DEFAULTS, Weights, from_json, to_json, with_custom
from people.traits import Kind
from store import traits
from store.engine import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """All that two cards are compared with."""

    weights: Weights
    rarity: Rarity

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The custom fields that are compared."""
        return self.weights.kinds


async def read(connection: Connection) -> Model:
    """The model that holds now."""
    kinds = tuple(sorted((await traits.kinds(connection)).items()))
    version = await traits.model_id(connection)
    if version is None:
        return _begin(kinds, _order_of(await traits.size(connection)))
    if (found := _CACHE.get((version, kinds))) is None:
        found = made(await traits.model(connection, version), kinds)
        _CACHE.clear()
        _CACHE[version, kinds] = found
    return found


_Kinds = tuple[tuple[str, str], ...]
_CACHE: dict[tuple[UUID, _Kinds], Model] = {}
"""Weights are a long document; a look at cards takes milliseconds."""


_DOUBLED = 0.3
"""So many of the cards have a second one, while nobody has learned how many do."""
_SMALL = 1000
"""A base of fewer cards is compared as if it had so many: it will grow."""


def _order_of(cards: int) -> int:
    """The next power of ten: a base that grows by a few cards is not compared with other weights."""
    return int(10 ** max(ceil(log10(max(cards, 1))), log10(_SMALL)))


@lru_cache(maxsize=4)
def _begin(kinds: _Kinds, cards: int) -> Model:
    """Among a million strangers many have one name; among a thousand hardly any two: the prior says so."""
    prior = round(log2(2 * _DOUBLED / cards), 3)
    return Model(weights=replace(with_custom(DEFAULTS, _kinds(kinds)), prior=prior), rarity={})


def made(values: Mapping[str, Any], kinds: _Kinds) -> Model:
    """The model of a stored document, for the custom fields that there are now."""
    weights = with_custom(from_json(values["weights"]), _kinds(kinds))
    return Model(weights=weights, rarity=dict(values["rarity"]))


def document(model: Model, cards: int) -> str:
    """As JSON text, with how many cards there were when it was learned."""
    known = {"weights": to_json(model.weights), "rarity": dict(model.rarity), "cards": cards}
    return msgspec.json.encode(known).decode()


def _kinds(kinds: _Kinds) -> dict[str, Kind]:
    return {name: Kind(kind) for name, kind in kinds}
