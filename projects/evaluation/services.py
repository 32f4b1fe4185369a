"""Step 6's acts around the ballot: the report, residents, reviews, the account, the archive, the look back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from django.db import transaction
from django.utils.timezone import localdate

from projects.collection.models import Proposal, ProposalState
from projects.cycles.models import Cycle, CycleState
from projects.cycles.papers import make_paper, take_out
from projects.cycles.selectors import session_of
from projects.evaluation import measuring, selectors, wording
from projects.evaluation.models import Grade, Rating, Review
from projects.selection.models import Item, ItemState
from projects.supervision.models import Project, ProjectState
from projects.supervision.selectors import decided_by_presidium, unratified_or_in_force
from workflow.audit.commitments import commit, new_salt
from workflow.audit.models import Entry
from workflow.audit.services import Act, done_with, write_down
from workflow.flows.errors import AlreadyDone, Refused
from workflow.flows.models import Deadline, Meeting
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.models import Unit
from workflow.people.saying import said as _


def obstacles_to_reporting(cycle: Cycle, at: Any) -> list[str]:
    """Why completion cannot be reported: the year is not under supervision, or has nothing to report on."""
    found = []
    if cycle.state != CycleState.SUPERVISING:
        found.append(_("年度工作当前为“%(state)s”，不在监督阶段。") % {"state": cycle.get_state_display()})
    if not selectors.judged_projects(cycle):
        found.append(_("本年度没有实施的项目，由主席团确认名单。"))
    return found


def report_completion(act: Act, cycle: Cycle, *, number: str, body: str, **why: str) -> Outcome:
    """完成情况报告: what is accepted and what is not, and why; the year is to be judged from now on."""
    if reasons := obstacles_to_reporting(cycle, act.at):
        raise Refused(*reasons)
    facts = selectors.completion_of(cycle)
    reasons_by_id = {int(name.removeprefix("why_")): words for name, words in why.items()}
    fire(cycle, "begin_evaluation", act)
    accepted = [p.reference for p in facts["accepted"]]
    unfinished = [p.reference for p in facts["unfinished"]]
    make_paper(
        act,
        cycle,
        "completion_report",
        wording.title_of_year(cycle, "完成情况报告"),
        body=wording.completion_text(body, facts, reasons_by_id),
        number=number,
        data={
            "accepted": accepted,
            "unfinished": unfinished,
            "budget_fen": facts["budget_fen"],
            "funded_fen": facts["funded_fen"],
            "invested_fen": facts["invested_fen"],
        },
    )
    return Outcome(after={"accepted": len(accepted), "unfinished": len(unfinished)})


# Residents


def obstacles_to_rating(project: Project, at: Any) -> list[str]:
    """Why residents cannot rate a project now."""
    if project.state != ProjectState.ACCEPTED:
        return [_("“%(title)s”尚未验收，完工验收后开放评价。") % {"title": project.title}]
    if not selectors.rating_round_is_open(project.cycle):
        return [_("现在不是群众评价的时间。")]
    return []


def rate_project(act: Act, project: Project, *, grade: str, words: str = "") -> Rating:
    """A resident rates a finished project, without name or account (act.actor None).

    grade: a value of Grade. Refused outside the round, for an unfinished project, for an unknown grade, and for a form
    sent before (AlreadyDone). What was written stays out of the trail; a commitment to it is there.
    """
    if grade not in Grade.values:
        raise Refused(_("请选择满意、基本满意或不满意。"))
    with transaction.atomic():
        held = Project.objects.select_for_update().get(pk=project.pk)
        if before := done_with("evaluation.rate", [held.reference], act.actor, act.request_id):
            raise AlreadyDone(before)
        if reasons := obstacles_to_rating(held, act.at):
            raise Refused(*reasons)
        rating, told = _keep_rating(held, grade, words[:300], act.on)
        write_down(
            act,
            "evaluation.rate",
            held.reference,
            about=held.about,
            step=6,
            after=told,
            label=held.label,
        )
    return rating


def register_rating(act: Act, project: Project, *, grade: str, words: str) -> Outcome:
    """A station registers what a resident says in person; the act's own entry is written by the caller."""
    _rating, told = _keep_rating(project, grade, words, act.on)
    return Outcome(after=told)


def _keep_rating(project: Project, grade: str, words: str, on: date) -> tuple[Rating, dict[str, Any]]:
    """The rating, and what the trail has of it: of the words a commitment whose salt stands, and goes, with them."""
    salt = new_salt() if words else b""
    rating = Rating.objects.create(
        unit=project.unit, project=project, grade=grade, words=words, salt=salt.hex(), on=on
    )
    return rating, {"grade": grade} | ({"words": commit(salt, "words", words)} if words else {})


def close_round(act: Act, cycle: Cycle, *, body: str) -> Outcome:
    """The residents' round is over; the sample of every project stands in the trail, sufficient or not."""
    lines = selectors.ratings_of(cycle)
    make_paper(
        act,
        cycle,
        "measurement",
        wording.title_of_year(cycle, "群众评价情况"),
        body=wording.residents_text(body, lines),
        data={"of": "residents"},
    )
    return Outcome(after={"samples": {line.project.reference: line.rating.sample for line in lines}})


# On-site review


def seat_of_department(cycle: Cycle, item: dict[str, int]) -> Unit:
    """The department answerable for a project."""
    return cast(Unit, Project.objects.select_related("department").get(pk=item["project"]).department)


def review_project(act: Act, project: Project, *, words: str, **marks: int) -> None:
    """One group's on-site review: a mark 0–100 per weighted dimension."""
    Review.objects.create(
        unit=project.unit,
        project=project,
        marks={name.removeprefix("mark_"): mark for name, mark in marks.items()},
        words=words,
        by=act.person,
        on=act.on,
    )


def undo_review(act: Act, project: Project, *, done: Entry, reason: str) -> None:
    """The counter-act of a group's review: its marks go; the trail keeps that there were some.

    Refused once the presidium has concluded on them.
    """
    heard = Deadline.objects.filter(key="evaluation.conclude_reviews", about=project.about, cancelled=False)
    if heard.exclude(done_at=None).exists():
        raise Refused(_("主席团已经听取现场评议情况，不能取回。"))
    made = Review.objects.filter(project=project, by=act.person, on=localdate(done.at))
    if review := made.order_by("-pk").first():
        review.delete()


# The session


def conclude_reviews(act: Act, cycle: Cycle, *, meeting: Meeting, conclusion: str) -> Outcome:
    """The presidium hears what the groups found on site and concludes; its record joins the file (组织法 19)."""
    reviews = selectors.review_lines(cycle)
    scores = {project.reference: score for project, score, _words in reviews if score}
    make_paper(
        act,
        cycle,
        "minutes",
        _("主席团会议纪要（现场评议）"),
        body=wording.reviews_text(meeting.minutes, conclusion, reviews),
        data={"scores": scores, "conclusion": conclusion},
    )
    return Outcome(after={"reviewed": len(scores), "projects": len(reviews)})


def report_of_presidium(act: Act, cycle: Cycle, *, number: str, body: str) -> None:
    """主席团工作报告（监督情况）(组织法 12(9), 19) at the session called for it, and the measurement put on paper.

    What the presidium changed by its own decision stands in it, whether or not the chair wrote of it (rules.md §7).
    """
    session = session_of(cycle, "evaluation")
    if session is None:
        raise Refused(_("评估会议尚未召集，由主席团召集。"))
    changes = decided_by_presidium(cycle)
    make_paper(
        act,
        cycle,
        "presidium_report",
        wording.title_of_year(cycle, "主席团工作报告（监督情况）"),
        body=wording.joined(body, wording.changes_text(cycle, changes)),
        number=number,
        data={
            "session": session.reference,
            "changes": [decided.change.reference for decided in changes],
        },
    )
    if selectors.projects_to_measure(cycle):
        measuring.define(act, cycle, session=session, held_on=session.held_on)


# The account and the archive


def obstacles_to_closing(cycle: Cycle, at: Any = None) -> list[str]:
    """Projects neither accepted, stopped nor carried over; measurements not closed (rules.md §8).

    Below the rate nothing closes without another measurement.
    """
    found = [
        _("“%(title)s”当前为“%(state)s”：须验收，或依规定决定终止、替换，或由主席团写明理由决定跨年续建。")
        % {"title": project.title, "state": project.get_state_display()}
        for project in selectors.unsettled(cycle)
    ]
    found += [
        _("“%(title)s”第 %(round)s 次测评为“%(state)s”，未经再次测评达标不得销号，由责任单位和主席团办理。")
        % {"title": m.project.title, "round": m.round, "state": m.get_state_display()}
        for m in selectors.open_measurements(cycle)
    ]
    found += [
        _("“%(title)s”还没有测评，由主席团组织。") % {"title": project.title}
        for project in selectors.never_measured(cycle)
    ]
    return found + unratified_or_in_force(cycle)


def publish_account(act: Act, cycle: Cycle, *, number: str, body: str) -> None:
    """明白账: published; refused while a project is unsettled or a measurement open."""
    if reasons := obstacles_to_closing(cycle):
        raise Refused(*reasons)
    account = selectors.account_of(cycle)
    make_paper(
        act,
        cycle,
        "account",
        wording.title_of_year(cycle, "明白账"),
        body=wording.account_text(body, account),
        number=number,
        data={
            line.project.reference: {"verdict": line.last.verdict, "rounds": len(line.rounds)}
            for line in account.lines
            if line.last
        },
        publish=True,
    )


def hand_to_archive(
    act: Act, cycle: Cycle, *, receiver: str, fonds: str, keeper: str, checker: str, body: str
) -> None:
    """移交归档: the list of what is handed over; with it the year is closed, and a worker puts the dossier together."""
    if reasons := obstacles_to_closing(cycle):
        raise Refused(*reasons)
    make_paper(
        act,
        cycle,
        "transfer_list",
        wording.title_of_year(cycle, "档案移交清单"),
        body=wording.joined(body, wording.handed_over_text(cycle.unit, receiver)),
        data={"receiver": receiver, "fonds": fonds, "keeper": keeper, "checker": checker},
    )


def close_year(act: Act, cycle: Cycle) -> None:
    """Published and handed over: the year is closed, candidates not elected go back to the pool with their history."""
    fire(cycle, "close", act)
    returning = (ItemState.NOT_ELECTED, ItemState.WITHDRAWN)
    for item in Item.objects.filter(cycle=cycle, state__in=returning).order_by("number"):
        fire(item, "reserve", act, reason=_("未入选，转入储备库"))
    pooled = Proposal.objects.filter(
        source__item__cycle=cycle, source__item__state=ItemState.RESERVED, state=ProposalState.ANSWERED
    )
    for proposal in pooled.order_by("pk"):
        fire(proposal, "pool", act, reason=_("所属候选项目未入选，转入项目库"))


# Looking back


def obstacles_to_looking(cycle: Cycle, at: datetime) -> list[str]:
    """Not before the third quarter of the year after: what was built must have been used for a while."""
    first = selectors.look_back_from(cycle)
    if localdate(at) >= first:
        return []
    return [
        _("回头看在办结次年第三季度进行，%(day)s起办理。") % {"day": f"{first.year} 年 {first.month} 月 1 日"}
    ]


def look_back(act: Act, cycle: Cycle, *, meeting: Meeting, **fields: str) -> Outcome:
    """翌年回头看: the record; what is found wanting goes to the departments."""
    looked = selectors.projects_to_look_back_at(cycle)
    found = {str(p.pk): {"state": fields[f"state_{p.pk}"], "words": fields[f"words_{p.pk}"]} for p in looked}
    labels = {"good": _("运行良好"), "problem": _("存在问题")}
    told = [(p, labels[found[str(p.pk)]["state"]], found[str(p.pk)]["words"]) for p in looked]
    make_paper(
        act,
        cycle,
        "look_back",
        wording.title_of_year(cycle, "回头看记录"),
        body=wording.look_back_text(meeting.minutes, told),
        data={"projects": found},
    )
    return Outcome(after={"problems": sum(line["state"] == "problem" for line in found.values())})


def items_to_fix(cycle: Cycle) -> list[dict[str, int]]:
    """One task per project the last look found wanting."""
    return [{"project": pk} for pk in sorted(selectors.look_back_problems(cycle))]


def fix_after_look(act: Act, cycle: Cycle, *, item: dict[str, int], number: str, remedy: str) -> None:
    """The department's report on what the look back found; the presidium looks again."""
    project = Project.objects.get(pk=item["project"], cycle=cycle)
    make_paper(
        act,
        cycle,
        "rectification",
        f"关于“{project.title}”回头看问题整改情况的报告",
        body=remedy,
        number=number,
        data={"look_back": True},
        subject=project.reference,
    )


def undo_fix(act: Act, cycle: Cycle, *, done: Entry, reason: str, item: dict[str, int]) -> None:
    """The counter-act of a report on what the look back found: the paper leaves the file."""
    project = Project.objects.get(pk=item["project"], cycle=cycle)
    take_out(cycle, "rectification", done, subject=project.reference)
