"""质询 (组织法 24): only while a session is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile

from projects.cycles.models import Cycle, CycleState, Session, SessionState
from projects.cycles.papers import attach, make_paper
from projects.cycles.selectors import open_session
from projects.deliberation.selectors import signers_of
from projects.supervision import rules
from projects.supervision.models import WRITTEN, Interpellation, InterpellationState, Project
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.models import Unit, UnitKind, User
from workflow.people.saying import said as _

# An assembly's members hold no such right (rules.md §10; 组织法 24 speaks of congresses).
NOT_AT = frozenset({UnitKind.SUBDISTRICT.value})


def obstacles_to_interpellation(cycle: Cycle, at: datetime) -> list[str]:
    """质询案 belongs inside a session; between sessions there are reports, questions and written answers."""
    if cycle.unit.kind in NOT_AT:
        return [_("质询案是人大会议的法定职权，街道不适用；可以听取专项报告、书面询问。")]
    found = []
    if open_session(cycle.unit) is None:
        found.append(
            _(
                "质询案只能在人民代表大会会议期间提出（《地方组织法》第二十四条）；闭会期间可由主席团听取专项报告、书面询问。"
            )
        )
    if cycle.state not in (CycleState.SUPERVISING, CycleState.EVALUATING):
        found.append(_("本年度项目尚未进入监督环节。"))
    return found


def table_interpellation(
    act: Act,
    cycle: Cycle,
    *,
    words: str,
    movers: Sequence[User] = (),
    signed: Sequence[UploadedFile] = (),
    project: Project | None = None,
    answering: Unit | None = None,
) -> Interpellation:
    """Put an interpellation in writing, for others to sign or with the paper ten or more have signed.

    answering: 质询对象, which it must name (组织法 24); None: the government itself. movers: who stands on that paper,
    the deputy among them; nobody signs for another without it.
    """
    session = open_session(cycle.unit)
    faults = rules.interpellation_faults(len(movers)) if signed else []
    reasons = [*obstacles_to_interpellation(cycle, act.at), *faults]
    if reasons or session is None:
        raise Refused(*reasons)
    tabled = Interpellation.objects.create(
        unit=cycle.unit,
        cycle=cycle,
        session=session,
        project=project,
        department=answering,
        words=words,
    )
    tabled.movers.set(movers if signed else [act.person])
    for upload in signed:
        attach(act, tabled.reference, upload)
    write_down(
        act,
        "interpellation.table",
        tabled.reference,
        about=tabled.about,
        step=5,
        after={
            "movers": tabled.movers.count(),
            "on_paper": bool(signed),
            "project": project.reference if project else None,
            "answering": answering.code if answering else "mayor",
        },
        label=tabled.label,
    )
    return tabled


def obstacles_to_cosigning(interpellation: Interpellation, at: datetime) -> list[str]:
    """Why an interpellation can no longer be signed: it is before the presidium, or its session is over."""
    if interpellation.state not in (InterpellationState.GATHERING, InterpellationState.LAPSED):
        return [_("签名已满法定人数，已提交主席团。")]
    if open_session(interpellation.unit) != interpellation.session:
        return [_("提出质询案的会议已经闭会，不能再签名。")]
    return []


def cosign(act: Act, interpellation: Interpellation) -> None:
    """附议签名, by the deputy in person."""
    if interpellation.movers.filter(pk=act.person.pk).exists():
        raise Refused(_("您已经签名。"))
    interpellation.movers.add(act.person)


def lodge_if_signed(act: Act, interpellation: Interpellation) -> bool:
    """Whether enough have signed; then it is before the presidium, and the caller begins its flow."""
    if rules.interpellation_faults(interpellation.movers.count()):
        return False
    fire(interpellation, "lodge", act)
    return True


def lapse_unsigned(act: Act, session: Session) -> None:
    """质询案 that too few have signed end with the session they were put in (组织法 24); who signed is told."""
    for one in session.interpellations.filter(state=InterpellationState.GATHERING).order_by("pk"):
        reason = _("%(session)s闭会时签名未满法定人数") % {"session": session}
        fire(one, "lapse", act, reason=reason, besides={"signers": signers_of(one.movers.all())})


def obstacles_to_admitting(interpellation: Interpellation, at: datetime) -> list[str]:
    """The presidium of the session decides while it is held (组织法 24)."""
    if interpellation.session.state == SessionState.OPEN:
        return []
    return [
        _("质询案在会议期间处理（《地方组织法》第二十四条），%(session)s没有开会。")
        % {"session": interpellation.session}
    ]


def obstacles_to_answering(interpellation: Interpellation, at: datetime) -> list[str]:
    """Answered by word of mouth in the session, in writing at any time."""
    return [] if interpellation.form == WRITTEN else obstacles_to_admitting(interpellation, at)


def admit(
    act: Act,
    interpellation: Interpellation,
    *,
    meeting: Meeting,
    answer_form: str,
) -> None:
    """The presidium hands it to those it questions, and decides how they answer (组织法 24: 交受质询机关答复)."""
    answering = interpellation.department
    fire(interpellation, "admit", act, form=answer_form)
    make_paper(
        act,
        interpellation.cycle,
        "minutes",
        _("主席团会议纪要（质询案）"),
        body=meeting.minutes,
        data={"form": answer_form, "answering": answering.code if answering else "mayor"},
        subject=interpellation.reference,
        step=5,
    )


def answer(act: Act, interpellation: Interpellation, *, answer: str) -> Outcome | None:
    """答复 by the head of the body questioned."""
    fire(interpellation, "answer_given", act, answer=answer)
    return None
