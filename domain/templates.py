"""Texts that a provider has approved before they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

NEEDED = "outside of WhatsApp's 24 hours only approved templates may be sent"
"""The reason of what was refused because it was none, and the recipient has not written for a day."""


class Template(NamedTuple):
    """One of them, for one recipient: WhatsApp's."""

    id: str
    """In the provider's words: Twilio's ContentSid."""
    values: Mapping[str, str]
    """Placeholder -> what stands there."""
