"""`leadwire template`: what may be typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.console import DEFAULT, Config, go_with

template = typer.Typer(help="Contents that are kept under a name, for broadcasts and messages.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="TEMPLATE", help="Its name: small Latin letters, digits, hyphens.")]


@template.command("list")
def template_list(config: Config = DEFAULT) -> None:
    """List the templates."""
    from app import template_commands as doing

    go_with(config, doing.listed)


@template.command()
def show(
    name: Name,
    version: Annotated[int, typer.Option(min=0, help="Which one; the one that holds when left out.")] = 0,
    config: Config = DEFAULT,
) -> None:
    """Show one as JSON, with its versions."""
    from app import template_commands as doing

    go_with(config, lambda s: doing.show(s, name, version))


@template.command()
def put(
    name: Name,
    content: Annotated[str, typer.Argument(help="JSON, or @FILE with JSON or TOML.")],
    picture: Annotated[
        list[Path] | None,
        typer.Option(help='A picture that a block shows as "cid:logo.png" or "host:logo.png", by its file. Repeated.'),
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """Keep a content as the next version of this name."""
    from app import template_commands as doing

    go_with(config, lambda s: doing.put(s, name, content, picture or ()))


@template.command()
def ready(
    name: Annotated[str, typer.Argument(help="welcome, news or offer; their list when left out.")] = "",
    language: Annotated[str, typer.Option(help="en or ru; the company's when left out.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Print a content to begin with: leadwire template ready news > news.json"""
    from app import template_commands as doing

    go_with(config, lambda s: doing.ready(s, name, language))
