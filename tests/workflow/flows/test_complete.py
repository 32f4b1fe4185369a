"""The one door to every task: who, when, once."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import close_old_connections, connection, transaction
from django.test.utils import CaptureQueriesContext
from viewflow.workflow.models import Task

from projects.cycles.models import Cycle
from projects.lifecycle.intake import start_year
from tests.builders import at, do, meeting_of, open_task, township
from workflow.audit.models import Entry
from workflow.flows.errors import NotYourTurn, Refused, Taken
from workflow.flows.models import Deadline
from workflow.flows.services import claim, complete, hand_over, release, send_back
from workflow.machines.services import Conflict, fire
from workflow.people.isolation import SYSTEM, apply, within
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant, revoke

PLAN = {
    "year": 2027,
    "opens_on": date(2026, 9, 1),
    "planned_t": date(2027, 1, 20),
    "planned_t2": date(2028, 1, 18),
}
SCHEME = {
    "opens_on": "2026-09-01",
    "planned_t": "2027-01-20",
    "planned_t2": "2028-01-18",
    "leading_group": "组长、副组长和成员",
    "body": "按照三个阶段六个环节组织实施。",
}


def prepared():
    town = township()
    start_year(town.act("chair", at("2026-08-10")), **PLAN)
    return town


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return prepared()


def test_completing_a_task_takes_no_more_than_thirty_statements(town):
    task = open_task("collection.scheme")
    with CaptureQueriesContext(
        connection,
    ) as seen:
        complete(task.pk, actor=town.of("chair"), data=SCHEME, at=at("2026-08-12"))
    statements = [q["sql"] for q in seen if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) <= 30, "\n".join(statements)


def test_a_revoked_office_completes_nothing_and_given_again_it_does(town):
    task, chair = open_task("collection.scheme"), town.of("chair")
    held = RoleGrant.objects.get(user=chair, office="chair")
    revoke(grant=held, act=town.act("clerk", at("2026-08-11")), reason="届中调整")
    with pytest.raises(NotYourTurn, match="已不再担任"):
        complete(task.pk, actor=chair, data=SCHEME, at=at("2026-08-12"))
    act = town.act("clerk", at("2026-08-12"))
    grant(user=chair, office="chair", unit=town.unit, act=act, since=date(2026, 8, 12))
    assert complete(task.pk, actor=chair, data=SCHEME, at=at("2026-08-12")).action == "collection.scheme"


def test_the_same_office_of_another_township_completes_nothing_here(town):
    task, neighbour = open_task("collection.scheme"), township("T02", name="白石镇")
    with pytest.raises(NotYourTurn, match=f"由{town.unit.name}"):
        complete(task.pk, actor=neighbour.of("chair"), data=SCHEME, at=at("2026-08-12"))
    assert open_task("collection.scheme") == task
    entry = complete(task.pk, actor=town.of("chair"), data=SCHEME, at=at("2026-08-12"))
    assert (entry.action, entry.unit) == ("collection.scheme", town.unit)


def test_a_step_the_year_has_not_come_to_is_neither_taken_nor_done(town):
    cycle, act = Cycle.objects.get(), town.act("chair", at("2026-08-12"))
    for arrow in ("begin_selection", "begin_deliberation", "begin_vote", "begin_supervision", "close"):
        with pytest.raises(Conflict), transaction.atomic():
            fire(cycle, arrow, act)
    assert not Deadline.objects.exclude(key="collection.scheme").exists(), "nobody is asked for a later step"
    began = Task.objects.exclude(pk__in=Deadline.objects.values("pk")).first()
    with pytest.raises(NotYourTurn, match="没有这一事项"):
        complete(began.pk, actor=town.of("chair"), data=SCHEME, at=at("2026-08-12"))
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    do(
        "collection.scheme_party",
        town.of("party"),
        "2026-08-20",
        **meeting_of(town.people["party"], "2026-08-20"),
    )
    do("collection.open", town.of("chair"), "2026-09-01")
    cycle.refresh_from_db()
    assert cycle.state == "collecting"


def test_a_claimed_task_is_kept_from_a_colleague_until_it_is_released(town):
    colleague = town.of("deputy", 15)
    act = town.act("clerk", at("2026-08-01"))
    grant(user=colleague, office="chair", unit=town.unit, act=act, since=date(2026, 1, 1), title="副主席")
    task = open_task("collection.scheme")
    claim(task.pk, actor=town.of("chair"), at=at("2026-08-11"))
    with pytest.raises(Taken, match="认领"):
        complete(task.pk, actor=colleague, data=SCHEME, at=at("2026-08-12"))
    release(task.pk, actor=town.of("chair"), at=at("2026-08-12"))
    complete(task.pk, actor=colleague, data=SCHEME, at=at("2026-08-12"))


def test_a_task_is_handed_over_only_to_a_holder_of_the_same_office(town):
    task = open_task("collection.scheme")
    with pytest.raises(Refused, match="不担任"):
        hand_over(task.pk, actor=town.of("chair"), to=town.of("finance"), reason="出差", at=at("2026-08-12"))
    deputy_chair = town.of("deputy", 15)
    grant(
        user=deputy_chair,
        office="chair",
        unit=town.unit,
        act=town.act("clerk", at("2026-08-01")),
        since=date(2026, 1, 1),
    )
    entry = hand_over(task.pk, actor=town.of("chair"), to=deputy_chair, reason="出差", at=at("2026-08-12"))
    assert (entry.action, open_task("collection.scheme").task.owner) == ("task.hand_over", deputy_chair)


def test_a_meetings_matter_is_not_sent_back_by_one_member(town):
    complete(open_task("collection.scheme").pk, actor=town.of("chair"), data=SCHEME, at=at("2026-08-12"))
    task = open_task("collection.scheme_party")
    with pytest.raises(Refused, match="会议"):
        send_back(task.pk, actor=town.of("party"), reason="材料不全", at=at("2026-08-20"))


def test_a_refused_act_leaves_nothing_behind(town):
    before = Entry.objects.count()
    with pytest.raises(Refused):
        complete(open_task("collection.scheme").pk, actor=town.of("chair"), data={}, at=at("2026-08-12"))
    assert Entry.objects.count() == before


@pytest.mark.long(rounds=20)
def test_two_people_complete_one_task_and_the_next_step_comes_once(fresh_database):
    with within(SYSTEM):
        town = prepared()
        deputy_chair = town.of("deputy", 15)
        grant(
            user=deputy_chair,
            office="chair",
            unit=town.unit,
            act=town.act("clerk", at("2026-08-01")),
            since=date(2026, 1, 1),
        )
        task_id = open_task("collection.scheme").pk
    results: list[str] = []
    ready = threading.Barrier(2)

    def finish(actor) -> None:
        try:
            ready.wait()
            with within(SYSTEM):
                complete(task_id, actor=actor, data=SCHEME, at=at("2026-08-12"))
            results.append("done")
        except Taken:
            results.append("taken")
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=finish, args=(u,)) for u in (town.of("chair"), deputy_chair)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with within(SYSTEM):
        assert sorted(results) == ["done", "taken"]
        assert Deadline.objects.filter(key="collection.scheme_party").count() == 1


@pytest.mark.long(rounds=20)
def test_a_task_completed_while_its_office_is_revoked_is_done_or_refused_never_half(fresh_database):
    with within(SYSTEM):
        town = prepared()
        task_id = open_task("collection.scheme").pk
        held = RoleGrant.objects.get(user=town.of("chair"), office="chair")
    results: list[str] = []
    ready = threading.Barrier(2)

    def finish() -> None:
        try:
            ready.wait()
            with within(SYSTEM):
                complete(task_id, actor=town.of("chair"), data=SCHEME, at=at("2026-08-12"))
            results.append("done")
        except NotYourTurn:
            results.append("refused")
        finally:
            connection.close()

    def take_away() -> None:
        try:
            ready.wait()
            with within(SYSTEM):
                revoke(grant=held, act=town.act("clerk", at("2026-08-12")), reason="届中调整")
        finally:
            connection.close()

    threads = [threading.Thread(target=finish), threading.Thread(target=take_away)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with within(SYSTEM):
        opened = Deadline.objects.filter(key="collection.scheme_party").count()
        order = list(
            Entry.objects.filter(action__in=("grant.revoke", "collection.scheme"))
            .order_by("id")
            .values_list("action", flat=True)
        )
        assert results in (["done"], ["refused"])
        assert opened == (1 if results == ["done"] else 0)
        assert order == (["collection.scheme", "grant.revoke"] if results == ["done"] else ["grant.revoke"])


def test_a_meeting_is_recorded_with_who_attended(town):
    complete(open_task("collection.scheme").pk, actor=town.of("chair"), data=SCHEME, at=at("2026-08-12"))
    task = open_task("collection.scheme_party")
    data = meeting_of(town.people["party"][:5], "2026-08-20") | {"return_reason": ""}
    complete(task.pk, actor=town.of("party"), data=data, at=at("2026-08-20"))
    meeting = task.task.meeting
    assert (meeting.members, meeting.present, meeting.agreed, meeting.attended.count()) == (7, 5, True, 5)
