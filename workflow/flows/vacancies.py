"""What becomes of the tasks somebody had taken when the office they were taken in ends."""

from __future__ import annotations

from django.utils.timezone import localdate
from viewflow.workflow.models import Task

from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import live_grants


def free_tasks(grant: RoleGrant) -> None:
    """Back into the queue of the office's seat, for whoever succeeds; what was done stays done.

    What the person may still do in another office of that seat stays theirs: an appointment that was renewed, the
    second of two holders one stands in for. The grant is held already: an act under way in it was finished before,
    and the next one will find it ended.
    """
    assert grant.revoked_at is not None
    left = live_grants(localdate(grant.revoked_at)).filter(user=grant.user_id, unit=grant.unit_id)
    served = _served(grant.office).difference(*map(_served, left.values_list("office", flat=True)))
    taken = Task.objects.filter(
        owner_id=grant.user_id,
        status="ASSIGNED",
        owner_permission__in=served,
        owner_permission_obj_pk=str(grant.unit_id),
    )
    taken.update(owner=None, status="NEW", assigned=None)


def _served(office: str) -> set[str]:
    """The offices whose tasks somebody may do who holds this one."""
    return {office, *registry.recorded_by(office)}
