"""The pages of steps 1 and 2 show what their offices need to see."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from projects.collection.models import Proposal
from projects.demo.play import selection as play
from projects.demo.play.collection import about, play_collection
from projects.demo.play.stage import curtain, moment, open_tasks
from projects.lifecycle.intake import start_year
from projects.selection.flows import SelectionFlow
from projects.selection.models import Item, Notice
from tests.builders import at, open_task, township
from workflow.inbox.pages import next_steps
from workflow.inbox.story import _titles, title_of_action
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db
A, B, C = "柳林村安全饮水管网改造", "东山村日间照料中心建设", "石坝村危桥改造"
D0 = date(2026, 10, 15)
SEND_BACK = 'value="return"'


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township(deputies=16)


@pytest.fixture
def prepared(town):
    return start_year(
        town.act("chair", at("2026-08-03")),
        year=2027,
        opens_on=date(2026, 9, 1),
        planned_t=date(2027, 1, 20),
        planned_t2=date(2028, 1, 18),
    )


@pytest.fixture
def cycle(town, prepared):
    play_collection(town, prepared, proposals=7, titles=[A, about(A), B, C])
    return prepared


def page(client, user, address: str) -> str:
    """What somebody sees at an address; the next lines of the test read everything again."""
    client.force_login(user)
    answer = client.get(address)
    apply(SYSTEM)
    assert answer.status_code == 200
    return answer.content.decode()


def task_page(client, user, key: str) -> str:
    return page(client, user, f"/tasks/{open_task(key).pk}/")


def test_the_play_stops_in_the_middle_of_the_window_and_its_pages_show_what_came_in(client, town, prepared):
    with curtain(moment(date(2026, 9, 7), 12)):
        play_collection(town, prepared, proposals=7, titles=[A, about(A), B, C])
    assert Proposal.objects.filter(cycle=prepared).count() == 2
    waiting = open_tasks(prepared, "collection.receive")[0]
    shown = page(client, town.of("gov_clerk"), f"/tasks/{waiting.pk}/")
    assert A in shown and "提出人联系方式" in shown
    assert A in task_page(client, town.of("gov_clerk"), "collection.close_books")


def test_each_page_of_the_step_opens_for_its_office(client, town, cycle):
    assert about(A) in task_page(client, town.of("gov_clerk"), "selection.merge")
    play.merge_all(town, cycle, D0)
    shown = task_page(client, town.of("gov_clerk"), "selection.screen")
    assert "负面清单" in shown and "不予列入" in shown
    play.screen_all(town, cycle, D0)
    shown = task_page(client, town.of("gov_clerk"), "selection.answer")
    assert "资格筛查不予列入" in shown and "镇政府办公楼外墙翻新" in shown
    task = open_tasks(cycle, "selection.appraise_department")[0]
    assert "本级财政" in page(client, town.department_clerk(task.seat), f"/tasks/{task.pk}/")
    assert A in task_page(client, town.of("finance"), "selection.appraise_finance")
    assert A in task_page(client, town.of("legal"), "selection.appraise_legal")
    play.appraise_all(town, cycle, D0, {})
    shown = task_page(client, town.of("mayor"), "selection.draft_list")
    assert "论证汇总" in shown and SEND_BACK in shown
    play.draft(town, cycle, date(2026, 10, 22), [A, B, C], 2)
    assert "按差额规则不少于" in task_page(client, town.of("clerk"), "selection.presidium_opinion")
    assert C in task_page(client, town.of("party"), "selection.party_study")
    play.hear_opinions(town, cycle, date(2026, 10, 22))
    assert "不少于 5 个工作日" in task_page(client, town.of("gov_clerk"), "selection.notice")
    play.post(town, cycle, date(2026, 10, 28), objection=True)
    shown = task_page(client, town.of("gov_clerk"), "selection.conclude")
    assert "不予采纳" in shown
    assert SEND_BACK not in shown, (
        "the list goes to the Party again by what the objections found, not by hand"
    )


def test_what_follows_the_screening_are_the_appraisals_alone(cycle):
    screen = SelectionFlow.instance.node("screen")
    following = {step.title for step in next_steps(screen, cycle, D0)}
    assert following == {"部门论证", "财政论证", "合法性审查"}


def test_a_state_in_the_history_is_named_in_the_readers_language():
    _titles.cache_clear()
    with translation.override("en"):
        english = title_of_action("item.reopen")
    assert title_of_action("item.reopen") == "转为“已归并”" != english


def test_each_act_without_a_task_has_its_page(client, town, cycle):
    play.merge_all(town, cycle, D0)
    item = Item.objects.get(title=A)
    assert about(A) in page(client, town.of("gov_clerk"), f"/do/selection.unmerge/{item.pk}/")
    assert A in page(client, town.of("gov_clerk"), f"/do/selection.edit_item/{item.pk}/")
    play.screen_all(town, cycle, D0)
    blocked = Proposal.objects.get(title="镇政府办公楼外墙翻新")
    assert "处理结果" in page(client, town.of("gov_clerk"), f"/do/selection.tell/{blocked.pk}/")
    play.appraise_all(town, cycle, D0, {})
    play.draft(town, cycle, date(2026, 10, 22), [A, B, C], 2)
    play.hear_opinions(town, cycle, date(2026, 10, 22))
    play.post(town, cycle, date(2026, 10, 28), objection=False)
    notice = Notice.objects.get()
    assert C in page(client, town.of("station"), f"/do/selection.object/{notice.pk}/")


def test_what_a_form_refuses_stands_beside_its_row(client, town, cycle):
    play.merge_all(town, cycle, D0)
    client.force_login(town.of("gov_clerk"))
    answer = client.post(f"/tasks/{open_task('selection.screen').pk}/", {"op": "submit"})
    apply(SYSTEM)
    assert answer.status_code == 422
    assert f"1. {A}：责任单位（参加论证）" in answer.content.decode()
    assert "筛查通过的项目须确定责任单位。" in answer.content.decode()
    unmet = {f"unmet_{Item.objects.get(title=A).pk}": ["routine"]}
    answer = client.post(f"/tasks/{open_task('selection.screen').pk}/", {"op": "submit"} | unmet)
    apply(SYSTEM)
    assert "勾选了这一情形的，须写明依据。" in answer.content.decode()
    assert answer.content.decode().count('<details class="disclosure" open') == 1
