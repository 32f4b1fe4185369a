"""Accounts: made, given a one-time password, unlocked; who may do it to whom. Every act is written down."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hashers, make_password
from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django_otp import devices_for_user

from workflow.administration import conf, invitations
from workflow.audit.services import Act, write_down
from workflow.flows.errors import NotYourTurn, Refused
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, User
from workflow.people.services import create_unit
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import WITH_PERSONS, grants_of, open_grants
from workflow.roles.services import grant as give

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as something else on paper
GROUPS, GROUP_LENGTH = 4, 4
CODE = re.compile(r"[0-9A-Za-z._-]{1,40}")
USERNAME = re.compile(r"[0-9A-Za-z@._+-]{3,60}")
LONGEST_NAME = 40


@dataclass(frozen=True)
class Slip:
    """What is handed to a person on paper, once; the password is kept nowhere in clear."""

    user: User
    password: str
    offices: tuple[str, ...] = ()


@dataclass(frozen=True)
class WrittenTo:
    """Somebody new who gets a letter in place of a slip: its link leads to a password of their own."""

    user: User
    offices: tuple[str, ...] = ()


def one_time_password() -> str:
    """Sixteen random characters in four groups: about 79 bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _i in range(GROUP_LENGTH)) for _g in range(GROUPS))
    return "-".join(groups)


def _stored(password: str) -> str:
    """A random password needs no slow hash, and three hundred slow ones would take a request half a minute."""
    for hasher in get_hashers():
        if type(hasher) is PBKDF2PasswordHasher:
            return hasher.encode(password, hasher.salt(), iterations=20_000)
    return make_password(password)


def create_person(act: Act, *, username: str, name: str, email: str = "") -> Slip | WrittenTo:
    """A new account whose holder must choose a password first; name and mailbox stay out of the trail.

    Whoever has a mailbox is written to where letters can be sent, and cannot sign in before; everybody else gets a slip.
    Refused: a username that is taken or cannot be one, a name too long.
    """
    if reasons := [*why_no_username(username), *why_no_name(name)]:
        raise Refused(*reasons)
    if User.objects.filter(username=username).exists():
        raise Refused(_("用户名“%(username)s”已被使用。") % {"username": username})
    by_letter = bool(email) and invitations.can_write()
    password = one_time_password()
    user = User.objects.create(
        username=username,
        name=name,
        email=email,
        password=make_password(None) if by_letter else _stored(password),
        must_change_password=True,
    )
    told = {"entrance": "letter", "days": invitations.days()} if by_letter else {"entrance": "slip"}
    write_down(act, "person.create", f"user:{user.pk}", after={"user": username, **told})
    return WrittenTo(user) if by_letter else Slip(user, password)


def why_no_username(username: str) -> list[str]:
    """Why nobody can be called so at the sign-in; empty where somebody can."""
    return [] if USERNAME.fullmatch(username) else [_("用户名须为 3 至 60 个字母、数字或 @ . _ + -。")]


def why_no_name(name: str) -> list[str]:
    """Why a person's name cannot be kept; empty where it can."""
    if not name.strip():
        return [_("缺少“%(title)s”。") % {"title": _("姓名")}]
    return [] if len(name) <= LONGEST_NAME else [_("姓名最多 40 个字。")]


def why_no_code(code: str) -> list[str]:
    """Why a unit cannot have this code; empty where it can."""
    return [] if CODE.fullmatch(code) else [_("编码只能用数字、字母、点和短横，最多 40 个字符。")]


def is_admin(grant: RoleGrant) -> bool:
    """An office that gives offices and does no business: the administrator's."""
    office = registry.office(grant.office)
    return office.reads_below and not office.works


def is_keeper(grant: RoleGrant) -> bool:
    return grant.office in conf.keepers()


def why_not_reset(grant: RoleGrant, user: User, on: date) -> str:
    """Why this office may not give that person a new password, as a sentence; empty where it may.

    An administrator: whoever holds an office below the county, or is about to. A keeper: who holds offices in that one
    township and nowhere else, or a township could take over the county's people. Who only stands in for a keeper: nobody,
    for whoever has somebody's slip in hand signs in as that person, and what is personal is not handed on (`standing_in`).
    """
    if grant.stands_for_id:
        return _(
            "代办人员不办理密码重置：拿到登录单就能以他人名义登录，这项权限不随代办转移。请由委托人本人或者系统管理员办理。"
        )
    if user.pk == grant.user_id:
        return _("自己的密码请在“修改密码”中更改，不在这里重置。")
    with within(SYSTEM):
        held = [(g.tenant.path, g.tenant_id) for g in _held_or_to_come(user, on)]
    if is_admin(grant):
        within_reach = all(path.startswith(grant.tenant.path) for path, _tenant in held)
    else:
        within_reach = is_keeper(grant) and all(tenant == grant.tenant_id for _path, tenant in held)
    return (
        ""
        if held and within_reach
        else _("只能为本单位的人员重置密码；在其他单位也任职的，由系统管理员办理。")
    )


def _held_or_to_come(user: User, on: date) -> QuerySet[RoleGrant]:
    """A person's offices on a day and those still to begin: people are set up before their first day."""
    return open_grants(on).filter(user=user).select_related(*WITH_PERSONS).order_by("pk")


def is_anothers(user: User, unit: Unit, on: date) -> bool:
    """Whether a person holds an office, or is about to, elsewhere than at a unit or below it."""
    with within(SYSTEM):
        return open_grants(on).filter(user=user).exclude(tenant__path__startswith=unit.path).exists()


def reset_password(act: Act, grant: RoleGrant, user: User) -> Slip:
    """A new one-time password; every session of the person ends, and with it the lock of the forgotten one.

    Refused with the reason of `why_not_reset`.
    """
    if reason := why_not_reset(grant, user, act.on):
        raise NotYourTurn(reason)
    password = one_time_password()
    with transaction.atomic():
        held = User.objects.select_for_update().get(pk=user.pk)
        held.password, held.must_change_password = _stored(password), True
        held.save(update_fields=["password", "must_change_password"])
        AxesProxyHandler.reset_attempts(username=user.username)
        write_down(act, "person.reset_password", f"user:{user.pk}", after={"user": user.username})
        titles = tuple(titles_of(_held_or_to_come(user, act.on)))
    return Slip(held, password, titles)


def print_instead(act: Act, grant: RoleGrant, users: Iterable[User]) -> list[Slip]:
    """Slips for those of them who were written to and have not used the link, which is void from now on.

    Nobody else's password is touched. Refused with the reason of `why_not_reset`.
    """
    with transaction.atomic():
        numbers = [user.pk for user in users]
        locked = User.objects.select_for_update().filter(pk__in=numbers).order_by("pk")
        return [reset_password(act, grant, user) for user in locked if invitations.awaits(user)]


def titles_of(grants: Iterable[RoleGrant]) -> list[str]:
    """Offices as they are called, with their units."""
    return [f"{g.unit.name} {g.title or registry.title_of(g.office)}" for g in grants]


def drop_second_factor(act: Act, grant: RoleGrant, user: User) -> None:
    """Take the second factor away from somebody whose telephone is lost; administrators only."""
    if not is_admin(grant) or why_not_reset(grant, user, act.on):
        raise NotYourTurn(_("只有系统管理员可以取消两步验证。"))
    with within(SYSTEM):
        for device in list(devices_for_user(user, confirmed=None)):
            device.delete()
    write_down(act, "person.drop_second_factor", f"user:{user.pk}", after={"user": user.username})


def has_second_factor(user: User) -> bool:
    with within(SYSTEM):  # a device is its person's alone: asked at the sign-in, and by the administrator
        return any(devices_for_user(user, confirmed=True))


# --------------------------------------------------------------------------------- sign-in locks


def attempts_below(unit: Unit) -> QuerySet[AccessAttempt]:
    """Wrong passwords for the names of people who hold or held an office at a unit or below it."""
    people = RoleGrant.objects.filter(tenant__path__startswith=unit.path).values("user__username")
    return AccessAttempt.objects.filter(username__in=people)


def locks(unit: Unit) -> QuerySet[AccessAttempt]:
    """Pairs of such a name and an address that are locked after too many of them, the latest first."""
    since = now() - timedelta(hours=settings.AXES_COOLOFF_TIME)
    wrong = attempts_below(unit).filter(failures_since_start__gte=settings.AXES_FAILURE_LIMIT)
    return wrong.filter(attempt_time__gte=since).order_by("-attempt_time")


def release_lock(act: Act, lock: AccessAttempt) -> None:
    """Let one pair of user name and address try again; the address stays out of the trail."""
    AxesProxyHandler.reset_attempts(username=lock.username, ip_address=lock.ip_address)
    user = User.objects.get(username=lock.username)
    write_down(act, "person.unlock", f"user:{user.pk}", after={"user": user.username})


# ---------------------------------------------------------------------------------- signing in


def record_sign(user: User, action: str, at: datetime, *, to_come: bool = False) -> None:
    """Write down that a member of staff signed in or out, at the tenant of the office acted in.

    Nothing is written for people without an office, nor for those who vote in secret. to_come: an office that is still
    to begin is one too.
    """
    with within(SYSTEM):
        day = localdate(at)
        grants = list(_held_or_to_come(user, day)) if to_come else grants_of(user, day)
        if not grants or {g.office for g in grants} & set(conf.secret_voters()):
            return
        write_down(Act(user, grants[0].office, grants[0].tenant, at), action, f"user:{user.pk}")


def at_unit(act: Act, unit: Unit) -> Act:
    """The same act, written in the trail of the township it concerns."""
    return replace(act, unit=unit.tenant or unit)


# ---------------------------------------------------------------------------------- the very first


def found_county(
    act_at: datetime, *, chain: list[tuple[str, str, str]], username: str, name: str
) -> tuple[Unit, Slip]:
    """Make the county (and what stands above it) and its administrator; for an empty installation only.

    chain: (code, name, kind) from the top down, the county last. Refused: an administrator exists already; a code that
    cannot be one, or is another unit's.
    """
    admin = next(o.code for o in registry.offices() if o.reads_below and not o.works)
    if RoleGrant.objects.filter(office=admin, revoked_at=None).exists():
        raise Refused(_("已经有系统管理员，请由管理员在“人员”页面授权。"))
    unit: Unit | None = None
    for code, title, kind in chain:
        if reasons := why_no_code(code):
            raise Refused(*reasons)
        found = Unit.objects.filter(code=code).first()
        if found and (found.name, found.kind, found.parent_id) != (title, kind, unit.pk if unit else None):
            raise Refused(_("编码“%(code)s”已经是另一个单位。") % {"code": code})
        unit = found or create_unit(code=code, name=title, kind=kind, parent=unit)
    assert unit is not None
    act = Act(None, conf.operator(), unit, act_at)
    slip = create_person(act, username=username, name=name)
    assert isinstance(slip, Slip)  # the first administrator stands before the machine
    given = give(user=slip.user, office=admin, unit=unit, act=act, since=act.on)
    return unit, replace(slip, offices=tuple(titles_of([given])))
