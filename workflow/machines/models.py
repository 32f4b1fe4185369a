"""What every record with a machine has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django_fsm import FSMModelMixin

from workflow.people.models import Unit

STATE = "state"


class Record(FSMModelMixin, models.Model):
    """A record whose `state` only `fire()` moves. Subclasses add `state = FSMField(protected=True, choices=…)`.

    kind: the word before the number in a reference ("proposal:12"). about: the reference of the whole it belongs
    to, step: which of the six steps its acts belong to, label: how people call it.
    """

    kind: ClassVar[str] = "record"
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")

    if TYPE_CHECKING:  # from the subclass's own field
        state: str

        def get_state_display(self) -> str: ...

    class Meta:
        abstract = True

    @property
    def reference(self) -> str:
        return f"{self.kind}:{self.pk}"

    @property
    def about(self) -> str:
        return ""

    @property
    def step(self) -> int | None:
        return None

    @property
    def label(self) -> str:
        return str(self)
