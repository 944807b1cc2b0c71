"""Why something could not be sent, in terms of what to do next.

    SendError
    ├── Rejected        this message will never be taken: fail it
    ├── Unreachable     this address will never take anything: fail it and stop the address
    ├── Unavailable     the provider does not answer or asks for patience: try again with back-off
    │   └── Uncertain   the same, but it may have gone out: trying again may double it
    ├── Throttled       we are too fast: pause the channel for `retry_after`
    └── Misconfigured   the provider refuses *us* (token, password, sender): pause the channel, alert an operator

Adapters translate their vendor's errors into these at one table, with `from`; `notifications/sender.py`
alone obeys them.
"""

from __future__ import annotations

from datetime import timedelta


class SendError(Exception):
    """Base of everything that `Sender.send` and `Channel.ping` may raise. `reason` is fit for a person to read."""

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(f"{code} {reason}".strip())
        self.reason = reason
        self.code = code
        """The vendor's own code, for the curious: "550 5.1.1", "30003", "403"."""


class Rejected(SendError):
    """This message will never be taken."""


class Unreachable(SendError):
    """This address will never take anything from us: it does not exist, or it stopped us."""


class Unavailable(SendError):
    """Nobody is to blame yet: try again later."""


class Uncertain(Unavailable):
    """It may have gone out: the line broke between handing over the last byte and the answer.

    Who must never be heard twice (a mailing) leaves it as it is; who must be heard (an answer) tries again.
    """


class Throttled(SendError):
    """We are too fast for this channel, or for one address of it."""

    def __init__(self, reason: str, *, retry_after: timedelta, code: str = "", address_only: bool = False) -> None:
        super().__init__(reason, code=code)
        self.retry_after = retry_after
        self.address_only = address_only
        """True when the limit is this address's own (a chat, a group): the rest of the channel may go on."""


class Misconfigured(SendError):
    """The provider refuses us: nothing on this channel will work until a person mends it."""


class Unpublished(Exception):
    """`accept` could not make the event durable. Confirm nothing upstream; the sender will try again."""


class Refused(Exception):
    """`accept` will never take this event (too large, for one). `reason` is fit for the one who sent it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
