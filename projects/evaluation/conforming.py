"""A year's entries out of the database for the checks of conformance, and the checks as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from django.db.models import BigIntegerField, JSONField, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from projects.cycles.due import due_date
from projects.cycles.models import Cycle, Session
from projects.cycles.over import ENDINGS
from projects.cycles.selectors import session_date
from projects.cycles.steps import STEPS
from projects.evaluation.conformance import Act, Check, Finding, Status, Terms, Year, act_of, examine
from projects.evaluation.conformance.before_vote import PRELIMINARY
from projects.evaluation.conformance.vote import SESSION_BEGUN
from workflow.audit.models import Entry
from workflow.audit.rows import ACTIONS
from workflow.people.isolation import SYSTEM, within
from workflow.people.services import unit_on
from workflow.roles.models import RoleGrant

STATUS_WORDS = {
    Status.HELD: _("符合"),
    Status.NOT_HELD: _("不符合"),
    Status.NOT_YET: _("尚未完成"),
    Status.NOT_APPLICABLE: _("不适用"),
}
COLUMNS = ("序号", "环节", "检查事项", "依据", "结论", "说明", "办理记录编号")
THROUGHOUT = _("全年")
NEVER = 2**63 - 1  # no entry has this number


def terms_of(cycle: Cycle) -> Terms:
    """The days of the rulebook the year was frozen to."""
    rules = cycle.rules
    days = rules.deadlines
    # A plan is confirmed after it was handed in, and goes back and forth; the longest the rulebook allows.
    plan = (
        max(days["supervision.plan"], rules.plan_days_spring_festival) + 2 * days["supervision.confirm_plan"]
    )
    return Terms(
        receive_wd=days["collection.receive"],
        notice_wd=days["selection.notice_period"],
        convene_days=days["deliberation.convene"],
        materials_days=days["deliberation.materials"],
        announce_wd=days["voting.announce"],
        file_days=days["voting.file_county"],
        tell_wd=days["voting.tell_proposers"],
        hand_over_wd=days["supervision.hand_over"],
        plan_days=plan,
        groups_days=days["supervision.groups"],
        least_group=rules.group_min,
        # As it was when it voted: a township may have become a subdistrict since.
        subdistrict=unit_on(cycle.unit, session_date(cycle, "vote")).is_subdistrict,
        part_of_year=bool(cycle.period),
        archive_by=_last_day(cycle, "evaluation.archive"),
        look_back_by=_last_day(cycle, "evaluation.look_back"),
    )


def _last_day(cycle: Cycle, key: str) -> date | None:
    """The day a task is due that hangs on the calendar alone, as the task itself has it."""
    due = due_date(cycle, key, cycle.opens_on)
    return due.on if due else None


def entries_of(cycle: Cycle) -> QuerySet[Entry]:
    """Everything the trail has about a year, with its sessions, which serve several years at once."""
    return Entry.objects.filter(unit=cycle.unit).filter(
        Q(about=cycle.reference)
        | Q(subject=cycle.reference)
        | Q(subject__in=sessions_of(cycle))
        | _opened_by_another(cycle)
        | _beside(cycle)
    )


def sessions_of(cycle: Cycle) -> list[str]:
    """The sessions the year votes or measures at, and those called besides at which a 质询案 of it was put."""
    numbers = {*cycle.uses.values_list("session_id", flat=True)}
    numbers |= {*cycle.interpellations.values_list("session_id", flat=True)}
    return [f"session:{number}" for number in sorted(numbers)]


def _opened_by_another(cycle: Cycle) -> Q:
    """The preliminary meetings of these sessions, which one of the years they serve has held."""
    met = Entry.objects.filter(unit=cycle.unit, action__in=PRELIMINARY)
    inside = Cast("body", JSONField())
    here = met.alias(session=KeyTextTransform("session", KeyTransform("after", inside)))
    # Their numbers, not a subquery: beside one the indexes of the other conditions would be of no use.
    return Q(pk__in=list(here.filter(session__in=sessions_of(cycle)).values_list("pk", flat=True)))


def year_of(cycle: Cycle, on: date) -> Year:
    """A year's entries as the checks read them, on a day."""
    sessions = [session.reference for session in Session.objects.filter(unit=cycle.unit)]
    begun = Entry.objects.filter(unit=cycle.unit, subject__in=sessions, action=SESSION_BEGUN)
    return Year(_acts(entries_of(cycle)), on, terms_of(cycle), _acts(begun))


def _acts(entries: QuerySet[Entry]) -> tuple[Act, ...]:
    rows = entries.order_by("id").values_list("id", "body").iterator()
    return tuple(act_of(number, json.loads(body)) for number, body in rows)


def _beside(cycle: Cycle) -> Q:
    """Rows of no year (offices, rules) that were changed past the acts from the year's founding to its end."""
    own = Entry.objects.filter(subject=cycle.reference).order_by("id").values("id")
    founded = Subquery(own.filter(action="cycle.create")[:1])
    over = Subquery(own.filter(action__in=ENDINGS)[:1])
    return Q(
        action__in=ACTIONS, about="", id__gt=founded, id__lt=Coalesce(over, Value(NEVER, BigIntegerField()))
    )


def conformance_in(cycle: Cycle, on: date, grant: RoleGrant) -> list[tuple[Check, Finding]]:
    """The checks of the parts of the work an office reads, as the whole trail answers them.

    Where it does not read all of it, the entries outside its scope count and are not told: neither their numbers nor the
    reasons written down with them.
    """
    if grant.reads_all:
        return conformance_of(cycle, on)
    readable = set(entries_of(cycle).values_list("id", flat=True))
    with within(SYSTEM):
        year = year_of(cycle, on)
    acts = tuple(act if act.id in readable else replace(act, reason="") for act in year.acts)
    return [
        (check, replace(finding, evidence=tuple(n for n in finding.evidence if n in readable)))
        for check, finding in examine(replace(year, acts=acts))
        if grant.covers(*check.parts)
    ]


def conformance_of(cycle: Cycle, on: date) -> list[tuple[Check, Finding]]:
    """What every check finds of a year on a day."""
    return examine(year_of(cycle, on))


def step_of(check: Check) -> str:
    """What a check's step is called."""
    return str(STEPS[check.step]) if check.step else str(THROUGHOUT)


def rows_of(cycle: Cycle, on: date) -> Iterator[tuple[object, ...]]:
    """The checks as the rows of a sheet, under COLUMNS."""
    for number, (check, finding) in enumerate(conformance_of(cycle, on), 1):
        evidence = "、".join(map(str, finding.evidence))
        words = str(STATUS_WORDS[finding.status])
        yield number, step_of(check), check.title, check.article, words, finding.note, evidence
