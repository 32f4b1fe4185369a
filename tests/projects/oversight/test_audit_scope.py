"""What an auditor reads: money and steps 5 and 6, or what the notice names; on every page, in every file, by the database."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.db import connection, transaction
from viewflow.workflow.models import Task

from projects.collection.intake import propose
from projects.collection.models import Contact, Proposal
from projects.cycles.models import Attachment, Paper
from projects.cycles.papers import make_paper
from projects.deliberation.models import BudgetLine
from projects.evaluation.conformance import CHECKS
from projects.evaluation.conforming import conformance_in, conformance_of
from projects.lifecycle.intake import start_year
from projects.portal.staff_selectors import matrix
from projects.selection.models import Item, Notice
from projects.supervision.models import Contract, Payment, Project
from tests.builders import SINCE, at, township
from tests.projects.supervision.conftest import Year, year_of
from tests.tables import unscoped_tables
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.models import Deadline, Meeting
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of
from workflow.roles.services import GrantRefused, grant

pytestmark = pytest.mark.django_db

NOTICE = "示审通〔2027〕3 号"
TODAY, LONG_AFTER = date(2027, 9, 1), date(2029, 1, 1)
WHOLE = ("1", "2", "3", "4", "5", "6", "money")
# Rules, days, names of offices and townships, which are published or printed for everybody; what belongs to one's own account;
# the outbox, which holds numbers of entries; the chain's hashes and signed heads, and the keys to check them with; robots'
# addresses, which are sealed; letters' words; that a flow is under way and on which number, not what it says.
OPEN = {
    "notifications_address",
    "notifications_delivery",
    "notifications_posted",
    "notifications_preference",
    "notifications_told",
    "notifications_wording",
    "otp_totp_totpdevice",
    "projects_cycle",
    "projects_cyclesession",
    "projects_rulebook",
    "projects_session",
    "projects_term",
    "viewflow_process",
    "workflow_calendarfeed",
    "workflow_copy",
    "workflow_copyread",
    "workflow_cosignature",
    "workflow_head",
    "workflow_leaf",
    "workflow_pendingfile",
    "workflow_rolegrant",
    "workflow_signingkey",
    "workflow_stamp",
    "workflow_stampfailure",
    "workflow_trailcheck",
    "workflow_treehead",
    "workflow_unit",
    "workflow_unitchange",
}
# Read as far as the row they belong to is, by their own policies.
RELATIONS = {
    "projects_addedmatter_movers",
    "projects_interpellation_movers",
    "projects_notice_items",
    "viewflow_task_previous",
    "workflow_meeting_attended",
    "workflow_sitting_attended",
}
# Nobody but the system reads them.
CLOSED = {
    "auth_group",
    "auth_group_permissions",
    "workflow_user_groups",
    "workflow_user_user_permissions",
}


@pytest.fixture
def year(db) -> Year:
    """A year under supervision, with something of every step, and the next year's first task."""
    apply(SYSTEM)
    year = year_of(township()).building()
    town = year.town
    start_year(
        town.act("chair", at("2027-08-10")),
        year=2028,
        opens_on=date(2027, 9, 1),
        planned_t=date(2028, 1, 19),
        planned_t2=date(2029, 1, 18),
    )
    act = town.act("clerk", at("2027-01-10"))
    propose(act, title="修桥", content="修一座桥。", proposer_kind="deputy")
    for kind, step in (("bill", 3), ("budget_table", 3), ("resolution", 4)):
        make_paper(act, year.cycle, kind, kind, step=step)
    item = Item.objects.get(number=1)
    BudgetLine.objects.create(unit=town.unit, item=item, code="2130142", amount_fen=1, source="本级财力")
    year.event(
        "further_line",
        town.of("finance"),
        "2027-03-12",
        kind="contract",
        number="1",
        party="公司",
        amount_fen="10",
        signed_on="2027-03-10",
        words="",
    )
    paid = {"way": "paid", "source": "own", "amount_fen": "5", "paid_on": "2027-03-12", "party": "公司"}
    year.event("pay", town.of("finance"), "2027-03-12", **paid)
    return year


def appointed(year: Year, name: str = "auditor", scope=()) -> RoleGrant:
    admin = User.objects.get(username__startswith="admin@")
    user = User.objects.create(username=name, name="周正")
    return grant(
        user=user,
        office="auditor",
        unit=year.town.unit,
        act=Act(admin, "admin", year.town.unit, at("2027-03-01")),
        since=SINCE,
        until=date(2030, 1, 1),
        document=NOTICE,
        scope=scope,
    )


def seen(model) -> int:
    return model.objects.count()


EVERY = (Proposal, Item, BudgetLine, Paper, Project, Contract, Payment, Deadline, Entry, Meeting)


def test_money_and_steps_five_and_six_are_what_an_auditor_reads_by_default(year):
    given = appointed(year)
    assert given.scope == ["5", "6", "money"]
    apply(context_of(given))
    assert [seen(model) for model in (Project, Contract, Payment, BudgetLine)] == [3, 1, 1, 1]
    assert [seen(model) for model in (Proposal, Contact)] == [0, 0]
    assert set(Paper.objects.exclude(step__in=(5, 6)).values_list("kind", flat=True)) == {"budget_table"}
    assert set(Item.objects.values_list("state", flat=True)) == {"elected"}
    assert set(Deadline.objects.values_list("step", flat=True)) == {5}
    steps = {json.loads(body)["step"] for body in Entry.objects.values_list("body", flat=True)}
    assert steps == {5}
    assert seen(Meeting) > 0


def test_a_notice_over_all_six_steps_shows_what_the_township_itself_sees(year):
    whole, clerk = appointed(year, scope=WHOLE), RoleGrant.objects.get(office="clerk")
    apply(context_of(clerk))
    own = [seen(model) for model in EVERY]
    apply(context_of(whole))
    assert [seen(model) for model in EVERY] == own and min(own) > 0


def test_a_notice_on_collection_alone_shows_proposals_and_no_project(year):
    apply(context_of(appointed(year, scope=["1"])))
    assert (seen(Proposal), seen(Project), seen(Contract), seen(Payment)) == (1, 0, 0, 0)
    assert set(Deadline.objects.values_list("step", flat=True)) == {1}


def test_a_file_follows_the_record_it_is_kept_with(year):
    papers = {p.kind: p for p in Paper.objects.filter(kind__in=("bill", "budget_table"))}
    for subject in (papers["bill"].reference, papers["budget_table"].reference, "proposal:1", "project:1"):
        Attachment.objects.create(
            unit=year.town.unit, subject=subject, name="文件", size=1, sha256="", added_at=at("2027-03-01")
        )
    apply(context_of(appointed(year)))
    kept = set(Attachment.objects.values_list("subject", flat=True))
    assert kept == {papers["budget_table"].reference, "project:1"}


def test_every_table_is_narrowed_or_known_to_be_open():
    """A new table needs a decision: NarrowPolicy in its migration, or a line above with its reason."""
    assert set(unscoped_tables()) == OPEN | RELATIONS | CLOSED


def test_tasks_and_what_led_to_them_and_who_was_there_follow_the_records_of_the_notice(year):
    relations = {
        (Task.previous.through, "from_task_id"): Task,
        (Meeting.attended.through, "meeting_id"): Meeting,
    }
    relations[Notice.items.through, "notice_id"] = Notice
    scheme, party = Deadline.objects.get(key="collection.scheme"), year.town.of("party")
    outside = Meeting.objects.create(
        unit=year.town.unit, task=scheme.task, body="party", title="方案", held_on=date(2027, 8, 12), members=1, present=1,
        votes_for=1, votes_against=0, votes_abstain=0, agreed=True, minutes="略", recorded_by=party,
    )  # fmt: skip
    outside.attended.add(party)
    notice = Notice.objects.create(
        unit=year.town.unit, cycle=year.cycle, round=9, from_on=date(2026, 11, 2), to_on=date(2026, 11, 9)
    )
    notice.items.add(Item.objects.get(number=1))
    every = {key: list(key[0].objects.values_list("pk", key[1])) for key in relations}
    given = appointed(year)
    apply(context_of(given))
    human = set(Task.objects.filter(flow_task_type="HUMAN").values_list("pk", flat=True))
    assert human == set(Deadline.objects.values_list("pk", flat=True)) != set()
    for (relation, column), whole in relations.items():
        shown = set(whole.objects.values_list("pk", flat=True))
        rows = every[relation, column]
        kept = {pk for pk, of in rows if of in shown}
        assert set(relation.objects.values_list("pk", flat=True)) == kept and len(kept) < len(rows), relation
    assert not Notice.items.through.objects.exists()


@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET unit_id = unit_id + 0", "UPDATE {} SET {}", "DELETE FROM {}"]
)
def test_what_an_auditor_does_not_read_is_not_changed_or_removed_unread_either(year, statement):
    words = {
        "projects_proposal": "title = 'x'",
        "projects_screening": "evidence = 'x'",
        "projects_contract": "words = 'x'",
        "projects_payment": "words = 'x'",
    }
    touched = {}
    given = appointed(year)
    for table, change in words.items():
        apply(context_of(given))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(table, change))
            touched[table] = cursor.rowcount
            transaction.set_rollback(True)
    assert touched == {
        "projects_proposal": 0,
        "projects_screening": 0,
        "projects_contract": 1,
        "projects_payment": 1,
    }


@pytest.mark.parametrize("path", ["/pool/", "/votes/", "/county/", "/years/{year}/practice/"])
def test_pages_outside_the_notice_are_refused_and_those_inside_are_shown(client, year, path):
    given, wide = appointed(year), appointed(year, "wide", WHOLE)
    path = path.format(year=year.cycle.pk)
    client.force_login(wide.user)
    assert client.get(path).status_code == 200
    client.force_login(given.user)
    assert client.get(path).status_code == 403
    assert client.get(f"/projects/{year.project().pk}/").status_code == 200
    page = client.get("/trail/").content.decode()
    assert path.replace("/practice/", "/x/") not in page  # nor does the navigation lead there


def test_a_task_or_a_paper_of_another_step_is_not_there_for_the_auditor(client, year):
    first = Deadline.objects.get(key="collection.scheme", done_at=None)
    bill, money = Paper.objects.get(kind="bill"), Paper.objects.get(kind="budget_table")
    outside = [f"/tasks/{first.pk}/", f"/papers-on-file/{bill.pk}/"]
    inside = [f"/tasks/{year.task('inspect').pk}/", f"/papers-on-file/{money.pk}/"]
    clerk, given = year.town.of("clerk"), appointed(year)
    client.force_login(clerk)
    assert [client.get(path).status_code for path in outside + inside] == [200] * 4
    client.force_login(given.user)
    assert [client.get(path).status_code for path in outside] == [404, 404]
    assert [client.get(path).status_code for path in inside] == [200, 200]


def test_the_years_page_says_the_limit_and_shows_no_figure_of_another_step(client, year):
    client.force_login(appointed(year).user)
    page = client.get(f"/years/{year.cycle.pk}/").content.decode()
    assert "查阅范围：监督、评估、项目资金" in page and f"依据{NOTICE}" in page
    assert (
        "征集意见建议" not in page
        and "归并项和候选项目" not in page
        and "budget_table" in page
        and "resolution" not in page
    )
    client.force_login(year.town.of("clerk"))
    page = client.get(f"/years/{year.cycle.pk}/").content.decode()
    assert (
        "查阅范围" not in page
        and "征集意见建议" in page
        and "归并项和候选项目" in page
        and "resolution" in page
    )


def states(grant: RoleGrant, year: Year) -> list[str]:
    """What the list of years shows of each step of one, in order."""
    apply(context_of(grant))
    (row,) = matrix([year.cycle], TODAY, grant)
    return [cell.state for cell in row.cells]


def test_the_list_of_years_tells_nothing_of_a_step_outside_the_notice_and_says_that(client, year):
    clerk, given = RoleGrant.objects.get(office="clerk"), appointed(year)
    told = states(clerk, year)
    assert "outside" not in told
    assert states(given, year) == ["outside"] * 4 + told[4:]
    apply(SYSTEM)
    assert states(appointed(year, "whole", scope=WHOLE), year) == told
    apply(SYSTEM)
    client.force_login(given.user)
    page = client.get("/years/").content.decode()
    # Two years are under way, and of each four steps are outside.
    assert page.count("不在查阅范围") == 2 * 4 and f"依据{NOTICE}" in page
    assert f"/years/{year.cycle.pk}/#step-5" in page and f"/years/{year.cycle.pk}/#step-4" not in page
    client.force_login(clerk.user)
    page = client.get("/years/").content.decode()
    assert "查阅范围" not in page and f"/years/{year.cycle.pk}/#step-4" in page


def declared(year: Year, reason: str = "") -> None:
    """The result declared: an act of step 4, from which days of step 5 count."""
    act = year.town.act("chair", at("2027-02-01"))
    write_down(act, "voting.declare", year.cycle.reference, about=year.cycle.reference, step=4, reason=reason)


def test_the_checks_of_the_notices_parts_are_answered_from_the_whole_trail_and_tell_nothing_else_of_it(
    client, year
):
    declared(year)
    whole = dict(conformance_of(year.cycle, TODAY))
    given = appointed(year)
    apply(context_of(given))
    readable = set(Entry.objects.values_list("id", flat=True))
    found = conformance_in(year.cycle, TODAY, given)
    assert {check.step for check, _finding in found} == {3, 5, 6}
    assert [check.code for check, _finding in found if check.step == 3] == ["budget"]
    assert [(check.code, finding.status) for check, finding in found] == [
        (check.code, finding.status) for check, finding in whole.items() if check in dict(found)
    ]
    assert all(set(finding.evidence) <= readable for _check, finding in found)
    assert any(set(whole[check].evidence) - readable for check, _finding in found)
    apply(SYSTEM)
    wide = appointed(year, "wide", WHOLE)
    apply(context_of(wide))
    assert conformance_in(year.cycle, TODAY, wide) == list(whole.items())


def test_a_reason_outside_the_notice_is_not_told_with_a_check_inside_it(year):
    late = Act(year.town.of("chair"), "chair", year.town.unit, at("2027-02-01"))
    write_down(
        late, "voting.declare", year.cycle.reference, about=year.cycle.reference, step=4, reason="另行说明"
    )
    (check,) = (one for one in CHECKS if one.code == "filed")
    handed = next(one for one in CHECKS if one.code == "handed_over")
    assert "另行说明" in dict(conformance_of(year.cycle, LONG_AFTER))[check].note
    given = appointed(year)
    apply(context_of(given))
    inside = dict(conformance_in(year.cycle, LONG_AFTER, given))
    assert check not in inside and "另行说明" not in inside[handed].note


def test_the_page_of_conformance_says_what_it_leaves_out(client, year):
    path = f"/years/{year.cycle.pk}/conformance/"
    client.force_login(appointed(year).user)
    page = client.get(path).content.decode()
    assert "查阅范围：监督、评估、项目资金" in page and "不在本页列出" in page
    assert (
        "项目均有代表视察" in page
        and "项目资金列入预算草案后票决" in page
        and "到会达三分之二以上" not in page
    )
    assert path in client.get(f"/years/{year.cycle.pk}/").content.decode()
    apply(SYSTEM)
    client.force_login(appointed(year, "funds", ("money",)).user)
    assert "项目均有代表视察" not in client.get(path).content.decode()
    client.force_login(year.town.of("clerk"))
    page = client.get(path).content.decode()
    assert "不在本页列出" not in page and "到会达三分之二以上" in page


def test_the_export_holds_what_the_notice_covers_and_says_so_in_the_trail(client, year):
    given = appointed(year)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    client.force_login(given.user)
    code = year.town.unit.code

    def exported() -> list[dict]:
        answer = client.post(f"/trail/{code}/export/?format=jsonl&reason=审计")
        return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]

    lines = exported()
    assert lines and {line["step"] for line in lines if line["actor"] != given.user.username} == {5}
    apply(SYSTEM)
    entry = json.loads(Entry.objects.get(action="trail.export").body)
    assert entry["after"]["scope"] == ["5", "6", "money"] and entry["actor"] == given.user.username
    client.force_login(appointed(year, "wide", WHOLE).user)
    assert {1, 2, 5} <= {line["step"] for line in exported()}
    apply(SYSTEM)
    assert Entry.objects.filter(action="record.read").exists()  # reads recorded, whatever their scope


def test_a_scope_is_for_offices_that_are_limited_to_one(year):
    with pytest.raises(GrantRefused, match="没有这一查阅范围"):
        appointed(year, scope=["7"])
    admin = User.objects.get(username__startswith="admin@")
    with pytest.raises(GrantRefused, match="不限定查阅范围"):
        grant(
            user=User.objects.create(username="x", name="李明"),
            office="finance",
            unit=year.town.unit,
            act=Act(admin, "admin", year.town.unit, at("2027-03-01")),
            since=SINCE,
            scope=["5"],
        )
