"""How far a From is believed: by what our own server says of it, and by nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.authentication import read
from channels.email.parse import Envelope, parse
from channels.email.settings import ImapSettings
from domain.messages import Address, ChannelName, Inbound, Proof

CAPTURED = Path(__file__).parents[2] / "captured" / "email"
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
OURS = "mx.shop.test"
ANNA = "Anna <anna@customer.test>"
DMARC = "dmarc=pass (p=none dis=none) header.from=customer.test"
DKIM = "dkim=pass header.d=customer.test"
SPF = "spf=pass smtp.mailfrom=anna@customer.test"


def senders(raw: bytes, *receivers: str) -> tuple[Address, ...]:
    envelope = Envelope(channel=ChannelName("inbox"), own="leads@shop.test", received_at=NOW, receivers=receivers)
    event = parse(raw, envelope)
    assert isinstance(event, Inbound)
    return event.addresses


def proof(raw: bytes, *receivers: str) -> str | None:
    """How the sender is proved; None when he only claims."""
    address = senders(raw, *receivers)[0]
    assert address.proved or address.how is Proof.TYPED
    return address.how.value if address.proved else None


def mail(*results: str, sender: str = ANNA) -> bytes:
    """A mail with these Authentication-Results on top, the first one uppermost."""
    lines = [*(f"Authentication-Results: {result}" for result in results), f"From: {sender}", "Subject: hi"]
    return ("\r\n".join(lines) + "\r\n\r\nHello\r\n").encode()


@pytest.mark.parametrize(
    ("name", "host", "expected"),
    [
        ("checked-by-gmail", "imap.gmail.com", "dmarc"),
        ("checked-by-yandex", "imap.yandex.ru", "dkim"),
        ("checked-by-mailru", "IMAP.mail.ru", "dmarc"),
        ("checked-by-gmail", "imap.yandex.ru", None),
        ("checked-by-mailru", "imap.gmail.com", None),
        ("checked-by-gmail", "imap.example.com", None),
    ],
)
def test_large_providers_are_known_by_their_host(name: str, host: str, expected: str | None) -> None:
    receivers = ImapSettings.model_validate({"host": host, "user": "u", "password": "p"}).receivers
    assert proof((CAPTURED / f"{name}.eml").read_bytes(), *receivers) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f"{SPF}; {DKIM}; {DMARC}", "dmarc"),
        (f"{SPF}; {DKIM}", "dkim"),
        (SPF, "spf"),
        ("spf=pass smtp.mail=anna@customer.test", "spf"),
        ("spf=pass smtp.mailfrom=customer.test", "spf"),
        ("dkim=pass header.i=@customer.test header.s=s1 header.b=abc", "dkim"),
        ("dkim=pass header.i=anna@customer.test", "dkim"),
        ("DKIM=Pass HEADER.D=Customer.TEST", "dkim"),
        ('dkim/1=pass reason="good; signature" header.d=customer.test', "dkim"),
        ("dkim = pass (2048-bit key; (un)protected) header . d = customer.test", "dkim"),
        ('dkim=pass header.d="customer.test"', "dkim"),
        ("dkim=fail header.d=customer.test; dkim=pass header.d=customer.test", "dkim"),
        ("dkim=pass header.d=sender.example; dkim=pass header.d=customer.test", "dkim"),
        ("dmarc=none header.from=customer.test; " + DKIM, "dkim"),
        ("dmarc=pass header.from=anna@customer.test", "dmarc"),
        ("none", None),
        ("", None),
        ("dkim=none (message not signed)", None),
        ("spf=softfail smtp.mailfrom=anna@customer.test", None),
        ("dkim=fail (bad signature) header.d=customer.test", None),
        ("dkim=pass header.d=evil.example", None),
        ("dkim=pass header.d=evilcustomer.test", None),
        ("dkim=pass header.d=customer.test.evil.example", None),
        ("dkim=pass header.d=test", None),
        ("dkim=pass", None),
        ("spf=pass smtp.helo=customer.test", None),
        ("spf=pass smtp.mailfrom=bounce@evil.example", None),
        ("spf=pass (smtp.mailfrom=anna@customer.test)", None),
        ("spf=pass header.d=customer.test", None),
        ("dmarc=pass header.from=evil.example", None),
        ("dmarc=bestguesspass header.from=customer.test", None),
        ("auth=pass smtp.auth=anna@customer.test", None),
        # the domain asks for more than alignment with a domain above it
        (f"dmarc=fail header.from=customer.test; {DKIM}", None),
        (f"{DMARC}; dmarc=fail header.from=customer.test", None),
        # the sender's own words in the server's comment, which was closed by them
        ("spf=pass (domain of x) smtp.mailfrom=anna@customer.test (@evil.example) smtp.mailfrom=x@evil.example", None),
        ('spf=pass (domain of "x) smtp.mailfrom=anna@customer.test ("@evil.example) smtp.mailfrom=evil.example', None),
        (
            'spf=fail (domain of "x); dkim=pass header.d=customer.test; ("@evil.example) smtp.mailfrom=evil.example',
            None,
        ),
        ('spf=fail smtp.mailfrom="x; dkim=pass header.d=customer.test"@evil.example', None),
        ("dkim=pass header.d=evil.example header.i=@customer.test", None),
        ("dkim=pass header.d=evil.example header.d=customer.test header.i=@customer.test", None),
        # what is not written as it should be
        (f"{DKIM} (", None),
        (f"{DKIM} )", None),
        (f'{DKIM}; x="', None),
        (f"{DKIM}; x=" + "a" * 5000, None),
    ],
)
def test_what_the_checks_found(said: str, expected: str | None) -> None:
    assert proof(mail(f"{OURS}; {said}"), OURS) == expected


@pytest.mark.parametrize(
    ("sender", "checked", "expected"),
    [
        ("anna@mail.customer.test", "customer.test", "dkim"),
        ("anna@customer.test", "mail.customer.test", None),  # a domain below may be given to a stranger
        ("anna@a.customer.test", "b.customer.test", None),
        ("anna@customer.co.uk", "customer.co.uk", "dkim"),
        ("anna@customer.co.uk", "co.uk", None),
        ("anna@customer.com.ru", "com.ru", None),
        ("anna@mail.com.ru", "mail.com.ru", "dkim"),
        ("anna@ya.ru", "ya.ru", "dkim"),  # as it is written, not the mailbox's own domain
        ("anna@ya.ru", "yandex.ru", None),
        ("анна@почта.рф", "xn--80a1acny.xn--p1ai", "dkim"),
        ("анна@почта.рф", "почта.рф", "dkim"),
    ],
)
def test_the_domain_that_was_checked_is_the_senders(sender: str, checked: str, expected: str | None) -> None:
    assert proof(mail(f"{OURS}; dkim=pass header.d={checked}", sender=sender), OURS) == expected


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([f"{OURS}; {DKIM}"], "dkim"),
        ([f"{OURS} 1; {DKIM}"], "dkim"),
        ([f"{OURS.upper()} (our own) ;{DKIM}"], "dkim"),
        ([f"(ours)\r\n\t{OURS};\r\n\t{DKIM};\r\n {SPF}"], "dkim"),
        ([f"{OURS} 2; {DKIM}"], None),
        ([f"{OURS} and more; {DKIM}"], None),
        ([f"mx.evil.example; {DKIM}"], None),
        ([f"x.{OURS}; {DKIM}"], None),
        ([f"{OURS}.evil.example; {DKIM}"], None),
        ([f"{DKIM}; {DMARC}"], None),  # Microsoft's way: it does not say who checked
        ([DKIM], None),
        # what stands below came with the mail
        ([f"{OURS}; dkim=none", f"{OURS}; {DMARC}"], None),
        ([f"{OURS}; none", f"{OURS}; {DMARC}"], None),
        ([f"mx.evil.example; {DKIM}", f"{OURS}; {DMARC}"], None),
        ([f"{OURS}; {SPF}", f"{OURS}; {DMARC}"], "spf"),
    ],
)
def test_only_our_own_server_is_believed(results: list[str], expected: str | None) -> None:
    assert proof(mail(*results), OURS) == expected
    assert proof(mail(*results)) is None
    assert proof(mail(*results), "mx.other.test") is None


@pytest.mark.parametrize(
    ("receiver", "expected"),
    [("a.mx.shop.test", "dkim"), ("mx.shop.test", None), ("evilmx.shop.test", None), ("a.mx.shop.test.evil", None)],
)
def test_a_star_stands_for_the_names_below(receiver: str, expected: str | None) -> None:
    assert proof(mail(f"{receiver}; {DKIM}"), "*.mx.shop.test") == expected


@pytest.mark.parametrize(
    "sender",
    [
        "anna@customer.test, petr@customer.test",
        "anna@customer.test\r\nFrom: eve@evil.example",
        "eve@evil.example <anna@customer.test>",
        "<eve@evil.example> <anna@customer.test>",
        "anna@customer.test (<eve@evil.example>)",
        "friends: anna@customer.test, eve@evil.example;",
    ],
)
def test_several_senders_are_never_proved(sender: str) -> None:
    assert proof(mail(f"{OURS}; {DMARC}; {DKIM}", sender=sender), OURS) is None


def test_a_name_may_be_the_address() -> None:
    assert proof(mail(f"{OURS}; {DKIM}", sender='"anna@customer.test" <anna@customer.test>'), OURS) == "dkim"


@pytest.mark.parametrize(
    "head",
    [
        f"From: robot <noreply@customer.test>\r\nReply-To: {ANNA}",
        f"From: leads@shop.test\r\nReply-To: {ANNA}",
        f"Sender: {ANNA}",
    ],
)
def test_only_a_from_is_ever_proved(head: str) -> None:
    results = f"Authentication-Results: {OURS}; {DKIM}; dkim=pass header.d=shop.test"
    assert proof(f"{results}\r\n{head}\r\n\r\nhi".encode(), OURS) is None


def test_a_reply_to_beside_a_proved_from_is_a_claim() -> None:
    raw = mail(f"{OURS}; {DKIM}", sender=f"{ANNA}\r\nReply-To: petr@other.test")
    assert [(each.value, each.how) for each in senders(raw, OURS)] == [
        ("anna@customer.test", Proof.DKIM),
        ("petr@other.test", Proof.TYPED),
    ]


def test_the_sender_is_named_by_his_mailbox_and_judged_by_what_he_wrote() -> None:
    raw = mail(f"{OURS}; dmarc=pass header.from=googlemail.com", sender="An.Na+shop@googlemail.com")
    [address] = senders(raw, OURS)
    assert (address.value, address.how) == ("anna@gmail.com", Proof.DMARC)


def test_our_own_mail_is_known_however_it_is_written() -> None:
    envelope = Envelope(channel=ChannelName("inbox"), own="sho.p@gmail.com", received_at=NOW)
    event = parse(b"From: shop+site@gmail.com\r\nReply-To: anna@customer.test\r\n\r\nhi", envelope)
    assert isinstance(event, Inbound)
    assert [each.value for each in event.addresses] == ["anna@customer.test"]


PIECES = st.sampled_from(
    (OURS, ";", "=", " ", "\r\n\t", "(", ")", '"', "\\", "/", ".", "1", "none", "dkim", "pass", "header.d", "@", DKIM)
)
raw_bytes = st.binary(max_size=60).map(lambda data: data.decode("utf-8", "surrogateescape"))
values = st.one_of(raw_bytes, st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join))


@given(values)
def test_nothing_makes_it_raise(value: str) -> None:
    receiver, results = read(value)
    assert receiver == receiver.lower()
    assert receiver or not results


@given(st.lists(PIECES, max_size=12).map("".join))
def test_a_strangers_words_in_a_quote_prove_nothing(words: str) -> None:
    quoted = '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\r\n", "") + '"'
    for said in (f"spf=fail (of {quoted}@evil.example)", f"spf=fail smtp.mailfrom={quoted}@evil.example"):
        assert proof(mail(f"{OURS}; {said}"), OURS) is None
        assert proof(mail(f"{OURS}; {said}; {DKIM}"), OURS) == "dkim"
