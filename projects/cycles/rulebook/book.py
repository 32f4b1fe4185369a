"""One rulebook: the settings of all steps, the rules between them, and how it is written down and read back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from pydantic import ValidationError, model_validator

from projects.cycles.deadlines import DEADLINES
from projects.cycles.rulebook.collection import Collection
from projects.cycles.rulebook.deliberation import Deliberation
from projects.cycles.rulebook.evaluation import Evaluation
from projects.cycles.rulebook.faults import departures, faults_of
from projects.cycles.rulebook.general import General
from projects.cycles.rulebook.notes import GROUPS, Change, Row, RulebookError, Said, note_of, refusal
from projects.cycles.rulebook.oversight import Oversight
from projects.cycles.rulebook.retention import Retention
from projects.cycles.rulebook.rows import rows_of
from projects.cycles.rulebook.selection import Selection
from projects.cycles.rulebook.sentences import sentences_of
from projects.cycles.rulebook.supervision import Supervision
from projects.cycles.rulebook.voting import Voting
from projects.cycles.tables import WORDS
from workflow.calendar.offsets import Offset
from workflow.calendar.workdays import spring_festival

QUORUM_BY_LAW = Fraction(2, 3)


# The last step first: pydantic takes the fields of the last base first, and they are wanted in the order of the year.
class Rules(
    Retention, Oversight, Evaluation, Supervision, Voting, Deliberation, Selection, Collection, General
):
    """One township's rulebook for one cycle. Frozen; numbers in the unit each field names, money in fen.

    Building it with values out of range raises pydantic's ValidationError; use `load` or `with_values` to
    get `RulebookError` with Chinese sentences instead.
    """

    @model_validator(mode="after")
    def _hold_together(self) -> Rules:
        if faults := faults_of(self):
            raise refusal(faults)
        return self

    # ------------------------------------------------------------------------------- what is read

    @property
    def quorum(self) -> Fraction:
        """The share of deputies in office that must be present: 2/3 by law, set for a subdistrict's assembly."""
        return QUORUM_BY_LAW if self.body == "congress" else Fraction(self.assembly_quorum)

    @property
    def words(self) -> dict[str, str]:
        """The words of this kind of body, with the township's own in their place."""
        return WORDS[self.body] | self.terms

    def offset(self, task: str) -> Offset:
        """The task's deadline with the length set here. KeyError for a task that has none."""
        return DEADLINES[task].with_length(self.deadlines[task])

    def plan_offset(self, t: date) -> Offset:
        """The implementation plan's deadline after the session `t`: longer where the Spring Festival falls inside."""
        usual = self.offset("supervision.plan")
        festivals = [spring_festival(year) for year in (t.year, t.year + 1)]
        inside = any(day is not None and 0 < (day - t).days <= usual.days for day in festivals)
        return usual.with_length(max(usual.days, self.plan_days_spring_festival)) if inside else usual

    def least_candidates(self, seats: int) -> int:
        """Candidates needed for `seats` without a surplus warning: the ratio counts on seats, rounded up."""
        return seats + -(-seats * self.surplus_percent // 100)

    def warnings(self) -> list[str]:
        """What is allowed here but departs from a rule or from most practice; empty when nothing does."""
        return [str(text) for holds, text in departures(self) if holds]

    # ---------------------------------------------------------------------------- writing it down

    def frozen_json(self) -> dict[str, Any]:
        """The complete rulebook as JSON values; `load` gives an equal one back."""
        return self.model_dump(mode="json")

    def with_values(self, values: Mapping[str, Any]) -> Rules:
        """A rulebook with settings replaced, by the keys of `describe` (`deadlines.voting.announce`).

        Raises RulebookError with Chinese sentences; unknown keys are refused.
        """
        data = self.frozen_json()
        for key, value in values.items():
            _put(data, key, value)
        return load(data)

    def describe(self) -> list[Row]:
        """Every setting as a row for the page and the command, in the order of the steps."""
        rows = [row for name in type(self).model_fields for row in rows_of(self, name)]
        order = list(GROUPS)
        return sorted(rows, key=lambda row: order.index(row.group))


def load(data: Mapping[str, Any]) -> Rules:
    """A rulebook from JSON values: missing keys take the default. Raises RulebookError for anything wrong."""
    try:
        return Rules.model_validate(dict(data))
    except ValidationError as error:
        raise RulebookError(explain(error)) from error


def diff(a: Rules, b: Rules) -> list[Change]:
    """Settings that differ from `a` to `b`, in the order of the page."""
    if a == b:
        return []
    before = {row.key: row for row in a.describe()}
    after = b.describe()
    return [
        Change(row.key, row.title, before[row.key].text, row.text)
        for row in after
        if row.value != before[row.key].value
    ]


def explain(error: ValidationError) -> list[str]:
    """Pydantic's errors as Chinese sentences, each naming the setting and the rule it breaks."""
    return sentences_of(Rules, error)


def said(name: str) -> Said:
    """What people are told about the field."""
    return note_of(Rules, name)


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    name, dot, entry = key.partition(".")
    if dot and isinstance(data.get(name), dict):
        data[name][entry] = value
    else:
        data[key] = value
