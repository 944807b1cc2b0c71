"""`leadwire broadcast`: what may be typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.console import DEFAULT, Config, Yes, go_with

broadcast = typer.Typer(help="Mailings: one message to many, over every channel.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="BROADCAST", help="Its name, its id, or the last 8 signs of it.")]
Plan = Annotated[str, typer.Option(help="JSON, or @FILE with JSON or TOML: audience, steps, quiet, cap, pace ...")]
Content = Annotated[str, typer.Option(help="JSON, or @FILE with JSON or TOML: subject, blocks, variants ...")]
Segment = Annotated[str, typer.Option(help="Whom: the segment of this name; everybody when left out.")]
Channels = Annotated[
    list[str] | None, typer.Option("--channel", help="By which channel. Repeated: the next one for whom it misses.")
]
Template = Annotated[str, typer.Option(help="What is said: a template's name, or one of the ready ones.")]
At = Annotated[str, typer.Option(help='When: "2026-12-01 10:00", by the company\'s clock; now when left out.')]
Local = Annotated[
    bool | None,
    typer.Option("--local/--no-local", help="At that time of each one's own clock; as the plan says when left out."),
]
Offline = Annotated[bool, typer.Option("--offline", help="Ask neither links nor DNS nor the spam filter.")]
Channel = Annotated[str, typer.Option("--channel", help="By which channel; the plan's first when left out.")]
As = Annotated[str, typer.Option("--as", help="A contact: its id, address or lead; nobody known when left out.")]
Outcome = Annotated[str, typer.Option(help="Only those: sent, opened, skipped, bounced_hard ...")]
Code = Annotated[str, typer.Option(help="Only those left out or failed so: no_consent, soft ...")]


@broadcast.command("list")
def broadcast_list(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20, config: Config = DEFAULT
) -> None:
    """List the broadcasts, the latest first."""
    from app import broadcast_commands as doing

    go_with(config, lambda s: doing.listed(s, limit))


@broadcast.command()
def show(
    name: Name,
    whole: Annotated[bool, typer.Option("--json", help="All of it, as JSON.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Show one: where it stands, its plan and its content in words."""
    from app import broadcast_shown as doing

    go_with(config, lambda s: doing.show(s, name, whole=whole))


@broadcast.command()
def new(
    name: Annotated[str, typer.Argument(help="What it is to be called.")],
    plan: Plan = "",
    content: Content = "",
    segment: Segment = "",
    channel: Channels = None,
    template: Template = "",
    config: Config = DEFAULT,
) -> None:
    """Make a draft."""
    from app import broadcast_commands as doing
    from app.broadcast_given import Given

    given = Given(plan=plan, content=content, segment=segment, channels=tuple(channel or ()), template=template)
    go_with(config, lambda s: doing.new(s, name, given))


@broadcast.command()
def change(
    name: Name,
    rename: Annotated[str, typer.Option(help="What it is to be called.")] = "",
    plan: Plan = "",
    content: Content = "",
    segment: Segment = "",
    channel: Channels = None,
    template: Template = "",
    config: Config = DEFAULT,
) -> None:
    """Change a draft; what is left out stays."""
    from app import broadcast_commands as doing
    from app.broadcast_given import Given

    given = Given(plan=plan, content=content, segment=segment, channels=tuple(channel or ()), template=template)
    go_with(config, lambda s: doing.change(s, name, rename, given))


@broadcast.command()
def preflight(name: Name, offline: Offline = False, config: Config = DEFAULT) -> None:
    """Say who would get it, who not and why, what it costs, when it ends, and what is to be mended."""
    from app import broadcast_preflight as doing

    go_with(config, lambda s: doing.preflight(s, name, offline=offline))


@broadcast.command()
def preview(
    name: Name,
    as_: As = "",
    channel: Channel = "",
    out: Annotated[Path | None, typer.Option(help="A new file for the HTML of a mail: letter.html")] = None,
    config: Config = DEFAULT,
) -> None:
    """Show it as this contact would get it: a mail's HTML as a file, what a chat or a phone shows here."""
    from app import broadcast_preview as doing

    go_with(config, lambda s: doing.preview(s, name, as_, channel, out))


@broadcast.command()
def test(
    name: Name,
    to: Annotated[list[str], typer.Argument(help="Contacts' ids, or addresses: at most 20.")],
    channel: Channel = "",
    config: Config = DEFAULT,
) -> None:
    """Send it at once to a few, marked as a test, and see whether it gets there. It is counted nowhere."""
    from app import broadcast_trials as doing

    go_with(config, lambda s: doing.test(s, name, channel, to))


@broadcast.command()
def tests(
    name: Name,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    config: Config = DEFAULT,
) -> None:
    """List its tests, the latest first, with what became of each."""
    from app import broadcast_trials as doing

    go_with(config, lambda s: doing.listed(s, name, limit))


@broadcast.command()
def schedule(name: Name, at: At = "", local: Local = None, config: Config = DEFAULT) -> None:
    """Have it begin at a time."""
    from app import broadcast_commands as doing

    go_with(config, lambda s: doing.schedule(s, name, at, local))


@broadcast.command()
def unschedule(name: Name, config: Config = DEFAULT) -> None:
    """Make what is scheduled a draft again."""
    from app import broadcast_moves as doing

    go_with(config, lambda s: doing.unschedule(s, name))


@broadcast.command()
def start(name: Name, yes: Yes = False, config: Config = DEFAULT) -> None:
    """Begin now, after a question."""
    from app import broadcast_commands as doing

    go_with(config, lambda s: doing.start(s, name, ask=not yes))


@broadcast.command()
def confirm(name: Name, config: Config = DEFAULT) -> None:
    """Stand for it as the second person: under another login than whoever made it."""
    from app import broadcast_moves as doing

    go_with(config, lambda s: doing.confirm(s, name))


@broadcast.command()
def pause(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why.")] = "by hand",
    until: Annotated[str, typer.Option(help="When it goes on by itself.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Send nothing more for now; what is on its way arrives."""
    from app import broadcast_moves as doing

    go_with(config, lambda s: doing.pause(s, name, reason, until))


@broadcast.command()
def resume(name: Name, config: Config = DEFAULT) -> None:
    """Go on."""
    from app import broadcast_moves as doing

    go_with(config, lambda s: doing.resume(s, name))


@broadcast.command()
def cancel(name: Name, yes: Yes = False, config: Config = DEFAULT) -> None:
    """Send nothing more of it, for ever."""
    from app import broadcast_moves as doing

    go_with(config, lambda s: doing.cancel(s, name, ask=not yes))


@broadcast.command()
def retry(
    name: Name,
    code: Annotated[
        list[str] | None, typer.Option("--code", help="soft (as usual), rejected, fault, uncertain. Repeated.")
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """Send once more to those who failed; with uncertain, some may get it twice."""
    from app import broadcast_moves as doing

    go_with(config, lambda s: doing.retry(s, name, code or ["soft"]))


@broadcast.command()
def copy(
    name: Name,
    new_name: Annotated[str, typer.Argument(help="What the copy is to be called.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Make a draft with the same plan and content."""
    from app import broadcast_moves as doing

    go_with(config, lambda s: doing.copy(s, name, new_name))


@broadcast.command()
def watch(
    name: Name,
    once: Annotated[bool, typer.Option("--once", help="Look once, and do not stay.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Show how far it is until it is over: the rate, the time left, and what it waits for."""
    from app import broadcast_watch as doing

    go_with(config, lambda s: doing.watch(s, name, once=once))


@broadcast.command()
def recipients(
    name: Name,
    outcome: Outcome = "",
    code: Code = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most about so many.")] = 50,
    config: Config = DEFAULT,
) -> None:
    """List recipients, with what became of each."""
    from app import broadcast_watch as doing

    go_with(config, lambda s: doing.recipients(s, name, outcome, code, limit))


@broadcast.command()
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(help="A new file: recipients.csv.")],
    outcome: Outcome = "",
    code: Code = "",
    config: Config = DEFAULT,
) -> None:
    """Write all recipients into a CSV file."""
    from app import broadcast_watch as doing

    go_with(config, lambda s: doing.export(s, name, file, outcome, code))
