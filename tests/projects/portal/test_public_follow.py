"""Following a proposal by its code: its own way and nothing else."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.cache import cache

from projects.collection.intake import complete_returned, propose
from projects.deliberation.services import revise_list
from projects.portal.public_brake import LIMITS
from projects.selection.flows import begin_answers
from projects.selection.models import Exclusion, Source
from projects.supervision.models import Project
from tests.builders import at, do, open_task, township
from tests.projects.portal.public_world import TO_THE_BALLOT, cycle_of, item_of, text_of, travel
from workflow.audit.models import Entry
from workflow.flows.acting import acting
from workflow.flows.errors import Taken
from workflow.flows.models import Deadline
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _start(db, monkeypatch):
    apply(SYSTEM)
    cache.clear()
    travel(monkeypatch, "2026-09-14")


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township()


def proposed(town, title="安装路灯", **more):
    return propose(
        town.act("station", at("2026-09-10")),
        title=title,
        content="村口无灯。",
        name="周小梅",
        phone="13900001111",
        **more,
    )


def returned(town):
    cycle_of(town)
    proposal = proposed(town)
    do("collection.receive", town.of("gov_clerk"), "2026-09-11", decision="return", reason="请写明地点和数量")
    proposal.refresh_from_db()
    return proposal


def path(proposal):
    return f"/t/T01/proposals/{proposal.code}/"


def test_a_code_is_found_however_it_is_typed(client, town):
    cycle_of(town)
    proposal = proposed(town)
    for typed in (
        proposal.code,
        proposal.code.lower(),
        proposal.code.replace("-", " "),
        proposal.code.replace("-", ""),
    ):
        assert client.post("/follow/", {"code": typed}).url == path(proposal)


def test_an_unknown_code_is_refused_without_a_hint(client, town):
    cycle_of(town)
    proposed(town)
    response = client.post("/follow/", {"code": "AAA-AAA-AAA"})
    assert response.status_code == 422 and "没有这个查询码" in response.content.decode()
    assert "九位" in client.post("/follow/", {"code": "12"}).content.decode()


def test_guessing_codes_is_stopped(client, town):
    for _ in range(LIMITS["lookup"]):
        client.post("/follow/", {"code": "AAA-AAA-AAA"})
    assert "太频繁" in client.post("/follow/", {"code": "AAA-AAA-AAA"}).content.decode()
    text_of(client, "/t/T01/proposals/AAA-AAA-AAA/", 429)


def test_the_page_shows_this_proposal_and_never_the_contact(client, town):
    cycle_of(town)
    proposal = proposed(town)
    proposed(town, "修桥补路")
    page = text_of(client, path(proposal))
    assert "安装路灯" in page and "您提交了意见建议" in page
    assert "周小梅" not in page and "13900001111" not in page and "修桥补路" not in page


def test_the_page_is_kept_by_no_cache_and_no_search_engine(client, town):
    cycle_of(town)
    response = client.get(path(proposed(town)))
    assert "no-store" in response["Cache-Control"] and response["X-Robots-Tag"] == "noindex"


def test_a_code_opens_nothing_under_another_township(client, town):
    cycle_of(town)
    proposal = proposed(town)
    township("T02", name="石桥镇")
    text_of(client, f"/t/T02/proposals/{proposal.code}/", 404)


def test_a_returned_proposal_says_why_and_is_put_right_here(client, town):
    proposal = returned(town)
    waiting = open_task("collection.complete_proposal")
    assert "请写明地点和数量" in text_of(client, path(proposal))
    response = client.post(path(proposal), {"content": "柳林村口至学校二十盏。"})
    assert response.url == path(proposal)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.content) == ("received", "柳林村口至学校二十盏。")
    assert Deadline.objects.get(pk=waiting.pk).cancelled
    assert open_task("collection.receive").subject == proposal.reference
    actions = list(
        Entry.objects.filter(subject=proposal.reference).order_by("id").values_list("action", flat=True)
    )
    assert {"proposal.complete", "flow.cancel"} <= set(actions)
    assert "已补充，重新受理" in text_of(client, path(proposal))


def test_the_clerk_takes_the_completed_proposal_up_as_any_other(client, town):
    proposal = returned(town)
    client.post(path(proposal), {"content": "柳林村口至学校二十盏。"})
    do("collection.receive", town.of("gov_clerk"), "2026-09-15", decision="accept")
    assert "已受理" in text_of(client, path(proposal))


def test_an_empty_completion_is_refused(client, town):
    proposal = returned(town)
    assert client.post(path(proposal), {"content": ""}).status_code == 422
    proposal.refresh_from_db()
    assert proposal.state == "returned"


def test_a_proposal_already_completed_is_not_completed_again(town):
    proposal = returned(town)
    resident = town.act("station", at("2026-09-14"))
    complete_returned(resident, proposal, content="二十盏。")
    with pytest.raises(Taken):
        complete_returned(resident, proposal, content="三十盏。")


def test_a_proposal_that_was_not_returned_takes_no_completion(client, town):
    cycle_of(town)
    proposal = proposed(town)
    client.post(path(proposal), {"content": "改成别的。"})
    proposal.refresh_from_db()
    assert (proposal.state, proposal.content) == ("received", "村口无灯。")


def test_the_answer_and_the_item_it_was_joined_to_are_shown(client, town):
    cycle = cycle_of(town)
    proposal = proposed(town)
    do("collection.receive", town.of("gov_clerk"), "2026-09-11", decision="accept")
    clerk = town.act("gov_clerk", at("2026-09-14"))
    item = item_of(town, cycle, 1, "柳林村亮化工程")
    Source.objects.create(unit=town.unit, item=item, proposal=proposal)
    fire(proposal, "merge", clerk)
    fire(proposal, "answer", clerk, outcome="merged", outcome_words="并入柳林村亮化工程办理。")
    page = text_of(client, path(proposal))
    assert "柳林村亮化工程" in page and "并入其他项目" in page


def test_a_proposer_whose_candidate_is_left_off_the_agenda_is_not_told_it_will_be_voted_on(client, town):
    cycle = cycle_of(town)
    proposal = proposed(town)
    do("collection.receive", town.of("gov_clerk"), "2026-09-11", decision="accept")
    act = town.act("mayor", at("2026-12-30"))
    item = item_of(town, cycle, 1, "柳林村亮化工程", *TO_THE_BALLOT[:-1])
    Source.objects.create(unit=town.unit, item=item, proposal=proposal)
    fire(proposal, "merge", act)
    fire(proposal, "carry", act, outcome="carried", outcome_words="已列为候选项目“柳林村亮化工程”。")
    page = text_of(client, path(proposal))
    assert "已列为候选项目" in page and "由人大代表票决" in page
    with acting(act):
        revise_list(act, cycle, kept=[], words="要素保障尚未落实。")
        begin_answers(act, cycle, Exclusion.Stage.AGENDA)
    page = text_of(client, path(proposal))
    assert "所在候选项目未列入会议议程" in page and "要素保障尚未落实" in page
    assert "5 个工作日内在这里答复" in page
    assert "已列为候选项目" not in page and "由人大代表票决" not in page


def test_a_proposer_whose_project_was_elected_is_not_told_that_it_is_a_candidate(client, town):
    cycle = cycle_of(town)
    proposal = proposed(town)
    do("collection.receive", town.of("gov_clerk"), "2026-09-11", decision="accept")
    act = town.act("mayor", at("2026-12-30"))
    item = item_of(town, cycle, 1, "柳林村亮化工程", *TO_THE_BALLOT)
    Source.objects.create(unit=town.unit, item=item, proposal=proposal)
    fire(proposal, "merge", act)
    fire(proposal, "carry", act, outcome="carried", outcome_words="已列为候选项目。")
    page = text_of(client, path(proposal))
    assert "采纳为候选项目" in page and "已票决为民生实事项目" not in page
    apply(SYSTEM)
    fire(item, "elect", act)
    Project.objects.create(
        unit=town.unit, cycle=cycle, item=item, number=1, title=item.title, content="亮化。", category="交通出行",
        budget_fen=1_000_000, finish_by=date(2027, 12, 20),
    )  # fmt: skip
    page = text_of(client, path(proposal))
    assert page.count("已票决为民生实事项目") == 2 and "采纳为候选项目" not in page


def test_an_undeclared_result_does_not_show(client, town):
    cycle = cycle_of(town, "begin_selection", "begin_deliberation", "begin_vote")
    proposal = proposed(town)
    item = item_of(town, cycle, 1, "柳林村亮化工程", *TO_THE_BALLOT, "elect")
    Source.objects.create(unit=town.unit, item=item, proposal=proposal)
    assert "入选" not in text_of(client, path(proposal))


def test_a_proposer_is_promised_the_days_the_year_has_frozen(client, town):
    cycle_of(town, deadlines={"collection.receive": 8})
    assert "政府将在 8 个工作日内决定受理或退回补充" in text_of(client, path(proposed(town)))
