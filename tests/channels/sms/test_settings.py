"""A wrong configuration says which key is wrong and what it should look like."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from channels.sms.settings import SmsSettings
from tests.channels.sms.samples import TOKEN, settings


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": None}, "give either number"),
        ({"messaging_service_sid": "MG" + "1" * 32}, "give either number"),
        ({"number": "8 916 123"}, "number"),
        ({"account_sid": "SK" + "1" * 32}, "account_sid"),
        ({"api_url": "api.twilio.com"}, "https://api.twilio.com"),
        ({"token": "x"}, "token"),
        ({"number": "whatsapp:+15005550006", "late_template": "MG" + "1" * 32}, "late_template"),
        ({"late_template": "HX" + "1" * 32}, "late_template is of WhatsApp"),
    ],
)
def test_wrong(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        settings(**changes)
    assert TOKEN not in str(caught.value)


def test_right() -> None:
    assert settings(number="whatsapp:+15005550006").prefix == "whatsapp:"
    assert settings(number="LEADWIRE").prefix == ""
    assert settings(number="whatsapp:+15005550006", late_template=(sid := "HX" + "a" * 32)).late_template == sid
    assert [settings(number=n).medium for n in ("whatsapp:+15005550006", "LEADWIRE")] == ["whatsapp", "sms"]
    assert settings(api_url="http://127.0.0.1:9/").api_url == "http://127.0.0.1:9"


def test_every_setting_is_explained() -> None:
    assert all(field.description for field in SmsSettings.model_fields.values())
