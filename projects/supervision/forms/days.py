"""A form that tells what has happened: its days are past or today."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from workflow.flows.forms import StepForm


class DayForm(StepForm):
    """A form with days that may not lie in the future. past: their fields' names."""

    past: ClassVar[tuple[str, ...]] = ()

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for name in self.past:
            if data.get(name) and data[name] > self.act.on:
                self.add_error(name, _("日期不能晚于今天。"))
        return data
