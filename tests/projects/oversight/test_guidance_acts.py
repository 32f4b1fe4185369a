"""Training notices, the model rulebook a township may adopt, the look at a readiness sheet: the county edits nothing."""

from __future__ import annotations

import json
from datetime import date

import pytest

from projects.cycles.models import Rulebook
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import rules_in_force
from projects.oversight.events import COMPOSE_MODEL
from projects.oversight.models import Guidance, ModelRulebook
from projects.oversight.selectors import drafts_of, model_composed, models_for
from tests.builders import at, township
from tests.projects.oversight.county_world import leader_of
from tests.projects.portal.public_world import cycle_of, text_of, travel
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotYourTurn
from workflow.flows.events import events_on, perform
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of

pytestmark = pytest.mark.django_db
DAY = "2026-10-07"


@pytest.fixture
def town(db, monkeypatch):
    apply(SYSTEM)
    travel(monkeypatch, DAY)
    return township()


@pytest.fixture
def county(town):
    return town.unit.parent


@pytest.fixture
def leader(county):
    return leader_of(county)


def above(leader):
    apply(context_of(RoleGrant.objects.get(user=leader)))


def do(key, subject, actor, **data):
    return perform(f"oversight.{key}", subject, actor=actor, data=data, at=at(DAY))


def test_a_training_notice_reaches_the_townships_chosen_with_day_and_place(town, county, leader):
    other = create_unit(code="T09", name="柳河镇", kind=UnitKind.TOWNSHIP, parent=county)
    notice = {
        "title": "票决制业务培训",
        "held_on": "2026-10-20",
        "place": "县委党校",
        "words": "请派两人参加。",
    }
    above(leader)
    do("train", county, leader, townships=[town.unit.pk], **notice)
    kept = Guidance.objects.get()
    assert kept.unit == town.unit and kept.title == "培训通知：票决制业务培训"
    assert kept.words == "时间：2026年10月20日\n地点：县委党校\n请派两人参加。"
    assert (kept.of, kept.held_on, kept.place) == ("training", date(2026, 10, 20), "县委党校")
    assert [e.unit for e in Entry.objects.filter(action="oversight.training")] == [town.unit]
    assert other.pk
    with pytest.raises(InvalidForm, match="不能早于今天"):
        do("train", county, leader, townships=[town.unit.pk], **(notice | {"held_on": "2026-10-01"}))


def offered(town, county, leader, **more):
    pattern = create_unit(code="T09", name="柳河镇", kind=UnitKind.TOWNSHIP, parent=county)
    rules = rules_in_force(pattern).with_values({"ballot_mode": "each"})
    Rulebook.objects.create(unit=pattern, version=1, data=rules.frozen_json(), adopted_on=date(2026, 9, 1))
    above(leader)
    data = {
        "title": "票决办法示范文本",
        "words": "供参考。",
        "like": pattern.code,
        "townships": [town.unit.pk],
    }
    do("offer_model", county, leader, **(data | more))
    apply(SYSTEM)
    return ModelRulebook.objects.get(unit=town.unit)


def test_a_model_changes_nothing_until_the_township_adopts_it_by_its_own_act(town, county, leader):
    before = rules_in_force(town.unit)
    model = offered(town, county, leader)
    assert rules_in_force(town.unit) == before and model.version is None
    chair, grant = town.of("chair"), RoleGrant.objects.get(user=town.of("chair"), office="chair")
    apply(context_of(grant))
    assert "oversight.adopt_model" in [e.key for e in events_on(town.unit, grant, at(DAY))]
    do("adopt_model", town.unit, chair, model=model.pk, note="采用县级示范规则")
    assert rules_in_force(town.unit).ballot_mode == "each" != before.ballot_mode
    entry = json.loads(Entry.objects.get(action="oversight.adopt_model").body)
    assert (entry["unit"], entry["office"], entry["after"]["version"]) == (town.unit.code, "chair", 1)
    model.refresh_from_db()
    assert model.version == 1
    assert "oversight.adopt_model" not in [e.key for e in events_on(town.unit, grant, at(DAY))]


def test_the_county_cannot_adopt_for_a_township_nor_mark_it_adopted(town, county, leader):
    model = offered(town, county, leader)
    with pytest.raises(NotYourTurn):
        do("adopt_model", town.unit, leader, model=model.pk, note="代为采用")
    above(leader)
    assert ModelRulebook.objects.count() == 1
    assert ModelRulebook.objects.update(version=1) == 0 and ModelRulebook.objects.all().delete()[0] == 0
    apply(context_of(RoleGrant.objects.get(user=town.of("chair"), office="chair")))
    assert ModelRulebook.objects.update(version=1) == 1


def test_the_chair_sees_what_would_change_before_confirming(client, town, county, leader):
    model = offered(town, county, leader)
    client.force_login(town.of("chair"))
    path = f"/do/oversight.adopt_model/{town.unit.pk}/"
    assert "供参考。" in text_of(client, path)  # what the county says of it
    page = client.post(path, {"op": "submit", "model": model.pk, "note": "采用"}).content.decode()
    assert "请核对后确认" in page and "→" in page
    apply(SYSTEM)
    assert rules_in_force(town.unit).ballot_mode != "each"


def test_a_model_that_says_nothing_new_and_anothers_model_are_refused(town, county, leader):
    model = offered(town, county, leader, like="")
    with pytest.raises(InvalidForm, match="与本级现行规则相同"):
        do("adopt_model", town.unit, town.of("chair"), model=model.pk, note="采用")
    other = township("T77", name="外县镇")
    theirs = ModelRulebook.objects.create(
        unit=other.unit,
        county=other.unit.parent,
        title="别处",
        words="。",
        data=model.data,
        by=leader,
        at=at(DAY),
    )
    with pytest.raises(InvalidForm):
        do("adopt_model", town.unit, town.of("chair"), model=theirs.pk, note="采用")


def test_a_subdistrict_keeps_its_kind_of_body(db):
    apply(SYSTEM)
    hall = township("T88", name="青溪街道", kind=UnitKind.SUBDISTRICT)
    leader = leader_of(hall.unit.parent)
    do("offer_model", hall.unit.parent, leader, title="示范", words="。", townships=[hall.unit.pk])
    model = ModelRulebook.objects.get()
    ModelRulebook.objects.update(data=model.data | {"ballot_mode": "each"})
    do("adopt_model", hall.unit, hall.of("chair"), model=model.pk, note="采用")
    assert (rules_in_force(hall.unit).body, rules_in_force(hall.unit).ballot_mode) == ("assembly", "each")


def test_a_look_at_the_readiness_sheet_stands_in_the_townships_trail_once_a_day(client, town, leader):
    cycle = cycle_of(town, "begin_selection", "begin_deliberation")
    looks = Entry.objects.filter(action="oversight.look")
    client.force_login(town.of("chair"))
    text_of(client, f"/years/{cycle.pk}/readiness/")
    apply(SYSTEM)
    assert not looks.exists()
    client.force_login(leader)
    for _time in range(2):
        page = text_of(client, f"/years/{cycle.pk}/readiness/")
    assert "只读查看，不审批" in page and "<form" not in page.partition("<main")[2]
    apply(SYSTEM)
    entry = looks.get()
    assert (entry.unit, entry.actor, entry.subject) == (town.unit, leader, cycle.reference)


# ------------------------------------------------------------------------------- the county's own model


def composed(town, county, leader, **changes):
    """A model begun from a township's rules, with one setting changed."""
    like = rules_in_force(town.unit).with_values({"ballot_mode": "each"})
    Rulebook.objects.create(unit=town.unit, version=1, data=like.frozen_json(), adopted_on=date(2026, 9, 1))
    above(leader)
    do("compose_model", county, leader, like=town.unit.code, note="以青溪镇规则为底稿")
    for setting, value in changes.items():
        do("revise_model", county, leader, setting=setting, value=value, note="按全县意见修改")
    return model_composed(county)


def test_the_county_composes_a_model_from_a_townships_rules_and_changes_single_settings(town, county, leader):
    rules = composed(town, county, leader, scorers_min="7")
    assert (rules.ballot_mode, rules.scorers_min) == ("each", 7)
    assert [draft.words for draft in drafts_of(county)] == ["按全县意见修改", "以青溪镇规则为底稿"]
    kept = json.loads(Entry.objects.get(action="oversight.revise_model").body)
    assert (kept["unit"], kept["after"]["setting"], kept["after"]["value"]) == (county.code, "scorers_min", 7)
    apply(SYSTEM)
    assert rules_in_force(town.unit).scorers_min != 7, "nothing of a township changes by it"
    assert not models_for(town.unit).exists() and rules_in_force(county) == Rules(), (
        "nor of the county's own terms"
    )


def test_what_the_county_composed_is_held_out_and_adopted_as_any_model_is(town, county, leader):
    rules = composed(town, county, leader, scorers_min="7")
    above(leader)
    do("offer_model", county, leader, title="示范", words="。", like=county.code, townships=[town.unit.pk])
    apply(SYSTEM)
    model = ModelRulebook.objects.get(unit=town.unit)
    assert model.data == rules.frozen_json()
    do("adopt_model", town.unit, town.of("chair"), model=model.pk, note="采用")
    assert rules_in_force(town.unit).scorers_min == 7


def test_a_value_out_of_its_range_and_a_setting_nobody_knows_are_refused(town, county, leader):
    rules = composed(town, county, leader)
    above(leader)
    with pytest.raises(InvalidForm):
        do("revise_model", county, leader, setting="scorers_min", value="1000", note="修改")
    with pytest.raises(InvalidForm):
        do("revise_model", county, leader, setting="no_such", value="1", note="修改")
    assert model_composed(county) == rules
    with pytest.raises(NotYourTurn):
        do("revise_model", county, town.of("chair"), setting="scorers_min", value="7", note="修改")


def test_without_a_draft_the_usual_rules_are_changed(county, leader):
    above(leader)
    do("revise_model", county, leader, setting="scorers_min", value="7", note="修改")
    assert model_composed(county) == Rules().with_values({"scorers_min": 7})


def test_before_there_is_a_draft_the_county_cannot_hold_its_own_out(town, county, leader):
    above(leader)
    with pytest.raises(InvalidForm):
        do(
            "offer_model",
            county,
            leader,
            title="示范",
            words="。",
            like=county.code,
            townships=[town.unit.pk],
        )


def test_beginning_anew_shows_what_of_the_draft_would_be_another(town, county, leader):
    composed(town, county, leader, scorers_min="7")
    grant = RoleGrant.objects.get(user=leader)
    form = COMPOSE_MODEL.form_for(county, grant.act(county, at(DAY)), grant, {"like": "", "note": "重来"})
    assert form.is_valid() and any("→ " in line for line in form.foreseen()) and len(form.foreseen()) == 2


def test_the_model_has_a_page_where_each_setting_is_changed(client, town, county, leader):
    client.force_login(leader)
    assert "还没有起草示范规则" in text_of(client, "/county/model/")
    assert client.get("/county/model/scorers_min/").status_code == 404
    apply(SYSTEM)
    composed(town, county, leader)
    page = text_of(client, "/county/model/?open=all")
    assert "与系统默认规则相比" in page and 'href="/county/model/scorers_min/"' in page
    path = "/county/model/scorers_min/"
    assert "范围" in text_of(client, path)
    refused = client.post(path, {"setting": "scorers_min", "value": "1000", "note": "修改"})
    assert refused.status_code == 422
    done = client.post(path, {"setting": "scorers_min", "value": "7", "note": "修改"})
    assert done.status_code == 302 and done["Location"] == "/county/model/"
    apply(SYSTEM)
    assert model_composed(county).scorers_min == 7
    client.force_login(town.of("chair"))
    for refused in ("/county/model/", path):
        assert client.get(refused).status_code == 403
