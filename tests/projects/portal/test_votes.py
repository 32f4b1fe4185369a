"""The staff's page of a vote: how each candidate ended, in the words of every other page."""

from __future__ import annotations

import pytest

from projects.ballots.models import Vote
from projects.demo.play.voting import Sheet, play_ballot
from tests.projects.voting.conftest import T, settled
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db


def page(client, user, vote: Vote) -> str:
    client.force_login(user)
    shown = client.get(f"/votes/{vote.pk}/")
    apply(SYSTEM)
    assert shown.status_code == 200
    return shown.content.decode()


def test_a_tied_project_is_tied_and_not_lost(client):
    apply(SYSTEM)
    hall = settled(["甲", "乙", "丙", "丁"], seats=2, in_office=50)
    first = hall.vote
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"甲": 38, "乙": 26, "丙": 26, "丁": 0}))
    shown = page(client, hall.town.of("clerk"), first)
    tags = [shown.count(f">{words}</span>") for words in ("入选", "票数相等", "未入选")]
    assert tags == [1, 2, 1]


def test_points_are_shown_where_they_decide(client):
    apply(SYSTEM)
    hall = settled(["甲", "乙", "丙"], seats=2, in_office=50, ballot_mode="rank")
    sheet = Sheet({"甲": 40, "乙": 30, "丙": 0}, points={"甲": 74, "乙": 40})
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=sheet)
    shown = page(client, hall.town.of("clerk"), Vote.objects.get())
    assert "得分" in shown and ">74<" in shown
