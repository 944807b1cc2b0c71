"""One step of a trace as a line for a person. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from store.trace import Step

LONGEST_VALUE = 40
"""Characters of a step's fact."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def line(step: Step, began: datetime, names: Mapping[str, str]) -> str:
    """Seconds since `began`, what happened, where or by whom, and the rest; `names` are those of staff, by id."""
    after = (step.at - began).total_seconds()
    data = " ".join(f"{key}={_shortened(value, names)}" for key, value in step.data.items() if value)
    rest = "  ".join(part for part in (step.state, step.reason, step.text.replace("\n", " "), data) if part)
    actor = step.what.removeprefix("staff:")
    return f"{after:+10.3f} s  {step.kind:<18} {names.get(actor, step.what):<28} {rest}"


def _shortened(value: Any, names: Mapping[str, str]) -> str:
    """A name for a person's id, the end of any other id, the beginning of a text."""
    text = names.get(str(value)) or " ".join(str(value).split())
    if _UUID.fullmatch(text):
        return f"…{text[-8:]}"
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
