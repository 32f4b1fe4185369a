"""The special report between sessions: given by the government, heard by the presidium, its questions answered in writing."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from projects.cycles.models import Cycle
from projects.cycles.papers import attach, detach, make_paper, take_out
from projects.supervision.models import Inquiry
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.models import Unit


def give_report(act: Act, cycle: Cycle, *, report: str, files: Sequence[UploadedFile] = ()) -> None:
    """专项工作报告 by the head of the government, in the file before the presidium meets on it."""
    paper = make_paper(
        act,
        cycle,
        "special_report",
        _("关于%(cycle)s实施情况的专项工作报告") % {"cycle": cycle},
        body=report,
        step=5,
    )
    for upload in files:
        attach(act, paper.reference, upload)


def undo_report(act: Act, cycle: Cycle, *, done: Entry, reason: str) -> None:
    """The counter-act of the special report: it leaves the file with what was attached to it."""
    take_out(cycle, "special_report", done)


def hear_report(
    act: Act,
    cycle: Cycle,
    *,
    meeting: Meeting,
    inquiries: Sequence[tuple[str, Unit | None]] = (),
    return_reason: str = "",
) -> Outcome | None:
    """The presidium hears the report (组织法 19) and asks, or wants another one. inquiries: words and who answers.

    Each question is a record of its own; the caller begins its flow.
    """
    make_paper(
        act,
        cycle,
        "minutes",
        _("主席团会议纪要（听取专项工作报告）"),
        body=meeting.minutes,
        data={"agreed": meeting.agreed, "inquiries": [words for words, _unit in inquiries]},
        step=5,
    )
    if not meeting.agreed:
        return Outcome(returns_to="give_report", reason=return_reason)
    for words, department in inquiries:
        _ask(act, cycle, words, department)
    return None


def _ask(act: Act, cycle: Cycle, words: str, department: Unit | None) -> None:
    asked = Inquiry.objects.create(
        unit=cycle.unit, cycle=cycle, words=words, department=department, asked_on=act.on
    )
    write_down(
        act,
        "inquiry.ask",
        asked.reference,
        about=asked.about,
        step=5,
        after={"answered_by": department.code if department else "mayor"},
        label=asked.label,
    )


def answer_inquiry(act: Act, inquiry: Inquiry, *, answer: str, files: Sequence[UploadedFile] = ()) -> None:
    """书面答复, by whom the presidium has asked."""
    fire(inquiry, "reply", act)
    # Beside the arrow, not with it: a long text stands in the trail as a commitment of the task's own entry.
    Inquiry.objects.filter(pk=inquiry.pk).update(answer=answer)
    inquiry.answer = answer
    for upload in files:
        attach(act, inquiry.reference, upload)


def undo_answer(act: Act, inquiry: Inquiry, *, done: Entry, reason: str) -> None:
    """The counter-act of a written answer: the question is to be answered."""
    fire(inquiry, "unreply", act, reason=reason)
    Inquiry.objects.filter(pk=inquiry.pk).update(answer="")
    inquiry.answer = ""
    detach(inquiry.reference, done)


def accept_answer(act: Act, inquiry: Inquiry, *, meeting: Meeting, return_reason: str = "") -> Outcome | None:
    """The presidium accepts the answer and it goes on file, or it goes back and is counted."""
    if not meeting.agreed:
        fire(inquiry, "reject", act, reason=return_reason, tries=inquiry.tries + 1)
        return Outcome(
            returns_to="department_answer" if inquiry.department_id else "mayor_answer", reason=return_reason
        )
    fire(inquiry, "accept", act)
    make_paper(
        act,
        inquiry.cycle,
        "written_answer",
        _("关于“%(words)s”的书面答复") % {"words": inquiry.words[:60]},
        body=inquiry.answer,
        data={"asked": inquiry.words, "asked_on": str(inquiry.asked_on), "opinion": meeting.minutes},
        subject=inquiry.reference,
        step=5,
    )
    return None
