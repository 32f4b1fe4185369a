"""What may be done in step 6 without a task: a station registers what a resident says of a finished project."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.evaluation import forms, services
from projects.supervision.models import Project, ProjectState
from workflow.flows.events import Event, register_event


def _is_finished(project: Project, grant: Any) -> bool:
    return project.state == ProjectState.ACCEPTED


RATE = register_event(
    Event(
        key="evaluation.rate",
        title=_("登记群众评价"),
        offices=("station",),
        subject=Project,
        form=forms.RateForm,
        act=services.register_rating,
        step=6,
        when=services.obstacles_to_rating,
        offered=_is_finished,
        basis=_("群众可以当面、电话、书面评价，由代表联络站登记，不记姓名"),
        hint=_("不登记评价人的姓名和电话。"),
    )
)
