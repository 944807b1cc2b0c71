"""The post office against aioimaplib and aiosmtplib: what Leadwire's own adapter does with a mail server."""

from __future__ import annotations

import asyncio
import importlib.util
import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import aioimaplib
import aiosmtplib
import pytest

from simulator.mail.letters import INBOX, SENT, Attachment
from simulator.mail.office import PostOffice, UnknownMailbox
from simulator.mail.trace import NAME

SHOP, ANNA = "sales@shop.example", "anna@client.example"
PASSWORD = 'pa ss"word'


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with PostOffice() as office:
        await office.add_mailbox(SHOP, PASSWORD, "Shop")
        await office.add_mailbox(ANNA, "anna", "Анна Иванова")
        yield office


@pytest.fixture
async def imap(office: PostOffice) -> AsyncIterator[aioimaplib.IMAP4]:
    client = aioimaplib.IMAP4(office.host, office.imap_port, timeout=5)
    await client.wait_hello_from_server()
    assert (await client.login(SHOP, PASSWORD)).result == "OK"
    yield client
    await client.logout()


def mail(to: str = SHOP, text: str = "Сколько стоит доставка?\n.\n..точки") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Анна <{ANNA}>", to, "Вопрос"
    message["Message-ID"] = "<1@client.example>"
    message.set_content(text)
    return message


async def send(office: PostOffice, message: EmailMessage, password: str | None = None) -> None:
    await aiosmtplib.send(
        message,
        hostname=office.host,
        port=office.smtp_port,
        start_tls=False,
        timeout=5,
        username=SHOP if password else None,
        password=password,
    )


async def test_wrong_password_is_refused(office: PostOffice) -> None:
    client = aioimaplib.IMAP4(office.host, office.imap_port, timeout=5)
    await client.wait_hello_from_server()
    answer = await client.login(SHOP, "wrong")
    assert answer.result == "NO"
    assert b"AUTHENTICATIONFAILED" in answer.lines[0]
    await client.logout()


async def test_idle_tells_of_a_mail_that_came_by_smtp(office: PostOffice, imap: aioimaplib.IMAP4) -> None:
    await imap.select("INBOX")
    idle = await imap.idle_start(timeout=20)
    await send(office, mail())
    assert b"1 EXISTS" in await imap.wait_server_push(timeout=5)
    imap.idle_done()
    await asyncio.wait_for(idle, 5)


async def test_fetched_mail_is_what_was_sent(office: PostOffice, imap: aioimaplib.IMAP4) -> None:
    await send(office, mail())
    await imap.select("INBOX")
    found = await imap.uid_search("ALL", charset=None)
    uid = found.lines[0].decode()
    answer = await imap.uid("fetch", uid, "(UID FLAGS BODY.PEEK[])")
    raw = bytes(answer.lines[1])
    assert raw.startswith(f"Return-Path: <{ANNA}>\r\nDelivered-To: {SHOP}\r\nReceived: from ".encode())
    [letter] = await office.messages(SHOP)
    assert letter.text == "Сколько стоит доставка?\n.\n..точки"
    assert not letter.seen  # PEEK


async def checks(office: PostOffice, imap: aioimaplib.IMAP4) -> list[str]:
    """Authentication-Results of the only mail, on one line each."""
    await imap.select("INBOX")
    answer = await imap.fetch("1", "(UID BODY.PEEK[])")
    found = message_from_bytes(bytes(answer.lines[1])).get_all("Authentication-Results", [])
    return [" ".join(value.split()) for value in found]


async def test_a_customer_who_writes_is_vouched_for(office: PostOffice, imap: aioimaplib.IMAP4) -> None:
    await office.write(ANNA, SHOP, "Вопрос", "Есть скидка?")
    assert await checks(office, imap) == [
        f"{NAME}; spf=pass smtp.mailfrom={ANNA}; dkim=pass (2048-bit key) header.d=client.example "
        "header.i=@client.example; dmarc=pass (p=none dis=none) header.from=client.example"
    ]


@pytest.mark.parametrize("password", [None, PASSWORD])
async def test_smtp_vouches_for_nobody_but_who_logged_in(
    office: PostOffice, imap: aioimaplib.IMAP4, password: str | None
) -> None:
    forged = mail()
    forged["Authentication-Results"] = f"{NAME}; dmarc=pass header.from=client.example"
    forged["Authentication-Results"] = "other.example; dmarc=pass header.from=client.example"
    await send(office, forged, password)
    ours, *rest = await checks(office, imap)
    assert ours.startswith(f"{NAME}; spf=pass" if password else f"{NAME}; spf=none")
    assert [value.partition(";")[0] for value in rest] == ["other.example"]


@pytest.mark.parametrize("way", ["move", "copy"])
async def test_mail_is_filed_away(office: PostOffice, imap: aioimaplib.IMAP4, way: str) -> None:
    await office.deliver(mail().as_bytes(), SHOP)
    assert (await imap.create("Leadwire")).result == "OK"
    await imap.select("INBOX")
    uid = (await imap.uid_search("ALL", charset=None)).lines[0].decode()
    answer = await imap.uid(way, uid, "Leadwire")
    assert answer.result == "OK"
    assert any(b"COPYUID" in line for line in answer.lines)
    if way == "copy":
        await imap.uid("store", uid, "+FLAGS", r"(\Deleted)")
        await imap.expunge()
    assert not await office.messages(SHOP, INBOX)
    assert len(await office.messages(SHOP, "Leadwire")) == 1


async def test_store_marks_seen(office: PostOffice, imap: aioimaplib.IMAP4) -> None:
    await office.deliver(mail().as_bytes(), SHOP)
    await imap.select("INBOX")
    await imap.store("1", "+FLAGS", r"(\Seen)")
    assert [letter.seen for letter in await office.messages(SHOP)] == [True]


@pytest.mark.parametrize(
    ("to", "code", "words"),
    [("nobody@shop.example", 550, "5.1.1"), ("boss@elsewhere.example", 554, "5.7.1")],
)
async def test_smtp_refuses_whom_it_does_not_know(office: PostOffice, to: str, code: int, words: str) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await send(office, mail(to))
    [recipient] = refused.value.recipients
    assert recipient.code == code
    assert recipient.message.startswith(words)


async def test_smtp_login(office: PostOffice) -> None:
    await send(office, mail(), PASSWORD)
    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refused:
        await send(office, mail(), "wrong")
    assert refused.value.code == 535
    assert len(await office.messages(SHOP)) == 1


async def test_people_write_and_answer_in_one_thread(office: PostOffice) -> None:
    with office.subscribe() as watcher:
        price = Attachment(name="прайс.txt", type="text/plain", data="цена".encode())
        await office.write(ANNA, SHOP, "Вопрос", "Есть скидка?", attachments=[price])
        assert await watcher.changed() == {SHOP, ANNA}
    [question] = await office.messages(SHOP)
    await office.write(SHOP, ANNA, "Re: Вопрос", "Да, 10 %", answers=question)
    sent, answer = await office.messages(ANNA)
    assert (sent.folder, sent.seen, sent.attachments) == (SENT, True, (price,))
    assert (answer.folder, answer.seen) == (INBOX, False)
    assert answer.references == (question.message_id,)
    assert answer.text == "Да, 10 %"
    assert re.search(r"Анна Иванова <anna@client.example>:\n> Есть скидка\?$", answer.quote)
    await office.write(ANNA, SHOP, "Re: Вопрос", "Беру", answers=answer)
    assert (await office.messages(SHOP, INBOX))[-1].references == (question.message_id, answer.message_id)


async def test_opening_a_mail_marks_it(office: PostOffice) -> None:
    await office.deliver(mail(ANNA).as_bytes(), ANNA)
    [letter] = await office.messages(ANNA)
    await office.mark_seen(ANNA, letter.folder, letter.uid)
    await office.mark_seen(ANNA, letter.folder, 99999)  # gone meanwhile
    assert [letter.seen for letter in await office.messages(ANNA)] == [True]


async def test_writing_to_nobody(office: PostOffice) -> None:
    with pytest.raises(UnknownMailbox, match=r"550 5\.1\.1 <who@client\.example>"):
        await office.write(ANNA, "who@client.example", "?", "?")
    assert not await office.messages(ANNA)


async def test_restart_keeps_mailboxes_and_drops_clients(office: PostOffice) -> None:
    client = aioimaplib.IMAP4(office.host, office.imap_port, timeout=5)
    await client.wait_hello_from_server()
    smtp = aiosmtplib.SMTP(hostname=office.host, port=office.smtp_port, start_tls=False)
    await smtp.connect()
    await office.deliver(mail().as_bytes(), SHOP)
    port = office.imap_port
    await asyncio.wait_for(office.stop(), 5)
    await office.stop()
    with pytest.raises((aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError)):
        await smtp.noop()
    await office.start(imap_port=port)
    assert len(await office.messages(SHOP)) == 1


def odd_mails() -> list[Path]:
    """CPython's own samples, where its tests are installed."""
    spec = importlib.util.find_spec("test")
    folders = spec.submodule_search_locations if spec else None
    return sorted(path for folder in folders or () for path in Path(folder).glob("test_email/data/msg_*.txt"))


async def test_odd_mails_are_kept_and_shown(office: PostOffice, imap: aioimaplib.IMAP4) -> None:
    odd = odd_mails()
    for path in odd:
        await office.deliver(path.read_bytes(), SHOP)
    await office.deliver(b"", SHOP)
    await office.deliver(b"\xff\xfe no header (\r\n\r\n\x00", SHOP)
    assert len(await office.messages(SHOP)) == len(odd) + 2
    await imap.select("INBOX")
    answer = await imap.uid("fetch", "1:*", "(UID BODY.PEEK[])")
    assert answer.result == "OK"


async def test_mailboxes_are_apart(office: PostOffice, imap: aioimaplib.IMAP4) -> None:
    await office.deliver(mail(ANNA).as_bytes(), ANNA)
    await imap.select("INBOX")
    assert (await imap.uid_search("ALL", charset=None)).lines[0] == b""
    assert not await office.messages(SHOP)


async def test_two_connections_idle_on_one_mailbox(office: PostOffice, imap: aioimaplib.IMAP4) -> None:
    other = aioimaplib.IMAP4(office.host, office.imap_port, timeout=5)
    await other.wait_hello_from_server()
    await other.login(SHOP, PASSWORD)
    idles = []
    for client in (imap, other):
        await client.select("INBOX")
        idles.append(await client.idle_start(timeout=20))
    await office.deliver(mail().as_bytes(), SHOP)
    for client, idle in zip((imap, other), idles, strict=True):
        assert b"1 EXISTS" in await client.wait_server_push(timeout=5)
        client.idle_done()
        await asyncio.wait_for(idle, 5)
    await other.logout()


async def test_hundreds_of_mails_are_fetched_in_chunks(office: PostOffice, imap: aioimaplib.IMAP4) -> None:
    raw = mail().as_bytes()
    for _ in range(250):
        await office.deliver(raw, SHOP)
    await imap.select("INBOX")
    uids = (await imap.uid_search("ALL", charset=None)).lines[0].split()
    assert len(uids) == 250
    answer = await imap.uid("fetch", b",".join(uids[:100]).decode(), "(UID BODY.PEEK[])")
    assert sum(isinstance(line, bytearray) for line in answer.lines) == 100


async def test_smtp_takes_several_recipients_and_unicode_addresses(office: PostOffice) -> None:
    await office.add_mailbox("анна@client.example", "x")
    async with aiosmtplib.SMTP(hostname=office.host, port=office.smtp_port, start_tls=False) as smtp:
        raw = mail().as_bytes()
        refused, _ = await smtp.sendmail(ANNA, [SHOP, ANNA, "nobody@shop.example"], raw)
        assert list(refused) == ["nobody@shop.example"]
        await smtp.sendmail(ANNA, ["анна@client.example"], raw, mail_options=["SMTPUTF8"])
    assert [len(await office.messages(box)) for box in (SHOP, ANNA, "анна@client.example")] == [1, 1, 1]


async def test_smtp_announces_its_size_and_keeps_to_it(office: PostOffice) -> None:
    async with aiosmtplib.SMTP(hostname=office.host, port=office.smtp_port, start_tls=False) as smtp:
        await smtp.ehlo()
        limit = int(smtp.esmtp_extensions["size"])
        answer = await smtp.execute_command(f"MAIL FROM:<{ANNA}> SIZE={limit + 1}".encode())
        assert answer.code == 552


async def test_passwords_are_not_in_repr(office: PostOffice) -> None:
    assert PASSWORD not in repr(vars(office))
