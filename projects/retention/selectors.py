"""What of a unit's personal data falls due when, and what holds it back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from axes.models import AccessLog
from django.db.models import Count, Max, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localdate

from projects.collection.models import Contact, Proposal
from projects.cycles import keeping
from projects.cycles.models import OVER, Cycle, Paper
from projects.cycles.over import ENDINGS
from projects.cycles.rulebook import said
from projects.cycles.selectors import rules_in_force
from projects.deliberation.models import Visit
from projects.evaluation.models import Rating
from projects.retention import rules as own
from projects.retention.models import (
    DataKind,
    Erasure,
    ErasureRequest,
    ErasureState,
    Hold,
    HoldState,
    RequestState,
)
from projects.selection.models import Objection, ObjectionState
from projects.supervision.models import (
    GOING_ON,
    Audit,
    AuditState,
    Inquiry,
    InquiryState,
    Interpellation,
    InterpellationState,
    Project,
)
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.people.models import Unit
from workflow.people.saying import said as _
from workflow.roles.models import RoleGrant

# The rulebook's setting of each kind's term.
SETTINGS = {
    DataKind.CONTACTS: "contact_months",
    DataKind.RATINGS: "rating_words_months",
    DataKind.VISITS: "visit_months",
    DataKind.SIGN_INS: "sign_in_log_months",
}
CONFIRM = "retention.confirm"  # the step of the second person
DUE = "retention.due"  # the act of telling the desks what may be erased
DUE_CHANGED = "retention.due_changed"  # that it is no longer what they were told last: no letter goes by it
TOLD_AGAIN_DAYS = 7
LOG_TOLD_AGAIN_DAYS = 92  # of the log some lines fall due each day: a quarter's at once
LOG = f"{DataKind.SIGN_INS.value}:"  # the log's code as a lot
OF_YEARS = (DataKind.CONTACTS, DataKind.RATINGS, DataKind.VISITS)
POOL_MONTHS = 12  # a round of the year has come and gone, and none has taken it up


# ------------------------------------------------------------------------------- what there is


def contacts_left() -> QuerySet[Contact]:
    """The contacts there are; a row nobody put anything in is none."""
    return Contact.objects.exclude(name="", phone="", organisation="")


def ratings_with_words() -> QuerySet[Rating]:
    """The ratings somebody wrote something in."""
    return Rating.objects.exclude(words="")


def visits_with_words() -> QuerySet[Visit]:
    """The visits whose place and words are still there."""
    return Visit.objects.exclude(place="", words="")


def sign_ins_before(unit: Unit, day: date) -> QuerySet[AccessLog]:
    """The log lines, before a day, of whoever holds or held an office in the unit."""
    held = RoleGrant.objects.filter(tenant=unit).values("user__username")
    return AccessLog.objects.filter(username__in=held, attempt_time__date__lt=day)


def pooled_contacts_before(unit: Unit, day: date) -> QuerySet[Contact]:
    """The contacts of what was received before a day and stayed in the pool: no year's end lets their term run."""
    left = contacts_left().filter(proposal__unit=unit, proposal__cycle=None)
    return left.filter(proposal__received_at__date__lt=day)


# ------------------------------------------------------------------------------- since when it may go


@dataclass(frozen=True)
class Due:
    """Since when something may be erased, and by which setting and article, in words. on: None while nothing runs."""

    on: date | None
    term: str


def log_day(unit: Unit, on: date) -> date:
    """The day before which lines of the sign-in log have been kept long enough."""
    return own.kept_since(on, rules_in_force(unit).sign_in_log_months)


def pool_day(unit: Unit, on: date) -> date:
    """The day before which what stayed in the pool was received for its contact to have been kept long enough.

    Its term begins once a whole round of the year could have taken it up since its receipt.
    """
    return own.kept_since(on, POOL_MONTHS + rules_in_force(unit).contact_months)


def closings_of(cycles: Iterable[Cycle]) -> dict[int, date]:
    """The day each year was over, archived or ended; those that run are not in it."""
    named = {cycle.reference: cycle.pk for cycle in cycles if cycle.state in OVER}
    over = Entry.objects.filter(subject__in=list(named), action__in=ENDINGS)
    last = over.order_by().values_list("subject").annotate(Max("at"))
    return {named[subject]: localdate(at) for subject, at in last}


# ------------------------------------------------------------------------------- what holds it back


def holds_on(unit: Unit, of: str, cycle: Cycle | None) -> list[Hold]:
    """The holds in force over a kind of a year's data."""
    return [hold for hold in _holds(unit) if hold.covers(of, cycle)]


def _holds(unit: Unit) -> list[Hold]:
    return list(Hold.objects.filter(unit=unit, state=HoldState.SET).select_related("cycle"))


def disputes_of(cycles: Iterable[Cycle]) -> dict[int, list[str]]:
    """What of each year is not settled: objections, inquiries and interpellations unanswered, audits, projects going on."""
    years = [cycle.pk for cycle in cycles]
    undecided = (InterpellationState.GATHERING, InterpellationState.TABLED, InterpellationState.ADMITTED)
    unsettled: list[tuple[str, QuerySet[Any], str]] = [
        (
            _("有 %(n)s 件公示异议尚未答复。"),
            Objection.objects.filter(state=ObjectionState.RAISED),
            "notice__cycle",
        ),
        (_("有 %(n)s 件质询案尚未答复。"), Interpellation.objects.filter(state__in=undecided), "cycle"),
        (_("有 %(n)s 件书面询问尚未办结。"), Inquiry.objects.exclude(state=InquiryState.ACCEPTED), "cycle"),
        (
            _("有 %(n)s 件审计报告尚未登记办理。"),
            Audit.objects.filter(state=AuditState.RECEIVED),
            "project__cycle",
        ),
        (
            _("有 %(n)s 个项目跨年续建，尚未验收。"),
            Project.objects.filter(carried_on__isnull=False, state__in=GOING_ON),
            "cycle",
        ),
    ]
    found: dict[int, list[str]] = {}
    for words, records, path in unsettled:
        for year, n in _counted(records.filter(**{f"{path}__in": years}), path).items():
            found.setdefault(year, []).append(words % {"n": n})
    return found


def _counted(records: QuerySet[Any], path: str) -> dict[int, int]:
    """How many records each year has. path: from a record to its year."""
    return dict(records.order_by().values_list(path).annotate(Count("pk")))


# ------------------------------------------------------------------------------- lots


@dataclass(frozen=True)
class Standing:
    """What decides over a township's data: since when its years are over, what holds them back. on: the day it is asked."""

    unit: Unit
    on: date
    closings: dict[int, date]
    holds: list[Hold]
    disputes: dict[int, list[str]]

    def due(self, of: DataKind, cycle: Cycle | None) -> Due:
        """The term of a kind of a year's data by the rules frozen for it; of what belongs to no year by those in force."""
        rules = cycle.rules if cycle and cycle.rules_data else rules_in_force(self.unit)
        note, months = said(SETTINGS[of]), getattr(rules, SETTINGS[of])
        told = {"title": note.title, "months": months, "basis": _(note.basis)}
        term = _("%(title)s %(months)s 个月（%(basis)s）") % told
        if cycle is None:  # what of the log and the pool is not old enough is never among them
            pooled = _("%(term)s，自收到满 %(months)s 个月仍在项目库之日起算")
            told = {"term": term, "months": POOL_MONTHS}
            return Due(self.on, pooled % told if of == DataKind.CONTACTS else term)
        closed = self.closings.get(cycle.pk)
        return Due(own.due_after(closed, months) if closed else None, term)

    def obstacles(self, of: DataKind, cycle: Cycle | None) -> list[str]:
        """Why a kind of a year's data must still be kept; empty means it may be erased."""
        due = self.due(of, cycle)
        if due.on is None:
            return [_("年度尚未归档，保存期限尚未起算。")]
        if self.on < due.on:
            return [_("保存至%(day)s，尚未到期。") % {"day": date_format(due.on)}]
        return self._holding_back(of, cycle)

    def _holding_back(self, of: DataKind, cycle: Cycle | None) -> list[str]:
        told = [
            _("%(day)s起暂缓清除：%(reason)s") % {"day": date_format(hold.set_on), "reason": hold.reason}
            for hold in self.holds
            if hold.covers(of, cycle)
        ]
        return told + (self.disputes.get(cycle.pk, []) if cycle else [])


def standing_of(unit: Unit, cycles: Sequence[Cycle], on: date) -> Standing:
    """As many queries for many years as for one."""
    return Standing(unit, on, closings_of(cycles), _holds(unit), disputes_of(cycles))


def obstacles_to_erasing(erasure: Erasure, on: date) -> list[str]:
    """Why what was asked for must still be kept; empty means it may be erased."""
    standing = standing_of(erasure.unit, [erasure.cycle] if erasure.cycle else [], on)
    return standing.obstacles(DataKind(erasure.of), erasure.cycle)


@dataclass(frozen=True)
class Lot:
    """One kind of one year's data. rows: how many are kept; reasons: why they are not erased now, none where they may be.

    asked: the erasure that waits for its second person.
    """

    of: DataKind
    cycle: Cycle | None
    rows: int
    due: Due
    reasons: list[str]
    is_due: bool
    asked: Erasure | None

    @property
    def code(self) -> str:
        """What a form names it by."""
        return f"{self.of.value}:{self.cycle.pk if self.cycle else ''}"

    @property
    def title(self) -> str:
        if self.cycle:
            return _("%(year)s 年度%(period)s%(what)s") % {
                "year": self.cycle.year,
                "period": self.cycle.period,
                "what": self.of.label,
            }
        return self.of.beside


def lots_of(unit: Unit, on: date) -> list[Lot]:
    """What a township keeps of personal data in the years that are over, its pool and its sign-in log, the oldest year first."""
    over = Cycle.objects.filter(unit=unit, state__in=OVER).select_related("unit")
    cycles = list(over.order_by("year", "pk"))
    kept = {of: _counted(rows, path) for of, rows, path in _kept_in(cycles)}
    pooled = pooled_contacts_before(unit, pool_day(unit, on)).count()
    logged = sign_ins_before(unit, log_day(unit, on)).count()
    found = [(of, cycle, kept[of].get(cycle.pk, 0)) for cycle in cycles for of in OF_YEARS]
    standing, waiting = standing_of(unit, cycles, on), _waiting(unit)
    return [
        _lot(standing, of, cycle, rows, waiting.get((of.value, cycle.pk if cycle else None)))
        for of, cycle, rows in [*found, (DataKind.CONTACTS, None, pooled), (DataKind.SIGN_INS, None, logged)]
        if rows
    ]


def _kept_in(cycles: list[Cycle]) -> list[tuple[DataKind, QuerySet[Any], str]]:
    return [
        (DataKind.CONTACTS, contacts_left().filter(proposal__cycle__in=cycles), "proposal__cycle"),
        (DataKind.RATINGS, ratings_with_words().filter(project__cycle__in=cycles), "project__cycle"),
        (DataKind.VISITS, visits_with_words().filter(cycle__in=cycles), "cycle"),
    ]


def _waiting(unit: Unit) -> dict[tuple[str, int | None], Erasure]:
    asked = Erasure.objects.filter(unit=unit, state=ErasureState.ASKED, proposal=None)
    return {(one.of, one.cycle_id): one for one in asked}


def _lot(standing: Standing, of: DataKind, cycle: Cycle | None, rows: int, asked: Erasure | None) -> Lot:
    due = standing.due(of, cycle)
    is_due = due.on is not None and due.on <= standing.on
    return Lot(of, cycle, rows, due, standing.obstacles(of, cycle), is_due, asked)


def rows_of(erasure: Erasure, on: date) -> int:
    """How many rows an erasure that waits would take."""
    return sum(lot.rows for lot in lots_of(erasure.unit, on) if lot.asked == erasure)


# ------------------------------------------------------------------------------- who is told


def due_lots(unit: Unit, on: date) -> list[Lot]:
    """What may be erased now and nobody has asked for: erasing it is the township's own duty (个人信息保护法 47).

    The log is not among it within a quarter of its last erasure, though lines of it fall due each day.
    """
    found = [lot for lot in lots_of(unit, on) if not lot.reasons and lot.asked is None]
    since = on - timedelta(days=LOG_TOLD_AGAIN_DAYS)
    logs = Erasure.objects.filter(unit=unit, of=DataKind.SIGN_INS, done_on__gt=since)
    return [lot for lot in found if lot.of != DataKind.SIGN_INS or not logs.exists()]


def told_lately(unit: Unit, at: datetime) -> set[str]:
    """The codes of the lots the desks were told of within the days after which they are told again."""
    week, quarter = (at - timedelta(days=days) for days in (TOLD_AGAIN_DAYS, LOG_TOLD_AGAIN_DAYS))
    told = Entry.objects.filter(unit=unit, action=DUE, at__gt=quarter).order_by("-id")
    return {
        code
        for then, body in told.values_list("at", "body")
        for code in json.loads(body)["after"]["lots"]
        if then > week or code == LOG
    }


def codes_due(unit: Unit) -> set[str]:
    """The codes of the lots last told as due that still wait for somebody to ask for their erasure.

    By what the day's sweep wrote down: counting the rows themselves is too much for every page. What was erased, asked
    for or held back since is left out at once, what else has come to stand in the way by the next day.
    """
    told = Entry.objects.filter(unit=unit, action__in=(DUE, DUE_CHANGED))
    last = told.order_by("-id").first()
    if last is None:
        return set()
    codes = set(json.loads(last.body)["after"]["lots"])
    asked = Erasure.objects.filter(unit=unit, proposal=None, asked_on__gte=localdate(last.at))
    for of, cycle in asked.exclude(state=ErasureState.DECLINED).values_list("of", "cycle"):
        codes.discard(f"{of}:{cycle or ''}")
    held = _holds(unit) if codes else []
    return {code for code in codes if not any(_covers(hold, code) for hold in held)}


def _covers(hold: Hold, code: str) -> bool:
    """Whether a hold covers a lot by its code (`Lot.code`)."""
    of, _colon, cycle = code.partition(":")
    return hold.of in ("", of) and (hold.cycle_id is None or str(hold.cycle_id) == cycle)


# ------------------------------------------------------------------------------- the page


def erasures_of(unit: Unit) -> QuerySet[Erasure]:
    """What was asked for and done in a unit, the latest first."""
    return Erasure.objects.filter(unit=unit).select_related(
        "cycle", "asked_by", "confirmed_by", "paper", "unit"
    )


def open_requests_of(unit: Unit) -> QuerySet[ErasureRequest]:
    """Proposers' requests that wait for their answer, the oldest first."""
    asked = ErasureRequest.objects.filter(unit=unit, state=RequestState.ASKED)
    return asked.select_related("proposal").order_by("pk")


def request_page(request: ErasureRequest) -> dict[str, Any]:
    """For whoever answers: the proposal it is about, and what holds its contact back. The contact itself is not shown."""
    proposal = request.proposal
    return {
        "asked": request,
        "proposal": proposal,
        "holds": holds_on(request.unit, DataKind.CONTACTS, proposal.cycle),
    }


def erasure_page(erasure: Erasure) -> dict[str, Any]:
    """For whoever confirms: what is to be erased, how many rows that are, and what has come to stand in the way."""
    today = localdate()
    return {
        "erasure": erasure,
        "rows": rows_of(erasure, today),
        "reasons": obstacles_to_erasing(erasure, today),
    }


def confirming(erasures: Iterable[Erasure]) -> dict[str, int]:
    """The open tasks of confirming erasures that wait, by the erasure's reference."""
    waiting = [one.reference for one in erasures]
    tasks = Deadline.objects.filter(key=CONFIRM, subject__in=waiting, done_at=None, cancelled=False)
    return dict(tasks.values_list("subject", "pk"))


def last_request_of(proposal: Proposal) -> ErasureRequest | None:
    """The last request for a proposal's contact to be erased."""
    return proposal.erasure_requests.select_related("erasure").order_by("-pk").first()


@dataclass(frozen=True)
class FileTerm:
    """How many papers of a year's file are kept how long. until: the last day, None for 永久."""

    cycle: Cycle
    title: str
    papers: int
    term: str
    until: date | None


def file_terms_of(unit: Unit) -> list[FileTerm]:
    """The papers of every year that is over by the terms of archives; they are appraised by the archive, never erased here."""
    found = []
    for cycle in Cycle.objects.filter(unit=unit, state__in=OVER).order_by("year", "pk"):
        kinds = Paper.objects.filter(cycle=cycle).values_list("kind", flat=True)
        counted = Counter(keeping.class_of(kind) for kind in kinds)
        for name, term in keeping.terms_of(cycle.rules).items():
            note = said(f"{name}_archived")
            if counted[name]:
                until = keeping.archived_until(cycle.year, term)
                found.append(FileTerm(cycle, str(note.title), counted[name], str(note.choices[term]), until))
    return found
