"""Which scope an endpoint needs: said in its signature, and so in the OpenAPI document."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from api.guard import Caller
from api.problems import Problem


class Needs:
    """The caller, who has this scope. "admin" opens everything."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    def __call__(self, request: HTTPConnection) -> Caller:
        caller: Caller = request.scope["caller"]
        if not {self.scope, "admin"} & set(caller.key.scopes):
            raise Problem(403, "scope", scope=self.scope)
        return caller


Reader = Annotated[Caller, Depends(Needs("contacts:read"))]
Writer = Annotated[Caller, Depends(Needs("contacts:write"))]
Eraser = Annotated[Caller, Depends(Needs("contacts:erase"))]
Merger = Annotated[Caller, Depends(Needs("merges:write"))]
Importer = Annotated[Caller, Depends(Needs("imports:write"))]
Exporter = Annotated[Caller, Depends(Needs("exports:read"))]
SegmentReader = Annotated[Caller, Depends(Needs("segments:read"))]
SegmentWriter = Annotated[Caller, Depends(Needs("segments:write"))]
BroadcastReader = Annotated[Caller, Depends(Needs("broadcasts:read"))]
BroadcastWriter = Annotated[Caller, Depends(Needs("broadcasts:write"))]
BroadcastSender = Annotated[Caller, Depends(Needs("broadcasts:send"))]
MessageSender = Annotated[Caller, Depends(Needs("messages:send"))]
Admin = Annotated[Caller, Depends(Needs("admin"))]
