"""Real workers over real brokers: killed, away, wiped."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from notifications import waking
from notifications.channels.text import number_of
from notifications.models import Delivery, Posted
from notifications.post import post_unit
from notifications.tasks import sweep_deliveries, sweep_units
from projects.site.celery import app
from tests.notifications.office import (
    BROKERS,
    NOWHERE,
    Office,
    letters,
    reached,
    until,
    urges,
    use_broker,
    use_broker_behind_a_gate,
)
from workflow.flows.waking import send
from workflow.people.isolation import SYSTEM, within


def test_a_rolled_back_act_sends_nothing(office: Office) -> None:
    with pytest.raises(ZeroDivisionError), within(SYSTEM):
        office.urge("这一次不算。")
        raise ZeroDivisionError
    assert not list((office.var / "broker" / "messages").iterdir())
    assert sweep_units() == 0 and letters() == []
    office.urge("这一次算。")
    assert list((office.var / "broker" / "messages").iterdir())
    assert sweep_units() == 1 and {d.channel for d in letters()} == {"in_app", "email", "wecom"}


def test_two_workers_at_one_trail_do_not_wait_for_each_other(office: Office) -> None:
    office.urge("请尽快报送。")
    unit_id = office.town.unit.pk
    with ThreadPoolExecutor(1) as other, within(SYSTEM):
        Posted.objects.select_for_update().get(pk=unit_id)
        assert other.submit(in_a_thread, unit_id).result(timeout=10) is False
    assert letters() == [] and post_unit(unit_id) and len(letters()) == EACH


def in_a_thread(unit_id: int) -> bool:
    try:
        return post_unit(unit_id)
    finally:
        connection.close()


def test_with_the_broker_away_the_act_stands_and_the_sweep_delivers(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    use_broker(office, NOWHERE)
    for n in range(5):
        office.urge(f"第{n}次催办。")
    assert caplog.text.count("broker away") == 1, "looking for it takes seconds, so it is not done every time"
    assert len(urges()) == 5 and letters() == []
    assert sweep_units() == 1
    assert Counter(d.entry_id for d in letters() if d.channel == "in_app") == Counter(urges())


@pytest.mark.minutes
@pytest.mark.long
@BROKERS
def test_killed_workers_and_a_broker_wiped_and_away_lose_no_letter_and_double_none(
    url: str,
    office: Office,
    size: Callable[[str, int, int], int],
    record_property: Callable[[str, object], None],
) -> None:
    """Every act is told inside the site exactly once, outside at most once or shown as unknown, whatever befalls.

    The broker is wiped after half of the kills, away after the last, and cut off from whoever was using it.
    """
    use_broker_behind_a_gate(office, reached(url))
    events, kills, away = size("events", 24, 10_000), size("kills", 2, 20), size("away", 3, 60)
    for turn in range(kills):
        kill_at_work(office, range(turn * events // kills, (turn + 1) * events // kills))
        assert not is_told(events), "the workers were killed too late to show anything"
        if turn == kills // 2:
            office.wipe_broker()
    act_while_the_broker_is_away(office, away)
    age_what_was_left()
    tick_until(lambda: everything_told(events + AWAY_ACTS), office, 120 + events)

    told = letters()
    assert Counter(d.entry_id for d in told if d.channel == "in_app") == Counter(urges())
    assert len(urges()) == events + AWAY_ACTS
    with within(SYSTEM):
        doubtful = Delivery.objects.filter(status="unknown").count()
        failed = Delivery.objects.filter(status="failed").count()
    mails, robots = office.mails(), office.told_to_group()
    for name, value in (("mails", len(mails)), ("robots", len(robots)), ("doubtful", doubtful)):
        record_property(name, value)
    assert (
        failed == 0 and doubtful <= kills + 1
    )  # at most one for every kill, and one for a worker the outage ended
    assert max(Counter(mails).values()) == 1 and max(Counter(robots).values()) == 1
    for channel, left in (("email", mails), ("wecom", robots)):
        sent = {number_of(d) for d in told if d.channel == channel and d.status == "sent"}
        unsure = {number_of(d) for d in told if d.channel == channel and d.status == "unknown"}
        gone = {name.strip("<>").partition("@")[0] for name in left}
        assert sent <= gone <= sent | unsure, (
            "what is said to be sent has left, and nothing else but what is unsure"
        )


EACH = 3  # letters of one act: inside, by e-mail, to the township's robot
AWAY_ACTS = 4


def act_while_the_broker_is_away(office: Office, seconds: float) -> None:
    """A worker at work, then no broker: what people do through the pages is done, and not one of them waits for it."""
    office.start_worker()
    client = Client()
    client.force_login(office.town.of("clerk"))
    office.broker_goes()
    waking._rests_until = 0.0
    since = time.monotonic()
    for n in range(AWAY_ACTS):
        begun = time.monotonic()
        assert office.urge_by_page(client, f"断线后第{n}次催办。") == 302
        assert time.monotonic() - begun < LONGEST_REQUEST
    assert waking._rests_until > time.monotonic(), "the broker was not away, or nobody noticed"
    time.sleep(max(0.0, since + seconds - time.monotonic()))
    office.broker_comes()
    waking._rests_until = 0.0


LONGEST_REQUEST = (
    8  # seconds: the two a lost connection may take, on a machine that is busy with the rest of the run
)


def tick_until(met: Callable[[], bool], office: Office, seconds: float) -> None:
    """The clock's sweeps, as it sends them every minute, until something is so; a worker that ended is started again."""
    deadline, next_tick = time.monotonic() + seconds, 0.0
    while not met():
        assert time.monotonic() < deadline, office.log()
        office.revive_worker()
        if time.monotonic() >= next_tick:
            send(sweep_units)
            send(sweep_deliveries)
            next_tick = time.monotonic() + 5
        time.sleep(0.05)


def kill_at_work(office: Office, acts: range) -> None:
    """Urge so often with a new worker at work, and kill it outright once it has sent some of what there is to send."""
    with within(SYSTEM):
        goal = outside("sent").count() + random.Random(acts.start).randint(1, max(1, len(acts) // 6))
    office.start_worker()
    for n in acts:
        office.urge(f"第{n}次催办。")
    tick_until(lambda: has_sent(goal), office, 60 + len(acts))
    office.kill_worker()


def outside(status: str) -> QuerySet[Delivery]:
    """Letters of the urges that leave the site; needs the system's context."""
    return Delivery.objects.filter(entry__action="task.urge", status=status).exclude(channel="in_app")


def has_sent(goal: int) -> bool:
    with within(SYSTEM):
        return outside("sent").count() >= goal


def is_told(events: int) -> bool:
    return has_sent(events * (EACH - 1))


def everything_told(events: int) -> bool:
    """Every letter is written and nothing more happens to any by itself."""
    with within(SYSTEM):
        told = Delivery.objects.filter(entry__action="task.urge")
        return told.count() == events * EACH and not told.filter(status__in=WAITING).exists()


WAITING = ("queued", "sending", "failed")


def age_what_was_left() -> None:
    """Five minutes pass for letters whose sender was killed."""
    with within(SYSTEM):
        old = timezone.now() - timedelta(minutes=6)
        Delivery.objects.filter(status="sending").update(changed_at=old)


@BROKERS
def test_a_letter_arrives_by_every_broker_offered(office: Office, url: str) -> None:
    use_broker(office, reached(url))
    office.start_worker()
    office.urge("请尽快报送。")
    until(lambda: len(office.mails()) == 1 and len(office.told_to_group()) == 1, office)
    chair = office.town.of("chair").pk
    assert {(d.channel, d.recipient_id) for d in letters()} == {
        ("in_app", chair),
        ("email", chair),
        ("wecom", None),
    }


def test_the_clock_sends_only_what_a_worker_knows() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}
    assert scheduled.keys() <= app.tasks.keys()
    assert scheduled[sweep_units.name] == scheduled[sweep_deliveries.name] == 60
