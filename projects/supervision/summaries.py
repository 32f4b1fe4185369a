"""进度汇总: what the departments have reported, put together for the presidium and for the congress (rules.md §12).

How often each of them gets it is the rulebook's (`presidium_report_period`, `congress_report_period`). The system makes
it on the first sweep after a period is over, from the figures of that day; a period that was missed is not made up for.
"""

from __future__ import annotations

import logging
from datetime import date, datetime

from django.db.models import Min
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.cycles.models import Cycle, CycleState, Paper
from projects.cycles.papers import make_paper
from projects.cycles.periods import words_of_period
from projects.supervision import rules
from projects.supervision.models import Project
from projects.supervision.selectors import light_shown, projects_of
from workflow.audit.services import Act, write_down
from workflow.flows.money import wan
from workflow.people.isolation import SYSTEM, within

log = logging.getLogger(__name__)
READERS = {"presidium": gettext_lazy("主席团"), "congress": gettext_lazy("人大代表")}
UNDER_SUPERVISION = (CycleState.SUPERVISING, CycleState.EVALUATING)
KIND, ACTION = "progress_summary", "supervision.summarise"


def make_due_summaries(at: datetime) -> int:
    """Make every summary that has become due; returns how many. Safe to run as often as one likes.

    Each year is a transaction of its own; one that fails is logged by its number and keeps nobody else's waiting.
    """
    with within(SYSTEM):
        ids = list(
            Cycle.objects.filter(state__in=UNDER_SUPERVISION).order_by("pk").values_list("pk", flat=True)
        )
    return sum(_made_or_logged(pk, at) for pk in ids)


def _made_or_logged(cycle_id: int, at: datetime) -> int:
    try:
        with within(SYSTEM):
            held = Cycle.objects.select_for_update(of=("self",)).select_related("unit").get(pk=cycle_id)
            due = _due(held, localdate(at))
            for reader, period in due:
                _make(Act(None, "system", held.unit, at, task="supervision.sweep"), held, reader, period)
            return len(due)
    except Exception:
        log.exception("cycle:%s got no summary of its progress", cycle_id)
        return 0


def _due(cycle: Cycle, today: date) -> list[tuple[str, rules.Period]]:
    """Who is owed the summary of which period: the last one over that had a day of work in it and was not made yet."""
    since = Project.objects.filter(cycle=cycle).aggregate(first=Min("building_since"))["first"]
    if since is None:
        return []
    lengths = {
        "presidium": cycle.rules.presidium_report_period,
        "congress": cycle.rules.congress_report_period,
    }
    over = {reader: rules.period_over(today, rules.MONTHS[length]) for reader, length in lengths.items()}
    made = Paper.objects.filter(cycle=cycle, kind=KIND)
    return [
        (reader, period)
        for reader, period in over.items()
        if period.last >= since and not made.filter(data__reader=reader, data__period=period.label).exists()
    ]


def _make(act: Act, cycle: Cycle, reader: str, period: rules.Period) -> Paper:
    rows = [_row(project) for project in projects_of(cycle)]
    named = {"cycle": cycle, "period": words_of_period(period.label), "reader": READERS[reader]}
    paper = make_paper(
        act,
        cycle,
        KIND,
        _("%(cycle)s实施进度汇总（%(period)s，报%(reader)s）") % named,
        body="\n".join(str(row["said"]) for row in rows),
        data={"reader": reader, "period": period.label, "rows": rows},
        step=5,
    )
    write_down(
        act,
        ACTION,
        cycle.reference,
        about=cycle.reference,
        step=5,
        after={"paper": paper.reference, "reader": reader, "period": period.label},
        label=cycle.label,
    )
    return paper


def _row(project: Project) -> dict[str, object]:
    light = light_shown(project)
    told = _(
        "%(number)s. %(title)s：%(state)s，形象进度 %(percent)s%%，完成投资 %(invested)s，亮灯：%(light)s。"
    ) % {
        "number": project.number,
        "title": project.title,
        "state": project.get_state_display(),
        "percent": project.percent,
        "invested": wan(project.invested_fen),
        "light": light.words,
    }
    figures = {"percent": project.percent, "invested_fen": project.invested_fen, "light": project.light}
    return {"project": project.reference, "said": told + light.note, **figures}
