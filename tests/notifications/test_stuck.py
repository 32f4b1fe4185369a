"""What is stuck: found, explained, sent once more by a recorded act, never twice by two administrators."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from notifications import sending, stuck
from notifications.models import Delivery
from projects.lifecycle.intake import start_year
from tests.builders import at, open_task, township
from tests.notifications.conftest import PLAN, administrator, give_mailboxes
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.services import urge
from workflow.people.isolation import SYSTEM, apply, within


def mail_of(town, post, n: int = 1) -> list[Delivery]:  # type: ignore[no-untyped-def]
    post()
    for turn in range(n):
        act = town.act("clerk", at("2026-08-18", turn % 12))
        urge(open_task("collection.scheme").task, act=act, words=f"第{turn}次。")
    return [d for d in post() if d.channel == "email"]


def stop(letters: list[Delivery], status: str, error: str = "") -> None:
    tries = sending.MOST_TRIES if status == "failed" else 1
    numbers = [d.pk for d in letters]
    Delivery.objects.filter(pk__in=numbers).update(status=status, tries=tries, error=error)


def statuses(letters: list[Delivery]) -> list[str]:
    return list(
        Delivery.objects.filter(pk__in=[d.pk for d in letters])
        .order_by("pk")
        .values_list("status", flat=True)
    )


@pytest.fixture
def admin(town):  # type: ignore[no-untyped-def]
    return administrator(town)


@pytest.fixture
def act(town, admin):  # type: ignore[no-untyped-def]
    return Act(admin, "admin", town.unit.parent, timezone.now())


@pytest.mark.django_db
def test_what_failed_is_queued_again_and_the_act_is_in_the_trail(town, cycle, post, act) -> None:
    letters = mail_of(town, post, 2)
    stop(letters, "failed", "SMTPRecipientsRefused 550")
    assert stuck.send_again(act, town.unit.parent.path, [d.pk for d in letters], verified=False) == 2
    assert statuses(letters) == ["queued", "queued"]
    entry = Entry.objects.get(action="letters.send_again")
    assert entry.unit == town.unit and entry.actor == act.actor
    assert json.loads(entry.body)["after"] == {"letters": [d.pk for d in letters], "doubtful": []}
    assert sending.send_some(10) == 2 and statuses(letters) == ["sent", "sent"]


@pytest.mark.django_db
def test_a_doubtful_letter_goes_again_only_on_somebodys_word(town, cycle, post, act) -> None:
    letters = mail_of(town, post)
    stop(letters, "unknown")
    with pytest.raises(Refused, match="已核实"):
        stuck.send_again(act, "/", [letters[0].pk], verified=False)
    assert statuses(letters) == ["unknown"] and not Entry.objects.filter(action="letters.send_again").exists()
    assert stuck.send_again(act, "/", [letters[0].pk], verified=True) == 1
    assert json.loads(Entry.objects.get(action="letters.send_again").body)["after"]["doubtful"] == [
        letters[0].pk
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["sent", "sending", "queued", "held", "carried"])
def test_what_is_not_stopped_is_left_alone(status, town, cycle, post, act) -> None:
    letters = mail_of(town, post)
    stop(letters, status)
    with pytest.raises(Refused, match="已由他人处理"):
        stuck.send_again(act, "/", [letters[0].pk], verified=True)
    assert statuses(letters) == [status]


@pytest.mark.django_db
def test_another_countys_letter_is_out_of_reach(town, cycle, post, act) -> None:
    letters = mail_of(town, post)
    stop(letters, "failed")
    elsewhere = township("T02").unit.parent.path
    with pytest.raises(Refused):
        stuck.send_again(act, elsewhere, [letters[0].pk], verified=True)
    assert stuck.send_again(act, town.unit.parent.path, [letters[0].pk], verified=True) == 1


def test_of_two_administrators_at_once_one_sends_it_again(fresh_database) -> None:
    with within(SYSTEM):
        town = township()
        give_mailboxes()
        start_year(town.act("chair", at("2026-08-10")), **PLAN)
        admin = administrator(town)
        letter = _posted(town)
        stop([letter], "failed")
        act = Act(admin, "admin", town.unit.parent, timezone.now())

    def attempt(_n: int) -> int:
        try:
            return stuck.send_again(act, "/", [letter.pk], verified=False)
        except Refused:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [0, 0, 0, 1]
    with within(SYSTEM):
        assert Entry.objects.filter(action="letters.send_again").count() == 1


def _posted(town) -> Delivery:  # type: ignore[no-untyped-def]
    """Some letter of the township by e-mail, written by hand: no commit has happened yet."""
    entry = Entry.objects.filter(unit=town.unit).first()
    now = timezone.now()
    return Delivery.objects.create(
        unit=town.unit,
        entry=entry,
        recipient=town.of("chair"),
        channel="email",
        urgency="normal",
        title="请办理",
        body="",
        created_at=now,
        changed_at=now,
    )


# --------------------------------------------------------------------------------------- the page


@pytest.fixture
def page(client: Client, admin):  # type: ignore[no-untyped-def]
    def get(user=admin, **query):  # type: ignore[no-untyped-def]
        client.force_login(user)
        answer = client.get(reverse("letters_outside"), query)
        apply(SYSTEM)
        return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)

    return get


@pytest.mark.django_db
def test_the_page_says_why_masks_the_address_and_names_the_message(town, cycle, post, page) -> None:
    (letter,) = mail_of(town, post)
    assert "没有需要处理的消息" in page()
    stop([letter], "failed", "SMTPRecipientsRefused 550")
    shown = page()
    assert "对方服务拒收（SMTPRecipientsRefused 550）" in shown and f"letter-{letter.pk}@" in shown
    mailbox = letter.recipient.email
    assert mailbox not in shown and f"{mailbox[0]}…@example.org" in shown


@pytest.mark.django_db
def test_the_page_is_filtered_by_status_channel_and_words(town, cycle, post, page) -> None:
    (letter,) = mail_of(town, post)
    stop([letter], "unknown")
    assert letter.title in page(status="unknown", channel="email", words=letter.recipient.name)
    for query in (
        {"status": "failed"},
        {"status": "all", "channel": "wecom"},
        {"status": "all", "words": "没有此人"},
    ):
        assert "没有符合条件的消息" in page(**query)
    assert "发送途中进程中断" in page(unit=town.unit.code)


@pytest.mark.django_db
def test_only_the_administrator_sees_the_page_and_sends_again(town, cycle, post, page, client, admin) -> None:
    letters = mail_of(town, post)
    stop(letters, "unknown")
    url, data = reverse("letters_again"), {"letters": [letters[0].pk], "verified": "1"}
    for office in ("clerk", "chair"):
        assert page(town.of(office)) == "403"
        assert client.post(url, data).status_code == 403
    apply(SYSTEM)
    assert statuses(letters) == ["unknown"]
    client.force_login(admin)
    without = client.post(url, {"letters": [letters[0].pk]}, follow=True).content.decode()
    assert "请先核实对方没有收到" in without
    assert "请先选定" in client.post(url, {}, follow=True).content.decode()
    assert "1 条消息已重新排队" in client.post(url, data, follow=True).content.decode()
    assert "已由他人处理" in client.post(url, data, follow=True).content.decode()
    apply(SYSTEM)
    assert statuses(letters) == ["queued"]


@pytest.mark.django_db
def test_the_page_costs_the_same_for_one_letter_and_for_many(town, cycle, post, page, client) -> None:
    letters = mail_of(town, post, 30)
    stop(letters[:1], "unknown")
    page()
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("letters_outside"))
    apply(SYSTEM)
    stop(letters, "unknown")
    with CaptureQueriesContext(connection) as many:
        assert client.get(reverse("letters_outside")).content.decode().count("结果不明的") >= 1
    assert len(many) == len(one)


@pytest.mark.django_db
def test_the_receivers_page_shows_what_arrived_and_is_gone_where_letters_leave(
    town, admin, client, settings, tmp_path
) -> None:
    from notifications import demonstration

    settings.VAR_DIR = tmp_path
    message = json.dumps({"msgtype": "text", "text": {"content": "请办理：发布征集公告"}})
    demonstration.answered("wecom", "/", {"key": "0123456789"}, message)
    client.force_login(admin)
    assert "请办理：发布征集公告" in client.get(reverse("letters_received")).content.decode()
    settings.LETTERS_RECEIVER = ""
    assert client.get(reverse("letters_received")).status_code == 404


@pytest.mark.django_db
def test_a_failed_letter_rests_longer_each_time_and_not_for_ever() -> None:
    pauses = [sending.pause_after(n) for n in range(1, sending.MOST_TRIES)]
    assert pauses == [timedelta(minutes=n) for n in (1, 2, 4, 8, 16)]
