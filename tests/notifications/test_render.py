"""Each purpose as a message, from the rows of a real database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from domain.errors import Rejected, Unavailable
from domain.messages import ChannelName, Outbound, utcnow
from domain.sms import measure
from notifications.handover import HandOver
from notifications.reasons import explain
from notifications.render import Renderer
from notifications.texts import say
from notifications.verdict import Later, Skip
from people import opting, signed
from people.opting import Subject
from store import leads, secrets
from store.deliveries import Purpose
from tests.notifications.world import BOT, MAIL, World, later
from tests.people.law import proved

SMS, SITE = ChannelName("sms"), ChannelName("site")
KINDS = {BOT: "telegram", MAIL: "email", SMS: "sms", SITE: "form"}
FILE = {"key": "k1", "name": "plan.pdf", "type": "application/pdf", "size": 3, "content_id": ""}


class Files(dict[str, bytes]):
    """A file store: content by key."""

    async def read(self, key: str) -> bytes:
        if key == "away":
            raise ConnectionError("refused")
        return self[key]


@pytest.fixture
def renderer(world: World) -> Renderer:
    greetings: Mapping[ChannelName, Mapping[str, str]] = {SMS: {"ru": "Спасибо, перезвоним."}}
    files = Files(k0=b"", k1=b"pdf", raw=b"eml")
    return Renderer(database=world.database, kinds=KINDS, say=say, read_file=files.read, greetings=greetings)


async def rendered(world: World, renderer: Renderer, purpose: Purpose, **given: Any) -> Outbound:
    (one,) = await world.queue(purpose, **given)
    return await renderer.render((await world.claimed(one))._replace(facts=given.get("facts", {})))


async def put_card(world: World, lead: UUID, state: str, external_id: str | None = "500:1", **given: Any) -> None:
    (card,) = await world.queue(Purpose.CARD, lead=lead, at=later(seconds=-5), **given)
    await world.do(
        "UPDATE deliveries SET state = :state, external_id = :ref WHERE id = :id", id=card, state=state, ref=external_id
    )


async def test_a_card_speaks_its_readers_language(world: World, renderer: Renderer) -> None:
    anna = await world.member(language="ru")
    lead = await world.lead(anna.id)
    await world.message(lead, "Здравствуйте!")
    own = await rendered(world, renderer, Purpose.CARD, lead=lead, staff=anna.id)
    assert own.html is not None
    assert "Новая" in own.html
    assert "Здравствуйте!" in own.html
    assert own.to == "500"
    assert own.edits == ""
    assert [[b.text for b in row] for row in own.buttons] == [["Ответить", "Взять"], ["Передать", "Спам"]]
    team = await rendered(world, renderer, Purpose.CARD, lead=lead, address="-100")
    assert [[b.text for b in row] for row in team.buttons] == []


async def test_a_card_needs_a_chat_and_a_lead(world: World, renderer: Renderer) -> None:
    with pytest.raises(Skip, match="cards go to chats only"):
        await rendered(world, renderer, Purpose.CARD, lead=await world.lead(), channel=MAIL)
    with pytest.raises(Skip, match="the lead is gone"):
        await rendered(world, renderer, Purpose.CARD, lead=UUID(int=1))


async def test_an_edit_shows_what_is_true_now(world: World, renderer: Renderer) -> None:
    anna = await world.member()
    lead = await world.lead(anna.id)
    await put_card(world, lead, "sent")
    async with world.database.begin() as connection:
        await leads.take(connection, lead, anna.id, utcnow())
    edit = await rendered(world, renderer, Purpose.REFRESH, lead=lead, staff=anna.id)
    assert edit.edits == "500:1"
    assert "Anna, taken" in (edit.html or "")
    assert [[b.text for b in row] for row in edit.buttons] == [["Reply"], ["Pass", "Won", "Lost", "Spam"]]


async def test_an_older_card_shows_what_is_true_and_has_no_buttons(world: World, renderer: Renderer) -> None:
    anna = await world.member()
    lead = await world.lead(anna.id)
    old = await rendered(world, renderer, Purpose.RETIRE, lead=lead, staff=anna.id, facts={"card": "500:1"})
    assert (old.edits, old.buttons) == ("500:1", ())
    assert "Ivan Petrov" in (old.html or "")


async def test_a_name_that_came_later_is_shown(world: World, renderer: Renderer) -> None:
    lead = await world.lead(name="")
    await world.message(lead, "Hello")
    assert "No name given" in ((await rendered(world, renderer, Purpose.CARD, lead=lead)).html or "")
    await world.message(lead, "Emma here", facts={"name": "Emma"})
    assert "#1 Emma</b>" in ((await rendered(world, renderer, Purpose.CARD, lead=lead)).html or "")


@pytest.mark.parametrize(
    ("state", "error"), [("pending", Later), ("sending", Later), ("failed", Skip), ("skipped", Skip), ("unknown", Skip)]
)
async def test_an_edit_needs_a_card(world: World, renderer: Renderer, state: str, error: type[Exception]) -> None:
    lead = await world.lead()
    await put_card(world, lead, state, None)
    await world.do("UPDATE deliveries SET due_at = now() + interval '1 hour' WHERE purpose = 'card'")
    with pytest.raises(error):
        await rendered(world, renderer, Purpose.REFRESH, lead=lead)


async def test_the_customers_words_come_under_the_card(world: World, renderer: Renderer) -> None:
    lead = await world.lead()
    await put_card(world, lead, "sent")
    await world.message(lead, "Hello", at=later(minutes=-1))
    message = await world.message(lead, "See the plan", subject="The office", facts={"files": [FILE]})
    relay = await rendered(world, renderer, Purpose.RELAY, lead=lead, message=message)
    assert relay.text == "✉️ Ivan Petrov\nThe office\n\nSee the plan"
    assert relay.html is None
    assert relay.reply_to == ("500:1",)
    ((name, data),) = [(f.name, f.data) for f in relay.files]
    assert (name, data) == ("plan.pdf", b"pdf")


async def test_a_relay_waits_for_its_card_but_not_for_ever(world: World, renderer: Renderer) -> None:
    lead = await world.lead()
    message = await world.message(lead)
    await put_card(world, lead, "sending", None)
    with pytest.raises(Later):
        await rendered(world, renderer, Purpose.RELAY, lead=lead, message=message)
    await world.do("UPDATE deliveries SET state = 'failed' WHERE purpose = 'card'")
    assert (await rendered(world, renderer, Purpose.RELAY, lead=lead, message=message)).reply_to == ()


async def test_what_the_card_shows_is_not_said_again(world: World, renderer: Renderer) -> None:
    """A short first message with a file: the card has the words, so the file comes with its name alone."""
    lead = await world.lead()
    await put_card(world, lead, "sent")
    message = await world.message(lead, "See the plan", subject="The office", facts={"files": [FILE]})
    relay = await rendered(world, renderer, Purpose.RELAY, lead=lead, message=message)
    assert relay.text == "✉️ Ivan Petrov\n\n📎 plan.pdf"
    assert [f.name for f in relay.files] == ["plan.pdf"]


async def test_a_file_that_cannot_be_shown_is_named_and_the_text_arrives(world: World, renderer: Renderer) -> None:
    lead = await world.lead()
    await world.message(lead, "Hello", at=later(minutes=-1))
    stored = [FILE, FILE | {"name": "empty.txt", "key": "k0"}, FILE | {"name": "lost.txt", "key": "gone"}]
    message = await world.message(lead, "See these", facts={"files": stored})
    relay = await rendered(world, renderer, Purpose.RELAY, lead=lead, message=message)
    assert [f.name for f in relay.files] == ["plan.pdf"]
    assert relay.text == (
        "✉️ Ivan Petrov\n\nSee these\n\n"
        "📎 empty.txt: The file is empty. Ask the customer to send it again.\n"
        "📎 lost.txt: The file is no longer kept here. Ask for it again."
    )


async def test_a_relay_that_was_refused_goes_as_text_alone(world: World, renderer: Renderer) -> None:
    lead = await world.lead()
    await put_card(world, lead, "sent")
    message = await world.message(lead, "See the plan", facts={"files": [FILE]})
    facts = {"plain": True, "reason": "WEIRD_THING"}
    relay = await rendered(world, renderer, Purpose.RELAY, lead=lead, message=message, facts=facts)
    assert relay.files == ()
    assert relay.text == "✉️ Ivan Petrov\n\nSee the plan\n\n📎 plan.pdf: WEIRD_THING"


async def test_nothing_of_a_long_message_is_lost(world: World, renderer: Renderer) -> None:
    lead = await world.lead()
    words = "слово " * 5000
    relay = await rendered(world, renderer, Purpose.RELAY, lead=lead, message=await world.message(lead, words))
    assert len(relay.text) < 13_000
    assert relay.text.endswith("… (the whole text is in the attached file)")
    (whole,) = relay.files
    assert whole.data.decode() == words


async def test_the_original_of_an_unreadable_message_is_attached(world: World, renderer: Renderer) -> None:
    lead = await world.lead()
    raw = {"key": "raw", "name": "message.eml", "type": "message/rfc822", "size": 3}
    message = await world.message(lead, "", facts={"unreadable": "unknown charset", "raw": raw})
    relay = await rendered(world, renderer, Purpose.RELAY, lead=lead, message=message)
    assert "could not be read (unknown charset)" in relay.text
    assert [f.data for f in relay.files] == [b"eml"]


async def test_an_answer_by_mail_joins_the_conversation(world: World, renderer: Renderer) -> None:
    lead = await world.lead()
    first = await world.message(lead, "1", ref="<1@x>", at=later(minutes=-9), subject="RE: Отв[2]: The office")
    await world.message(lead, "2", ref="<2@x>", at=later(minutes=-5))
    ours = await world.message(lead, "3", direction="out", at=later(minutes=-3))
    (sent,) = await world.queue(Purpose.REPLY, lead=lead, message=ours, channel=MAIL)
    await world.do("UPDATE deliveries SET state='sent', external_id='<o@us>', sent_at=now() - interval '3 minutes'")
    facts = {"answers": str(first), "files": [FILE]}
    answer = await world.message(lead, "4", direction="out", subject="RE: Отв[2]: The office", facts=facts)
    reply = await rendered(world, renderer, Purpose.REPLY, lead=lead, message=answer, channel=MAIL, address="i@x.ru")
    assert (reply.to, reply.text, reply.subject) == ("i@x.ru", "4", "Re: The office")
    assert reply.reply_to == ("<1@x>", "<o@us>", "<2@x>")
    assert [f.name for f in reply.files] == ["plan.pdf"]
    assert not reply.automatic
    assert sent


@pytest.mark.parametrize(
    ("channel", "address", "chain", "subject"),
    [
        (SMS, "+79161234567", (), None),
        (BOT, "77", (), None),
        (BOT, "-100", ("-100:5",), None),
        (MAIL, "i@x.ru", (), "Your request"),
    ],
)
async def test_an_answer_elsewhere(
    world: World, renderer: Renderer, channel: str, address: str, chain: tuple[str, ...], subject: str | None
) -> None:
    lead = await world.lead()
    asked = await world.message(lead, "1", channel="bot", ref="-100:5", thread="a")
    answer = await world.message(lead, "2", direction="out", channel="bot", thread="b", facts={"answers": str(asked)})
    reply = await rendered(world, renderer, Purpose.REPLY, lead=lead, message=answer, channel=channel, address=address)
    assert (reply.reply_to, reply.subject) == (chain, subject)


@pytest.mark.parametrize(
    ("key", "error", "reason"),
    [
        ("gone", Rejected, "the file 'plan.pdf' is not in the file store any more"),
        ("away", Unavailable, "the file store does not give 'plan.pdf': refused"),
    ],
)
async def test_a_file_that_is_not_there(
    world: World, renderer: Renderer, key: str, error: type[Rejected | Unavailable], reason: str
) -> None:
    lead = await world.lead()
    message = await world.message(lead, facts={"files": [FILE | {"key": key}]})
    with pytest.raises(error) as raised:
        await rendered(world, renderer, Purpose.REPLY, lead=lead, message=message, channel=MAIL)
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("channel", "language", "text"),
    [
        (SMS, "ru", "Спасибо, перезвоним."),
        (SMS, "en", say("greeting", "en")),
        (MAIL, "ru", say("greeting", "ru")),
    ],
)
async def test_a_greeting(world: World, renderer: Renderer, channel: ChannelName, language: str, text: str) -> None:
    lead = await world.lead()
    message = await world.message(lead, ref="<1@x>", subject="Hi")
    given = {"lead": lead, "message": message, "channel": channel, "facts": {"language": language}}
    greeting = await rendered(world, renderer, Purpose.GREETING, **given)
    assert (greeting.text, greeting.automatic) == (text, True)
    by_mail = channel == MAIL
    assert (greeting.subject, greeting.reply_to) == (("Re: Hi", ("<1@x>",)) if by_mail else (None, ()))


async def test_a_greeting_after_a_form_has_a_subject_in_the_customers_language(
    world: World, renderer: Renderer
) -> None:
    lead = await world.lead()
    message = await world.message(lead, channel="site", ref="form-ref")
    facts = {"language": "ru"}
    given = {"lead": lead, "message": message, "channel": MAIL, "facts": facts}
    greeting = await rendered(world, renderer, Purpose.GREETING, **given)
    assert (greeting.subject, greeting.reply_to) == ("Ваше обращение", ())


async def test_who_ticked_a_box_is_asked_by_a_link(world: World, renderer: Renderer) -> None:
    """Each question with the words that stood beside its box; what was answered meanwhile is not asked again."""
    message = await world.message(await world.lead(), channel="site")
    async with world.database.begin() as connection:
        card = await proved(connection, ("email", "anna@example.org"))
        subject = Subject(kind="email", value="anna@example.org", card=card)
        one, other = [
            await opting.ask(connection, subject, p, text=f"I want {p}", source="form:site", actor="")
            for p in ("news", "sales")
        ]
    facts = {"key": "confirm_subscription", "language": "ru", "requests": [str(one), str(other)]}
    given: dict[str, Any] = {"message": message, "channel": MAIL, "facts": facts}
    with pytest.raises(Skip):
        await rendered(world, renderer, Purpose.GREETING, **given)
    renderer._hand_over = HandOver(database=world.database, public_url="https://leads.example.com/")
    letter = await rendered(world, renderer, Purpose.GREETING, **given)
    assert (letter.subject, letter.automatic) == (say("confirm_subject", "ru"), True)
    assert letter.text.startswith(say("confirm_subscription", "ru"))
    assert '"I want news"' in letter.text and '"I want sales"' in letter.text
    tokens = re.findall(r"https://leads\.example\.com/d/(\S+)", letter.text)
    async with world.database.begin() as connection:
        key = await secrets.key(connection, secrets.LINKS)
        links = [signed.read(key, token, signed.Kind.CONFIRM) for token in tokens]
        assert [link and link.id for link in links] == [one, other]
        asked = await opting.asked(connection, one)
        assert asked
        await opting.confirm(connection, asked)
    assert "I want news" not in (await rendered(world, renderer, Purpose.GREETING, **given)).text
    assert (await rendered(world, renderer, Purpose.GREETING, **given | {"channel": SMS})).subject is None


@pytest.mark.parametrize(("language", "box", "parts"), [("en", "News by SMS", 1), ("ru", "Новости по SMS", 3)])
async def test_an_sms_that_asks_names_the_company_in_few_parts(
    world: World, renderer: Renderer, language: str, box: str, parts: int
) -> None:
    async with world.database.begin() as connection:
        subject = Subject(kind="phone", value="+79161234567", card=await proved(connection, ("phone", "+79161234567")))
        one = await opting.ask(connection, subject, "news", text=box, source="form:site", actor="")
    renderer._hand_over = HandOver(database=world.database, public_url="https://leads.example.com/")
    facts = {"key": "confirm_to_company", "language": language, "requests": [str(one)], "company": "Orchard & Sons"}
    message = await world.message(await world.lead(), channel="site")
    text = (await rendered(world, renderer, Purpose.GREETING, message=message, channel=SMS, facts=facts)).text
    assert text.startswith("Orchard & Sons: ")
    assert measure(text).parts == parts


async def test_an_answer_to_no_message_is_written(world: World, renderer: Renderer) -> None:
    """Who says "stop" in a chat reads that it worked."""
    facts = {"key": "unsubscribed", "language": "en"}
    assert (await rendered(world, renderer, Purpose.GREETING, facts=facts)).text == say("unsubscribed", "en")


NOTICES: list[tuple[dict[str, str], bool]] = [
    ({"key": "reply_failed", "reason": "the <mailbox> is full"}, True),
    ({"key": "card_failed", "reason": "bot was blocked"}, True),
    ({"key": "relay_failed", "reason": "bot was blocked"}, True),
    ({"key": "channel_paused", "channel": "bot", "reason": "bad token"}, False),
    ({"key": "channel_resumed", "channel": "bot"}, False),
]


@pytest.mark.parametrize(("facts", "has_lead"), NOTICES, ids=[facts["key"] for facts, _ in NOTICES])
async def test_our_notices_have_words(world: World, renderer: Renderer, facts: dict[str, str], has_lead: bool) -> None:
    anna = await world.member(language="ru")
    lead = await world.lead() if has_lead else None
    notice = await rendered(world, renderer, Purpose.NOTICE, facts=facts, lead=lead, staff=anna.id)
    assert notice.html is not None
    assert "<mailbox>" not in notice.html
    about_us = facts["key"] != "reply_failed"
    assert explain(facts.get("reason", ""), "ru", colleague=about_us) in notice.text
    assert "#1" in notice.text if has_lead else "bot" in notice.text
    mail = await rendered(world, renderer, Purpose.NOTICE, facts=facts, lead=lead, channel=MAIL)
    assert mail.html is None
    assert mail.subject
    assert mail.automatic


async def test_a_notice_hangs_on_the_card(world: World, renderer: Renderer) -> None:
    lead = await world.lead()
    await put_card(world, lead, "sent")
    facts = {"key": "reply_failed", "reason": "x"}
    assert (await rendered(world, renderer, Purpose.NOTICE, facts=facts, lead=lead)).reply_to == ("500:1",)


async def test_a_toast_answers_its_press(world: World, renderer: Renderer) -> None:
    facts = {"press": "p1", "key": "toast_yours", "number": 7, "language": "ru"}
    toast = await rendered(world, renderer, Purpose.TOAST, facts=facts)
    assert (toast.answers, toast.text, toast.html) == ("p1", say("toast_yours", "ru", number=7), None)


@pytest.mark.parametrize("purpose", [Purpose.RELAY, Purpose.REPLY, Purpose.GREETING])
async def test_without_its_message_there_is_nothing_to_send(world: World, renderer: Renderer, purpose: Purpose) -> None:
    with pytest.raises(Skip, match="the message is gone"):
        await rendered(world, renderer, purpose, lead=await world.lead(), message=UUID(int=9))


async def test_mailings_are_not_rendered_yet(world: World, renderer: Renderer) -> None:
    with pytest.raises(Skip, match="nobody knows yet"):
        await rendered(world, renderer, Purpose.BROADCAST)
