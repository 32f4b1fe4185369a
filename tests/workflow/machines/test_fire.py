"""The one door to every machine, met with a stale copy."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.db import transaction

from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from projects.lifecycle.intake import start_year
from tests.builders import at, township
from workflow.audit.models import Entry
from workflow.machines.services import Conflict, fire
from workflow.people.isolation import SYSTEM, apply

PLAN = {"opens_on": date(2026, 9, 1), "planned_t": date(2027, 1, 20), "planned_t2": date(2028, 1, 18)}


@pytest.fixture
def act(db):
    apply(SYSTEM)
    town = township()
    start_year(town.act("chair", at("2026-08-10")), year=2027, **PLAN)
    return town.act("chair", at("2026-09-01"))


def opened(act) -> Cycle:
    cycle = Cycle.objects.get()
    fire(cycle, "open", act, rules_data=Rules().frozen_json())
    return cycle


def test_a_copy_read_before_a_move_does_not_move_the_record_again(act):
    stale = Cycle.objects.get()
    opened(act)
    entries = Entry.objects.count()
    with pytest.raises(Conflict), transaction.atomic():
        fire(stale, "open", act, rules_data={})
    assert (Entry.objects.count(), stale.state) == (entries, "preparing")
    assert Cycle.objects.get().rules_data


def test_a_stale_copy_moves_on_from_where_the_record_really_is(act):
    stale = Cycle.objects.get()
    opened(act)
    body = json.loads(fire(stale, "begin_selection", act).body)
    assert (body["before"], body["after"]) == ({"state": "collecting"}, {"state": "selecting"})
    assert stale.state == Cycle.objects.get().state == "selecting"


def test_a_copy_that_believes_itself_further_than_the_record_is_refused(act):
    ahead = Cycle.objects.get()
    ahead.__dict__["state"] = "collecting"
    with pytest.raises(Conflict), transaction.atomic():
        fire(ahead, "begin_selection", act)
    assert Cycle.objects.get().state == "preparing"


def test_the_changes_and_the_state_are_written_together_and_nothing_else(act):
    cycle = Cycle.objects.get()
    cycle.period = "改"  # in memory only
    fire(cycle, "open", act, rules_data=Rules().frozen_json())
    kept = Cycle.objects.get()
    assert (kept.state, kept.period, bool(kept.rules_data)) == ("collecting", "", True)
