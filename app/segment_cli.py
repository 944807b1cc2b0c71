"""`leadwire segment`: what may be typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.console import DEFAULT, Config, go_with

segment = typer.Typer(help="Named conditions and lists of people, for mailings.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="SEGMENT", help="Its name, its id, or the last 8 signs of it.")]
Who = Annotated[list[str] | None, typer.Argument(help="Ids, addresses, or leads: #42.")]
Rule = Annotated[str, typer.Option(help="JSON, or @FILE with it. What it may ask: leadwire segment subjects.")]


@segment.command("list")
def segment_list(
    archived: Annotated[bool, typer.Option("--archived", help="Those that were put away, too.")] = False,
    config: Config = DEFAULT,
) -> None:
    """List the segments with their rules in words."""
    from app import segment_commands as doing

    go_with(config, lambda s: doing.listed(s, archived))


@segment.command()
def show(name: Name, config: Config = DEFAULT) -> None:
    """Show one: its rule, its versions, and what uses it."""
    from app import segment_commands as doing

    go_with(config, lambda s: doing.show(s, name))


@segment.command()
def new(
    name: Annotated[str, typer.Argument(help="What it is to be called.")],
    rule: Rule = "",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Give the one of this name another rule.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Make a segment: with a rule, or without one an empty list."""
    from app import segment_commands as doing

    go_with(config, lambda s: doing.new(s, name, rule, description, replace))


@segment.command()
def count(
    name: Annotated[str, typer.Argument(metavar="[SEGMENT]", help="Its name or id.")] = "",
    rule: Rule = "",
    config: Config = DEFAULT,
) -> None:
    """Count who belongs to it now, by which channels they can be written to, with five of them."""
    from app import segment_commands as doing

    go_with(config, lambda s: doing.count(s, name, rule))


@segment.command()
def members(
    name: Name,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    config: Config = DEFAULT,
) -> None:
    """List who belongs to it now."""
    from app import segment_commands as doing

    go_with(config, lambda s: doing.members(s, name, limit))


@segment.command()
def add(
    name: Name,
    who: Who = None,
    file: Annotated[Path | None, typer.Option(help="A text file with an id or an address in each line.")] = None,
    config: Config = DEFAULT,
) -> None:
    """Put people into a list."""
    from app import segment_commands as doing

    go_with(config, lambda s: doing.add(s, name, who or (), file))


@segment.command()
def remove(
    name: Name, who: Annotated[list[str], typer.Argument(help="Ids or addresses.")], config: Config = DEFAULT
) -> None:
    """Take people out of a list."""
    from app import segment_commands as doing

    go_with(config, lambda s: doing.remove(s, name, who))


@segment.command()
def archive(name: Name, config: Config = DEFAULT) -> None:
    """Put a segment away; refused while something uses it."""
    from app import segment_commands as doing

    go_with(config, lambda s: doing.archive(s, name))


@segment.command()
def subjects(config: Config = DEFAULT) -> None:
    """List what a rule may ask, and by which operators."""
    from app import segment_commands as doing

    go_with(config, doing.subjects)
