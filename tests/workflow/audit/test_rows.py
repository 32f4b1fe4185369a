"""Rows changed past the services: each becomes an entry of its unit's trail; what an act changes leaves nothing more."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from viewflow.workflow.models import Process, Task

from projects.ballots.models import Keying, Vote
from projects.cycles.models import Cycle, RollLine, Session
from projects.evaluation.conformance import Status
from projects.evaluation.conforming import conformance_of
from projects.supervision.models import Plan, Project
from tests.builders import SINCE, at, township
from tests.databases import Server
from tests.long import examples
from tests.projects.supervision.conftest import Year, year_of
from workflow.audit.chain import canonical
from workflow.audit.models import Entry
from workflow.audit.rows import ACTIONS
from workflow.audit.selectors import history_of
from workflow.audit.services import Act, write_down
from workflow.audit.verify import one_view, verify
from workflow.flows.models import Deadline, Meeting
from workflow.flows.services import claim, mark_seen, release
from workflow.inbox.story import line_of
from workflow.machines.graph import machines
from workflow.people.isolation import SYSTEM, apply, within
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant


def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def committed() -> None:
    """What a COMMIT does, inside the transaction of a test: the deferred triggers fire, and no act is under way any more."""
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET CONSTRAINTS ALL DEFERRED")
    run("SELECT set_config('piaojue.acts', '', true)")


def outside() -> list[dict[str, Any]]:
    """The bodies of what was changed without an act, oldest first."""
    rows = Entry.objects.filter(action__in=ACTIONS).order_by("id").values_list("body", flat=True)
    return [json.loads(body) for body in rows]


def watched() -> set[str]:
    return {row[0] for row in run("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'watched'")}


@pytest.fixture
def year(db: None) -> Year:
    apply(SYSTEM)
    made = year_of(township())
    committed()
    assert outside() == []
    return made


def test_a_change_past_the_services_says_which_row_what_it_was_and_became_and_by_which_hand(year):
    project = year.project()
    run("SET LOCAL application_name = 'psql'")
    Project.objects.filter(pk=project.pk).update(light="red")
    committed()
    (told,) = outside()
    assert (told["action"], told["office"], told["actor"]) == ("row.change", "database", "")
    assert (told["subject"], told["about"], told["step"]) == (project.reference, year.cycle.reference, 5)
    assert (told["unit"], told["label"]) == (year.town.unit.code, project.title)
    assert told["before"] == {"light": project.light}
    assert told["after"] == {
        "light": "red",
        "row_application": "psql",
        "row_hidden": "",
        "row_id": str(project.pk),
        "row_role": settings.APP_ROLE,
        "row_table": "projects_project",
    }


def test_free_text_is_told_by_the_name_of_its_column_alone(year):
    Project.objects.filter(number=1).update(content="张三家门口，电话 13800000000。", percent=7)
    committed()
    (entry,) = Entry.objects.filter(action__in=ACTIONS)
    assert "张三" not in entry.body and "138" not in entry.body
    assert json.loads(entry.body)["after"]["row_hidden"] == "content"
    assert json.loads(entry.body)["after"]["percent"] == 7


def test_what_an_act_changes_leaves_its_own_entries_and_nothing_more(year):
    number = Entry.objects.count()
    with transaction.atomic():
        Project.objects.update(percent=9)
        write_down(year.town.act("department", at("2027-03-12")), "project.report", "project:1")
        Project.objects.update(percent=10)
    committed()
    assert outside() == [] and Entry.objects.count() == number + 1
    Project.objects.update(percent=11)
    committed()
    assert len(outside()) == Project.objects.count() > 0


def test_a_row_written_as_it_was_is_no_change(year):
    project = year.project()
    project.save()
    committed()
    assert outside() == []


def test_an_act_of_the_county_covers_its_townships_and_one_of_a_neighbour_nothing(year):
    county = year.town.unit.parent
    neighbour = create_unit(code="T09", name="柳河镇", kind=UnitKind.TOWNSHIP, parent=county)
    admin = User.objects.get(username__startswith="admin@")
    for unit, percent, found in ((county, 9, []), (neighbour, 10, [year.town.unit.code])):
        write_down(Act(admin, "admin", unit, at("2027-03-12")), "test.act", "thing:1")
        Project.objects.filter(number=1).update(percent=percent)
        committed()
        assert [told["unit"] for told in outside()] == found


def test_a_row_added_or_taken_away_is_told_and_one_moved_stands_in_both_trails(year):
    other = create_unit(code="T09", name="柳河镇", kind=UnitKind.TOWNSHIP, parent=year.town.unit.parent)
    made = Session.objects.create(
        unit=year.town.unit, term=7, number=3, held_on=date(2027, 1, 20), days="1.5"
    )
    committed()
    Session.objects.filter(pk=made.pk).update(unit=other)
    committed()
    Session.objects.filter(pk=made.pk).delete()
    committed()
    added, left, came, gone = outside()
    assert [told["action"] for told in (added, left, came, gone)] == [
        "row.add", "row.change", "row.change", "row.remove",
    ]  # fmt: skip
    assert [told["unit"] for told in (added, left, came, gone)] == [
        year.town.unit.code,
        year.town.unit.code,
        "T09",
        "T09",
    ]
    assert added["before"] == {} and (added["after"]["held_on"], added["after"]["days"]) == (
        "2027-01-20",
        "1.5",
    )
    assert gone["before"]["term"] == 7 and "term" not in gone["after"]
    assert {told["subject"] for told in outside()} == {made.reference}


def test_an_office_given_past_the_services_is_in_the_trail_of_its_township(year):
    user = User.objects.create(username="nobody", name="某人")
    held = RoleGrant.objects.create(
        user=user, office="chair", unit=year.town.unit, tenant=year.town.unit, since=SINCE
    )
    committed()
    (told,) = outside()
    assert told["subject"] == f"grant:{held.pk}" and told["after"]["office"] == "chair"


def test_the_bodies_are_canonical_and_the_chain_is_whole(year):
    Project.objects.update(light="red", content="“引号”\\ \n \t \x1f 😀")
    Plan.objects.update(target="目标")
    committed()
    entries = Entry.objects.filter(action__in=ACTIONS)
    assert entries and all(entry.body == canonical(json.loads(entry.body)) for entry in entries)
    assert verify(year.town.unit.pk).fault is None


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
VALUES = st.none() | st.booleans() | st.integers(-(10**15) + 1, 10**15 - 1) | TEXT


@pytest.mark.django_db
@budget(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), VALUES))
def test_the_database_writes_json_as_the_chain_has_it(values: dict[str, Any]) -> None:
    ((written,),) = run("SELECT piaojue_object(%s::jsonb)", json.dumps(values))
    assert written == canonical(values)


# What makes a ballot: neither who cast one nor what is in it leaves a trace below the acts either.
BALLOTS = {"projects_box", "projects_rollentry"}
# Why a table is not watched.
TRAIL = "the trail and what is derived from it: append-only, or recomputed by every verification"
OWN = "what somebody keeps for themselves and changes without an act"
UNSENT = "not handed in: no act yet, so it leaves no entry"
POST = "letters read off the trail; how far they have come changes without an act"
RIGHTS = "rights follow offices; the run-time role reads and writes no row of it"
LIBRARY = "the library's own: codes of models, nothing of a township"
SIGN_IN = "changes at every sign-in; that of whoever votes in secret leaves no line"
COUNTED = "worked out by the system from what is watched, and worked out anew each night"
UNWATCHED = {
    **dict.fromkeys(BALLOTS, "the secret ballot"),
    **dict.fromkeys(
        (
            "workflow_entry", "workflow_leaf", "workflow_head", "workflow_salt", "workflow_signingkey",
            "workflow_treehead", "workflow_cosignature", "workflow_stamp", "workflow_stampfailure", "workflow_trailcheck",
        ),
        TRAIL,
    ),
    "workflow_trailexport": "how far the making of a file is; who asked for it and why is an entry",
    "projects_contact": "personal data, changed by its erasure alone; the trail knows it by a salted commitment",
    "projects_bulletin": "a draft, edited until it is sent; then its text stands in the trail by its digest",
    "projects_yearfigure": COUNTED,
    "projects_yearsum": COUNTED,
    "projects_examination": COUNTED,
    "workflow_draft": UNSENT,
    "workflow_pendingfile": UNSENT,
    "workflow_savedfilter": OWN,
    "workflow_calendarfeed": OWN,
    "workflow_notesread": "until when somebody has read the notes on a task, which is no act",
    "workflow_copyread": "that somebody has opened a copy, which is no act",
    "notifications_preference": OWN,
    "notifications_address": OWN + "; sealed, and told to nobody",
    "notifications_delivery": POST,
    "notifications_posted": POST,
    "notifications_told": POST,
    "notifications_wording": "how letters are worded; each of them keeps the words it was sent with",
    "viewflow_task_previous": "what is drawn of a flow; nobody's turn hangs on it but by an act that writes a task",
    "otp_totp_totpdevice": SIGN_IN,
    "django_session": SIGN_IN,
    **dict.fromkeys(
        ("axes_accesslog", "axes_accessattempt", "axes_accessattemptexpiration", "axes_accessfailurelog"), SIGN_IN
    ),
    **dict.fromkeys(
        ("auth_group", "auth_group_permissions", "auth_permission", "workflow_user_groups", "workflow_user_user_permissions"),
        RIGHTS,
    ),
    "django_content_type": LIBRARY,
    "django_migrations": LIBRARY,
}  # fmt: skip


def told_columns(table: str) -> set[str]:
    """The columns of a watched table whose values may stand in the trail."""
    ((told,),) = run(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'watched' AND tgrelid = %s::regclass",
        table,
    )
    return set(told.rstrip(")").rpartition(", '")[0].rpartition(", '")[2].rstrip("'").split(","))


@pytest.mark.django_db
def test_every_table_is_watched_or_says_why_not_and_nothing_of_a_ballot_is():
    assert set(connection.introspection.table_names()) - watched() == set(UNWATCHED)
    assert watched().isdisjoint(UNWATCHED)
    assert {model._meta.db_table for model in machines()} - watched() == {"projects_bulletin"}


@pytest.mark.django_db
def test_of_what_is_keyed_signed_and_sealed_no_value_is_told():
    # A vote's figures are no figure of the trail's before they are signed, nor how many voted on paper and how many not.
    columns = told_columns("projects_vote")
    figures = {"figures", "outcome", "issued", "returned", "paper_issued", "paper_returned"}
    assert {"state", "seats"} <= columns and not {"awaiting", "public_key", *figures} & columns
    assert columns <= {field.column for field in Vote._meta.concrete_fields}
    keyed = {"id", "unit_id", "vote_id", "by_id"}
    assert told_columns("projects_keying") == keyed | {"turn", "round"}
    assert told_columns("projects_signature") == told_columns("projects_keyholder") == keyed | {"office"}
    assert "name" not in told_columns("projects_rollline") and "presence" in told_columns("projects_rollline")
    assert not {"password", "name", "email"} & told_columns("workflow_user")


# Whose turn it was, what was decided, who may act


def changed(statement: Any) -> list[dict[str, Any]]:
    """What a change past the services adds to the trail. statement: SQL, or whatever does it."""
    before = len(outside())
    run(statement) if isinstance(statement, str) else statement()
    committed()
    return outside()[before:]


def test_a_bodys_decision_changed_past_the_services_is_told_by_its_figures_and_not_by_its_minutes(year):
    year.grouped()
    committed()
    meeting = Meeting.objects.filter(about=year.cycle.reference).latest("pk")
    (told,) = changed(
        lambda: Meeting.objects.filter(pk=meeting.pk).update(
            votes_for=meeting.votes_for - 1, minutes="改了的纪要"
        )
    )
    assert (told["subject"], told["about"]) == (f"meeting:{meeting.pk}", year.cycle.reference)
    assert told["before"] == {"votes_for": meeting.votes_for}
    assert told["after"]["row_hidden"] == "minutes" and "改了的纪要" not in json.dumps(
        told, ensure_ascii=False
    )
    left = meeting.attended.first()
    (gone,) = changed(lambda: meeting.attended.remove(left))
    (back,) = changed(lambda: meeting.attended.add(left))
    assert (gone["action"], back["action"]) == ("row.remove", "row.add")
    assert {gone["subject"], back["subject"]} == {f"meeting:{meeting.pk}"}
    assert gone["before"]["user_id"] == back["after"]["user_id"] == left.pk


def test_a_turn_moved_ended_or_given_away_past_the_services_is_told_and_a_claim_and_a_look_are_not(year):
    year.handed_over()
    committed()
    held = year.task("plan")
    assert outside() == []
    holder = year.clerk_of(year.project())
    mark_seen(held.pk, holder, at("2027-01-26"))
    claim(held.pk, actor=holder, at=at("2027-01-26"))
    release(held.pk, actor=holder, at=at("2027-01-26"))
    claim(held.pk, actor=holder, at=at("2027-01-26"))
    assert changed("SELECT 1") == []
    (moved,) = changed(lambda: Deadline.objects.filter(pk=held.pk).update(due_on=date(2029, 1, 1)))
    assert (moved["subject"], moved["about"]) == (held.subject, held.about)
    assert moved["after"]["due_on"] == "2029-01-01" and moved["after"]["row_id"] == str(held.pk)
    other = User.objects.exclude(pk=holder.pk).first()
    (given,) = changed(lambda: Task.objects.filter(pk=held.pk).update(owner=other))
    assert (given["subject"], given["after"]["owner_id"]) == (held.subject, other.pk)
    (ended,) = changed(lambda: Task.objects.filter(pk=held.pk).update(status="DONE"))
    assert (ended["unit"], ended["before"]["status"], ended["after"]["status"]) == (
        year.town.unit.code, "ASSIGNED", "DONE",
    )  # fmt: skip
    (process,) = changed(lambda: Process.objects.filter(pk=held.task.process_id).update(status="DONE"))
    assert (process["subject"], process["about"]) == (f"process:{held.task.process_id}", held.about)


def test_the_presence_of_a_deputy_changed_past_the_services_is_told(year):
    line = RollLine.objects.create(
        unit=year.town.unit, user=year.town.deputies[0], name="某代表",
        session=Session.objects.create(
            unit=year.town.unit, term=7, number=4, held_on=date(2027, 1, 20), days="1.5"
        ),
    )  # fmt: skip
    committed()
    (told,) = changed(lambda: RollLine.objects.filter(pk=line.pk).update(presence="absent", name="另一人"))
    assert told["before"] == {"presence": "expected"} and told["after"]["presence"] == "absent"
    assert told["after"]["row_hidden"] == "name" and "另一人" not in json.dumps(told, ensure_ascii=False)


def test_a_person_shut_out_or_renamed_is_told_wherever_he_holds_an_office_and_his_password_never_is(year):
    clerk = year.town.of("clerk")
    secret = "argon2$不该出现的口令"
    people = User.objects.filter(pk=clerk.pk)
    assert (
        changed(lambda: people.update(password=secret, last_login=at("2027-01-26"), text_size="large")) == []
    )
    (told,) = changed(lambda: people.update(is_active=False, name="冒名", password=secret + "2"))
    assert (told["unit"], told["subject"]) == (year.town.unit.code, f"user:{clerk.pk}")
    assert told["before"] == {"is_active": True} and told["after"]["is_active"] is False
    assert told["after"]["row_hidden"] == "name,password"
    assert not any(secret in body or "冒名" in body for body in Entry.objects.values_list("body", flat=True))
    other = create_unit(code="T09", name="柳河镇", kind=UnitKind.TOWNSHIP, parent=year.town.unit.parent)
    RoleGrant.objects.create(user=clerk, office="clerk", unit=other, tenant=other, since=SINCE)
    nobody = User.objects.create(username="nobody", name="某人")
    committed()
    both = changed(lambda: people.update(is_active=True))
    assert [one["unit"] for one in both] == [year.town.unit.code, "T09"]
    # Of no office: told at the top of the tree.
    (top,) = changed(lambda: User.objects.filter(pk=nobody.pk).update(is_superuser=True))
    assert top["unit"] == Unit.objects.get(parent=None).code


def test_a_unit_renamed_or_moved_past_the_services_is_told_and_a_new_one_is_not(year):
    group = create_unit(code="T01-X", name="新村", kind=UnitKind.VILLAGE, parent=year.town.unit)
    assert changed("SELECT 1") == []
    (told,) = changed(lambda: Unit.objects.filter(pk=group.pk).update(name="改了名的村"))
    assert (told["subject"], told["unit"]) == (f"unit:{group.pk}", year.town.unit.code)
    assert (told["before"], told["after"]["name"]) == ({"name": "新村"}, "改了名的村")
    (gone,) = changed(lambda: Unit.objects.filter(pk=group.pk).delete())
    assert gone["action"] == "row.remove"


def test_what_is_keyed_or_signed_by_another_hand_is_told_without_its_value(year):
    vote = Vote.objects.create(
        unit=year.town.unit, about_reference=year.cycle.reference, purpose="projects", title="票决", mode="approval",
        seats=3, deputies_in_office=20,
    )  # fmt: skip
    keying = Keying.objects.create(
        unit=vote.unit,
        vote=vote,
        turn=1,
        by=year.town.deputies[0],
        figures={"valid": 17},
        at=at("2027-01-20"),
    )
    committed()
    (told,) = changed(lambda: Keying.objects.filter(pk=keying.pk).update(figures={"valid": 4711471147}))
    assert (told["subject"], told["about"]) == (vote.reference, year.cycle.reference)
    assert told["before"] == {} and told["after"]["row_hidden"] == "figures"
    assert not Entry.objects.filter(body__contains="4711471147").exists()


# What reads it


def test_it_stands_in_the_subjects_history_in_words(year):
    project = year.project()
    run("SET LOCAL application_name = 'manage.py shell'")
    Project.objects.filter(pk=project.pk).update(content="改了", budget_fen=project.budget_fen, light="red")
    committed()
    line = line_of(history_of(project.reference)[0])
    assert (line.who, line.office, line.what, line.label) == (
        "数据库",
        "",
        "未经办理程序改动数据",
        project.title,
    )
    told = {one.label: (one.was, one.now) for one in line.changes}
    assert told["亮灯"][1] == "严重滞后"
    assert told["内容不记入的字段"] == ("", "建设内容")
    assert told["数据库账号"] == ("", f"{settings.APP_ROLE}（程序：manage.py shell）")


def test_the_county_and_the_auditor_read_it_on_a_page_of_its_own_as_quickly_for_many_as_for_one(year, client):
    unit = year.town.unit
    admin = Act(User.objects.get(username__startswith="admin@"), "admin", unit.parent, at("2027-03-01"))
    people = [User.objects.create(username=name, name="孙伟") for name in ("county", "auditor")]
    grant(user=people[0], office="county", unit=unit.parent, act=admin, since=SINCE)
    grant(
        user=people[1], office="auditor", unit=unit.parent, act=admin, since=SINCE, until=date(2030, 1, 1),
        document="示审通〔2027〕3 号",
    )  # fmt: skip
    committed()
    client.force_login(people[0])
    assert "没有未经办理程序的数据改动" in client.get("/trail/rows/").content.decode()
    apply(SYSTEM)
    costs = []
    for percent in (8, 9):
        Project.objects.filter(**({} if percent == 9 else {"number": 1})).update(percent=percent)
        committed()
        for person in people:
            client.force_login(person)
            client.get("/trail/rows/")
            with CaptureQueriesContext(connection) as seen:
                page = client.get("/trail/rows/").content.decode()
            costs.append(len(seen))
            assert "未经办理程序改动数据" in page and unit.name in page and str(percent) in page
            one = client.get(f"/trail/?unit={unit.code}&kind=rows").content.decode()
            assert one.count("timeline-item") == page.count("timeline-item")
            apply(SYSTEM)
    assert costs[0] == costs[2] and costs[1] == costs[3]


def test_it_counts_as_a_deviation_of_the_year_it_touches(year):
    def past_acts() -> Any:
        found = {check.code: finding for check, finding in conformance_of(year.cycle, date(2027, 4, 1))}
        return found["past_acts"]

    assert past_acts().status == Status.HELD
    Project.objects.filter(number=1).update(percent=8)
    # Of no year: counted while the year runs.
    RoleGrant.objects.filter(office="clerk").update(title="人大办主任")
    committed()
    (changed, office) = Entry.objects.filter(action__in=ACTIONS).order_by("id").values_list("pk", flat=True)
    assert (past_acts().status, past_acts().evidence) == (Status.NOT_HELD, (changed, office))
    assert "2处" in past_acts().note


# What cannot be got round: in a database of its own, where a COMMIT is one


@pytest.fixture
def cycle(fresh_database: str) -> Cycle:
    """A year in the database, by acts that were committed."""
    with within(SYSTEM):
        unit = create_unit(code="T01", name="青溪镇", kind=UnitKind.TOWNSHIP)
        act = Act(User.objects.create(username="chair@T01", name="王伟"), "chair", unit, at("2026-08-10"))
        cycle = Cycle.objects.create(
            unit=unit,
            year=2027,
            opens_on=date(2026, 9, 1),
            planned_t=date(2027, 1, 20),
            planned_t2=date(2028, 1, 18),
        )
        write_down(act, "cycle.create", cycle.reference, about=cycle.reference)
    return cycle


def told_outside() -> list[dict[str, Any]]:
    with within(SYSTEM):
        return outside()


def change(year: int, *, first: str = "", then: str = "") -> None:
    with within(SYSTEM):
        if first:
            run(first)
        Cycle.objects.update(year=year)
        if then:
            run(then)


def test_whoever_wants_a_change_to_pass_as_an_act_has_to_leave_an_entry(cycle, database_server: Server):
    assert told_outside() == []
    with within(SYSTEM):
        number, unit = Entry.objects.get().pk, cycle.unit_id
    claim = f"SELECT set_config('piaojue.acts', ',{unit}:{number}', true)"
    change(2031, first=claim)
    assert len(told_outside()) == 1  # the entry is of another transaction
    # Its own, taken back; the setting put again as it was.
    forged = (
        f"INSERT INTO workflow_entry (unit_id, at, body) VALUES ({unit}, now(),"
        ' \'{"action": "x", "subject": "y"}\')'
    )
    with within(SYSTEM):
        Cycle.objects.update(year=2032)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            run(forged)
            ((acts,),) = run("SELECT current_setting('piaojue.acts')")
            raise ZeroDivisionError
        run("SELECT set_config('piaojue.acts', %s, true)", acts)
    assert len(told_outside()) == 2
    # The line such a change leaves is no act that would cover the next one.
    with within(SYSTEM):
        Cycle.objects.update(year=2033)
        run("SET CONSTRAINTS ALL IMMEDIATE")
        last = Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]
        run("SELECT set_config('piaojue.acts', %s, true)", f",{unit}:{last}")
        Cycle.objects.update(year=2034)
    assert len(told_outside()) == 4
    # Another session's act that is committed while this one waits is not this one's.
    with within(SYSTEM):
        Cycle.objects.update(year=2035)
        with psycopg.connect(database_server.url("app", connection.settings_dict["NAME"])) as other:
            other.execute("SELECT set_config('piaojue.mode', 'system', true)")
            other.execute(forged)
        ((last,),) = run("SELECT max(id) FROM workflow_entry")
        run("SELECT set_config('piaojue.acts', %s, true)", f",{unit}:{last}")
    assert len(told_outside()) == 5
    # An act of this transaction's own, within a savepoint that holds.
    with within(SYSTEM):
        Cycle.objects.update(year=2036)
        with transaction.atomic():
            run(forged.replace('"x"', '"test.act"').replace("'{", '\'{"actor": "", "at": "", '))
    assert len(told_outside()) == 5
    with one_view():
        fault = verify(unit).fault
    assert fault is not None and fault.code == "columns"  # an entry by hand, which says neither when nor who


def test_the_owner_and_whoever_sets_another_context_leave_it_all_the_same(cycle, owner_connection):
    owner_connection.execute("SET application_name = 'psql'")
    owner_connection.execute("SELECT set_config('piaojue.mode', 'system', false)")
    owner_connection.execute("UPDATE projects_cycle SET year = 2031")
    (told,) = told_outside()
    assert told["after"]["row_role"] == settings.OWNER_ROLE and told["after"]["row_application"] == "psql"
    # A context that would see nothing when the COMMIT comes.
    change(
        2032, then="SELECT set_config('piaojue.mode', 'unit', true), set_config('piaojue.units', '{}', true)"
    )
    assert len(told_outside()) == 2
    with one_view():
        assert verify(cycle.unit_id).fault is None


def test_a_watched_table_is_emptied_by_nobody_and_no_line_is_written_by_hand(cycle, owner_connection):
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        owner_connection.execute("TRUNCATE projects_cycle CASCADE")
    with pytest.raises(DatabaseError, match="permission denied"), within(SYSTEM):
        run("TRUNCATE projects_cycle CASCADE")
    with pytest.raises(DatabaseError, match="permission denied for function"), within(SYSTEM):
        run("SELECT piaojue_note_row(%s, 'UPDATE', 'projects_cycle', '{}', '{}', '{}')", cycle.unit_id)
