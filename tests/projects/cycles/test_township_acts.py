"""Acts on a township as a whole: founding a year, revising its rules; the office is looked at under the lock."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from projects.cycles.models import Cycle, Rulebook
from projects.cycles.selectors import rules_in_force
from projects.demo.cast import Township
from tests.builders import at, township
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotYourTurn, Refused
from workflow.flows.events import perform
from workflow.people.isolation import SYSTEM, apply, within
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.services import revoke

START, REVISE = "lifecycle.start_year", "cycles.revise_rules"
PLAN = {"year": 2027, "opens_on": "2026-09-01", "planned_t": "2027-01-20", "planned_t2": "2028-01-18"}
RULE = {"setting": "collection_window_days", "value": "20", "note": "按本镇实际"}
DATA = {START: PLAN, REVISE: RULE}


@pytest.fixture
def town(db: None) -> Township:
    apply(SYSTEM)
    return township()


def do(key: str, town: Township, actor: User, **more: Any) -> Entry:
    return perform(key, town.unit, actor=actor, data=DATA[key] | more, at=at("2026-08-10"))


def test_the_chair_founds_a_year_and_the_act_and_the_record_both_stand_in_the_trail(town: Township) -> None:
    entry = do(START, town, town.of("chair"))
    cycle = Cycle.objects.get(unit=town.unit)
    assert json.loads(entry.body)["after"]["cycle"] == cycle.reference
    assert (entry.subject, entry.actor) == (town.unit.reference, town.of("chair"))
    assert Entry.objects.filter(action="cycle.create", subject=cycle.reference).count() == 1


def test_a_year_founded_twice_is_refused_and_leaves_nothing(town: Township) -> None:
    do(START, town, town.of("chair"))
    with pytest.raises(Refused, match="已经建立"):
        do(START, town, town.of("chair"))
    assert (Cycle.objects.count(), Entry.objects.filter(action=START).count()) == (1, 1)


def test_a_session_before_the_opening_is_refused(town: Township) -> None:
    with pytest.raises(InvalidForm, match="须在启动日之后"):
        do(START, town, town.of("chair"), planned_t="2026-08-20")


def test_the_chair_revises_one_rule_and_the_next_version_is_in_force(town: Township) -> None:
    entry = do(REVISE, town, town.of("chair"))
    assert rules_in_force(town.unit).collection_window_days == 20
    body = json.loads(entry.body)
    assert body["after"]["version"] == 1 and body["after"]["value"] == 20 and body["reason"] == RULE["note"]
    assert Rulebook.objects.get(unit=town.unit).note == RULE["note"]


def test_a_value_out_of_range_is_refused_and_no_version_comes_about(town: Township) -> None:
    with pytest.raises(InvalidForm):
        do(REVISE, town, town.of("chair"), value="-3")
    assert not Rulebook.objects.exists()


@pytest.mark.parametrize("key", [START, REVISE])
@pytest.mark.parametrize("office", ["clerk", "mayor", "deputy", "gov_clerk"])
def test_nobody_but_the_chair_does_it(town: Township, key: str, office: str) -> None:
    with pytest.raises(NotYourTurn, match="人大主席"):
        do(key, town, town.of(office))


@pytest.mark.parametrize("key", [START, REVISE])
def test_the_chair_of_another_township_does_it_only_at_home(town: Township, key: str) -> None:
    other = township("T02")
    with pytest.raises(NotYourTurn):
        do(key, town, other.of("chair"))
    do(key, other, other.of("chair"))


@pytest.mark.parametrize("key", [START, REVISE])
def test_an_office_that_has_ended_does_it_no_longer(town: Township, key: str) -> None:
    end_of_office(town)
    with pytest.raises(NotYourTurn):
        do(key, town, town.of("chair"))


def end_of_office(town: Township) -> None:
    held = RoleGrant.objects.get(office="chair", unit=town.unit)
    revoke(grant=held, act=town.act("clerk", at("2026-08-09")), reason="调离")


# --- the pages


@pytest.fixture
def chair(town: Township) -> Client:
    client = Client()
    client.force_login(town.of("chair"), backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def test_the_page_founds_the_year_and_leads_to_it(town: Township, chair: Client) -> None:
    assert chair.get("/years/start/").status_code == 200
    answer = chair.post("/years/start/", PLAN)
    apply(SYSTEM)
    assert answer.headers["Location"] == f"/years/{Cycle.objects.get().pk}/"
    again = chair.post("/years/start/", PLAN)
    assert again.status_code == 422 and "已经建立" in again.content.decode()


def test_the_page_of_a_rule_asks_for_it_and_puts_it_in_force(town: Township, chair: Client) -> None:
    page = chair.get("/rulebook/collection_window_days/").content.decode()
    assert 'name="setting"' in page and "修订说明" in page
    wrong = chair.post("/rulebook/collection_window_days/", RULE | {"value": "很久"})
    assert wrong.status_code == 422
    assert chair.post("/rulebook/collection_window_days/", RULE).headers["Location"] == "/rulebook/"
    assert chair.post("/rulebook/ballot_mode/", RULE).status_code == 404, "one rule's page is no other's"
    apply(SYSTEM)
    assert rules_in_force(town.unit).collection_window_days == 20


def test_another_townships_act_is_not_even_shown(town: Township, chair: Client) -> None:
    apply(SYSTEM)
    other = township("T02")
    for key in (START, REVISE):
        assert chair.get(f"/do/{key}/{town.unit.pk}/").status_code == 200
        assert chair.get(f"/do/{key}/{other.unit.pk}/").status_code == 404


# --- at the same moment


@pytest.fixture
def committed(fresh_database: str) -> Iterator[Township]:
    with within(SYSTEM):
        town = township()
    yield town


@pytest.mark.parametrize("key", [START, REVISE])
def test_an_office_that_ends_at_the_same_moment_refuses_the_act(committed: Township, key: str) -> None:
    """The revocation is written and not yet committed when the chair acts: the act waits for it, then is refused."""
    town, ended = committed, []
    revoked, acting = threading.Event(), threading.Event()

    def act() -> None:
        try:
            revoked.wait(10)
            acting.set()
            with within(SYSTEM):
                do(key, town, town.of("chair"))
            ended.append("done")
        except Refused as refused:
            ended.append(type(refused).__name__)
        finally:
            connection.close()

    thread = threading.Thread(target=act)
    thread.start()
    with within(SYSTEM):
        end_of_office(town)
        revoked.set()
        acting.wait(10)
        thread.join(0.5)
        assert ended == [], "the act waits for the office"
    thread.join(20)
    assert ended == ["NotYourTurn"]
    with within(SYSTEM):
        assert not Cycle.objects.exists() and not Rulebook.objects.exists()


@pytest.mark.parametrize("key", [START, REVISE])
def test_an_office_held_by_an_act_ends_after_it(committed: Township, key: str) -> None:
    """The act is under way and not yet committed when the office is to end: it is finished first."""
    town, order = committed, []
    done, revoking = threading.Event(), threading.Event()

    def end() -> None:
        try:
            done.wait(10)
            revoking.set()
            with within(SYSTEM):
                end_of_office(town)
            order.append("ended")
        finally:
            connection.close()

    thread = threading.Thread(target=end)
    thread.start()
    with within(SYSTEM):
        do(key, town, town.of("chair"))
        done.set()
        revoking.wait(10)
        thread.join(0.5)
        order.append("done")
    thread.join(20)
    assert order == ["done", "ended"]


def test_two_years_founded_at_once_are_one(committed: Township) -> None:
    town, ended, barrier = committed, [], threading.Barrier(2)

    def act() -> None:
        try:
            barrier.wait(10)
            with within(SYSTEM):
                do(START, town, town.of("chair"))
            ended.append("done")
        except Refused as refused:
            ended.append(str(refused))
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(e == "done" for e in ended) == [False, True], ended
    with within(SYSTEM):
        assert Cycle.objects.count() == 1
