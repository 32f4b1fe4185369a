"""The inbox's lists: kept filters, several townships, several tasks or copies at once."""

from __future__ import annotations

import html
import io
import re
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from viewflow.workflow.models import Task

from projects.deliberation.flows import WithdrawalFlow
from projects.lifecycle.intake import start_year
from tests.builders import SINCE, at, meeting_of, open_task, seat_chair, township
from tests.plays import ask_to_withdraw
from tests.projects.deliberation.test_deliberation import year_at_step_3
from tests.projects.supervision.conftest import PLAN, year_of
from workflow.audit.models import Entry
from workflow.flows import copies
from workflow.flows.acting import recording
from workflow.flows.copies import Receiver
from workflow.flows.errors import Refused
from workflow.flows.models import Copy, CopyRead, Deadline, SavedFilter
from workflow.flows.processes import begun_anew
from workflow.flows.services import claim, complete, hand_over_all
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind
from workflow.people.wording import worded
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant
from workflow.roles.standing_in import name_stand_in

pytestmark = pytest.mark.django_db

YEAR = timezone.localdate().year + 1


def plan(year: int) -> dict[str, object]:
    return {
        "year": year,
        "opens_on": date(year - 1, 9, 1),
        "planned_t": date(year, 1, 20),
        "planned_t2": date(year + 1, 1, 18),
    }


@pytest.fixture
def town(db):
    apply(SYSTEM)
    made = township()
    for year in (YEAR, YEAR + 1):
        start_year(made.act("chair", at(f"{YEAR - 1}-08-10")), **plan(year))
    return made


def schemes() -> list[Deadline]:
    return list(
        Deadline.objects.filter(key="collection.scheme", done_at=None).select_related("task").order_by("pk")
    )


def colleague_of(town, office: str = "chair"):
    user = town.deputies[5]
    grant(user=user, office=office, unit=town.unit, act=town.act("clerk", at("2026-01-01")), since=SINCE)
    return user


# ------------------------------------------------------------------------------- kept filters


def test_a_filter_is_kept_under_a_name_found_again_and_deleted(client, town):
    client.force_login(town.of("chair"))
    assert "常用筛选" not in client.get("/inbox/").content.decode()
    assert "把当前条件存为" in client.get(f"/inbox/?year={YEAR}&page=1").content.decode()
    data = {"name": "今年的", "box": "todo", "query": f"year={YEAR}&page=3&evil=1"}
    page = client.post("/inbox/filters/", data, follow=True).content.decode()
    apply(SYSTEM)
    kept = SavedFilter.objects.get()
    assert (kept.query, kept.user, kept.unit) == (f"year={YEAR}", town.of("chair"), town.unit)
    assert f'href="/inbox/?year={YEAR}" aria-current="page"' in page and "把当前条件存为" not in page
    client.force_login(town.of("clerk"))
    assert "今年的" not in client.get("/inbox/").content.decode()
    assert client.post(f"/inbox/filters/{kept.pk}/delete/").status_code == 404
    client.force_login(town.of("chair"))
    assert "已删除" in client.post(f"/inbox/filters/{kept.pk}/delete/", follow=True).content.decode()
    apply(SYSTEM)
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("data", [{"query": ""}, {"query": "evil=1"}, {"name": ""}, {"box": "evil"}])
def test_a_filter_that_narrows_nothing_or_has_no_name_is_not_kept(client, town, data):
    client.force_login(town.of("chair"))
    client.post("/inbox/filters/", {"name": "甲", "box": "todo", "query": "due=late"} | data)
    apply(SYSTEM)
    assert not SavedFilter.objects.exists()


# ------------------------------------------------------------------------------- townships


def test_what_waits_for_ones_other_offices_stands_above_and_nothing_twice(client, town):
    """A clerk keeps the presidium's record: what waits for the presidium waits for the clerk, and is told once."""
    clerk, act = town.of("clerk"), town.act("clerk", at("2026-01-01"))
    for office in ("deputy", "presidium"):
        grant(user=clerk, office=office, unit=town.unit, act=act, since=SINCE)
    Task.objects.filter(pk=schemes()[0].pk).update(owner_permission="presidium")
    client.force_login(clerk)
    assert "您的其他职务也有待办事项" not in client.get("/inbox/").content.decode()
    apply(SYSTEM)
    grant(user=clerk, office="chair", unit=town.unit, act=act, since=SINCE)
    told = client.get("/inbox/").content.decode()
    assert told.count("您的其他职务也有待办事项") == 1 and told.count("（1 项）") == 1


def test_what_one_stood_in_for_has_claimed_is_told_beside_the_queue_that_is_listed(client, town):
    """A member of the presidium stands in for the clerk who keeps its record: its queue is theirs already, a claim is not."""
    clerk, member, today = town.of("clerk"), town.deputies[5], timezone.localdate()
    claimed, free = Task.objects.filter(pk__in=[one.pk for one in schemes()]).order_by("pk")
    for task in (claimed, free):
        Task.objects.filter(pk=task.pk).update(owner_permission="presidium")
        Deadline.objects.filter(pk=task.pk).update(office="presidium")
    name_stand_in(
        grant=RoleGrant.objects.select_related("user", "unit", "tenant").get(user=clerk, office="clerk"),
        person=member,
        since=today,
        until=today + timedelta(days=2),
        reason="年休假",
        act=town.act("clerk", timezone.now()),
    )
    seat = RoleGrant.objects.get(user=member, office="presidium")
    client.force_login(member)
    client.post("/office/", {"grant": seat.pk})
    page = client.get("/inbox/").content.decode()
    assert page.count('class="row-title"') == 2 and "您的其他职务也有待办事项" not in page
    apply(SYSTEM)
    Task.objects.filter(pk=claimed.pk).update(status="ASSIGNED", owner=clerk)
    page = client.get("/inbox/").content.decode()
    assert page.count('class="row-title"') == 1 and page.count("（1 项）") == 1


def test_whoever_has_offices_in_two_townships_lists_both_and_goes_over(client, town):
    other = township("T02", name="柳河镇")
    start_year(other.act("chair", at(f"{YEAR - 1}-08-10")), **plan(YEAR))
    chair = town.of("chair")
    seat_chair(chair, other.unit, other.act("clerk", at("2026-01-01")))
    client.force_login(chair)
    here = client.get("/inbox/").content.decode()
    assert "全部乡镇" in here and here.count('class="row-title"') == 2
    both = client.get("/inbox/?place=all").content.decode()
    assert both.count('class="row-title"') == 3 and "切换职务并打开" in both and "柳河镇 · " in both
    only = client.get("/inbox/?place=T02").content.decode()
    assert only.count('class="row-title"') == 1
    apply(SYSTEM)
    theirs = open_task("collection.scheme", unit=other.unit)
    assert client.get(f"/tasks/{theirs.pk}/").status_code == 404
    there = RoleGrant.objects.get(user=chair, office="chair", unit=other.unit)
    answer = client.post("/office/", {"grant": there.pk, "task": theirs.pk})
    assert answer.headers["Location"] == f"/tasks/{theirs.pk}/"
    assert client.get(f"/tasks/{theirs.pk}/").status_code == 200


def test_a_township_one_has_no_office_in_is_not_listed(client, town):
    other = township("T02", name="柳河镇")
    start_year(other.act("chair", at(f"{YEAR - 1}-08-10")), **plan(YEAR))
    client.force_login(town.of("chair"))
    page = client.get("/inbox/?place=T02").content.decode()
    assert "柳河镇" not in page and "全部乡镇" not in page and page.count('class="row-title"') == 2


def test_one_row_and_many_cost_the_same_number_of_queries(client, town):
    client.force_login(town.of("chair"))
    client.get("/inbox/")
    with CaptureQueriesContext(connection) as two:
        client.get("/inbox/")
    apply(SYSTEM)
    for year in range(YEAR + 2, YEAR + 8):
        start_year(town.act("chair", at(f"{YEAR - 1}-08-10")), **plan(year))
    with CaptureQueriesContext(connection) as eight:
        page = client.get("/inbox/").content.decode()
    assert page.count('class="row-title"') == 8 and len(eight) == len(two)
    # One of them for each other office: a chair is a deputy and sits in the presidium. Four more say for whom the request
    # speaks, and for a moment that the system does: sixteen in all.
    about_nobody = re.compile(r"SAVEPOINT|RELEASE|SELECT (set_config|coalesce\(current_setting)")
    assert len([q for q in eight if not about_nobody.match(q["sql"])]) <= 12


# ------------------------------------------------------------------------------- several tasks


def test_several_tasks_go_to_one_colleague_each_with_its_entry(town):
    colleague = colleague_of(town)
    ids = [d.pk for d in schemes()]
    entries = hand_over_all(ids, actor=town.of("chair"), to=colleague, reason="外出学习", at=at("2026-08-12"))
    assert [e.action for e in entries] == ["task.hand_over"] * 2
    assert {d.task.owner_id for d in schemes()} == {colleague.pk}


def test_one_that_cannot_be_handed_over_keeps_all_of_them_and_is_named(town):
    colleague = colleague_of(town)
    first, second = schemes()
    claim(second.pk, actor=colleague, at=at("2026-08-12"))
    before = Entry.objects.count()
    with pytest.raises(Refused) as refused:
        hand_over_all(
            [first.pk, second.pk], actor=town.of("chair"), to=colleague, reason="外出", at=at("2026-08-12")
        )
    assert len(refused.value.reasons) == 1 and str(YEAR + 1) in refused.value.reasons[0]
    assert "认领" in refused.value.reasons[0]
    assert Entry.objects.count() == before and schemes()[0].task.owner_id is None


def test_the_page_confirms_once_and_hands_all_over(client, town):
    colleague = colleague_of(town)
    ids = [d.pk for d in schemes()]
    client.force_login(town.of("chair"))
    assert 'form="several-tasks"' in client.get("/inbox/").content.decode()
    shown = client.get("/inbox/assign/", {"task": ids}).content.decode()
    assert "转办的事项（2 件）" in shown and colleague.name in shown
    data = {"task": ids, "to": colleague.pk, "reason": ""}
    assert client.post("/inbox/assign/", data).status_code == 422
    page = client.post("/inbox/assign/", data | {"reason": "外出学习"}, follow=True).content.decode()
    assert f"2 件事项已转给{colleague.name}办理" in page
    assert "请先勾选" in client.get("/inbox/assign/", follow=True).content.decode()


def owners() -> list:
    return [d.task.owner for d in schemes()]


def test_a_row_of_the_queue_is_taken_and_put_back_where_it_stands(client, town):
    one, _other = schemes()
    chair = town.of("chair")
    client.force_login(chair)
    assert f'name="claim" value="{one.pk}"' in client.get("/inbox/queue/").content.decode()
    before = Entry.objects.count()
    data = {"claim": one.pk, "box": "queue", "query": f"year={YEAR}&evil=1"}
    answer = client.post("/inbox/several/", data)
    assert answer.headers["Location"] == f"/inbox/queue/?year={YEAR}"
    page = client.get("/inbox/").content.decode()
    assert "已认领 1 件事项" in page and f'name="release" value="{one.pk}"' in page
    apply(SYSTEM)
    assert owners() == [chair, None] and Entry.objects.count() == before
    client.post("/inbox/several/", {"release": one.pk, "box": "todo"})
    apply(SYSTEM)
    assert owners() == [None, None]


@pytest.mark.parametrize("box", ["todo", "queue"])
def test_what_ends_a_days_session_stands_after_all_that_is_due_that_day(client, town, box):
    ending, other = schemes()
    Deadline.objects.update(due_on=date(YEAR, 1, 20))
    client.force_login(town.of("chair"))

    def order() -> list[str]:
        page = client.get("/inbox/" if box == "todo" else f"/inbox/{box}/").content.decode()
        apply(SYSTEM)
        return sorted((f"/tasks/{d.pk}/" for d in (ending, other)), key=page.index)

    assert order() == [f"/tasks/{ending.pk}/", f"/tasks/{other.pk}/"]
    Deadline.objects.filter(pk=ending.pk).update(key="supervision.close_session")
    assert order() == [f"/tasks/{other.pk}/", f"/tasks/{ending.pk}/"]


def test_several_are_taken_at_once_or_none_and_who_was_first_is_named(client, town):
    ids = [d.pk for d in schemes()]
    chair, colleague = town.of("chair"), colleague_of(town)
    client.force_login(chair)
    page = client.post("/inbox/several/", {"op": "claim", "task": ids}, follow=True).content.decode()
    apply(SYSTEM)
    assert "已认领 2 件事项" in page and owners() == [chair, chair]
    page = client.post("/inbox/several/", {"op": "release", "task": ids}, follow=True).content.decode()
    apply(SYSTEM)
    assert "已将 2 件事项放回待领" in page and owners() == [None, None]
    claim(ids[1], actor=colleague, at=at("2026-08-12"))
    page = client.post("/inbox/several/", {"op": "claim", "task": ids}, follow=True).content.decode()
    apply(SYSTEM)
    assert f"此事项已由{colleague.name}认领" in page and owners() == [None, colleague]
    page = client.post("/inbox/several/", {"release": ids[1]}, follow=True).content.decode()
    apply(SYSTEM)
    assert f"此事项已由{colleague.name}认领" in page and owners() == [None, colleague]


def test_nothing_ticked_and_what_is_another_offices_is_not_taken(client, town):
    ids = [d.pk for d in schemes()]
    client.force_login(town.of("chair"))
    assert "请先勾选事项" in client.post("/inbox/several/", {"op": "claim"}, follow=True).content.decode()
    answer = client.post("/inbox/several/", {"op": "assign", "task": ids})
    assert answer.headers["Location"] == f"/inbox/assign/?task={ids[0]}&task={ids[1]}"
    client.force_login(town.of("finance"))
    client.post("/inbox/several/", {"op": "claim", "task": ids})
    apply(SYSTEM)
    assert owners() == [None, None]


def test_tasks_of_another_office_or_township_are_not_among_the_chosen(client, town):
    ids = [d.pk for d in schemes()]
    client.force_login(town.of("finance"))
    assert client.get("/inbox/assign/", {"task": ids}).status_code == 302
    apply(SYSTEM)
    other = township("T02", name="柳河镇")
    client.force_login(other.of("chair"))
    assert client.get("/inbox/assign/", {"task": ids}).status_code == 302


def test_whoever_holds_the_office_alone_is_shown_the_way_to_a_stand_in(client, town):
    client.force_login(town.of("chair"))
    page = client.get("/inbox/assign/", {"task": [schemes()[0].pk]}).content.decode()
    assert "没有可以接办的人" in page and 'href="/stand-ins/"' in page


def test_the_task_page_says_why_there_is_no_colleague_to_hand_it_to(client, town):
    one = schemes()[0]
    client.force_login(town.of("chair"))
    alone = client.get(f"/tasks/{one.pk}/").content.decode()
    assert "只有您一人担任，不能转给他人" in alone and 'href="/stand-ins/">指定代办人' in alone
    assert 'value="hand_over"' not in alone
    apply(SYSTEM)
    colleague = colleague_of(town)
    with_colleague = client.get(f"/tasks/{one.pk}/").content.decode()
    assert 'value="hand_over"' in with_colleague and colleague.name in with_colleague
    assert "只有您一人担任" not in with_colleague
    apply(SYSTEM)
    client.force_login(town.of("finance"))
    assert "只有您一人担任" not in client.get(f"/tasks/{one.pk}/").content.decode(), "not their task"


# ------------------------------------------------------------------------------- what one has begun


def started(client, user, query: str = "") -> str:
    apply(SYSTEM)
    client.force_login(user)
    return client.get(f"/inbox/started/{query}").content.decode()


def test_what_one_has_begun_is_followed_through_whoever_has_it_to_its_end(client, town):
    there = township("T02", name="柳河镇")
    ask_to_withdraw(there, year_at_step_3(there), 2)
    mayor, clerk, members = there.of("mayor"), there.of("clerk"), there.people["presidium"]
    first, _second = Deadline.objects.filter(key="deliberation.consent_withdraw").order_by("pk")
    page = started(client, mayor)
    assert page.count('class="row-title"') == 2 and page.count("待认领") == 2 and "主席团成员" in page
    apply(SYSTEM)
    claim(first.pk, actor=clerk, at=timezone.now())
    page = started(client, mayor)
    assert clerk.name in page and page.count("待认领") == 1
    apply(SYSTEM)
    day = timezone.localdate().isoformat()
    complete(first.pk, actor=clerk, data=meeting_of(members, day) | {"words": ""}, at=timezone.now())
    page = started(client, mayor)
    assert page.count('class="row-title"') == 2 and page.count("已办结") == 1
    assert page.index(f"/tasks/{first.pk}/") > page.index("待认领"), "what is done comes last"
    apply(SYSTEM)
    Deadline.objects.filter(key=first.key).update(due_on=date(2026, 1, 5), provisional=False)
    assert started(client, mayor, "?due=late").count('class="row-title"') == 1, (
        "only what can still be missed"
    )
    assert "已办结" in sheet_of(client, "started") and "办理中" not in sheet_of(client, "started")
    assert "没有事项" in started(client, clerk), "nobody begins what is put before them"


def withdrawals_asked(there) -> list[Deadline]:
    """Two matters the mayor has begun, before the presidium."""
    ask_to_withdraw(there, year_at_step_3(there), 2)
    return list(Deadline.objects.filter(key="deliberation.consent_withdraw").order_by("pk"))


def test_what_one_has_begun_is_listed_for_ninety_days_after_its_end_the_latest_first(client, town):
    there = township("T02", name="柳河镇")
    first, second = withdrawals_asked(there)
    for one in (first, second):
        data = meeting_of(there.people["presidium"], timezone.localdate().isoformat()) | {"words": ""}
        complete(one.pk, actor=there.of("clerk"), data=data, at=timezone.now())
    Deadline.objects.filter(pk=first.pk).update(done_at=timezone.now() - timedelta(days=89))
    page = started(client, there.of("mayor"))
    assert page.count("已办结") == 2 and "办结后继续列出 90 天" in page
    assert page.index(f"/tasks/{second.pk}/") < page.index(f"/tasks/{first.pk}/")
    apply(SYSTEM)
    Deadline.objects.filter(pk=first.pk).update(done_at=timezone.now() - timedelta(days=92))
    page = started(client, there.of("mayor"))
    assert page.count('class="row-title"') == 1 and f"/tasks/{second.pk}/" in page


def test_what_another_has_begun_anew_is_still_whose_it_was(client, town):
    there = township("T02", name="柳河镇")
    first, _second = withdrawals_asked(there)
    act = there.act("chair", timezone.now())
    with recording(act), begun_anew(WithdrawalFlow, first.task.process.artifact, act, reason="重新办理"):
        pass
    assert started(client, there.of("mayor")).count('class="row-title"') == 2


def test_what_a_step_begins_is_passed_on_and_not_begun_of_ones_own_accord(client, town):
    year = year_of(township("T03", name="白沙镇")).handed_over()
    clerk = year.town.of("clerk")
    assert started(client, clerk).count('class="row-title"') == 3, "a plan of each project is asked for"
    apply(SYSTEM)
    year.do("plan", year.clerk_of(year.project(1)), "2027-02-15", 1, **PLAN)
    assert started(client, clerk).count('class="row-title"') == 2, "whoever has the first goes on with it"


def sheet_of(client, box: str) -> str:
    apply(SYSTEM)
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/inbox/{box}/export/").content))
    return str([*book.active.values])


def test_what_one_has_handed_on_is_listed_until_the_next_person_acts(client, town):
    scheme, chair, party = schemes()[0], town.of("chair"), town.people["party"]
    data = {name: day.isoformat() for name, day in plan(YEAR).items() if name != "year"}
    data |= {"leading_group": "组长和成员", "body": "按照三个阶段六个环节组织实施。"}
    assert "没有事项" in started(client, chair)
    apply(SYSTEM)
    complete(scheme.pk, actor=chair, data=data, at=at("2026-08-12"))
    page = started(client, chair)
    assert page.count('class="row-title"') == 1 and "同级党委" in page
    apply(SYSTEM)
    study = open_task("collection.scheme_party")
    complete(study.pk, actor=party[0], data=meeting_of(party, "2026-08-20"), at=at("2026-08-20", 15))
    assert "没有事项" in started(client, chair)


# ------------------------------------------------------------------------------- the search


def found_by(client, words: str, box: str = "todo") -> int:
    page = client.get(f"/inbox/{box}/", {"words": words}).content.decode()
    apply(SYSTEM)
    return page.count('class="row-title"')


def test_the_search_finds_whoever_has_claimed_and_titles_in_any_case_and_in_the_halls_words(client, town):
    chair, finance = town.of("chair"), town.of("finance")
    client.force_login(chair)
    assert 'placeholder="事项、项目、办理人"' in client.get("/inbox/").content.decode()
    assert 'placeholder="事项、项目、抄送人、说明"' in client.get("/inbox/copies/").content.decode()
    assert found_by(client, chair.name, "queue") == 2, "whoever did the step before"
    apply(SYSTEM)
    colleague = colleague_of(town)
    claim(schemes()[0].pk, actor=colleague, at=at("2026-08-12"))
    client.force_login(colleague)
    assert found_by(client, colleague.name) == 1 and found_by(client, finance.name) == 0
    title = schemes()[0].task.flow_task.task_title
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    with translation.override("en"):
        english = str(title)
        assert found_by(client, english.upper()) == found_by(client, english.lower()) == 2


def test_a_subdistricts_search_finds_the_words_its_pages_show(client):
    apply(SYSTEM)
    street = township("T13", name="青溪街道", kind=UnitKind.SUBDISTRICT)
    start_year(street.act("chair", at(f"{YEAR - 1}-08-10")), **plan(YEAR))
    scheme = open_task("collection.scheme", unit=street.unit)
    data = {name: day.isoformat() for name, day in plan(YEAR).items() if name != "year"}
    data |= {"leading_group": "组长和成员", "body": "按照三个阶段六个环节组织实施。"}
    complete(scheme.pk, actor=street.of("chair"), data=data, at=at("2026-08-12"))
    raw = str(open_task("collection.scheme_party", unit=street.unit).task.flow_task.task_title)
    shown = worded(raw, street.unit)
    assert shown != raw
    client.force_login(street.of("party"))
    assert found_by(client, shown) == 1 and found_by(client, raw) == 0


# ------------------------------------------------------------------------------- several copies


def test_chosen_copies_are_read_at_once_and_then_the_rest(client, town):
    for deadline in schemes():
        copies.copy(
            deadline.pk,
            actor=town.of("chair"),
            to=Receiver("mayor", town.unit),
            words="请知悉。",
            at=at("2026-08-12"),
        )
    first, second = Copy.objects.order_by("pk")
    client.force_login(town.of("finance"))
    client.post("/inbox/copies/read/", {"copy": [first.pk], "op": "chosen"})
    apply(SYSTEM)
    assert not CopyRead.objects.exists()
    client.force_login(town.of("mayor"))
    assert 'form="read-copies"' in client.get("/inbox/copies/").content.decode()
    assert (
        "1 件抄送已标为已读"
        in client.post(
            "/inbox/copies/read/", {"copy": [first.pk], "op": "chosen"}, follow=True
        ).content.decode()
    )
    apply(SYSTEM)
    assert CopyRead.objects.get().copy == first
    client.post("/inbox/copies/read/", {"op": "all"})
    apply(SYSTEM)
    assert set(CopyRead.objects.values_list("copy", flat=True)) == {first.pk, second.pk}
    assert "没有选中未读" in client.post("/inbox/copies/read/", {"op": "all"}, follow=True).content.decode()


def test_unread_copies_are_counted_once_for_the_page_and_the_navigation(client, town):
    copied(town, schemes()[0], "mayor", "请知悉。")
    client.force_login(town.of("mayor"))
    client.get("/inbox/copies/")
    with CaptureQueriesContext(connection) as seen:
        page = client.get("/inbox/copies/?unread=1").content.decode()
    assert '<span class="count">1</span>' in page and 'count-alert">1<' in page, "the tab, and the navigation"
    counted = [one["sql"] for one in seen if "COUNT(" in one["sql"] and '"workflow_copy"' in one["sql"]]
    assert len(counted) == 2, "the pages of the list, and what is unread"


def copied(town, deadline: Deadline, office: str, words: str) -> Copy:
    to = Receiver(office, town.unit)
    copies.copy(deadline.pk, actor=town.of("chair"), to=to, words=words, at=at("2026-08-12"))
    return Copy.objects.latest("pk")


def test_copies_are_narrowed_kept_under_a_name_and_exported_like_any_list(client, town):
    for deadline, words in zip(schemes(), ("请按时准备。", "请知悉。"), strict=True):
        copied(town, deadline, "mayor", words)
    for deadline, days in zip(schemes(), (-3, 30), strict=True):
        due = timezone.localdate() + timedelta(days=days)
        Deadline.objects.filter(pk=deadline.pk).update(due_on=due, provisional=False)
    mayor = town.of("mayor")
    client.force_login(mayor)
    address = "/inbox/copies/"
    for query, found in (
        ("", 2),
        (f"year={YEAR}", 1),
        ("words=按时", 1),
        ("words=拟订年度实施方案", 2),
        ("step=2", 0),
        ("unread=1", 2),
        (f"unread=1&year={YEAR}", 1),
        ("due=late", 1),
        (f"due=late&year={YEAR + 1}", 0),
    ):
        assert rows_on(client, f"{address}?{query}") == found, query
    page = client.get(f"{address}?year={YEAR}&unread=1").content.decode()
    assert f'href="{address}?year={YEAR}"' in page and "把当前条件存为" in page
    data = {"name": "今年的", "box": "copies", "query": f"year={YEAR}&unread=1"}
    answer = client.post("/inbox/filters/", data)
    assert answer.headers["Location"] == f"{address}?year={YEAR}&unread=1"
    assert 'aria-current="page">今年的' in client.get(answer.headers["Location"]).content.decode()
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{address}export/?year={YEAR}").content))
    header, *lines = book.active.values
    assert header[5:8] == ("抄送人", "抄送人职务", "抄送说明") and header[-1] == "阅读情况"
    assert [(line[7], line[-1]) for line in lines] == [("请按时准备。", "未读")]
    client.force_login(town.of("finance"))
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{address}export/").content))
    assert len(list(book.active.values)) == 1


def test_copies_of_offices_in_two_townships_are_listed_together(client, town):
    other = township("T02", name="柳河镇")
    start_year(other.act("chair", at(f"{YEAR - 1}-08-10")), **plan(YEAR))
    mayor = town.of("mayor")
    grant(user=mayor, office="mayor", unit=other.unit, act=other.act("clerk", at("2026-01-01")), since=SINCE)
    copied(town, schemes()[0], "mayor", "请知悉。")
    copied(other, open_task("collection.scheme", unit=other.unit), "mayor", "请知悉。")
    client.force_login(mayor)
    assert rows_on(client, "/inbox/copies/") == 1
    page = client.get("/inbox/copies/?place=all").content.decode()
    assert page.count('class="row-title"') == 2 and "切换职务并打开" in page


# ------------------------------------------------------------------------------- figures


def figures(client, path: str) -> dict[str, tuple[int, str]]:
    """What each figure of a page says and the address it leads to."""
    page = client.get(path).content.decode()
    found = re.findall(
        r'href="([^"]+)"><span class="stat-value">(\d+)</span><span class="stat-label">([^<]+)', page
    )
    return {label: (int(number), html.unescape(address)) for address, number, label in found}


def rows_on(client, path: str) -> int:
    return client.get(path).content.decode().count('class="row-title"')


def done_on(user, unit, day: date) -> None:
    apply(SYSTEM)
    one = next(deadline for deadline in schemes() if deadline.unit_id == unit.pk)
    one.task.status, one.task.pk = "DONE", None
    one.task.save()
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    facts = {
        f.name: getattr(one, f.name)
        for f in Deadline._meta.concrete_fields
        if f.name not in ("task", "binds_on")
    }
    Deadline.objects.create(**facts | {"task": one.task, "unit": unit, "done_at": noon, "done_by": user})


@pytest.mark.parametrize("place", ["", "?place=all"])
def test_every_figure_is_the_number_of_rows_its_link_lists(client, town, place):
    other, chair, today = township("T02", name="柳河镇"), town.of("chair"), timezone.localdate()
    start_year(other.act("chair", at(f"{YEAR - 1}-08-10")), **plan(YEAR))
    seat_chair(chair, other.unit, other.act("clerk", at("2026-01-01")))
    late, soon = schemes()[0], schemes()[-1]
    Deadline.objects.filter(pk=late.pk).update(due_on=today - timedelta(days=3), provisional=False)
    Deadline.objects.filter(pk=soon.pk).update(due_on=today + timedelta(days=1), provisional=False)
    for day in (today.replace(day=1), today.replace(day=1) - timedelta(days=1)):
        done_on(chair, town.unit, day)
        done_on(chair, other.unit, day)
    client.force_login(chair)
    told = figures(client, f"/inbox/{place}")
    assert {label: number for label, (number, _address) in told.items()} == (
        {"已超期": 1, "三日内到期": 1, "全部待办": 3, "本月已办": 2}
        if place
        else {"已超期": 1, "三日内到期": 0, "全部待办": 2, "本月已办": 1}
    )
    for number, address in told.values():
        assert rows_on(client, address) == number, address


def test_what_was_done_is_narrowed_to_a_month_and_an_empty_month_lists_nothing(client, town):
    chair, today = town.of("chair"), timezone.localdate()
    before = today.replace(day=1) - timedelta(days=1)
    done_on(chair, town.unit, before)
    client.force_login(chair)
    assert rows_on(client, "/inbox/done/") == 1
    assert rows_on(client, f"/inbox/done/?month={before:%Y-%m}") == 1
    assert rows_on(client, f"/inbox/done/?month={today:%Y-%m}") == 0
