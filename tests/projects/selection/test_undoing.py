"""取回 of the merging and of the draft list: everything is where it was."""

from __future__ import annotations

from datetime import date

import pytest

from projects.collection.models import Proposal
from projects.cycles.models import Paper
from projects.demo.play import selection as play
from projects.demo.play.stage import do_task, meeting
from projects.selection.models import Item, Source
from projects.selection.selectors import items_of
from tests.builders import at, open_task
from tests.projects.selection.test_selection import (  # noqa: F401  its fixtures
    D0,
    A,
    B,
    C,
    cycle,
    item,
    town,
    until_draft,
    until_opinions,
)
from workflow.flows.errors import Refused, Taken
from workflow.flows.models import Deadline, MeetingCall
from workflow.flows.services import claim, complete, send_back
from workflow.flows.taking_back import obstacles_to_taking_back, take_back

pytestmark = pytest.mark.django_db

DAY = "2026-10-16"
DRAFTED = "2026-10-22"


def taken(key: str, actor, day: str) -> None:
    done = Deadline.objects.filter(key=key).exclude(done_at=None).order_by("-pk")[0]
    take_back(done.pk, actor=actor, reason="归并有误，须重新办理", at=at(day, 15))


def merged_as() -> dict[str, int]:
    """Which proposal stands in which item."""
    return dict(Source.objects.values_list("proposal__code", "item__number"))


def test_a_first_merging_is_undone_whole_and_done_anew(town, cycle):  # noqa: F811
    waiting = set(Proposal.objects.filter(cycle=cycle, state="accepted").values_list("pk", flat=True))
    play.merge_all(town, cycle, D0)
    before = merged_as()
    taken("selection.merge", town.of("gov_clerk"), DAY)
    assert not items_of(cycle).exists() and not Source.objects.exists()
    assert waiting == set(Proposal.objects.filter(cycle=cycle, state="accepted").values_list("pk", flat=True))
    assert not Deadline.objects.filter(key="selection.screen", cancelled=False).exists()
    play.merge_all(town, cycle, D0)
    assert merged_as() == before and open_task("selection.screen")


def test_a_second_merging_puts_what_it_moved_back(town, cycle):  # noqa: F811
    play.merge_all(town, cycle, D0)
    first = merged_as()
    screening = open_task("selection.screen")
    send_back(screening.pk, actor=town.of("gov_clerk"), to="merge", reason="两件应当合并。", at=at(DAY))
    numbers = {p.pk: p.source.item.number for p in Proposal.objects.filter(source__isnull=False)}
    moved = Proposal.objects.filter(source__item__title=A).order_by("pk").last()
    data = {f"number_{pk}": number for pk, number in numbers.items()}
    data[f"number_{moved.pk}"] = item(B).number
    merging = open_task("selection.merge")
    complete_merging(merging, town, data)
    assert merged_as() != first
    taken("selection.merge", town.of("gov_clerk"), DAY)
    assert merged_as() == first


def complete_merging(task: Deadline, town, data: dict[str, int]) -> None:  # noqa: F811
    complete(task.pk, actor=town.of("gov_clerk"), data=data, at=at(DAY))


def test_a_merging_that_emptied_an_item_stays_and_says_the_way(town, cycle):  # noqa: F811
    play.merge_all(town, cycle, D0)
    send_back(
        open_task("selection.screen").pk,
        actor=town.of("gov_clerk"),
        to="merge",
        reason="两件应当合并。",
        at=at(DAY),
    )
    numbers = {p.pk: p.source.item.number for p in Proposal.objects.filter(source__isnull=False)}
    gone, kept = item(C), item(B)
    data = {f"number_{pk}": kept.number if n == gone.number else n for pk, n in numbers.items()}
    complete_merging(open_task("selection.merge"), town, data)
    assert not Item.objects.filter(pk=gone.pk).exists()
    with pytest.raises(Refused, match=f"原有的第{gone.number}项，不能取回；请在资格筛查时退回"):
        taken("selection.merge", town.of("gov_clerk"), DAY)


def test_the_screening_begun_keeps_the_merging(town, cycle):  # noqa: F811
    play.merge_all(town, cycle, D0)
    claim(open_task("selection.screen").pk, actor=town.of("gov_clerk"), at=at(DAY))
    with pytest.raises(Taken, match=r"资格筛查”已由.*认领"):
        taken("selection.merge", town.of("gov_clerk"), DAY)


def states() -> dict[str, tuple[str, str]]:
    return {i.title: (i.state, i.decision_reason) for i in Item.objects.filter(title__in=(A, B, C))}


def test_the_draft_list_is_taken_back_before_either_body_acts(town, cycle):  # noqa: F811
    until_draft(town, cycle)
    before, papers = states(), Paper.objects.count()
    play.draft(town, cycle, date(2026, 10, 22), (A, B), 1)
    assert states()[C][0] == "left_out" and Paper.objects.filter(kind="draft_list").exists()
    taken("selection.draft_list", town.of("mayor"), DRAFTED)
    cycle.refresh_from_db()
    assert states() == before and cycle.seats is None and Paper.objects.count() == papers
    open_bodies = Deadline.objects.filter(key__in=("selection.presidium_opinion", "selection.party_study"))
    assert set(open_bodies.values_list("cancelled", flat=True)) == {True}
    play.draft(town, cycle, date(2026, 10, 22), (A, B, C), 2)
    cycle.refresh_from_db()
    assert cycle.seats == 2 and states()[C] == ("drafted", "")
    assert open_task("selection.party_study") and open_task("selection.presidium_opinion")


def test_a_second_draft_taken_back_leaves_the_first_ones_choice(town, cycle):  # noqa: F811
    until_opinions(town, cycle, titles=(A, B), seats=1)
    first = states()
    day = date(2026, 10, 26)
    for body, by in (("presidium", "clerk"), ("party", "party")):
        told = meeting(town.people[body], day, agree=body == "party", reason="资金来源不明。")
        key = "selection.presidium_opinion" if body == "presidium" else "selection.party_study"
        do_task(cycle, key, town.of(by), day, **told)
    play.draft(town, cycle, date(2026, 10, 26), (B, C), 1)
    assert states()[A][0] == "left_out" and states()[C] == ("drafted", "")
    taken("selection.draft_list", town.of("mayor"), "2026-10-26")
    cycle.refresh_from_db()
    assert states() == first and cycle.seats == 1


def test_a_body_called_to_a_meeting_on_it_keeps_the_draft_list(town, cycle):  # noqa: F811
    until_opinions(town, cycle)
    done = Deadline.objects.get(key="selection.draft_list")
    assert obstacles_to_taking_back(done.task, date(2026, 10, 22)) == []
    waiting = open_task("selection.party_study")
    MeetingCall.objects.create(
        unit=town.unit,
        seat=town.unit,
        body="party",
        held_on=date(2026, 10, 26),
        hour="09:00",
        place="三楼会议室",
        tasks=[waiting.pk],
        called_by=town.of("party"),
        at=at(DRAFTED),
    )
    with pytest.raises(Taken, match="党委研究”已列入会议通知"):
        taken("selection.draft_list", town.of("mayor"), DRAFTED)


def test_a_draft_list_sent_back_instead_stays_sent_back(town, cycle):  # noqa: F811
    until_draft(town, cycle)
    send_back(
        open_task("selection.draft_list").pk,
        actor=town.of("mayor"),
        to="merge",
        reason="两个项目应当合并。",
        at=at(DRAFTED),
    )
    with pytest.raises(Refused, match="已经退回"):
        taken("selection.draft_list", town.of("mayor"), DRAFTED)
