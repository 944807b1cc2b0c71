"""`leadwire keys`: what may be typed."""

from __future__ import annotations

from typing import Annotated

import typer

from app.console import DEFAULT, Config, go, settings_of

keys = typer.Typer(help="Keys by which other programs use the API.", no_args_is_help=True)


@keys.command("add")
def keys_add(
    name: Annotated[str, typer.Argument(help="Which program has it.")],
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            help="contacts:read, contacts:write, merges:write, imports:write, exports:read, segments:read, "
            "segments:write, broadcasts:read, broadcasts:write, broadcasts:send, messages:send, contacts:erase or "
            "admin. Repeated.",
        ),
    ],
    config: Config = DEFAULT,
) -> None:
    """Make a key and print it, this once."""
    from app import key_commands as doing

    go(doing.add(settings_of(config), name, scope))


@keys.command("list")
def keys_list(config: Config = DEFAULT) -> None:
    """List the keys: what each may do, and when it was used last."""
    from app import key_commands as doing

    go(doing.listed(settings_of(config)))


@keys.command("revoke")
def keys_revoke(
    key: Annotated[str, typer.Argument(help="Its id, as `keys list` shows it.")], config: Config = DEFAULT
) -> None:
    """The key opens nothing from now on."""
    from app import key_commands as doing

    go(doing.revoke(settings_of(config), key))
