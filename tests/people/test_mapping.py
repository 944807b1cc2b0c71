"""What the columns of a file are taken for."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from people.files.opening import open_table
from people.files.vcards import HEADERS
from people.mapping import check, guess, system_of

CAPTURED = Path(__file__).parents[1] / "captured" / "contacts"


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("E-mail", "email"), ("EMAIL ADDRESS", "email"), ("Рабочий e-mail", "email"), ("E-mail 2 - Value", "email"),
        ("Phone 3 - Value", "phone"), ("Phone 3 - Label", "skip"), ("Телефон (мобильный)", "phone"),
        ("Рабочий телефон", "phone"), ("Мобильный телефон (контакта)", "phone"), ("Телефон 2", "phone"),
        ("Ф.И.О.", "name"), ("ФИО", "name"), ("Имя", "given_name"), ("First name", "given_name"),
        ("Отчество", "patronymic"), ("Населённый пункт", "city"), ("Дата_рождения", "born"), ("Labels", "tags"),
        ("Примечание 3", "note"), ("Ответственный", "owner"), ("ID", "skip"), ("Бюджет", "skip"),
        ("field:Бюджет", "field:Бюджет"), ("external:1c", "external:1c"), ("consent:sms", "consent:sms"),
        ("consent email", "consent:email"),
        ("Согласие на рассылку", "consent:email"), ("Причина", "skip"), ("vk", "vk"), ("Телеграм", "telegram"),
    ],
)  # fmt: skip
def test_by_header(header: str, target: str) -> None:
    assert guess([header]) == {header: target}


def test_by_the_look_of_the_values() -> None:
    rows = [
        ("Анна Ветрова", "anna@example.org", "8 (916) 000-11-22", "12"),
        ("Пётр Примеров", "нет", "+7 916 000 11 23", "13"),
        ("Иван Образцов", "b@example.org", "", "14"),
    ]
    headers = ["Column 1", "Column 2", "Column 3", "Column 4"]
    assert list(guess(headers, rows).values()) == ["name", "email", "phone", "skip"]


def test_a_single_field_is_given_once() -> None:
    assert guess(["City", "Город", "Email", "Почта"]) == {
        "City": "city", "Город": "skip", "Email": "email", "Почта": "email",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "system", "targets"),
    [
        ("google.csv", "google", {"First Name": "given_name", "Labels": "tags", "E-mail 2 - Value": "email",
            "E-mail 1 - Label": "skip", "Organization Name": "company", "Address 1 - City": "city"}),
        ("google_old.csv", "google", {"Given Name": "given_name", "Group Membership": "tags",
            "Organization 1 - Name": "company", "Phone 1 - Type": "skip"}),
        ("amocrm.csv", "amocrm", {"ID": "external:amocrm", "Наименование": "name", "Теги": "tags",
            "Личный email": "email", "Примечание 2": "note", "Дата создания": "skip", "Ответственный": "owner"}),
        ("bitrix24.csv", "bitrix24", {"ID": "external:bitrix24", "Отчество": "patronymic", "Рабочий e-mail": "email",
            "Источник": "skip", "Комментарий": "note"}),
    ],
)  # fmt: skip
def test_exports_of_others(name: str, system: str, targets: dict[str, str]) -> None:
    with open_table(CAPTURED / name) as table:
        mapping = guess(table.headers, [row.values for row in islice(table.rows(), 20)])
    assert system_of(table.headers) == system
    assert {column: mapping[column] for column in targets} == targets
    assert check(mapping, table.headers, ()) == ()
    assert json.loads(json.dumps(mapping)) == mapping


def test_english_exports_of_the_same() -> None:
    bitrix = ["ID", "First name", "Second name", "Last name", "Work E-mail", "Source"]
    assert guess(bitrix)["ID"] == "external:bitrix24"
    assert guess(bitrix)["Second name"] == "patronymic"
    assert guess(["ID", "Contact name", "Work phone", "Tags"])["ID"] == "external:amocrm"


def test_vcards() -> None:
    mapping = guess(HEADERS)
    assert [column for column, target in mapping.items() if target == "skip"] == ["UID"]
    assert check(mapping, HEADERS, ()) == ()


@pytest.mark.parametrize(
    ("mapping", "wrong"),
    [
        ({"a": "email", "b": "email"}, []),
        ({"a": "email", "b": "field:Size"}, []),
        ({"a": "email", "b": "consent:sms"}, []),
        ({"a": "email", "c": "phone"}, ["no_column"]),
        ({"a": "email", "b": "shoe"}, ["no_target"]),
        ({"a": "email", "b": "consent:pigeon"}, ["no_target"]),
        ({"a": "email", "b": "email:x"}, ["no_target"]),
        ({"a": "email", "b": "field:Weight"}, ["no_field"]),
        ({"a": "email", "b": "external"}, ["no_system"]),
        ({"a": "email", "b": "external: "}, ["no_system"]),
        ({"a": "name", "b": "name"}, ["twice"]),
        ({"a": "city", "b": "skip"}, ["nobody"]),
        ({}, ["nobody"]),
    ],
)
def test_check(mapping: dict[str, str], wrong: list[str]) -> None:
    found = check(mapping, ["a", "b"], {"Size"})
    assert [each.key for each in found] == wrong
    assert all(each.words("en") and each.words("ru") and each.words("en") != each.words("ru") for each in found)
