"""The pictures of a content: each was put as a picture, and bears the token by which everybody may see it.

The file store holds the letters of customers, too, and finds everything by its digest. So a digest that somebody
knows is no right to send that file: a content names a key only with the house's token for it, or when it was put just
now, or when another content shows it already.
"""

from __future__ import annotations

from collections.abc import Collection

from broadcasts.content.blocks import Content
from broadcasts.content.parse import NotContent, Problem
from people.signed import picture_token
from store import pictures, secrets
from store.engine import Connection


async def proven(connection: Connection, content: Content, put: Collection[str] = ()) -> Content:
    """The content with the token of each picture. `put`: keys whose contents were given just now.

    Raises NotContent for a key that nobody has put as a picture.
    """
    if not content.pictures:
        return content
    key = await secrets.key(connection, secrets.LINKS)
    tokens = {one.key: picture_token(key, one.key) for one in content.pictures.values()}
    bare = {one.key for one in content.pictures.values() if one.token != tokens[one.key]} - set(put)
    strange = bare - await pictures.shown(connection, bare) if bare else set()
    if strange:
        wrong = [name for name, one in content.pictures.items() if one.key in strange]
        raise NotContent([Problem(path=f"pictures.{name}.key", code="picture_strange") for name in wrong])
    marked = {name: one.model_copy(update={"token": tokens[one.key]}) for name, one in content.pictures.items()}
    return content.model_copy(update={"pictures": marked})
