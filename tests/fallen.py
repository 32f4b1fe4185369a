"""What is shown of a joint meeting's record once somebody else has recorded its matter."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from workflow.flows.models import Deadline
from workflow.inbox import recording
from workflow.people.models import User
from workflow.roles.models import RoleGrant


def entered(task: Deadline, user: User, office: str, **typed: Any) -> dict[str, str]:
    """What somebody reads of what they had typed on a matter that is over, by its label; a list is several values."""
    given = QueryDict(mutable=True)
    for name, value in typed.items():
        values = value if isinstance(value, list) else [value]
        given.setlist(f"{recording.prefix_of(task)}-{name}", [str(one) for one in values])
    grant = RoleGrant.objects.get(user=user, office=office)
    [gone] = recording.gone([str(task.pk)], [], given, call=None, grant=grant)
    assert not gone.waits
    return dict(gone.entered())
