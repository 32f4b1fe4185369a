"""The secret ballot of a measurement, on paper: defined, opened, keyed twice, signed by two, and what follows.

It uses the ballots room's records (Vote, Option, Keying, Signature with their constraints), its quorum, balance and
comparison of keyings. It does not use that room's tally: three grades and an empty line are four figures, an empty
line is no 基本满意, and nobody is elected. The doors are the same: no opening below the quorum; two counters, neither
seeing the other's figures; differing keyings refused and keyed again; figures that do not balance never accepted;
two different tellers sign what was accepted; nothing is edited afterwards (rules.md §6.2, integrity.md §2.7–8).
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from projects.ballots.figures import count_rules
from projects.ballots.models import Keying, Option, Purpose, Signature, Vote, VoteState
from projects.ballots.selectors import keyings_of, round_of
from projects.cycles.models import Cycle, CycleSession, Session, SessionState
from projects.cycles.papers import make_paper
from projects.cycles.terms import begin_session
from projects.evaluation import selectors, wording
from projects.evaluation.models import Measurement, MeasurementState
from projects.evaluation.rules import Consequence
from projects.evaluation.sheets import Finding, Sheet, differing_lines, judge, sheet_from, void_reason
from projects.supervision.models import Project
from projects.voting.services import obstacles_to_ending
from workflow.audit.chain import canonical
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.machines.services import fire
from workflow.roles.selectors import holders_of

HALL_OFFICES = (("counter", 2, "计票人"), ("chief_teller", 1, "总监票人"), ("teller", 1, "监票人"))


def define(act: Act, cycle: Cycle, *, session: Session | None, held_on: date) -> Vote:
    """Put the next measurement on paper: every project the first time, later those whose 整改 has been reported."""
    projects = _projects_to_measure(cycle)
    if not projects:
        raise Refused(_("没有需要测评的项目。"))
    in_office = selectors.deputies_in_office(cycle.unit, session, held_on)
    vote = _vote(cycle, projects, in_office=in_office, session=session)
    for project in projects:
        Measurement.objects.create(
            unit=cycle.unit,
            cycle=cycle,
            project=project,
            vote=vote,
            round=project.measurements.count() + 1,
        )
    _write_definition(act, vote)
    return vote


def _projects_to_measure(cycle: Cycle) -> list[Project]:
    if not Measurement.objects.filter(cycle=cycle).exists():
        return selectors.projects_to_measure(cycle)
    waiting = Measurement.objects.filter(cycle=cycle, state=MeasurementState.RECTIFIED)
    found = Project.objects.filter(pk__in=waiting.values("project_id")).select_related("cycle")
    return list(found.order_by("-cycle__year", "number"))


def _vote(cycle: Cycle, projects: list[Project], *, in_office: int, session: Session | None) -> Vote:
    vote = Vote.objects.create(
        unit=cycle.unit,
        session=session,
        about_reference=cycle.reference,
        purpose=Purpose.MEASUREMENT,
        title=f"{cycle}满意度测评",
        mode="each",
        seats=len(projects),
        rules=count_rules(cycle.rules),
        deputies_in_office=in_office,
        step_number=6,
    )
    Option.objects.bulk_create(
        Option(
            unit=cycle.unit,
            vote=vote,
            position=position,
            reference=project.reference,
            title=selectors.line_of(project, cycle),
        )
        for position, project in enumerate(projects, 1)
    )
    return vote


def _write_definition(act: Act, vote: Vote, reason: str = "") -> None:
    write_down(
        act,
        "vote.define",
        vote.reference,
        about=vote.about,
        step=6,
        after={"lines": vote.seats, "in_office": vote.deputies_in_office, "purpose": vote.purpose},
        reason=reason,
        label=vote.label,
    )


def is_defined(cycle: Cycle) -> bool:
    """Whether there is anything to measure: a year may have carried over every project it had."""
    return selectors.measuring_vote(cycle) is not None


def obstacles_to_opening(cycle: Cycle, at: datetime) -> list[str]:
    """What the hall still lacks: its day, a session that is held, the two counters and the tellers."""
    today, occasion = localdate(at), selectors.occasion_of(cycle)
    found = []
    if occasion["held_on"] is None or today < occasion["held_on"]:
        found.append(
            _("会议定于 %(day)s，尚未举行，由主席团确定。") % {"day": occasion["held_on"] or _("未定")}
        )
    elif occasion["session"]:
        found += _session_faults(occasion["session"])
    for office, least, title in HALL_OFFICES:
        if len(holders_of(office, cycle.unit, today)) < least:
            found.append(_("%(title)s不足 %(n)s 人，由主席团提名。") % {"title": title, "n": least})
    return found


def _session_faults(session: Session) -> list[str]:
    """A session has been called and is not over; one that votes on a year is opened by its own preliminary meeting."""
    if session.state == SessionState.PLANNED:
        return [_("%(session)s尚未通知召开，由主席团召集。") % {"session": session}]
    if session.state == SessionState.CLOSED:
        return [_("%(session)s已经闭会，由主席团另行召集。") % {"session": session}]
    if session.state == SessionState.CONVENED and not _is_ours(session):
        return [_("%(session)s尚未开幕，由预备会议开幕后进行测评。") % {"session": session}]
    return []


def open_measurement(act: Act, cycle: Cycle, *, present: int, on_leave: int, issued: int) -> None:
    """Attendance taken, papers handed out; the form has refused a hall below the quorum (组织法 14)."""
    vote = _held(cycle, VoteState.DEFINED)
    in_office = selectors.members_of_hall(vote, act.on)
    if vote.session and vote.session.state == SessionState.CONVENED and _is_ours(vote.session):
        begin_session(act, vote.session)
    fire(
        vote,
        "open",
        act,
        deputies_in_office=in_office,
        deputies_present=present,
        on_leave=on_leave,
        issued=issued,
    )


def _is_ours(session: Session) -> bool:
    """Whether no year votes at this session: one that does is begun by that vote's own preliminary meeting."""
    return not session.uses.filter(use=CycleSession.Use.VOTE).exists()


def end_session(act: Act, cycle: Cycle, session: Session | None) -> None:
    """The session is over, unless another year's business is left; until then deputies can put a 质询 (组织法 24)."""
    if session and session.state == SessionState.OPEN and not obstacles_to_ending(session, besides=cycle):
        fire(session, "end", act)


def end_sessions(act: Act, cycle: Cycle) -> None:
    """Every session the year was measured at that is still open."""
    measured_at = Session.objects.filter(
        votes__about_reference=cycle.reference, votes__purpose=Purpose.MEASUREMENT, state=SessionState.OPEN
    )
    for session in measured_at.distinct().order_by("pk"):
        end_session(act, cycle, session)


def _held(cycle: Cycle, state: str) -> Vote:
    """The current ballot with its row locked, in the state the act needs."""
    current = selectors.measuring_vote(cycle)
    vote = Vote.objects.select_for_update().filter(pk=current.pk).first() if current else None
    if vote is None or vote.state != state:
        where = vote.get_state_display() if vote else _("未确定")
        raise Refused(_("满意度测评当前为“%(state)s”，不能办理这一步。") % {"state": where})
    return vote


# Two keyings


def key_first(act: Act, cycle: Cycle, *, sheet: Sheet, **_as_typed: int) -> None:
    """The first counter's figures; the sheet holds all that was typed."""
    _key(act, cycle, sheet, turn=1)


def key_second(act: Act, cycle: Cycle, *, sheet: Sheet, **_as_typed: int) -> None:
    """The second counter's, keyed without sight of the first."""
    _key(act, cycle, sheet, turn=2)


def _key(act: Act, cycle: Cycle, sheet: Sheet, *, turn: int) -> None:
    vote = _held(cycle, VoteState.OPEN)
    under_way = round_of(vote)
    if Keying.objects.filter(vote=vote, round=under_way, by=act.actor).exists():
        raise Refused(_("两次录入须由两名计票人分别进行，您已录入过一次。"))
    Keying.objects.create(
        unit=cycle.unit,
        vote=vote,
        turn=turn,
        round=under_way,
        by=act.person,
        figures=sheet.as_json(),
        at=act.at,
    )


def compare(act: Act, cycle: Cycle) -> None:
    """Hold the two keyings against each other: accepted, keyed again, or the whole measurement void."""
    vote = _held(cycle, VoteState.OPEN)
    first, second = (sheet_from(one.figures) for one in keyings_of(vote, round_of(vote) - 1))
    if differing := differing_lines(first, second):
        _refuse_keyings(act, vote, differing)
    elif reason := void_reason(first, selectors.hall_of(vote)):
        _void(act, cycle, vote, first, reason)
    else:
        _accept(act, vote, first)


def _refuse_keyings(act: Act, vote: Vote, differing: list[str]) -> None:
    Vote.objects.filter(pk=vote.pk).update(outcome={"differing": differing})
    write_down(
        act,
        "vote.keyings_differ",
        vote.reference,
        about=vote.about,
        step=6,
        after={"differing": len(differing)},
        reason=_("两次录入不一致，须重新录入"),
        label=vote.label,
    )


def _void(act: Act, cycle: Cycle, vote: Vote, sheet: Sheet, reason: str) -> None:
    """More returned than issued, or nothing valid: kept as it was, and defined again (rules.md §6.2)."""
    fire(vote, "make_void", act, reason=reason, void_reason=reason, returned=sheet.returned)
    measured = selectors.measurements_of(vote)
    projects = [one.project for one in measured]
    again = _vote(cycle, projects, in_office=vote.deputies_in_office, session=vote.session)
    Vote.objects.filter(pk=again.pk).update(follows=vote, follows_because=reason)
    Measurement.objects.filter(pk__in=[one.pk for one in measured]).update(vote=again)
    _write_definition(act, again, reason)


def _accept(act: Act, vote: Vote, sheet: Sheet) -> None:
    # Round the door on purpose: what `fire` sets stands in the trail, and no sum may before the signatures.
    outcome = {"findings": {m.project.reference: _kept(f) for m, f in _findings(vote, sheet)}}
    Vote.objects.filter(pk=vote.pk).update(figures=sheet.as_json(), outcome=outcome)
    fire(vote, "close", act, returned=sheet.returned)
    fire(vote, "accept_tally", act)


def _findings(vote: Vote, sheet: Sheet) -> list[tuple[Measurement, Finding]]:
    """What every project on the paper comes to, by the cycle's frozen rules."""
    titles = dict(vote.options.values_list("reference", "title"))
    hall = selectors.hall_of(vote)
    return [
        (
            one,
            judge(
                sheet.sums[titles[one.project.reference]],
                selectors.terms_of(one.cycle),
                hall=hall,
                valid=sheet.valid,
                earlier_failures=selectors.earlier_failures(one.project, before_round=one.round),
            ),
        )
        for one in selectors.measurements_of(vote)
    ]


def _kept(finding: Finding) -> dict[str, Any]:
    return {"verdict": str(finding.following.consequence), "reason": finding.sentence}


def keying_is_accepted(cycle: Cycle) -> bool:
    """Whether the flow goes on to the signatures."""
    vote = selectors.measuring_vote(cycle)
    return vote is not None and vote.state == VoteState.KEYED


def measurement_is_void(cycle: Cycle) -> bool:
    """Whether the paper has to be handed out again."""
    vote = selectors.measuring_vote(cycle)
    return vote is not None and vote.state == VoteState.DEFINED


# Two signatures


def sign_chief(act: Act, cycle: Cycle, *, checked: bool) -> None:
    """总监票人 signs."""
    _sign(act, cycle, "chief_teller")


def sign_teller(act: Act, cycle: Cycle, *, checked: bool) -> None:
    """监票人 signs: another person."""
    _sign(act, cycle, "teller")


def _sign(act: Act, cycle: Cycle, office: str) -> None:
    vote = _held(cycle, VoteState.KEYED)
    if Signature.objects.filter(vote=vote, by=act.actor).exists():
        raise Refused(_("总监票人和监票人须由两人分别签字。"))
    Signature.objects.create(
        unit=cycle.unit, vote=vote, by=act.person, office=office, digest=digest_of(vote), at=act.at
    )


def digest_of(vote: Vote) -> str:
    """SHA-256 of what the tellers sign: the ballot, the people, the papers, the figures and the findings."""
    text = canonical(
        {
            "vote": vote.reference,
            "title": vote.title,
            "in_office": vote.deputies_in_office,
            "present": vote.deputies_present,
            "issued": vote.issued,
            "returned": vote.returned,
            "figures": vote.figures,
            "outcome": vote.outcome,
        }
    )
    return hashlib.sha256(text.encode()).hexdigest()


def settle(act: Act, cycle: Cycle) -> None:
    """Both have signed: certified and announced, the rounds closed or failed, the papers made."""
    vote = _held(cycle, VoteState.KEYED)
    digest = digest_of(vote)
    if [one.digest for one in vote.signatures.all()] != [digest, digest]:
        raise Refused(_("签字的数字与保存的数字不一致，不能认定结果。"))
    fire(vote, "certify", act)
    fire(vote, "declare", act)
    occasion = selectors.occasion_of(cycle)["title"]
    for measurement, finding in _findings(vote, sheet_from(vote.figures)):
        _record(act, measurement, finding)
    _publish_result(act, cycle, vote, occasion)
    if not vote.measurements.filter(severe=True).exists():
        end_session(act, cycle, vote.session)


def _record(act: Act, measurement: Measurement, finding: Finding) -> None:
    """One project's round, kept as certified; the round before it is superseded."""
    fire(
        measurement,
        "measure",
        act,
        satisfied=finding.marks.satisfied,
        basic=finding.marks.basically,
        dissatisfied=finding.marks.dissatisfied,
        unmarked=finding.unmarked,
        base=finding.base,
        verdict=str(finding.following.consequence),
        judgement=finding.sentence,
        severe=finding.severe,
    )
    for earlier in measurement.project.measurements.filter(state=MeasurementState.RECTIFIED):
        fire(earlier, "supersede", act)
    reason = finding.following.reason
    if finding.passed:
        fire(measurement, "pass_measure", act, reason=reason)
    else:
        fire(measurement, "fail", act, reason=reason, severe=finding.severe)
    if finding.severe:
        _name(act, measurement)


def _publish_result(act: Act, cycle: Cycle, vote: Vote, occasion: str) -> None:
    projects = {m.project_id: m.round for m in selectors.measurements_of(vote)}
    lines = [
        line for line in selectors.measurement_table(cycle) if projects.get(line.project.pk) == line.round
    ]
    make_paper(
        act,
        cycle,
        "measurement",
        wording.title_of_year(cycle, "满意度测评结果"),
        body=wording.result_text(cycle, occasion, lines, _hall_text(vote)),
        data={"of": "deputies", "vote": vote.reference, "digest": digest_of(vote)},
        subject=vote.reference,
        publish=True,
    )


def _hall_text(vote: Vote) -> str:
    return (
        f"应到代表 {vote.deputies_in_office} 人，实到 {vote.deputies_present} 人；发出测评票 {vote.issued} 张，"
        f"收回 {vote.returned} 张，有效 {vote.figures['valid']} 张，无效 {vote.figures['invalid']} 张。"
    )


def _name(act: Act, measurement: Measurement) -> None:
    """通报 to the public and the county, and a report to the Party committee (steps.md, step 6, consequence)."""
    cycle, project = measurement.cycle, measurement.project
    department = project.department.name if project.department else _("责任单位")
    facts = {"measurement": measurement.reference, "verdict": str(Consequence.RECTIFY_AND_NAME)}
    make_paper(
        act,
        cycle,
        "circular",
        f"关于{project.title}满意度测评情况的通报",
        body=wording.circular_text(measurement, department),
        data=facts | {"to": ["public", "county"], "interpellation": True},
        subject=measurement.reference,
        publish=True,
    )
    make_paper(
        act,
        cycle,
        "circular",
        f"关于{project.title}满意度测评情况的报告（报同级党委）",
        body=wording.party_report_text(measurement, department),
        data=facts | {"to": ["party"]},
        subject=measurement.reference,
    )


# Rectifying, and measuring again


def rectify(act: Act, cycle: Cycle, *, item: dict[str, int], number: str, remedy: str) -> None:
    """The department's report on what it put right; the next measurement may follow."""
    measurement = Measurement.objects.select_related("project").get(pk=item["measurement"], cycle=cycle)
    fire(measurement, "rectify", act, remedy=remedy)
    make_paper(
        act,
        cycle,
        "rectification",
        f"关于{measurement.project.title}测评后整改情况的报告",
        body=remedy,
        number=number,
        data={"measurement": measurement.reference},
        subject=measurement.project.reference,
    )


def items_to_rectify(cycle: Cycle) -> list[dict[str, int]]:
    """One task per failed project, at its department."""
    return [{"measurement": m.pk, "project": m.project_id} for m in selectors.failing(cycle)]
