"""The page's templates and its two languages."""

from __future__ import annotations

import re
from datetime import datetime
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from simulator.page.view import LANGUAGES, View

HERE = Path(__file__).parent
STATIC = HERE.parent / "static"


class Catalog(NullTranslations):
    """A gettext catalogue read straight from its .po file: nothing compiled in git."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.messages: dict[str, str] = {}
        if path.exists():
            with path.open("rb") as file:
                found = read_po(file)
            self.messages = {str(m.id): str(m.string) for m in found if m.id and m.string}

    def gettext(self, message: str) -> str:
        return self.messages.get(message, message)


CATALOGS = {code: Catalog(HERE / "locales" / f"{code}.po") for code in LANGUAGES}


def _environment(code: str) -> Environment:
    """One environment per language: which one a text is in is never a question of context."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(CATALOGS[code], newstyle=True)  # type: ignore[attr-defined]  # by i18n
    environment.filters.update(clock=clock, weight=weight, initials=initials)
    environment.globals.update(LANGUAGES=LANGUAGES, icon=icon)
    return environment


def render(name: str, view: View, block: str = "", **context: Any) -> str:
    """The whole template, or one of its blocks when the template has that block."""
    environment = ENVIRONMENTS[view.lang]
    template = environment.get_template(name)
    context |= {"view": view, "p": environment.get_template("parts.html").module}
    if block in template.blocks:
        return "".join(template.blocks[block](template.new_context(context)))
    return template.render(context)


def icon(name: str) -> Markup:
    """A symbol of Bootstrap Icons' sprite; it says nothing by itself."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="/static/vendor/icons.svg#{}"/></svg>').format(name)


def clock(at: datetime) -> str:
    """The time of day where this machine stands, which is where the browser is."""
    return f"{at.astimezone():%H:%M}"


def weight(size: int) -> str:
    """Bytes for people."""
    return f"{size} B" if size < 1024 else f"{size / 1024:.1f} KB" if size < 1024**2 else f"{size / 1024**2:.1f} MB"


def initials(name: str) -> str:
    """Two letters for the round picture."""
    return "".join(re.findall(r"\b\w", name)[:2]).upper()


ENVIRONMENTS = {code: _environment(code) for code in LANGUAGES}
