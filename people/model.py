"""What the comparison weighs in this installation: as learned, or as it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
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
        return _begin(kinds)
    if (found := _CACHE.get((version, kinds))) is None:
        found = made(await traits.model(connection, version), kinds)
        _CACHE.clear()
        _CACHE[version, kinds] = found
    return found


_Kinds = tuple[tuple[str, str], ...]
_CACHE: dict[tuple[UUID, _Kinds], Model] = {}
"""Weights are a long document; a look at cards takes milliseconds."""


@lru_cache(maxsize=4)
def _begin(kinds: _Kinds) -> Model:
    return Model(weights=with_custom(DEFAULTS, _kinds(kinds)), rarity={})


def made(values: Mapping[str, Any], kinds: _Kinds) -> Model:
    """The model of a stored document, for the custom fields that there are now."""
    weights = with_custom(from_json(values["weights"]), _kinds(kinds))
    return Model(weights=weights, rarity=dict(values["rarity"]))


def document(model: Model) -> str:
    """As JSON text."""
    return msgspec.json.encode({"weights": to_json(model.weights), "rarity": dict(model.rarity)}).decode()


def _kinds(kinds: _Kinds) -> dict[str, Kind]:
    return {name: Kind(kind) for name, kind in kinds}
