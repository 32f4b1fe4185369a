"""终止年度: a year that will not come to its vote is ended by the presidium; nothing of it waits any more."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from projects.collection.models import Proposal, ProposalState
from projects.cycles.models import Cycle, Paper
from projects.demo.play import selection as play
from projects.lifecycle.forms import EndYearForm
from projects.oversight.models import Note, NoteState
from projects.portal.public_selectors import is_posted, open_years, year_of
from projects.selection.intake import raise_objection
from projects.selection.models import Item, Notice
from tests.builders import at, do, meeting_of, township
from tests.projects.oversight.county_world import leader_of
from tests.projects.portal.public_world import cycle_of
from tests.projects.selection.test_selection import D0, until_posted, year
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused
from workflow.flows.events import events_on, perform
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db
DAY = "2026-10-20"


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township(deputies=16)


def ended(
    town, cycle: Cycle, *, agree: bool = True, office: str = "clerk", day: str = DAY, **data: Any
) -> Entry:
    decision = meeting_of(town.people["presidium"], day, agree=agree) | {
        "number": "青人发〔2026〕9 号",
        "reason": "乡镇合并，不再票决。",
    }
    return perform("lifecycle.end_year", cycle, actor=town.of(office), data=decision | data, at=at(day))


def test_what_waits_ends_and_every_proposal_goes_to_the_pool(town):
    cycle = year(town)
    play.merge_all(town, cycle, D0)
    play.screen_all(town, cycle, D0)
    waiting = Proposal.objects.filter(cycle=cycle).exclude(
        state__in=(ProposalState.POOLED, ProposalState.ANSWERED)
    )
    before = set(waiting.values_list("pk", flat=True))
    assert (
        before and Deadline.objects.filter(about=cycle.reference, done_at=None, cancelled=False).count() > 2
    )
    entry = ended(town, cycle)
    cycle.refresh_from_db()
    assert cycle.state == "ended" and cycle.get_state_display() == "终止"
    assert not Deadline.objects.filter(about=cycle.reference, done_at=None, cancelled=False).exists()
    assert set(Proposal.objects.filter(state=ProposalState.POOLED).values_list("pk", flat=True)) >= before
    assert set(Item.objects.filter(cycle=cycle).values_list("state", flat=True)) == {"reserved"}
    after = json.loads(entry.body)["after"]
    assert after["pooled"] == len(before) and after["called_off"] >= 3
    assert Paper.objects.get(cycle=cycle, number="青人发〔2026〕9 号").kind == "minutes"
    assert open_years([cycle], date(2026, 10, 20)) == [] and year_of(cycle, date(2026, 10, 20)).step == 0


def test_the_posted_list_is_taken_down_and_whoever_objected_has_a_written_answer(town):
    cycle = year(town)
    until_posted(town, cycle)
    notice, resident = Notice.objects.get(), Act(None, "resident", town.unit, at("2026-10-29"))
    objection = raise_objection(resident, notice, words="请说明选址的理由。")
    assert is_posted(notice, date(2026, 10, 30))
    told = EndYearForm.foreseen(SimpleNamespace(subject=cycle))  # type: ignore[arg-type]
    assert any("1 件异议尚未答复" in line for line in told)
    entry = ended(town, cycle, day="2026-10-30")
    notice, objection = Notice.objects.get(), type(objection).objects.get()
    assert notice.state == "closed" and not is_posted(notice, date(2026, 10, 30))
    assert objection.state == "dismissed" and "乡镇合并，不再票决。" in objection.answer
    assert json.loads(entry.body)["after"]["objections"] == 1
    with pytest.raises(Refused, match="本年度工作已经终止"):
        raise_objection(resident, notice, words="请说明选址的理由。")
    assert not Deadline.objects.filter(about=cycle.reference, done_at=None, cancelled=False).exists()


def test_a_letter_of_the_county_is_answered_all_the_same(town):
    cycle = cycle_of(town)
    note = {"title": "会期未定", "words": "请说明。", "reply_by": "2026-10-30"}
    perform("oversight.note", cycle, actor=leader_of(town.unit.parent), data=note, at=at("2026-10-15"))
    waiting = EndYearForm.foreseen(SimpleNamespace(subject=cycle))[0]  # type: ignore[arg-type]
    assert waiting == "0 项未办事项随之结束。"
    ended(town, cycle)
    do("oversight.note_reply", town.of("chair"), "2026-10-21", reply="年度工作已经终止。")
    assert Note.objects.get().state == NoteState.REPLIED


def test_a_presidium_that_did_not_agree_ends_nothing(town):
    cycle = cycle_of(town)
    with pytest.raises(InvalidForm):
        ended(town, cycle, agree=False)
    cycle.refresh_from_db()
    assert cycle.state == "collecting"
    ended(town, cycle)


def test_no_other_office_ends_a_year(town):
    cycle = cycle_of(town)
    for office in ("mayor", "gov_clerk"):
        with pytest.raises(NotYourTurn):
            ended(town, cycle, office=office)
    ended(town, cycle)


def test_a_year_that_votes_or_was_voted_on_is_carried_out(town):
    cycle = cycle_of(town, "begin_selection", "begin_deliberation", "begin_vote")
    clerk = RoleGrant.objects.get(user=town.of("clerk"), office="clerk")
    with pytest.raises((Obstructed, NotYourTurn)):
        ended(town, cycle)
    assert "lifecycle.end_year" not in [e.key for e in events_on(cycle, clerk, at(DAY))]
    other = cycle_of(town, "begin_selection", "begin_deliberation", year=2028)
    assert "lifecycle.end_year" in [e.key for e in events_on(other, clerk, at(DAY))]


def test_the_page_says_that_it_ended_and_offers_nothing_more(client, town):
    cycle = cycle_of(town)
    ended(town, cycle)
    client.force_login(town.of("clerk"))
    page = client.get(f"/years/{cycle.pk}/").content.decode()
    assert "本年度工作已经终止" in page and "/do/lifecycle.end_year/" not in page
