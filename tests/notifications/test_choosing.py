"""By which ways a person is written to, and when: the rule, the page, and the summaries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from notifications import digests, sending
from notifications.choosing import USUAL, Sending, digest_at, held_until, sendings
from notifications.models import Delivery, Preference
from notifications.selectors import letters_of, unread_letters
from notifications.services import save_choice
from notifications.tasks import sweep_deliveries
from projects.lifecycle.intake import start_year
from tests.builders import at, do, open_task, township
from tests.notifications.conftest import PLAN, SCHEME, give_mailboxes
from workflow.audit.models import Entry
from workflow.calendar.offsets import SHANGHAI
from workflow.calendar.workdays import is_working_day
from workflow.flows.services import urge
from workflow.people.isolation import SYSTEM, apply, within

NIGHT = replace(USUAL, quiet=(time(22), time(7)))
RESTING = replace(USUAL, rest_days=True)
FIRST, LAST = datetime(2026, 1, 1), datetime(2026, 12, 20)  # noqa: DTZ001  (Hypothesis adds the zone)
DAILY = replace(USUAL, pace={"normal": "daily", "low": "weekly"})


def moment(day: str, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(hour, minute), tzinfo=SHANGHAI)


# --------------------------------------------------------------------------------------- the rule


@pytest.mark.parametrize(
    ("written", "leaves"),
    [
        (moment("2026-09-01", 21, 59), None),
        (moment("2026-09-01", 22), moment("2026-09-02", 7)),
        (moment("2026-09-02", 3), moment("2026-09-02", 7)),
        (moment("2026-09-02", 7), None),
    ],
)
def test_a_letter_of_the_night_waits_for_the_morning(written: datetime, leaves: datetime | None) -> None:
    assert held_until(NIGHT, written) == leaves


@pytest.mark.parametrize(
    ("written", "leaves"),
    [
        (moment("2026-09-04", 12), None),  # Friday
        (moment("2026-09-05", 12), moment("2026-09-07", 8)),
        (moment("2026-10-01", 12), moment("2026-10-08", 8)),  # the National Day's week
        (moment("2026-10-10", 12), None),  # a Saturday worked in exchange
    ],
)
def test_a_letter_of_a_holiday_waits_for_the_next_working_day(
    written: datetime, leaves: datetime | None
) -> None:
    assert held_until(RESTING, written) == leaves


def test_a_night_that_ends_on_a_holiday_is_waited_out() -> None:
    both = replace(NIGHT, rest_days=True)
    assert held_until(both, moment("2026-09-04", 23)) == moment("2026-09-07", 7)


def test_urgent_letters_wait_only_where_it_is_wanted() -> None:
    night = moment("2026-09-01", 23)
    assert all(s.not_before is None for s in sendings(NIGHT, "urgent", night))
    patient = replace(NIGHT, urgent_through=False)
    assert {s.not_before for s in sendings(patient, "urgent", night)} == {None, moment("2026-09-02", 7)}


def test_a_duty_goes_inside_and_by_mail_at_once_whatever_was_chosen() -> None:
    off = replace(NIGHT, ways={"normal": ()}, pace={"normal": "weekly"}, rest_days=True)
    night = moment("2026-10-01", 23)
    assert sendings(off, "normal", night, duty=True) == [Sending("in_app"), Sending("email")]
    assert [s.channel for s in sendings(replace(off, pace={}), "normal", night)] == ["in_app"]


def test_what_is_summed_up_goes_to_no_group_and_no_telephone() -> None:
    found = sendings(DAILY, "normal", moment("2026-09-01", 12))
    morning = moment("2026-09-02", 8)
    assert found == [Sending("in_app", morning, True), Sending("email", morning, True)]


@pytest.mark.parametrize(
    ("pace", "written", "due"),
    [
        ("daily", moment("2026-09-01", 7), moment("2026-09-02", 8)),
        ("daily", moment("2026-09-04", 12), moment("2026-09-07", 8)),
        ("weekly", moment("2026-09-01", 12), moment("2026-09-07", 8)),
        ("weekly", moment("2026-09-07", 12), moment("2026-09-14", 8)),
        ("weekly", moment("2026-09-29", 12), moment("2026-10-08", 8)),
    ],
)
def test_a_summary_comes_on_the_morning_of_a_working_day(pace: str, written: datetime, due: datetime) -> None:
    assert digest_at(pace, written) == due


@given(
    st.datetimes(FIRST, LAST, timezones=st.just(SHANGHAI)),
    st.tuples(st.times(), st.times()).filter(lambda hours: hours[0] != hours[1]),
    st.booleans(),
    st.sampled_from(["urgent", "normal", "low"]),
    st.sampled_from(["at_once", "daily", "weekly"]),
)
def test_no_letter_is_lost_or_leaves_early_or_when_it_must_not(at_, quiet, rest, urgency, pace) -> None:  # type: ignore[no-untyped-def]
    choice = replace(USUAL, quiet=quiet, rest_days=rest, pace={urgency: pace}, urgent_through=False)
    copies = sendings(choice, urgency, at_)
    assert copies[0].channel == "in_app" and len({c.channel for c in copies}) == len(copies)
    for copy in copies:
        if copy.not_before is None:
            continue
        assert copy.not_before > at_
        if copy.digest or rest:
            assert is_working_day(copy.not_before.date())
        if not copy.digest:
            assert held_until(choice, copy.not_before) is None


# ------------------------------------------------------------------------- what becomes of letters


@pytest.fixture
def waits(town, cycle, post):  # type: ignore[no-untyped-def]
    """A chosen choice for the party's secretary, then a task for them; the letters."""
    post()

    def run(choice: Any) -> list[Delivery]:
        member = town.people["party"][0]
        save_choice(member, choice, at("2026-08-11"))
        do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
        return [d for d in post() if d.recipient == member]

    return run


ALWAYS = (time(0), time(23, 59, 59))


@pytest.mark.django_db
def test_a_held_letter_is_read_inside_at_once_and_leaves_when_the_night_is_over(waits) -> None:
    inside, outside = waits(replace(USUAL, quiet=ALWAYS))
    assert (inside.status, inside.not_before) == ("sent", None)
    sending.send_some(20)
    outside.refresh_from_db()
    assert outside.not_before is not None and (outside.status, outside.tries) == ("queued", 0)
    Delivery.objects.filter(pk=outside.pk).update(not_before=timezone.now())
    assert sending.send_some(10) == 1


@pytest.mark.django_db
def test_a_channel_that_was_switched_off_gets_nothing(waits) -> None:
    assert [d.channel for d in waits(replace(USUAL, ways={}))] == ["in_app"]


@pytest.mark.django_db
def test_letters_are_written_in_the_readers_language(waits) -> None:
    (inside, outside) = waits(replace(USUAL, language="en"))
    assert "请办理" not in inside.title and inside.title == outside.title and outside.language == "en"


@pytest.mark.django_db
def test_a_summary_takes_its_letters_and_goes_once(town, waits) -> None:
    member = town.people["party"][0]
    held = waits(DAILY)
    assert {d.status for d in held} == {"held"}
    assert not letters_of(member).filter(pk__in=[d.pk for d in held]).exists()
    sending.send_some(20)
    assert digests.bind_due(timezone.now()) == 0 and {d.status for d in held} == {"held"}
    Delivery.objects.filter(status="held").update(not_before=timezone.now())
    before = unread_letters(member).count()
    sweep_deliveries()
    assert digests.bind_due(timezone.now()) == 0
    summaries = {d.channel: d for d in Delivery.objects.filter(digest=True)}
    assert set(summaries) == {"in_app", "email"} and unread_letters(member).count() == before + 1
    assert summaries["email"].status == "sent"
    (message,) = [m for m in mail.outbox if "消息摘要：1 条" in m.subject]
    assert "请办理：党委研究年度实施方案" in message.body and summaries["email"].link in message.body
    parts = Delivery.objects.filter(carried_by__isnull=False)
    assert {d.status for d in parts} == {"carried"} and parts.count() == len(held)


@pytest.mark.django_db
def test_a_summarys_page_lists_its_letters_to_their_reader_alone(town, waits, client: Client) -> None:
    member = town.people["party"][0]
    waits(DAILY)
    Delivery.objects.filter(status="held").update(not_before=timezone.now())
    digests.bind_due(timezone.now())
    number = letters_of(member).get(digest=True).pk
    client.force_login(member)
    assert client.get(reverse("letter", args=[number])).url == reverse("letter_digest", args=[number])
    assert "党委研究年度实施方案" in client.get(reverse("letter_digest", args=[number])).content.decode()
    client.force_login(town.of("clerk"))
    assert client.get(reverse("letter_digest", args=[number])).status_code == 404


@pytest.mark.django_db
def test_an_overdue_task_is_told_at_once_to_whoever_wanted_summaries(town, cycle, post) -> None:
    from workflow.reminders.services import remind_due

    post()
    chair = town.of("chair")
    save_choice(chair, replace(DAILY, ways={}), at("2026-08-11"))
    remind_due(at("2026-08-19"))
    assert {(d.channel, d.status) for d in post() if d.recipient == chair} == {
        ("in_app", "sent"),
        ("email", "queued"),
    }


def test_two_workers_bind_one_summary(fresh_database: str) -> None:
    with within(SYSTEM):
        town = township()
        give_mailboxes()
        start_year(town.act("chair", at("2026-08-10")), **PLAN)
        urge(
            open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-18")), words="请尽快报送。"
        )
        entries = list(Entry.objects.filter(unit=town.unit).order_by("-pk")[:2])
        now = timezone.now()
        for entry in entries:
            Delivery.objects.create(
                unit=town.unit, entry=entry, recipient=town.of("chair"), channel="email", urgency="normal",
                title="请办理", body="", status="held", not_before=now, created_at=now, changed_at=now,
            )  # fmt: skip

    def attempt(_n: int) -> int:
        try:
            return digests.bind_due(now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    with within(SYSTEM):
        assert Delivery.objects.get(digest=True).title == "消息摘要：2 条"
        assert Delivery.objects.filter(status="carried").count() == 2


# --------------------------------------------------------------------------------------- the page

CHOSEN = {
    "ways_urgent": ["email", "wecom"],
    "ways_normal": ["email"],
    "pace_normal": "daily",
    "pace_low": "weekly",
    "quiet_from": "22:00",
    "quiet_until": "07:00",
    "rest_days": "on",
    "language": "zh-hans",
}


@pytest.mark.django_db
def test_a_person_chooses_and_sees_what_was_chosen_and_what_is_locked(town, client: Client) -> None:
    chair = town.of("chair")
    client.force_login(chair)
    page = client.post(reverse("letter_choice"), CHOSEN, follow=True).content.decode()
    apply(SYSTEM)
    assert "已保存" in page and "22:00 — 07:00" in page and "汇总成一条" in page
    assert "不能关闭的消息" in page and "超期提醒" in page and "会议通知" in page and "已锁定" in page
    kept = Preference.objects.get()
    assert kept.ways == {"urgent": ["email", "wecom"], "normal": ["email"], "low": []}
    assert kept.pace == {"normal": "daily", "low": "weekly"} and not kept.urgent_through
    again = client.get(reverse("letter_choice")).content.decode()
    assert again.count("checked") >= 4 and not Entry.objects.filter(action__startswith="letters").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quiet_until": ""}, "须一并填写"),
        ({"quiet_until": "22:00"}, "不能与开始相同"),
        ({"pace_normal": "never"}, "已不在可选范围内"),
        ({"ways_low": ["pigeon"]}, "已不在可选范围内"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_by_name(change, said, town, client: Client) -> None:
    client.force_login(town.of("chair"))
    answer = client.post(reverse("letter_choice"), CHOSEN | change)
    apply(SYSTEM)
    assert answer.status_code == 422 and said in answer.content.decode() and not Preference.objects.exists()


def test_an_urged_task_waits_for_nobodys_summary(town, cycle, post) -> None:
    post()
    save_choice(town.of("chair"), DAILY, at("2026-08-11"))
    urge(open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-18")), words="请尽快报送。")
    assert {d.status for d in post()} == {"sent", "queued"}
    assert digest_at("daily", timezone.localtime()) - timezone.localtime() < timedelta(days=12)
