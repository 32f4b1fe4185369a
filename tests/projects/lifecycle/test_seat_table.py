"""The seat table is read from the flows and the events: nothing missing, nobody unknown, the year's own dates."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from projects.collection.services import publish_call
from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.lifecycle.intake import start_year
from projects.lifecycle.seat_table import SeatRow, rows_of
from tests.builders import at, do, township
from workflow.flows.base import flows
from workflow.flows.events import events, open_acts, perform
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles import registry
from workflow.roles.models import RoleGrant

ON = date(2026, 6, 1)
SCHEME = {
    "opens_on": "2026-09-10",
    "planned_t": "2027-01-20",
    "planned_t2": "2028-01-18",
    "leading_group": "组长：党委书记；副组长：镇长、人大主席。",
    "body": "按照三个阶段六个环节组织实施。",
}

# What the reference's seat table says in its column "returns to", copied: the task a matter is sent back from, and the
# office that has it again; "" for the proposer, who holds none.
RETURNS = {
    "collection.scheme_party": "chair",
    "collection.receive": "",
    "selection.appraise_department": "gov_clerk",
    "selection.appraise_finance": "gov_clerk",
    "selection.appraise_legal": "gov_clerk",
    "selection.draft_list": "gov_clerk",
    "selection.presidium_opinion": "mayor",
    "selection.party_study": "mayor",
    "selection.conclude": "party",
    "deliberation.party_reply": "chair",
    "deliberation.agenda": "mayor",
    "deliberation.budget": "mayor",
    "deliberation.settle": "delegation_lead",
    "voting.opinions_reply": "presidium",
    "supervision.review_plan": "department",
    "supervision.recheck": "department",
    "supervision.audit": "department",
    "supervision.agree_acceptance": "department",
    "evaluation.look_back": "department",
}


@pytest.fixture
def town(db: None) -> Township:
    apply(SYSTEM)
    return township(deputies=14)


@pytest.fixture
def cycle(town: Township) -> Cycle:
    return start_year(
        town.act("chair", at("2026-08-25")),
        year=2027,
        opens_on=date(2026, 9, 10),
        planned_t=date(2027, 1, 20),
        planned_t2=date(2028, 1, 18),
    )


def row_of(rows: list[SeatRow], task: str, office: str = "") -> SeatRow:
    return next(row for row in rows if row.task == task and office in ("", row.office))


def test_every_human_step_of_every_flow_and_every_event_has_its_row(town: Township) -> None:
    rows = rows_of(town.unit, None, ON)
    steps = {node.key for flow in flows() for node in flow.steps()}
    assert {row.task for row in rows if not row.event} == steps
    assert {(row.task, row.office) for row in rows if row.event} == {
        *((event.key, office) for event in events() for office in event.offices),
        *((act.key, act.office) for act in open_acts()),
    }


def test_every_office_is_registered_and_every_row_is_complete(town: Township) -> None:
    known = {office.code for office in registry.offices()} | {"resident"}
    for row in rows_of(town.unit, None, ON):
        assert row.office in known and row.office_title and row.title and row.deadline and row.unit, row
        assert row.event or row.basis, f"{row.task} rests on nothing"


def test_rows_stand_in_the_order_of_the_six_steps(town: Township) -> None:
    order = [(row.step, row.any_step) for row in rows_of(town.unit, None, ON)]
    assert (
        order == sorted(order) and order[0] == (1, False) and {step for step, _any in order} == {*range(1, 7)}
    )


def test_what_belongs_to_no_step_stands_last_and_says_so(client: Client, town: Township) -> None:
    rows = rows_of(town.unit, None, ON)
    own = {row.task for row in rows if row.any_step}
    assert {"oversight.rename", "oversight.merge", "oversight.note_reply"} <= own
    assert not own & {row.task for row in rows if not row.any_step}
    client.force_login(town.of("clerk"))
    page = client.get("/seat-table/").content.decode()
    sixth, last = page.split('id="step-6"')[1].split('id="step-0"')
    assert "登记乡镇更名" in last and "登记乡镇更名" not in sixth and "各环节" in sixth + last


def test_the_first_rows_are_the_first_tasks_of_the_year(town: Township) -> None:
    first = [row.task for row in rows_of(town.unit, None, ON)][:4]
    assert first == [
        "collection.scheme",
        "collection.scheme_party",
        "collection.open",
        "collection.publish_call",
    ]


def test_holders_are_those_in_office_that_day(town: Township) -> None:
    assert row_of(rows_of(town.unit, None, ON), "collection.scheme").holder == [town.of("chair").name]
    assert row_of(rows_of(town.unit, None, date(2019, 1, 1)), "collection.scheme").holder == []


def test_an_office_that_was_revoked_has_no_holder(town: Township) -> None:
    RoleGrant.objects.filter(user=town.of("chair"), office="chair").update(revoked_at=at("2026-05-01"))
    assert row_of(rows_of(town.unit, None, ON), "collection.scheme").holder == []


def test_holders_inside_the_township_are_shown_with_their_unit(town: Township) -> None:
    rows = [row for row in rows_of(town.unit, None, ON) if row.office == "department"]
    assert rows, "no task of a department"
    assert any("农业农村办公室" in name for name in rows[0].holder)
    assert len(rows[0].holder) == len(town.departments)


def test_a_neighbours_people_do_not_stand_in_the_table(town: Township) -> None:
    other = township("T02", deputies=14, name="白石镇")
    names = {name for row in rows_of(town.unit, None, ON) for name in row.holder}
    only_there = User.objects.get(username="chair@T02").name
    assert only_there not in names or only_there in {u.name for us in town.people.values() for u in us}
    assert other.unit.name not in {row.unit for row in rows_of(town.unit, None, ON)}


def test_a_meeting_names_the_body_that_decides(town: Township) -> None:
    row = row_of(rows_of(town.unit, None, ON), "collection.scheme_party")
    assert row.body == "党委" and len(row.holder) == len(town.people["party"])


def test_returns_name_the_task_they_go_to(town: Township) -> None:
    row = row_of(rows_of(town.unit, None, ON), "collection.scheme_party")
    assert row.returns_to == [{"task": "collection.scheme", "title": "拟订年度实施方案"}]


def test_both_bodies_send_the_draft_list_back_to_the_mayor(town: Township) -> None:
    rows = rows_of(town.unit, None, ON)
    for key in ("selection.presidium_opinion", "selection.party_study"):
        assert [target["task"] for target in row_of(rows, key).returns_to] == ["selection.draft_list"]


def test_each_appraiser_sends_the_list_back_to_the_governments_clerk(town: Township) -> None:
    rows = rows_of(town.unit, None, ON)
    for office in ("department", "finance", "legal"):
        row = row_of(rows, f"selection.appraise_{office}")
        assert [target["task"] for target in row.returns_to] == ["selection.screen"]
    assert row_of(rows, "selection.screen").office == "gov_clerk"


@pytest.mark.parametrize("task", RETURNS)
def test_what_the_reference_sends_back_goes_back_to_the_office_it_names(town: Township, task: str) -> None:
    rows = rows_of(town.unit, None, ON)
    office_of = {row.task: row.office for row in rows if not row.event} | {"": ""}
    sending = [row for row in rows if row.task == task and not row.event]
    assert sending, "no such task"
    for row in sending:
        assert RETURNS[task] in {office_of[target["task"]] for target in row.returns_to}, row.office


def test_a_proposal_goes_back_to_its_proposer_who_has_no_task(town: Township) -> None:
    rows = rows_of(town.unit, None, ON)
    assert row_of(rows, "collection.receive").returns_to == [{"task": "", "title": "提出人"}]
    completing = row_of(rows, "collection.complete_proposal", "resident")
    assert completing.event and completing.holder == ["提出人"]
    assert completing.deadline == "收到后 5 个工作日"


def test_what_residents_do_on_the_public_pages_has_its_rows(town: Township) -> None:
    rows = [row for row in rows_of(town.unit, None, ON) if row.office_title == "群众"]
    assert [(row.step, row.title) for row in rows] == [
        (1, "提出意见建议"),
        (2, "对公示名单提出异议"),
        (6, "评价完工项目"),
    ]
    assert all(row.event and row.basis and row.holder == ["群众"] for row in rows)
    assert rows[0].deadline == "征集期内；期外列入项目库"


def test_casting_a_ballot_is_the_deputies_own_act_on_the_day_of_the_session(
    town: Township, cycle: Cycle
) -> None:
    row = row_of(rows_of(town.unit, cycle, ON), "voting.cast")
    assert (row.step, row.title, row.office, row.event) == (4, "投票", "deputy", True)
    assert row.deadline == "2027-01-20" and len(row.holder) == 14 and "无记名" in row.basis


def test_measuring_satisfaction_is_the_deputies_own_act_on_the_day_of_the_evaluation(
    town: Township, cycle: Cycle
) -> None:
    row = row_of(rows_of(town.unit, cycle, ON), "evaluation.measure_cast")
    assert (row.step, row.title, row.office, row.event) == (6, "满意度测评投票", "deputy", True)
    assert row.deadline == "2028-01-18" and len(row.holder) == 14 and "无记名" in row.basis


def test_proposing_shows_the_calls_days_once_it_is_published(town: Township, cycle: Cycle) -> None:
    clerk = town.act("gov_clerk", at("2026-09-10"))
    days = {"window_from": date(2026, 9, 10), "window_to": date(2026, 10, 9)}
    publish_call(clerk, cycle, **days, number="", joint=False, body="欢迎提出意见建议。")
    rows = rows_of(town.unit, cycle, ON)
    for office in ("resident", "station"):
        told = row_of(rows, "collection.propose", office).deadline
        assert told == "征集期（2026年9月10日至2026年10月9日）内；期外列入项目库"
    assert row_of(rows, "evaluation.rate", "resident").deadline == "2027-12-31"


def test_a_task_goes_back_to_itself_only_where_a_body_takes_it_up_again(town: Township) -> None:
    rows = rows_of(town.unit, None, ON)
    again = {row.task for row in rows if row.task in [t["task"] for t in row.returns_to]}
    assert again == {
        "voting.resolution",
        "voting.revote",
        "evaluation.measure_revote",
        "supervision.change_revote",
    }
    settled = row_of(rows, "deliberation.settle")
    assert [target["task"] for target in settled.returns_to] == ["deliberation.deliberate"]


def test_without_a_year_deadlines_are_words(town: Township) -> None:
    row = row_of(rows_of(town.unit, None, ON), "collection.publish_call")
    assert row.deadline == "年度工作启动后 5 个工作日"


def test_with_a_year_deadlines_are_its_dates(town: Township, cycle: Cycle) -> None:
    rows = rows_of(town.unit, cycle, ON)
    assert row_of(rows, "collection.publish_call").deadline == "2026-09-17"
    assert row_of(rows, "collection.receive").deadline == "收到后 5 个工作日"


def test_a_task_that_is_open_shows_the_date_it_really_has(town: Township, cycle: Cycle) -> None:
    do("collection.scheme", town.of("chair"), "2026-08-28", **SCHEME)
    opened = row_of(rows_of(town.unit, cycle, ON), "collection.scheme_party")
    assert opened.deadline == "2026-09-03"


def test_what_is_registered_of_money_is_somebodys_task_with_a_day(town: Township) -> None:
    rows = rows_of(town.unit, None, ON)
    wanted = {
        "supervision.tender": ("department", "收到后 10 个工作日"),
        "supervision.contract": ("department", "收到后 10 个工作日"),
        "supervision.settlement": ("finance", "上一事项办结后 60 天"),
        "supervision.audit": ("finance", "收到后 10 个工作日"),
    }
    for key, (office, deadline) in wanted.items():
        found = [row for row in rows if row.task == key]
        assert [(row.office, row.event) for row in found] == [(office, False)], key
        assert deadline in found[0].deadline and found[0].output
    assert row_of(rows, "supervision.recheck", "finance").returns_to[0]["task"] == "supervision.rectify"


def test_a_basis_says_the_days_of_the_rulebook_in_force(town: Township) -> None:
    assert "收到之日起 5 个工作日内答复" in row_of(rows_of(town.unit, None, ON), "selection.objection").basis
    perform(
        "cycles.revise_rules",
        town.unit,
        actor=town.of("chair"),
        data={"setting": "deadlines.selection.objection", "value": "7", "note": "按本镇办法修订"},
        at=at("2026-05-01"),
    )
    rows = rows_of(town.unit, None, ON)
    assert "收到之日起 7 个工作日内答复" in row_of(rows, "selection.objection").basis
    assert not [row.task for row in rows if "%(" in row.basis]
