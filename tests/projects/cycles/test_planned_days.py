"""What the planned days hold is shown before it is accepted, and stands in the entry of whoever accepted it."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.utils import timezone

from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from projects.cycles.services import adopt_rulebook
from projects.lifecycle.intake import start_year
from tests.builders import at, do, meeting_of, open_task, township
from workflow.audit.models import Entry
from workflow.flows.errors import Obstructed
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db
LATEST, LATEST_WITHOUT = "2026年9月2日", "2026年9月22日"
PLAN = {"year": 2027, "opens_on": "2026-09-15", "planned_t": "2027-01-20", "planned_t2": "2028-01-18"}
SCHEME = {
    "opens_on": "2026-09-15",
    "planned_t": "2027-01-20",
    "planned_t2": "2028-01-18",
    "leading_group": "组长：党委书记。",
    "body": "按照三个阶段六个环节组织实施。",
}
OBJECTION = "计入一次异议的最迟启动日为2026年9月2日"


@pytest.fixture
def town(db, monkeypatch):
    apply(SYSTEM)
    monkeypatch.setattr(timezone, "now", lambda: at("2026-08-20"))
    return township()


@pytest.fixture
def cycle(town):
    days = {name: date.fromisoformat(PLAN[name]) for name in ("opens_on", "planned_t", "planned_t2")}
    return start_year(town.act("chair", at("2026-08-10")), year=2027, **days)


def after_of(action: str) -> dict:
    return json.loads(Entry.objects.filter(action=action).latest("pk").body)["after"]


def text(answer) -> str:
    apply(SYSTEM)
    return answer.content.decode()


def test_founding_a_year_shows_what_its_days_hold_before_it_does_it(client, town):
    client.force_login(town.of("chair"))
    assert "默认规则" in text(client.get("/years/start/"))
    check = text(client.post("/years/start/", PLAN | {"op": "submit"}))
    assert OBJECTION in check and not Cycle.objects.exists()
    client.post("/years/start/", PLAN | {"op": "confirm"})
    apply(SYSTEM)
    assert Cycle.objects.count() == 1
    said = after_of("lifecycle.start_year")
    assert said["latest_start"] == "2026-09-02"
    assert any(OBJECTION in warning for warning in said["warnings"]) and "obstacles" not in said


def test_the_scheme_shows_both_latest_days_and_the_rulebook_that_will_be_frozen(client, town, cycle):
    adopt_rulebook(town.act("chair", at("2026-08-12")), town.unit, Rules(anonymous_proposals=True))
    task = open_task("collection.scheme")
    client.force_login(town.of("chair"))
    shown = text(client.get(f"/tasks/{task.pk}/"))
    for words in (LATEST, LATEST_WITHOUT, "规则第 1 版", f"/rulebook/?unit={town.unit.code}"):
        assert words in shown, words
    late = SCHEME | {"opens_on": "2026-10-08"}
    check = text(client.post(f"/tasks/{task.pk}/", late | {"op": "submit"}))
    assert "晚于主席团决定列入议程的期限" in check and "确认后不能撤销" not in check
    client.post(f"/tasks/{task.pk}/", late | {"op": "confirm"})
    apply(SYSTEM)
    assert any("晚于主席团" in reason for reason in after_of("collection.scheme")["obstacles"])


def test_the_opening_names_the_frozen_rules_and_keeps_the_warnings_it_was_done_in_spite_of(
    client, town, cycle
):
    do("collection.scheme", town.of("chair"), "2026-08-20", **SCHEME)
    do(
        "collection.scheme_party",
        town.of("party"),
        "2026-08-24",
        **meeting_of(town.people["party"], "2026-08-24"),
    )
    task = open_task("collection.open")
    client.force_login(town.of("chair"))
    assert LATEST in text(client.get(f"/tasks/{task.pk}/"))
    check = text(client.post(f"/tasks/{task.pk}/", {"op": "submit"}))
    assert OBJECTION in check and "本年度按默认规则办理" in check
    do("collection.open", town.of("chair"), "2026-09-15")
    assert any(OBJECTION in warning for warning in after_of("collection.open")["warnings"])


def test_a_plan_that_cannot_hold_is_named_on_the_page_and_refused(client, town, cycle, monkeypatch):
    do("collection.scheme", town.of("chair"), "2026-08-20", **SCHEME)
    do(
        "collection.scheme_party",
        town.of("party"),
        "2026-08-24",
        **meeting_of(town.people["party"], "2026-08-24"),
    )
    task = open_task("collection.open")
    client.force_login(town.of("chair"))
    assert "按现在的日期排不开" not in text(client.get(f"/tasks/{task.pk}/"))
    monkeypatch.setattr(timezone, "now", lambda: at("2026-10-08"))
    client.force_login(town.of("chair"))
    assert "按现在的日期排不开" in text(client.get(f"/tasks/{task.pk}/"))
    with pytest.raises(Obstructed, match="晚于主席团"):
        do("collection.open", town.of("chair"), "2026-10-08")
