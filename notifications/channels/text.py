"""A letter as one text, with the identity that stays the same whatever becomes of it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from notifications.models import Delivery
from workflow.people.site import site_address

CUT = "……"


def message_id(delivery: Delivery) -> str:
    """Stable for a delivery: entry and delivery numbers at the site's host."""
    host = urlsplit(site_address()).hostname or "localhost"
    return f"<{number_of(delivery)}@{host}>"


def number_of(delivery: Delivery) -> str:
    """The part of the identity that fits into a line of a message."""
    return f"entry-{delivery.entry_id}.letter-{delivery.pk}"


def whole(delivery: Delivery) -> tuple[str, str]:
    """The words and the lines below them that must not be cut: where to go, and the letter's number."""
    foot = [_("办理入口：%(address)s") % {"address": site_address() + delivery.link}] if delivery.link else []
    foot.append(_("消息编号：%(number)s") % {"number": number_of(delivery)})
    return f"{delivery.title}\n{delivery.body}".strip(), "\n".join(foot)


def within_bytes(text: tuple[str, str], most: int) -> str:
    """Words and foot in at most so many bytes of UTF-8; what does not fit is cut from the words, and said so."""
    words, foot = text
    room = most - len(f"\n{foot}".encode())
    if len(words.encode()) > room:
        room -= len(CUT.encode())
        words = words.encode()[: max(room, 0)].decode(errors="ignore") + CUT
    return f"{words}\n{foot}"
