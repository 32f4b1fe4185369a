"""What somebody types of one meeting on several matters is kept: each matter with its own task, the rest for the meeting.

So what was typed on a matter alone is on the joint page too, and the other way round. No act, so it leaves no entry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from workflow.flows import drafts, services
from workflow.flows.answers import typed_of
from workflow.flows.forms import StepForm
from workflow.flows.models import Deadline, Draft, MeetingCall
from workflow.flows.sittings import COMMON, may_be_joined
from workflow.inbox.asked import is_number
from workflow.inbox.selectors import offices_served, own_claims
from workflow.people.models import Unit
from workflow.people.saying import listed
from workflow.roles.models import RoleGrant

RECENT = 20  # notices called off that are looked through for what was typed on them
UNKEPT = ("csrfmiddlewaretoken", "op", "task", "call")


def prefix_of(deadline: Deadline) -> str:
    """Under which a matter's fields stand on the joint page."""
    return f"m{deadline.pk}"


def key_of(body: str, seat_id: int, call: MeetingCall | None) -> str:
    """Under what the date, place and attendance of a meeting are kept: by its notice, else by its body."""
    return f"sitting:call:{call.pk}" if call else f"sitting:{body}:{seat_id}"


def last_of(named: MeetingCall) -> MeetingCall:
    """The notice that counts, from one that was named: it, or where it was called anew the last."""
    call = named
    while call.replaced_by:
        call = call.replaced_by
    return call


def _keys(body: str, seat: Unit, call: MeetingCall | None, tasks: Collection[int]) -> list[str]:
    """Under what a meeting may have been typed: first where it is kept now, then what that has taken the place of.

    A notice takes the place of those it has replaced; a meeting without one that of notices called off on its matters.
    """
    if call is None:
        off = MeetingCall.objects.filter(body=body, seat=seat).exclude(called_off_at=None).order_by("-pk")
        fallen = [one for one in off[:RECENT] if set(one.tasks) & set(tasks)]
        return [key_of(body, seat.pk, one) for one in (None, *fallen)]
    calls = [call]
    for one in calls:  # grows: those before those before it
        calls.extend(one.replaces.order_by("-pk"))
    return [key_of(body, seat.pk, one) for one in calls]


def left_out(called: MeetingCall, chosen: Iterable[Deadline]) -> list[Deadline]:
    """What of a notice's agenda still waits and is not among these, in its order: somebody else has claimed it."""
    others = set(called.tasks) - {row.pk for row in chosen}
    waiting = Deadline.objects.select_related("task__owner", "unit").filter(done_at=None, cancelled=False)
    found = waiting.in_bulk(others) if others else {}
    return [found[number] for number in called.tasks if number in found]


@dataclass(frozen=True)
class Gone:
    """A matter a page was sent with that is not recorded with it.

    why: said to whoever typed it. own: what they had entered on it, form: the matter's form with it. waits: it is theirs
    to decide all the same.
    """

    deadline: Deadline
    why: str
    own: QueryDict
    form: Any
    waits: bool

    def entered(self) -> list[tuple[str, str]]:
        """What they had entered, each under its field's label and as they read it, to be copied."""
        # A day is sent in three parts under its field's name.
        known = {
            f"{name}{part}"
            for name, field in self.form.fields.items()
            for part in ("", *getattr(field.widget, "widgets_names", ()))
        }
        strange = [
            (_("其他"), listed(str(value) for value in values if value))
            for name, values in self.own.lists()
            if any(values) and name not in known
        ]
        return [(answer.label, answer.text) for answer in typed_of(self.form)] + strange


def form_of(
    deadline: Deadline, data: QueryDict | None, grant: RoleGrant, *, prefix: str | None = None
) -> StepForm:
    """A matter's own form; of one that is over with every field it may have had."""
    node, over = deadline.task.flow_task, bool(deadline.done_at or deadline.cancelled)
    return cast(
        StepForm,
        node.form(
            data,
            None,
            prefix=prefix,
            subject=deadline.task.process.artifact,
            act=grant.act(deadline.unit, timezone.now()),
            node=node,
            seat=deadline.seat,
            item=deadline.task.data,
            over=over,
        ),
    )


def gone(
    numbers: Iterable[str],
    chosen: Iterable[Deadline],
    given: QueryDict,
    *,
    call: MeetingCall | None,
    grant: RoleGrant,
) -> list[Gone]:
    """Matters a page was sent with that are over, that somebody has claimed meanwhile, or that a later notice leaves out.

    What the office does not decide is left out without a word.
    """
    sent = {int(one) for one in numbers if is_number(one)} - {row.pk for row in chosen}
    if not sent:
        return []
    ours = Deadline.objects.filter(pk__in=sent, seat=grant.unit_id, office__in=offices_served(grant))
    found = ours.select_related("task__owner", "task__process", "unit", "seat").order_by("pk")
    rows = [row for row in found if may_be_joined(row.task.flow_task)]
    return [one for row in rows if (one := _gone(row, own_of(given, prefix_of(row)), call, grant))]


def own_of(given: QueryDict, prefix: str) -> QueryDict:
    """What was typed on one matter, under its own names."""
    own = QueryDict(mutable=True)
    for name, values in given.lists():
        matter, dash, field = name.partition("-")
        if dash and matter == prefix and field not in COMMON:
            own.setlist(field, values)
    return own


def _gone(row: Deadline, own: QueryDict, call: MeetingCall | None, grant: RoleGrant) -> Gone | None:
    claims = own_claims(grant)
    why = _why_gone(row, call, claims)
    waits = not (row.done_at or row.cancelled) and row.task.owner_id in (None, *claims)
    return Gone(row, why, own, form_of(row, own, grant).unchecked(), waits) if why else None


def _why_gone(row: Deadline, call: MeetingCall | None, claims: Collection[int]) -> str:
    said = {"what": services.named(row.pk), "who": row.task.owner}
    if row.done_at or row.cancelled:
        return _("%(what)s已经办结或者终止，不列入本次记录。") % said
    if row.task.owner_id and row.task.owner_id not in claims:
        return _("%(what)s已由%(who)s认领，不列入本次记录。") % said
    if call and row.pk not in call.tasks:
        return _("%(what)s不在现行会议通知的议题之中，不列入本次记录，仍在待办。") % said
    return ""


def keep(
    key: str,
    matters: Iterable[Any],
    given: QueryDict,
    *,
    gone: Iterable[Gone] = (),
    grant: RoleGrant,
    at: datetime,
) -> None:
    """Keep what a page sends; of the matters those on which something was typed.

    gone: what of it is not recorded on this page. Refused like a single task's draft: a matter that was done meanwhile, an
    office no longer held.
    """
    chosen = list(matters)
    drafts.keep_under(key, _common(given, [*chosen, *gone]), user=grant.user, home=grant.tenant, at=at)
    for matter in chosen:
        if set(matter.form.changed_data) - set(COMMON):
            typed = dict(matter.own.lists())
            services.save_draft(matter.deadline.pk, actor=grant.user, data=typed, at=at)


def keep_alone(
    matter: Any, given: QueryDict, *, gone: Iterable[Gone], grant: RoleGrant, at: datetime
) -> None:
    """Keep the one matter that is left, with day and attendance, for its own page."""
    common = _common(given, [matter, *gone])
    typed = dict(matter.own.lists()) | {k: vs for k, vs in common.items() if k.startswith(COMMON)}
    services.save_draft(matter.deadline.pk, actor=grant.user, data=typed, at=at)


def keep_waiting(gone: Iterable[Gone], *, grant: RoleGrant, at: datetime) -> None:
    """Keep what was entered on matters that still wait and are recorded elsewhere, each with its own task."""
    for one in gone:
        if one.waits and any(value not in ("", "0") for _name, values in one.own.lists() for value in values):
            before = kept_of_matter(one.deadline, grant)
            typed = (before.data if before else {}) | dict(one.own.lists())
            services.save_draft(one.deadline.pk, actor=grant.user, data=typed, at=at)


def _common(given: QueryDict, matters: Iterable[Any]) -> dict[str, list[Any]]:
    """What a page sends of the meeting itself."""
    prefixes = {prefix_of(one.deadline) for one in matters}
    return {k: vs for k, vs in given.lists() if k not in UNKEPT and k.partition("-")[0] not in prefixes}


def kept_of_meeting(
    body: str, seat: Unit, call: MeetingCall | None, tasks: Collection[int], grant: RoleGrant
) -> Draft | None:
    """What the person has typed of the meeting itself, by its notice or by what that has taken the place of."""
    found = (drafts.draft_of_act(key, grant.user) for key in _keys(body, seat, call, tasks))
    return next((draft for draft in found if draft), None)


def forget(body: str, seat: Unit, call: MeetingCall | None, tasks: Collection[int], grant: RoleGrant) -> None:
    """Whatever `kept_of_meeting` would find is typed no more: the meeting is recorded, or the person begins anew."""
    for key in _keys(body, seat, call, tasks):
        drafts.drop_draft_of_act(key, grant.user)


def kept_of_matter(deadline: Deadline, grant: RoleGrant) -> Draft | None:
    """What the person has typed on one matter, here or on its own page."""
    return drafts.draft_of_task(deadline, grant.user)


def as_typed(draft: Draft, prefix: str = "") -> QueryDict:
    """A draft as the data of its form; under a prefix without what is common to all matters."""
    data = QueryDict(mutable=True)
    for name, values in draft.data.items():
        if not prefix:
            data.setlist(name, values)
        elif not name.startswith(COMMON):
            data.setlist(f"{prefix}-{name}", values)
    return data
