"""The reference is generated from the code: it cannot lie for longer than one test run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from app.document import HOUSE, SECTIONS
from app.reference import commands, main, pages, settings_page, slug, type_in_words
from app.settings import ChatPlace, Team, model_in
from app.toml import in_toml
from channels.form.settings import Localised
from channels.registry import KINDS
from tests.docs.pages import ROOT

MODELS: list[type[BaseModel]] = [
    *SECTIONS.values(),
    *HOUSE.values(),
    Team,
    ChatPlace,
    *(kind.settings() for kind in KINDS.values()),
]


def everything_in(model: type[BaseModel]) -> set[type[BaseModel]]:
    """The model and all models inside it."""
    inner = (model_in(field.annotation) for field in model.model_fields.values())
    return {model}.union(*(everything_in(one) for one in inner if one is not None))


ALL = sorted({inner for model in MODELS for inner in everything_in(model)}, key=lambda model: model.__qualname__)


@pytest.mark.parametrize("page", sorted(pages()))
def test_the_page_in_git_equals_the_code(page: str) -> None:
    kept = (ROOT / "docs" / "reference" / page).read_text("utf-8")
    assert kept == pages()[page], f"docs/reference/{page} is behind the code: run `make docs` and commit what changes"


def test_make_docs_writes_the_pages(tmp_path: Path) -> None:
    main(tmp_path / "reference")
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "reference").iterdir()}
    assert written == dict(pages())


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__qualname__)
def test_every_setting_says_what_it_is(model: type[BaseModel]) -> None:
    assert model.__doc__, "the first paragraph of the docstring stands under the heading"
    silent = [key for key, field in model.model_fields.items() if not field.description]
    assert silent == [], f"{model.__qualname__}: a description is missing"


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__qualname__)
def test_every_setting_is_on_the_page(model: type[BaseModel]) -> None:
    rows = settings_page().splitlines()
    for key, field in model.model_fields.items():
        shown = [row for row in rows if row.startswith(f"| `{key}` |") and str(field.description) in row]
        assert shown, f"{model.__qualname__}.{key}"


@pytest.mark.parametrize(
    ("title", "command"), list(commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_and_option_has_help(title: str, command: Any) -> None:
    assert command.help
    assert [p.name for p in command.params if not getattr(p, "help", None)] == [], title
    assert f"## leadwire {title}\n\n{command.help.strip()}\n" in pages()["commands.md"]


def test_commands_in_groups_are_found() -> None:
    assert {"up", "demo", "check", "trace", "dead replay", "staff add", "staff leave"} <= {
        name for name, _ in commands()
    }


class Choice(BaseModel):
    """One."""

    size: int = 3


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (str, "text"),
        (int | None, "whole number"),
        (Literal["en", "ru"], '`"en"`, `"ru"`'),
        (tuple[float, ...], "list of numbers"),
        (tuple[Choice, ...], "list of tables"),
        (Annotated[str, Field(max_length=3)], "text"),
        (SecretStr | None, "[secret](#secrets)"),
        (Localised, "[localised text](#localised-text)"),
        (Choice | None, "table"),
    ],
)
def test_types_are_said_in_words(annotation: Any, words: str) -> None:
    assert type_in_words(annotation) == words


@pytest.mark.parametrize(
    ("value", "toml"),
    [
        ("imap.example.com", '"imap.example.com"'),
        ("Имя", '"Имя"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("a\n[b]", '"a\\n[b]"'),
        ("8080", '"8080"'),
        (8080, "8080"),
        (True, "true"),
        (0.5, "0.5"),
        (Path("data"), '"data"'),
        (("INBOX", "Site"), '["INBOX", "Site"]'),
        (Choice(), "{ }"),
        (Choice(size=4), "{ size = 4 }"),
        ((Localised(en="Name"),), '[{ en = "Name" }]'),
    ],
)
def test_values_are_shown_as_one_writes_them(value: Any, toml: str) -> None:
    assert in_toml(value) == toml


def test_anchors_are_those_of_the_headings() -> None:
    assert slug("[channels.NAME.imap] of kind email") == "channelsnameimap-of-kind-email"
    assert slug("What isn’t done, `by-hand`?") == "what-isnt-done-by-hand"
