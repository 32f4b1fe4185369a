"""Step 4 inside the year's own flow: it follows the adopted 票决办法 and leads to supervision."""

from __future__ import annotations

from datetime import date

import pytest

from projects.ballots.models import Vote
from projects.demo.play.collection import play_collection
from projects.demo.play.selection import play_selection
from projects.demo.play.stage import meeting
from projects.demo.play.voting import play_after_vote, play_attendance, play_opening, play_voting
from projects.lifecycle.intake import start_year
from projects.voting.selectors import elected_items
from tests.builders import at, do, township
from tests.plays import play_deliberation
from tests.statements import counting
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.inbox.pages import next_steps
from workflow.inbox.selectors import opened_after

pytestmark = pytest.mark.django_db

T = date(2027, 1, 20)
SUMS = {
    "柳林村安全饮水管网改造": 17,
    "集镇停车场建设": 15,
    "东山村日间照料中心建设": 11,
    "石坝村危桥改造": 10,
}
# What begins with the announcement, and whose it is.
AFTERWARDS = {
    ("交办入选项目", "主席团成员"), ("交办审议意见", "主席团成员"), ("告知提出人票决结果", "党政办"),
    ("报县级人大常委会备案", "人大办（人大秘书）"),
}  # fmt: skip
# What the year of this test has of each thing statements are allowed for.
THINGS = {"proposals": 14, "candidates": 4, "projects": 3, "members": 7, "desk": 5, "checks": 20}


def test_a_vote_ordered_anew_still_leads_the_year_to_supervision():
    town = township()
    cycle = start_year(
        town.act("chair", at("2026-08-03")),
        year=2027,
        opens_on=date(2026, 9, 1),
        planned_t=T,
        planned_t2=date(2028, 1, 18),
    )
    with counting() as counted:
        play_collection(town, cycle, proposals=14, titles=list(SUMS)[:3])
        play_selection(town, cycle, list(SUMS), 3)
        cycle.refresh_from_db()
        play_deliberation(town, cycle, t=T, term=19, number=2, seats=3, mode="select")
        play_attendance(town, cycle, t=T, present=18, on_leave=2)
        play_opening(town, cycle, t=T, issued=18)
    data = meeting(town.people["presidium"], T) | {"reason": "票箱破损，投票不能认定。"}
    data.pop("return_reason")
    perform("voting.void", cycle, actor=town.of("clerk"), data=data, at=at(str(T), 14), reauthenticated=True)
    do("voting.void_confirm", town.of("chair"), str(T), decision="agree")
    with counting() as voted:
        play_voting(town, cycle, t=T, present=18, on_leave=2, sums=SUMS)
    cycle.refresh_from_db()
    assert cycle.state == "supervising"
    assert list(Vote.objects.order_by("pk").values_list("state", flat=True)) == ["void", "declared"]
    assert [item.title for item in elected_items(cycle)] == list(SUMS)[:3]
    assert Deadline.objects.filter(about=cycle.reference, key__startswith="supervision.").exists()
    announced = Deadline.objects.get(key="voting.announce").task
    foretold = next_steps(announced.flow_task, cycle, T, announced.process)
    assert {(step.title, step.office) for step in foretold} == AFTERWARDS
    begun = [one.task.flow_task.task_title for one in opened_after(announced)]
    assert sorted(begun) == sorted(title for title, _office in AFTERWARDS), "all of them, and each once"
    with counting() as afterwards:
        play_after_vote(town, cycle, t=T)
    assert [one.over(THINGS) for one in (counted, voted, afterwards)] == [{}, {}, {}]
    waiting = Deadline.objects.filter(done_at=None, cancelled=False, key__startswith="voting.")
    assert not waiting.exists()
