"""The ways a letter takes. Each has a name, says whether the installation offers it, and delivers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from notifications.channels import email, in_app, sms
from notifications.channels.errors import InDoubt, NotDelivered, TooFast
from notifications.channels.robots import DINGTALK, FEISHU, WECOM
from notifications.models import Delivery

__all__ = ["InDoubt", "NotDelivered", "TooFast", "Way", "channel", "enterable", "offered"]


class Way(Protocol):
    """STATUS_WHEN_WRITTEN: what a new letter of this channel starts as. needs_address: where else it would go nowhere.

    deliver takes the parts of the address. It raises NotDelivered where the letter has surely not left, so that it may
    be tried again; any other exception leaves open whether it has.
    """

    @property
    def NAME(self) -> str: ...  # noqa: N802
    @property
    def STATUS_WHEN_WRITTEN(self) -> str: ...  # noqa: N802
    @property
    def needs_address(self) -> bool: ...
    def offered(self) -> bool: ...
    def deliver(self, delivery: Delivery, address: Mapping[str, str]) -> None: ...


class Enterable(Way, Protocol):
    """A way whose address somebody enters: a robot's webhook, a telephone's number. signs: a second secret belongs to it."""

    @property
    def signs(self) -> bool: ...
    def address_from(self, given: str, secret: str = "") -> dict[str, str] | None: ...


_ways: dict[str, Way] = {
    way.NAME: way for way in (cast(Way, in_app), cast(Way, email), WECOM, DINGTALK, FEISHU, cast(Way, sms))
}
_entered: dict[str, Enterable] = {way.NAME: way for way in (WECOM, DINGTALK, FEISHU, cast(Enterable, sms))}


def channel(name: str) -> Way:
    """The channel of a name; KeyError for an unknown one."""
    return _ways[name]


def enterable(name: str) -> Enterable:
    """The channel of a name whose address is entered; KeyError for any other."""
    return _entered[name]


def offered(*, entered: bool = False) -> list[str]:
    """The names of the channels this installation has, in their order; only those with an entered address if asked."""
    return [name for name, way in (_entered if entered else _ways).items() if way.offered()]
