"""`leadwire contacts`: what may be typed of files and of looking. What it does stands in the modules named in each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.console import DEFAULT, Config, Yes, go, settings_of
from app.files_cli import files
from app.joins_cli import duplicates, fields, joins

contacts = typer.Typer(help="The people you know: import, export, look, join and part.", no_args_is_help=True)
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]
Who = Annotated[str, typer.Argument(help="An id or its last 8 signs, an address, or a lead: #42.")]
ImportId = Annotated[str, typer.Argument(metavar="IMPORT", help="The import's id, as `contacts imports` shows it.")]
ExportId = Annotated[str, typer.Argument(metavar="EXPORT", help="The export's id, as `contacts exports` shows it.")]


@contacts.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, vCard; an export of Google, amoCRM, Bitrix24.")],
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=TARGET", help="What a column becomes. May be repeated.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="A mapping that was saved, instead of guessing.")] = None,
    save_mapping: Annotated[Path | None, typer.Option(help="Save the mapping here, as JSON.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look and tell.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="The file's values replace ours; else they only fill what is empty.")
    ] = False,
    country: Annotated[str, typer.Option(help="Where national phones are from; the company's when left out.")] = "",
    encoding: Annotated[str, typer.Option(help="Of the file, when it is not detected rightly.")] = "",
    delimiter: Annotated[str, typer.Option(help='Between the columns: ";", "tab" ...')] = "",
    sheet: Annotated[str, typer.Option(help="Of a workbook; the first when left out.")] = "",
    yes: Yes = False,
    config: Config = DEFAULT,
) -> None:
    """Import contacts from a file: looks first, tells what would happen, and asks."""
    from app import import_commands as doing

    wish = doing.Wish(
        file=file,
        maps=map_ or (),
        mapping=mapping,
        save_mapping=save_mapping,
        country=country,
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
        replace=replace,
        dry_run=dry_run,
        yes=yes,
    )
    go(doing.import_(settings_of(config), wish))


@contacts.command()
def imports(limit: Limit = 50, config: Config = DEFAULT) -> None:
    """List the imports, the latest first."""
    from app import import_commands as doing

    go(doing.listed(settings_of(config), limit))


@contacts.command()
def undo(import_id: ImportId, yes: Yes = False, config: Config = DEFAULT) -> None:
    """Take an import back whole, within 30 days; what came since stays."""
    from app import import_commands as doing

    go(doing.undo(settings_of(config), import_id, ask=not yes))


@contacts.command()
def rejected(
    import_id: ImportId,
    file: Annotated[Path, typer.Argument(help="Where to write them.")],
    config: Config = DEFAULT,
) -> None:
    """Write the rows that an import rejected, with the reasons, to be corrected and imported again."""
    from app import import_commands as doing

    go(doing.rejected_(settings_of(config), import_id, file))


@contacts.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write; a name in .vcf gets vCards.")],
    format_: Annotated[str, typer.Option("--format", help="csv or vcard; by the file's name when left out.")] = "",
    columns: Annotated[str, typer.Option(help='Of a CSV: "name,email,phone"; all when left out.')] = "",
    tag: Annotated[str, typer.Option(help="Only people with this tag.")] = "",
    owner: Annotated[str, typer.Option(help="Only those for whom this colleague is responsible.")] = "",
    company: Annotated[str, typer.Option(help="Only people of this company.")] = "",
    city: Annotated[str, typer.Option(help="Only people of this city.")] = "",
    since: Annotated[str, typer.Option(help="Only those who came then or later: 2026-11-26.")] = "",
    import_: Annotated[str, typer.Option("--import", help="Only those of this import.")] = "",
    resume: Annotated[str, typer.Option(help="Write this export, whose time has come.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Export contacts, a row a person; it is logged, and waits where the configuration says so."""
    from app import export_commands as doing

    wish = doing.Wish(
        file=file,
        format=format_,
        columns=columns,
        tag=tag,
        owner=owner,
        company=company,
        city=city,
        since=since,
        import_=import_,
        resume=resume,
    )
    go(doing.export(settings_of(config), wish))


@contacts.command()
def exports(limit: Limit = 50, config: Config = DEFAULT) -> None:
    """List the exports, the latest first: who wanted what, and what became of it."""
    from app import export_commands as doing

    go(doing.listed(settings_of(config), limit))


@contacts.command()
def veto(export_id: ExportId, config: Config = DEFAULT) -> None:
    """Forbid an export that waits."""
    from app import export_commands as doing

    go(doing.veto(settings_of(config), export_id))


@contacts.command()
def show(who: Who, config: Config = DEFAULT) -> None:
    """Show all that is known of one person."""
    from app import contact_commands as doing

    go(doing.show(settings_of(config), who))


@contacts.command()
def find(
    text: Annotated[str, typer.Argument(help="A name or a part of it, or an address.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many.")] = 20,
    config: Config = DEFAULT,
) -> None:
    """Find people by name or address."""
    from app import contact_commands as doing

    go(doing.find(settings_of(config), text, limit))


contacts.add_typer(joins)
contacts.add_typer(duplicates, name="duplicates")
contacts.add_typer(fields, name="fields")
contacts.add_typer(files, name="file")
