"""四清一本通: what stands in it is what the flows, the grants, the deadlines and the trail say, on the page and on paper alike."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta

import docx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.formats import date_format
from django.utils.timezone import localdate
from hypothesis import given
from hypothesis import strategies as st

from projects.cycles.documents import pdf
from projects.cycles.models import Cycle
from projects.lifecycle.booklet.composing import Booklet, Sheet, composed, document_of
from projects.lifecycle.booklet.reading import account_of, facts_of
from projects.lifecycle.booklet.rules import Planned, Progress, Trace, Turn, road, standing_of, together
from projects.lifecycle.seat_table import rows_of
from tests.builders import at, township
from tests.projects.oversight.county_world import leader_of
from tests.projects.oversight.test_audit_scope import appointed
from tests.projects.portal.public_world import text_of, travel
from tests.projects.supervision.conftest import Year, year_of
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.inbox.story import lines_of
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User

DAY = date(2027, 6, 1)
ALL = frozenset(range(1, 7))

# ------------------------------------------------------------------------------- the rules

DAYS = st.dates(date(2026, 9, 1), date(2026, 9, 30))
TURNS = st.builds(Turn, due_on=st.none() | DAYS, done_on=st.none() | DAYS, provisional=st.booleans())


@given(st.lists(TURNS), st.lists(TURNS), DAYS)
def test_standings_add_up_and_nothing_is_late_that_has_no_day(ours, theirs, today):
    one, other, both = (standing_of(turns, today) for turns in (ours, theirs, ours + theirs))
    for name in ("total", "done", "late", "overdue"):
        assert getattr(both, name) == getattr(one, name) + getattr(other, name)
    assert both.worst == max(one.worst, other.worst)
    assert 0 <= both.late <= both.done <= both.total and both.overdue <= both.total - both.done
    undated = [Turn(None, turn.done_on) for turn in ours] + [Turn(today, None, provisional=True)]
    later = standing_of(undated, today + timedelta(days=90))
    assert (later.late, later.overdue, later.worst) == (0, 0, 0)


def test_a_task_done_on_its_day_is_in_time_and_one_open_the_day_after_is_overdue():
    day, after = date(2026, 9, 10), date(2026, 9, 11)
    assert Turn(day, day).days_late(after) == 0 and Turn(day, after).days_late(after) == 1
    assert Turn(day).days_late(day) == 0 and Turn(day).days_late(after) == 1


PLAN = {step: Planned(date(2026, step, 1), date(2026, step, 28)) for step in range(1, 7)}


@given(st.integers(0, 6), st.booleans(), st.lists(st.integers(0, 40), min_size=6, max_size=6))
def test_every_step_before_the_one_a_year_stands_in_has_ended_where_the_next_began(at_step, closed, gaps):
    began, day = {}, date(2026, 1, 1)
    for step in range(1, at_step + 1):
        day += timedelta(days=gaps[step - 1])
        began[step] = day
    end = day if closed and at_step == 6 else None
    found = road(PLAN, began, end)
    assert [one.step for one in found] == sorted(PLAN)
    for one in found:
        expected = (
            Progress.WAITING if one.step > at_step
            else Progress.DONE if one.step < at_step or end
            else Progress.RUNNING
        )  # fmt: skip
        assert one.progress == expected
        assert one.ended == (began.get(one.step + 1) if one.step < 6 else end)


def test_days_over_count_either_way_and_a_step_that_has_not_ended_is_never_early():
    found = {one.step: one for one in road(PLAN, {1: date(2026, 1, 1), 2: date(2026, 1, 30)}, None)}
    assert found[1].days_over(date(2026, 9, 9)) == 2
    assert found[2].days_over(date(2026, 2, 1)) == 0 and found[2].days_over(date(2026, 3, 1)) == 1
    early = road(PLAN, {1: date(2026, 1, 1), 2: date(2026, 1, 20)}, None)[0]
    assert early.days_over(date(2026, 9, 9)) == -8


def test_a_year_that_was_ended_goes_no_further():
    end, later = date(2026, 2, 20), date(2027, 1, 1)
    found = road(PLAN, {1: date(2026, 1, 1), 2: date(2026, 1, 30)}, None, end)
    assert (found[0].progress, found[0].days_over(later)) == (Progress.DONE, 2)
    assert (found[1].progress, found[1].ended, found[1].days_over(later)) == (Progress.STOPPED, end, 0)
    assert {(one.progress, one.ended, one.days_over(later)) for one in found[2:]} == {
        (Progress.STOPPED, None, 0)
    }


def test_a_step_whose_beginning_cannot_be_read_has_ended_where_a_later_one_began():
    found = road(PLAN, {5: date(2026, 5, 2)}, None)
    assert [one.ended for one in found[:4]] == [date(2026, 5, 2)] * 4 and found[
        4
    ].progress == Progress.RUNNING


ACTS = st.lists(
    st.builds(Trace, number=st.integers(1, 500), step=st.integers(0, 6), on=DAYS,
              alike=st.tuples(st.sampled_from("受审"), st.sampled_from("张李"), st.sampled_from(["", "代表"]))),
    unique_by=lambda act: act.number,
)  # fmt: skip


@given(ACTS, st.randoms())
def test_the_account_has_every_entry_once_by_step_and_in_order_however_it_is_read(acts, random):
    lines = together(acts)
    assert sorted(one.number for line in lines for one in line) == sorted(a.number for a in acts)
    begins = [(line[0].step, line[0].number) for line in lines]
    assert begins == sorted(begins)
    for line in lines:
        assert [one.number for one in line] == sorted(one.number for one in line)
        assert len({(one.step, one.on, one.alike) for one in line}) == 1
    mixed = list(acts)
    random.shuffle(mixed)
    assert together(mixed) == lines


# ------------------------------------------------------------------------------- a year's booklet

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


@pytest.fixture
def year(db, monkeypatch) -> Year:
    apply(SYSTEM)
    made = year_of(township()).building()
    travel(monkeypatch, DAY.isoformat())
    return made


def made_of(year: Year, readable: frozenset[int] = ALL, on: date = DAY) -> Booklet:
    return pages_of(year, readable, on)[0]


def pages_of(year: Year, readable: frozenset[int] = ALL, on: date = DAY, size: int = 9999) -> list[Booklet]:
    cycle = Cycle.objects.select_related("unit").get(pk=year.cycle.pk)
    account = account_of(cycle)
    pages = [account[first : first + size] for first in range(0, len(account), size)]
    return [composed(facts_of(cycle, readable, on, account, shown)) for shown in pages]


def sheets(booklet: Booklet, chapter: str) -> list[Sheet]:
    return list(next(c for c in booklet.chapters if c.code == chapter).sheets)


def test_it_has_the_four_clears_in_their_order(year):
    found = made_of(year)
    assert [(c.title, c.clear) for c in found.chapters] == [
        ("座位表", "边界清"), ("责任书", "职责清"), ("路线图", "流程清"), ("明白账", "效果清"),
    ]  # fmt: skip
    assert found.title == f"{year.cycle}四清一本通" and found.as_of == "2027年6月1日"


def test_the_seats_are_those_of_the_seat_table(year):
    rows = rows_of(year.town.unit, year.cycle, DAY)
    lines = [line for sheet in sheets(made_of(year), "seats") for line in sheet.lines]
    assert len(lines) == len(rows)
    chair = next(row for row in rows if row.office == "chair" and row.holder)
    assert any(chair.title in line.cells[0] and chair.holder[0] in line.cells[2] for line in lines)


def test_the_responsibility_sheet_has_every_task_under_its_office_with_who_did_it(year):
    found = sheets(made_of(year), "duties")
    named = {sheet.title.split("（")[0]: sheet for sheet in found}
    own, clerk = named[f"责任单位 · {year.project().department.name}"], year.clerk_of(year.project())
    assert clerk.name in own.title
    plan = next(line for line in own.lines if "实施计划" in line.cells[0])
    assert "2027年2月15日 办结" in plan.cells[3] and clerk.name in plan.cells[4]


def test_what_is_late_is_told_of_all_and_never_of_a_provisional_day(year):
    on = date(2027, 12, 31)
    held = Deadline.objects.filter(about=year.cycle.reference, cancelled=False)
    open_ones = held.filter(done_at=None, due_on__lt=on)

    def told() -> str:
        return next(c for c in made_of(year, on=on).chapters if c.code == "duties").told

    open_ones.update(provisional=True)
    assert told().startswith(f"应办 {held.count()} 件，已办 {held.exclude(done_at=None).count()} 件")
    assert "超期未办" not in told()
    open_ones.update(provisional=False)
    assert open_ones.count() > 0 and f"超期未办 {open_ones.count()} 件" in told()


def test_a_task_nobody_has_had_stands_as_not_come_or_as_not_happened(year):
    lines = [line for sheet in sheets(made_of(year), "duties") for line in sheet.lines]
    steps = {line.cells[1]: line.cells[3] for line in lines if line.cells[3] in ("未发生", "尚未产生")}
    assert steps["评估"] == "尚未产生" and steps["初定"] == "未发生"


def test_the_road_says_when_each_step_was_to_end_and_did(year):
    steps, meetings = sheets(made_of(year), "road")
    rows = {line.cells[0]: line.cells for line in steps.lines}
    assert list(rows) == ["征集", "初定", "审议", "票决", "监督", "评估"]
    opened = Entry.objects.get(action="cycle.open").at
    assert rows["征集"][1] == "2026年9月1日" and rows["征集"][3] == date_format(localdate(opened))
    assert rows["审议"][2] == rows["票决"][1] == "2027年1月20日"
    assert "进行中" in rows["监督"][5] and rows["评估"][3:] == ("—", "—", "未开始")
    assert [line.cells[1] for line in meetings.lines] == ["2027年1月20日", "2028年1月18日"]


def test_the_account_has_the_acts_of_the_trail_with_their_numbers_and_the_projects_with_their_sums(year):
    found = sheets(made_of(year), "account")
    numbers = {n for sheet in found for line in sheet.lines for n in line.entries}
    entry = Entry.objects.filter(action="supervision.hand_over").get()
    assert entry.pk in numbers
    assert not numbers & set(Entry.objects.filter(action="project.assign").values_list("pk", flat=True))
    money = found[0]
    assert money.code == "account-projects" and len(money.lines) == 4
    assert money.lines[0].cells[2] == "380 万元" and money.lines[-1].cells[2] == "515 万元"


def test_pages_of_the_account_together_are_the_whole_and_leave_the_rest_as_it_is(year):
    whole = made_of(year)
    pages = pages_of(year, size=2)
    assert len(pages) > 1
    shown = [line for page in pages for s in sheets(page, "account") if s.long for line in s.lines]
    assert shown == [line for s in sheets(whole, "account") if s.long for line in s.lines]
    assert all(page.chapters[:3] == whole.chapters[:3] for page in pages)


def test_the_paper_has_its_contents_and_every_line_of_the_page(year):
    whole = made_of(year)
    document = document_of(whole)
    tables = [part for part in document.parts if part.kind == "table"]
    assert [len(t.rows) for t in tables] == [len(s.lines) for c in whole.chapters for s in c.sheets]
    assert all(len(row) == len(t.head) == len(t.widths) for t in tables for row in t.rows)
    parts = document.parts
    above = [parts[at - 1] for at, part in enumerate(parts) if part.kind == "table"]
    assert document.wide and all(part.kept for part in above)
    # Nobody's names make a row that fills the page.
    assert all(len(cell) <= 130 for t in tables for row in t.rows for cell in row)
    words = [part.text for part in document.parts if part.kind == "paragraph"]
    assert words[:4] == [
        "一、座位表（边界清）",
        "二、责任书（职责清）",
        "三、路线图（流程清）",
        "四、明白账（效果清）",
    ]


def test_a_page_puts_into_words_only_what_it_shows(year, client, monkeypatch):
    told: list[int] = []

    def telling(entries):
        found = lines_of(entries)
        told.extend(line.entry.pk for line in found)
        return found

    monkeypatch.setattr("projects.lifecycle.booklet.reading.lines_of", telling)
    monkeypatch.setattr("projects.portal.booklet.PER_PAGE", 2)
    client.force_login(year.town.of("clerk"))
    text_of(client, f"{address(year)}?page=2")
    apply(SYSTEM)
    shown = account_of(year.cycle)[2:4]
    assert shown and sorted(told) == sorted(one.number for line in shown for one in line)


# ------------------------------------------------------------------------------- its page and files


def address(year: Year, ending: str = "") -> str:
    return f"/years/{year.cycle.pk}/booklet/" + (f"{ending}/" if ending else "")


def test_the_page_and_the_way_to_it_call_the_four_by_the_names_of_the_founding_document(client, year):
    client.force_login(year.town.of("clerk"))
    page = client.get(address(year)).content.decode()
    assert "座位表、责任书、路线图、明白账" in page and "边界清、职责清、流程清、效果清" in page
    way = client.get(f"/years/{year.cycle.pk}/").content.decode()
    assert "边界清（座位表）、职责清（责任书）、流程清（路线图）、效果清（明白账）" in way


def test_the_page_shows_it_and_links_each_entry_to_the_trail(client, year):
    client.force_login(year.town.of("clerk"))
    page = text_of(client, address(year))
    assert all(f'id="{code}"' in page for code in ("seats", "duties", "road", "account"))
    link = re.search(r'href="(/trail/\?unit=T01&amp;number=\d+)"', page)
    assert link and text_of(client, link[1].replace("&amp;", "&")).count("timeline-item") == 1
    assert address(year) in text_of(client, f"/years/{year.cycle.pk}/")


def test_it_is_saved_as_word_and_as_pdf_and_says_where_no_pdf_can_be_made(client, year, monkeypatch):
    client.force_login(year.town.of("mayor"))
    answer = client.get(address(year, "docx"))
    told = docx.Document(io.BytesIO(answer.content))
    assert "四清一本通" in "".join(p.text for p in told.paragraphs) and len(told.tables) > 10
    page = told.sections[0]
    assert page.page_width > page.page_height
    with monkeypatch.context() as patched:
        patched.setattr(pdf, "laid_out", None)  # not laid out by whoever answers requests
        made = client.get(address(year, "pdf"))
    assert made["Content-Type"] == "application/pdf" and made.content.startswith(b"%PDF")
    monkeypatch.setattr(pdf, "obstacle_to_pdf", lambda: "本机没有安装排版组件")
    monkeypatch.setattr("projects.portal.booklet.obstacle_to_pdf", lambda: "本机没有安装排版组件")
    assert client.get(address(year, "pdf")).url == address(year)
    page = text_of(client, address(year))
    assert (
        "本机没有安装排版组件" in page and address(year, "pdf") not in page and address(year, "docx") in page
    )
    assert client.get(address(year, "exe")).status_code == 404


def test_every_office_of_the_township_reads_it_its_county_too_and_nobody_else(client, year):
    apply(SYSTEM)
    other = township("T02", name="柳河镇")
    inside = [year.town.of(office) for office in ("chair", "deputy")]
    inside += [leader_of(year.town.unit.parent), year.clerk_of(year.project())]
    for user in inside:
        client.force_login(user)
        assert client.get(address(year)).status_code == 200, user
    outside = [(other.of("clerk"), 404), (leader_of(other.unit.parent, "another"), 404)]
    for user, status in outside:
        for ending in ("", "docx"):
            client.force_login(user)
            assert client.get(address(year, ending)).status_code == status, user
    client.force_login(User.objects.get(username="admin@T01"))
    client.logout()
    assert client.get(address(year)).status_code == 302


def test_the_administrator_reads_no_business(client, year):
    from tests.builders import SINCE
    from workflow.audit.services import Act
    from workflow.roles.services import grant

    admin = User.objects.get(username="admin@T01")
    county = year.town.unit.parent
    grant(
        user=admin,
        office="admin",
        unit=county,
        act=Act(admin, "admin", county, at("2020-01-01")),
        since=SINCE,
    )
    client.force_login(admin)
    assert client.get(address(year)).status_code == 403


def test_an_auditor_reads_what_the_notice_covers_and_every_look_is_recorded(client, year):
    given = appointed(year)
    client.force_login(given.user)
    page = text_of(client, address(year))
    apply(SYSTEM)
    assert "查阅范围：监督、评估、项目资金" in page and "不在查阅范围" in page
    opened = {"page": "booklet", "pk": str(year.cycle.pk)}
    read = Entry.objects.filter(action="record.read", actor=given.user).order_by("-pk").first()
    assert all(f'"{value}"' in read.body for value in opened.values())
    narrowed = made_of(year, frozenset({5, 6}))
    waiting = [
        line.cells[1]
        for s in sheets(narrowed, "duties")
        for line in s.lines
        if line.cells[3] in ("未发生", "尚未产生")
    ]
    assert set(waiting) <= {"监督", "评估", "各环节"}


def test_it_costs_as_many_queries_for_a_long_year_as_for_a_short_one(client, year):
    client.force_login(year.town.of("clerk"))

    def cost() -> int:
        text_of(client, address(year))
        with CaptureQueriesContext(connection) as seen:
            text_of(client, address(year))
        apply(SYSTEM)
        return len(seen)

    year.report("2027-04-02", 10)
    before = cost()
    year.report("2027-05-05", 20)
    assert cost() == before < 60
