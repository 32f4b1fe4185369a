"""Letters by e-mail, with an identity that stays the same whatever becomes of them."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from email.headerregistry import Address

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.translation import gettext as _

from notifications.channels.errors import NOT_NEEDED, NotDelivered
from notifications.channels.text import message_id
from notifications.models import Channel, Delivery, Status
from notifications.routing import INVITED
from workflow.administration import invitations
from workflow.people.site import site_address

NAME = str(Channel.EMAIL.value)
STATUS_WHEN_WRITTEN = str(Status.QUEUED.value)
needs_address = True
# The server has answered, and the answer was no.
REFUSALS = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError)


def offered() -> bool:
    """Not where letters would only lie in a folder of the server."""
    return settings.EMAIL_CONFIGURED or not settings.PRODUCTION


def deliver(delivery: Delivery, address: Mapping[str, str]) -> None:
    """Hand one letter to the mail server.

    NotDelivered: no address, no server, a server that said no, or a link nobody needs any more.
    """
    post = get_connection()
    try:
        message = message_of(delivery, address["token"])
        post.open()
    except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors, a bad address is a ValueError
        raise NotDelivered(_said(error)) from error
    try:
        post.send_messages([message])
    except REFUSALS as error:
        raise NotDelivered(_said(error)) from error
    finally:
        post.close()


def message_of(delivery: Delivery, mailbox: str) -> EmailMessage:
    """The message; its Message-ID names the delivery, so that a doubtful one can be looked for in a mailbox."""
    name = delivery.recipient.name if delivery.recipient else ""
    lines = [delivery.body, ""]
    if secret := _secret_path(delivery):
        lines.append(_("设置密码的链接：%(address)s") % {"address": site_address() + secret})
    elif delivery.link:
        lines.append(_("办理入口：%(address)s") % {"address": site_address() + delivery.link})
    lines.append(_("本邮件由系统自动发出，请勿回复。"))
    return EmailMessage(
        subject=delivery.title,
        body="\n".join(lines).strip(),
        to=[str(Address(display_name=name, addr_spec=mailbox))],
        headers={"Message-ID": message_id(delivery), "Auto-Submitted": "auto-generated"},
    )


def _secret_path(delivery: Delivery) -> str:
    """Where a link leads that is its reader's alone, made as the letter leaves and kept nowhere; empty for other letters.

    NotDelivered: the reader needs none any more.
    """
    if delivery.letter != INVITED or delivery.recipient is None:
        return ""
    if not invitations.awaits(delivery.recipient):
        raise NotDelivered(NOT_NEEDED)
    return invitations.link_for(delivery.recipient)


def _said(error: Exception) -> str:
    """What went wrong, without the address it went wrong for."""
    code = getattr(error, "smtp_code", "")
    return f"{type(error).__name__} {code}".strip()
