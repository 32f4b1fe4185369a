"""What somebody has typed and not yet handed in: kept for them alone. No act, so it leaves no entry and binds nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from workflow.flows.errors import Refused
from workflow.flows.forms import StepForm
from workflow.flows.models import Deadline, Draft
from workflow.people.models import Unit, User

KEPT_FOR = timedelta(days=30)  # of an act nobody is waiting for


def typed(form: StepForm, data: dict[str, Any]) -> dict[str, Any]:
    """What of the data may be kept: no secret. Refused for a form that keeps no drafts."""
    if not form.drafts:
        raise Refused(_("这一事项要填写口令或计票数字，不保存草稿，请一次填完提交。"))
    secret = form.secrets()
    return {name: _storable(values) for name, values in data.items() if name not in secret}


def _storable(values: Any) -> Any:
    """What was typed without the one character the database keeps in no text."""
    if isinstance(values, list):
        return [_storable(one) for one in values]
    return values.replace("\0", "") if isinstance(values, str) else values


def draft_of_task(deadline: Deadline, user: User) -> Draft | None:
    """What the person has typed on a task; where that is nothing, on the one in its place that was called off."""
    own = Draft.objects.filter(task_id=deadline.pk, user=user).first()
    return own or Draft.objects.filter(in_place_of(deadline), user=user).order_by("-saved_at").first()


def in_place_of(deadline: Deadline) -> Q:
    """Which drafts are on a task that stood in this one's place and was called off: same flow, step, seat and item."""
    item = deadline.task.data
    return Q(
        Q(task__data__isnull=True) if item is None else Q(task__data=item),
        task__process=deadline.task.process_id,
        task__flow_task=deadline.task.flow_task,
        task__status=STATUS.CANCELED,
        task__deadline__seat=deadline.seat_id,
    )


def stood_in_place_of(called_off: Task, task: Task) -> bool:
    """The same of two tasks of one process already read; where the seats are several, the item tells them apart."""
    return called_off.flow_task == task.flow_task and called_off.data == task.data


def draft_of_act(key: str, user: User) -> Draft | None:
    """What the person has typed for an act without a task. key: `holding.key_of_event`."""
    return Draft.objects.filter(key=key, user=user).first()


def save_draft_of_task(
    task: Task, form: StepForm, *, user: User, home: Unit, data: dict[str, Any], at: datetime
) -> None:
    """Keep it until the task is over or it is thrown away."""
    defaults = {"data": typed(form, data), "saved_at": at, "unit": home}
    Draft.objects.update_or_create(task=task, user=user, defaults=defaults)


def save_draft_of_act(
    key: str, form: StepForm, *, user: User, home: Unit, data: dict[str, Any], at: datetime
) -> None:
    """Keep it until the act is done, it is thrown away, or KEPT_FOR is over. home: the unit acted from."""
    keep_under(key, typed(form, data), user=user, home=home, at=at)


def keep_under(key: str, data: dict[str, Any], *, user: User, home: Unit, at: datetime) -> None:
    """The same of what holds no secret."""
    defaults = {"data": data, "saved_at": at, "unit": home}
    Draft.objects.update_or_create(key=key, user=user, task=None, defaults=defaults)


def drop_draft_of_act(key: str, user: User) -> None:
    """The act is done, or its draft is not wanted any longer."""
    Draft.objects.filter(key=key, user=user, task=None).delete()


def drop_draft_of_task(deadline: Deadline, user: User) -> None:
    """The person begins anew; what others have typed on the task stays."""
    Draft.objects.filter(Q(task=deadline.pk) | in_place_of(deadline), user=user).delete()


def sweep(at: datetime) -> int:
    """Throw away what was typed for acts nobody did; needs the system's context. How many there were."""
    return Draft.objects.filter(task=None, saved_at__lte=at - KEPT_FOR).delete()[0]
