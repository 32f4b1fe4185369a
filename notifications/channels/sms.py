"""Letters by text message, through the gateway the operator names (SMS_URL); without one they are not offered.

The gateway is sent JSON {"to", "text", "id"} with the token as a bearer's; it answers 200 with {"code": 0} for a
message it took. The id is the letter's own, so that a gateway that knows it need not send it twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import requests
from django.conf import settings
from django.utils.translation import gettext as _

from notifications.channels.text import number_of
from notifications.channels.transport import FILE, judge, line
from notifications.models import Channel, Delivery, Status

NAME = str(Channel.SMS.value)
STATUS_WHEN_WRITTEN = str(Status.QUEUED.value)
needs_address = True
signs = False
NUMBER = re.compile(r"(?:\+?86)?(?P<number>1[3-9]\d{9})")
MOST = 120  # characters: two parts of a Chinese message, with what the operator's signature takes
DEMONSTRATION = "https://sms.example/send"


def offered() -> bool:
    """Whether the installation has a gateway, or the demonstration's receiver in its place."""
    return bool(settings.SMS_URL) or settings.LETTERS_RECEIVER == FILE


def address_from(given: str, secret: str = "") -> dict[str, str] | None:
    """A mobile number of the mainland as it is dialled; None for anything else."""
    found = NUMBER.fullmatch(re.sub(r"[\s-]", "", given))
    return {"token": found["number"]} if found else None


def deliver(delivery: Delivery, address: Mapping[str, str]) -> None:
    """Hand one letter to the gateway: its title alone, for a telephone shows no more and others read over it."""
    text = _("%(title)s。请登录系统查看。（%(number)s）") % {
        "title": delivery.title.rstrip("。"),
        "number": number_of(delivery),
    }
    message = {"to": address["token"], "text": text[:MOST], "id": number_of(delivery)}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {settings.SMS_TOKEN}"}
    try:
        line.post(settings.SMS_URL or DEMONSTRATION, data=json.dumps(message).encode(), headers=headers)
    except requests.RequestException as error:
        judge(error)
    judge(line.outcome())
