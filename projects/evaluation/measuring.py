"""满意度测评: what the deputies are asked, what their marks come to, and what follows (rules.md §8).

The ballot itself is the ballots room's: defined, opened, counted, balanced and signed like every other (`Desk`), with
three grades in place of an election. This room says which projects are on it and judges their figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy

from projects.ballots import figures as fig
from projects.ballots import rules as count
from projects.ballots import services as ballots
from projects.ballots.desk import Desk
from projects.ballots.files import outcome_as_json
from projects.ballots.models import Purpose, Vote
from projects.ballots.outcomes import Judge, judges
from projects.ballots.tellers import obstacles_at_desk
from projects.cycles.models import Cycle, Session, SessionState
from projects.cycles.numerals import numeral
from projects.cycles.papers import make_paper, take_out
from projects.deliberation.rules import beginning_faults
from projects.evaluation import selectors, wording
from projects.evaluation.judging import Finding, Hall, judge
from projects.evaluation.models import Measurement, MeasurementState
from projects.evaluation.rules import Consequence
from projects.supervision.changing import ADOPTING
from projects.supervision.models import Project
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.machines.services import fire
from workflow.people.saying import said as _
from workflow.people.wording import worded

BY_ELECTION = ("majority", "elected", "tied", "not_elected", "reasons")


def define(act: Act, cycle: Cycle, *, session: Session | None, held_on: date) -> Vote:
    """Put the next measurement on paper: every project the first time, later those whose 整改 has been reported.

    By telephone only where a session's roll says who may vote; a deputies' meeting has none and votes on paper.
    """
    projects = _projects_to_measure(cycle)
    if not projects:
        raise Refused(_("没有需要测评的项目。"))
    channel = cycle.rules.ballot_channel
    vote = ballots.define_vote(
        act,
        session=session,
        about=cycle.reference,
        purpose=Purpose.MEASUREMENT,
        title=f"{cycle}第{numeral(selectors.measurements_called(cycle) + 1)}次满意度测评",
        mode=str(count.Mode.EACH),
        seats=len(projects),
        rules=fig.count_rules(cycle.rules) | {"each_cap": False},
        deputies_in_office=selectors.deputies_in_office(cycle.unit, session, held_on),
        options=[(project.reference, selectors.line_of(project, cycle)) for project in projects],
        step=6,
        device=channel == "device" and session is not None,
        device_least=cycle.rules.device_min_ballots,
        keypad=channel == "keypad",
    )
    for project in projects:
        Measurement.objects.create(
            unit=cycle.unit,
            cycle=cycle,
            project=project,
            vote=vote,
            round=project.measurements.count() + 1,
        )
    return vote


def _projects_to_measure(cycle: Cycle) -> list[Project]:
    if not Measurement.objects.filter(cycle=cycle).exists():
        return selectors.projects_to_measure(cycle)
    waiting = Measurement.objects.filter(cycle=cycle, state=MeasurementState.RECTIFIED)
    found = Project.objects.filter(pk__in=waiting.values("project_id")).select_related("cycle")
    return list(found.order_by("-cycle__year", "number"))


def is_defined(cycle: Cycle) -> bool:
    """Whether there is anything to measure: a year may have carried over every project it had."""
    return selectors.measuring_vote(cycle) is not None


# At the desk


def obstacles_to_opening(cycle: Cycle, at: datetime) -> list[str]:
    """What the hall still lacks: its day, a session that is held, the two counters and the tellers."""
    today, occasion = localdate(at), selectors.occasion_of(cycle)
    found = []
    if occasion["held_on"] is None:
        found.append(_("会议日期尚未确定，由主席团确定。"))
    elif today < occasion["held_on"]:
        found += beginning_faults(today, occasion["held_on"])
    elif occasion["session"]:
        found += session_faults(occasion["session"])
    # A meeting of deputies is no session: nobody but its own task enters whom it has adopted.
    return found + obstacles_at_desk(cycle.unit, at, door=ADOPTING if occasion["session"] else "")


def session_faults(session: Session | None) -> list[str]:
    """Why nothing can be done in a session: not called, not opened by its preliminary meeting, over."""
    if session is None or session.state == SessionState.PLANNED:
        return [_("评估会议尚未召集，由主席团召集。")]
    if session.state == SessionState.CONVENED:
        return [_("%(session)s尚未开幕，由预备会议开幕。") % {"session": session}]
    if session.state == SessionState.CLOSED:
        return [_("%(session)s已经闭会，由主席团另行召集。") % {"session": session}]
    return []


def _attending(act: Act, cycle: Cycle, vote: Vote) -> None:
    """N is that of the day until the roll has been called."""
    before, now = vote.deputies_in_office, selectors.members_of_hall(vote, act.on)
    if now == before:
        return
    vote.deputies_in_office = now
    vote.save(update_fields=["deputies_in_office"])
    write_down(
        act,
        "vote.follow_roll",
        vote.reference,
        about=vote.about,
        step=vote.step,
        before={"deputies_in_office": before},
        after={"deputies_in_office": now},
        label=vote.label,
    )


def _replaced(act: Act, old: Vote, new: Vote) -> None:
    """What was to be measured by a vote is measured by the one in its place."""
    old.measurements.update(vote=new)


DESK = Desk(
    vote_of=selectors.ballot_under_way,
    votes_of=selectors.ballots_under_way,
    purposes=(Purpose.MEASUREMENT,),
    name=gettext_lazy("满意度测评"),
    ready=obstacles_to_opening,
    attending=_attending,
    replaced=_replaced,
    facts=lambda cycle: {"occasion": selectors.occasion_of(cycle)},
)


# What the marks come to


def _graded(vote: Vote, counted: count.Outcome) -> dict[str, Any]:
    """The outcome of a measurement: the count's figures, and what each project's come to instead of an election."""
    told = {key: value for key, value in outcome_as_json(counted).items() if key not in BY_ELECTION}
    if counted.problems or not counted.count.valid:
        return told | {"lines": {}}
    titles = {option.reference: option.title for option in fig.options_of(vote)}
    lines = {
        titles[measurement.project.reference]: {
            "word": finding.following.consequence.label,
            "good": finding.passed,
            "consequence": str(finding.following.consequence),
            "reason": finding.sentence,
        }
        for measurement, finding in _findings(vote, counted.count)
    }
    return told | {"outcome": "graded", "lines": lines}


def _ungraded(vote: Vote, counted: count.Outcome) -> list[str]:
    if counted.count.valid:
        return []
    return [_("没有有效票，不能得出结果，由主席团决定重新测评。")]


judges(Purpose.MEASUREMENT, Judge(_graded, _ungraded))


def _findings(vote: Vote, counted: count.Count) -> Iterator[tuple[Measurement, Finding]]:
    """What every project on the paper comes to, by the cycle's frozen rules."""
    titles = {option.reference: option.title for option in fig.options_of(vote)}
    hall = Hall(vote.deputies_in_office, vote.deputies_present or 0, counted.valid)
    for one in selectors.measurements_of(vote):
        yield (
            one,
            judge(
                counted.sums[titles[one.project.reference]],
                selectors.terms_of(one.cycle),
                hall=hall,
                earlier_failures=selectors.earlier_failures(one.project, before_round=one.round),
            ),
        )


def settle(act: Act, cycle: Cycle, **_confirmed: bool) -> None:
    """The result is announced: the rounds closed or failed, the papers made."""
    vote = DESK.declare(act, cycle)
    occasion = selectors.occasion_of(cycle)["title"]
    for measurement, finding in list(_findings(vote, fig.decided(vote).count)):
        _record(act, measurement, finding)
    _publish_result(act, cycle, vote, occasion)


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
        wording.title_of_year(cycle, f"第{numeral(selectors.which_measurement(vote))}次满意度测评结果"),
        body=wording.result_text(cycle, occasion, lines, _hall_text(vote)),
        data={"of": "deputies", "vote": vote.reference, "digest": fig.digest_of(vote)},
        subject=vote.reference,
        publish=True,
    )


def _hall_text(vote: Vote) -> str:
    head = f"应到代表 {vote.deputies_in_office} 人，实到 {vote.deputies_present} 人。"
    return worded(head + fig.handed_told(vote), vote.unit)


def _name(act: Act, measurement: Measurement) -> None:
    """通报 to the public and the county, and a report to the Party committee (steps.md, step 6, consequence)."""
    cycle, project = measurement.cycle, measurement.project
    department = project.department.name if project.department else _("责任单位")
    which = f"“{project.title}”第{numeral(measurement.round)}次满意度测评情况"
    facts = {"measurement": measurement.reference, "verdict": str(Consequence.RECTIFY_AND_NAME)}
    make_paper(
        act,
        cycle,
        "circular",
        f"关于{which}的通报",
        body=wording.circular_text(measurement, department),
        data=facts | {"to": ["public", "county"], "interpellation": True},
        subject=measurement.reference,
        publish=True,
    )
    make_paper(
        act,
        cycle,
        "circular",
        f"关于{which}的报告（报同级党委）",
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
        f"关于“{measurement.project.title}”第{numeral(measurement.round)}次测评后整改情况的报告",
        body=remedy,
        number=number,
        data={"measurement": measurement.reference},
        subject=measurement.project.reference,
    )


def undo_rectifying(act: Act, cycle: Cycle, *, done: Entry, reason: str, item: dict[str, int]) -> None:
    """The counter-act of the report on a project put right: it is still being put right, the paper leaves the file."""
    measurement = Measurement.objects.select_related("project").get(pk=item["measurement"], cycle=cycle)
    fire(measurement, "unrectify", act, reason=reason, remedy="")
    take_out(cycle, "rectification", done, subject=measurement.project.reference)


def items_to_rectify(cycle: Cycle) -> list[dict[str, int]]:
    """One task per failed project, at its department."""
    return [{"measurement": m.pk, "project": m.project_id} for m in selectors.failing(cycle)]
