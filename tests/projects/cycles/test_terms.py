"""换届: the offices of a term end with it, their open tasks wait for the successors, the new congress takes over."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from notifications.post import post_unit
from projects.cycles.models import Cycle, Session, Term
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import sitting_term
from projects.cycles.services import create_cycle
from projects.cycles.terms import begin_session, found_term
from projects.deliberation.flows import DeliberationFlow
from projects.demo.cast import Casting, Township
from projects.demo.play import deliberation as play
from projects.demo.play.stage import assembly, do_task, moment, open_tasks
from projects.demo.play.terms import FRESH, STATEMENT, first_offices, play_chair_elected, play_election
from projects.supervision.models import Project
from tests.builders import at, meeting_of, township
from tests.projects.deliberation.test_deliberation import TITLES, candidate
from tests.projects.supervision.conftest import Year, year_of
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.acting import acting
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed, Refused
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.flows.services import claim, complete
from workflow.inbox.selectors import queue_of
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import grants_of, holders_of

T = date(2028, 1, 20)
N = 20
ELECTION = date(2027, 12, 20)


@pytest.fixture(autouse=True)
def _system(db: None) -> None:
    apply(SYSTEM)


@pytest.fixture
def town(db: None) -> Township:
    """A township whose fourth congress sits."""
    apply(SYSTEM)
    made = township()
    found_term(made.act("clerk", at("2023-01-10")), made.unit, 4, since=date(2023, 1, 10))
    return made


def casting_on(town: Township, day: date) -> Casting:
    admin = User.objects.get(username="admin@T01")
    return Casting(Act(admin, "admin", town.unit, moment(day)), day)


def elect(town: Township, *, term: int = 5) -> tuple[list[User], list[User]]:
    """The election, examined; who leaves and who is new."""
    before = list(town.deputies)
    play_election(town, casting_on(town, ELECTION), term=term, on=ELECTION)
    leaving = [user for user in before if user not in town.deputies]
    return leaving, [user for user in town.deputies if user not in before]


def first_session(town: Township, on: date = T) -> Session:
    """The first session of the fifth congress, convened."""
    act = town.act("clerk", at("2027-12-28"))
    session = Session.objects.create(unit=town.unit, term=5, number=1, held_on=on)
    fire(session, "convene", act)
    return session


def offices(user: User, on: date = T) -> set[str]:
    return {g.office for g in grants_of(user, on)}


def test_deputies_elect_are_no_deputies_before_the_first_session_and_are_from_it_on(town: Township) -> None:
    leaving, fresh = elect(town)
    assert len(leaving) == FRESH and len(fresh) == FRESH and town.of("chair") in town.deputies
    assert all("deputy" in offices(user) for user in leaving)
    assert all("deputy" not in offices(user) and "deputy_elect" in offices(user) for user in fresh)
    begin_session(town.act("clerk", moment(T)), first_session(town))
    assert holders_of("deputy", town.unit, T) == sorted(town.deputies, key=lambda user: user.pk)
    assert holders_of("deputy_elect", town.unit, T) == []
    assert all(offices(user) == set() for user in leaving)


def test_every_elected_office_of_the_old_term_ends_with_an_entry_and_the_others_stay(town: Township) -> None:
    elect(town)
    ending = ("chair", "presidium", "deputy", "delegation_lead", "chief_teller", "teller")
    old = list(RoleGrant.objects.filter(tenant=town.unit, office__in=ending))
    begin_session(town.act("clerk", moment(T)), first_session(town))
    assert set(RoleGrant.objects.filter(pk__in=[g.pk for g in old]).values_list("revoked_at", flat=True)) == {
        moment(T)
    }
    ended = set(Entry.objects.filter(action="grant.revoke").values_list("subject", flat=True))
    assert ended >= {f"grant:{g.pk}" for g in old}
    for office in ("clerk", "mayor", "gov_clerk", "finance", "party", "senior_deputy", "counter"):
        assert holders_of(office, town.unit, T), office


def test_the_terms_follow_each_other_and_the_trail_says_so(town: Township) -> None:
    elect(town)
    begin_session(town.act("clerk", moment(T)), first_session(town))
    terms = {t.number: (t.state, t.since, t.until, t.deputies) for t in Term.objects.all()}
    assert terms == {4: ("ended", date(2023, 1, 10), T, None), 5: ("sitting", T, None, N)}
    actions = list(Entry.objects.order_by("pk").values_list("action", flat=True))
    assert actions.index("cycles.review_credentials") < actions.index("term.end") < len(actions)
    assert Term.objects.get(number=5).statement == STATEMENT


def test_a_second_session_of_the_term_ends_nothing(town: Township) -> None:
    elect(town)
    begin_session(town.act("clerk", moment(T)), first_session(town))
    held = RoleGrant.objects.filter(revoked_at=None).count()
    act = town.act("clerk", at("2028-07-01"))
    second = Session.objects.create(unit=town.unit, term=5, number=2, held_on=act.on)
    fire(second, "convene", act)
    begin_session(act, second)
    assert RoleGrant.objects.filter(revoked_at=None).count() == held


def test_a_session_of_a_congress_nobody_examined_does_not_begin(town: Township) -> None:
    session = first_session(town)
    with pytest.raises(Refused, match="代表资格尚未审查"):
        begin_session(town.act("clerk", moment(T)), session)
    elect(town)
    begin_session(town.act("clerk", moment(T)), session)
    assert Session.objects.get(pk=session.pk).state == "open"


def test_a_session_of_a_term_that_is_over_does_not_begin(town: Township) -> None:
    elect(town)
    begin_session(town.act("clerk", moment(T)), first_session(town))
    late = Session.objects.create(unit=town.unit, term=4, number=9, held_on=T)
    fire(late, "convene", town.act("clerk", moment(T)))
    with pytest.raises(Refused, match="任期已经届满"):
        begin_session(town.act("clerk", moment(T)), late)


def test_where_no_term_is_known_the_first_session_begun_names_it_and_ends_nothing(db: None) -> None:
    town = township("T02")
    act = town.act("clerk", moment(T))
    session = Session.objects.create(unit=town.unit, term=7, number=3, held_on=T)
    fire(session, "convene", act)
    begin_session(act, session)
    term = sitting_term(town.unit)
    assert term is not None and (term.number, term.since) == (7, None), "since when it sits nobody has said"
    assert len(holders_of("deputy", town.unit, T)) == N


# --- the examination of credentials


def review(town: Township, **more: Any) -> None:
    data = {
        "number": 5,
        "again": [str(user.pk) for user in town.deputies[:15]],
        "fresh": [],
        "statement": STATEMENT,
    }
    perform(
        "cycles.review_credentials",
        town.unit,
        actor=town.of("clerk"),
        data=data | more,
        at=moment(ELECTION),
    )


def test_a_number_that_does_not_follow_is_refused(town: Township) -> None:
    with pytest.raises(Refused, match="换届应为第5届"):
        review(town, number=6)
    review(town)
    assert Term.objects.get(number=5).deputies == 15


def test_a_congress_without_a_deputy_is_refused(town: Township) -> None:
    with pytest.raises(InvalidForm, match="没有当选代表"):
        review(town, again=[])


def test_the_later_report_counts(town: Township) -> None:
    review(town)
    review(town, again=[str(user.pk) for user in town.deputies[:14]])
    assert Term.objects.get(number=5).deputies == 14
    assert len(holders_of("deputy_elect", town.unit, ELECTION)) == 14


@pytest.mark.parametrize("office", ["chair", "deputy", "mayor", "gov_clerk"])
def test_only_the_clerk_records_the_examination(town: Township, office: str) -> None:
    with pytest.raises(NotYourTurn):
        perform("cycles.review_credentials", town.unit, actor=town.of(office), data={}, at=moment(ELECTION))


def test_an_election_is_recorded_while_a_session_is_held_and_at_no_other_time(town: Township) -> None:
    deputy = [str(town.deputies[0].pk)]
    with pytest.raises(Obstructed, match="没有正在举行的会议"):
        record(town, "chair", deputy)
    elect(town)
    begin_session(town.act("clerk", moment(T)), first_session(town))
    assert holders_of("chair", town.unit, T) == []
    play_chair_elected(town, on=T)
    assert holders_of("chair", town.unit, T) == [town.of("chair")]


# --- tasks and groups of the old term


@pytest.fixture
def watched() -> Year:
    """A year under supervision whose groups the fourth congress formed."""
    town = township()
    found_term(town.act("clerk", at("2023-01-10")), town.unit, 4, since=date(2023, 1, 10))
    return year_of(town).grouped()


def members_of(project: Project, on: date = T) -> list[User]:
    return holders_of("inspector", project.group, on) if project.group else []


def test_the_groups_end_with_the_term_and_the_new_presidium_forms_them_anew(watched: Year) -> None:
    town, cycle = watched.town, watched.cycle
    project = Project.objects.filter(cycle=cycle).order_by("number")[0]
    old = members_of(project)
    assert old
    task = open_tasks(cycle, "supervision.inspect")[0]
    claim(task.task_id, actor=old[0], at=moment(ELECTION))
    elect(town)
    begin_session(town.act("clerk", moment(T)), first_session(town))
    assert all(members_of(p) == [] for p in Project.objects.filter(cycle=cycle))
    held = Deadline.objects.select_related("task").get(pk=task.pk)
    assert (held.task.owner_id, held.task.status, held.seat_id) == (None, "NEW", project.group_id)
    with pytest.raises(NotYourTurn):
        complete(task.task_id, actor=old[0], data={}, at=moment(T, 15))

    play_offices(town)
    chosen = {
        p.pk: town.deputies[p.number * 2 : p.number * 2 + 3] for p in Project.objects.filter(cycle=cycle)
    }
    rows = {f"members_{pk}": [str(u.pk) for u in users] for pk, users in chosen.items()}
    day = "2028-02-01"
    do_task(
        cycle,
        "supervision.regroup",
        town.of("clerk"),
        date.fromisoformat(day),
        **meeting_of(town.people["presidium"], day),
        **rows,
    )
    new = members_of(project, date(2028, 2, 1))
    assert new == sorted(chosen[project.pk], key=lambda user: user.pk)
    grant = RoleGrant.objects.get(user=new[0], office="inspector", unit=project.group, revoked_at=None)
    assert held.pk in [d.pk for d in queue_of(grant)], "what the old group left open is the new one's"


def play_offices(town: Township) -> None:
    """What the first session elects, recorded one by one."""
    record(town, "chair", [str(town.of("chair").pk)])
    record(town, "presidium", [str(user.pk) for user in town.people["presidium"]])


def record(town: Township, office: str, persons: list[str], seat: str = "") -> None:
    data = {"office": office, "seat": seat, "persons": persons, "statement": "大会选举产生。"}
    perform("cycles.record_election", town.unit, actor=town.of("clerk"), data=data, at=moment(T, 10))


def test_a_lead_is_recommended_for_one_delegation_and_a_chair_for_none(town: Township) -> None:
    elect(town)
    begin_session(town.act("clerk", moment(T)), first_session(town))
    unit, lead = town.delegations[0], [str(town.deputies[3].pk)]
    with pytest.raises(InvalidForm, match="推选代表团团长须选择代表团"):
        record(town, "delegation_lead", lead)
    with pytest.raises(InvalidForm, match="推选代表团团长须选择代表团"):
        record(town, "chair", lead, seat=str(unit.pk))
    record(town, "delegation_lead", lead, seat=str(unit.pk))
    assert holders_of("delegation_lead", unit, T) == [town.deputies[3]]


def test_a_congress_elects_a_chair_and_two_vice_chairs_and_no_third(town: Township) -> None:
    elect(town)
    begin_session(town.act("clerk", moment(T)), first_session(town))
    leaders = [town.of("chair"), *town.deputies[:3]]
    with pytest.raises(InvalidForm, match="副主席一人至二人"):
        record(town, "chair", [str(user.pk) for user in leaders])
    record(town, "chair", [str(user.pk) for user in leaders[:3]])
    assert set(holders_of("chair", town.unit, T)) == set(leaders[:3])
    record(town, "chair", [str(user.pk) for user in leaders[1:]])
    assert set(holders_of("chair", town.unit, T)) == set(leaders[1:]), "who gives way leaves the seat first"


def test_a_chair_who_is_not_elected_a_deputy_again_is_chair_no_longer(town: Township) -> None:
    """Neither as the new congress's deputies are seated nor after: it elects its own from among them."""
    chair = town.of("chair")
    review(town, again=[str(user.pk) for user in town.deputies if user != chair])
    begin_session(town.act("clerk", moment(T)), first_session(town))
    assert offices(chair) == set() and holders_of("chair", town.unit, T) == []
    ended = Entry.objects.filter(
        action="grant.revoke", subject__in=[f"grant:{g.pk}" for g in chair.grants.all()]
    )
    assert ended.count() == chair.grants.count(), "each of them once"
    with pytest.raises(InvalidForm):
        record(town, "chair", [str(chair.pk)])


def test_a_chair_elected_after_becoming_deputy_lands_at_the_chairs_desk(town: Township) -> None:
    elect(town)
    begin_session(town.act("clerk", moment(T)), first_session(town))
    play_offices(town)
    apply(SYSTEM)
    RoleGrant.objects.filter(revoked_at=None).update(since=date(2020, 1, 1))
    client = Client()
    client.force_login(town.of("chair"), backend=settings.AUTHENTICATION_BACKENDS[-1])
    assert client.get("/years/start/").status_code == 200


# --- a year whose vote is at the first session


@pytest.fixture
def prepared(town: Township) -> Cycle:
    """The fifth congress's first session, prepared by the fourth's presidium; the list is the old term's."""
    act = town.act("chair", at("2027-09-01"))
    cycle = create_cycle(act, year=2028, opens_on=date(2027, 9, 1), planned_t=T, planned_t2=date(2029, 1, 18))
    fire(cycle, "open", act, rules_data=Rules().frozen_json())
    fire(cycle, "begin_selection", act)
    for n, title in enumerate(TITLES, 1):
        candidate(town, cycle, n, title)
    begin = town.act("chair", at("2027-12-20"))
    fire(cycle, "begin_deliberation", begin)
    with acting(begin):
        DeliberationFlow.begin(cycle)
    return cycle


def test_the_roll_of_a_new_congress_waits_for_the_examination_of_credentials(
    town: Township, prepared: Cycle
) -> None:
    play.play_report(town, prepared, t=T, term=5, number=1)
    play.play_agenda(town, prepared, t=T, seats=4)
    with pytest.raises(Obstructed, match="代表资格尚未审查"):
        play.play_papers(town, prepared, t=T)


def test_the_old_presidium_convenes_and_the_new_congress_votes_on_the_old_list(
    town: Township, prepared: Cycle
) -> None:
    leaving, fresh = elect(town)
    play.play_preparation(town, prepared, t=T, term=5, number=1, seats=4)
    prepared.refresh_from_db()
    assert prepared.deputies_in_office == N
    on_the_roll = set(prepared.uses.get(use="vote").session.roll.values_list("user", flat=True))
    assert on_the_roll == {user.pk for user in town.deputies} and not on_the_roll & {u.pk for u in leaving}
    for action in ("deliberation.convene", "deliberation.materials"):
        told = told_of(action, town)
        assert told and not told & set(leaving), "the letters go to those elected, not to the old deputies"
        actor = Entry.objects.get(action=action).actor
        assert told | {actor} >= set(fresh)
    play.play_opening(town, prepared, t=T)
    chair = RoleGrant.objects.get(office="chair", unit=town.unit, revoked_at=None)
    assert (chair.user, chair.title) == (town.of("chair"), "大会执行主席")
    play_chair_elected(town, on=T)
    chair = RoleGrant.objects.get(office="chair", unit=town.unit, revoked_at=None)
    assert (chair.user, chair.title) == (town.of("chair"), "")
    assert [task.seat for task in open_tasks(prepared, "deliberation.deliberate")] == town.delegations
    play.play_delegations(town, prepared, t=T)
    ask = {"words": "项目建成后由谁管护？", "department": str(town.departments[0].pk), "candidate": ""}
    with pytest.raises(NotYourTurn):
        perform("deliberation.ask", prepared, actor=leaving[0], data=ask, at=moment(T, 10))
    perform("deliberation.ask", prepared, actor=town.deputies[0], data=ask, at=moment(T, 10))
    perform("deliberation.ask", prepared, actor=fresh[-1], data=ask, at=moment(T, 10))


def told_of(action: str, town: Township) -> set[User]:
    """Who got a letter about an act."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    post_unit(town.unit.pk)
    apply(SYSTEM)
    return set(User.objects.filter(deliveries__entry__action=action))


def test_the_first_session_needs_somebody_to_preside_and_to_lead_each_delegation(
    town: Township, prepared: Cycle
) -> None:
    elect(town)
    play.play_preparation(town, prepared, t=T, term=5, number=1, seats=4)
    data = assembly(N, N, T) | {
        "presidium": [str(user.pk) for user in town.people["presidium"]],
        "agenda": play.AGENDA,
    }
    wanted = first_offices(town, prepared)
    assert len(wanted) == 4
    for name in wanted:
        with pytest.raises(InvalidForm):
            do_task(
                prepared, "deliberation.preliminary", town.of("clerk"), T, **data, **(wanted | {name: ""})
            )
    outsider = str(town.deputies[-1].pk)
    with pytest.raises(InvalidForm, match="大会执行主席由主席团成员担任"):
        do_task(
            prepared,
            "deliberation.preliminary",
            town.of("clerk"),
            T,
            **data,
            **(wanted | {"presiding": outsider}),
        )
    do_task(prepared, "deliberation.preliminary", town.of("clerk"), T, **data, **wanted)
    term = sitting_term(town.unit)
    assert term is not None and term.number == 5
