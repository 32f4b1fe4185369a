"""Several cycles a year: a proposal reaches the one it is made for, and every page and command names its own."""

from __future__ import annotations

import re
from datetime import date
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from projects.collection.intake import propose
from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.selection.models import Notice, Objection
from tests.builders import at, township
from tests.projects.portal.public_world import cycle_of, item_of, text_of, travel
from workflow.flows.errors import InvalidForm
from workflow.flows.events import perform
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db
WHAT = {"title": "安装路灯", "content": "村口到学校没有路灯，晚上不安全。"}


@pytest.fixture
def town(db, monkeypatch) -> Township:
    apply(SYSTEM)
    cache.clear()
    travel(monkeypatch, "2026-09-10")
    return township()


@pytest.fixture
def halves(town) -> tuple[Cycle, Cycle]:
    """Two cycles of one year that collect at once; the second one's window ends first."""
    first, second = (
        cycle_of(town, period=period, collection_window_days=days)
        for period, days in (("上半年", 30), ("下半年", 20))
    )
    Cycle.objects.filter(pk=second.pk).update(window_to=date(2026, 9, 20))
    second.refresh_from_db()
    return first, second


def send_from_the_street(client, **what):
    client.post("/t/T01/propose/", WHAT | what)
    client.post("/t/T01/propose/where/", {"place": "柳林村口", "category": ""})
    client.post("/t/T01/propose/who/", {"name": "周小梅", "phone": "13900001111"})
    client.post("/t/T01/propose/check/", {})
    apply(SYSTEM)


def test_a_resident_chooses_between_two_collections_and_reaches_the_one_chosen(client, halves):
    first, _second = halves
    page = text_of(client, "/t/T01/propose/")
    assert "2027 年度上半年（2026年10月8日截止）" in page and "2027 年度下半年（2026年9月20日截止）" in page
    send_from_the_street(client)
    assert not Proposal.objects.exists(), "which one has to be said"
    send_from_the_street(client, cycle=first.pk)
    assert Proposal.objects.get().cycle == first


def test_with_one_collection_open_nothing_is_asked(client, halves, monkeypatch):
    first, _second = halves
    travel(monkeypatch, "2026-09-25")
    assert 'name="cycle"' not in text_of(client, "/t/T01/propose/")
    send_from_the_street(client)
    assert Proposal.objects.get().cycle == first


def test_what_an_office_registers_on_a_year_goes_to_that_year(town, halves):
    for cycle in halves:
        data = WHAT | {
            "title": f"修桥{cycle.period}",
            "proposer_kind": "deputy",
            "channel": "现场登记",
            "name": "代表",
        }
        perform("collection.propose", cycle, actor=town.of("deputy"), data=data, at=at("2026-09-10"))
    assert {p.cycle.period: p.title for p in Proposal.objects.all()} == {
        "上半年": "修桥上半年",
        "下半年": "修桥下半年",
    }


def test_where_nobody_says_which_the_window_that_ends_first_takes_it(town, halves):
    made = propose(town.act("station", at("2026-09-10")), **WHAT)
    assert made.cycle == halves[1]


def test_out_of_the_pool_into_the_year_that_is_named(town, halves):
    for cycle in halves:
        assert cycle.window_from
    pooled = propose(town.act("station", at("2026-08-20")), **WHAT)
    assert pooled.state == "pooled"
    clerk = town.of("gov_clerk")
    with pytest.raises(InvalidForm, match="转入哪个年度"):
        perform("collection.take_up", pooled, actor=clerk, data={}, at=at("2026-09-10"))
    perform("collection.take_up", pooled, actor=clerk, data={"cycle": halves[0].pk}, at=at("2026-09-10"))
    pooled.refresh_from_db()
    assert (pooled.state, pooled.cycle) == ("received", halves[0])


def test_a_matter_in_reserve_is_proposed_again_in_the_year_that_is_named(town, halves):
    old = cycle_of(town, "begin_selection", year=2026)
    item = item_of(town, old, 1, "石坝村危桥改造", "block", "reserve")
    clerk = town.of("gov_clerk")
    with pytest.raises(InvalidForm, match="转入哪个年度"):
        perform("selection.bring_back", item, actor=clerk, data={}, at=at("2026-09-10"))
    perform("selection.bring_back", item, actor=clerk, data={"cycle": halves[0].pk}, at=at("2026-09-10"))
    assert Proposal.objects.get().cycle == halves[0]
    perform("selection.bring_back", item, actor=clerk, data={}, at=at("2026-09-10"))
    assert Proposal.objects.latest("pk").cycle == halves[1], "the one year it is not proposed in yet"


def test_the_pages_of_rules_and_seats_show_the_cycle_they_are_asked_for(client, town, halves):
    client.force_login(town.of("clerk"))
    for cycle, days in zip(halves, ("30 天", "20 天"), strict=True):
        year = text_of(client, f"/years/{cycle.pk}/")
        for address in (f"/rulebook/?unit=T01&cycle={cycle.pk}", f"/seat-table/?unit=T01&cycle={cycle.pk}"):
            assert address.replace("&", "&amp;") in year or address in year
        rules = text_of(client, f"/rulebook/?unit=T01&cycle={cycle.pk}&open=all")
        assert (
            f"2027 年度{cycle.period}适用的规则" in rules and f"<strong>{days}</strong>" in rules
        ) or days == "30 天"
        seats = text_of(client, f"/seat-table/?unit=T01&cycle={cycle.pk}")
        assert f"年度{cycle.period}" in seats
        assert not re.search(r">20\d\d-\d\d-\d\d<", seats) and re.search(r">20\d\d年\d+月\d+日<", seats)
    other = cycle_of(township("T02", name="石桥镇"))
    assert "现行规则" in text_of(client, f"/rulebook/?cycle={other.pk}")


def said(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    apply(SYSTEM)
    return out.getvalue()


@pytest.mark.parametrize("command", ["seat_table", "rulebook"])
def test_a_command_takes_the_period_and_asks_for_it_where_the_year_has_several(halves, command):
    asked = (command, "--unit", "T01", "--year", "2027")
    with pytest.raises(CommandError, match="“上半年”、“下半年”") as error:
        call_command(*asked)
    assert error.value.returncode == 2
    apply(SYSTEM)
    with pytest.raises(CommandError, match="同时用 --year"):
        call_command(command, "--unit", "T01", "--period", "上半年")
    apply(SYSTEM)
    assert said(*asked, "--period", "上半年") != said(*asked, "--period", "下半年")


def test_an_objection_reaches_the_notice_of_its_own_period(client, town, halves):
    for number, cycle in enumerate(halves, 1):
        item = item_of(town, cycle, number, f"项目{number}", "pass_screening", "draft")
        notice = Notice.objects.create(
            unit=town.unit, cycle=cycle, from_on=date(2026, 9, 8), to_on=date(2026, 9, 15)
        )
        notice.items.add(item)
    for cycle in halves:
        address = f"/t/T01/2027/objection/?period={cycle.period}"
        client.post(address, {"words": f"对{cycle.period}名单有异议。"})
        apply(SYSTEM)
        assert Objection.objects.latest("pk").notice.cycle == cycle
