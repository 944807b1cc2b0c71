"""The case files by kind. A kind without one fails the suite, at its collection."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from channels.registry import KINDS
from tests.contract.case import Case


def _case(kind: str) -> Case:
    case: Case = import_module(f"tests.contract.kinds.{kind}").CASE
    return case


CASES: Mapping[str, Case] = {kind: _case(kind) for kind in KINDS}
