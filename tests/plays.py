"""Whole steps, played without a break: the demonstration plays their parts, a later year's between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.utils.timezone import now

from projects.ballots.models import Vote
from projects.cycles.models import Cycle
from projects.deliberation.selectors import candidates_of
from projects.demo.cast import Township
from projects.demo.play.deliberation import play_preparation, play_sitting
from projects.demo.play.evaluation import (
    BODY,
    Figures,
    conclusion,
    inquiry,
    play_convening,
    play_session,
)
from projects.demo.play.stage import do_task, meeting, moment, open_tasks
from projects.demo.play.supervision import supervision
from projects.evaluation.selectors import projects_to_look_back_at
from workflow.flows.events import perform
from workflow.flows.services import complete


def ask_to_withdraw(town: Township, cycle: Cycle, n: int) -> None:
    """The mayor asks to withdraw the first so many candidates, now: as many matters wait for one meeting of the presidium."""
    for item in candidates_of(cycle)[:n]:
        data = {"reason": "上级同类项目已立项实施，不宜重复安排。"}
        perform("deliberation.withdraw", item, actor=town.of("mayor"), data=data, at=now())


def play_deliberation(
    town: Township, cycle: Cycle, *, t: date, term: int, number: int, seats: int, mode: str
) -> Vote:
    """The whole of step 3 for a session on `t`; `seats` of the candidates are to be chosen. Returns the ballot."""
    play_preparation(town, cycle, t=t, term=term, number=number, seats=seats)
    return play_sitting(town, cycle, t=t, seats=seats, mode=mode)


def play_supervision(
    town: Township, cycle: Cycle, *, until: date, outcomes: Mapping[int, str] | None = None
) -> None:
    """Live the year's projects up to a day, with nothing else going on. outcomes: as in ``supervision``."""
    for _at in supervision(town, cycle, until=until, outcomes=outcomes):
        pass


def play_inquiry(town: Township, cycle: Cycle, *, t2: date, figures: Figures) -> None:
    """The report on completion, the residents, the groups on site, and the presidium that hears them."""
    for _at in inquiry(town, cycle, t2=t2, figures=figures):
        pass


def play_after_session(town: Township, cycle: Cycle, *, t2: date, figures: Figures) -> None:
    """Everything after the evaluation session, to the closed year."""
    for _at in conclusion(town, cycle, t2=t2, figures=figures):
        pass


def play_evaluation(
    town: Township, cycle: Cycle, *, t2: date, term: int, number: int, figures: Figures
) -> None:
    """Walk step 6 to the closed year. t2: the evaluation session; term, number: 届 and 次 of it.

    The open task must be the mayor's completion report. Every failed round is rectified and measured again 75 days
    later at a deputies' meeting, as often as `figures` has rounds.
    """
    play_inquiry(town, cycle, t2=t2, figures=figures)
    play_convening(town, cycle, t2=t2, term=term, number=number)
    play_session(town, cycle, t2=t2, figures=figures)
    play_after_session(town, cycle, t2=t2, figures=figures)


def play_look_back(town: Township, cycle: Cycle, day: date, *, wanting: Sequence[int] = ()) -> None:
    """The presidium looks back in the third quarter. wanting: project numbers found neglected, put right a month on."""
    _look(town, cycle, day, wanting)
    for task in open_tasks(cycle, "evaluation.look_back_fix"):
        actor = town.department_clerk(task.seat)
        at = moment(day + timedelta(days=20), 10)
        complete(task.task_id, actor=actor, data={"remedy": BODY["rectify"]}, at=at)
    if wanting:
        _look(town, cycle, day + timedelta(days=30), ())


def _look(town: Township, cycle: Cycle, day: date, wanting: Sequence[int]) -> None:
    data = meeting(
        town.people["presidium"], day, minutes="主席团听取汇报，实地察看了各项目的使用和管护情况。"
    )
    for project in projects_to_look_back_at(cycle):
        bad = project.number in wanting
        data[f"state_{project.pk}"] = "problem" if bad else "good"
        data[f"words_{project.pk}"] = (
            "管护责任未落实，设施有损坏。" if bad else "使用正常，管护到位，群众满意。"
        )
    do_task(cycle, "evaluation.look_back", town.of("clerk"), day, **data)
