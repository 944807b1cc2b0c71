"""Twilio's refusals: https://www.twilio.com/docs/api/errors, each with its code, HTTP status and words."""

from __future__ import annotations

REFUSALS: dict[int, tuple[int, str]] = {
    20001: (400, "Invalid parameter: {}"),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource {} was not found"),
    20429: (429, "Too Many Requests"),
    21211: (400, "Invalid 'To' Phone Number: {}"),
    21212: (400, "Invalid From Number (caller ID): {}"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {}"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' or 'MessagingServiceSid' parameter is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number {} is not a valid, SMS-capable inbound phone number for your account."),
    21608: (400, "The number {} is unverified. Trial accounts cannot send messages to unverified numbers."),
    21609: (400, "The 'StatusCallback' URL {} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number {} has exceeded the maximum number of queued messages"),
    21612: (400, "The 'To' phone number {} is not currently reachable via SMS from the 'From' number."),
    21614: (400, "'To' number is not a valid mobile number: {}"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21620: (400, "Invalid media URL(s): {}"),
    21655: (400, "The ContentSid is Invalid"),
    21656: (400, "The ContentVariables Parameter is invalid"),
    21701: (404, "The Messaging Service {} does not exist."),
    21910: (400, "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel"),
    63007: (400, "Twilio could not find a Channel with the specified 'From' address"),
}

UNDELIVERED: dict[int, tuple[str, str]] = {
    30003: ("undelivered", "Unreachable destination handset"),
    30004: ("undelivered", "Message blocked"),
    30005: ("undelivered", "Unknown destination handset"),
    30006: ("undelivered", "Landline or unreachable carrier"),
    30007: ("undelivered", "Message filtered"),
    30008: ("failed", "Unknown error"),
    63016: ("failed", "Outside messaging window. For WhatsApp, use a Message Template instead"),
}
"""What the carrier says later: code -> final status, words."""

MAGIC_TO: dict[str, int] = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
    # Ours, in the same fictional exchange; 3003 to 3008 stand for 30003 to 30008.
    "+15005551608": 21608,
    "+15005550429": 20429,
    **{f"+1500555{code - 27000}": code for code in UNDELIVERED if code < 40000},
}
"""Numbers that fail. The first five are Twilio's own (https://www.twilio.com/docs/iam/test-credentials)."""

MAGIC_FROM: dict[str, int] = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
"""Senders that fail, Twilio's own; +15005550006 is the good one."""


class Refusal(Exception):
    """A request that Twilio answers with an error body."""

    def __init__(self, code: int, about: str = "") -> None:
        self.code = code
        self.status, words = REFUSALS[code]
        self.message = words.format(about)
        super().__init__(f"{code} {self.message}")

    def body(self) -> dict[str, object]:
        """The JSON that the SDK turns into a TwilioRestException."""
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": self.message, "more_info": more, "status": self.status}
