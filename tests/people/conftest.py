"""People on a real database."""

from __future__ import annotations

from tests.router.conftest import ask, database, hire, router

__all__ = ["ask", "database", "hire", "router"]
