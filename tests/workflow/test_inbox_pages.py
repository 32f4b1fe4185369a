"""The inbox and the step page, as an office sees them."""

from __future__ import annotations

import re
from copy import copy
from datetime import date

import pytest
from django.utils import timezone
from django.utils.formats import date_format
from viewflow.workflow.models import Task

from projects.lifecycle.intake import start_year
from tests.builders import at, open_task, township
from workflow.flows.models import Deadline, Urge
from workflow.inbox.acts_done import told_open
from workflow.inbox.selectors import AS_TOLD
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import live_grants

pytestmark = pytest.mark.django_db

YEAR = timezone.localdate().year + 1
PLAN = {"opens_on": date(YEAR - 1, 9, 1), "planned_t": date(YEAR, 1, 20), "planned_t2": date(YEAR + 1, 1, 18)}


@pytest.fixture
def town(db):
    apply(SYSTEM)
    made = township()
    start_year(made.act("chair", at(f"{YEAR - 1}-08-10")), year=YEAR, **PLAN)
    return made


def signed_in(client, user):
    client.force_login(user)
    return client


def scheme() -> dict[str, str]:
    return {
        "op": "submit",
        "opens_on": f"{YEAR - 1}-09-01",
        "planned_t": f"{YEAR}-01-20",
        "planned_t2": f"{YEAR + 1}-01-18",
        "leading_group": "组长、副组长和成员",
        "body": "按照三个阶段六个环节组织实施。",
    }


def test_the_chair_finds_the_scheme_in_the_inbox(client, town):
    page = signed_in(client, town.of("chair")).get("/inbox/")
    assert page.status_code == 200
    assert "拟订年度实施方案" in page.content.decode()


def test_another_office_does_not_find_it(client, town):
    page = signed_in(client, town.of("finance")).get("/inbox/")
    assert "拟订年度实施方案" not in page.content.decode()


def test_what_waits_for_another_of_ones_offices_is_told_with_the_way_there(client, town):
    chair = town.of("chair")
    (legal,) = live_grants(timezone.localdate()).filter(user=town.of("legal"), office="legal")
    RoleGrant.objects.filter(pk=legal.pk).update(user=chair)  # whoever may hold what is not asked here
    signed_in(client, chair).post("/office/", {"grant": legal.pk})
    page = client.get("/inbox/").content.decode()
    assert "您的其他职务也有待办事项" in page and "青溪镇 · 人大主席、副主席（1 项）" in page
    apply(SYSTEM)
    (own,) = live_grants(timezone.localdate()).filter(user=chair, office="chair")
    client.post("/office/", {"grant": own.pk})
    page = client.get("/inbox/").content.decode()
    assert "拟订年度实施方案" in page and "您的其他职务也有待办事项" not in page


def test_a_task_is_done_on_its_page_and_says_what_comes_next(client, town):
    apply(SYSTEM)
    task = open_task("collection.scheme")
    page = signed_in(client, town.of("chair")).post(
        f"/tasks/{task.pk}/", scheme() | {"op": "confirm"}, follow=True
    )
    told = page.content.decode()
    assert "已办结" in told and "拟订年度实施方案" in told and task.label in told
    assert "党委研究年度实施方案" in told and "没有后续事项" not in told
    done = client.get("/inbox/done/").content.decode()
    assert "办结日期" in done and date_format(timezone.localdate(), "DATE_FORMAT") in done


def test_whose_turn_it_is_is_asked_once_whatever_the_number_of_tasks_and_offices(
    town, django_assert_num_queries
):
    apply(SYSTEM)
    first, offices = open_task("collection.scheme"), ("chair", "clerk", "gov_clerk", "chief_teller", "mayor")
    opened = []
    for number, office in enumerate(offices):
        one = Deadline.objects.select_related(*AS_TOLD).get(pk=first.pk)
        task = copy(one.task)
        task.pk = number
        one.task, one.office = task, office
        opened.append(one)
    for told in (opened[:1], opened):
        with django_assert_num_queries(1):
            names = [one.names for one in told_open(told, town.unit)]
        assert names == [town.of(office).name for office in offices[: len(told)]]
    claimed = opened[0]
    claimed.task.owner = town.of("clerk")
    with django_assert_num_queries(0):
        assert [one.names for one in told_open([claimed], town.unit)] == [town.of("clerk").name]


def test_a_refused_form_names_the_field_and_keeps_what_was_typed(client, town):
    apply(SYSTEM)
    task = open_task("collection.scheme")
    data = scheme() | {"planned_t2": f"{YEAR}-01-01"}
    page = signed_in(client, town.of("chair")).post(f"/tasks/{task.pk}/", data)
    assert page.status_code == 422
    assert "须在拟定票决会期之后" in page.content.decode()
    assert "按照三个阶段六个环节组织实施。" in page.content.decode()


def test_a_draft_is_kept_and_shown_again(client, town):
    apply(SYSTEM)
    task = open_task("collection.scheme")
    signed_in(client, town.of("chair")).post(f"/tasks/{task.pk}/", {"op": "save", "body": "先写这一句"})
    page = client.get(f"/tasks/{task.pk}/")
    assert "先写这一句" in page.content.decode()


def test_a_person_of_another_township_does_not_find_the_task(client, town):
    apply(SYSTEM)
    task = open_task("collection.scheme")
    other = township("T02", name="柳河镇")
    assert signed_in(client, town.of("chair")).get(f"/tasks/{task.pk}/").status_code == 200
    assert signed_in(client, other.of("chair")).get(f"/tasks/{task.pk}/").status_code == 404


def test_an_office_that_may_not_do_it_is_refused_when_it_posts(client, town):
    apply(SYSTEM)
    task = open_task("collection.scheme")
    page = signed_in(client, town.of("gov_clerk")).post(f"/tasks/{task.pk}/", scheme())
    assert page.status_code == 403
    apply(SYSTEM)
    assert Deadline.objects.get(pk=task.pk).done_at is None


def test_urging_is_counted_and_shown(client, town):
    apply(SYSTEM)
    task = open_task("collection.scheme")
    signed_in(client, town.of("clerk")).post(f"/tasks/{task.pk}/", {"op": "urge", "words": "请尽快办理"})
    page = signed_in(client, town.of("chair")).get("/inbox/")
    assert "已催办 1 次" in page.content.decode()


def test_words_of_an_urge_that_are_too_long_are_refused_whole_and_kept_on_the_page(client, town):
    apply(SYSTEM)
    task, clerk, long = open_task("collection.scheme"), town.of("clerk"), "请尽快办理。" * 40
    refused = signed_in(client, clerk).post(f"/tasks/{task.pk}/", {"op": "urge", "words": long})
    apply(SYSTEM)
    assert refused.status_code == 422 and long in refused.content.decode()
    assert not Urge.objects.exists()
    client.post(f"/tasks/{task.pk}/", {"op": "urge", "words": long[:200]})
    apply(SYSTEM)
    assert Urge.objects.get().words == long[:200]


def test_what_one_has_done_is_found_to_the_last_row_and_narrowed(client, town):
    apply(SYSTEM)
    chair = town.of("chair")
    done(town, chair, 45)
    page = signed_in(client, chair).get("/inbox/done/?page=2").content.decode()
    assert page.count('class="row-title"') == 15
    narrow = client.get(f"/inbox/done/?year={YEAR - 3}").content.decode()
    assert narrow.count('class="row-title"') == 1 and "旧事项" in narrow
    for query, found in (
        ("words=旧事项", 1),
        ("words=拟订年度实施方案", 30),
        ("step=2", 0),
        ("due=late", 30),
    ):
        assert client.get(f"/inbox/done/?{query}").content.decode().count('class="row-title"') == found, query


def done(town, user, number: int) -> None:
    """Tasks the person has done in the township; the oldest is of an earlier year."""
    model = open_task("collection.scheme")
    for n in range(number):
        task = Task.objects.create(
            process=model.task.process, flow_task=model.task.flow_task, flow_task_type="HUMAN", status="DONE"
        )
        Deadline.objects.create(
            task=task,
            unit=town.unit,
            seat=town.unit,
            office="chair",
            key="collection.scheme",
            step=1,
            year=YEAR - 3 if n == 0 else YEAR,
            subject=model.subject,
            about=model.about,
            label="旧事项" if n == 0 else f"事项{n}",
            opened_on=date(2020, 1, 1),
            due_on=date(2020, 2, 1),
            done_by=user,
            done_at=at("2020-01-20"),
        )


def test_unclaimed_tasks_come_by_the_day_they_are_due(client, town):
    apply(SYSTEM)
    chair, first = town.of("chair"), open_task("collection.scheme")
    start_year(
        town.act("chair", at(f"{YEAR - 1}-08-10")),
        year=YEAR + 1,
        **{name: day.replace(year=day.year + 1) for name, day in PLAN.items()},
    )
    later = Deadline.objects.exclude(pk=first.pk).get(key="collection.scheme", done_at=None)
    Deadline.objects.filter(pk=first.pk).update(due_on=date(2020, 1, 2))
    Deadline.objects.filter(pk=later.pk).update(due_on=date(2020, 1, 1))
    page = signed_in(client, chair).get("/inbox/queue/").content.decode()
    assert page.index(f'href="/tasks/{later.pk}/"') < page.index(f'href="/tasks/{first.pk}/"')


HOST = "http://testserver"


@pytest.mark.parametrize(
    ("referer", "leads", "words"),
    [
        (f"{HOST}/inbox/?due=late&year=2027", "/inbox/?due=late&amp;year=2027", "返回待办"),
        (f"{HOST}/years/1/", "/years/1/", "返回上页"),
        ("https://elsewhere.example/inbox/?due=late", "/inbox/", "返回待办"),
        (f"{HOST}//evil.example/years/", "/inbox/", "返回待办"),
        ("http://[", "/inbox/", "返回待办"),
        (f"{HOST}/login/?next=/inbox/", "/inbox/", "返回待办"),
        (f"{HOST}/login/code/", "/inbox/", "返回待办"),
        (f"{HOST}/password/", "/inbox/", "返回待办"),
        ("", "/inbox/", "返回待办"),
    ],
)
def test_a_task_leads_back_to_the_page_it_was_opened_from(client, town, referer, leads, words):
    apply(SYSTEM)
    task = open_task("collection.scheme")
    signed_in(client, town.of("chair"))
    page = client.get(f"/tasks/{task.pk}/", headers={"referer": referer}).content.decode()
    [(url, said)] = re.findall(r'class="back-link" href="([^"]*)">.*?</span>([^<]*)</a>', page)
    assert (url, said) == (leads, words)


def test_a_page_that_was_sent_to_itself_leads_back_to_the_list(client, town):
    apply(SYSTEM)
    address = f"/tasks/{open_task('collection.scheme').pk}/"
    signed_in(client, town.of("chair"))
    for answer in (
        client.get(address, headers={"referer": f"{HOST}{address}"}),
        client.post(address, {"body": ""}, headers={"referer": f"{HOST}{address}"}),
    ):
        assert 'class="back-link" href="/inbox/"' in answer.content.decode()


def test_an_office_no_task_comes_to_has_no_empty_list_and_goes_back_to_what_a_task_is_about(client, town):
    apply(SYSTEM)
    task, county = open_task("collection.scheme"), town.unit.parent
    user = User.objects.create(username="county@here", name="县人大")
    RoleGrant.objects.create(user=user, office="county", unit=county, tenant=county, since=date(2020, 1, 1))
    signed_in(client, user)
    for box in ("", "done/"):
        assert client.get(f"/inbox/{box}").headers["Location"] == "/home/"
    page = client.get(f"/tasks/{task.pk}/").content.decode()
    cycle = task.subject.partition(":")[2]
    assert f'class="back-link" href="/years/{cycle}/"' in page and "返回待办" not in page


def test_an_empty_list_says_what_it_is_for_and_leads_on(client, town):
    signed_in(client, town.of("legal"))
    page = client.get("/inbox/").content.decode()
    assert "现在没有需要您办理的事项" in page
    assert 'href="/inbox/started/"' in page.partition('class="empty"')[2]
    assert 'href="/years/"' in page.partition('class="empty"')[2]
    queue = client.get("/inbox/queue/").content.decode()
    assert "没有待认领的事项" in queue and 'href="/years/"' in queue.partition('class="empty"')[2]
