"""Step 4 played by the cast: from the attendance to the announcement, and what follows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from projects.ballots.figures import field_name, marks_of, to_key
from projects.ballots.models import Purpose, Vote
from projects.cycles.documents.issuing import own_government
from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.demo.play.stage import assembly, close_session, do_task, meeting, moment, open_tasks
from projects.voting.selectors import deputies_in_office, opinions_of, vote_at_desk
from workflow.audit.services import Act

# What the congress adopts by ballot is announced by a task of its own.
DECLARING = {Purpose.METHOD: "voting.declare_method", Purpose.RESOLUTION: "voting.declare_resolution"}


@dataclass(frozen=True)
class Sheet:
    """One ballot's figures. sums: title → votes for; against: title → votes against, 0 where left out.

    issued, returned: as many as are present, as many as were issued, where left out. What is neither for nor against
    on a valid ballot abstains. points: title → points, for a paper marked by rank.
    """

    sums: dict[str, int]
    against: dict[str, int] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    issued: int | None = None
    returned: int | None = None
    invalid: int = 0


def play_voting(
    town: Township,
    cycle: Cycle,
    *,
    t: date,
    present: int,
    sums: dict[str, int],
    on_leave: int = 0,
    against: dict[str, int] | None = None,
    points: dict[str, int] | None = None,
    invalid: int = 0,
    again: tuple[Sheet, ...] = (),
    resolved_by: int | None = None,
    announced: date | None = None,
) -> None:
    """The whole of step 4 on the day `t`, figures given by project title.

    again: the sheets of run-offs and second rounds, in order. resolved_by: votes for the resolution, all present where
    left out. announced: the day of the announcement, two days after `t` where left out. LookupError where the figures
    lead to another task than the play expects.
    """
    for sheet in (Sheet(sums, against or {}, points or {}, invalid=invalid), *again):
        play_ballot(town, cycle, t=t, present=present, on_leave=on_leave, sheet=sheet)
    data = assembly(deputies_in_office(cycle), present, t, votes_for=resolved_by)
    do_task(
        cycle,
        "voting.resolution",
        town.of("clerk"),
        t,
        hour=16,
        **_drafted(cycle, "voting.resolution"),
        **data,
    )
    close_session(town, t)
    play_announcement(town, cycle, announced or t + timedelta(days=2))


def play_ballot(
    town: Township, cycle: Cycle, *, t: date, present: int, sheet: Sheet, on_leave: int = 0, hour: int = 14
) -> None:
    """One ballot: attendance, opening, closing, two keyings, two signatures, the declaration."""
    issued = present if sheet.issued is None else sheet.issued
    chief, teller = town.of("chief_teller"), town.of("teller")
    play_attendance(town, cycle, t=t, hour=hour, present=present, on_leave=on_leave)
    play_opening(town, cycle, t=t, hour=hour, issued=issued)
    play_closing(town, cycle, t=t, hour=hour, returned=issued if sheet.returned is None else sheet.returned)
    data = keyed(vote_at_desk(cycle), sheet)
    do_task(cycle, "voting.key_first", town.of("counter", 1), t, hour=hour, **data)
    do_task(cycle, "voting.key_second", town.of("counter", 2), t, hour=hour, **data)
    do_task(cycle, "voting.certify_chief", chief, t, hour=hour, confirmed=True)
    do_task(cycle, "voting.certify_teller", teller, t, hour=hour, confirmed=True)
    declaring = DECLARING.get(Purpose(vote_at_desk(cycle).purpose), "voting.declare")
    do_task(cycle, declaring, town.of("chair"), t, hour=hour, confirmed=True)


def play_attendance(
    town: Township, cycle: Cycle, *, t: date, present: int, on_leave: int = 0, hour: int = 14
) -> None:
    """Who is here: where the session has a roll, the last on it are those who are on leave or absent."""
    data: dict[str, Any] = {"present": present, "on_leave": on_leave}
    vote = vote_at_desk(cycle)
    lines = (
        [str(pk) for pk in vote.session.roll.in_office().values_list("pk", flat=True)] if vote.session else []
    )
    if away := lines[present:]:
        data |= {"leave": away[:on_leave], "absent": away[on_leave:]}
    do_task(cycle, "voting.attendance", town.of("clerk"), t, hour=hour, **data)


def play_opening(town: Township, cycle: Cycle, *, t: date, hour: int = 14, **figures: Any) -> None:
    """Two people open the vote: the chair says what is issued, the chief teller confirms it."""
    do_task(cycle, "voting.open", town.of("chair"), t, hour=hour, **figures)
    do_task(cycle, "voting.open_confirm", town.of("chief_teller"), t, hour=hour, confirmed=True)


def play_closing(town: Township, cycle: Cycle, *, t: date, returned: int, hour: int = 14) -> None:
    """Two people close it: the chief teller says how many came back, a teller confirms it; of a recount, how many there are."""
    step = "voting.count_again" if vote_at_desk(cycle).is_recount else "voting.close"
    do_task(cycle, step, town.of("chief_teller"), t, hour=hour, returned=returned)
    do_task(cycle, f"{step}_confirm", town.of("teller"), t, hour=hour, confirmed=True)


def keyed(vote: Vote, sheet: Sheet) -> dict[str, Any]:
    """A tally form's data for a vote whose ballots have been returned."""
    valid = to_key(vote, "returned") - sheet.invalid
    data: dict[str, Any] = {"valid": valid, "invalid": sheet.invalid, "spoiled_unreadable": sheet.invalid}
    for option in vote.options.all():
        votes, against = sheet.sums[option.title], sheet.against.get(option.title, 0)
        marks = {
            "for": votes,
            "against": against,
            "abstain": valid - votes - against,
            "points": sheet.points.get(option.title, 0),
            "not_pressed": 0,
        }
        data |= {field_name(mark, option): marks[mark] for mark in marks_of(vote)}
    return data


def play_announcement(town: Township, cycle: Cycle, day: date) -> None:
    """公告, by the presidium's meeting."""
    record = meeting(town.people["presidium"], day, minutes="主席团会议审定票决结果公告，一致同意发布。")
    record.pop("return_reason")
    do_task(
        cycle,
        "voting.announce",
        town.of("clerk"),
        day,
        **_drafted(cycle, "voting.announce"),
        **record,
    )


def play_after_vote(town: Township, cycle: Cycle, *, t: date, replied: bool = True) -> None:
    """What follows the announcement: opinions handed over and answered, proposers told, the county's file."""
    day = t + timedelta(days=6)
    if handed := bool(open_tasks(cycle, "voting.hand_opinions")):
        _hand_opinions(town, cycle, day)
    do_task(
        cycle, "voting.tell_proposers", town.of("gov_clerk"), day, **_drafted(cycle, "voting.tell_proposers")
    )
    filing = _drafted(cycle, "voting.file_county") | {
        "number": f"{town.unit.name[:-1]}人大〔{day.year}〕3 号"
    }
    do_task(cycle, "voting.file_county", town.of("clerk"), t + timedelta(days=9), **filing)
    if handed and replied:
        _reply_to_opinions(town, cycle, day + timedelta(days=45))


def _hand_opinions(town: Township, cycle: Cycle, day: date) -> None:
    minutes = f"主席团会议汇总各代表团审议意见，决定交{own_government(cycle.unit)}研究处理。"
    record = meeting(town.people["presidium"], day, minutes=minutes)
    record.pop("return_reason")
    body = "现将代表审议意见交你们研究处理，请于三个月内书面报告研究处理情况。"
    do_task(cycle, "voting.hand_opinions", town.of("clerk"), day, body=body, **record)


def _reply_to_opinions(town: Township, cycle: Cycle, day: date) -> None:
    answers: dict[str, Any] = {
        f"reply_{opinion.pk}": "已纳入项目实施计划，明确责任单位和完成时间，逐月调度。"
        for opinion in opinions_of(cycle)
    }
    report = f"{own_government(cycle.unit)}逐条研究了代表审议意见，均已明确责任单位和措施，现报告如下。"
    do_task(cycle, "voting.opinions_reply", town.of("mayor"), day, body=report, **answers)


def _drafted(cycle: Cycle, key: str) -> dict[str, Any]:
    """The wordings a task's form proposes, taken as they are."""
    (task,) = open_tasks(cycle, key)
    node = task.task.flow_task
    form = node.form(
        subject=cycle,
        act=Act(None, node.office, cycle.unit, moment(task.opened_on)),
        node=node,
        seat=task.seat,
    )
    return {
        name: drafted
        for name, field in form.fields.items()
        if isinstance(drafted := form.get_initial_for_field(field, name), str) and drafted
    }
