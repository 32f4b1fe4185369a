"""From the trail to letters."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from email.utils import parseaddr
from itertools import count, islice

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import sending
from notifications.channels.email import message_id
from notifications.models import Delivery, Posted, Told
from notifications.post import post_unit, units_behind
from projects.collection.intake import propose
from projects.deliberation.models import AddedMatter
from projects.oversight.models import Note
from projects.portal.county_words import PER_PAGE
from tests.builders import SINCE, at, do, meeting_of, open_task
from tests.notifications.conftest import CALL, SCHEME
from workflow.audit import hooks
from workflow.audit.services import Act
from workflow.flows.copies import Receiver, copy
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.flows.services import complete, hand_over, urge
from workflow.machines.services import fire
from workflow.people.models import User
from workflow.reminders.services import remind_due
from workflow.roles.services import grant, revoke

pytestmark = pytest.mark.django_db


def to(letters, channel="in_app"):  # type: ignore[no-untyped-def]
    return {(d.recipient.username, d.title) for d in letters if d.channel == channel}


def names(users):  # type: ignore[no-untyped-def]
    return {user.username for user in users}


def opened(town):  # type: ignore[no-untyped-def]
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    members = town.people["party"]
    do(
        "collection.scheme_party",
        members[0],
        "2026-08-20",
        **meeting_of(members, "2026-08-20", return_reason=""),
    )
    do("collection.open", town.of("chair"), "2026-09-01")


def test_a_new_task_is_told_to_the_holders_of_its_office_and_to_whoever_keeps_its_record(
    town, cycle, post
) -> None:
    post()
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    letters = post()
    told = names([*town.people["party"], town.of("gov_clerk")])
    assert to(letters) == {(name, "请办理：党委研究年度实施方案") for name in told}
    assert to(letters) == to(letters, "email")
    letter = letters[0]
    assert "会议" in letter.body and "2026年8月25日" in letter.body
    assert letter.link == f"/tasks/{open_task('collection.scheme_party').pk}/"


def test_nobody_is_written_to_about_an_act_of_their_own(town, cycle, post) -> None:
    opened(town)
    post()
    do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL)
    letters = post()
    assert open_task("collection.close_books").office == "gov_clerk"
    assert town.of("gov_clerk").username not in {d.recipient.username for d in letters}


def test_the_call_is_told_to_everybody_who_may_propose(town, cycle, post) -> None:
    opened(town)
    post()
    do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL)
    people = {
        p
        for office in ("deputy", "senior_deputy", "department", "party", "station")
        for p in names(town.people[office])
    }
    assert {name for name, title in to(post()) if title.startswith("征集公告已发布")} == people


def test_a_return_is_told_with_its_reason_and_as_urgent(town, cycle, post) -> None:
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    post()
    members = town.people["party"]
    do("collection.scheme_party", members[0], "2026-08-20", **meeting_of(members, "2026-08-20", agree=False))
    (letter,) = (d for d in post() if d.channel == "in_app")
    assert (letter.recipient, letter.urgency) == (town.of("chair"), "urgent")
    assert letter.title == "退回重办：拟订年度实施方案" and "资金来源未说明，请补充。" in letter.body


def test_an_urge_reaches_whoever_has_the_turn(town, cycle, post) -> None:
    post()
    urge(
        open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-18")), words="请于本周内报送。"
    )
    (letter,) = (d for d in post() if d.channel == "in_app")
    assert (letter.recipient, letter.title) == (town.of("chair"), "催办：拟订年度实施方案")
    assert "请于本周内报送。" in letter.body and letter.link.startswith("/tasks/")


def test_a_reminder_reaches_whoever_has_the_turn(town, cycle, post) -> None:
    post()
    task = open_task("collection.scheme")
    remind_due(at(str(task.due_on + timedelta(days=1))))
    (letter,) = (d for d in post() if d.channel == "in_app")
    assert (letter.recipient, letter.title) == (town.of("chair"), "已超期 1 天：拟订年度实施方案")


def test_a_task_handed_over_is_told_to_its_new_owner(town, cycle, post) -> None:
    opened(town)
    post()
    second = town.people["party"][0]
    grant(
        user=second,
        office="gov_clerk",
        unit=town.unit,
        act=town.act("clerk", at("2026-09-01")),
        since=at("2026-09-01").date(),
    )
    task = open_task("collection.publish_call")
    hand_over(task.pk, actor=town.of("gov_clerk"), to=second, reason="外出学习", at=at("2026-09-02"))
    (letter,) = (d for d in post() if d.channel == "in_app")
    assert (letter.recipient, letter.link) == (second, f"/tasks/{task.pk}/")
    assert letter.title == "转交您办理：发布征集公告" and "外出学习" in letter.body


def test_a_motion_that_lapsed_is_told_to_everybody_who_signed_it_and_to_nobody_else(
    town, cycle, post
) -> None:
    post()
    matter = AddedMatter.objects.create(
        unit=town.unit, cycle=cycle, title="村道安全护栏", content="事故多发。"
    )
    signers = [user.username for user in town.deputies[:2]]
    act = town.act("clerk", at("2027-01-20"))
    fire(matter, "lapse", act, reason="表决事项确定时签名未满法定人数", besides={"signers": signers})
    letters = [letter for letter in post() if letter.channel == "in_app"]
    assert sorted(letter.recipient.username for letter in letters) == sorted(signers)
    assert {letter.title for letter in letters} == {"您签名的联名事项已经终止"}
    assert "村道安全护栏" in letters[0].body and "签名未满法定人数" in letters[0].body


def test_a_copy_is_told_to_the_office_or_the_one_person_it_is_for(town, cycle, post) -> None:
    post()
    task = open_task("collection.scheme").pk
    chair, deputy = town.of("chair"), town.deputies[3]
    for seat in (Receiver("mayor", town.unit), Receiver("deputy", town.unit, deputy)):
        copy(task, actor=chair, to=seat, words="请提前安排会期。", at=at("2026-08-12"))
    letters = post()
    told = [town.of("mayor").username, deputy.username]
    assert sorted(name for name, _title in to(letters)) == sorted(told)
    assert {d.title for d in letters} == {"抄送：拟订年度实施方案"}
    assert "无须办理" in letters[0].body and "请提前安排会期。" in letters[0].body
    assert letters[0].link == f"/tasks/{task}/"


def test_the_county_hears_of_a_copy_sent_up_to_it(town, cycle, post) -> None:
    county = town.unit.parent
    member = User.objects.create(username="npc@county", name="县人大")
    admin = Act(User.objects.get(username="admin@T01"), "admin", county, at("2020-01-01"))
    grant(user=member, office="county", unit=county, act=admin, since=SINCE)
    post()
    task = open_task("collection.scheme").pk
    copy(task, actor=town.of("chair"), to=Receiver("county", county), words="报请知悉。", at=at("2026-08-12"))
    assert {name for name, _title in to(post())} == {"npc@county"}


def test_many_acts_of_one_transaction_are_one_wake_up_and_no_letter_is_lost(
    town, cycle, post, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    post()
    woken: list[int] = []
    monkeypatch.setattr(hooks, "_listeners", [woken.append])
    connection.run_on_commit.clear()  # as if what the fixtures wrote had been committed
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
            raise ZeroDivisionError
        opened(town)
        do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL)
    assert woken == [town.unit.pk]
    titles = {title for _name, title in to(post())}
    assert {"请办理：党委研究年度实施方案", "请办理：启动年度工作"} <= titles
    assert any("征集" in title for title in titles)
    assert not Deadline.objects.exclude(pk__in=Told.objects.values("pk")).exists()


def test_the_proposer_hears_what_became_of_the_proposal(town, cycle, post) -> None:
    opened(town)
    do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL)
    propose(
        town.act("station", at("2026-09-10")), title="安装路灯", content="路灯。", proposer_kind="station"
    )
    post()
    do("collection.receive", town.of("gov_clerk"), "2026-09-11", decision="return", reason="请写明地点和数量")
    (letter,) = (d for d in post() if d.channel == "in_app")
    assert (letter.recipient, letter.title) == (town.of("station"), "意见建议请补正：安装路灯")
    assert "请写明地点和数量" in letter.body


def test_a_resident_without_an_account_is_nobody_to_write_to(town, cycle, post) -> None:
    opened(town)
    do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL)
    post()
    resident = Act(None, "resident", town.unit, at("2026-09-10"))
    propose(resident, title="安装路灯", content="路灯。", proposer_kind="resident")
    assert {name for name, _ in to(post())} == {town.of("gov_clerk").username}
    do("collection.receive", town.of("gov_clerk"), "2026-09-11", decision="accept")
    assert post() == []


def test_an_office_that_ended_is_told_to_its_holder_and_gets_no_more_letters(town, cycle, post) -> None:
    post()
    member = town.people["party"][0]
    revoke(grant=member.grants.get(), act=town.act("clerk", at("2026-08-11")), reason="工作调动")
    assert to(post()) == {(member.username, "任职终止：同级党委")}
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    assert member.username not in {d.recipient.username for d in post()}


def test_who_has_no_mailbox_or_may_not_sign_in_is_left_out(town, cycle, post) -> None:
    post()
    first, second, *others = town.people["party"]
    type(first).objects.filter(pk=first.pk).update(email="")
    type(first).objects.filter(pk=second.pk).update(is_active=False)
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    letters = post()
    told = [*others, town.of("gov_clerk")]
    assert {name for name, _ in to(letters)} == names([first, *told])
    assert {name for name, _ in to(letters, "email")} == names(told)


def test_reading_the_trail_twice_writes_no_letter_twice(town, cycle, post) -> None:
    opened(town)
    assert post()
    assert post() == []
    before = Delivery.objects.count()
    Posted.objects.update(index=0)
    assert town.unit.pk in units_behind()
    post()
    assert Delivery.objects.count() == before and town.unit.pk not in units_behind()


def test_every_task_is_told_once_however_late_the_trail_is_read(town, cycle, post, monkeypatch) -> None:
    monkeypatch.setattr("notifications.post.CHUNK", 2)
    opened(town)
    do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL)
    letters = post()
    tasks = list(Deadline.objects.order_by("pk"))
    assert {t.task_id for t in Told.objects.all()} == {d.pk for d in tasks}
    assert [title for name, title in sorted(to(letters)) if name == "gov_clerk@T01"] == [
        "请办理：发布征集公告"
    ]


def test_a_batch_costs_the_same_however_many_entries_it_has(town, cycle, post) -> None:
    opened(town)
    do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL)
    post()

    numbers = count()

    def queries_for(entries: int) -> int:
        for n in islice(numbers, entries):
            propose(
                town.act("station", at("2026-09-10", n % 12)),
                title=f"第{n}件",
                content="一件事。",
                proposer_kind="station",
            )
            do(
                "collection.receive",
                town.of("gov_clerk"),
                "2026-09-11",
                {"label": f"第{n}件"},
                decision="accept",
            )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        with CaptureQueriesContext(connection) as queries:
            post_unit(town.unit.pk)
        return len(queries)

    assert queries_for(1) == queries_for(30)


# -- letters that leave the site


class Refusing(EmailBackend):
    def send_messages(self, messages):  # type: ignore[no-untyped-def]
        raise smtplib.SMTPDataError(451, b"try later")


class Vanishing(EmailBackend):
    """Takes the letter and says nothing more."""

    def send_messages(self, messages):  # type: ignore[no-untyped-def]
        super().send_messages(messages)
        raise smtplib.SMTPServerDisconnected("gone")


class Closed(EmailBackend):
    def open(self):  # type: ignore[no-untyped-def]
        raise ConnectionRefusedError


@pytest.fixture
def queued(town, cycle, post):  # type: ignore[no-untyped-def]
    return next(d for d in post() + _one_letter(town, post) if d.channel == "email")


def _one_letter(town, post):  # type: ignore[no-untyped-def]
    urge(open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-18")), words="请尽快报送。")
    return post()


def status_of(delivery):  # type: ignore[no-untyped-def]
    delivery.refresh_from_db()
    return delivery.status


def test_a_letter_leaves_with_its_own_stable_identity(queued) -> None:
    assert queued.status == "queued"
    assert sending.send_some(10) == 1
    (message,) = mail.outbox
    assert status_of(queued) == "sent"
    assert message.message()["Message-ID"] == message_id(queued)
    assert parseaddr(message.to[0])[1] == queued.recipient.email
    assert queued.link in message.body and message.subject == queued.title
    assert sending.send_some(10) == 0 and len(mail.outbox) == 1


@pytest.mark.parametrize("backend", ["Refusing", "Closed"])
def test_a_letter_that_surely_did_not_leave_is_tried_again_after_a_pause(queued, settings, backend) -> None:
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.{backend}"
    sending.send_some(10)
    assert status_of(queued) == "failed" and queued.error and sending.send_some(10) == 0
    settings.EMAIL_BACKEND = usual
    Delivery.objects.update(changed_at=timezone.now() - sending.pause_after(1))
    assert sending.send_some(10) == 1 and status_of(queued) == "sent"


def test_a_letter_to_an_impossible_address_fails_and_holds_up_no_other(queued) -> None:
    type(queued.recipient).objects.filter(pk=queued.recipient_id).update(email="nobody at home")
    sending.send_some(10)
    assert status_of(queued) == "failed" and mail.outbox == []


def test_without_a_mail_server_a_real_site_writes_no_emails(town, cycle, post, settings) -> None:
    post()
    settings.PRODUCTION = True
    assert {d.channel for d in _one_letter(town, post)} == {"in_app"}
    settings.EMAIL_CONFIGURED = True
    assert {d.channel for d in _one_letter(town, post)} == {"in_app", "email"}


def test_a_letter_is_not_tried_for_ever(queued, settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    for _ in range(sending.MOST_TRIES + 3):
        sending.send_some(10)
        Delivery.objects.update(changed_at=timezone.now() - timedelta(days=1))
    assert status_of(queued) == "failed" and queued.tries == sending.MOST_TRIES


def test_a_letter_that_may_have_left_is_never_sent_again_silently(queued, settings) -> None:
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.Vanishing"
    sending.send_some(10)
    settings.EMAIL_BACKEND = usual
    Delivery.objects.update(changed_at=timezone.now() - timedelta(days=1))
    assert status_of(queued) == "unknown" and sending.send_some(10) == 0 and len(mail.outbox) == 1


def test_a_letter_whose_sender_died_is_doubted_and_not_sent(queued) -> None:
    now = timezone.now()
    assert sending.claim_one(now) == queued
    assert sending.doubt(now + timedelta(minutes=4)) == 0
    assert sending.doubt(now + timedelta(minutes=6)) == 1
    assert status_of(queued) == "unknown" and sending.send_some(10) == 0 and mail.outbox == []


def test_the_operator_sees_doubtful_letters_and_may_send_one_again(queued, settings, capsys) -> None:
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.Vanishing"
    sending.send_some(10)
    settings.EMAIL_BACKEND = usual
    with pytest.raises(SystemExit):
        call_command("letters")
    assert message_id(queued) in capsys.readouterr().out
    call_command("letters", again=queued.pk)
    sending.send_some(10)
    assert status_of(queued) == "sent"
    call_command("letters")
    with pytest.raises(CommandError):
        call_command("letters", again=queued.pk)


@pytest.fixture
def leader(town) -> User:
    """Somebody of the county's standing committee."""
    county = town.unit.parent
    admin = User.objects.get(username__startswith="admin@")
    user = User.objects.create(username="county", name="县人大常委会", email="county@example.org")
    grant(
        user=user,
        office="county",
        unit=county,
        act=Act(admin, "admin", county, at("2020-01-01")),
        since=SINCE,
    )
    return user


def test_a_circular_of_the_county_is_told_in_every_township_it_goes_to(town, cycle, leader, post) -> None:
    post()
    data = {"title": "第三季度情况", "words": "多数乡镇按期推进。", "townships": [str(town.unit.pk)]}
    perform("oversight.circulate", town.unit.parent, actor=leader, data=data, at=at("2026-10-10"))
    letters = [d for d in post() if d.title == "通报：第三季度情况"]
    desks = {town.of(office).username for office in ("chair", "clerk", "mayor", "gov_clerk")}
    told = {d.recipient.username for d in letters}
    assert desks <= told and names(town.people["presidium"]) <= told


@pytest.mark.parametrize(
    ("key", "data", "part"),
    [
        ("guide", {"title": "抓早抓实", "words": "早谋划、早安排。"}, "guidance"),
        ("circulate", {"title": "情况", "words": "早谋划、早安排。", "townships": []}, "guidance"),
        (
            "train",
            {
                "title": "业务",
                "words": "早谋划、早安排。",
                "held_on": "2026-10-20",
                "place": "党校",
                "townships": [],
            },
            "guidance",
        ),
        ("sample", {"of": "station", "number": "1", "words": "早谋划、早安排。"}, "samples"),
    ],
)
def test_a_letter_of_the_county_leads_to_what_the_county_wrote(
    client, town, cycle, leader, post, key, data, part
) -> None:
    post()
    if "townships" in data:
        data = data | {"townships": [str(town.unit.pk)]}
    about = town.unit.parent if "townships" in data else cycle
    perform(f"oversight.{key}", about, actor=leader, data=data, at=at("2026-10-10"))
    letter = next(d for d in post() if d.recipient == town.of("clerk"))
    assert letter.link == f"/county/words/#{part}" and "见“提示函与指导”" in letter.body
    client.force_login(town.of("clerk"))
    page = client.get(letter.link).content.decode()
    assert f'id="{part}"' in page and "早谋划、早安排。" in page


def test_the_letter_of_a_reply_leads_the_county_to_the_note_however_many_came_after(
    client, town, cycle, leader, post
) -> None:
    note = {"title": "公告未发布", "words": "请说明原因。", "reply_by": "2026-10-30"}
    for n in range(PER_PAGE + 1):
        data = note | ({"title": "其他"} if n else {})
        perform("oversight.note", cycle, actor=leader, data=data, at=at("2026-10-10"))
    post()
    first = Note.objects.earliest("pk")
    task = Deadline.objects.get(subject=first.reference)
    complete(task.pk, actor=town.of("chair"), data={"reply": "公告已于今日发布。"}, at=at("2026-10-12"))
    letter = next(d for d in post() if d.recipient == leader)
    assert letter.link == f"/county/words/?note={first.pk}#note-{first.pk}"
    client.force_login(leader)
    assert "公告已于今日发布。" not in client.get("/county/words/").content.decode()
    page = client.get(letter.link).content.decode()
    assert f'id="note-{first.pk}"' in page and "公告已于今日发布。" in page
    assert "公告已于今日发布。" not in client.get(f"/county/words/?note={first.pk}&notes=1").content.decode()


def test_an_overdue_task_is_told_to_the_office_above_and_then_to_the_county(
    town, cycle, leader, post
) -> None:
    task = open_task("collection.scheme")
    Deadline.objects.filter(pk=task.pk).update(office="clerk")
    post()
    remind_due(at(str(task.due_on + timedelta(days=5))))
    told = [d for d in post() if d.letter == "escalated"]
    assert {(d.recipient.username, d.channel) for d in told} == {
        (town.of("chair").username, "in_app"),
        (town.of("chair").username, "email"),
    }
    assert told[0].title == "超期 5 天上报：拟订年度实施方案" and told[0].link == f"/tasks/{task.pk}/"
    remind_due(at(str(task.due_on + timedelta(days=15))))
    assert {d.recipient for d in post() if d.letter == "escalated"} == {leader}
