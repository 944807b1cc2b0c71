"""One message to one person, because of something that happened in another program: it goes at once, past mailings."""

from __future__ import annotations

import mimetypes
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api.access import MessageSender
from api.body import MOST_MESSAGE
from api.guard import Caller
from api.received import decoded, keep, plain_name
from api.shapes import Long, Shape, Text
from api.trials import normal
from api.writing import Made, write
from broadcasts import posting
from broadcasts.attachments import LARGEST, MOST
from broadcasts.posting import Post
from broadcasts.words import code_said
from domain.messages import File
from store.engine import Connection

router = APIRouter(prefix="/messages", tags=["messages"])
_TYPE = r"^([A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,60})?$"
Value = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]


class AttachmentIn(Shape):
    """A file that goes with it: by mail as an attachment, by Telegram as a photo or document."""

    name: Annotated[Text, Field(min_length=1, description="As people see it: invoice-7.pdf")]
    type: str = Field("", pattern=_TYPE, max_length=100, description="MIME type; by the name when left out.")
    content: str = Field(max_length=MOST_MESSAGE, description="Base64 (RFC 4648, section 4).")

    def file(self) -> File:
        """Raises Problem for what is no Base64."""
        data, name = decoded(self.content, self.name), plain_name(self.name)
        kind = self.type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return File(name=name, type=kind.lower(), size=len(data), data=data)


class MessageIn(Shape):
    """What is to be sent: a text, or a template with values; to an address, or to a contact."""

    channel: Text
    to: Text = Field("", description="An address of the kind that the channel reaches; or give `contact`.")
    contact: UUID | None = None
    subject: Text = Field("", description="Of a mail without a template.")
    text: Long = ""
    html: Long = Field("", description="Of a mail, beside its text. It is sanitised.")
    template: Text = Field("", description="The name of a kept one, or of a ready one.")
    values: Annotated[dict[Text, Value], Field(max_length=100)] = Field(
        {}, description="Of its variables, above what the contact's card says."
    )
    attachments: Annotated[list[AttachmentIn], Field(max_length=100)] = Field(
        [], description=f"At most {MOST} files and {LARGEST // 1_000_000} MB in all; by mail and Telegram."
    )


class MessageOut(BaseModel):
    """How far it is."""

    id: UUID
    channel: str
    contact: UUID | None
    state: str = Field(description="pending, sending, sent, delivered, read, failed, unknown, skipped")
    code: str | None
    why: str
    reason: str | None
    created_at: datetime
    sent_at: datetime | None
    reported_at: datetime | None


@router.post("", status_code=202)
async def send(caller: MessageSender, given: MessageIn, response: Response) -> MessageOut:
    """Queue a message. With an Idempotency-Key it is sent once, however often it is asked for."""
    files = [one.file() for one in given.attachments]

    async def act(connection: Connection) -> Made:
        to = normal(caller, given.channel, [given.to])[0] if given.to else ""
        wanted = Post(
            channel=given.channel,
            to=to,
            contact=given.contact,
            subject=" ".join(given.subject.split()),
            text=given.text,
            html=given.html,
            template=given.template,
            values=given.values,
            files=files,
            most_each=min(caller.max_file, LARGEST),
        )
        made = await posting.post(connection, caller.office, wanted, partial(keep, caller))
        return Made(made, None, {"message": str(made)})

    made = await write(caller, "message.asked", act)
    assert made.id
    response.headers["Location"] = f"/api/messages/{made.id}"
    return await _shown(caller, made.id)


@router.get("/{message}")
async def get(caller: MessageSender, message: UUID) -> MessageOut:
    """How far a message is."""
    return await _shown(caller, message)


async def _shown(caller: Caller, message: UUID) -> MessageOut:
    async with caller.database.begin() as connection:
        found = await posting.state(connection, message)
    known = {name: value for name, value in found._asdict().items() if name in MessageOut.model_fields}
    return MessageOut(**known, why=code_said(found.code or "", caller.language))
