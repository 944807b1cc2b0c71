"""Under which addresses people and vendors reach what the web role serves."""

from __future__ import annotations

from collections.abc import Iterator

from app.settings import Settings

HOOKS = {"sms": "/message"}
"""Kind of channel -> what stands after /in/NAME in the address that the vendor is given."""


def addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    """("form site", "https://leads.example.com/f/site") for each form and each hook."""
    server = settings.server
    base = server.public_url or f"http://{server.host}:{server.port}"
    for name, channel in settings.channels.items():
        if channel.kind == "form":
            yield f"form {name}", f"{base}/f/{name}"
        elif channel.kind in HOOKS or getattr(channel.settings, "updates", "") == "webhook":
            yield f"hook of {name}", f"{base}/in/{name}{HOOKS.get(channel.kind, '')}"
