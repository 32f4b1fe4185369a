"""Offices: given with their checks, held for a time, ended for good."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.db import connection

from projects.offices import OFFICES
from tests.builders import at
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.inbox.story import line_of
from workflow.people.isolation import SYSTEM, apply, within
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles import registry
from workflow.roles.selectors import context_of, grants_of, holders_of
from workflow.roles.services import (
    GrantRefused,
    grant,
    grants_for_update,
    holder_for_update,
    lapse,
    left_without,
    revoke,
)

SINCE = date(2026, 1, 1)
ON = date(2026, 6, 1)


@pytest.fixture
def county(db: None) -> Unit:
    apply(SYSTEM)
    return create_unit(code="C1", name="示范县", kind=UnitKind.COUNTY)


@pytest.fixture
def town(county: Unit) -> Unit:
    return create_unit(code="T01", name="青溪镇", kind=UnitKind.TOWNSHIP, parent=county)


@pytest.fixture
def department(town: Unit) -> Unit:
    return create_unit(code="T01-D1", name="经济办", kind=UnitKind.DEPARTMENT, parent=town)


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create(username="liu.fang", name="刘芳")


NOTICE = {"document": "审通〔2026〕3号", "until": date(2030, 1, 1)}


def given(person: User, office: str, unit: Unit, **more: object):  # type: ignore[no-untyped-def]
    act = Act(None, "operator", unit.tenant or unit, at("2026-01-01"))
    return grant(user=person, office=office, unit=unit, act=act, **{"since": SINCE, **more})  # type: ignore[arg-type]


def elected(person: User, town: Unit, **more: object):  # type: ignore[no-untyped-def]
    """A deputy whom the congress has elected its chair or a vice-chair."""
    given(person, "deputy", town)
    return given(person, "chair", town, **more)


def someone(number: int) -> User:
    return User.objects.create(username=f"someone{number}", name=f"某代表{number}")


@pytest.mark.parametrize("government", ["mayor", "gov_clerk", "finance", "legal"])
def test_a_chair_holds_no_government_office_and_the_other_way_round(
    town: Unit, person: User, government: str
) -> None:
    elected(person, town)
    with pytest.raises(GrantRefused, match="不得担任国家行政机关的职务（《地方组织法》第十八条）") as refused:
        given(person, government, town)
    assert refused.value.code == "conflict"
    other = User.objects.create(username="other", name="吴刚")
    given(other, government, town)
    with pytest.raises(GrantRefused, match="不得担任国家行政机关的职务（《地方组织法》第十八条）"):
        elected(other, town)


def test_a_chair_holds_no_post_of_a_department(town: Unit, department: Unit, person: User) -> None:
    elected(person, town)
    with pytest.raises(GrantRefused, match="不得担任国家行政机关的职务（《地方组织法》第十八条）"):
        given(person, "department", department)


@pytest.mark.parametrize("government", ["mayor", "gov_clerk", "department", "finance", "legal"])
def test_a_member_of_the_presidium_holds_no_post_of_the_townships_government(
    town: Unit, department: Unit, person: User, government: str
) -> None:
    seat = department if government == "department" else town
    given(person, "deputy", town)
    given(person, "presidium", town)
    with pytest.raises(GrantRefused, match="主席团成员不得担任"):
        given(person, government, seat)
    given(User.objects.create(username="other", name="吴刚"), government, seat)


def test_a_member_of_the_presidium_and_a_delegations_lead_hold_it_as_deputies_and_no_longer(
    county: Unit, town: Unit, person: User
) -> None:
    delegation = create_unit(code="T01-T1", name="第一代表团", kind=UnitKind.DELEGATION, parent=town)
    wanted = {"presidium": town, "delegation_lead": delegation}
    for office, unit in wanted.items():
        with pytest.raises(GrantRefused, match="以代表身份担任，须是本级在任代表") as refused:
            given(person, office, unit)
        assert refused.value.code == "unmet"
    mandate = given(person, "deputy", town)
    held = [given(person, office, unit) for office, unit in wanted.items()]
    assert left_without(mandate, ON) == held
    revoke(grant=mandate, act=Act(None, "operator", town, at("2026-05-01")), reason="辞去代表职务")
    assert grants_of(person, ON) == []
    street = create_unit(code="T03", name="城东街道", kind=UnitKind.SUBDISTRICT, parent=county)
    given(someone(1), "presidium", street)


def test_a_chair_may_also_be_deputy_and_member_of_the_presidium(town: Unit, person: User) -> None:
    elected(person, town)
    given(person, "presidium", town)
    assert [g.office for g in grants_of(person, ON)] == ["deputy", "chair", "presidium"]


def test_a_chair_is_a_deputy_in_office_of_that_very_congress(county: Unit, town: Unit, person: User) -> None:
    elsewhere = create_unit(code="T02", name="白石镇", kind=UnitKind.TOWNSHIP, parent=county)
    given(person, "deputy", elsewhere)
    given(person, "deputy_elect", town)
    words = "须是本级在任代表（《地方组织法》第十八条）"
    with pytest.raises(GrantRefused, match=words) as refused:
        given(person, "chair", town)
    assert refused.value.code == "unmet"
    given(person, "deputy", town, since=date(2026, 3, 1), until=date(2026, 9, 30))
    for outside in (SINCE, date(2026, 10, 1)):
        with pytest.raises(GrantRefused, match=words):
            given(person, "chair", town, since=outside)
    given(person, "chair", town, since=date(2026, 3, 1))
    assert holders_of("chair", town, ON) == [person]


def test_a_congress_has_a_chair_and_two_vice_chairs_and_no_third(town: Unit) -> None:
    held = [elected(someone(n), town) for n in range(3)]
    third = someone(4)
    with pytest.raises(GrantRefused, match=r"副主席一人至二人.*（《地方组织法》第十八条）") as refused:
        elected(third, town)
    assert refused.value.code == "seats" and len(holders_of("chair", town, ON)) == 3
    revoke(grant=held[0], act=Act(None, "operator", town, at("2026-05-01")), reason="辞去主席职务")
    assert given(third, "chair", town, since=date(2026, 5, 1)).user == third


def test_who_takes_over_on_the_day_after_another_ends_is_no_fourth(town: Unit) -> None:
    last, next_day = date(2026, 6, 30), date(2026, 7, 1)
    elected(someone(0), town, until=last)
    elected(someone(1), town)
    elected(someone(2), town)
    successor = someone(3)
    given(successor, "deputy", town)
    with pytest.raises(GrantRefused, match="合计不超过三人"):
        given(successor, "chair", town, since=last)
    given(successor, "chair", town, since=next_day)
    late = someone(4)
    given(late, "deputy", town)
    with pytest.raises(GrantRefused, match="合计不超过三人"):
        given(late, "chair", town, since=date(2027, 1, 1))
    with pytest.raises(GrantRefused, match="合计不超过三人"):
        given(late, "chair", town, since=date(2026, 2, 1), until=next_day)


def test_one_person_is_not_chair_and_vice_chair_at_once_and_may_be_one_after_the_other(
    town: Unit, person: User
) -> None:
    last = date(2026, 12, 31)
    elected(person, town, until=last, title="副主席")
    with pytest.raises(GrantRefused, match="不能同时担任本级人大主席和副主席") as refused:
        given(person, "chair", town, since=last, title="主席")
    assert refused.value.code == "seats"
    assert given(person, "chair", town, since=last + timedelta(days=1), title="主席").user == person


def test_a_subdistricts_committee_is_elected_by_nobody_and_has_no_number(county: Unit, person: User) -> None:
    """组织法 59: the county's standing committee sets it up; article 18 speaks of townships."""
    street = create_unit(code="T03", name="北街", kind=UnitKind.SUBDISTRICT, parent=county)
    for leader in (person, *(someone(n) for n in range(3))):
        assert given(leader, "chair", street).office == "chair"
    mandate = given(person, "deputy", street)
    revoke(grant=mandate, act=Act(None, "operator", street, at("2026-05-01")), reason="不再担任议事代表")
    assert [one.office for one in grants_of(person, ON)] == ["chair"]


def test_a_chair_whose_mandate_ends_is_chair_no_longer(town: Unit, person: User) -> None:
    """选举法: with the mandate of a chair or vice-chair the office ends."""
    chair = elected(person, town)
    mandate = person.grants.get(office="deputy")
    assert left_without(mandate, ON) == [chair] and left_without(chair, ON) == []
    revoke(grant=mandate, act=Act(None, "operator", town, at("2026-05-01")), reason="辞去代表职务")
    assert grants_of(person, ON) == []
    ended = Entry.objects.filter(action="grant.revoke").order_by("pk")
    assert [entry.subject for entry in ended] == [f"grant:{mandate.pk}", f"grant:{chair.pk}"]
    assert all("辞去代表职务" in entry.body for entry in ended)


def test_a_chair_whose_mandate_runs_out_is_chair_no_longer_once_it_is_written_down(
    town: Unit, person: User
) -> None:
    given(person, "deputy", town, until=date(2026, 4, 30))
    given(person, "chair", town)
    assert lapse(at("2026-05-01")) == 1 and grants_of(person, ON) == []


def test_of_two_who_are_given_the_last_seat_at_once_one_gets_it(fresh_database: str) -> None:
    with within(SYSTEM):
        parent = create_unit(code="C1", name="示范县", kind=UnitKind.COUNTY)
        hall = create_unit(code="T01", name="青溪镇", kind=UnitKind.TOWNSHIP, parent=parent)
        for n in range(2):
            elected(someone(n), hall)
        last = [someone(8), someone(9)]
        for one in last:
            given(one, "deputy", hall)
    told: list[str] = []
    ready = threading.Barrier(2)

    def seat(one: User) -> None:
        try:
            ready.wait()
            with within(SYSTEM):
                given(one, "chair", hall)
            told.append("given")
        except GrantRefused as refused:
            told.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=seat, args=(one,)) for one in last]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["given", "seats"]


@pytest.mark.parametrize("office", ["chief_teller", "teller", "inspector"])
def test_who_watches_the_ballots_or_the_works_is_a_deputy_of_this_township(
    county: Unit, town: Unit, person: User, office: str
) -> None:
    group = create_unit(code="T01-G1", name="监督小组", kind=UnitKind.GROUP, parent=town)
    seat = group if office == "inspector" else town
    elsewhere = create_unit(code="T02", name="白石镇", kind=UnitKind.TOWNSHIP, parent=county)
    given(person, "deputy", elsewhere)
    with pytest.raises(GrantRefused, match="本级在任代表") as refused:
        given(person, office, seat)
    assert refused.value.code == "unmet"
    given(person, "deputy", town, since=date(2026, 3, 1))
    with pytest.raises(GrantRefused, match="本级在任代表"):
        given(person, office, seat)
    given(person, office, seat, since=date(2026, 3, 1))
    assert holders_of(office, seat, ON) == [person]


def test_in_a_subdistrict_the_rule_speaks_of_its_own_deputies(county: Unit, person: User) -> None:
    street = create_unit(code="T03", name="北街", kind=UnitKind.SUBDISTRICT, parent=county)
    with pytest.raises(GrantRefused, match="议事代表"):
        given(person, "teller", street)
    given(person, "deputy", street)
    assert given(person, "teller", street).office == "teller"


@pytest.mark.parametrize("mandate", ["deputy", "deputy_elect"])
def test_a_counter_is_no_deputy_and_the_other_way_round(
    county: Unit, town: Unit, person: User, mandate: str
) -> None:
    other = User.objects.create(username="other", name="吴刚")
    given(person, mandate, town)
    with pytest.raises(GrantRefused, match="计票人由工作人员担任") as refused:
        given(person, "counter", town)
    assert refused.value.code == "conflict"
    given(other, "counter", town)
    with pytest.raises(GrantRefused, match="计票人由工作人员担任"):
        given(other, mandate, town)
    elsewhere = create_unit(code="T02", name="白石镇", kind=UnitKind.TOWNSHIP, parent=county)
    assert given(person, "counter", elsewhere).unit == elsewhere, "staff there, deputy here"


def test_what_is_held_as_a_deputy_ends_with_the_mandate_and_nothing_else_does(
    town: Unit, person: User
) -> None:
    group = create_unit(code="T01-G1", name="监督小组", kind=UnitKind.GROUP, parent=town)
    mandate, clerk = given(person, "deputy", town), given(person, "clerk", town)
    resting = [given(person, "teller", town), given(person, "inspector", group)]
    revoke(grant=mandate, act=Act(None, "operator", town, at("2026-05-01")), reason="辞去代表职务")
    assert grants_of(person, ON) == [clerk]
    ended = Entry.objects.filter(action="grant.revoke").order_by("pk")
    assert [entry.subject for entry in ended] == [f"grant:{one.pk}" for one in (mandate, *resting)]
    assert all("辞去代表职务" in entry.body for entry in ended)


def test_a_deputy_granted_twice_watches_on_when_one_of_the_two_ends(town: Unit, person: User) -> None:
    first = given(person, "deputy", town)
    given(person, "deputy", town, until=date(2026, 12, 31))
    teller = given(person, "teller", town)
    revoke(grant=first, act=Act(None, "operator", town, at("2026-05-01")), reason="重复授权")
    assert teller in grants_of(person, ON)


def test_a_mandate_past_its_last_day_ends_what_rests_on_it_with_the_sweep(town: Unit, person: User) -> None:
    given(person, "deputy", town, until=date(2026, 4, 30))
    given(person, "teller", town)
    assert lapse(at("2026-04-30")) == 0
    assert holders_of("teller", town, date(2026, 4, 30)) == [person]
    assert lapse(at("2026-05-01")) == 1
    assert grants_of(person, ON) == []
    assert lapse(at("2026-05-01")) == 0


def test_a_conflict_ends_with_the_office_it_came_from(town: Unit, person: User) -> None:
    held = given(person, "mayor", town)
    revoke(grant=held, act=Act(None, "operator", town, at("2026-02-01")), reason="调离")
    elected(person, town, since=date(2026, 3, 1))
    assert [g.office for g in grants_of(person, ON)] == ["deputy", "chair"]


@pytest.mark.parametrize("one", ["admin", "auditor"])
def test_the_administrator_and_the_auditor_hold_nothing_else(county: Unit, person: User, one: str) -> None:
    given(person, one, county, **(NOTICE if one == "auditor" else {}))
    with pytest.raises(GrantRefused):
        given(person, "county", county)


@pytest.mark.parametrize("missing", list(NOTICE))
def test_an_auditor_is_appointed_by_a_notice_with_its_number_and_an_end(
    county: Unit, person: User, missing: str
) -> None:
    with pytest.raises(GrantRefused, match="依据文号和结束日期") as refused:
        given(person, "auditor", county, **{name: said for name, said in NOTICE.items() if name != missing})
    assert refused.value.code == "no_document" and not grants_of(person, ON)
    assert given(person, "auditor", county, **NOTICE).document == NOTICE["document"]


@pytest.mark.parametrize(
    ("office", "where"), [("department", "town"), ("chair", "department"), ("county", "town")]
)
def test_an_office_is_not_held_at_a_unit_of_another_kind(
    request: pytest.FixtureRequest, person: User, office: str, where: str
) -> None:
    unit: Unit = request.getfixturevalue(where)
    with pytest.raises(GrantRefused) as refused:
        given(person, office, unit)
    assert refused.value.code == "wrong_kind"


def test_an_office_nobody_registered_is_refused(town: Unit, person: User) -> None:
    with pytest.raises(GrantRefused) as refused:
        given(person, "king", town)
    assert refused.value.code == "unknown_office"


def test_the_trail_tells_whose_office_began_and_ended_and_which(town: Unit, person: User) -> None:
    held = given(person, "deputy", town)
    revoke(grant=held, act=Act(None, "system", town, at("2027-01-20")), reason="任期届满")
    began, ended = (
        {one.label: (one.was, one.now) for one in line_of(entry).changes}
        for entry in Entry.objects.filter(subject=f"grant:{held.pk}").order_by("id")
    )
    assert began["职务"] == ("", "代表") and began["用户名"] == ("", person.username)
    assert ended == {"职务": ("代表", ""), "用户名": (person.username, ""), "单位代码": (town.code, "")}


def test_an_office_runs_from_its_first_to_its_last_day(town: Unit, person: User) -> None:
    last = date(2026, 3, 31)
    given(person, "clerk", town, until=last)
    day = timedelta(days=1)
    held = [bool(holders_of("clerk", town, on)) for on in (SINCE - day, SINCE, last, last + day)]
    assert held == [False, True, True, False]


def test_a_recording_office_acts_for_its_meeting_and_another_does_not(town: Unit, person: User) -> None:
    given(person, "clerk", town)
    assert holder_for_update(person, "presidium", town.pk, ON) is not None
    assert holder_for_update(person, "party", town.pk, ON) is None


def test_an_office_in_one_township_opens_nothing_in_another(county: Unit, town: Unit, person: User) -> None:
    other = create_unit(code="T02", name="白石镇", kind=UnitKind.TOWNSHIP, parent=county)
    given(person, "clerk", town)
    assert holder_for_update(person, "clerk", other.pk, ON) is None
    assert grants_for_update(person, ["clerk"], [other.pk], ON) == []


def test_a_township_office_sees_its_township_and_a_county_office_everything_below(
    county: Unit, town: Unit, department: Unit, person: User
) -> None:
    seen = context_of(given(person, "department", department))
    assert (seen.units, seen.writes) == ((town.pk,), (town.pk,))
    official = User.objects.create(username="county", name="冯玉兰")
    above = context_of(given(official, "county", county))
    assert {town.pk, county.pk} <= set(above.units) and above.writes == (county.pk,)


def test_giving_and_revoking_are_written_down_without_names(town: Unit, person: User) -> None:
    held = given(person, "clerk", town)
    act = Act(None, "operator", town, at("2026-02-01"))
    revoke(grant=held, act=act, reason="调离")
    revoke(grant=held, act=act, reason="再次")
    entries = list(Entry.objects.filter(unit=town).order_by("pk"))
    assert [e.action for e in entries] == ["grant.give", "grant.revoke"], "a second revocation is no act"
    assert all("刘芳" not in e.body for e in entries) and "调离" in entries[1].body


def test_an_office_given_twice_is_refused_and_one_that_begins_later_says_so(town: Unit, person: User) -> None:
    later = given(person, "clerk", town, since=date(2026, 6, 1))
    with pytest.raises(GrantRefused, match="自2026年6月1日起"):
        given(person, "clerk", town)
    revoke(grant=later, act=Act(None, "operator", town, at("2026-01-01")), reason="提前到任")
    given(person, "clerk", town)
    with pytest.raises(GrantRefused, match="不用再次授予"):
        given(person, "clerk", town, since=date(2026, 7, 1))


def test_every_office_has_a_title_and_a_kind_of_unit() -> None:
    assert {o.code for o in registry.offices()} >= {o.code for o in OFFICES}
    assert all(str(o.title) and o.kinds for o in registry.offices())


def test_a_person_granted_an_office_twice_is_one_member_of_the_body(town: Unit, person: User) -> None:
    given(person, "deputy", town)
    given(person, "presidium", town)
    assert holders_of("presidium", town, ON) == [person]
    given(person, "presidium", town, until=date(2026, 12, 31))
    assert holders_of("presidium", town, ON) == [person]


@pytest.mark.parametrize("until", [None, date(2028, 1, 1)])
def test_the_same_is_not_given_twice_to_one_person(town: Unit, person: User, until: date | None) -> None:
    given(person, "mayor", town, until=until)
    with pytest.raises(GrantRefused, match="已担任") as refused:
        given(person, "mayor", town, until=until)
    assert refused.value.code == "held"


def test_an_office_that_ends_is_given_again_for_longer(town: Unit, person: User) -> None:
    given(person, "auditor", town.parent, **NOTICE)
    longer = NOTICE | {"until": date(2031, 1, 1)}
    assert given(person, "auditor", town.parent, **longer).until == date(2031, 1, 1)
