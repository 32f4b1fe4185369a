"""The trail is searched by everything an auditor asks for, and tells what changed in words."""

from __future__ import annotations

import re
from datetime import date

import pytest

from projects.cycles.models import Cycle
from projects.lifecycle.intake import start_year
from tests.builders import at, do, township
from tests.notifications.conftest import SCHEME
from workflow.audit.exporters import record_export
from workflow.audit.exporters.extract import extract_of
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.inbox.story import actions_called, entries_called, line_of, lines_of
from workflow.machines.graph import arrows, machines
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit

pytestmark = pytest.mark.django_db
PLAN = {"opens_on": date(2026, 9, 1), "planned_t": date(2027, 1, 20), "planned_t2": date(2028, 1, 18)}


@pytest.fixture
def town(db):
    apply(SYSTEM)
    made = township()
    start_year(made.act("chair", at("2026-08-10")), year=2027, **PLAN)
    do("collection.scheme", made.of("chair"), "2026-08-20", **SCHEME)
    for number, office in enumerate(("mayor", "finance"), 1):
        act = made.act(office, at(f"2026-10-0{number}"))
        write_down(act, "test.act", f"project:{number}", step=5, label=f"第{number}号项目", before={"state": "building"},
                   after={"state": "completed"})  # fmt: skip
    return made


def shown(client, town, query: str) -> str:
    client.force_login(town.of("clerk"))
    answer = client.get(f"/trail/?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def lines(page: str) -> int:
    return page.count("timeline-item")


DAY = "{0}_year=2026&{0}_month={1}&{0}_day={2}"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("subject=project:1", 1),
        ("subject=第2号", 1),
        ("subject=project:9", 0),
        ("office=mayor", 1),
        ("office=mayor&step=4", 0),
        ("step=5", 2),
        ("words=没有这样的事", 0),
        (DAY.format("since", 10, 2), 1),
        (DAY.format("since", 10, 1) + "&" + DAY.format("until", 10, 1), 1),
        (DAY.format("since", 10, 3), 0),
    ],
)
def test_every_field_narrows(town, client, query, count):
    assert lines(shown(client, town, "")) > 2
    page = shown(client, town, query)
    assert lines(page) == count
    assert ("没有符合条件的记录" in page) == (count == 0)


def test_a_person_is_found_by_name_and_by_user_name(town, client):
    mayor = town.of("mayor")
    for asked in (mayor.name, mayor.username):
        page = shown(client, town, f"person={asked}&step=5")
        assert lines(page) == 1 and "第1号项目" in page


def test_an_act_is_found_by_what_it_is_called(town, client):
    title = line_of(Entry.objects.get(action="collection.scheme")).what
    assert (
        lines(shown(client, town, f"words={title}"))
        == Entry.objects.filter(action="collection.scheme").count()
        == 1
    )
    returned = actions_called(f"{title}退回", town.unit)
    assert "collection.scheme.return" in returned and "collection.scheme" not in returned
    taken_back = actions_called(f"{title}：取回", town.unit)
    assert "collection.scheme.take_back" in taken_back and "collection.scheme" not in taken_back


def moved(town, action: str, was: str, now: str, office: str = "chief_teller", **after) -> Entry:
    act = Act(town.of("mayor"), office, town.unit, at("2026-10-09"))
    return write_down(act, action, "vote:7", before={"state": was}, after={"state": now, **after})


def test_an_entry_is_found_by_the_title_its_line_shows_and_by_no_other(town, client):
    """A recount goes along the arrows of a vote; what residents do of their own accord has a title of its own."""
    vote = moved(town, "vote.open", "defined", "open")
    recount = moved(town, "vote.open", "defined", "open", is_recount=True)
    plain = moved(town, "vote.close", "open", "closed", is_recount=False)
    by_office = write_down(town.act("mayor", at("2026-10-09")), "collection.propose", "proposal:1")
    by_resident = write_down(
        Act(None, "resident", town.unit, at("2026-10-09")), "collection.propose", "proposal:2"
    )
    told = {line_of(one).what for one in (vote, recount, plain, by_office, by_resident)}
    assert {"开始复票", "提出意见建议", "提出或登记意见建议"} <= told and len(told) == 5
    for one in (vote, recount, plain, by_office, by_resident):
        title = line_of(one).what
        assert list(entries_called(Entry.objects.filter(unit=town.unit), title, town.unit)) == [one], title
        assert lines(shown(client, town, f"words={title}")) == 1, title
    assert lines(shown(client, town, "words=复票")) == 1


def test_an_arrow_leads_to_one_state_so_that_its_title_is_known_beforehand():
    for model in machines():
        targets: dict[str, set[str]] = {}
        for arrow in arrows(model):
            if arrow.source != arrow.target:
                targets.setdefault(arrow.name, set()).add(arrow.target)
        assert not [name for name, found in targets.items() if len(found) > 1], model


def test_a_time_that_ends_before_it_begins_is_refused_and_kept(town, client):
    page = shown(client, town, DAY.format("since", 10, 2) + "&" + DAY.format("until", 10, 1))
    assert "结束日期不能早于开始日期" in page and lines(page) == 0 and 'value="2026"' in page


def test_what_changed_is_told_by_chinese_labels(town):
    moved = line_of(Entry.objects.get(subject="project:1"))
    assert [(one.label, one.was, one.now) for one in moved.changes] == [("状态", "实施中", "已完工")]
    scheme = {one.label: one.now for one in line_of(Entry.objects.get(action="collection.scheme")).changes}
    assert all(re.search(r"[\u4e00-\u9fff]", label) for label in scheme) and len(scheme) >= 2


def told(town, action: str, subject: str, before=None, **after) -> dict[str, tuple[str, str]]:
    entry = write_down(town.act("clerk", at("2026-10-05")), action, subject, before=before or {}, after=after)
    return {one.label: (one.was, one.now) for one in line_of(entry).changes}


def test_values_are_told_as_people_read_them(town):
    assert told(town, "supervision.settlement", "project:1", amount_fen=38_000_000) == {
        "审定金额": ("", "38 万元")
    }
    assert told(town, "collection.receive", "proposal:1", decision="accept", reason="") == {
        "处理意见": ("", "受理")
    }
    unit = town.unit.reference
    changed = told(
        town,
        "project.alter",
        "project:1",
        before={"department": None, "budget_fen": 100_000_000, "finish_by": "2027-06-30", "light": ""},
        department=unit,
        budget_fen=120_000_000,
        finish_by="2027-09-30",
        light="green",
    )
    assert changed == {
        "责任单位": ("", town.unit.name),
        "总投资": ("100 万元", "120 万元"),
        "完成时限": ("2027年6月30日", "2027年9月30日"),
        "亮灯": ("", "正常"),
    }
    assert told(town, "change.make_major", "change:1", body="congress")["决定机关"] == ("", "人民代表大会")
    assert told(town, "interpellation.admit", "interpellation:1", form="written")["答复形式"][1] == "书面答复"
    assert told(town, "vote.define", "vote:1", mode="select")["投票方式"] == ("", "差额选择")


def test_the_records_a_field_lists_are_named_as_far_as_they_are_there_and_counted_beyond_a_few(town):
    units = list(Unit.objects.order_by("pk")[:9])
    names, references = [unit.name for unit in units], [unit.reference for unit in units]
    listed = {
        "、".join(names[:8]): references[:8],
        "、".join(names[:8]) + "等 9 项": references,
        f"{names[0]}等 2 项": [references[0], "visit:404"],
        "共2项": ["visit:404", "visit:405"],
    }
    for now, of in listed.items():
        shown = told(town, "personal.read", Cycle.objects.get().reference, data="visits", of=of)
        assert shown["涉及记录"] == ("", now)


def test_an_entrys_records_are_named_by_one_read_for_all_of_its_page(town, django_assert_num_queries):
    cycle, unit = Cycle.objects.get().reference, town.unit.reference
    act = town.act("clerk", at("2026-10-05"))
    entries = [
        write_down(act, "project.alter", f"project:{n}", after={"department": unit, "cycle": cycle})
        for n in range(5)
    ]
    with django_assert_num_queries(2):
        lines_of(entries[:1])
    with django_assert_num_queries(2):
        assert {one.now for line in lines_of(entries) for one in line.changes} >= {town.unit.name}


def test_who_exported_and_who_looked_have_lists_of_their_own(town, client):
    act = town.act("clerk", at("2026-10-05"))
    leaving = extract_of(town.unit)
    record_export(act, leaving, form="csv", reason="县档案馆检查")
    write_down(act, "record.read", "unit:1", after={"page": "project"})
    assert lines(shown(client, town, "kind=exported")) == 1
    exported = shown(client, town, "kind=exported")
    assert "县档案馆检查" in exported and "格式：CSV 表格" in exported
    assert f"条数：{leaving.total()}" in exported
    assert lines(shown(client, town, "kind=read")) == 1
    assert lines(shown(client, town, "kind=personal")) == 0


def test_a_list_of_fifty_costs_no_more_queries_than_one_of_five(town, client, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        shown(client, town, "step=5")
    apply(SYSTEM)
    for number in range(28):
        write_down(town.act("mayor", at("2026-10-06")), "test.act", f"project:{number + 10}", step=5)
    with CaptureQueriesContext(connection) as many:
        assert lines(shown(client, town, "step=5")) == 30
    assert len(many) <= len(few) and Cycle.objects.exists()
