"""The letter to somebody new: a link to choose the first password by, good for some days and once.

The link is kept nowhere, neither whole nor hashed: it is derived from the account when the letter leaves, and again to
check what comes back. What is derived from changes with the password, the mailbox and the first sign-in, so that each of
them voids every link sent before, and so does a printed slip.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.http import base36_to_int
from django.utils.translation import gettext as _

from workflow.flows.errors import Refused
from workflow.people.models import User

DAY_SECONDS = 24 * 60 * 60


class _Links(PasswordResetTokenGenerator):
    key_salt = "piaojue.invitation"

    def is_old(self, token: str) -> bool:
        """Whether a link says of itself that its days are over; of the account it tells nothing."""
        try:
            made = base36_to_int(token.partition("-")[0])
        except ValueError:
            return False
        return self._num_seconds(self._now()) - made > settings.PASSWORD_RESET_TIMEOUT


_links = _Links()
_can_write: list[Callable[[], bool]] = []


def carried_by(can_write: Callable[[], bool]) -> None:
    """Register who carries the letters. can_write: whether the installation can send one to a mailbox."""
    _can_write[:] = [can_write]


def can_write() -> bool:
    """Whether somebody new with a mailbox is written to; where not, everybody gets a slip."""
    return any(ask() for ask in _can_write)


def days() -> int:
    """How long a link is good for, from when its letter left."""
    return int(settings.PASSWORD_RESET_TIMEOUT // DAY_SECONDS)


def awaits(user: User) -> bool:
    """Whether somebody was written to and has neither chosen a password since nor been handed a slip."""
    return user.is_active and user.must_change_password and not user.has_usable_password()


def link_for(user: User) -> str:
    """The path of a link that leads in as things stand now; for the letter alone, never to be kept. Needs `awaits`."""
    return reverse("invitation_open", args=[user.pk, _links.make_token(user)])


def reader_of(number: int, token: str, *, to_change: bool = False) -> User:
    """Whose link it is. Refused: too old, or void: used, or the account has changed since.

    to_change: the account is locked until the transaction ends, so that of two at once with one link one is late.
    """
    if _links.is_old(token):
        raise Refused(_("链接已经过期：自发信起 %(days)s 日内有效。") % {"days": days()})
    people = User.objects.select_for_update() if to_change else User.objects.all()
    user = people.filter(pk=number).first()
    if user is None or not awaits(user) or not _links.check_token(user, token):
        raise Refused(
            _("链接已经用过或者已经作废：设置过密码、改过邮箱、打印过登录单的，原来的链接都不能再用。")
        )
    return user
