"""Which pictures a content may name, and how long their files stay."""

from __future__ import annotations

import json
from typing import Any

import pytest

from broadcasts import attachments, lifecycle, templates
from broadcasts.content.compiled import compile
from broadcasts.content.parse import NotContent, parse
from broadcasts.lifecycle import Refused
from domain.ids import new_id
from domain.messages import utcnow
from people import signed
from people.erasure import erase
from store import message_files, pinned
from store.files import key_of
from tests.broadcasts.world import HOUSE, TEXT, World

PNG = b"\x89PNG\r\n\x1a\n a logo"
LETTER = b"Dear Orchard, my secret is"
SHOWN = [{"type": "image", "src": "host:logo.png", "alt": "Logo"}, *TEXT["blocks"]]


def named(key: str, name: str = "logo.png", **more: str) -> dict[str, Any]:
    """A content that names this key of the file store."""
    return {**TEXT, "blocks": SHOWN, "pictures": {name: {"key": key, "type": "image/png", "size": 9, **more}}}


async def put(world: World, content: Any, pictures: Any = None, *, name: str = "spring") -> Any:
    async with world.database.begin() as connection:
        return await templates.put(connection, name, content, html=True, actor="cli", pictures=pictures)


async def drawn(world: World, data: bytes) -> Any:
    """The content of a template whose picture this is."""

    async def keep(data: bytes) -> str:
        return key_of(data)

    shown = await templates.kept({"logo.png": data}, keep)
    return (await put(world, {**TEXT, "blocks": SHOWN}, shown)).content


async def test_a_picture_is_put_and_named_again(world: World) -> None:
    content = await drawn(world, PNG)
    [picture] = content["pictures"].values()
    assert picture == await world.picture(PNG)
    again = await put(world, {**content, "subject": "Other"}, name="other")
    assert again.content["pictures"] == content["pictures"]
    broadcast = await world.get(await world.broadcast(content=content))
    assert broadcast.content["pictures"] == content["pictures"]


FORGED: list[dict[str, str]] = [
    {},
    {"token": ""},
    {"token": signed.picture_token(b"another key that is not ours....", key_of(LETTER))},
]


@pytest.mark.parametrize("forged", [*FORGED, {"token": "of the logo"}])
async def test_a_digest_is_no_right_to_a_customers_file(world: World, forged: dict[str, str]) -> None:
    """Whoever writes broadcasts and knows the SHA-256 of a letter could have it sent to himself, and hosted."""
    logo = await drawn(world, PNG)
    if forged.get("token") == "of the logo":
        forged = {"token": logo["pictures"]["logo.png"]["token"]}
    content = named(key_of(LETTER), **forged)
    # what only is called so proves nothing either
    await put(world, {**logo, "pictures": {key_of(LETTER): logo["pictures"]["logo.png"]}}, name="called-so")
    with pytest.raises(NotContent) as refused:
        await put(world, content)
    assert refused.value.words("en").startswith("pictures.logo.png.key: no picture with this key was ever put")
    assert "картинку с таким ключом никто не сохранял" in refused.value.words("ru")
    with pytest.raises(NotContent):
        await world.broadcast(content=content)
    async with world.database.begin() as connection:
        draft = await lifecycle.create(
            connection, world.rules, name="Draft", plan={"audience": {"all": []}, "steps": [{"channel": "mail"}]},
            content=TEXT, actor="staff:1",
        )  # fmt: skip
        with pytest.raises(NotContent):
            await lifecycle.change(
                connection, world.rules, draft.id, revision=draft.revision, actor="staff:1", content=content
            )


async def test_contents_of_before_there_were_tokens_go_on(world: World) -> None:
    bare = named(key_of(PNG))
    await put(world, TEXT)
    await world.ask("UPDATE templates SET content = CAST(:content AS jsonb) RETURNING 1", content=json.dumps(bare))
    async with world.database.begin() as connection:
        found = parse((await templates.get(connection, "spring")).content)
    assert attachments.pictures(found, ["logo.png"])[0]["key"] == key_of(PNG)
    made = await put(world, bare)
    assert made.content["pictures"]["logo.png"]["token"] == (await world.picture(PNG))["token"]


@pytest.mark.parametrize("where", ["templates", "broadcasts"])
async def test_a_picture_outlives_who_had_the_same_file(world: World, where: str) -> None:
    """The file store has one file for the same bytes: erasing a customer took the picture out of sent letters."""
    content, (anna, *_) = await drawn(world, PNG), await world.crowd(1)
    await put(world, {**content, "pictures": {}, "blocks": TEXT["blocks"]})
    if where == "broadcasts":
        broadcast = await world.broadcast(content=content)
        await world.ask("DELETE FROM templates RETURNING 1")
        await world.ask("UPDATE broadcasts SET state = 'finished' WHERE id = :id RETURNING 1", id=broadcast)
    now, own = utcnow(), "cd" * 32
    async with world.database.begin() as connection:
        rows = [(new_id(), anna, key, "a.png", "image/png", 1, "x", now) for key in (key_of(PNG), own)]
        await pinned.attach(connection, rows)
    await world.ask(_SENT, card=anna, key=key_of(PNG))
    async with world.database.begin() as connection:
        done = await erase(connection, anna, actor="staff:7")
        assert done.files == (own,)
    await world.ask(_SENT, card=new_id(), key=key_of(PNG))
    async with world.database.begin() as connection:
        found, free = await message_files.forget(connection, utcnow())
    assert (found > 0, free) == (True, [])


_SENT = """INSERT INTO deliveries
      (id, channel, address, purpose, facts, state, priority, due_at, contact_id, created_at)
    VALUES (gen_random_uuid(), 'mail', 'x@example.org', 'message', jsonb_build_object('files', jsonb_build_array(
      jsonb_build_object('name', 'a.png', 'key', CAST(:key AS text)))), 'sent', 0, now(), :card,
      now() - interval '1 hour') RETURNING 1"""


def test_a_letter_whose_pictures_nobody_could_fetch_is_refused() -> None:
    given = parse({**named("ab" * 32, token="A" * 66)})
    mail, chat = (compile(given, channel, house=HOUSE) for channel in ("email", "telegram"))
    with pytest.raises(Refused, match=r"set server\.public_url, or write cid:logo\.png"):
        attachments.require_hosts(mail, "")
    attachments.require_hosts(mail, "https://leads.example")
    attachments.require_hosts(chat, "")
