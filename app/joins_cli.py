"""`leadwire contacts`: what may be typed of joining and parting, duplicates, shared addresses and fields."""

from __future__ import annotations

from typing import Annotated

import typer

from app.console import DEFAULT, Config, Yes, go, settings_of

joins = typer.Typer()
duplicates = typer.Typer(help="Contacts that are probably one person.", no_args_is_help=True)
fields = typer.Typer(help="The fields of contacts.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="An id or its last 8 signs, an address, or a lead: #42.")]
Address = Annotated[str, typer.Argument(help="An e-mail or a phone.")]


@joins.command()
def merge(
    one: Annotated[str, typer.Argument(help="The contact that leads: an id or its end, an address, or #42.")],
    other: Who,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="FIELD=one|other", help="Whose value shows. May be repeated."),
    ] = None,
    even_if_different: Annotated[
        bool, typer.Option("--even-if-different", help="Although somebody has said that they are not the same.")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Make two contacts one person; it can be taken back exactly."""
    from app import contact_commands as doing

    wish = doing.Join(one=one, other=other, fields=field or (), even_if_different=even_if_different)
    go(doing.merge(settings_of(config), wish))


@joins.command()
def unmerge(
    merges: Annotated[list[str] | None, typer.Argument(help="Merges, as `contacts merges` shows them.")] = None,
    rule: Annotated[str, typer.Option(help="Instead: all of this rule, such as certain.")] = "",
    since: Annotated[str, typer.Option(help="Made then or later: 2026-11-26, or with a time.")] = "",
    until: Annotated[str, typer.Option(help="Made before.")] = "",
    yes: Yes = False,
    config: Config = DEFAULT,
) -> None:
    """Take merges back: some, or all that a rule did in a span of time."""
    from app import contact_commands as doing

    wish = doing.Part(merges=merges or (), rule=rule, since=since, until=until, yes=yes)
    go(doing.unmerge(settings_of(config), wish))


@joins.command("merges")
def merges_(
    who: Annotated[str, typer.Argument(help="Only of this person: an id or its end, an address, or #42.")] = "",
    rule: Annotated[str, typer.Option(help="Only of this rule: hand, review, proved-together, certain.")] = "",
    undone: Annotated[bool, typer.Option("--undone", help="Those that were taken back, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    config: Config = DEFAULT,
) -> None:
    """List the merges, the latest first: when, why, by whom."""
    from app import contact_commands as doing

    go(doing.merges_(settings_of(config), rule, who, limit, undone=undone))


@joins.command()
def share(address: Address, config: Config = DEFAULT) -> None:
    """Say that an address is several people's: an office phone, a family's mailbox."""
    from app import contact_commands as doing

    go(doing.share(settings_of(config), address, shared=True))


@joins.command()
def unshare(address: Address, config: Config = DEFAULT) -> None:
    """Say that an address is one person's, whatever it looks like."""
    from app import contact_commands as doing

    go(doing.share(settings_of(config), address, shared=False))


@duplicates.command("list")
def duplicates_list(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 20, config: Config = DEFAULT
) -> None:
    """List probable duplicates that nobody has decided yet, with what speaks for and against."""
    from app import duplicate_commands as doing

    go(doing.listed(settings_of(config), limit))


@duplicates.command("decide")
def duplicates_decide(
    suggestion: Annotated[str, typer.Argument(help="Its id, as `duplicates list` shows it.")],
    answer: Annotated[str, typer.Argument(help="same, different, later; undo takes one of the first two back.")],
    config: Config = DEFAULT,
) -> None:
    """Say whether two contacts are one person: for everybody, and for good unless you take it back."""
    from app import duplicate_commands as doing

    go(doing.decide(settings_of(config), suggestion, answer))


@duplicates.command("learn")
def duplicates_learn(config: Config = DEFAULT) -> None:
    """Learn from your own contacts what agreement weighs, and have all of them compared anew."""
    from app import duplicate_commands as doing

    go(doing.learn(settings_of(config)))


@fields.command("list")
def fields_list(config: Config = DEFAULT) -> None:
    """List all fields, built-in and custom ones."""
    from app import contact_commands as doing

    go(doing.fields_list(settings_of(config)))


@fields.command("add")
def fields_add(
    name: Annotated[str, typer.Argument(help="Small Latin letters, digits and _: shoe_size.")],
    type_: Annotated[
        str, typer.Option("--type", help="text, number, date, phone, email, choice or flag; it stays.")
    ] = "text",
    english: Annotated[str, typer.Option("--en", help="What people read, in English.")] = "",
    russian: Annotated[str, typer.Option("--ru", help="The same in Russian.")] = "",
    choice: Annotated[list[str] | None, typer.Option("--choice", help="Of a choice: a value. Repeated.")] = None,
    matching: Annotated[
        str, typer.Option(help="How duplicates are found by it: none, text, identifier or date.")
    ] = "none",
    config: Config = DEFAULT,
) -> None:
    """Make a custom field."""
    from app import contact_commands as doing

    async def main() -> int:
        field = doing.drafted_field(name, type_, english, russian, choice or (), matching)
        return await doing.fields_add(settings, field)

    settings = settings_of(config)
    go(main())


@fields.command("archive")
def fields_archive(
    name: Annotated[str, typer.Argument(help="The field's name.")],
    back: Annotated[bool, typer.Option("--back", help="Take it out again.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Put a custom field away; its values stay."""
    from app import contact_commands as doing

    go(doing.fields_archive(settings_of(config), name, back=back))
