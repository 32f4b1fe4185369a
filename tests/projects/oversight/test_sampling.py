"""The county's lot: drawn from the recorded seed, and drawn again by anybody."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.collection.intake import propose
from projects.lifecycle.services import start_year
from projects.oversight.models import Sample
from projects.oversight.rules import digest_of, drawn
from projects.oversight.services import lots_from
from tests.builders import SINCE, at, do, meeting_of, township
from tests.projects.collection.test_collection import CALL, SCHEME
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import InvalidForm, Refused
from workflow.flows.events import perform
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
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
    user = User.objects.create(username="county", name="县人大联工委")
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
