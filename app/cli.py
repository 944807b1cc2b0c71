"""The `leadwire` command."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated, Any

import typer

from app import log
from app.addresses import addresses
from app.broadcast_cli import broadcast
from app.consent_cli import consent, erase, retention
from app.console import DEFAULT, Config, Verbose, run, settings_of
from app.contacts_cli import contacts
from app.keys_cli import keys
from app.segment_cli import segment
from app.template_cli import template

cli = typer.Typer(
    help="Every request a customer makes becomes a lead of one known person in one salesperson's chat.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
ROLES = ("web", "listen", "route", "send")


def until_told(start: Callable[[asyncio.Event], Awaitable[None]]) -> Coroutine[Any, Any, None]:
    """Run until SIGINT or SIGTERM."""

    async def main() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await start(stop)

    return main()


def _role(name: str, text: str) -> None:
    @cli.command(name, help=text)
    def command(config: Config = DEFAULT, verbose: Verbose = False) -> None:
        from app import wiring

        settings = settings_of(config, verbose=verbose)
        roles = ROLES if name == "up" else (name,)
        for what, address in addresses(settings) if "web" in roles else ():
            logging.getLogger(__name__).info("%s: %s", what, address)
        run(until_told(lambda stop: wiring.run(settings, roles, stop)))


for _name, _text in {
    "up": "Run everything in one process.",
    "web": "Run only the web role: forms, hooks and pages.",
    "listen": "Run only the listeners: IMAP and Telegram.",
    "route": "Run only the router: messages become leads.",
    "send": "Run only the sender: what is due goes out.",
}.items():
    _role(_name, _text)


@cli.command()
def demo(
    port: Annotated[int, typer.Option(min=1, max=65_534, help="Where the demo's page is served.")] = 8025,
    data: Annotated[Path | None, typer.Option(help="Keep the demo's data here instead of a fresh folder.")] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    verbose: Verbose = False,
) -> None:
    """Play both sides in the browser: simulated customers and sellers, embedded servers, no account."""
    from app import demo as playing

    log.set_up(verbose=verbose)
    run(until_told(lambda stop: playing.play(port, data and data.resolve(), open_browser=open_browser, stop=stop)))


@cli.command()
def migrate(config: Config = DEFAULT) -> None:
    """Bring the database to this version's schema."""
    from app import commands

    run(commands.migrate(settings_of(config)))


@cli.command()
def check(config: Config = DEFAULT) -> None:
    """Check the configuration, the servers and every channel; say the line that mends what is wrong."""
    from app import checks

    run(checks.check(settings_of(config)))


@cli.command()
def trace(
    wanted: Annotated[str, typer.Argument(help="A lead (#42), a receipt, a message's or a provider's id.")],
    config: Config = DEFAULT,
) -> None:
    """Show the whole way of one message or lead, step by step, with times."""
    from app import commands

    run(commands.trace(settings_of(config), wanted))


dead = typer.Typer(help="Messages that could not be handled.", no_args_is_help=True)
cli.add_typer(dead, name="dead")
Letter = Annotated[str, typer.Argument(help="The letter's id, as `dead list` shows it.")]


@dead.command("list")
def dead_list(limit: Annotated[int, typer.Option(help="At most so many.")] = 50, config: Config = DEFAULT) -> None:
    """List the dead letters, the oldest first."""
    from app import commands

    run(commands.dead_list(settings_of(config), limit))


@dead.command("show")
def dead_show(letter: Letter, config: Config = DEFAULT) -> None:
    """Show one dead letter whole."""
    from app import commands

    run(commands.dead_show(settings_of(config), letter))


@dead.command("replay")
def dead_replay(
    letter: Annotated[str, typer.Argument(help="The letter's id, or all.")], config: Config = DEFAULT
) -> None:
    """Put a dead letter, or all, back on its way."""
    from app import commands

    run(commands.dead_replay(settings_of(config), letter))


@dead.command("drop")
def dead_drop(
    letter: Letter,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Remove a dead letter for ever."""
    from app import commands

    run(commands.dead_drop(settings_of(config), letter, ask=not yes))


staff = typer.Typer(help="People who sell.", no_args_is_help=True)
cli.add_typer(staff, name="staff")


@staff.command("add")
def staff_add(
    name: Annotated[str, typer.Argument(help="How colleagues and cards call the person.")],
    team: Annotated[str, typer.Option(help="The team, and so the pipeline.")] = "sales",
    language: Annotated[str, typer.Option(help="en or ru; the company's when left out.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Add a person and print the one-time link that opens his chat with the bot."""
    from app import commands

    run(commands.staff_add(settings_of(config), name, team, language))


@staff.command("list")
def staff_list(config: Config = DEFAULT) -> None:
    """List who works here, who is linked and who is at work."""
    from app import commands

    run(commands.staff_list(settings_of(config)))


@staff.command("link")
def staff_link(name: Annotated[str, typer.Argument(help="The person's name or id.")], config: Config = DEFAULT) -> None:
    """Print a fresh one-time link; earlier ones stop working."""
    from app import commands

    run(commands.staff_link(settings_of(config), name))


@staff.command("leave")
def staff_leave(
    name: Annotated[str, typer.Argument(help="The person's name or id.")], config: Config = DEFAULT
) -> None:
    """The person works here no more: the chat is cut off, the open leads wait for the team."""
    from app import commands

    run(commands.staff_leave(settings_of(config), name))


contacts.command("erase")(erase)
cli.add_typer(contacts, name="contacts")
cli.add_typer(consent, name="consent")
cli.command("retention")(retention)
cli.add_typer(keys, name="keys")
cli.add_typer(segment, name="segment")
cli.add_typer(broadcast, name="broadcast")
cli.add_typer(template, name="template")


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"leadwire {installed_version('leadwire')}, Python {sys.version.split()[0]}")


def main() -> None:
    """The command's entry."""
    cli()
