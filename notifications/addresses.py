"""Entering where a channel reaches somebody, and forgetting it once it serves nothing any more.

What was entered is sealed and kept out of the trail. It serves the office held: whoever has held none for KEPT_DAYS is
written to no more, and address and mailbox are erased (《个人信息保护法》第十九条、第四十七条).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from notifications.channels import enterable, offered
from notifications.models import Address, Channel, Urgency
from notifications.sealing import masked, seal
from workflow.administration.accounts import is_admin, is_keeper
from workflow.audit.services import Act, write_down
from workflow.flows.errors import NotYourTurn, Refused
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, User
from workflow.roles.models import RoleGrant

# Whoever is elected or appointed again within the season enters nothing anew.
KEPT_DAYS = 90


def may_keep(grant: RoleGrant, unit: Unit) -> bool:
    """Whether an office looks after the groups of a unit: the administrator below its own, the clerk in its own."""
    if not unit.is_tenant:
        return False
    if is_admin(grant):
        return unit.path.startswith(grant.tenant.path)
    return is_keeper(grant) and unit.pk == grant.tenant_id


def save_group(
    act: Act, grant: RoleGrant, unit: Unit, *, channel: str, given: str, secret: str, least: str
) -> Address:
    """Enter or replace the robot of a unit's group; nothing given keeps the one there is and changes `least` alone.

    Refused: another office's unit; what is no webhook of this channel; nothing given where none is kept.
    """
    _must_keep(grant, unit)
    with within(SYSTEM):
        kept = Address.objects.select_for_update().filter(unit=unit, channel=channel).first()
        values = {"least": Urgency(least).value, "changed_at": act.at} | _sealed(channel, given, secret, kept)
        address, _made = Address.objects.update_or_create(unit=unit, channel=channel, defaults=values)
        write_down(
            replace(act, unit=unit),
            "letters.address",
            unit.reference,
            after={"channel": channel, "what": "entered" if "sealed" in values else "least", "least": least},
            label=str(Channel(channel).label),
        )
    return address


def remove_group(act: Act, grant: RoleGrant, unit: Unit, *, channel: str) -> None:
    """Forget the robot of a unit's group; letters still waiting for it fail and say so. Refused where there is none."""
    _must_keep(grant, unit)
    with within(SYSTEM):
        if not Address.objects.filter(unit=unit, channel=channel).delete()[0]:
            raise Refused(_("没有设置%(channel)s群机器人。") % {"channel": Channel(channel).label})
        write_down(
            replace(act, unit=unit),
            "letters.address",
            unit.reference,
            after={"channel": channel, "what": "removed"},
            label=str(Channel(channel).label),
        )


def save_own(user: User, at: datetime, *, channel: str, given: str, secret: str = "") -> None:
    """Enter or replace one's own address; nobody else can. Refused: what is no address of this channel."""
    with within(SYSTEM):
        values = {"changed_at": at} | _sealed(channel, given, secret, None)
        Address.objects.update_or_create(user=user, channel=channel, defaults=values)


def save_mailbox(user: User, mailbox: str) -> None:
    """One's own mailbox, checked by the form; empty: none."""
    User.objects.filter(pk=user.pk).update(email=mailbox)


def remove_own(user: User, *, channel: str) -> None:
    """Forget one's own address; not an error where there is none."""
    with within(SYSTEM):
        Address.objects.filter(user=user, channel=channel).delete()


def forget_former(at: datetime) -> int:
    """Erase addresses and mailboxes of whoever has held no office for KEPT_DAYS; of how many persons.

    An address entered since is kept as long. Of each place where one of them held the last office an entry says how many,
    and nobody's name. Who never held an office, as whoever runs the system, is left alone.
    """
    day = localdate(at) - timedelta(days=KEPT_DAYS)
    with within(SYSTEM):
        held = RoleGrant.objects.filter(user=OuterRef("pk"))
        lately = held.filter(
            Q(until=None) | Q(until__gte=day), Q(revoked_at=None) | Q(revoked_at__date__gte=day)
        )
        young = Address.objects.filter(user=OuterRef("pk"), changed_at__date__gte=day)
        kept = Address.objects.filter(user=OuterRef("pk"))
        former = User.objects.filter(
            ~Q(email="") | Exists(kept), ~Exists(lately), ~Exists(young), Exists(held)
        )
        people = list(former.values_list("pk", flat=True))
        Address.objects.filter(user__in=people).delete()
        User.objects.filter(pk__in=people).update(email="")
        last = RoleGrant.objects.filter(user__in=people).order_by("user_id", "-pk").distinct("user_id")
        places = Counter(grant.tenant for grant in last.select_related("tenant"))
        for unit in sorted(places, key=lambda one: one.pk):
            act = Act(None, "system", unit, at)
            write_down(act, "letters.forget", unit.reference, after={"persons": places[unit]})
    return len(people)


def _must_keep(grant: RoleGrant, unit: Unit) -> None:
    if not may_keep(grant, unit):
        raise NotYourTurn(_("群机器人由本级人大办和系统管理员设置。"))


def _sealed(channel: str, given: str, secret: str, kept: Address | None) -> dict[str, str]:
    if channel not in offered(entered=True):
        raise Refused(_("本系统没有开通%(channel)s。") % {"channel": Channel(channel).label})
    if not given.strip() and kept is not None:
        return {}
    parts = enterable(channel).address_from(given, secret)
    if parts is None:
        raise Refused(_no_address(channel))
    return {"sealed": seal(parts), "hint": masked(parts["token"])}


def _no_address(channel: str) -> str:
    if channel == Channel.SMS:
        return _("手机号码应为 11 位的内地手机号码。")
    return _("“机器人地址”应为%(channel)s页面上复制的 Webhook 地址，或者其中的密钥。") % {
        "channel": Channel(channel).label
    }
