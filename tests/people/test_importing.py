"""Files of contacts on a real database: looked at, imported, gone on with, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from people import checking, import_undo, importing
from people.files.opening import open_table
from people.importing import Refused, Source
from people.mapping import guess
from router.route import Router
from store.engine import Database
from store.imports import Import
from tests.people.test_matcher import look
from tests.router.conftest import Ask
from tests.router.people import INBOX, SMS, filled, mail, message, phone

HEAD = "Name;Email;Phone;City;Tags;Company;Consent email\n"


def made(folder: Path, text: str, **more: Any) -> Source:
    """A file with these rows, mapped as guessed."""
    path = folder / "people.csv"
    path.write_text(HEAD + text if ";" in text or not text else text, encoding="utf-8")
    mapping = {"Name": "name", "Email": "email", "Phone": "phone", "City": "city", "Tags": "tags", "Company": "company"}
    mapping["Consent email"] = "consent:email"
    return Source(path=path, mapping=mapping, country="RU", **more)


async def take(database: Database, source: Source) -> Import:
    return await importing.run(database, await importing.begin(database, source, "staff:1"))


ROWS = """Пётр Иванов;p.ivanov@example.org;8 916 123-45-67;Москва;vip, опт;ООО Ромашка;yes
Anna Smith;anna@example.com;;London;;;
;;;Москва;;;
Пётр Иванов;p.ivanov@example.org;;;;;
"""


async def test_a_dry_run_tells_and_writes_nothing(database: Database, ask: Ask, tmp_path: Path) -> None:
    found = await checking.preview(database, made(tmp_path, ROWS))
    assert found.counts == {"new": 2, "rejected": 1, "same": 1}
    assert await ask("SELECT count(*) FROM contacts") == [0]
    assert await ask("SELECT count(*) FROM imports") == [0]


async def test_an_address_of_an_earlier_batch(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    found = await checking.preview(database, made(tmp_path, ROWS))
    assert found.counts == {"new": 2, "rejected": 1, "again": 1}
    assert found.examples["again"][0].facts == {"row": 2}


async def test_an_import_writes_cards(database: Database, ask: Ask, tmp_path: Path) -> None:
    ended = await take(database, made(tmp_path, ROWS))
    assert (ended.state, ended.counts) == ("done", {"new": 2, "rejected": 1, "same": 1})
    values = await ask("SELECT field, value FROM field_values ORDER BY field, value")
    assert ("city", "Москва") in values and ("company", "ООО Ромашка") in values and ("name", "Anna Smith") in values
    assert await ask("SELECT value FROM identities WHERE kind = 'phone'") == ["+79161234567"]
    assert await ask("SELECT DISTINCT proof FROM claims") == ["import"]
    assert sorted(await ask("SELECT tag FROM contact_tags")) == ["vip", "опт"]
    assert await ask("SELECT count(*) FROM company_members") == [1]
    assert await ask("SELECT channel, granted FROM consents") == [("email", True)]
    again = await take(database, made(tmp_path, ROWS))
    assert again.counts == {"same": 3, "rejected": 1}
    assert await ask("SELECT count(*) FROM contacts") == [2]


async def test_it_fills_what_is_empty_and_replaces_only_when_told(database: Database, ask: Ask, tmp_path: Path) -> None:
    await take(database, made(tmp_path, ROWS))
    other = "Пётр Иванов;p.ivanov@example.org;;Тверь;new;;\nAnna Smith;anna@example.com;+447700900123;;;;\n"
    ended = await take(database, made(tmp_path, other))
    assert ended.counts == {"changed": 2}
    city = "SELECT value FROM field_values WHERE field = 'city' ORDER BY at DESC, id DESC LIMIT 1"
    held = "SELECT value FROM field_values WHERE field = 'city' AND value LIKE 'Т%'"
    assert await ask(held) == []
    await take(database, made(tmp_path, other, replace=True))
    assert await ask(city) == ["Тверь"]


async def test_who_is_named_by_another_is_a_conflict_with_a_card_of_his_own(
    database: Database, router: Router, ask: Ask, tmp_path: Path
) -> None:
    await router.route(
        [message(INBOX, mail("anna@example.com"), name="Anna Smith"), message(SMS, phone("+79161234567"))]
    )
    rows = "Anna Smith;anna@example.com;+79161234567;;;;\nOlga Petrova;anna@example.com;;;;;\n"
    ended = await take(database, made(tmp_path, rows))
    assert ended.counts == {"conflicting": 2}
    reasons = await ask("SELECT facts -> 'reason' ->> 0 FROM import_rows ORDER BY \"row\"")
    assert reasons == ["two_people", "other_name"]
    assert await ask("SELECT count(*) FROM merges") == [0]
    assert await ask("SELECT count(DISTINCT contact_id) FROM identities") == [2]


async def test_a_no_stands_whatever_a_file_says(database: Database, ask: Ask, tmp_path: Path) -> None:
    row = "Anna Smith;anna@example.com;;;;;{}\n"
    await take(database, made(tmp_path, row.format("yes")))
    await take(database, made(tmp_path, row.format("no")))
    await take(database, made(tmp_path, row.format("yes") + " "))
    assert await ask("SELECT granted FROM consents ORDER BY at, id") == [True, False]


async def test_a_stopped_address_gives_no_consent(database: Database, ask: Ask, tmp_path: Path) -> None:
    await ask("INSERT INTO suppressions VALUES ('inbox', 'anna@example.com', 'unsubscribed', now()) RETURNING 1")
    await take(database, made(tmp_path, "Anna Smith;anna@example.com;;;;;yes\n"))
    assert await ask("SELECT count(*) FROM consents") == [0]


async def test_it_goes_on_where_it_was_stopped(
    database: Database, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 10)
    source = made(tmp_path, "".join(f"Person {n};p{n}@example.org;;;;;\n" for n in range(55)))
    begun = await importing.begin(database, source, "staff:1")

    def stop(progress: importing.Progress) -> None:
        if progress.rows > 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await importing.run(database, begun, stop)
    assert await importing.begin(database, source, "staff:1") == begun, "the same file goes on"
    ended = await importing.run(database, begun)
    assert ended.counts == {"new": 55}
    assert await ask("SELECT count(*), count(DISTINCT value) FROM identities") == [(55, 55)]


async def test_a_file_that_changed_meanwhile_is_refused(database: Database, tmp_path: Path) -> None:
    source = made(tmp_path, ROWS)
    begun = await importing.begin(database, source, "staff:1")
    source.path.write_text(HEAD + "Eve;eve@example.org;;;;;\n", encoding="utf-8")
    with pytest.raises(Refused, match="has changed"):
        await importing.run(database, begun)


TABLES = ("contacts", "identities", "claims", "field_values", "contact_tags", "notes", "company_members", "consents")


async def snapshot(ask: Ask) -> dict[str, list[Any]]:
    return {t: sorted(map(str, await ask(f"SELECT to_jsonb(t) - 'match_due' FROM {t} t"))) for t in TABLES}


async def test_undoing_leaves_everything_as_it_was(
    database: Database, router: Router, ask: Ask, tmp_path: Path
) -> None:
    await router.route([message(INBOX, mail("anna@example.com"), name="Anna Smith")])
    await take(database, made(tmp_path, "Anna Smith;anna@example.com;;London;old;;yes\n"))
    before = await snapshot(ask)
    ended = await take(database, made(tmp_path, ROWS.replace("London;;;", "Paris;new;ACME;no"), replace=True))
    assert ended.counts["changed"] == 1
    await look(database)
    assert await import_undo.undo(database, ended.id, "staff:1") == (1, 0)
    assert await snapshot(ask) == before
    assert await ask("SELECT count(*) FROM traits WHERE contact_id NOT IN (SELECT id FROM contacts)") == [0]
    with pytest.raises(Refused, match="undone already"):
        await import_undo.undo(database, ended.id, "staff:1")


async def test_who_wrote_meanwhile_stays(database: Database, router: Router, ask: Ask, tmp_path: Path) -> None:
    ended = await take(database, made(tmp_path, ROWS))
    [wrote] = await router.route([filled(mail("p.ivanov@example.org"), name="Пётр Иванов")])
    assert await import_undo.undo(database, ended.id, "staff:1") == (1, 1)
    assert await ask("SELECT id FROM leads") == [wrote.lead]
    assert await ask("SELECT count(*) FROM field_values") == [0]
    orphans = "SELECT count(*) FROM messages m WHERE NOT EXISTS (SELECT FROM identities i WHERE i.id = m.identity_id)"
    assert await ask(orphans) == [0]


async def test_after_thirty_days_nothing_is_undone(database: Database, ask: Ask, tmp_path: Path) -> None:
    ended = await take(database, made(tmp_path, ROWS))
    await ask("UPDATE imports SET created_at = now() - interval '31 days' RETURNING 1")
    with pytest.raises(Refused, match="30 days"):
        await import_undo.undo(database, ended.id, "staff:1")


async def test_what_is_imported_is_looked_at_for_duplicates(
    database: Database, router: Router, ask: Ask, tmp_path: Path
) -> None:
    await router.route([filled(phone("+79161234567"), name="Ivanov Petr")])
    await take(database, made(tmp_path, "Пётр Иванов;p.ivanov@example.org;;;;;\n"))
    await take(database, made(tmp_path, "Пётр Иванов;petr@example.net;+7 916 123 45 67;;;;\n"))
    await look(database)
    assert (await ask("SELECT count(*) FROM contacts"))[0] >= 2


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abcde"), st.sampled_from(["", "+79161234567", "+79161234568"])), max_size=8
    )
)
def test_no_address_is_ever_doubled(rows: list[tuple[str, str]], tmp_path: Path) -> None:
    """Pure: whatever a file says, each address has one owner in the plan."""
    from domain.messages import utcnow
    from people.draft import Draft, drafts
    from people.filing import Choices, Facts, Filing
    from store.contacts import Known

    text = "".join(f"Person {m};{m}@example.org;{p};;;;\n" for m, p in rows)
    source = made(tmp_path, text)
    filing = Filing(
        Facts(people=Known({}, {}), contents={}), Choices(country="RU", source=f"import:{'0' * 32}"), utcnow()
    )
    with open_table(source.path) as table:
        for each in drafts(table, source.mapping, "RU"):
            assert isinstance(each, Draft)
            filing.on(each)
    owned = [row[1:4] for row in filing.plan.identities]
    assert len(owned) == len(set(owned))
    assert len(filing.plan.filed) == len(rows)


def test_the_guess_needs_no_help_for_our_own_headers() -> None:
    assert guess(("Name", "Email", "Phone", "City"))["Email"] == "email"
