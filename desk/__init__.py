"""What sales do in their chat: commands and buttons in, actions on leads out."""

from desk.desk import Desk
from desk.house import TeamChat

__all__ = ["Desk", "TeamChat"]
