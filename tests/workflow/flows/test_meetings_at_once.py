"""A meeting recorded while another is called: whoever comes second reads what the first has done, and nobody is stuck."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from projects.demo.cast import Township
from tests.builders import at
from tests.interleaving import Scheduler, Work, scheduler
from tests.workflow.flows.test_sittings import (
    DAY,
    PLANNED,
    SOON,
    alone,
    begun,
    call_of,
    called,
    come,
    votes,
    waiting,
)
from workflow.audit.models import Entry
from workflow.flows.calling import Planned, call
from workflow.flows.errors import Busy, Taken
from workflow.flows.models import Meeting, MeetingCall, Sitting
from workflow.flows.sittings import hold
from workflow.people.isolation import SYSTEM, within


@pytest.fixture
def stage(fresh_database: str, owner_connection: psycopg.Connection[Any]) -> Iterator[Scheduler]:
    with scheduler(owner_connection) as made:
        yield made


def recording(town: Township, tasks: list[int], notice: MeetingCall) -> Work:
    """The first member records a meeting."""
    with within(SYSTEM):
        come(notice)

    def work() -> Sitting:
        with within(SYSTEM):
            matters, member = {task: votes() for task in tasks}, town.people["party"][0]
            return hold(matters, called=called(town), actor=member, at=at(DAY, 15), call=notice)

    return work


def calling(town: Township, tasks: list[int], member: int = 1) -> Work:
    """Another, the second unless said, calls one."""
    later = Planned(SOON + timedelta(days=1), time(15), "二楼会议室")

    def work() -> MeetingCall:
        with within(SYSTEM):
            return call(tasks, planned=later, actor=town.people["party"][member], at=timezone.now())

    return work


def while_it_is_recorded(stage: Scheduler, record: Work, other: Work) -> list[Any]:
    """The other begins once the record has been made and is not committed, and goes as far as it can."""

    def choose(able: list[int]) -> int:
        made = any(Sitting.attended.through._meta.db_table in said for said in stage.said()[0])
        return 1 if 1 in able and (made or 0 not in able) else 0

    return stage.run([record, other], choose)


def test_a_notice_recorded_meanwhile_is_not_replaced_too(stage: Scheduler) -> None:
    with within(SYSTEM):
        town = begun(3)
        one, two, three = waiting()
        notice = call_of(town, tasks=[one, two])
    made, later = while_it_is_recorded(
        stage, recording(town, [one.pk], notice), calling(town, [two.pk, three.pk])
    )
    assert isinstance(made, Sitting) and isinstance(later, MeetingCall), (made, later)
    with within(SYSTEM):
        notice.refresh_from_db()
        assert notice.sitting == made and notice.replaced_by is None


def test_of_two_called_at_once_on_one_matter_the_later_stands_alone(stage: Scheduler) -> None:
    with within(SYSTEM):
        town = begun(3)
        one, two, three = waiting()

    def choose(able: list[int]) -> int:
        made = any(f'INSERT INTO "{MeetingCall._meta.db_table}"' in said for said in stage.said()[0])
        return 1 if 1 in able and (made or 0 not in able) else 0

    works = [calling(town, [one.pk, two.pk], member=0), calling(town, [two.pk, three.pk])]
    first, later = stage.run(works, choose)
    assert isinstance(first, MeetingCall) and isinstance(later, MeetingCall), (first, later)
    with within(SYSTEM):
        first.refresh_from_db()
        assert first.replaced_by == later and later.replaced_by is None


def test_a_notice_nobody_has_recorded_is_replaced_as_before(stage: Scheduler) -> None:
    with within(SYSTEM):
        town = begun(3)
        one, two, three = waiting()
        notice = call_of(town, tasks=[one, two])
    (later, _nothing) = stage.run([calling(town, [two.pk, three.pk]), lambda: None], lambda able: able[0])
    with within(SYSTEM):
        notice.refresh_from_db()
        assert notice.replaced_by == later


def test_who_calls_on_matters_being_recorded_waits_and_is_told_they_are_over(stage: Scheduler) -> None:
    """Both take the notice before the tasks: neither holds what the other waits for."""
    with within(SYSTEM):
        town = begun(2)
        tasks = [row.pk for row in waiting()]
        notice = call_of(town, planned=PLANNED)
    made, refused = while_it_is_recorded(stage, recording(town, tasks, notice), calling(town, tasks))
    assert isinstance(made, Sitting), made
    assert isinstance(refused, Taken) and "已经办结或者终止" in str(refused)


def test_a_matter_decided_alone_waits_for_nobody_who_records_by_its_notice(stage: Scheduler) -> None:
    """It holds the task before the notice, whoever records by the notice the notice before the task: neither is stuck."""
    with within(SYSTEM):
        town = begun(2)
        one, other = waiting()
        notice = call_of(town)
        alone(town, other)

    def deciding() -> Entry:
        with within(SYSTEM):
            return alone(town, one, "2026-08-19", member=1)

    def choose(able: list[int]) -> int:
        decided = any(f'INSERT INTO "{Meeting._meta.db_table}"' in said for said in stage.said()[1])
        return 0 if 0 in able and (decided or 1 not in able) else 1

    made, refused = stage.run([recording(town, [one.pk], notice), deciding], choose)

    assert isinstance(made, Sitting) and isinstance(refused, Busy), (made, refused)
    with within(SYSTEM):
        notice.refresh_from_db()
        assert notice.stands and notice.sitting == made


def test_a_notice_held_by_somebody_else_is_told_as_such(
    fresh_database: str, owner_connection: psycopg.Connection[Any]
) -> None:
    with within(SYSTEM):
        town = begun(2)
        tasks = [row.pk for row in waiting()]
        notice = call_of(town)
    record = recording(town, tasks, notice)
    with owner_connection.transaction(), pytest.raises(Busy), transaction.atomic():
        # The owner reads no township's rows; whoever locks a row meets its lock on the table.
        owner_connection.execute(f"LOCK TABLE {MeetingCall._meta.db_table} IN EXCLUSIVE MODE")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'")
        record()
    assert isinstance(record(), Sitting)
