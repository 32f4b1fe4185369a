"""Whose turn it is when the county has written."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow.models import Process

from projects.cycles.flows import YearlyFlow
from projects.oversight import forms, services
from projects.oversight.models import Note
from workflow.calendar.offsets import DueDate
from workflow.flows.base import Begin
from workflow.flows.nodes import OfficeEnd, OfficeView
from workflow.people.isolation import SYSTEM, within


class NoteFlow(YearlyFlow):
    """工作提示函"""

    room = "oversight"
    outlasts = True
    process_title = _("工作提示函")

    start = Begin().Next(this.note_reply)
    note_reply = OfficeView(
        office="chair",
        title=_("回复上级人大工作提示函"),
        form=forms.ReplyForm,
        act=services.reply_to_note,
        page="steps/oversight/note.html",
        context=lambda note: {"note": note},
        irreversible=True,
        basis=_("县级人大常委会指导和监督下级人大工作（《地方组织法》第五十条）"),
        output=_("书面回复"),
    ).Next(this.end)
    end = OfficeEnd()

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """The day the county named."""
        return DueDate(subject.reply_by)

    @classmethod
    def begin_from_above(cls, note: Note) -> Process:
        """Put the reply before the township: the one row of a township's work that the county's act brings about."""
        with within(SYSTEM):
            return cls.begin(note)
