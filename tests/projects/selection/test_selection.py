"""Step 2: from the accepted proposals to the list of candidates, every proposer answered."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from projects.collection.models import Proposal
from projects.cycles.models import Cycle, Paper
from projects.cycles.rulebook import Rules
from projects.cycles.services import adopt_rulebook
from projects.demo.cast import Township
from projects.demo.play import selection as play
from projects.demo.play.collection import about, play_collection
from projects.demo.play.stage import curtain, meeting, moment, open_tasks
from projects.lifecycle.intake import start_year
from projects.selection import events, services, undoing
from projects.selection.flows import SelectionFlow
from projects.selection.intake import raise_objection
from projects.selection.models import (
    Appraisal,
    AppraisalReturn,
    Exclusion,
    Item,
    Notice,
    Objection,
    Screening,
)
from projects.selection.selectors import (
    candidates_of,
    is_agreed,
    items_of,
    open_returns,
    owed,
    score_of,
)
from projects.selection.services import obstacles_to_deliberation
from tests.builders import at, do, open_task, township
from tests.standing import standing, stands
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.acting import acting
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused, Taken
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.flows.services import complete, send_back
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db
A, B, C = "柳林村安全饮水管网改造", "东山村日间照料中心建设", "石坝村危桥改造"
TITLES = [A, B, C]
D0 = date(2026, 10, 15)


def answer_all(town: Township, cycle: Cycle, day: date) -> date:
    """Everybody still to be answered is, and the list is fixed on the same day."""
    play.answer_open(town, cycle, day)
    return play.conclude(town, cycle, day)


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township(deputies=16)


def year(town) -> Cycle:
    """A year whose books are closed: three titles, the two ineligible ones; step 2 begins on 15 October."""
    return standing(f"year at step 2 of {town.unit.code}", lambda: _year(town))


def _year(town) -> Cycle:
    cycle = start_year(
        town.act("chair", at("2026-08-03")),
        year=2027,
        opens_on=date(2026, 9, 1),
        planned_t=date(2027, 1, 20),
        planned_t2=date(2028, 1, 18),
    )
    closed = play_collection(town, cycle, proposals=7, titles=[A, about(A), B, C])
    if not Deadline.objects.filter(key="selection.merge", about=cycle.reference).exists():
        with acting(town.act("gov_clerk", moment(closed))):
            SelectionFlow.begin(cycle)
    return cycle


@pytest.fixture
def cycle(town):
    return year(town)


def item(title: str) -> Item:
    return Item.objects.get(title=title)


def until_draft(town, cycle):
    """To the mayor's desk."""
    standing(f"draft of {cycle}", lambda: _until_draft(town, cycle))
    cycle.refresh_from_db()


def _until_draft(town, cycle):
    play.merge_all(town, cycle, D0)
    play.screen_all(town, cycle, D0)
    play.appraise_all(town, cycle, D0, {})


@stands
def until_opinions(town, cycle, titles=(A, B, C), seats=2):
    until_draft(town, cycle)
    play.draft(town, cycle, date(2026, 10, 22), titles, seats)


@stands
def until_notice(town, cycle, **more):
    until_opinions(town, cycle, **more)
    play.hear_opinions(town, cycle, date(2026, 10, 22))


@stands
def until_posted(town, cycle, **more):
    until_notice(town, cycle, **more)
    play.post(town, cycle, date(2026, 10, 28), objection=False)


def drafting(cycle, titles, seats, **more: Any) -> dict[str, Any]:
    return {
        "items": [str(item(t).pk) for t in titles],
        "seats": seats,
        "held_on": "2026-10-22",
        "left_reason": "受财力限制，未列入。",
        "minutes": "会议研究了候选项目。",
        "body": "建议方案正文。",
    } | more


# ---------------------------------------------------------------------------------------- merge


def test_proposals_with_one_number_become_one_item_and_every_source_is_kept(town, cycle):
    assert open_task("selection.merge").due_on == date(2026, 10, 22)
    play.merge_all(town, cycle, D0)
    assert list(item(A).sources.values_list("proposal__title", flat=True)) == [A, about(A)]
    assert item(A).support == 2
    assert set(Proposal.objects.filter(cycle=cycle, state="accepted")) == set()
    assert [i.number for i in items_of(cycle)] == [1, 2, 3, 4, 5]


def test_merging_is_the_government_clerks(town, cycle):
    with pytest.raises(NotYourTurn):
        do("selection.merge", town.of("clerk"), "2026-10-15")


def test_an_item_is_taken_apart_and_its_parts_must_be_screened(town, cycle):
    until_draft(town, cycle)
    second = Proposal.objects.get(title=about(A))
    entry = perform(
        events.UNMERGE.key,
        item(A),
        actor=town.of("gov_clerk"),
        data={"proposals": [str(second.pk)]},
        at=at("2026-10-22"),
    )
    own = Item.objects.get(title=about(A))
    assert entry.action == "selection.unmerge" and own.state == "merged"
    assert (item(A).support, own.support) == (1, 1)
    with pytest.raises(Obstructed, match="未筛查"):
        do("selection.draft_list", town.of("mayor"), "2026-10-22", **drafting(cycle, TITLES, 2))


def test_an_item_is_not_emptied_by_taking_it_apart(town, cycle):
    play.merge_all(town, cycle, D0)
    both = [str(s.proposal_id) for s in item(A).sources.all()]
    with pytest.raises(InvalidForm, match="至少须留下一件"):
        perform(
            events.UNMERGE.key,
            item(A),
            actor=town.of("gov_clerk"),
            data={"proposals": both},
            at=at("2026-10-15"),
        )


def test_a_posted_list_is_not_taken_apart_any_more(town, cycle):
    until_posted(town, cycle)
    data = {"proposals": [str(Proposal.objects.get(title=about(A)).pk)]}
    with pytest.raises(Obstructed, match="建议方案"):
        perform(events.UNMERGE.key, item(A), actor=town.of("gov_clerk"), data=data, at=at("2026-10-29"))


# --------------------------------------------------------------------------------------- screen


def test_every_rule_leaves_a_verdict_and_a_blocking_one_blocks_with_its_reason(town, cycle):
    play.merge_all(town, cycle, D0)
    assert open_task("selection.screen").due_on == date(2026, 10, 20)
    play.screen_all(town, cycle, D0)
    blocked = item("镇政府办公楼外墙翻新")
    assert blocked.state == "blocked" and "负面清单" in blocked.decision_reason
    assert item(A).state == "eligible" and item(A).screenings.count() == 11
    assert set(item(A).screenings.values_list("verdict", flat=True)) == {"pass"}
    assert blocked.screenings.get(rule="negative_list").verdict == "block"
    assert "负面清单" in str(Entry.objects.get(action="item.block").body)


def test_routine_work_is_only_a_warning(town, cycle):
    play.merge_all(town, cycle, D0)
    data = {f"department_{i.pk}": str(town.departments[0].pk) for i in items_of(cycle)}
    data |= {f"unmet_{item(A).pk}": ["routine"], f"evidence_routine_{item(A).pk}": "已列入年度养护计划。"}
    do("selection.screen", town.of("gov_clerk"), "2026-10-15", **data)
    assert item(A).state == "eligible"
    assert Screening.objects.get(verdict="warn").evidence == "已列入年度养护计划。"


def test_an_unmet_rule_without_evidence_is_refused(town, cycle):
    play.merge_all(town, cycle, D0)
    data = {f"department_{i.pk}": str(town.departments[0].pk) for i in items_of(cycle)}
    with pytest.raises(InvalidForm, match="依据"):
        do(
            "selection.screen",
            town.of("gov_clerk"),
            "2026-10-15",
            **data | {f"unmet_{item(A).pk}": ["routine"]},
        )


def screening(town, cycle, **more: Any) -> None:
    """The screening with every item given a department."""
    data = {f"department_{i.pk}": str(town.departments[0].pk) for i in items_of(cycle)} | more
    do("selection.screen", town.of("gov_clerk"), "2026-10-15", **data)


def test_every_unmet_rule_has_evidence_of_its_own_and_a_pass_may_have_some(town, cycle):
    play.merge_all(town, cycle, D0)
    pk = item(A).pk
    unmet = {f"unmet_{pk}": ["routine", "negative_list"], f"evidence_routine_{pk}": "已列入养护计划。"}
    with pytest.raises(InvalidForm, match="须写明依据"):
        screening(town, cycle, **unmet)
    unmet |= {f"evidence_negative_list_{pk}": "属负面清单第三项。", f"evidence_benefit_{pk}": "惠及全村。"}
    screening(town, cycle, **unmet)
    told = {s.rule: (s.verdict, s.evidence) for s in item(A).screenings.all()}
    assert told["routine"] == ("warn", "已列入养护计划。")
    assert told["negative_list"] == ("block", "属负面清单第三项。")
    assert told["benefit"] == ("pass", "惠及全村。") and told["resources"] == ("pass", "")
    assert "负面清单第三项" in item(A).decision_reason and "养护计划" not in item(A).decision_reason


def test_a_note_is_kept_as_a_note_and_blocks_nothing(town):
    rules = Rules().with_values({"eligibility.routine": "note"})
    adopt_rulebook(town.act("chair", at("2026-08-01")), town.unit, rules)
    cycle = year(town)
    play.merge_all(town, cycle, D0)
    pk = item(A).pk
    screening(town, cycle, **{f"unmet_{pk}": ["routine"], f"evidence_routine_{pk}": "每年都做。"})
    line = item(A).screenings.get(rule="routine")
    assert (line.verdict, line.get_verdict_display(), item(A).state) == ("note", "提示", "eligible")


def test_the_screening_is_sent_back_to_be_merged_differently(town, cycle):
    play.merge_all(town, cycle, D0)
    task = open_task("selection.screen").task_id
    send_back(
        task, actor=town.of("gov_clerk"), to="merge", reason="两件内容不同，应当分开。", at=at("2026-10-15")
    )
    numbers = {f"number_{p.pk}": n for n, p in enumerate(Proposal.objects.filter(state="merged"), 1)}
    do("selection.merge", town.of("gov_clerk"), "2026-10-16", **numbers)
    assert Item.objects.count() == 6 and Item.objects.filter(sources=None).count() == 0
    assert set(Item.objects.values_list("support", flat=True)) == {1}


# ------------------------------------------------------------------------------------- appraise


def test_each_responsible_department_finance_and_legal_appraise_side_by_side(town, cycle):
    play.merge_all(town, cycle, D0)
    play.screen_all(town, cycle, D0)
    tasks = open_tasks(cycle, "selection.appraise_department")
    assert {t.seat_id for t in tasks} == {i.department_id for i in items_of(cycle) if i.state == "eligible"}
    assert open_task("selection.appraise_legal").due_on == date(2026, 10, 29)
    with pytest.raises(NotYourTurn):
        complete(tasks[0].task_id, actor=town.department_clerk(tasks[1].seat), data={}, at=at("2026-10-15"))
    play.appraise_all(town, cycle, D0, {A: 123_000_000})
    assert item(A).investment_fen == 123_000_000 and sum(item(A).funding.values()) == 123_000_000
    assert Appraisal.objects.count() == 12
    assert Paper.objects.filter(kind="appraisal").count() == len(tasks) + 2
    assert open_task("selection.draft_list").office == "mayor"


def figures(cycle, task, **more: str) -> dict[str, str]:
    rows = [i for i in items_of(cycle) if i.department_id == task.seat_id and i.state == "eligible"]
    one = {
        "opinion": "agree", "words": "可行。", "own": "10", "upper": "0", "social": "0",
        "finish": "2027-10-31", "target": "完工投入使用。",
    } | more  # fmt: skip
    return {f"{name}_{i.pk}": value for i in rows for name, value in one.items()}


def appraise_one(town, cycle, **more: str) -> Item:
    """One department's appraisal; returns its first item."""
    play.merge_all(town, cycle, D0)
    play.screen_all(town, cycle, D0)
    task = open_tasks(cycle, "selection.appraise_department")[0]
    complete(
        task.task_id,
        actor=town.department_clerk(task.seat),
        data=figures(cycle, task, **more),
        at=at("2026-10-16"),
    )
    return items_of(cycle).filter(department_id=task.seat_id).exclude(investment_fen=None)[0]


def test_a_project_over_the_year_needs_its_milestone(town, cycle):
    with pytest.raises(InvalidForm, match="阶段性目标"):
        appraise_one(town, cycle, finish="2028-05-31")


def test_a_project_over_the_year_stands_with_its_milestone(town, cycle):
    made = appraise_one(town, cycle, finish="2028-05-31", milestone="年底前完成主体工程。")
    assert made.multi_year and made.milestone


def test_mainly_social_money_is_noted_by_itself(town, cycle):
    made = appraise_one(town, cycle, own="1", social="9")
    assert made.screenings.get(rule="public_money").verdict == "warn"
    assert made.state == "eligible"


# --------------------------------------------------------------- an appraiser sends the list back

WHY = "投资估算没有依据，请核实后再论证。"


@stands
def until_appraisal(town, cycle):
    """To the appraisers' desks."""
    play.merge_all(town, cycle, D0)
    play.screen_all(town, cycle, D0)


def appraisal_of(cycle, office: str, n: int = 0) -> Deadline:
    return open_tasks(cycle, f"selection.appraise_{office}")[n]


def give_back(town, task, reason: str = WHY, day: str = "2026-10-16") -> Entry:
    who = town.department_clerk(task.seat) if task.office == "department" else town.of(task.office)
    return send_back(task.task_id, actor=who, reason=reason, at=at(day))


def accept_rest(town, cycle, day: str = "2026-10-19") -> None:
    """Whoever has not appraised yet agrees to everything."""
    items = [i for i in items_of(cycle) if i.state == "eligible"]
    for task in open_tasks(cycle, "selection.appraise_department"):
        data = figures(cycle, task)
        complete(task.task_id, actor=town.department_clerk(task.seat), data=data, at=at(day))
    for office in ("finance", "legal"):
        for task in open_tasks(cycle, f"selection.appraise_{office}"):
            data = {f"opinion_{i.pk}": "agree" for i in items} | {f"words_{i.pk}": "同意。" for i in items}
            complete(task.task_id, actor=town.of(office), data=data, at=at(day))


def test_the_list_goes_on_to_the_mayor_where_no_appraiser_returns_it(town, cycle):
    until_appraisal(town, cycle)
    accept_rest(town, cycle)
    assert open_task("selection.draft_list") and open_tasks(cycle, "selection.screen") == []
    assert not AppraisalReturn.objects.exists()


def test_one_departments_return_is_taken_where_finance_and_legal_have_met_it(client, town, cycle):
    until_appraisal(town, cycle)
    task = appraisal_of(cycle, "department")
    entry = give_back(town, task)
    assert entry.action == "selection.appraise_department.return" and WHY in str(entry.body)
    assert open_tasks(cycle, "selection.screen") == [], "the others still appraise"
    assert item(A).state == "eligible"
    accept_rest(town, cycle)
    assert open_task("selection.screen").office == "gov_clerk"
    assert open_tasks(cycle, "selection.draft_list") == []
    assert set(items_of(cycle).values_list("state", flat=True)) == {"merged"}
    reopened = Entry.objects.filter(action="item.reopen").first()
    assert reopened and f"{task.seat.name}：{WHY}" in str(reopened.body)


def test_every_reason_is_shown_to_the_clerk_who_screens_or_merges_again(client, town, cycle):
    until_appraisal(town, cycle)
    department = appraisal_of(cycle, "department")
    give_back(town, department)
    give_back(town, appraisal_of(cycle, "legal"), reason="两个项目内容重复，建议合并。")
    accept_rest(town, cycle)
    clerk = town.of("gov_clerk")
    shown = page(client, clerk, open_task("selection.screen"))
    assert WHY in shown and "两个项目内容重复，建议合并。" in shown and department.seat.name in shown
    task = open_task("selection.screen").task_id
    send_back(task, actor=clerk, to="merge", reason="按司法所意见重新归并。", at=at("2026-10-20"))
    assert "两个项目内容重复，建议合并。" in page(client, clerk, open_task("selection.merge"))


def test_a_list_that_came_back_is_appraised_anew_and_the_first_opinions_stay_on_file(town, cycle):
    until_appraisal(town, cycle)
    give_back(town, appraisal_of(cycle, "finance"))
    accept_rest(town, cycle)
    first = list(Paper.objects.filter(kind="appraisal").values_list("pk", "title"))
    assert "论证退回意见（财政）" in [title for _pk, title in first]
    play.screen_all(town, cycle, date(2026, 10, 20))
    assert not open_returns(cycle).exists()
    assert len(open_tasks(cycle, "selection.appraise_department")) > 0
    assert open_task("selection.appraise_finance") and open_task("selection.appraise_legal")
    play.appraise_all(town, cycle, date(2026, 10, 20), {})
    assert open_task("selection.draft_list").office == "mayor"
    assert set(first) < set(Paper.objects.filter(kind="appraisal").values_list("pk", "title"))
    told = Entry.objects.filter(action__startswith="selection.appraise_finance").order_by("id")
    assert [e.action for e in told] == ["selection.appraise_finance.return", "selection.appraise_finance"]
    assert AppraisalReturn.objects.get().settled_on == date(2026, 10, 20)


def test_an_appraiser_may_return_the_second_round_too(town, cycle):
    until_appraisal(town, cycle)
    give_back(town, appraisal_of(cycle, "finance"))
    accept_rest(town, cycle)
    play.screen_all(town, cycle, date(2026, 10, 20))
    give_back(town, appraisal_of(cycle, "finance"), day="2026-10-21")
    accept_rest(town, cycle, day="2026-10-22")
    assert open_task("selection.screen") and open_returns(cycle).count() == 1


def test_a_return_without_a_reason_is_refused_and_nothing_is_recorded(town, cycle):
    until_appraisal(town, cycle)
    with pytest.raises(InvalidForm):
        give_back(town, appraisal_of(cycle, "legal"), reason="")
    assert not AppraisalReturn.objects.exists() and open_task("selection.appraise_legal")
    give_back(town, appraisal_of(cycle, "legal"))
    assert AppraisalReturn.objects.get().office == "合法性审查"


def test_only_the_appraiser_whose_task_it_is_sends_it_back(town, cycle):
    until_appraisal(town, cycle)
    one, other = open_tasks(cycle, "selection.appraise_department")[:2]
    with pytest.raises(NotYourTurn):
        send_back(one.task_id, actor=town.department_clerk(other.seat), reason=WHY, at=at("2026-10-16"))
    give_back(town, one)
    assert AppraisalReturn.objects.get().department == one.seat


def test_an_appraisal_taken_back_leaves_what_an_earlier_round_said_of_a_decided_item(town, cycle):
    until_appraisal(town, cycle)
    seat = appraisal_of(cycle, "department").seat
    items_of(cycle).filter(state="eligible").update(department=seat)
    decided, again = items_of(cycle).filter(state="eligible").order_by("pk")[:2]
    act = town.act("gov_clerk", at("2026-10-16"))
    row = {
        "opinion": "agree", "words": "可行。", "own": 100, "upper": 0, "social": 0, "target": "通车",
        "finish": date(2027, 11, 30),
    }  # fmt: skip
    for office in (services.appraise_department, services.appraise_legal):
        office(act, cycle, rows={decided.pk: row, again.pk: row})
    fire(items_of(cycle).get(pk=decided.pk), "block", act, reason="不予列入。")
    kinds = {"department": services.appraise_department, "legal": services.appraise_legal}
    for kind, office in kinds.items():
        told = office(act, cycle, rows={again.pk: row | {"own": 300}}).after
        done = write_down(act, f"selection.appraise_{kind}", cycle.reference, after=told)
        if kind == "department":
            undoing.undo_department(act, cycle, done=done, reason="更正。", item={"department": seat.pk})
        else:
            undoing.undo_appraisal(act, cycle, kind=kind, done=done, reason="更正。")
        assert list(Appraisal.objects.filter(kind=kind).values_list("item", flat=True)) == [decided.pk]
    funding = dict(items_of(cycle).values_list("pk", "funding"))
    assert funding[decided.pk]["own"] == 100 == funding[again.pk]["own"]


def test_the_appraisers_page_offers_the_way_back(client, town, cycle):
    until_appraisal(town, cycle)
    task = appraisal_of(cycle, "finance")
    client.force_login(town.of("finance"))
    assert 'value="return"' in client.get(f"/tasks/{task.pk}/").content.decode()
    answer = client.post(f"/tasks/{task.pk}/", {"op": "return", "to": "screen", "reason": WHY})
    apply(SYSTEM)
    assert answer.status_code == 302
    assert AppraisalReturn.objects.get().reason == WHY


def page(client, user, task: Deadline) -> str:
    client.force_login(user)
    answer = client.get(f"/tasks/{task.pk}/")
    apply(SYSTEM)
    return answer.content.decode()


# ----------------------------------------------------------------------------------- draft list


def test_the_government_drafts_a_list_with_its_seats_and_leaves_the_others_out_with_a_reason(town, cycle):
    until_draft(town, cycle)
    do("selection.draft_list", town.of("mayor"), "2026-10-22", **drafting(cycle, [A, B], 1))
    cycle.refresh_from_db()
    assert cycle.seats == 1
    assert (item(A).state, item(C).state) == ("drafted", "left_out")
    assert item(C).decision_reason == "受财力限制，未列入。"
    paper = Paper.objects.get(kind="draft_list")
    assert [row["title"] for row in paper.data["items"]] == [A, B]


@pytest.mark.parametrize(
    ("titles", "seats", "sentence"),
    [([A], 2, "少于应选数"), ([A, B], 2, "等额")],
)
def test_a_list_without_surplus_is_refused(town, cycle, titles, seats, sentence):
    until_draft(town, cycle)
    with pytest.raises(InvalidForm, match=sentence):
        do("selection.draft_list", town.of("mayor"), "2026-10-22", **drafting(cycle, titles, seats))


def test_a_surplus_below_the_rulebook_needs_to_be_accepted_in_so_many_words(town):
    adopt_rulebook(town.act("chair", at("2026-08-01")), town.unit, Rules(surplus_percent=100))
    cycle = year(town)
    until_draft(town, cycle)
    with pytest.raises(InvalidForm, match="不少于 4 个"):
        do("selection.draft_list", town.of("mayor"), "2026-10-22", **drafting(cycle, TITLES, 2))
    accepted = drafting(cycle, TITLES, 2, accept_small_surplus="on")
    do("selection.draft_list", town.of("mayor"), "2026-10-22", **accepted)
    assert open_task("selection.party_study")


def test_what_legal_opposes_is_not_drafted(town, cycle):
    until_draft(town, cycle)
    Appraisal.objects.filter(item=item(A), kind="legal").update(opinion="oppose")
    with pytest.raises(InvalidForm, match="合法性审查"):
        do("selection.draft_list", town.of("mayor"), "2026-10-22", **drafting(cycle, TITLES, 2))
    do("selection.draft_list", town.of("mayor"), "2026-10-22", **drafting(cycle, [B, C], 1))


@pytest.mark.parametrize("to", ["merge", "screen", "appraise"])
def test_the_mayor_sends_the_list_back_and_it_comes_again(town, cycle, to):
    until_draft(town, cycle)
    task = open_task("selection.draft_list").task_id
    entry = send_back(
        task, actor=town.of("mayor"), to=to, reason="投资估算偏高，请重新核实。", at=at("2026-10-22")
    )
    assert entry.action == "selection.draft_list.return"
    day = date(2026, 10, 23)
    if to == "merge":
        play.merge_all(town, cycle, day)
    if to != "appraise":
        assert set(Item.objects.values_list("state", flat=True)) == {"merged"}
        play.screen_all(town, cycle, day)
    play.appraise_all(town, cycle, day, {})
    play.draft(town, cycle, date(2026, 10, 30), TITLES, 2)
    assert item(A).state == "drafted" and Item.objects.count() == 5


# ------------------------------------------------------------------------------------- opinions


def test_the_presidium_and_the_party_are_asked_on_the_same_day_by_default(town, cycle):
    until_opinions(town, cycle)
    dues = {open_task(f"selection.{key}").due_on for key in ("presidium_opinion", "party_study")}
    assert dues == {date(2026, 10, 29)}


def test_the_party_studies_after_the_presidium_where_the_rulebook_says_so(town):
    adopt_rulebook(town.act("chair", at("2026-08-01")), town.unit, Rules(opinions_order="one_after_other"))
    cycle = year(town)
    until_opinions(town, cycle)
    assert open_tasks(cycle, "selection.party_study") == []
    play.hear_opinions(town, cycle, date(2026, 10, 22))
    assert open_task("selection.notice").office == "gov_clerk"


@pytest.mark.parametrize("refusing", ["presidium", "party"])
def test_a_body_that_does_not_agree_sends_the_list_back_to_the_mayor(town, cycle, refusing):
    until_opinions(town, cycle)
    for key, body, recorder in (
        ("presidium_opinion", "presidium", town.of("clerk")),
        ("party_study", "party", town.of("party")),
    ):
        data = meeting(town.people[body], date(2026, 10, 26), agree=body != refusing, reason="资金来源不明。")
        do(f"selection.{key}", recorder, "2026-10-26", **data)
    assert open_task("selection.draft_list").office == "mayor"
    assert not is_agreed(cycle) and open_tasks(cycle, "selection.notice") == []
    assert Paper.objects.get(data__agreed=False).data["reason"] == "资金来源不明。"
    do("selection.draft_list", town.of("mayor"), "2026-10-27", **drafting(cycle, [A, B], 1))
    play.hear_opinions(town, cycle, date(2026, 10, 27))
    assert open_task("selection.notice") and item(C).state == "left_out"


def test_one_party_member_cannot_study_alone(town, cycle):
    until_opinions(town, cycle)
    with pytest.raises(InvalidForm, match="三分之二"):
        data = meeting(town.people["party"][:1], date(2026, 10, 26))
        do("selection.party_study", town.of("party"), "2026-10-26", **data)


# --------------------------------------------------------------------------- notice, objections


def test_a_notice_shorter_than_the_rulebook_is_refused(town, cycle):
    until_notice(town, cycle)
    data = {"body": "现予公示，欢迎提出意见。"}
    with pytest.raises(InvalidForm, match="5 个工作日"):
        do("selection.notice", town.of("gov_clerk"), "2026-10-28", to_on="2026-11-03", **data)
    do("selection.notice", town.of("gov_clerk"), "2026-10-28", to_on="2026-11-04", **data)
    notice = Notice.objects.get()
    assert (notice.round, notice.items.count()) == (1, 3)
    assert Paper.objects.get(kind="public_notice").published_at is not None
    assert open_task("selection.conclude").due_on == date(2026, 11, 6)


def test_the_list_is_posted_on_the_next_working_day_and_stands_its_own_days(town, cycle):
    until_notice(town, cycle)
    assert open_task("selection.notice").due_on == date(2026, 10, 28)
    play.post(town, cycle, date(2026, 10, 28), objection=False)
    assert Notice.objects.get().to_on == date(2026, 11, 4)


def test_the_last_task_waits_for_the_notice_the_objections_and_the_answers(town, cycle):
    until_posted(town, cycle)
    conclude = ("selection.conclude", town.of("gov_clerk"))
    with pytest.raises(Obstructed, match="尚未结束"):
        do(*conclude, "2026-11-04")
    objection = objected(town)
    with pytest.raises(Obstructed, match="1 件异议"):
        do(*conclude, "2026-11-05")
    do(
        "selection.objection",
        town.of("gov_clerk"),
        "2026-11-05",
        decision="dismiss",
        answer="选址经过村民代表会议讨论。",
    )
    objection.refresh_from_db()
    assert objection.state == "dismissed"
    with pytest.raises(Obstructed, match="2 件意见建议未答复"):
        do(*conclude, "2026-11-05")
    answer(town, "2026-11-05")
    answer(town, "2026-11-05", "draft")
    do(*conclude, "2026-11-05")
    assert sorted(candidates_of(cycle).values_list("title", flat=True)) == sorted(TITLES)


def objected(town, day: str = "2026-10-30") -> Objection:
    resident = Act(None, "resident", town.unit, at(day))
    return raise_objection(resident, Notice.objects.latest("round"), words="这个项目已经有人做了。")


def answers(exclusion: Exclusion, **more: str) -> dict[str, str]:
    one = {"outcome": "declined", "words": "不符合筛查条件，不予采纳。", "deputy": ""}
    one |= {name: more.pop(name) for name in one if name in more}
    return {f"{name}_{p.pk}": value for p in owed(exclusion) for name, value in one.items()} | more


def answer(town, day: str, stage: str = "screening", **more: str) -> Entry:
    """The answering task of the one open decision of a stage."""
    made = Exclusion.objects.get(stage=stage, state="open")
    mine = {"subject": made.reference}
    return do("selection.answer", town.of("gov_clerk"), day, mine, **answers(made, **more))


def test_a_resident_objects_without_an_account_and_the_clerk_has_five_working_days(town, cycle):
    until_posted(town, cycle)
    objection = objected(town)
    assert open_task("selection.objection").due_on == date(2026, 11, 6)
    entry = Entry.objects.get(action="selection.object")
    assert entry.actor is None and objection.words not in str(entry.body)


def test_a_station_registers_an_objection_for_somebody(town, cycle):
    until_posted(town, cycle)
    perform(
        events.OBJECT.key,
        Notice.objects.get(),
        actor=town.of("station"),
        data={"words": "希望增加照明。", "project": str(item(A).pk)},
        at=at("2026-10-29"),
    )
    assert Objection.objects.get().item == item(A)


def test_an_objection_after_the_notice_is_refused(town, cycle):
    until_posted(town, cycle)
    with pytest.raises(Refused, match="已于"):
        objected(town, "2026-11-05")


def test_an_upheld_objection_that_changes_the_list_goes_to_the_party_and_is_posted_again(town, cycle):
    until_posted(town, cycle, seats=1)
    objected(town)
    do(
        "selection.objection",
        town.of("gov_clerk"),
        "2026-11-02",
        decision="uphold",
        answer="该桥已列入县级计划，移出名单。",
        takes_out=str(item(C).pk),
    )
    assert item(C).state == "left_out"
    assert item(C).excluded_by is None, "the list is not agreed to yet"
    entry = do("selection.conclude", town.of("gov_clerk"), "2026-11-05")
    assert entry.action == "selection.conclude.return"
    assert open_tasks(cycle, "selection.presidium_opinion") == []
    data = meeting(town.people["party"], date(2026, 11, 9))
    do("selection.party_study", town.of("party"), "2026-11-09", **data)
    assert item(C).excluded_by.on == date(2026, 11, 9)
    play.post(town, cycle, date(2026, 11, 10), objection=False)
    assert list(Notice.objects.order_by("round").values_list("round", "state")) == [
        (1, "closed"),
        (2, "posted"),
    ]
    answer_all(town, cycle, date(2026, 11, 18))
    assert sorted(candidates_of(cycle).values_list("title", flat=True)) == sorted([A, B])
    assert obstacles_to_deliberation(cycle, at("2026-11-18")) == []


def test_an_objection_may_not_take_the_surplus_away(town, cycle):
    until_posted(town, cycle, seats=2)
    objected(town)
    with pytest.raises(InvalidForm, match="等额"):
        do(
            "selection.objection",
            town.of("gov_clerk"),
            "2026-11-02",
            decision="uphold",
            answer="移出名单。",
            takes_out=str(item(C).pk),
        )


def test_the_list_is_not_sent_to_the_party_again_without_a_change(town, cycle):
    until_posted(town, cycle)
    task = open_task("selection.conclude").task_id
    with pytest.raises(Refused, match="由办理结果决定"):
        send_back(
            task,
            actor=town.of("gov_clerk"),
            to="party_study",
            reason="再研究一次为好。",
            at=at("2026-11-05"),
        )


# --------------------------------------------------------------------------------------- answer


def test_every_decision_begins_an_answering_task_due_five_working_days_after_it(town, cycle):
    until_appraisal(town, cycle)
    blocked = Exclusion.objects.get()
    task = open_task("selection.answer")
    assert (blocked.stage, blocked.on, task.subject) == ("screening", D0, blocked.reference)
    assert (task.office, task.due_on) == ("gov_clerk", date(2026, 10, 22))
    assert set(blocked.items.values_list("state", flat=True)) == {"blocked"}
    assert all(one.excluded_because == one.decision_reason != "" for one in blocked.items.all())
    play.appraise_all(town, cycle, D0, {})
    play.draft(town, cycle, date(2026, 10, 22), (A, B), 1)
    assert Exclusion.objects.count() == 1, "a draft is no decision before both bodies agree to it"
    play.hear_opinions(town, cycle, date(2026, 10, 22))
    left = Exclusion.objects.get(stage="draft")
    assert left.on == date(2026, 10, 27) and item(C) in left.items.all()
    assert open_task("selection.answer", subject=left.reference).due_on == date(2026, 11, 3)


def test_what_the_departments_figures_block_is_answered_from_that_day(town):
    rules = Rules().with_values({"eligibility.public_money": "block"})
    adopt_rulebook(town.act("chair", at("2026-08-01")), town.unit, rules)
    cycle = year(town)
    made = appraise_one(town, cycle, own="1", social="9")
    made.refresh_from_db()
    decided = made.excluded_by
    assert (made.state, decided.on) == ("blocked", date(2026, 10, 16))
    assert open_task("selection.answer", subject=decided.reference).due_on == date(2026, 10, 23)


def test_a_list_that_is_screened_anew_calls_the_answering_off(town, cycle):
    until_appraisal(town, cycle)
    task = open_task("selection.answer")
    give_back(town, appraisal_of(cycle, "finance"))
    accept_rest(town, cycle)
    assert Deadline.objects.get(pk=task.pk).cancelled
    assert Exclusion.objects.get().state == "lifted" and not Item.objects.exclude(excluded_by=None).exists()
    play.screen_all(town, cycle, date(2026, 10, 20))
    assert open_task("selection.answer").due_on == date(2026, 10, 27)


def test_what_was_answered_is_neither_screened_nor_drafted_again(town, cycle):
    until_appraisal(town, cycle)
    answer(town, "2026-10-16")
    give_back(town, appraisal_of(cycle, "finance"))
    accept_rest(town, cycle)
    assert set(Exclusion.objects.get().items.values_list("state", flat=True)) == {"blocked"}
    assert set(items_of(cycle).exclude(state="blocked").values_list("state", flat=True)) == {"merged"}


def test_step_three_cannot_begin_while_one_proposer_is_unanswered(town, cycle):
    until_posted(town, cycle, titles=(A, B), seats=1)
    answer(town, "2026-10-29")
    left = Exclusion.objects.get(stage="draft")
    missing = answers(left)
    missing[f"words_{owed(left)[0].pk}"] = ""
    with pytest.raises(InvalidForm):
        do("selection.answer", town.of("gov_clerk"), "2026-11-02", **missing)
    # Two behind the items left out, and three behind the drafted ones, who are told by the act itself.
    assert "5 件意见建议未答复" in " ".join(obstacles_to_deliberation(cycle, at("2026-11-05")))
    with pytest.raises(Obstructed, match="2 件意见建议未答复"):
        do("selection.conclude", town.of("gov_clerk"), "2026-11-05")
    answer(town, "2026-11-05", "draft", outcome="reserve")
    do("selection.conclude", town.of("gov_clerk"), "2026-11-05")
    assert obstacles_to_deliberation(cycle, at("2026-11-05")) == []
    assert set(Proposal.objects.filter(cycle=cycle).values_list("state", flat=True)) <= {
        "carried",
        "answered",
        "pooled",
    }
    assert item(C).state == "reserved"
    carried = Proposal.objects.filter(state="carried").order_by("pk").values_list("title", "outcome")
    assert (A, "carried") in carried and (about(A), "merged") in carried


def asked_to_sign(town, cycle, deputy) -> Proposal:
    """The proposal left out of the draft, which a deputy is asked to sign."""
    until_posted(town, cycle, titles=(A, B), seats=1)
    asked = Proposal.objects.get(title=C)
    mine = {f"outcome_{asked.pk}": "suggestion", f"deputy_{asked.pk}": str(deputy.pk)}
    answer(town, "2026-10-29", "draft", **mine)
    asked.refresh_from_db()
    return asked


def test_a_suggestion_needs_a_deputy_to_sign_it(town, cycle):
    until_posted(town, cycle, titles=(A, B), seats=1)
    with pytest.raises(InvalidForm, match="代表签名"):
        answer(town, "2026-10-29", "draft", outcome="suggestion")


def test_the_deputys_own_signature_makes_it_a_suggestion_and_the_trail_has_no_name(town, cycle):
    deputy = town.of("deputy", 3)
    asked = asked_to_sign(town, cycle, deputy)
    assert (asked.state, asked.outcome, asked.signed_by) == ("merged", "", None)
    task = open_task("selection.sign")
    assert (task.task.owner, task.due_on) == (deputy, date(2026, 11, 3))
    with pytest.raises(Taken):
        do("selection.sign", town.of("deputy", 5), "2026-10-30")
    assert "未答复" in " ".join(obstacles_to_deliberation(cycle, at("2026-11-05")))
    do("selection.sign", deputy, "2026-10-30")
    asked.refresh_from_db()
    assert (asked.state, asked.outcome, asked.signed_by) == ("answered", "suggestion", deputy)
    assert asked.outcome_words == "不符合筛查条件，不予采纳。"
    entries = Entry.objects.filter(action__in=("selection.answer", "proposal.answer"))
    assert all(deputy.name not in str(entry.body) for entry in entries)


def test_a_deputy_who_does_not_sign_gives_it_back_and_another_outcome_is_chosen(client, town, cycle):
    deputy = town.of("deputy", 3)
    asked = asked_to_sign(town, cycle, deputy)
    task = open_task("selection.sign")
    assert C in page(client, deputy, task)
    with pytest.raises(InvalidForm):
        send_back(task.task_id, actor=deputy, reason="", at=at("2026-10-30"))
    send_back(task.task_id, actor=deputy, reason="该桥属县道，不属本级事权。", at=at("2026-10-30"))
    again = open_task("selection.answer_again")
    assert (again.office, again.due_on) == ("gov_clerk", date(2026, 11, 6))
    other = town.of("deputy", 4)
    given = {"outcome": "suggestion", "words": "请另一位代表签名提出。", "deputy": str(other.pk)}
    do("selection.answer_again", town.of("gov_clerk"), "2026-11-02", **given)
    task = open_task("selection.sign")
    assert task.task.owner == other
    send_back(task.task_id, actor=other, reason="同意前一位代表的意见。", at=at("2026-11-02"))
    given = {"outcome": "reported", "words": "涉及县级事权，已书面上报。", "deputy": ""}
    do("selection.answer_again", town.of("gov_clerk"), "2026-11-03", **given)
    asked.refresh_from_db()
    assert (asked.state, asked.outcome, asked.signed_by) == ("answered", "reported", None)
    assert open_tasks(cycle, "selection.sign") == []


def test_a_blocked_proposal_is_answered_at_once_and_not_again(town, cycle):
    until_draft(town, cycle)
    blocked = Proposal.objects.get(title="镇政府办公楼外墙翻新")
    told = {"outcome": "declined", "words": "属负面清单，不予采纳。"}
    perform(events.TELL.key, blocked, actor=town.of("gov_clerk"), data=told, at=at("2026-10-20"))
    blocked.refresh_from_db()
    assert (blocked.state, blocked.outcome) == ("answered", "declined")
    with pytest.raises(Obstructed, match="尚未决定"):
        waiting = Proposal.objects.get(title=C)
        perform(events.TELL.key, waiting, actor=town.of("gov_clerk"), data=told, at=at("2026-10-20"))


def test_the_last_proposer_told_ahead_ends_the_answering_task(town, cycle):
    until_appraisal(town, cycle)
    task, told = open_task("selection.answer"), {"outcome": "declined", "words": "经筛查不予列入。"}
    for proposal in list(owed(Exclusion.objects.get())):
        assert not Deadline.objects.get(pk=task.pk).cancelled
        perform(events.TELL.key, proposal, actor=town.of("gov_clerk"), data=told, at=at("2026-10-20"))
    assert Deadline.objects.get(pk=task.pk).cancelled and Exclusion.objects.get().state == "lifted"


# ----------------------------------------------------------------------------------- score sheet


def test_the_score_sheet_is_off_by_default(town, cycle):
    play.merge_all(town, cycle, D0)
    play.screen_all(town, cycle, D0)
    with pytest.raises(Obstructed, match="不使用评分表"):
        marks = dict.fromkeys(cycle.rules.score_weights, 80)
        perform(events.SCORE.key, item(A), actor=town.of("finance"), data=marks, at=at("2026-10-20"))


def test_a_list_is_not_drafted_before_two_have_scored_each_item(town):
    adopt_rulebook(town.act("chair", at("2026-08-01")), town.unit, Rules(score_sheet=True))
    cycle = year(town)
    until_draft(town, cycle)
    marks = dict.fromkeys(cycle.rules.score_weights, 80)
    perform(events.SCORE.key, item(A), actor=town.of("finance"), data=marks, at=at("2026-10-20"))
    with pytest.raises(Obstructed, match="评分不足 2 人"):
        do("selection.draft_list", town.of("mayor"), "2026-10-22", **drafting(cycle, TITLES, 2))
    for title in items_of(cycle).filter(state="eligible").values_list("title", flat=True):
        for office, mark in (("finance", 80), ("legal", 61)):
            given = dict.fromkeys(cycle.rules.score_weights, mark)
            perform(events.SCORE.key, item(title), actor=town.of(office), data=given, at=at("2026-10-21"))
    assert float(score_of(item(A), cycle.rules)) == 70.5
    do("selection.draft_list", town.of("mayor"), "2026-10-22", **drafting(cycle, TITLES, 2))


# ------------------------------------------------------------------------------- words and the pool


def test_an_items_words_are_put_right_until_the_list_is_posted(town, cycle):
    until_notice(town, cycle)
    words = {
        "title": "柳林村饮水安全工程",
        "content": "更换老化管网。",
        "place": "柳林村",
        "category": "水利饮水",
    }
    known = item(A)
    perform(events.EDIT.key, known, actor=town.of("gov_clerk"), data=words, at=at("2026-10-27"))
    known.refresh_from_db()
    assert known.title == "柳林村饮水安全工程"
    play.post(town, cycle, date(2026, 10, 28), objection=False)
    with pytest.raises(Obstructed, match="不能再改"):
        perform(events.EDIT.key, known, actor=town.of("gov_clerk"), data=words, at=at("2026-10-29"))


def test_an_item_of_the_pool_is_proposed_again_in_the_next_year(town, cycle):
    until_posted(town, cycle, titles=(A, B), seats=1)
    answer(town, "2026-10-29")
    answer(town, "2026-10-29", "draft", outcome="reserve")
    do("selection.conclude", town.of("gov_clerk"), "2026-11-05")
    clerk = town.of("gov_clerk")
    with pytest.raises(Obstructed, match="没有正在征集的年度"):
        perform(events.BRING_BACK.key, item(C), actor=clerk, data={}, at=at("2026-11-06"))
    following = start_year(
        town.act("chair", at("2027-08-03")),
        year=2028,
        opens_on=date(2027, 9, 1),
        planned_t=date(2028, 1, 20),
        planned_t2=date(2029, 1, 18),
    )
    with curtain(moment(date(2027, 9, 6), 12)):
        play_collection(town, following, proposals=7)
    perform(events.BRING_BACK.key, item(C), actor=clerk, data={}, at=at("2027-09-07"))
    again = Proposal.objects.get(cycle=following, title=C)
    assert (again.state, again.necessity) == ("received", "2027 年度列入储备库。")
    assert Proposal.objects.get(cycle=cycle, title=C).outcome == "reserve"
    with pytest.raises(Obstructed, match="本年度已提出"):
        perform(events.BRING_BACK.key, item(C), actor=clerk, data={}, at=at("2027-09-07"))
