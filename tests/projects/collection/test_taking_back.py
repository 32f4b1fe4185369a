"""取回 in step 1: the scheme, and what was received or sent back, until somebody acts on it."""

from __future__ import annotations

import json
from datetime import date

import pytest

from projects.collection.intake import complete_returned, propose
from projects.collection.models import Proposal
from projects.cycles.models import Paper
from tests.builders import at, do, open_task
from tests.projects.collection.test_collection import (  # noqa: F401  its fixtures
    SCHEME,
    _system,
    cycle,
    opened,
    town,
)
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import Refused, Taken
from workflow.flows.models import Deadline
from workflow.flows.services import claim
from workflow.flows.taking_back import take_back

pytestmark = pytest.mark.django_db

DAY = "2026-09-11"


def taken(key: str, actor, day: str = DAY) -> Entry:
    done = Deadline.objects.filter(key=key).exclude(done_at=None).order_by("-pk")[0]
    return take_back(done.pk, actor=actor, reason="办错了，须重新办理", at=at(day, 15))


@pytest.fixture
def proposal(town, cycle) -> Proposal:  # noqa: F811
    opened(town, cycle)
    act = town.act("station", at("2026-09-10"))
    return propose(act, title="安装路灯", content="村口无灯。", proposer_kind="station")


def test_the_scheme_is_taken_back_with_its_days(town, cycle):  # noqa: F811
    before = (cycle.planned_t, cycle.planned_t2)
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME | {"planned_t": "2027-01-25"})
    cycle.refresh_from_db()
    assert cycle.planned_t == date(2027, 1, 25) and Paper.objects.filter(kind="scheme").exists()
    taken("collection.scheme", town.of("chair"), "2026-08-12")
    cycle.refresh_from_db()
    assert (cycle.planned_t, cycle.planned_t2) == before and not Paper.objects.filter(kind="scheme").exists()
    do("collection.scheme", town.of("chair"), "2026-08-13", **SCHEME)
    assert open_task("collection.scheme_party")


def test_an_acceptance_is_taken_back_on_its_day_and_done_anew(town, proposal):  # noqa: F811
    clerk = town.of("gov_clerk")
    do("collection.receive", clerk, DAY, decision="accept")
    with pytest.raises(Taken, match="只能在办结当日取回"):
        taken("collection.receive", clerk, "2026-09-12")
    entry = taken("collection.receive", clerk)
    proposal.refresh_from_db()
    assert proposal.state == "received" and open_task("collection.receive")
    assert json.loads(entry.body)["reason"] == "办错了，须重新办理"
    do("collection.receive", clerk, DAY, decision="return", reason="没有写明地点，请补充。")
    proposal.refresh_from_db()
    assert proposal.state == "returned"


def test_a_form_sent_back_is_taken_back_until_somebody_works_on_it(town, proposal):  # noqa: F811
    clerk = town.of("gov_clerk")
    do("collection.receive", clerk, DAY, decision="return", reason="没有写明地点，请补充。")
    chase = open_task("collection.complete_proposal")
    claim(chase.pk, actor=clerk, at=at(DAY))
    with pytest.raises(Taken, match="认领"):
        taken("collection.receive", clerk)
    type(chase.task).objects.filter(pk=chase.pk).update(owner=None, status="NEW")
    taken("collection.receive", clerk)
    proposal.refresh_from_db()
    chase.refresh_from_db()
    assert (proposal.state, proposal.return_reason, chase.cancelled) == ("received", "", True)
    do("collection.receive", clerk, DAY, decision="accept")


def test_what_its_proposer_has_completed_is_not_taken_back(town, proposal):  # noqa: F811
    clerk = town.of("gov_clerk")
    do("collection.receive", clerk, DAY, decision="return", reason="没有写明地点，请补充。")
    complete_returned(Act(None, "resident", town.unit, at(DAY, 12)), proposal, content="在村口。")
    with pytest.raises(Taken):
        taken("collection.receive", clerk)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.content) == ("received", "在村口。")


def test_once_the_books_are_closed_what_was_received_stays(town, cycle, proposal):  # noqa: F811
    clerk, day = town.of("gov_clerk"), "2026-10-12"
    do("collection.receive", clerk, day, decision="accept")
    do("collection.close_books", clerk, day, body="共征集一件。")
    with pytest.raises(Refused, match="已经汇总"):
        taken("collection.receive", clerk, day)
    proposal.refresh_from_db()
    assert proposal.state == "accepted"


def test_what_is_not_taken_back_says_why(town, proposal):  # noqa: F811
    clerk = town.of("gov_clerk")
    do("collection.receive", clerk, DAY, decision="return", reason="没有写明地点，请补充。")
    do("collection.complete_proposal", clerk, DAY, decision="completed", content="在村口，约三盏。")
    with pytest.raises(Taken, match="督促补正意见建议”不能取回：补正后的内容已经替换原表"):
        taken("collection.complete_proposal", clerk)


def test_the_page_of_what_was_done_says_why_it_stays(client, town, proposal):  # noqa: F811
    clerk = town.of("gov_clerk")
    do("collection.receive", clerk, DAY, decision="return", reason="没有写明地点，请补充。")
    do("collection.complete_proposal", clerk, DAY, decision="completed", content="在村口，约三盏。")
    done = Deadline.objects.filter(key="collection.complete_proposal")[0]
    client.force_login(clerk)
    page = client.get(f"/tasks/{done.pk}/").content.decode()
    assert "为什么不能取回" in page and "补正后的内容已经替换原表" in page and 'value="take_back"' not in page
    client.force_login(town.of("chair"))
    assert "为什么不能取回" not in client.get(f"/tasks/{done.pk}/").content.decode()
