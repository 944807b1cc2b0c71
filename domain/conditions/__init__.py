"""The one language of conditions about people: said once as data, asked of a database and of one person alike.

`tree` has the conditions and reads them from JSON, `vocabulary` what may be asked, `values` how each answer is written;
`planning` turns a condition at a moment into plain questions (`atoms`), `matching` answers these for one person (the
store's `condition_sql` does for everybody), `words` says a condition to people.
"""

from __future__ import annotations

from domain.conditions.atoms import Logic
from domain.conditions.matching import Facts, Happening, matches
from domain.conditions.planning import plan
from domain.conditions.problems import Unreadable
from domain.conditions.tree import All, AnyOf, Condition, Not, Test, parse, tests, unparse
from domain.conditions.vocabulary import HOUSE, Param, Subject, Type, Vocabulary
from domain.conditions.words import explain

__all__ = [
    "HOUSE",
    "All",
    "AnyOf",
    "Condition",
    "Facts",
    "Happening",
    "Logic",
    "Not",
    "Param",
    "Subject",
    "Test",
    "Type",
    "Unreadable",
    "Vocabulary",
    "explain",
    "matches",
    "parse",
    "plan",
    "tests",
    "unparse",
]
