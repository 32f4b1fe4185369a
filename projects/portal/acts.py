"""Where a record stands among the staff's pages, and what an office may do from there of its own accord."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy

from projects.ballots.events import PRINT
from projects.cycles.events import REVISE_RULES
from projects.cycles.models import Cycle
from projects.lifecycle.events import START_YEAR
from projects.oversight import events as oversight
from projects.portal.staff_selectors import acted_on_in
from projects.retention.events import ASK, HOLD
from workflow.flows.events import Event, listed_on
from workflow.machines.models import Record
from workflow.machines.references import kind_in, number_in
from workflow.people.wording import worded
from workflow.roles.models import RoleGrant


def _of_pk(name: str) -> Callable[[Any], str]:
    return lambda record: reverse(name, args=[record.pk])


def _years(_unit: Any) -> str:
    return reverse("years")


def _year_it_is_of(record: Any) -> str:
    """The page of the year a record is about, where it is listed among what may be done."""
    return reverse("year", args=[number_in(record.about, Cycle)])


MOTIONS = ("matter", "interpellation")  # they gather signatures on their year's page
# Several of them may stand on one page, so that their acts say which.
NAMED = (*MOTIONS, "change", "hold", "erasure")
# By the word of the record's reference. Whatever an event is done on has its page here (tests/architecture).
PAGES: dict[str, Callable[[Any], str]] = {
    "unit": _years,
    "cycle": _of_pk("year"),
    "session": _of_pk("session"),
    "proposal": _of_pk("staff_proposal"),
    "item": _of_pk("item"),
    "notice": _of_pk("notice"),
    "vote": _of_pk("vote"),
    "project": _of_pk("project"),
    "change": lambda change: reverse("project", args=[change.project_id]),
    "bulletin": _of_pk("bulletin"),
    **dict.fromkeys(("hold", "erasure"), lambda _record: reverse("retention")),
    **dict.fromkeys((*MOTIONS, "question", "withdrawal"), _year_it_is_of),
    # Nothing is done on these from a page: they are led to once an act has made them.
    **dict.fromkeys(("audit", "finding"), lambda made: reverse("project", args=[made.project_id])),
    "objection": lambda objection: reverse("notice", args=[objection.notice_id]),
    "note": lambda _note: reverse("county_notes"),
}
# Pages that are no record's own, by what they are called.
LISTS: dict[str, Any] = {
    "unit": gettext_lazy("年度流程"),
    "note": gettext_lazy("提示函与指导"),
    **dict.fromkeys(("hold", "erasure"), gettext_lazy("保管和清除")),
}
# Acts on a unit that belong to another page than its years: the page's name and title, by the act's key.
LISTED_ON: dict[str, tuple[str, Any]] = {
    REVISE_RULES.key: ("rulebook", gettext_lazy("规则")),
    **dict.fromkeys((ASK.key, HOLD.key), ("retention", gettext_lazy("保管和清除"))),
    **dict.fromkeys(
        (oversight.CIRCULATE.key, oversight.TRAIN.key, oversight.DRAW.key),
        ("county_notes", gettext_lazy("提示函与指导")),
    ),
    oversight.DRAFT_BULLETIN.key: ("bulletins", gettext_lazy("通报和年度报告段落")),
    **dict.fromkeys(
        (oversight.COMPOSE_MODEL.key, oversight.REVISE_MODEL.key, oversight.OFFER_MODEL.key),
        ("county_model", gettext_lazy("示范规则")),
    ),
    oversight.LOAD_BOUNDARIES.key: ("county_map", gettext_lazy("地图")),
    **dict.fromkeys(
        (oversight.WEIGH.key, oversight.RENAME.key, oversight.MAKE_SUBDISTRICT.key, oversight.MERGE.key),
        ("county", gettext_lazy("民生实事总览")),
    ),
}
# Acts whose form is more than the one page of every act.
OWN_FORMS: dict[str, Callable[[Any], str]] = {
    START_YEAR.key: lambda unit: reverse("start_year"),
    REVISE_RULES.key: lambda unit: reverse("rulebook"),
    PRINT.key: _of_pk("print_ballots"),
}


@dataclass(frozen=True)
class Offer:
    """An act the viewer may do now, and the record it would be done on.

    hindered: what somebody else has to do first, of an act that is listed and cannot be done yet. named: what the link
    to its form names (`Event.linked`).
    """

    event: Event
    record: Any
    hindered: str = ""
    named: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return worded(self.event.title, self.record.unit)

    @property
    def note(self) -> str:
        """Which record it is done on, where that has no page of its own: a motion to sign, a change."""
        return self.record.label if kind_in(self.record.reference) in NAMED else ""

    @property
    def url(self) -> str:
        """Where its form is."""
        own = OWN_FORMS.get(self.event.key)
        url = own(self.record) if own else reverse("event", args=[self.event.key, self.record.pk])
        return f"{url}?{urlencode(self.named)}" if self.named else url


def offers_on(
    records: Iterable[Any], grant: RoleGrant, at: datetime, *, also_on: Record | None = None
) -> list[Offer]:
    """What an office may do now on any of these records, and what waits for somebody else; in the order of the records
    and the year. also_on: as `listed_on` takes it."""
    return [
        Offer(event, record, next(iter(reasons), ""))
        for record in records
        for event, reasons in listed_on(record, grant, at, also_on=also_on)
    ]


def offers_in(cycle: Cycle, grant: RoleGrant, at: datetime, *, also_on: Record | None = None) -> list[Offer]:
    """The same of everything in a year that may be acted on."""
    return offers_on(acted_on_in(cycle), grant, at, also_on=also_on)
