"""What becomes of the tasks somebody had taken when the office they were taken in ends."""

from __future__ import annotations

from viewflow.workflow.models import Task

from workflow.roles import registry
from workflow.roles.models import RoleGrant


def free_tasks(grant: RoleGrant) -> None:
    """Back into the queue of the office's seat, for whoever succeeds; what was done stays done.

    The grant is held already: an act under way in it was finished before, and the next one will find it ended.
    """
    served = [grant.office, *registry.recorded_by(grant.office)]
    taken = Task.objects.filter(
        owner_id=grant.user_id,
        status="ASSIGNED",
        owner_permission__in=served,
        owner_permission_obj_pk=str(grant.unit_id),
    )
    taken.update(owner=None, status="NEW", assigned=None)
