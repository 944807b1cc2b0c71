"""Settings of every kind: frozen, complete, described, and silent about secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from app.settings import model_in
from channels.registry import KINDS
from tests.contract.case import Case
from tests.contract.cases import CASES


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        if inner := model_in(field.annotation):
            yield from _models(inner)


MODELS = [pytest.param(m, id=f"{kind}-{m.__name__}") for kind in KINDS for m in _models(KINDS[kind].settings())]
SECRET_NAMES = ("token", "password", "secret", "key")


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[type[BaseModel], Case]:
    """A kind's settings and its case."""
    return KINDS[request.param].settings(), CASES[request.param]


@pytest.mark.parametrize("model", MODELS)
def test_nothing_changes_and_nothing_is_unknown(model: type[BaseModel]) -> None:
    assert model.model_config.get("frozen") is True
    assert model.model_config.get("extra") == "forbid"


@pytest.mark.parametrize("model", MODELS)
def test_every_field_is_described_and_secrets_are_secret(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name} has no description: the reference is made of them"
        assert field.description.endswith("."), f"{model.__name__}.{name}: a description is a sentence"
        if any(part in SECRET_NAMES for part in name.split("_")):
            assert SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ())), f"{name} is plain text"


@pytest.mark.parametrize("kind", CASES)
def test_the_kind_is_part_of_its_own_table(kind: str) -> None:
    assert KINDS[kind].settings().model_fields["kind"].annotation.__args__ == (kind,)  # type: ignore[union-attr]  # a Literal


def test_what_is_right_is_taken_and_cannot_be_changed(case: tuple[type[BaseModel], Case]) -> None:
    model, given = case
    settings = model.model_validate(given.sound)
    with pytest.raises(ValidationError, match="frozen"):
        settings.kind = "other"  # type: ignore[attr-defined]  # every kind's settings have it
    with pytest.raises(ValidationError, match="surplus"):
        model.model_validate(given.sound | {"surplus": 1})


def test_secrets_are_not_shown(case: tuple[type[BaseModel], Case]) -> None:
    model, given = case
    settings = model.model_validate(given.sound)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert [secret for secret in given.secrets if secret in shown] == []
    written = json.dumps(given.sound)
    assert len(given.secrets) == 0 or any(secret in written for secret in given.secrets)


def test_what_is_wrong_is_refused_without_a_word_of_the_secrets(case: tuple[type[BaseModel], Case]) -> None:
    model, given = case
    for change in given.wrong:
        with pytest.raises(ValidationError) as caught:
            model.model_validate(given.sound | change)
        assert [secret for secret in given.secrets if secret in str(caught.value)] == [], change
