"""What every command of `leadwire` needs: its configuration, running a coroutine, saying in red what is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from app import log
from app.document import ConfigurationError, load
from app.launch import EmbeddedError
from app.saving import in_words
from app.settings import Settings

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="LEADWIRE_CONFIG", help="The configuration.", show_default=True)
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DEFAULT = Path("leadwire.toml")


def run(main: Coroutine[Any, Any, int | None]) -> None:
    """Run a command's coroutine; what a person can mend is said in words, without a traceback."""
    try:
        code = uvloop.run(main)
    except (ConfigurationError, EmbeddedError) as error:
        fail(str(error))
    except BrokenPipeError:  # the reader has had enough: leadwire trace 1 | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:  # store.engine.Away is one, too
        fail(in_words(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    raise typer.Exit(code or 0)


def go(main: Coroutine[Any, Any, int], language: str = "en") -> None:
    """Like `run`, for commands about people: what may not be done, or is not said clearly, becomes one red line.

    `language`: of what broadcasts, contents and conditions say no with.
    """
    run(_in_words(main, language))


def go_with(config: Path, act: Callable[[Settings], Coroutine[Any, Any, int]]) -> None:
    """The same, with the configuration's settings and in the company's language."""
    settings = settings_of(config)
    go(act(settings), settings.company.language)


async def _in_words(main: Coroutine[Any, Any, int], language: str) -> int:
    from app.installed import Unclear, no
    from broadcasts.content.marks import NotCompiled
    from broadcasts.content.parse import NotContent
    from broadcasts.lifecycle import Refused as Broadcast
    from broadcasts.plan import WrongPlan
    from broadcasts.starting import Unfit
    from broadcasts.words import content_said, refused_said
    from domain.conditions import Unreadable as Condition
    from people.exporting import Unexportable
    from people.fields import Wrong
    from people.files.texts import Unreadable
    from people.importing import Refused
    from people.learning import TooFew
    from people.merging import Unjoinable
    from people.reviewing import Decided
    from people.segments import Refused as Segment

    try:
        return await main
    except Broadcast as error:
        return no(refused_said(error, language))
    except NotCompiled as error:
        return no(content_said(error, language))
    except (WrongPlan, NotContent, Unfit, Condition, Segment) as error:
        return no(error.words(language))
    except (Unclear, Unexportable, Wrong, Unreadable, Refused, TooFew, Unjoinable, Decided) as error:
        return no(str(error))


def fail(text: str) -> None:
    """Say what is wrong and leave with 1."""
    typer.secho(text, fg="red", err=True)
    raise typer.Exit(1)


def settings_of(path: Path, *, verbose: bool = False) -> Settings:
    """The configuration, with logging set up and secrets kept out of it."""
    log.set_up(verbose=verbose)
    try:
        settings = load(path)
    except ConfigurationError as error:
        fail("The configuration is wrong:\n" + "\n".join(f"  {problem}" for problem in error.problems))
        raise  # for the type checker: fail does not return
    log.set_up(verbose=verbose, secrets=log.secrets_in(settings))
    return settings
