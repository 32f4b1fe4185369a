"""What the county has said, and what it may draw a sample from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Min, Model, Q, QuerySet
from django.utils.timezone import localdate

from projects.collection.models import Proposal
from projects.cycles.models import OVER, Cycle
from projects.cycles.rulebook import Rules, load
from projects.cycles.selectors import rules_in_force
from projects.lifecycle.booklet.reading import roads_of
from projects.oversight.models import (
    Boundary,
    Guidance,
    GuidanceKind,
    ModelRulebook,
    Note,
    Sample,
    SampleOf,
    Weighting,
)
from projects.supervision.models import Project
from projects.supervision.rules import MONTHS
from projects.supervision.selectors import projects_of
from workflow.audit.models import Entry
from workflow.calendar.offsets import Offset, resolve
from workflow.flows.models import Deadline
from workflow.people.models import HALLS, Unit, UnitKind
from workflow.roles import registry

Said = TypeVar("Said", bound=Model)
NOTE_REPLY = "oversight.note_reply"  # the township's task of answering a note


def notes(unit: Unit | None = None) -> QuerySet[Note]:
    """工作提示函, the latest first. unit: those to one township; without it all the viewer's context shows."""
    return _to(unit, Note.objects.select_related("unit", "cycle__unit", "by").order_by("-sent_on", "-pk"))


@dataclass(frozen=True)
class Reply:
    """That a 工作提示函 was answered: the day, and by whom in which office of which township."""

    on: date
    by: str
    office: str


def replies_to(notes: Iterable[Note]) -> dict[int, Reply]:
    """The replies there are to some notes, by the note's id; one query."""
    subjects = {note.reference: note.pk for note in notes}
    done = Deadline.objects.filter(subject__in=subjects, key=NOTE_REPLY, done_at__isnull=False)
    return {
        subjects[held.subject]: Reply(
            localdate(held.done_at),
            held.done_by.name if held.done_by else "",
            registry.seat_called(held.done_office or held.office, held.seat),
        )
        for held in done.select_related("seat", "done_by").order_by("pk")
    }


def guidance(unit: Unit | None = None) -> QuerySet[Guidance, Any]:
    """Guiding opinions and circulars, the latest first; unit as above.

    One row for one text, to however many townships: of, title, words, at, held_on, their names in `townships`, and the
    number of its first row in `number`.
    """
    said = _to(unit, Guidance.objects.all()).values("of", "title", "words", "at", "held_on")
    names = StringAgg("unit__name", delimiter="、", order_by="unit__code")
    return said.annotate(townships=names, number=Min("pk")).order_by("-at", "title", "words")


def trainings(unit: Unit, first: date, last: date) -> QuerySet[Guidance]:
    """The trainings a township has been told of that are held on these days, by day."""
    told = Guidance.objects.filter(unit=unit, of=GuidanceKind.TRAINING, held_on__range=(first, last))
    return told.select_related("county").order_by("held_on", "pk")


def samples(unit: Unit | None = None) -> QuerySet[Sample]:
    """Samplings, the latest first; unit as above."""
    return _to(unit, Sample.objects.select_related("unit", "cycle__unit", "by").order_by("-at", "-pk"))


def _to(unit: Unit | None, said: QuerySet[Said]) -> QuerySet[Said]:
    return said.filter(unit=unit) if unit else said


def townships_below(unit: Unit) -> QuerySet[Unit]:
    """The townships and subdistricts below a county, by code."""
    return halls_below(unit).filter(ends_on=None).order_by("code")


def townships_on(unit: Unit, day: date) -> QuerySet[Unit]:
    """The townships and subdistricts there were below a county at the end of a day, by code."""
    return halls_below(unit).filter(Q(ends_on=None) | Q(ends_on__gt=day)).order_by("code")


def township_below(unit: Unit, code: str) -> Unit | None:
    """The one with this code, an abolished one too: its file stays readable."""
    return halls_below(unit).filter(code=code).first()


def halls_below(unit: Unit) -> QuerySet[Unit]:
    """The townships and subdistricts below a unit, abolished ones too."""
    return Unit.objects.filter(path__startswith=unit.path, kind__in=HALLS)


def margins(cycles: Iterable[Cycle]) -> dict[tuple[int, int], int]:
    """Year and step → days the step ended before its planned end, below zero after it; of steps that have ended.

    As the road map of the booklet tells it (`roads_of`); a year that has not opened has no such step. One query.
    """
    opened = (cycle for cycle in cycles if cycle.rules_data)
    return {
        (pk, stretch.step): (stretch.planned.until - stretch.ended).days
        for pk, stretches in roads_of(opened).items()
        for stretch in stretches
        if stretch.ended and not stretch.stopped
    }


def open_task_of(cycle: Cycle, number: int) -> Deadline | None:
    """A task of a year that still waits, by its number; None for any other."""
    waiting = Deadline.objects.filter(pk=number, about=cycle.reference, done_at=None, cancelled=False)
    return waiting.select_related("task", "seat", "unit").first()


def latest_year_of(township: Unit) -> Cycle | None:
    """The year a township is in, for what concerns none of them alone."""
    return Cycle.objects.filter(unit=township).order_by("-year", "-pk").first()


def sampled_from(cycle: Cycle, of: str) -> dict[str, str]:
    """Everything of one kind in a year, or the township's stations: reference → what people call it."""
    if of == SampleOf.STATION:
        stations = Unit.objects.filter(tenant_id=cycle.unit_id, kind=UnitKind.STATION, ends_on=None)
        return {f"unit:{unit.code}": unit.name for unit in stations}
    found = projects_of(cycle) if of == SampleOf.PROJECT else Proposal.objects.filter(cycle=cycle)
    return {record.reference: record.label for record in found}


def years_to_draw_from(county: Unit, of: str) -> dict[str, Cycle]:
    """The latest year of every township below that has something of a kind to draw: reference of the township → year.

    Townships by their codes, as stations are, so that a draw can be repeated from a list of them.
    """
    years = {cycle.pk: cycle for cycle in latest_years(county)}
    if of == SampleOf.STATION:
        stations = Unit.objects.filter(kind=UnitKind.STATION, ends_on=None)
        with_some = set(stations.values_list("tenant_id", flat=True))
        found = [cycle for cycle in years.values() if cycle.unit_id in with_some]
    else:
        model: type[Model] = Project if of == SampleOf.PROJECT else Proposal
        records = model._default_manager.filter(cycle__in=years)
        found = [
            years[pk] for pk in records.values_list("cycle_id", flat=True).distinct().order_by("cycle_id")
        ]
    return {f"unit:{cycle.unit.code}": cycle for cycle in found}


@dataclass(frozen=True)
class Circular:
    """A township the county owes a 通报, by its rulebook's period. last: the day of the one before, None before any."""

    cycle: Cycle
    last: date | None
    due: date


def circulars_due(cycles: list[Cycle], today: date) -> list[Circular]:
    """Years under way whose 通报 is due on a day, in the order given; one query whatever their number."""
    running = [c for c in cycles if c.rules_data and c.state not in OVER]
    units = {cycle.unit_id for cycle in running}
    sent = Entry.objects.filter(action="oversight.circular", unit__in=units).values_list("unit_id", "at")
    last = {unit: localdate(at) for unit, at in sent.order_by("pk")}
    found = [_circular(cycle, last.get(cycle.unit_id)) for cycle in running]
    return [circular for circular in found if circular.due <= today]


def latest_years(county: Unit) -> list[Cycle]:
    """The year each township below is in."""
    years = Cycle.objects.filter(unit__in=townships_below(county)).select_related("unit")
    return list(years.order_by("unit_id", "-year", "-pk").distinct("unit_id"))


def _circular(cycle: Cycle, last: date | None) -> Circular:
    months = MONTHS[cycle.rules.county_notice_period]
    due = resolve(Offset("after", months, "month"), {"after": last or cycle.opens_on}).on
    return Circular(cycle, last, due)


def weights_of(county: Unit) -> dict[str, int]:
    """The weights a county orders its townships by: measure → weight; empty before it has chosen any."""
    held = Weighting.objects.filter(unit=county).order_by("-pk").first()
    return {code: int(weight) for code, weight in held.weights.items()} if held else {}


def boundary_of(county: Unit) -> Boundary | None:
    """The outlines a county drew its map from last; None where it has loaded none."""
    return Boundary.objects.filter(unit=county).order_by("-pk").first()


def called(county: Unit) -> dict[str, str]:
    """What each unit below a county may be called in a boundary file → its code: code or name; a name two share is none."""
    kinds = (*HALLS, UnitKind.COUNTY, UnitKind.CITY)
    below = Unit.objects.filter(path__startswith=county.path, kind__in=kinds, ends_on=None).exclude(
        pk=county.pk
    )
    units = list(below.values_list("code", "name"))
    names = Counter(name for _code, name in units)
    return {name: code for code, name in units if names[name] == 1} | {code: code for code, _name in units}


def models_for(township: Unit) -> QuerySet[ModelRulebook]:
    """The model rulebooks held out to a township that it has not adopted, the latest first."""
    return ModelRulebook.objects.filter(unit=township, version=None).order_by("-pk")


def drafts_of(county: Unit) -> QuerySet[ModelRulebook]:
    """The model a county composes, change by change, the latest first."""
    return ModelRulebook.objects.filter(unit=county, county=county).order_by("-pk")


def model_composed(county: Unit) -> Rules | None:
    """The model as composed so far; None before the county has begun one."""
    draft = drafts_of(county).first()
    return load(draft.data) if draft else None


def rules_to_offer(county: Unit, like: Unit | None) -> Rules:
    """What a county holds out: the model it composed, the rules in force in a township, or the usual ones."""
    if like is None:
        return Rules()
    return rules_in_force(like) if like != county else model_composed(county) or Rules()


def rules_adopted(township: Unit, model: ModelRulebook) -> Rules:
    """What the township's rules would be: the model's, with its own kind of body, which no model decides."""
    return load({**model.data, "body": rules_in_force(township).body})
