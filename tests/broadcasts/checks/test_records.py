"""What TXT records say, read from tables of records as domains have them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import pytest

from broadcasts.checks import records
from broadcasts.checks.domain import Dns, From, Unanswered, look, system_dns

GOOD = {
    "shop.example.com": ["v=spf1 include:_spf.mail.example ~all", "site-verification=1"],
    "_spf.mail.example": ["v=spf1 ip4:192.0.2.0/24 -all"],
    "mail._domainkey.shop.example.com": ["v=DKIM1; k=rsa; p=MIGf"],
    "_dmarc.shop.example.com": ["v=DMARC1; p=reject; rua=mailto:dmarc@example.com"],
}
SENDER = From(account="mail", domain="shop.example.com", selector="mail")


class Names:
    """A DNS that is a table. Asked for a name in `broken` it does not answer."""

    def __init__(self, table: Mapping[str, Sequence[str]], broken: Sequence[str] = ()) -> None:
        self.table, self.broken = table, broken

    async def txt(self, name: str) -> Sequence[str]:
        if name in self.broken:
            raise Unanswered(name)
        return self.table.get(name, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=spf1", True),
        ("V=SPF1 -all", True),
        ("v=spf10 -all", False),
        ("v=spf1-all", False),
        ("spf2.0/mfrom -all", False),
        ("", False),
    ],
)
def test_what_is_an_spf_record(text: str, expected: bool) -> None:
    assert records.is_spf(text) is expected


@pytest.mark.parametrize(
    ("text", "lookups", "further", "everybody"),
    [
        ("v=spf1 -all", 0, (), False),
        ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all", 0, (), False),
        ("v=spf1 a mx -all", 2, (), False),
        ("v=spf1 a:mail.example/24 mx/24 ptr exists:%{i}.example ?all", 4, (), False),
        ("v=spf1 include:one.example +include:two.example -all", 2, ("one.example", "two.example"), False),
        ("v=spf1 redirect=one.example", 1, ("one.example",), False),
        ("v=spf1 redirect=one.example -all", 0, (), False),  # RFC 7208, section 6.1: with all, it is not followed
        ("v=spf1 +all", 0, (), True),
        ("v=spf1 all", 0, (), True),
        ("v=spf1 exp=why.example -all", 0, (), False),
    ],
)
def test_what_spf_asks_for(text: str, lookups: int, further: tuple[str, ...], everybody: bool) -> None:
    assert records.spf(text) == records.Spf(lookups=lookups, further=further, everybody=everybody)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], None),
        (["v=spf1 -all"], None),
        (["v=DMARC1"], None),
        (["v=DMARC1; p=perhaps"], None),
        (["p=none; v=DMARC1"], None),  # the version comes first (RFC 7489, section 6.3)
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], None),
        (["v=DMARC1; p=none"], ("none", "none", False, False, False)),
        (["site=1", "v=DMARC1;p=quarantine;sp=reject"], ("quarantine", "reject", False, False, False)),
        (["v = DMARC1 ; P = Reject ; adkim=s; aspf=s; rua=mailto:a@b.c"], ("reject", "reject", True, True, True)),
    ],
)
def test_what_dmarc_says(texts: list[str], expected: tuple[str, str, bool, bool, bool] | None) -> None:
    found = records.dmarc(texts)
    assert (found and (found.policy, found.below, found.strict_dkim, found.strict_spf, found.reports)) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["v=DKIM1; p=MIGf"], True),
        (["k=ed25519; p=11qYAY="], True),
        (["v=DKIM1; p="], False),
        (["v=DKIM2; p=MIGf"], False),
        (["hello"], False),
        ([], False),
    ],
)
def test_what_is_a_key(texts: list[str], expected: bool) -> None:
    assert records.has_key(texts) is expected


DEEP = {f"n{n}.example": [f"v=spf1 include:n{n + 1}.example -all"] for n in range(30)}
ROUND = {"a.example": ["v=spf1 include:a.example include:a.example -all"]}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"shop.example.com": []}, ["spf_missing"]),
        ({"shop.example.com": ["v=spf1 -all", "v=spf1 mx -all"]}, ["spf_several"]),
        ({"shop.example.com": ["v=spf1 +all"]}, ["spf_everybody"]),
        ({"shop.example.com": ["v=spf1 " + "a " * 10 + "-all"]}, []),
        ({"shop.example.com": ["v=spf1 " + "a " * 11 + "-all"]}, ["spf_lookups"]),
        ({"shop.example.com": ["v=spf1 include:n0.example -all"], **DEEP}, ["spf_lookups"]),
        ({"shop.example.com": ["v=spf1 include:a.example -all"], **ROUND}, ["spf_lookups"]),
        ({"mail._domainkey.shop.example.com": []}, ["dkim_missing"]),
        ({"mail._domainkey.shop.example.com": ["v=DKIM1; p="]}, ["dkim_missing"]),
        ({"_dmarc.shop.example.com": []}, ["dmarc_missing"]),
        ({"_dmarc.shop.example.com": ["v=DMARC1; p=none"]}, ["dmarc_none", "dmarc_silent"]),
        (
            {"_dmarc.shop.example.com": [], "_dmarc.example.com": ["v=DMARC1; p=reject; sp=none; rua=mailto:a@b.c"]},
            ["dmarc_none"],
        ),
    ],
    ids=str,
)
async def test_a_domain(changes: dict[str, list[str]], codes: list[str]) -> None:
    found = await look(Names({**GOOD, **changes}), SENDER)
    assert [one.code for one in found] == codes


@pytest.mark.parametrize(("adkim", "codes"), [("r", []), ("s", ["dkim_unaligned"])])
async def test_a_key_of_the_domain_above_is_aligned_unless_the_policy_is_strict(adkim: str, codes: list[str]) -> None:
    own = {name: texts for name, texts in GOOD.items() if not name.startswith(("mail.", "_dmarc"))}
    policy = f"v=DMARC1; p=reject; adkim={adkim}; rua=mailto:a@b.c"
    table = {**own, "mail._domainkey.example.com": ["p=MIGf"], "_dmarc.example.com": [policy]}
    assert [one.code for one in await look(Names(table), SENDER)] == codes


async def test_without_a_selector_it_is_said_that_nobody_has_looked() -> None:
    [found] = await look(Names(GOOD), From(account="mail", domain="shop.example.com"))
    assert (found.code, found.severity) == ("dkim_unknown", "note")


@pytest.mark.parametrize("name", sorted(GOOD))
async def test_a_dns_that_does_not_answer_is_one_note(name: str) -> None:
    [found] = await look(Names(GOOD, broken=[name]), SENDER)
    assert (found.code, found.severity) == ("dns_unanswered", "note")


async def test_no_dns_at_all_is_one_note() -> None:
    [found] = await look(None, SENDER)
    assert (found.code, found.severity) == ("dns_missing", "note")


def test_without_dnspython_there_is_no_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dns", None)
    assert system_dns() is None


def test_without_a_name_server_there_is_no_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    library, errors = pytest.importorskip("dns.asyncresolver"), pytest.importorskip("dns.resolver")

    def nobody() -> None:
        raise errors.NoResolverConfiguration

    monkeypatch.setattr(library, "Resolver", nobody)
    assert system_dns() is None


class Failed(Exception): ...


class NoName(Failed): ...


class NoAnswer(Failed): ...


class Late(Failed): ...


class Row:
    strings = (b"v=spf1 ", b"-all \xff")


class Library:
    """dnspython's resolver, as far as it is called."""

    def __init__(self, error: Exception | None = None, there: Exception | None = None) -> None:
        self.error, self.there = error, there

    async def resolve(self, name: str, kind: str, *, lifetime: float, search: bool) -> list[Row]:
        assert (name, kind) in (("shop.example", "TXT"), ("a.root-servers.net", "A")) and not search
        if error := self.error if kind == "TXT" else self.there:
            raise error
        return [Row()]


def library(error: Exception | None = None, there: Exception | None = None) -> Dns:
    return Dns(Library(error, there), no_name=NoName, no_answer=NoAnswer, failed=Failed)


@pytest.mark.parametrize(
    ("error", "expected"), [(None, ["v=spf1 -all \ufffd"]), (NoName(), []), (NoAnswer(), [])], ids=repr
)
async def test_records_of_several_strings_are_one_text(error: Exception | None, expected: list[str]) -> None:
    assert await library(error).txt("shop.example") == expected


@pytest.mark.parametrize("error", [Late(), OSError(), UnicodeError()], ids=repr)
async def test_what_the_library_raises_is_translated(error: Exception) -> None:
    with pytest.raises(Unanswered):
        await library(error).txt("shop.example")


@pytest.mark.parametrize("there", [NoName(), NoAnswer(), Late(), OSError()], ids=repr)
async def test_a_dns_that_knows_no_name_at_all_has_not_answered(there: Exception) -> None:
    with pytest.raises(Unanswered):
        await library(NoName(), there).txt("shop.example")
