"""What every table of the configuration's document is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

FORM = "form"
"""Key in a field's `json_schema_extra`: how its text is written, for people. A pattern is never shown to anybody."""


class Section(BaseModel):
    """A table of the document: unknown keys are errors, so that a typo is not a silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
