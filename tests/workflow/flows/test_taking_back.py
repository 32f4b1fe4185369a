"""取回: until somebody acts on what follows, and never what is irreversible."""

from __future__ import annotations

import json
import threading
from datetime import date

import pytest
from django.db import connection
from viewflow.workflow.models import Task

from projects.cycles.models import Paper
from projects.demo.play import selection as play
from projects.selection.models import Appraisal, AppraisalReturn, Item, Screening
from projects.selection.selectors import items_of
from projects.selection.services import APPRAISABLE
from tests.builders import at, do, open_task, township
from tests.projects.selection.test_selection import D0, TITLES, year
from workflow.audit.models import Entry
from workflow.flows.base import flows
from workflow.flows.errors import Busy, NotYourTurn, Refused, Taken
from workflow.flows.models import Deadline, Draft
from workflow.flows.nodes import MeetingView, OfficeView
from workflow.flows.services import claim, complete, mark_seen, save_draft, send_back, urge
from workflow.flows.taking_back import obstacles_to_taking_back, take_back
from workflow.inbox.selectors import opened_after
from workflow.inbox.story import line_of
from workflow.people.isolation import SYSTEM, apply, within
from workflow.roles.models import RoleGrant
from workflow.roles.services import revoke

DAY = "2026-10-16"


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township(deputies=16)


@pytest.fixture
def cycle(town):
    made = year(town)
    play.merge_all(town, made, D0)
    return made


def opinions(cycle, words: str = "同意。") -> dict[str, str]:
    return {
        f"{name}_{item.pk}": value
        for item in items_of(cycle).filter(state__in=APPRAISABLE)
        for name, value in (("opinion", "agree"), ("words", words))
    }


def latest(key: str) -> Deadline:
    return Deadline.objects.select_related("task").filter(key=key).order_by("-pk")[0]


def taken(town, key: str, office: str, *, reason: str = "意见写错了", day: str = DAY) -> Entry:
    return take_back(latest(key).pk, actor=town.of(office), reason=reason, at=at(day))


def appraised(town, cycle, office: str) -> None:
    do(f"selection.appraise_{office}", town.of(office), DAY, **opinions(cycle))


def test_an_opinion_is_taken_back_and_given_anew_while_the_others_are_at_work(town, cycle):
    play.screen_all(town, cycle, D0)
    appraised(town, cycle, "finance")
    papers = Paper.objects.filter(kind="appraisal").count()
    entry = taken(town, "selection.appraise_finance", "finance")
    body = json.loads(entry.body)
    assert (body["action"], body["reason"]) == ("selection.appraise_finance.take_back", "意见写错了")
    assert line_of(entry).what == "财政论证：取回"
    task = open_task("selection.appraise_finance")
    assert (task.task.status, task.task.owner, task.done_for) == ("ASSIGNED", town.of("finance"), "")
    assert not Appraisal.objects.filter(kind="finance").exists()
    assert Paper.objects.filter(kind="appraisal").count() == papers - 1
    appraised(town, cycle, "finance")
    assert Appraisal.objects.filter(kind="finance").exists()
    assert not Task.objects.filter(process=task.task.process, flow_task_type="JOIN", status="DONE").exists()


def test_what_was_handed_in_is_shown_again(town, cycle):
    play.screen_all(town, cycle, D0)
    given = opinions(cycle, "资金可以落实。")
    do("selection.appraise_finance", town.of("finance"), DAY, **given)
    taken(town, "selection.appraise_finance", "finance")
    kept = Draft.objects.get(task=latest("selection.appraise_finance").task).data
    assert kept == {name: [value] for name, value in given.items()}


def test_what_was_handed_in_is_kept_while_others_do_what_stands_beside_it(client, town, cycle):
    play.screen_all(town, cycle, D0)
    kept = Draft.objects.filter(task=latest("selection.screen").task)
    screened = kept.exists()
    do("selection.appraise_finance", town.of("finance"), DAY, **opinions(cycle, "资金可以落实。"))
    appraised(town, cycle, "legal")
    assert screened and not kept.exists()
    taken(town, "selection.appraise_finance", "finance")
    client.force_login(town.of("finance"))
    page = client.get(f"/tasks/{latest('selection.appraise_finance').pk}/").content.decode()
    assert "资金可以落实。" in page


def test_the_last_opinion_takes_the_mayors_task_with_it_and_the_join_waits_again(town, cycle):
    play.screen_all(town, cycle, D0)
    for deadline in Deadline.objects.filter(key="selection.appraise_department", done_at=None):
        rows = items_of(cycle).filter(department=deadline.seat, state__in=APPRAISABLE)
        data = play._opinions_on(list(rows), "必要且可行。") | play._figures(cycle, list(rows), {})
        actor = RoleGrant.objects.get(office="department", unit=deadline.seat).user
        complete(deadline.pk, actor=actor, data=data, at=at(DAY))
    appraised(town, cycle, "legal")
    appraised(town, cycle, "finance")
    drafting = open_task("selection.draft_list")
    # The join stands between the two: what it let through follows all the same.
    assert opened_after(latest("selection.appraise_finance").task) == [drafting]
    entry = taken(town, "selection.appraise_finance", "finance")
    after = json.loads(entry.body)["after"]
    assert after["called_off"] == ["selection.draft_list"] and after["told"] == [town.of("mayor").username]
    drafting.refresh_from_db()
    assert drafting.cancelled and Task.objects.get(pk=drafting.pk).status == "CANCELED"
    appraised(town, cycle, "finance")
    assert open_task("selection.draft_list").pk != drafting.pk


def test_the_screening_is_taken_back_by_the_machines_own_way_back(town, cycle):
    play.screen_all(town, cycle, D0)
    before = Entry.objects.order_by("pk").last().pk
    taken(town, "selection.screen", "gov_clerk")
    assert set(items_of(cycle).values_list("state", flat=True)) == {"merged"}
    assert not Screening.objects.exists() and not Item.objects.exclude(excluded_by=None).exists()
    fired = set(Entry.objects.filter(pk__gt=before).values_list("action", flat=True))
    assert {"item.reopen", "selection.screen.take_back"} <= fired
    assert not Deadline.objects.filter(key__startswith="selection.appraise", cancelled=False).exists()
    play.screen_all(town, cycle, D0)
    assert Deadline.objects.filter(key__startswith="selection.appraise", cancelled=False).count() >= 3


def test_a_return_is_taken_back_until_it_is_taken_up(client, town, cycle):
    play.screen_all(town, cycle, D0)
    task = open_task("selection.appraise_legal")
    send_back(task.pk, actor=town.of("legal"), reason="合法性依据不足，请补充。", at=at(DAY))
    assert AppraisalReturn.objects.exists()
    taken(town, "selection.appraise_legal", "legal", reason="已补充材料")
    assert not AppraisalReturn.objects.exists()
    client.force_login(town.of("legal"))
    assert "合法性依据不足，请补充。</textarea>" in client.get(f"/tasks/{task.pk}/").content.decode()
    appraised(town, cycle, "legal")


@pytest.mark.parametrize("how", ["claimed", "urged", "done"])
def test_whoever_is_next_has_only_to_act_on_it(town, cycle, how):
    play.screen_all(town, cycle, D0)
    following = open_task("selection.appraise_finance")
    if how == "claimed":
        claim(following.pk, actor=town.of("finance"), at=at(DAY))
    elif how == "urged":
        urge(following.task, act=town.act("clerk", at(DAY)), words="请尽快")
    else:
        appraised(town, cycle, "finance")
    said = {"claimed": "认领", "urged": "催办", "done": "办结"}[how]
    with pytest.raises(Taken, match=f"财政论证”.*{said}"):
        taken(town, "selection.screen", "gov_clerk")
    assert "merged" not in set(items_of(cycle).values_list("state", flat=True))


def test_opening_it_and_typing_on_it_is_no_act_and_the_draft_is_there_when_it_comes_again(
    client, town, cycle
):
    play.screen_all(town, cycle, D0)
    following, finance = open_task("selection.appraise_finance"), town.of("finance")
    mark_seen(following.pk, finance, at(DAY))
    given = opinions(cycle, "先写下的意见。")
    save_draft(following.pk, actor=finance, data={k: [v] for k, v in given.items()}, at=at(DAY))
    taken(town, "selection.screen", "gov_clerk", reason="漏审一项")
    client.force_login(finance)
    page = client.get(f"/tasks/{following.pk}/").content.decode()
    assert "取回了上一步的办理结果（理由：漏审一项）" in page and "草稿没有丢失" in page
    client.force_login(town.of("legal"))
    assert "草稿没有丢失" not in client.get(f"/tasks/{following.pk}/").content.decode()
    apply(SYSTEM)
    play.screen_all(town, cycle, D0)
    again = open_task("selection.appraise_finance")
    assert again.pk != following.pk
    client.force_login(finance)
    page = client.get(f"/tasks/{again.pk}/").content.decode()
    assert "先写下的意见。" in page and "草稿已带入" in page
    apply(SYSTEM)
    complete(again.pk, actor=finance, data=given, at=at(DAY))
    assert not Draft.objects.filter(task=following.pk).exists()


def test_a_departments_figures_are_what_they_were_when_its_opinion_is_taken_back(town, cycle):
    play.screen_all(town, cycle, D0)
    deadline = Deadline.objects.filter(key="selection.appraise_department", done_at=None)[0]
    rows = items_of(cycle).filter(department=deadline.seat, state__in=APPRAISABLE)
    actor = RoleGrant.objects.get(office="department", unit=deadline.seat).user

    def figures() -> list[tuple]:
        return list(
            rows.order_by("pk").values_list("funding", "investment_fen", "finish_by", "target", "leader")
        )

    before, screened = figures(), Screening.objects.count()
    data = play._opinions_on(list(rows), "必要且可行。") | play._figures(cycle, list(rows), {})
    complete(deadline.pk, actor=actor, data=data, at=at(DAY))
    given = figures()
    assert given != before and Appraisal.objects.filter(kind="department").exists()
    take_back(deadline.pk, actor=actor, reason="投资估算有误", at=at(DAY))
    assert figures() == before and Screening.objects.count() == screened
    assert not Appraisal.objects.filter(kind="department").exists()
    assert not Paper.objects.filter(kind="appraisal").exists()
    complete(deadline.pk, actor=actor, data=data, at=at(DAY))
    assert figures() == given


def test_figures_that_had_a_project_blocked_are_not_taken_back(town, cycle):
    play.screen_all(town, cycle, D0)
    deadline = Deadline.objects.filter(key="selection.appraise_department", done_at=None)[0]
    rows = items_of(cycle).filter(department=deadline.seat, state__in=APPRAISABLE)
    actor = RoleGrant.objects.get(office="department", unit=deadline.seat).user
    data = play._opinions_on(list(rows), "必要且可行。") | play._figures(cycle, list(rows), {})
    complete(deadline.pk, actor=actor, data=data, at=at(DAY))
    Item.objects.filter(pk=rows[0].pk).update(state="blocked")
    with pytest.raises(Refused, match="不能取回"):
        take_back(deadline.pk, actor=actor, reason="投资估算有误", at=at(DAY))
    assert Appraisal.objects.filter(kind="department").exists()


def test_a_departments_return_is_taken_back_alone(town, cycle):
    play.screen_all(town, cycle, D0)
    one, other = Deadline.objects.filter(key="selection.appraise_department", done_at=None)[:2]
    actors = [RoleGrant.objects.get(office="department", unit=d.seat).user for d in (one, other)]
    for deadline, actor in zip((one, other), actors, strict=True):
        send_back(deadline.pk, actor=actor, reason="选址没有落实，请补充。", at=at(DAY))
    take_back(one.pk, actor=actors[0], reason="选址已经落实", at=at(DAY))
    assert [r.department for r in AppraisalReturn.objects.all()] == [other.seat]


def test_only_the_doer_while_holding_the_office_with_a_reason(town, cycle):
    play.screen_all(town, cycle, D0)
    appraised(town, cycle, "finance")
    with pytest.raises(NotYourTurn, match="办结此事项的人"):
        take_back(
            latest("selection.appraise_finance").pk, actor=town.of("legal"), reason="不同意", at=at(DAY)
        )
    with pytest.raises(Refused, match="取回理由"):
        taken(town, "selection.appraise_finance", "finance", reason=" ")
    held = RoleGrant.objects.get(office="finance", unit=town.unit)
    revoke(grant=held, act=town.act("clerk", at(DAY)), reason="调离")
    with pytest.raises(NotYourTurn, match="不再担任"):
        taken(town, "selection.appraise_finance", "finance")


def test_what_has_no_way_back_says_so(town, cycle):
    with pytest.raises(Taken, match="“汇总征集情况”属于确认后不能撤销的事项"):
        taken(town, "collection.close_books", "gov_clerk")


def why_never(node: OfficeView) -> str:
    [told] = obstacles_to_taking_back(Task(flow_task=node), date(2026, 10, 16))
    return told


def test_each_kind_that_has_no_way_back_says_why():
    for node in [node for flow in flows() for node in flow.steps() if node.undo is None]:
        told = why_never(node)
        assert str(node.task_title) in told
        assert ("不能撤销" in told) == node.irreversible
        assert ("集体决定" in told) == (isinstance(node, MeetingView) and not node.irreversible)
        if node.stays:
            assert told == f"“{node.task_title}”不能取回：{node.stays}"


def test_no_vote_no_announcement_and_no_notice_may_be_taken_back():
    nodes = [node for flow in flows() for node in flow.steps()]
    assert {node.key for node in nodes if node.undo} == {
        "collection.receive", "collection.scheme", "deliberation.budget", "deliberation.deliberate",
        "deliberation.explain", "deliberation.readiness", "deliberation.training", "deliberation.visit_voters",
        "deliberation.visits", "evaluation.look_back_fix", "evaluation.rectify", "evaluation.review",
        "selection.appraise_department", "selection.appraise_finance", "selection.appraise_legal",
        "selection.draft_list", "selection.merge", "selection.screen", "supervision.confirm_plan",
        "supervision.contract", "supervision.department_answer", "supervision.give_report",
        "supervision.mayor_answer", "supervision.plan", "supervision.plan_rectify", "supervision.progress",
        "supervision.rectify", "supervision.red_light", "supervision.settlement", "supervision.tender",
        "voting.opinions_reply",
    }  # fmt: skip
    assert not [
        n.key for n in nodes if n.undo and (n.irreversible or n.in_person or isinstance(n, MeetingView))
    ]


def test_the_page_offers_it_to_the_doer_and_takes_back(client, town, cycle):
    play.screen_all(town, cycle, D0)
    appraised(town, cycle, "finance")
    address = f"/tasks/{latest('selection.appraise_finance').pk}/"
    client.force_login(town.of("legal"))
    assert 'value="take_back"' not in client.get(address).content.decode()
    client.force_login(town.of("finance"))
    assert 'value="take_back"' in client.get(address).content.decode()
    assert client.post(address, {"op": "take_back", "reason": ""}).status_code == 422
    page = client.post(address, {"op": "take_back", "reason": "金额有误"}, follow=True).content.decode()
    assert "已取回" in page and 'value="submit"' in page and "同意。" in page


def test_the_page_of_what_was_done_says_whether_anything_follows(client, town, cycle):
    play.screen_all(town, cycle, D0)
    appraised(town, cycle, "finance")
    done = latest("selection.appraise_finance")
    client.force_login(town.of("finance"))
    page = client.get(f"/tasks/{done.pk}/done/").content.decode()
    assert "财政论证" in page and done.label in page and "同一环节的其他事项办结后" in page
    type(done.task.process).objects.filter(pk=done.task.process_id).update(status="DONE")
    assert "没有后续事项" in client.get(f"/tasks/{done.pk}/done/").content.decode()


@pytest.mark.long(rounds=20)
def test_taking_back_against_the_next_persons_completion_leaves_one_of_the_two(fresh_database):
    with within(SYSTEM):
        town = township(deputies=16)
        cycle = year(town)
        play.merge_all(town, cycle, D0)
        play.screen_all(town, cycle, D0)
        screening, finance = latest("selection.screen").pk, open_task("selection.appraise_finance").pk
        data = opinions(cycle)
    results: dict[str, str] = {}
    ready = threading.Barrier(2)

    def run(name: str, act) -> None:
        try:
            ready.wait()
            with within(SYSTEM):
                act()
            results[name] = "done"
        except (Taken, Busy, NotYourTurn) as refused:
            results[name] = refused.code
        finally:
            connection.close()

    works = {
        "back": lambda: take_back(screening, actor=town.of("gov_clerk"), reason="漏项", at=at(DAY)),
        "next": lambda: complete(finance, actor=town.of("finance"), data=data, at=at(DAY)),
    }
    threads = [threading.Thread(target=run, args=one) for one in works.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with within(SYSTEM):
        assert sorted(results.values()) == ["done", "taken"], results
        states = set(items_of(cycle).values_list("state", flat=True))
        deadline = Deadline.objects.get(pk=finance)
        if results["back"] == "done":
            assert states == {"merged"} and deadline.cancelled and not Appraisal.objects.exists()
        else:
            assert "merged" not in states and deadline.done_at and not deadline.cancelled
        assert Deadline.objects.filter(key="selection.screen", done_at=None).count() == (
            1 if results["back"] == "done" else 0
        )


def test_the_year_goes_on_after_a_taking_back(town, cycle):
    play.screen_all(town, cycle, D0)
    taken(town, "selection.screen", "gov_clerk")
    play.screen_all(town, cycle, D0)
    play.appraise_all(town, cycle, D0, {})
    play.draft(town, cycle, date(2026, 10, 22), TITLES, 2)
    assert open_task("selection.party_study")
