"""Letters nothing more happens to by itself: seen, explained, and sent once more by a recorded act."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import groupby

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from notifications.channels.errors import NOT_NEEDED
from notifications.channels.text import message_id
from notifications.models import Address, Channel, Delivery, Status
from notifications.sealing import masked
from notifications.sending import MOST_TRIES
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.flows.waking import send
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

STUCK = "stuck"
REPEATABLE = (Status.FAILED, Status.UNKNOWN)


@dataclass(frozen=True)
class Line:
    """One letter on the page. whom: a person or a group; to: its address as far as it is shown."""

    letter: Delivery
    whom: str
    to: str
    message_id: str
    why: str

    @property
    def may_be_sent_again(self) -> bool:
        return self.letter.status in REPEATABLE


def letters_outside(path: str) -> QuerySet[Delivery]:
    """What leaves or left the site, of the units below a path, the latest change first. For the context to narrow."""
    below = Delivery.objects.filter(unit__path__startswith=path).exclude(channel=Channel.IN_APP)
    return below.select_related("unit", "recipient", "group").order_by("-changed_at", "-pk")


def narrowed(
    letters: QuerySet[Delivery], *, status: str = STUCK, channel: str = "", unit: str = "", words: str = ""
) -> QuerySet[Delivery]:
    """status: one of Status, or "stuck": what somebody has to look at."""
    if status == STUCK:
        letters = letters.filter(Q(status=Status.UNKNOWN) | Q(status=Status.FAILED, tries__gte=MOST_TRIES))
    elif status:
        letters = letters.filter(status=status)
    if channel:
        letters = letters.filter(channel=channel)
    if unit:
        letters = letters.filter(unit__code=unit)
    if words:
        whom = Q(recipient__name__icontains=words) | Q(group__name__icontains=words)
        letters = letters.filter(whom | Q(title__icontains=words))
    return letters


def lines_of(letters: Iterable[Delivery]) -> list[Line]:
    """The letters as they are shown; two reads however many there are. Needs the system's context."""
    shown = list(letters)
    people = {d.recipient_id for d in shown if d.recipient_id}
    groups = {d.group_id for d in shown if d.group_id}
    found = Address.objects.filter(Q(user__in=people) | Q(unit__in=groups))
    hints = {(a.user_id, a.unit_id, a.channel): a.hint for a in found}
    return [_line(letter, hints) for letter in shown]


def _line(letter: Delivery, hints: dict[tuple[int | None, int | None, str], str]) -> Line:
    person, group = letter.recipient, letter.group
    if letter.channel == Channel.EMAIL:
        to = masked_mailbox(person.email if person else "")
    else:
        to = hints.get((letter.recipient_id, letter.group_id, letter.channel), "")
    whom = person.name if person else _("%(unit)s工作群") % {"unit": group.name if group else ""}
    return Line(letter, whom, to, message_id(letter), why(letter))


def masked_mailbox(mailbox: str) -> str:
    """The first character and the host; nothing of what is no mailbox."""
    name, at, host = mailbox.rpartition("@")
    return f"{name[:1]}…@{host}" if at and name else masked(mailbox) if mailbox else ""


def why(letter: Delivery) -> str:
    """What the last error means, for whoever has to do something about it; empty for a letter without one."""
    error = letter.error
    if letter.status == Status.UNKNOWN:
        if not error:
            return _("发送途中进程中断，不知道是否已经送到。")
        return _("发出后没有得到明确答复（%(error)s），可能已经送到。") % {"error": error}
    if letter.status != Status.FAILED:
        return ""
    if error == "no address":
        return _("没有地址，或者地址已经删除。")
    if error == NOT_NEEDED:
        return _("接收人已经设置密码，或者已改用登录单，不必再发。")
    if error == "address sealed under another key":
        return _("地址是用另一把密钥加密的，请重新填写。")
    if error.startswith(("errcode", "HTTP", "SMTP")):
        return _("对方服务拒收（%(error)s），请核对地址和安全设置。") % {"error": error}
    return _("连不上对方服务（%(error)s）。") % {"error": error}


def send_again(act: Act, path: str, numbers: Iterable[int], *, verified: bool) -> int:
    """Queue failed and doubtful letters of the units below a path once more; how many.

    One entry for each unit. verified: somebody's word that the doubtful ones did not arrive; without it they are
    refused, for a second sending might be one too many. Letters somebody else has queued or sent meanwhile are left
    alone; refused where none is left.
    """
    with within(SYSTEM):
        held = Delivery.objects.select_for_update(of=("self",)).filter(
            pk__in=set(numbers), status__in=REPEATABLE, unit__path__startswith=path
        )
        letters = list(held.select_related("unit").order_by("unit_id", "pk"))
        if not letters:
            raise Refused(_("所选消息不是发送失败或者结果不明的，可能已由他人处理。"))
        if not verified and any(d.status == Status.UNKNOWN for d in letters):
            raise Refused(_("所选消息中有结果不明的，请先核实对方没有收到，再勾选“已核实”。"))
        for unit, its in groupby(letters, key=lambda d: d.unit):
            _write(act, unit, list(its))
        Delivery.objects.filter(pk__in=[d.pk for d in letters]).update(
            status=Status.QUEUED, tries=0, not_before=None, changed_at=act.at
        )
        from notifications.tasks import send_queued

        transaction.on_commit(partial(send, send_queued), robust=True)
    return len(letters)


def _write(act: Act, unit: Unit, letters: list[Delivery]) -> None:
    doubtful = [d.pk for d in letters if d.status == Status.UNKNOWN]
    write_down(
        replace(act, unit=unit),
        "letters.send_again",
        unit.reference,
        after={"letters": [d.pk for d in letters], "doubtful": doubtful},
        label=f"{len(letters)} 条",
    )


def requeue_by_operator(act_at: datetime, number: int) -> None:
    """One letter once more, on the operator's word at the command line. Refused: it is neither failed nor doubtful."""
    from workflow.administration.conf import operator

    with within(SYSTEM):
        letter = Delivery.objects.select_related("unit").filter(pk=number).first()
    if letter is None:
        raise Refused(_("没有这一条消息。"))
    act = Act(None, operator(), letter.unit, act_at)
    send_again(act, letter.unit.path, [number], verified=True)
