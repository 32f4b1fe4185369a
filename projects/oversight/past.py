"""The records of some years as they stood at the end of a day, and the figures they add up to.

One rule: a record stood as the trail left it. Its state is what the first later arrow found; a project's money, light,
progress and days are what the last earlier entry named; what has a day of its own (received, visited, inspected, raised,
rated, begun, done) was there from that day on. The rows so put back are counted by the very function that counts the
present ones (migration 0005), and the list behind a figure is of the rows that function counted for it.

What the records do not keep is left out: the open tasks of a year whose terms have been moved since, or of which a task
was taken back (`moved`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Model, Q
from django.utils.dateparse import parse_date
from django.utils.timezone import make_aware

from projects.cycles.models import Cycle
from projects.oversight.figures import Figures
from projects.supervision.models import Project
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.flows.settling import ACTION as SETTLE
from workflow.machines.references import references_to

MOVED = ("proposal", "item", "project", "finding", "measurement")  # kinds whose state moves by arrows
# Entries that bring a record into a year: before them it was not of it.
CAME = {"cycle.create", "project.found", "proposal.take_up"}
NAMED = (
    "percent",
    "invested_fen",
    "funded_fen",
    "light",
    "light_set_aside",
    "light_reason",
    "budget_fen",
    "completed_on",
    "accepted_on",
    "finish_by",
    "carried_on",
    "carried_until",
)  # of a project, as `fire` writes them down
ABSENT = "absent"  # of what is put back: the record was not there
# What a project says of itself before anything of it was reported.
UNREPORTED = {
    "percent": 0,
    "invested_fen": 0,
    "funded_fen": 0,
    "light": "",
    "light_set_aside": "",
    "light_reason": "",
    "completed_on": None,
    "accepted_on": None,
    "carried_on": None,
    "carried_until": None,
}
# Entries after which terms may stand on other days than before, or tasks be open or gone that were not.
MOVING = ("cycle.move_session", "evaluation.convene", "project.carry_over")
CANCEL = "flow.cancel"
ALTERING = (
    "project.alter",
    "project.alter_planning",
)  # by these terms move only where the project's own deadline does
TAKEN_BACK = ".take_back"
TASK = "deadline"  # how what is put back names a task's row

OF_CYCLE = "r.cycle_id = ANY (%(cycles)s)"
OF_PROJECT = "r.project_id IN (SELECT p.id FROM projects_project p WHERE p.cycle_id = ANY (%(cycles)s))"
AS_PUT_BACK = "coalesce(jsonb_populate_record(r, put.back), r)"
# A task done or called off since, or whose provisional day was settled since, waited, and for the day it then had.
WAITING = """jsonb_populate_record(r, coalesce(put.back, '{}') || CASE
    WHEN r.done_at >= %(end)s OR r.task_id = ANY (%(called_off)s) THEN '{"done_at": null, "cancelled": false}'::jsonb
    ELSE '{}' END)"""
# Of each table: which rows were there, as what they are counted, and the measures that can be told of a day that is over.
TABLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "projects_proposal": (f"{OF_CYCLE} AND r.received_at < %(end)s", AS_PUT_BACK, ("proposal", "accepted")),
    "projects_item": (OF_CYCLE, AS_PUT_BACK, ("candidate", "elected")),
    "projects_project": (OF_CYCLE, AS_PUT_BACK, ("project", "red", "budget", "invested", "funded")),
    "projects_finding": (f"{OF_PROJECT} AND r.raised_on <= %(day)s", AS_PUT_BACK, ("finding",)),
    "projects_measurement": (OF_CYCLE, AS_PUT_BACK, ("failing", "mark")),
    "projects_inspection": (f'{OF_PROJECT} AND r."on" <= %(day)s', "r", ("inspection",)),
    "projects_payment": (f"{OF_PROJECT} AND r.paid_on <= %(day)s", "r", ("paid",)),
    "projects_rating": (f'{OF_PROJECT} AND r."on" <= %(day)s', "r", ("rating",)),
    "projects_visit": (f'{OF_CYCLE} AND r."on" <= %(day)s', "r", ("visit", "voters")),
    "workflow_deadline": (
        "r.about = ANY (%(told)s) AND r.opened_on <= %(day)s AND (NOT r.cancelled OR r.task_id = ANY (%(called_off)s))",
        WAITING, ("open",),
    ),
}  # fmt: skip
TABLE_OF = {measure: table for table, (_there, _as, measures) in TABLES.items() for measure in measures}


def _counted(table: str) -> str:
    there, as_what, _measures = TABLES[table]
    key = "task_id" if table == "workflow_deadline" else "id"
    kind = table.partition("_")[2]
    return f"""
SELECT r.{key} AS id, c.cycle_id, c.measure, c.facet, c.day, c.amount
FROM {table} r
LEFT JOIN jsonb_each(%(patches)s::jsonb) put (reference, back) ON put.reference = '{kind}:' || r.{key}
CROSS JOIN LATERAL piaojue_counted({as_what}) c
WHERE {there} AND NOT coalesce((put.back ->> 'absent')::boolean, false) AND c.measure = ANY (%(measures)s)"""  # noqa: S608


SUMS = """
SELECT cycle_id, measure, facet, sum(amount)::bigint, coalesce(sum(amount) FILTER (WHERE day < %(day)s), 0)::bigint,
       min(day)
FROM ({counted}) counted GROUP BY 1, 2, 3"""
IDS = """
SELECT DISTINCT id FROM ({counted}) counted
WHERE (%(facets)s::text[] IS NULL OR facet = ANY (%(facets)s)) AND (NOT %(late)s OR day < %(day)s)"""


def end_of(day: date) -> datetime:
    """The moment a day is over."""
    return make_aware(datetime.combine(day + timedelta(days=1), time.min))


@dataclass(frozen=True)
class Past:
    """Some years at the end of a day. cycles: their ids."""

    cycles: tuple[int, ...]
    day: date

    @property
    def references(self) -> list[str]:
        return references_to(Cycle, self.cycles)

    @cached_property
    def _later(self) -> list[dict[str, Any]]:
        """What the trail says of these years after the day and that bears on what is told, in its order."""
        bearing = Q(action__in=(*MOVING, *CAME, CANCEL, SETTLE)) | Q(action__endswith=TAKEN_BACK)
        for kind in MOVED:
            bearing |= Q(action__startswith=f"{kind}.")
        rows = Entry.objects.filter(bearing, about__in=self.references, at__gte=end_of(self.day))
        return [json.loads(body) for body in rows.order_by("pk").values_list("body", flat=True)]

    @cached_property
    def patches(self) -> dict[str, dict[str, Any]]:
        """Reference → what of the record has to be put back; `absent` where it was not there. The rest stands as it is."""
        found: dict[str, dict[str, Any]] = defaultdict(dict)
        named: dict[str, set[str]] = defaultdict(set)
        for said in self._later:
            if said["action"] == SETTLE:
                continue
            patch, kind = found[said["subject"]], said["subject"].partition(":")[0]
            if said["action"] in CAME:
                patch.setdefault(ABSENT, True)
            if said["action"].partition(".")[0] == kind and "state" in said["before"]:
                patch.setdefault("state", said["before"]["state"])
            if kind == Project.kind:
                named[said["subject"]].update(said["after"].keys() & set(NAMED))
        for reference, values in self._earlier({one: names for one, names in named.items() if names}).items():
            found[reference].update(values)
        return {reference: patch for reference, patch in found.items() if patch} | self._unsettled()

    def _unsettled(self) -> dict[str, dict[str, Any]]:
        """Tasks whose day was provisional then and has been settled since, as the first later entry found them."""
        found: dict[str, dict[str, Any]] = {}
        for said in self._later:
            if said["action"] == SETTLE:
                day = parse_date(said["before"]["due_on"])
                was = {"due_on": day.isoformat() if day else None, "provisional": True, "binds_on": None}
                found.setdefault(f"{TASK}:{said['after']['task_id']}", was)
        return found

    def _earlier(self, named: dict[str, set[str]]) -> dict[str, dict[str, Any]]:
        """Of projects what has been named since: as the last earlier entry named it, else as they were founded."""
        founded = Project.objects.filter(pk__in=[one.partition(":")[2] for one in named])
        budgets = dict(founded.values_list("pk", "item__investment_fen"))
        values = {one: {**UNREPORTED, "budget_fen": budgets.get(int(one.partition(":")[2]))} for one in named}
        rows = Entry.objects.filter(
            subject__in=list(named), at__lt=end_of(self.day), action__startswith="project."
        )
        for body in rows.order_by("pk").values_list("body", flat=True):
            said = json.loads(body)
            values[said["subject"]] |= {name: said["after"][name] for name in NAMED if name in said["after"]}
        return {
            one: {name: values[one][name] for name in names if name in values[one]}
            for one, names in named.items()
        }

    @cached_property
    def _called_off(self) -> tuple[list[int], set[str]]:
        """The tasks that were called off since, by their numbers; and the years of which that cannot be told.

        An entry says on which record which tasks were left undone; where something on the same record was called off or
        taken back before, these cannot be told from those.
        """
        later = {
            (said["subject"], key): said["about"]
            for said in self._later
            if said["action"] == CANCEL
            for key in said["after"].get("steps", [])
        }
        subjects = {subject for subject, _key in later}
        before = set(
            Entry.objects.filter(
                Q(action=CANCEL) | Q(action__endswith=TAKEN_BACK),
                subject__in=subjects,
                at__lt=end_of(self.day),
            ).values_list("subject", flat=True)
        )
        rows = Deadline.objects.filter(cancelled=True, subject__in=subjects - before)
        ids = [pk for pk, *pair in rows.values_list("pk", "subject", "key") if tuple(pair) in later]
        return ids, {about for (subject, _key), about in later.items() if subject in before}

    @cached_property
    def moved(self) -> frozenset[int]:
        """Those of the years whose terms or open tasks may have stood otherwise on the day than can be seen now."""
        found = {
            said["about"]
            for said in self._later
            if said["action"] in MOVING
            or said["action"].endswith(TAKEN_BACK)
            or (said["action"] in ALTERING and "finish_by" in said["after"])
        } | self._called_off[1]
        return frozenset(pk for pk in self.cycles if f"{Cycle.kind}:{pk}" in found)

    @cached_property
    def begun(self) -> list[int]:
        """Those of the years that were there."""
        return [pk for pk in self.cycles if not self.patches.get(f"{Cycle.kind}:{pk}", {}).get(ABSENT)]

    def figures(self) -> dict[int, Figures]:
        """The figures of each of the years, of what can be told; empty ones too."""
        found: dict[int, Figures] = {pk: Figures() for pk in self.cycles}
        for table, (_there, _as, measures) in TABLES.items():
            for cycle, *figure in self._read(SUMS, table, measures):
                found[cycle].add(*figure)
        return found

    def ids(self, measure: str, facets: Sequence[str] = (), *, late: bool = False) -> list[int]:
        """The rows a figure counts, of these facets where any are named; late: those past their day alone."""
        more = {"facets": list(facets) or None, "late": late}
        return [row[0] for row in self._read(IDS, TABLE_OF[measure], [measure], **more)]

    def _read(
        self, statement: str, table: str, measures: Iterable[str], **more: Any
    ) -> list[tuple[Any, ...]]:
        given: dict[str, Any] = {
            "cycles": list(self.cycles),
            "told": [f"{Cycle.kind}:{pk}" for pk in self.cycles if pk not in self.moved],
            "day": self.day,
            "end": end_of(self.day),
            "patches": json.dumps(self.patches),
            "measures": list(measures),
            "called_off": self._called_off[0],
        }
        with connection.cursor() as cursor:
            cursor.execute(statement.format(counted=_counted(table)), given | more)
            return cursor.fetchall()

    def put_back(self, record: Model) -> Any:
        """The record as it stood; only to be shown, never to be saved."""
        named = f"{TASK}:{record.pk}" if isinstance(record, Deadline) else getattr(record, "reference", "")
        kept = self.patches.get(named, {})
        columns = {column.name: column for column in record._meta.concrete_fields}
        patch = {name: columns[name].to_python(value) for name, value in kept.items() if name != ABSENT}
        done_at = getattr(record, "done_at", None)
        if done_at and done_at >= end_of(self.day):
            patch["done_at"] = None
        record.__dict__.update(patch)
        return record
