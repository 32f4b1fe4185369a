"""What belongs to a session that is open: its closing, and the 质询案."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this

from projects.cycles.flows import YearlyFlow
from projects.cycles.models import Session
from projects.cycles.terms import on_session_begun
from projects.supervision import asking, selectors, sessions
from projects.supervision.flows.seats import asked_unit, to_a_department
from projects.supervision.forms import sessions as forms
from workflow.audit.services import Act
from workflow.calendar.offsets import DueDate
from workflow.flows.acting import recording
from workflow.flows.base import Begin
from workflow.flows.nodes import Gate, MeetingView, OfficeEnd, OfficeView


class SessionFlow(YearlyFlow):
    """一次会议的闭会"""

    room, step = "supervision", 4
    process_title = _("会议闭会")

    start = Begin().Next(this.close_session)
    close_session = OfficeView(
        office="chair",
        title=_("宣布闭会"),
        act=sessions.close_session,
        obstacles=sessions.obstacles_to_closing,
        context=sessions.closing_facts,
        page="steps/supervision/session.html",
        irreversible=True,
        closes=True,
        basis=_(
            "询问、质询案只在会议期间提出和答复（《地方组织法》第二十三条、第二十四条）；议程完毕，由主持人宣布闭会"
        ),
        output=_("闭会"),
        hint=_("闭会后不能再登记选举结果、提出询问和质询案；监票人、计票人的职务随会议终止。"),
    ).Next(this.end)
    end = OfficeEnd()

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """The last day of the session."""
        return DueDate(max(subject.last_on, opened_on), False)


def _to_be_closed(act: Act, session: Session) -> None:
    with recording(act):
        SessionFlow.begin(session)


on_session_begun(_to_be_closed)


def _interpellation_answer(office: str, **more: Any) -> OfficeView:
    return OfficeView(
        office=office,
        form=forms.AnswerForm,
        act=asking.answer,
        obstacles=asking.obstacles_to_answering,
        context=selectors.interpellation_facts,
        page="steps/supervision/interpellation.html",
        basis=_("《地方组织法》第二十四条：受质询机关负责人答复"),
        output=_("质询案答复"),
        stays=_("质询案在会议期间答复，答复随即告知提出质询案的代表（《地方组织法》第二十四条）。"),
        **more,
    ).Next(this.end)


class InterpellationFlow(YearlyFlow):
    """质询案"""

    room, step = "supervision", 5
    process_title = _("质询案")
    not_at = asking.NOT_AT

    start = Begin().Next(this.admit_interpellation)
    admit_interpellation = MeetingView(
        office="presidium",
        title=_("决定质询案的答复形式"),
        form=forms.AdmitForm,
        act=asking.admit,
        obstacles=asking.obstacles_to_admitting,
        context=selectors.interpellation_facts,
        page="steps/supervision/interpellation.html",
        basis=_("《地方组织法》第二十四条：由主席团决定交受质询机关答复及答复形式"),
        output=_("主席团会议纪要"),
    ).Next(this.whom)
    whom = Gate(to_a_department).Then(this.department_interpellation).Else(this.answer_interpellation)
    department_interpellation = _interpellation_answer(
        "department", seat=asked_unit, title=_("责任单位答复质询案")
    )
    answer_interpellation = _interpellation_answer("mayor", title=_("答复质询案"))
    end = OfficeEnd()
