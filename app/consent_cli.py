"""`leadwire consent`, `leadwire retention` and `leadwire contacts erase`: what may be typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.console import DEFAULT, Config, Yes, go, settings_of

consent = typer.Typer(help="Who may be written to, and the proof of it.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(help="An id or its last 8 signs, an address, or a lead: #42.")]
File = Annotated[Path, typer.Argument(help="The file.")]


@consent.command()
def show(who: Who, config: Config = DEFAULT) -> None:
    """Show, for each address and topic, whether mailings may go there, and why not."""
    from app import consent_commands as doing

    go(doing.show(settings_of(config), who))


@consent.command()
def proof(
    who: Who,
    out: Annotated[Path | None, typer.Option(help="Write the page here instead of printing its HTML.")] = None,
    config: Config = DEFAULT,
) -> None:
    """Make the page of proof: every receipt with its text, hash, time and source."""
    from app import consent_commands as doing

    go(doing.proof_of(settings_of(config), who, out))


@consent.command()
def grant(
    who: Who,
    text: Annotated[str, typer.Option(help="Word for word what was agreed to.")],
    source: Annotated[str, typer.Option(help='How it was given, and where that stands: "paper, folder 7".')],
    purpose: Annotated[str, typer.Option(help="marketing, or a topic.")] = "marketing",
    channel: Annotated[str, typer.Option(help="email, sms, whatsapp or telegram; left out, all.")] = "",
    version: Annotated[str, typer.Option(help="Of the text, as you count.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Write down a consent that was given by word or on paper. It brings nobody back who has left himself."""
    from app import consent_commands as doing

    given = doing.Given(purpose=purpose, channel=channel, text=text, source=source, version=version)
    go(doing.grant(settings_of(config), who, given))


@consent.command()
def withdraw(
    who: Who,
    purpose: Annotated[str, typer.Option(help="marketing, or a topic.")] = "marketing",
    config: Config = DEFAULT,
) -> None:
    """Write down that a person wants no more of it, on all addresses; what waits is dropped at once."""
    from app import consent_commands as doing

    go(doing.withdraw(settings_of(config), who, purpose))


@consent.command("tombstones")
def tombstones_save(file: File, config: Config = DEFAULT) -> None:
    """Write the hashes of those who were erased into a file, to be kept beside the backups."""
    from app import consent_commands as doing

    go(doing.tombstones_save(settings_of(config), file))


@consent.command("restored")
def tombstones_load(file: File, config: Config = DEFAULT) -> None:
    """After a backup was restored: erase anew whoever was erased since it was made."""
    from app import consent_commands as doing

    go(doing.tombstones_load(settings_of(config), file))


def erase(
    who: Who,
    confirm: Annotated[str, typer.Option(help="The person's name as it is shown, instead of being asked for it.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Forget a person for ever; what proves his consents and refusals stays, as hashes."""
    from app import consent_commands as doing

    go(doing.erase(settings_of(config), who, confirm))


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    yes: Yes = False,
    config: Config = DEFAULT,
) -> None:
    """Remove what is older than the configuration keeps (its table "retention")."""
    from app import consent_commands as doing

    go(doing.retain(settings_of(config), dry_run=dry_run, ask=not yes))
