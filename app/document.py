"""Reads `leadwire.toml` and says, for each thing that is wrong, which key, what was expected, and an example."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from app.broadcast_settings import Broadcasts, Mailing
from app.company_settings import Company
from app.consent_settings import Consent, Retention
from app.section import FORM
from app.settings import (
    NAME_FORM,
    ChannelConfig,
    ChatPlace,
    Intake,
    People,
    Rates,
    Server,
    Settings,
    Storage,
    Team,
    model_in,
    with_secrets,
)
from app.toml import in_toml
from channels.registry import KINDS

SECTIONS: Mapping[str, type[BaseModel]] = {
    "company": Company,
    "server": Server,
    "storage": Storage,
    "people": People,
    "consent": Consent,
    "retention": Retention,
    "broadcasts": Broadcasts,
}
HOUSE: Mapping[str, type[BaseModel]] = {"intake": Intake, "rates": Rates, "mailing": Mailing}
"""What the house adds to a channel's table."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
TOP = (*SECTIONS, "teams", "operators", "channels")


class ConfigurationError(Exception):
    """Everything that is wrong with the configuration, a line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(path: Path) -> Settings:
    """Read the document; relative paths of secrets and of the data are in its folder. Raises ConfigurationError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            [
                f"{path}: there is no such file. Begin with a copy of deploy/leadwire.example.toml, "
                "or play without one: leadwire demo"
            ]
        ) from None
    except IsADirectoryError:
        raise ConfigurationError(
            [f"{path}: this is a folder; name the file in it, for example -c {path / 'leadwire.toml'}"]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{path}: cannot be read: {error}"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{path}: not TOML: {error}"]) from None
    return parse(table, path.parent)


def parse(table: Mapping[str, Any], base: Path = Path()) -> Settings:
    """Check a document that stands in the folder `base`. Raises ConfigurationError with all its problems at once."""
    reader = _Reader(base)
    for key in table:
        if key not in TOP:
            reader.unknown(key, TOP)
    sections = {name: reader.model(model, name, table.get(name, {})) for name, model in SECTIONS.items()}
    teams = {n: reader.model(Team, f"teams.{n}", t) for n, t in reader.table("teams", table).items()}
    operators = tuple(reader.model(ChatPlace, f"operators[{n}]", t) for n, t in reader.list("operators", table))
    channels = {n: reader.channel(n, t) for n, t in reader.table("channels", table).items()}
    reader.stop_if_wrong()
    values: dict[str, Any] = {
        **sections,
        "teams": teams or {"sales": Team()},
        "operators": operators,
        "channels": channels,
    }
    settings = reader.model(Settings, "", values, secrets=False)
    reader.stop_if_wrong()
    assert isinstance(settings, Settings)
    reader.references(settings)
    reader.stop_if_wrong()
    storage = settings.storage.model_copy(update={"data": base / settings.storage.data})
    return settings.model_copy(update={"storage": storage})


class _Reader:
    """Collects problems instead of stopping at the first."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._problems: list[str] = []

    def stop_if_wrong(self) -> None:
        if self._problems:
            raise ConfigurationError(self._problems)

    def unknown(self, key: str, known: tuple[str, ...]) -> None:
        near = get_close_matches(key, known, 1)
        hint = f'did you mean "{near[0]}"?' if near else f"expected one of {', '.join(known)}"
        self._problems.append(f"{key}: unknown; {hint}")

    def table(self, key: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
        value = document.get(key, {})
        if not isinstance(value, Mapping):
            self._problems.append(f"{key}: expected tables, for example [{key}.name]")
            return {}
        for name in value:
            if not NAME.fullmatch(name):
                self._problems.append(f'{key}."{name}": {NAME_FORM}. Example: [{key}.{_as_name(name)}]')
        return {name: inner for name, inner in value.items() if NAME.fullmatch(name)}

    def list(self, key: str, document: Mapping[str, Any]) -> Sequence[tuple[int, Any]]:
        """Numbered from 1, as a person counts."""
        value = document.get(key, [])
        if isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
            return list(enumerate(value, 1))
        self._problems.append(f"{key}: expected a list of tables, each begun with [[{key}]]")
        return ()

    def model(self, model: type[BaseModel], where: str, value: Any, *, secrets: bool = True) -> BaseModel | None:
        if not isinstance(value, Mapping):
            self._problems.append(f"{where}: expected a table, for example [{where}]")
            return None
        values, missing = with_secrets(model, value, self._base) if secrets else (value, {})
        self._problems += [f"{where}.{key}: {reason}" for key, reason in missing.items()]
        try:
            found = model.model_validate(values)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False)
            self._problems += [_in_words(where, model, e) for e in wrong if _path(e) not in missing]
            return None
        return None if missing else found

    def channel(self, name: str, table: Any) -> ChannelConfig | None:
        where = f"channels.{name}"
        kind = str(table.get("kind")) if isinstance(table, Mapping) else ""
        if kind not in KINDS:
            self._problems.append(f'{where}.kind: expected one of {", ".join(KINDS)}. Example: kind = "email"')
            return None
        own = {key: value for key, value in table.items() if key not in HOUSE}
        parts = {key: self.model(model, f"{where}.{key}", table.get(key, {})) for key, model in HOUSE.items()}
        settings = self.model(KINDS[kind].settings(), where, own)
        if settings is None or None in parts.values():
            return None
        return ChannelConfig.model_validate({"kind": kind, "settings": settings, **parts})

    def references(self, settings: Settings) -> None:
        """Names that must exist elsewhere in the document."""
        bots = {name for name, c in settings.channels.items() if c.kind == "telegram"}
        places = [(f"teams.{n}.chat", t.chat) for n, t in settings.teams.items() if t.chat]
        places += [(f"operators[{n}]", place) for n, place in enumerate(settings.operators, 1)]
        for where, place in places:
            if place.channel not in bots:
                self._problems.append(f'{where}.channel: "{place.channel}" is not a channel of kind "telegram"')
        for name, channel in settings.channels.items():
            if channel.intake.team not in settings.teams:
                self._problems.append(
                    f'channels.{name}.intake.team: there is no team "{channel.intake.team}"; '
                    f"add [teams.{channel.intake.team}]"
                )
            for other in channel.intake.answer_by:
                if other not in settings.channels or not KINDS[settings.channels[other].kind].reaches:
                    self._problems.append(f'channels.{name}.intake.answer_by: nothing is sent through "{other}"')
            self._boxes(name, channel, settings)

    def _boxes(self, name: str, channel: ChannelConfig, settings: Settings) -> None:
        """What a form offers to agree to must be there, and the letter that asks needs links."""
        boxes, known = getattr(channel.settings, "consents", ()), ("marketing", *settings.consent.topics)
        for n, box in enumerate(boxes, 1):
            if box.purpose not in known:
                self._problems.append(
                    f'channels.{name}.consents[{n}].purpose: there is no topic "{box.purpose}"; known are '
                    f"{', '.join(known)}. Add [consent.topics.{box.purpose}]"
                )
        if boxes and not settings.server.public_url:
            self._problems.append(f"channels.{name}.consents: confirming needs links; set server.public_url")


def _in_words(where: str, model: type[BaseModel], error: ErrorDetails) -> str:
    """One problem: the key, what is wrong, an example."""
    path = [str(part) for part in error["loc"]]
    key = ".".join(part for part in [where, _path(error)] if part)
    if error["type"] == "extra_forbidden":
        known = tuple(_fields_at(model, path[:-1]))
        near = get_close_matches(path[-1], known, 1)
        return f"{key}: unknown; " + (f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(known)}")
    names = [part for part in path if not part.isdecimal()]
    field = _fields_at(model, names[:-1]).get(names[-1]) if names else None
    example = field.examples[0] if field is not None and field.examples else None
    shown = f". Example: {names[-1]} = {in_toml(example)}" if example is not None else ""
    return f"{key}: {_what(error, field)}{shown}"


def _what(error: ErrorDetails, field: FieldInfo | None) -> str:
    """What was expected, for somebody who reads neither Python nor regular expressions."""
    context = error.get("ctx", {})
    if error["type"] == "string_pattern_mismatch":
        extra = field.json_schema_extra if field is not None else None
        return str(extra.get(FORM, _AS_SHOWN)) if isinstance(extra, dict) else _AS_SHOWN
    if words := _EXPECTED.get(error["type"]):
        return words.format(**context)
    message = error["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:] if message[1:2].islower() else message


_AS_SHOWN = "is not written as it should be"
_EXPECTED = {
    "missing": "is missing",
    "literal_error": "expected {expected}",
    "string_type": "expected a text in quotes",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "path_type": "expected a path in quotes",
    "tuple_type": "expected a list in [ and ]",
    "model_type": "expected a table",
    "model_attributes_type": "expected a table",
    "string_too_short": "is too short: at least {min_length} characters",
    "string_too_long": "is too long: at most {max_length} characters",
    "greater_than": "expected more than {gt:g}",
    "greater_than_equal": "expected at least {ge:g}",
    "less_than": "expected less than {lt:g}",
    "less_than_equal": "expected at most {le:g}",
}
"""Type of pydantic's error -> our words (https://docs.pydantic.dev/latest/errors/validation_errors/)."""


def _path(error: ErrorDetails) -> str:
    """Where in the table: `fields[2].name`, counted as a person counts."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in error["loc"]]
    return "".join(parts).removeprefix(".")


def _as_name(name: str) -> str:
    plain = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:39]
    return plain or "name"


def _fields_at(model: type[BaseModel], path: list[str]) -> dict[str, Any]:
    for part in path:
        if part.isdecimal():  # a place in a list: its items are the field's model
            continue
        field = model.model_fields.get(part)
        inner = model_in(field.annotation) if field else None
        if inner is None:
            return {}
        model = inner
    return dict(model.model_fields)
