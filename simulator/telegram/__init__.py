"""An in-memory Telegram: `World` is the people's side, `telegram_app` the Bot API in front of it."""

from simulator.telegram.api import telegram_app
from simulator.telegram.entities import Entity
from simulator.telegram.errors import ApiError
from simulator.telegram.model import (
    Bot,
    Button,
    Change,
    Chat,
    Contact,
    Location,
    Media,
    Message,
    Press,
    Upload,
    User,
    Violation,
)
from simulator.telegram.world import World

__all__ = [
    "ApiError",
    "Bot",
    "Button",
    "Change",
    "Chat",
    "Contact",
    "Entity",
    "Location",
    "Media",
    "Message",
    "Press",
    "Upload",
    "User",
    "Violation",
    "World",
    "telegram_app",
]
