"""The forms a rule takes, so that a check is a line: in order, by two people, within so many days, for every record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from projects.evaluation.conformance.year import (
    Act,
    Finding,
    Year,
    broken,
    held,
    movers_on,
    not_applicable,
    not_yet,
)
from workflow.calendar.workdays import add_working_days, next_working_day
from workflow.people.sentences import sentence as _

Find = Callable[[Year], Finding]
Days = Callable[[date], date]


def after(then: tuple[str, ...], *earlier: tuple[str, ...], note: str) -> Find:
    """Before the first act of `then` there was one of each group of `earlier`."""

    def find(year: Year) -> Finding:
        late = year.first(*then)
        done = [year.first(*group) for group in earlier]
        if late is None:
            return not_yet("", *done)
        if any(one is None or one.id > late.id for one in done):
            return broken(note, *done, late)
        return held(*done, late)

    return find


def two_people(*steps: tuple[str, str], note: str, none: str = "", open_until: tuple[str, ...] = ()) -> Find:
    """Of each pair of steps, on each record: whoever did the other is not who did the one before it, or where the other
    was done first, after it.

    none: what to say where nobody had reason to do them until one of `open_until`.
    """

    def find(year: Year) -> Finding:
        pairs = [
            (first, second)
            for one, other in steps
            for subject, acts in year.by_subject(other).items()
            for second in acts
            if (first := counterpart(year, second, (one,), subject))
        ]
        if not pairs:
            return not_applicable(none) if none and year.first(*open_until) else not_yet()
        same = [pair for pair in pairs if pair[0].actor == pair[1].actor]
        if same:
            return broken(note, *(act for pair in same for act in pair))
        return held(*(act for pair in pairs for act in pair))

    return find


def counterpart(year: Year, second: Act, one: tuple[str, ...], subject: str) -> Act | None:
    """The act on the same record that a second person's stands beside."""
    before = year.last_before(second, *one, subject=subject)
    return before or next((act for act in year.all(*one) if act.subject == subject), None)


def working(days: int) -> Days:
    return lambda start: add_working_days(start, days)


def calendar(days: int) -> Days:
    # A deadline that falls on a rest day moves to the next working day (rules.md §3.2).
    return lambda start: next_working_day(start + timedelta(days=days))


def overdue(note: str, last_day: date) -> str:
    """Nothing was done by the last day."""
    return _("%(note)s（期限%(day)s已过，尚未办理）") % {"note": note, "day": last_day}


def too_late(note: str, last_day: date, done: date) -> str:
    """It was done after the last day."""
    return _("%(note)s（应在%(day)s以前，实为%(done)s）") % {"note": note, "day": last_day, "done": done}


def within(
    start: tuple[str, ...],
    end: tuple[str, ...],
    due: Callable[[Year], Days],
    *,
    note: str,
    first: bool = True,
) -> Find:
    """From the start (its first act, else its last) the end came by the due day; overdue without an end is not held."""

    def find(year: Year) -> Finding:
        begun = year.first(*start) if first else year.last(*start)
        if begun is None:
            return not_yet()
        last_day = due(year)(begun.on)
        done = next((act for act in year.all(*end) if act.id > begun.id), None)
        if done is None:
            late = year.today > last_day
            return broken(overdue(note, last_day), begun) if late else not_yet("", begun)
        if done.on > last_day:
            return broken(too_late(note, last_day, done.on), begun, done)
        return held(begun, done)

    return find


def each(
    start: tuple[str, ...], ends: tuple[str, ...], *, note: str, none: str, open_until: tuple[str, ...]
) -> Find:
    """Every record that has one of `start` has one of `ends` after the last of them and before `open_until`.

    open_until: once one of these acts happened, what is missing is missing for good; before, it is not yet. What was
    begun only after it is held when it has its end, and until then not yet.
    """

    def find(year: Year) -> Finding:
        begun = year.by_record(*start)
        closing = year.first(*open_until)
        if not begun:
            return not_applicable(none) if closing else not_yet()
        missing: list[Act] = []
        waiting: list[Act] = []
        found: list[Act] = []
        for record, acts in begun.items():
            in_time = [act for act in acts if closing and act.id < closing.id]
            last, limit = (in_time or acts)[-1], closing if in_time else None
            later = (a for a in year.all(*ends) if a.record == record and a.id > last.id)
            end = next((a for a in later if limit is None or a.id < limit.id), None)
            (found if end else missing if limit else waiting).append(end or last)
        if missing:
            return broken(note, *missing)
        return not_yet("", *waiting) if waiting else held(*found)

    return find


def enough_movers(
    lodged: str,
    signing: tuple[str, ...],
    kind: str,
    least: int,
    *,
    note: str,
    none: str,
    open_until: tuple[str, ...],
) -> Find:
    """Whatever was put before the presidium had been signed by as many as the law asks.

    lodged: the arrow that puts it there; signing: the acts that say how many have signed; kind: of the record.
    """

    def find(year: Year) -> Finding:
        motions = year.all(lodged)
        if not motions:
            return not_applicable(none) if year.first(*open_until) else not_yet()
        signed = year.all(*signing)
        told = [(act, movers_on(signed, act.subject, kind)) for act in motions]
        if few := [act for act, movers in told if 0 < movers < least]:
            return broken(note, *few)
        # The signature that was the last wanted is an entry right behind the arrow's.
        unsaid = [act for act, movers in told if not movers]
        return not_yet("", *unsaid) if unsaid else held(*motions)

    return find


def never(wanted: Callable[[Year, Act], bool], *, note: str) -> Find:
    """No act is such a one; once there are acts at all, that holds so far."""

    def find(year: Year) -> Finding:
        found = [act for act in year.acts if wanted(year, act)]
        return broken(note, *found) if found else held() if year.acts else not_yet()

    return find
