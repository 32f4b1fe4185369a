"""What step 5's forms share: who may be chosen, and days that are past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from workflow.flows.forms import StepForm
from workflow.people.models import Unit, UnitKind, User
from workflow.roles.selectors import live_grants

Lines = forms.Textarea


ROWS = 6


def lines_of(text: str) -> list[str]:
    """A text box's lines, one matter each."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def holders(office: str, unit: Unit, on: Any) -> QuerySet[User]:
    """The persons who hold an office at a unit, for a choice of people."""
    return User.objects.filter(
        pk__in=live_grants(on).filter(office=office, unit=unit).values("user")
    ).order_by("pk")


def departments(unit: Unit) -> QuerySet[Unit]:
    """The responsible units of a township."""
    return Unit.objects.filter(parent=unit, kind=UnitKind.DEPARTMENT, ends_on=None)


def works_at(department: Unit | None, people: Sequence[User], on: Any) -> bool:
    """Whether one of them is on the staff of a responsible unit."""
    staff = live_grants(on).filter(office="department", unit=department)
    return staff.filter(user__in=[user.pk for user in people]).exists()


class DayForm(StepForm):
    """A form with a day that may not lie in the future."""

    past: ClassVar[tuple[str, ...]] = ()

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for name in self.past:
            if data.get(name) and data[name] > self.act.on:
                self.add_error(name, _("日期不能晚于今天。"))
        return data
