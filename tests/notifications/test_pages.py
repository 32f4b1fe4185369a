"""消息: one's own letters, and nobody else's."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from notifications.models import Delivery
from notifications.selectors import letters_of, own_letters, unread_letters
from tests.builders import at, open_task, township
from tests.notifications.conftest import administrator
from tests.projects.oversight.county_world import leader_of
from workflow.flows.services import urge
from workflow.people.isolation import PUBLIC, SYSTEM, apply
from workflow.roles.models import RoleGrant
from workflow.roles.services import revoke

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(town, cycle, post):  # type: ignore[no-untyped-def]
    """The chair with one letter to read."""
    post()
    urge(open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-18")), words="请尽快报送。")
    post()
    return town.of("chair")


@pytest.fixture
def page(client: Client):  # type: ignore[no-untyped-def]
    def get(user, **query):  # type: ignore[no-untyped-def]
        client.force_login(user)
        return client.get(reverse("letters"), query)

    return get


def again() -> None:
    """A request ends its context; the test's own reads need it back."""
    apply(SYSTEM)


def test_a_letter_is_listed_as_unread_until_it_is_opened(told, page, client) -> None:
    first = page(told)
    assert "催办：拟订年度实施方案" in first.content.decode() and "1 条未读" in first.content.decode()
    again()
    letter = letters_of(told).get()
    answer = client.get(reverse("letter", args=[letter.pk]))
    assert (answer.status_code, answer.url) == (302, f"/tasks/{open_task('collection.scheme').pk}/")
    again()
    assert unread_letters(told).count() == 0 and "条未读" not in page(told).content.decode()


def test_what_is_unread_is_counted_once_for_the_list_and_the_navigation(told, page) -> None:
    page(told)
    with CaptureQueriesContext(connection) as seen:
        shown = page(told).content.decode()
    assert "1 条未读" in shown
    counted = [one for one in seen if "COUNT(" in one["sql"] and '"read_at" IS NULL' in one["sql"]]
    assert len(counted) == 1


def test_whoever_holds_no_office_any_more_is_told_what_is_unread(told, town, page) -> None:
    for held in RoleGrant.objects.filter(user=told):
        revoke(grant=held, act=town.act("clerk", timezone.now()), reason="调离")
    assert "1 条未读" in page(told).content.decode()


def test_the_first_reading_is_the_one_that_counts(told, client) -> None:
    letter = letters_of(told).get()
    client.force_login(told)
    client.get(reverse("letter", args=[letter.pk]))
    again()
    first = letters_of(told).get().read_at
    client.get(reverse("letter", args=[letter.pk]))
    again()
    assert letters_of(told).get().read_at == first is not None


def test_anothers_letter_cannot_be_opened(told, town, client) -> None:
    letter = letters_of(told).get()
    client.force_login(town.of("clerk"))
    assert client.get(reverse("letter", args=[letter.pk])).status_code == 404
    again()
    assert unread_letters(told).count() == 1
    client.force_login(told)
    assert client.get(reverse("letter", args=[letter.pk])).status_code == 302


def test_all_can_be_marked_as_read_by_their_owner_alone(told, town, client) -> None:
    client.force_login(town.of("clerk"))
    client.post(reverse("letters_read"))
    again()
    assert unread_letters(told).count() == 1
    client.force_login(told)
    assert client.get(reverse("letters_read")).status_code == 405
    assert client.post(reverse("letters_read")).status_code == 302
    again()
    assert unread_letters(told).count() == 0


def test_the_database_itself_shows_only_ones_own_letters(told, town) -> None:
    apply(own_letters(told))
    assert Delivery.objects.filter(channel="in_app").count() == 1
    apply(own_letters(town.of("clerk")))
    assert Delivery.objects.count() == 0
    apply(PUBLIC)
    assert Delivery.objects.count() == 0


def test_a_letter_from_a_township_one_may_not_write_can_be_read(town, cycle, post, client) -> None:
    elsewhere = township("T02").of("chair")  # an office elsewhere: the letter's township is closed to it
    again()
    post()
    urge(open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-18")), words="请尽快报送。")
    letter = next(d for d in post() if d.channel == "in_app")
    Delivery.objects.filter(pk=letter.pk).update(recipient=elsewhere)
    client.force_login(elsewhere)
    assert client.get(reverse("letter", args=[letter.pk])).status_code == 302
    again()
    assert unread_letters(elsewhere).count() == 0


def test_the_list_costs_the_same_for_one_letter_and_for_many(told, town, post, page, client) -> None:
    assert page(told).status_code == 200  # caches and session are warm after this
    with CaptureQueriesContext(connection) as one:
        assert client.get(reverse("letters")).status_code == 200
    again()
    for n in range(30):
        urge(
            open_task("collection.scheme").task,
            act=town.act("clerk", at("2026-08-18", n % 12)),
            words=f"第{n}次。",
        )
    post()
    with CaptureQueriesContext(connection) as many:
        answer = client.get(reverse("letters"))
    assert len(many) == len(one) and "下一页" in answer.content.decode()


def test_only_the_unread_can_be_asked_for(told, town, post, page, client) -> None:
    client.force_login(told)
    client.post(reverse("letters_read"))
    again()
    assert "没有未读消息" in page(told, unread="1").content.decode()
    assert "催办：" in page(told).content.decode()


def test_a_visitor_is_asked_to_sign_in(client, settings) -> None:
    settings.LOGIN_URL = "/sign-in/"
    assert client.get(reverse("letters")).url == "/sign-in/?next=/messages/"


def test_a_letter_without_a_page_leads_back_to_the_list(town, cycle, post, client) -> None:
    member = town.people["party"][0]
    post()
    revoke(grant=member.grants.get(), act=town.act("clerk", at("2026-08-11")), reason="工作调动")
    letter = next(d for d in post() if d.recipient == member and d.channel == "in_app")
    assert letter.link == ""
    client.force_login(member)
    assert client.get(reverse("letter", args=[letter.pk])).url == reverse("letters")


def test_what_waits_for_the_office_is_counted_beside_the_letters_too(town, cycle, post, page) -> None:
    post()
    chair = town.of("chair")
    home = page(chair).client.get(reverse("inbox"))
    counted = [item["count"] for item in home.context["nav"][0]["items"]]
    assert any(counted)
    again()
    assert [item["count"] for item in page(chair).context["nav"][0]["items"]] == counted


def counted_beside(client: Client, path: str) -> int:
    """What the navigation of a page says beside the link to the messages."""
    answer = client.get(path)
    again()
    items = [item for group in answer.context["nav"] for item in group["items"]]
    (messages,) = (item for item in items if item["url"] == reverse("letters"))
    assert messages["alert"] == (messages["count"] > 0)
    shown = f'<a href="{reverse("letters")}"><span>消息</span><span class="count count-alert">{messages["count"]}<'
    assert (shown in answer.content.decode()) == (messages["count"] > 0)
    return int(messages["count"])


def test_every_page_counts_the_messages_nobody_has_opened_of_whoever_reads_it(told, town, client) -> None:
    client.force_login(told)
    assert counted_beside(client, reverse("inbox")) == 1
    client.get(reverse("letter", args=[letters_of(told).get().pk]))
    again()
    assert counted_beside(client, reverse("inbox")) == 0
    client.force_login(town.of("clerk"))
    assert counted_beside(client, reverse("inbox")) == 0


def test_whoever_has_no_inbox_sees_unread_messages_of_another_township_counted_too(
    told, town, client
) -> None:
    letter, admin = letters_of(told).get(), administrator(town)
    Delivery.objects.filter(pk=letter.pk).update(recipient=admin)
    client.force_login(admin)
    assert counted_beside(client, reverse("second_factor")) == 1
    leader = leader_of(town.unit.parent)
    Delivery.objects.filter(pk=letter.pk).update(recipient=leader)
    client.force_login(leader)
    assert counted_beside(client, reverse("county")) == 1


def test_the_count_of_messages_is_one_query(told, client) -> None:
    client.force_login(told)
    client.get(reverse("second_factor"))
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("second_factor"))
    of_letters = [query for query in asked if '"notifications_delivery"' in query["sql"]]
    assert len(of_letters) == 1
