"""Reading a real Dovecot, with everything that goes wrong on the way."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from channels.email import mailbox
from channels.email.channel import EmailChannel
from channels.email.imap import ImapConnection
from domain.errors import Misconfigured, Refused, Unpublished
from domain.messages import Inbound, Report
from tests.channels.email.conftest import NAME, House, Settings, mail
from tests.counterparts.counterparts import Dovecot, MailboxUser, Proxy, until

Proxies = Callable[[int], Proxy]


async def test_new_mail_is_pushed(house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(mail("unread, from before"))
    async with house.listening(settings(renew=60)):
        await house.got("unread, from before")
        leads.deliver(mail("new"))
        await house.got("unread, from before", "new")
    assert len(leads.mails()) == 2


@pytest.mark.parametrize(("trusted", "proof"), [("mx.shop.test", "dkim"), (None, "typed")])
async def test_the_receivers_checks_are_believed_where_they_are_trusted(
    house: House, leads: MailboxUser, settings: Settings, trusted: str | None, proof: str
) -> None:
    leads.deliver(mail("one", authentication_results="mx.shop.test; dkim=pass header.d=customer.test"))
    async with house.listening(settings(trusted_receiver=trusted)):
        await house.got("one")
    [event] = house.events
    assert isinstance(event, Inbound)
    assert event.addresses[0].how == proof


async def test_taking_leaves_the_unread_mark(house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(mail("one"))
    async with house.listening(settings()):
        await house.got("one")
    assert not any(re.search(r":2,.*S", file.name) for file in leads.files())


async def test_the_first_start_takes_unread_mail_of_a_week(
    house: House, leads: MailboxUser, settings: Settings
) -> None:
    leads.deliver(mail("read"))
    [read] = leads.files()
    read.rename(leads.home / "cur" / f"{read.name}:2,S")
    leads.deliver(mail("old"))
    [old] = [file for file in leads.files() if file.parent.name == "new"]
    os.utime(old, (1_000_000_000, 1_000_000_000))  # the time of arrival, to Dovecot
    leads.deliver(mail("of yesterday"))
    async with house.listening(settings()):
        await house.got("of yesterday")
        leads.deliver(mail("new"))
        await house.got("of yesterday", "new")
    assert sorted(house.subjects) == ["new", "of yesterday"]


async def test_a_first_start_that_was_broken_off_goes_on(house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(mail("waiting"))
    house.failure = lambda _: Unpublished("the bus is down")
    async with house.listening(settings()):
        await until(lambda: house.offered > 1, "a second attempt")
    assert (house.cursor() or "").endswith(":unseen")
    house.failure = lambda _: None
    async with house.listening(settings()):
        await house.got("waiting")
        await house.settled(1)


async def test_a_restart_goes_on_where_it_stood(house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(mail("one"))
    async with house.listening(settings()):
        await house.got("one")
        await house.settled(1)  # what was given out and is not settled comes again: at least once is the promise
    leads.deliver(mail("two"))
    async with house.listening(settings()):
        await house.got("one", "two")


async def test_six_thousand_waiting(house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(*(mail(f"number {number} (") for number in range(6000)))
    async with house.listening(settings()):
        await until(lambda: len(house.events) >= 6000, "6,000 mails", 40)
    assert len(set(house.subjects)) == len(house.events) == 6000


async def test_mails_are_filed_away_once_taken(house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(mail("one"), mail("two"))
    async with house.listening(settings(file_to="Готово & done")):
        await house.got("one", "two")
        done = "&BBMEPgRCBD4EMgQ+- &- done"
        await until(lambda: len(leads.files(done)) == 2 and not leads.files(), "the mails to be moved")


async def test_several_folders(house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(mail("in the inbox"))
    leads.deliver(mail("as spam"), folder="Junk")
    async with house.listening(settings(folders=["INBOX", "Junk"])):
        await house.got("in the inbox", "as spam")
        leads.deliver(mail("also as spam"), folder="Junk")
        await house.got("in the inbox", "as spam", "also as spam")


@pytest.mark.parametrize(
    "subject",
    ["(((", ')" {12}', "a (b", "* 5 EXISTS", "A1 OK done", "{3}", "\\", '"', "=?utf-8?b?KCgo?=", "FETCH (UID 9999)"],
)
async def test_odd_subjects(subject: str, house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(mail(subject, text=f"{subject}\r\n)\r\n* 2 FETCH (UID 77 BODY[] {{5}}"), mail("after"))
    async with house.listening(settings()):
        await until(lambda: len(house.events) == 2, "both mails")
    assert house.subjects[-1] == "after"


async def test_nothing_moves_while_it_is_not_durable(house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(mail("one"), mail("two"))
    house.failure = lambda _: Unpublished("the bus is down")
    async with house.listening(settings(file_to="Done")):
        await until(lambda: house.offered >= 4, "further attempts")
        assert len(leads.mails()) == 2
        assert house.events == []
        house.failure = lambda _: None
        await house.got("one", "two")
        await until(lambda: len(leads.mails("Done")) == 2, "the mails to be moved")


async def test_the_cursor_stops_before_what_is_not_durable(
    house: House, leads: MailboxUser, settings: Settings
) -> None:
    async with house.listening(settings()):
        await house.settled(0)
        house.failure = lambda event: Unpublished("down") if subject(event) == "two" else None
        leads.deliver(*(mail(name, From=f"{name}@customer.test") for name in ("one", "two", "three")))
        await until(lambda: house.offered >= 5, "further attempts")
    house.failure, before = lambda _: None, len(house.events)
    async with house.listening(settings()):
        await until(lambda: "two" in house.subjects, "the mail that failed")
    assert "one" not in house.subjects[before:]


async def test_what_is_refused_stays_and_stops_nothing(house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(mail("refused"), mail("taken"))
    house.failure = lambda event: Refused("too large") if subject(event) == "refused" else None
    async with house.listening(settings(file_to="Done")):
        await until(lambda: (len(leads.files("Done")), len(leads.files())) == (1, 1), "the other mail to be moved")
    assert house.subjects == ["taken"]
    assert b"Subject: refused" in leads.mails()[0]


async def test_one_sender_is_kept_in_order(house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(*(mail(str(number)) for number in range(50)))
    async with house.listening(settings()):
        await until(lambda: len(house.events) == 50, "all mails")
    assert house.subjects == [str(number) for number in range(50)]


async def test_a_new_uidvalidity_reads_again(house: House, leads: MailboxUser, settings: Settings) -> None:
    leads.deliver(mail("one"))
    async with house.listening(settings()):
        await house.got("one")
        await house.settled(1)
    old = house.cursor()
    leads.new_uidvalidity()
    leads.deliver(mail("two"))
    async with house.listening(settings()):
        await until(lambda: "two" in house.subjects, "the new mail")
        await until(lambda: house.cursor() != old, "the cursor to be saved")
    first, again = [event.external_id for event in house.events if subject(event) == "one"]
    assert first == again


async def test_the_same_mail_in_another_folder_is_the_same(
    house: House, leads: MailboxUser, settings: Settings
) -> None:
    received = b"Received: from elsewhere by here; Mon, 23 Nov 2026 10:00:00 +0000\r\n"
    leads.deliver(mail("one"))
    leads.deliver(received + mail("one"), folder="Other")
    async with house.listening(settings(folders=["INBOX", "Other"])):
        await house.got("one", "one")
    assert len({event.external_id for event in house.events}) == 1


@pytest.mark.parametrize("renew", [60, 0.3])
async def test_killed_sessions(
    renew: float, house: House, leads: MailboxUser, settings: Settings, dovecot: Dovecot
) -> None:
    async with house.listening(settings(renew=renew)):
        for name in ("one", "two", "three"):
            await until(lambda: bool(dovecot.sessions()), "a session")
            dovecot.kill_sessions()
            leads.deliver(mail(name))
            await until(lambda name=name: name in house.subjects, name)  # type: ignore[misc]
    assert sorted(set(house.subjects)) == ["one", "three", "two"]


async def test_a_stopped_session_is_noticed(
    house: House, leads: MailboxUser, settings: Settings, dovecot: Dovecot
) -> None:
    stopped: list[psutil.Process] = []
    try:
        async with house.listening(settings(renew=1, timeout=1)):
            leads.deliver(mail("first"))
            await house.got("first")
            await asyncio.sleep(0)
            stopped = dovecot.sessions()
            for session in stopped:
                session.send_signal(signal.SIGSTOP)
            leads.deliver(mail("while it hangs"))
            await house.got("first", "while it hangs")
    finally:
        for session in stopped:
            session.kill()


async def test_a_black_hole(
    house: House, leads: MailboxUser, settings: Settings, dovecot: Dovecot, proxies: Proxies
) -> None:
    proxy = proxies(dovecot.imap_port)
    await proxy.open()
    async with house.listening(settings(port=proxy.port, renew=0.3, timeout=0.5)):
        await until(lambda: bool(dovecot.sessions()), "a session")
        proxy.freeze()
        leads.deliver(mail("into the hole"))
        before = proxy.connections
        await until(lambda: proxy.connections > before, "a new attempt")
        proxy.thaw()
        await house.got("into the hole")


async def test_cut_in_the_middle_of_a_mail(
    house: House, leads: MailboxUser, settings: Settings, dovecot: Dovecot, proxies: Proxies
) -> None:
    proxy = proxies(dovecot.imap_port)
    await proxy.open()
    leads.deliver(mail("large", text="x" * 70 + "\r\n" * 20000), mail("small"))
    proxy.cut_after = 20_000
    async with house.listening(settings(port=proxy.port)):
        await house.got("large", "small")
    assert proxy.connections == 2


async def test_a_restarted_server(house: House, leads: MailboxUser, settings: Settings, dovecot: Dovecot) -> None:
    async with house.listening(settings()):
        await until(lambda: bool(dovecot.sessions()), "a session")
        await asyncio.to_thread(dovecot.stop)
        leads.deliver(mail("while it was away"))
        await asyncio.to_thread(dovecot.start)
        await house.got("while it was away")


async def test_a_server_without_idle(
    house: House, leads: MailboxUser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImapConnection, "has", lambda self, name: name == "MOVE")
    async with house.listening(settings(poll=0.1)):
        leads.deliver(mail("polled"))
        await house.got("polled")


async def test_a_server_without_move(
    house: House, leads: MailboxUser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    has = ImapConnection.has
    monkeypatch.setattr(ImapConnection, "has", lambda self, name: name != "MOVE" and has(self, name))
    leads.deliver(mail("copied"))
    async with house.listening(settings(file_to="Done")):
        await until(lambda: len(leads.files("Done")) == 1 and not leads.files(), "the mail to be moved")


async def test_a_mail_that_the_server_cannot_read(
    house: House, leads: MailboxUser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "PATIENCE", 2)
    leads.deliver(mail("before"), mail("broken"), mail("after"))
    broken = leads.files()[1]
    broken.rename(broken.with_name(f"{broken.name},S=999999"))  # Dovecot trusts the size in the name, and stumbles
    async with house.listening(settings()):
        await until(lambda: len(house.events) >= 3, "all three", 20)
        leads.deliver(mail("later"))
        await until(lambda: "later" in house.subjects, "the queue to go on")
    strange = [event for event in house.events if isinstance(event, Inbound) and event.unreadable]
    assert len(strange) <= 1
    assert {"before", "after", "later"} <= set(house.subjects)


async def test_a_mail_that_is_too_large(house: House, leads: MailboxUser, settings: Settings) -> None:
    house.host = replace(house.host, max_file=5000)
    leads.deliver(mail("small"), mail("huge", text="x\r\n" * 5000), mail("after"))
    async with house.listening(settings(file_to="Done")):
        await house.got("small", "huge", "after")
        await until(lambda: len(leads.mails("Done")) == 3, "all to be moved")
    [huge] = [event for event in house.events if isinstance(event, Inbound) and event.unreadable]
    assert "too large" in huge.unreadable
    assert huge.addresses[0].value == "anna@customer.test"
    assert huge.raw and b"Subject: huge" in huge.raw.data and huge.raw.size < 500


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"password": "wrong"}, "refuses the login"),
        ({"folders": ["Nowhere"]}, "'Nowhere' cannot be opened"),
    ],
)
async def test_what_a_person_must_mend(
    changes: dict[str, object], reason: str, house: House, settings: Settings
) -> None:
    channel = EmailChannel(NAME, settings(**changes), house.host)
    with pytest.raises(Misconfigured, match=reason) as caught:
        await channel.listen(house.accept)
    assert "wrong" not in str(caught.value)
    with pytest.raises(Misconfigured, match=reason):
        await channel.ping()


async def test_tls(house: House, leads: MailboxUser, settings: Settings, dovecot: Dovecot) -> None:
    tls = {"security": "tls", "port": dovecot.imaps_port}
    leads.deliver(mail("encrypted"))
    async with house.listening(settings(**tls, ca_file=dovecot.ca)):
        await house.got("encrypted")
        dovecot.kill_sessions()
        leads.deliver(mail("again"))
        await house.got("encrypted", "again")
    with pytest.raises(Misconfigured, match="not trusted"):
        await EmailChannel(NAME, settings(**tls), house.host).listen(house.accept)
    with pytest.raises(Misconfigured, match="ca_file"):
        await EmailChannel(NAME, settings(**tls, ca_file=Path("/nowhere.pem")), house.host).ping()


async def test_quotes_in_names_and_passwords(house: House, leads: MailboxUser, settings: Settings) -> None:
    for odd in ('a"b', "a b", "a\\b"):
        with pytest.raises(Misconfigured, match="refuses the login"):
            await EmailChannel(NAME, settings(user=odd, password='x" y'), house.host).ping()


def subject(event: Inbound | Report) -> str:
    return (event.subject or "") if isinstance(event, Inbound) else ""
