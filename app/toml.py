"""Values as one writes them in `leadwire.toml`."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel


def in_toml(value: Any) -> str:
    """The value as TOML: a text in quotes, a table on one line without what is as it would be anyway."""
    match value:
        case BaseModel():
            own = {name: one for name, one in value if one != type(value).model_fields[name].default}
            return f"{{ {', '.join(f'{name} = {in_toml(one)}' for name, one in own.items())} }}".replace("{  }", "{ }")
        case tuple() | list():
            return f"[{', '.join(in_toml(one) for one in value)}]"
        case Decimal():
            return f"{value.normalize():f}"
        case Path():
            return in_toml(str(value))
        case _:
            return json.dumps(value, ensure_ascii=False)
