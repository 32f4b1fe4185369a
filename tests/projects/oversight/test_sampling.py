"""The county's lot: drawn from the recorded seed, and drawn again by anybody."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.collection.intake import propose
from projects.cycles.models import Cycle
from projects.lifecycle.intake import start_year
from projects.oversight.models import Sample
from projects.oversight.rules import digest_of, drawn
from projects.oversight.services import lots_from
from tests.builders import SINCE, at, do, meeting_of, township
from tests.projects.collection.test_collection import CALL, SCHEME
from tests.projects.oversight.county_world import county_of, leader_of, townships_of
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import InvalidForm, NotYourTurn, Refused
from workflow.flows.events import perform
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of
from workflow.roles.services import grant

ALL = [f"proposal:{n}" for n in range(1, 13)]
ASKED = {"of": "proposal", "number": 3, "words": "请备齐受理和答复材料。"}
references = st.lists(st.text(min_size=1, max_size=12), max_size=30)


@given(st.text(max_size=16), references, st.integers(0, 40))
def test_a_draw_is_of_the_whole_without_doubles_and_the_order_of_the_whole_does_not_matter(
    seed, among, number
):
    lot = drawn(seed, among, number)
    assert len(lot) == len(set(lot)) == min(number, len(set(among)))
    assert set(lot) <= set(among)
    assert drawn(seed, reversed(among), number) == lot


def test_seeds_draw_every_dossier_about_equally_often():
    times = dict.fromkeys(ALL, 0)
    for seed in range(2000):
        for reference in drawn(str(seed), ALL, 3):
            times[reference] += 1
    assert all(420 <= n <= 580 for n in times.values()), times  # 500 expected, four deviations about 80


def test_a_longer_draw_of_the_same_seed_begins_with_the_shorter_one():
    assert drawn("a", ALL, 5)[:3] == drawn("a", ALL, 3)


@pytest.fixture
def town(db):
    apply(SYSTEM)
    town = township()
    days = {"opens_on": date(2026, 9, 1), "planned_t": date(2027, 1, 20), "planned_t2": date(2028, 1, 18)}
    town.cycle = start_year(town.act("chair", at("2026-08-10")), year=2027, **days)
    do("collection.scheme", town.of("chair"), "2026-08-12", **SCHEME)
    party = meeting_of(town.people["party"], "2026-08-20", return_reason="")
    do("collection.scheme_party", town.of("party"), "2026-08-20", **party)
    do("collection.open", town.of("chair"), "2026-09-01")
    do("collection.publish_call", town.of("gov_clerk"), "2026-09-02", **CALL)
    return town


@pytest.fixture
def leader(town) -> User:
    user = User.objects.create(username="county", name="县人大常委会")
    admin = User.objects.get(username__startswith="admin@")
    act = Act(admin, "admin", town.unit.parent, at("2020-01-01"))
    grant(user=user, office="county", unit=town.unit.parent, act=act, since=SINCE)
    return user


def sampled(town, leader, **changes):
    apply(context_of(RoleGrant.objects.get(user=leader)))
    return perform("oversight.sample", town.cycle, actor=leader, data=ASKED | changes, at=at("2026-09-20"))


def test_the_seed_in_the_trail_draws_the_same_dossiers_again(town, leader):
    for number in range(8):
        propose(town.act("station", at("2026-09-10")), title=f"路灯 {number}", content="村口无灯。")
    whole = [p.reference for p in town.cycle.proposals.all()]
    after = json.loads(sampled(town, leader).body)["after"]
    assert drawn(after["seed"], whole, 3) == after["drawn"]
    assert (after["among"], after["among_sha256"]) == (8, digest_of(whole))
    kept = Sample.objects.get()
    assert [one["reference"] for one in kept.drawn] == after["drawn"]
    assert kept.drawn[0]["label"] in kept.told
    assert after["seed"] in kept.told


def test_fewer_than_asked_for_are_all_drawn(town, leader):
    propose(town.act("station", at("2026-09-10")), title="路灯", content="村口无灯。")
    assert len(json.loads(sampled(town, leader).body)["after"]["drawn"]) == 1


def test_stations_are_drawn_by_their_codes(town, leader):
    after = json.loads(sampled(town, leader, of="station").body)["after"]
    assert all(reference.startswith("unit:") for reference in after["drawn"])


def test_nothing_to_draw_from_is_refused(town, leader):
    with pytest.raises(Refused, match="没有可供抽查"):
        sampled(town, leader, of="project")
    assert not Entry.objects.filter(action="oversight.sample").exists()


def test_a_sample_of_none_is_refused(town, leader):
    with pytest.raises(InvalidForm):
        sampled(town, leader, number=0)


def test_each_lot_is_drawn_from_a_seed_of_its_own(town, leader):
    seeds = {json.loads(sampled(town, leader, of="station").body)["after"]["seed"] for _time in range(3)}
    assert len(seeds) == 3 and all(len(seed) == 16 for seed in seeds)
    with lots_from(lambda: "7"):
        assert json.loads(sampled(town, leader, of="station").body)["after"]["seed"] == "7"
    assert json.loads(sampled(town, leader, of="station").body)["after"]["seed"] not in {"7", *seeds}


# ------------------------------------------------------------------------------- over the whole county


@pytest.fixture
def county(db):
    apply(SYSTEM)
    found = county_of("K")
    townships_of(found, ["青溪镇", "柳河镇", "双桥镇", "石门镇", "白沙镇"])
    return found


def drawn_over(county, actor, **changes):
    apply(context_of(RoleGrant.objects.get(user=actor)))
    data = ASKED | {"halls": 2, "number": 2} | changes
    return perform("oversight.draw", county, actor=actor, data=data, at=at("2027-06-01"))


def after_of(entry) -> dict:
    return json.loads(entry.body)["after"]


@pytest.mark.parametrize("of", ["project", "proposal"])
def test_the_county_draws_townships_and_then_in_them_from_one_seed_that_draws_the_same_again(county, of):
    after = after_of(drawn_over(county, leader_of(county), of=of))
    apply(SYSTEM)
    halls = [f"unit:{unit.code}" for unit in county.children.all()]
    assert after["drawn"] == drawn(after["seed"], halls, 2)
    assert (after["among"], after["among_sha256"]) == (5, digest_of(halls))
    entries = Entry.objects.filter(action="oversight.sampled").select_related("unit")
    assert {f"unit:{entry.unit.code}" for entry in entries} == set(after["drawn"])
    for entry in entries:
        cycle, told = Cycle.objects.get(unit=entry.unit), after_of(entry)
        whole = [p.reference for p in (cycle.projects if of == "project" else cycle.proposals).all()]
        assert (told["seed"], told["county"], told["of"]) == (after["seed"], county.code, of)
        assert told["drawn"] == drawn(after["seed"], whole, 2)
        assert (told["among"], told["among_sha256"]) == (len(whole), digest_of(whole))
        kept = Sample.objects.get(unit=entry.unit)
        assert (kept.county, kept.cycle, kept.seed) == (county, cycle, after["seed"])
        assert [one["reference"] for one in kept.drawn] == told["drawn"] and kept.words == ASKED["words"]
    assert Sample.objects.count() == 2


def test_stations_are_drawn_over_the_county_where_there_are_any(county):
    leader = leader_of(county)
    with pytest.raises(Refused, match="各乡镇还没有可供抽查"):
        drawn_over(county, leader, of="station")
    apply(SYSTEM)
    third = county.children.order_by("code")[2]
    for n in (1, 2, 3):
        create_unit(code=f"{third.code}-S{n}", name=f"第{n}站", kind=UnitKind.STATION, parent=third)
    after = after_of(drawn_over(county, leader, of="station", halls=5))
    apply(SYSTEM)
    assert after["drawn"] == [f"unit:{third.code}"]
    assert len(Sample.objects.get().drawn) == 2


def test_a_township_ended_is_not_drawn_and_another_countys_never(county):
    apply(SYSTEM)
    townships_of(county_of("Z", "邻县"), ["外县镇"])
    Unit.objects.filter(code="K01").update(ends_on=date(2027, 5, 1))
    after = after_of(drawn_over(county, leader_of(county), halls=50))
    assert sorted(after["drawn"]) == ["unit:K02", "unit:K03", "unit:K04", "unit:K05"]


def test_a_draw_over_the_county_is_the_countys_and_shown_to_those_drawn(client, county, town):
    with pytest.raises(NotYourTurn):
        perform(
            "oversight.draw",
            town.unit.parent,
            actor=town.of("chair"),
            data=ASKED | {"halls": 2},
            at=at("2027-06-01"),
        )
    drawn_over(county, leader_of(county, "its leader"))
    apply(SYSTEM)
    client.force_login(User.objects.get(username="its leader"))
    page = client.get("/county/words/").content.decode()
    assert page.count("随机编号") == 2 and "/do/oversight.draw/" in client.get("/county/").content.decode()
