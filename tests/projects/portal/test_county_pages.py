"""The county's overview: what it shows, that every number opens its list, what it costs, and whom it shows to."""

from __future__ import annotations

import io
import re
from datetime import date

import openpyxl
import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.cycles.models import Cycle
from projects.cycles.wording import in_words_of_level
from projects.lifecycle.booklet.composing import ended_words
from projects.lifecycle.booklet.reading import roads_of
from projects.oversight.figures import Cell, figures_by_year
from projects.oversight.measures import MEASURES, SECTIONS, WEIGHED, score
from projects.oversight.models import Weighting
from projects.portal.county_papers import notes_of
from projects.portal.county_view import View, lag_of
from tests.builders import arranged, at, township
from tests.projects.oversight.county_world import county_of, leader_of, townships_of
from tests.projects.portal.public_world import text_of, travel
from tests.projects.supervision.conftest import Year, year_of
from tests.purpose import say_purpose
from workflow.flows.errors import InvalidForm, NotYourTurn
from workflow.flows.events import perform
from workflow.flows.models import Deadline
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply, within
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of

pytestmark = pytest.mark.django_db
TODAY = date(2027, 6, 1)
NAMES = ["青溪镇", "柳河镇", "双桥镇", "石门镇"]


@pytest.fixture
def county(db, monkeypatch):
    apply(SYSTEM)
    travel(monkeypatch, "2027-06-01")
    return county_of("K")


def signed_in(client: Client, user) -> Client:
    client.force_login(user)
    return client


def view(county, address: str = "") -> View:
    return View(county, QueryDict(address), TODAY)


def names(view: View) -> list[str]:
    return [row.unit.name for row in view.rows]


LINK = re.compile(r'href="(/county/list/[^"]+)"[^>]*>(.*?)</a>', re.DOTALL)


def numbers_on(page: str) -> dict[str, str]:
    """Every list a page opens, with the text of the link."""
    return {
        url.replace("&amp;", "&"): re.sub(r"\s+", " ", re.sub("<[^>]+>", "", text)).strip()
        for url, text in LINK.findall(page)
    }


def total_of(page: str) -> int:
    found = re.search(r"data-total>(\d+)<", page)
    assert found
    return int(found[1])


@pytest.mark.parametrize("part", [section.code for section in SECTIONS])
def test_every_number_opens_the_list_of_what_it_counts(client, county, part):
    townships_of(county, NAMES[:2])
    apply(SYSTEM)
    signed_in(client, leader_of(county))
    page = text_of(client, f"/county/?part={part}")
    found = {url: text for url, text in numbers_on(page).items() if "天" not in text}
    assert len(found) > 20
    counted = 0
    for url, text in found.items():
        listed = text_of(client, url)
        if re.fullmatch(r"[一-鿿]*\s*\d+( [个件份次])?|\d+ [一-鿿、（）]+", text):
            number = re.search(r"\d+", text)
            assert number and int(number[0]) == total_of(listed), (url, text)
            counted += 1
    assert counted >= 7


def test_the_voters_visited_are_a_measure_and_open_the_visits_they_were_counted_in(client, county):
    townships_of(county, NAMES[:3])
    apply(SYSTEM)
    shown = view(county, "part=participation&sort=voters&dir=down")
    assert [row.numbers["voters"].value for row in shown.rows] == [3, 2, 1]
    signed_in(client, leader_of(county))
    page = text_of(client, "/county/?part=participation")
    found = {url: text for url, text in numbers_on(page).items() if "/list/voters/" in url}
    assert sorted(found.values()) == ["1", "2", "3", "6"]
    for url, text in found.items():
        listed = text_of(client, url)
        assert total_of(listed) == int(text) and "人次" in listed and "走访选民数" in listed


CELL = re.compile(r"<td\b[^>]*>(.*?)</td>", re.DOTALL)
UNDER = re.compile(r'<span class="(?:row-meta|visually-hidden)">[^<]*</span>')


def bare_numbers(page: str) -> list[str]:
    """The cells of a page's tables that say a number and open nothing; what stands under a number or is only spoken aside."""
    cells = [UNDER.sub("", cell) for cell in CELL.findall(page)]
    return [cell for cell in cells if re.search(r"\d", re.sub("<[^>]+>", "", cell)) and "<a " not in cell]


@pytest.mark.parametrize("part", [section.code for section in SECTIONS])
def test_no_number_of_a_table_is_without_its_list(client, province, part):
    signed_in(client, leader_of(province))
    above, below = (text_of(client, f"/county/?part={part}{unit}") for unit in ("", "&unit=A"))
    assert len(CELL.findall(above)) > 20 and len(CELL.findall(below)) > 30
    assert bare_numbers(above) == bare_numbers(below) == []
    assert bare_numbers("<td>3 个</td>") == ["3 个"]


def test_of_a_county_the_townships_in_a_step_and_all_of_them_are_listed(client, province, monkeypatch):
    signed_in(client, leader_of(province))
    page = text_of(client, "/county/")
    found = {url: text for url, text in numbers_on(page).items() if "/list/years/" in url}
    assert len(found) == 4  # two counties, each with its townships in step 5 and all of its townships
    for url, text in found.items():
        listed = text_of(client, url)
        assert int(text.split()[0]) == total_of(listed) and "最近期限" in listed
    assert total_of(text_of(client, "/county/list/years/?step=4&unit=A")) == 0


def test_the_years_in_a_step_begin_with_the_one_whose_deadline_is_next(client, monkeypatch):
    year = a_year_of_done_steps(monkeypatch)
    home = year.town.unit.parent
    early = townships_of(home, NAMES[1:3])
    apply(SYSTEM)
    Deadline.objects.filter(step=5, done_at=None).update(due_on=date(2027, 3, 31))
    signed_in(client, leader_of(home))
    rows = re.findall(r'row-title" href="/years/(\d+)/"', text_of(client, "/county/list/years/?step=5"))
    assert rows == [str(pk) for pk in (year.cycle.pk, *(one.pk for one in early))]
    assert "2027年3月31日" in text_of(client, "/county/list/years/?step=5")
    assert total_of(text_of(client, "/county/list/years/?step=1")) == 0


def test_a_list_leads_back_to_the_view_it_was_opened_from(client, province):
    signed_in(client, leader_of(province))
    view = "/county/?unit=A&year=2027&sort=red&dir=up&part=building"
    found = [url for url in numbers_on(text_of(client, view)) if "/list/projects/" in url]
    assert found
    listed = text_of(client, found[0])
    assert f'class="back-link" href="{view.replace("&", "&amp;")}"' in listed and "返回总览" in listed
    files = re.findall(r'href="([^"]*/file/[^"]*)"', listed)
    assert files and not any("back=" in file for file in files)
    on_map = next(iter(numbers_on(text_of(client, "/county/map/?measure=red"))))
    listed = text_of(client, on_map)
    assert 'class="back-link" href="/county/map/?measure=red"' in listed and "返回地图" in listed


@pytest.mark.parametrize(
    "back",
    [
        "",
        "https://elsewhere.example/county/",
        "//elsewhere.example/county/",
        "/people/",
        "javascript:1",
        "/county",
    ],
)
def test_a_list_leads_back_to_no_page_but_the_countys(client, county, back):
    signed_in(client, leader_of(county))
    page = text_of(client, f"/county/list/projects/?back={back}")
    assert (
        'class="back-link" href="/county/"' in page
        and "elsewhere" not in page.partition("back-link")[2][:200]
    )


def test_an_overdue_step_opens_the_tasks_that_are_overdue_in_it(client, monkeypatch):
    apply(SYSTEM)
    year = year_of(township()).building()
    arranged()
    travel(monkeypatch, "2027-12-31")
    signed_in(client, leader_of(year.town.unit.parent))
    page = text_of(client, "/county/")
    cell = re.search(r'matrix-overdue"><a href="([^"]+)">(.*?)</a>', page, re.DOTALL)
    assert cell and "超" in cell[2] and "天" in cell[2]  # in words, not by colour alone
    listed = text_of(client, cell[1].replace("&amp;", "&"))
    assert "超期" in listed and total_of(listed) > 0
    office = next(url for url in numbers_on(page) if "office=department" in url)
    assert total_of(text_of(client, office)) == int(re.search(r"\d+", numbers_on(page)[office])[0])


def a_year_of_done_steps(monkeypatch) -> Year:
    """A year being built: its first steps have been done and nothing of them is open."""
    apply(SYSTEM)
    year = year_of(township()).building()
    arranged()
    travel(monkeypatch, "2027-03-02")
    return year


@pytest.mark.parametrize(
    ("went_on", "words", "state"),
    [("2027-12-13", "提前 4 天完成", "done"), ("2027-12-17", "按期完成", "done"), ("2027-12-22", "逾期 5 天完成", "late")],
)  # fmt: skip
def test_a_step_that_is_done_says_what_the_road_map_of_the_booklet_says(
    client, monkeypatch, went_on, words, state
):
    """The day the year went on against the planned day, T2−30; whatever its tasks had been given, as three months for a reply."""
    year = a_year_of_done_steps(monkeypatch)
    Deadline.objects.filter(step=5).update(due_on=date(2028, 3, 1), done_at=at("2027-03-01"))
    fire(year.cycle, "begin_evaluation", year.town.act("clerk", at(went_on)))
    travel(monkeypatch, "2027-12-28")
    signed_in(client, leader_of(year.town.unit.parent))
    page = text_of(client, "/county/")
    cell = re.search(rf'matrix-{state}"><a href="([^"]+step=5[^"]+)">(.*?)</td>', page, re.DOTALL)
    assert cell and words in cell[2] and "<svg" in cell[2]  # in words and by a drawing, not by colour alone
    assert "与四清一本通的路线图一致" in page
    assert total_of(text_of(client, cell[1].replace("&amp;", "&"))) > 0
    (found,) = [one for one in roads_of([year.cycle])[year.cycle.pk] if one.step == 5]
    assert ended_words(found.days_over(date(2027, 12, 28))) == words
    apply(SYSTEM)
    say_purpose(client)
    book = client.get("/county/file/xlsx/").content
    assert openpyxl.load_workbook(io.BytesIO(book)).worksheets[0].cell(2, 6).value == words


def test_the_booklet_counts_the_tasks_the_county_counts(client, monkeypatch):
    year = a_year_of_done_steps(monkeypatch)
    one = Deadline.objects.filter(about=year.cycle.reference, done_at__isnull=False).first()
    Deadline.objects.filter(pk=one.pk).update(step=None)
    figures = figures_by_year([year.cycle.pk], TODAY)[year.cycle.pk]
    counted = sum(figures.of(measure, facet) for measure, facet in figures.amounts
                  if measure in ("open", "ended") and facet.partition(":")[0] != "0")  # fmt: skip
    client.force_login(year.town.of("chair"))
    page = text_of(client, f"/years/{year.cycle.pk}/booklet/")
    assert f"应办 {counted} 件，已办 {figures.ended} 件" in page
    assert "会议本身的和不属各环节的 1 件另列，不计入。" in page


def test_a_done_step_nobody_knows_the_end_of_only_says_that_it_is_done(monkeypatch):
    year = a_year_of_done_steps(monkeypatch)
    Deadline.objects.filter(step=5).update(due_on=None, done_at=at("2027-03-01"))
    Cycle.objects.filter(pk=year.cycle.pk).update(state="evaluating")
    (row,) = View(year.town.unit.parent, QueryDict(""), date(2027, 3, 2)).rows
    assert (row.steps[4].words, row.steps[4].state) == ("完成", "done")


def test_a_countys_row_says_its_longest_overdue_or_its_nearest_deadline(client, monkeypatch):
    year = a_year_of_done_steps(monkeypatch)
    province = create_unit(code="P", name="示范省", kind=UnitKind.PROVINCE)
    county = year.town.unit.parent
    Unit.objects.filter(pk=county.pk).update(parent=province, path=f"{province.path}{county.pk}/")
    Unit.objects.filter(pk=year.town.unit.pk).update(path=f"{province.path}{county.pk}/{year.town.unit.pk}/")
    open_ones = Deadline.objects.filter(step=5, done_at=None)
    open_ones.update(due_on=date(2027, 3, 31))
    (row,) = View(province, QueryDict(""), date(2027, 3, 2)).rows
    assert (row.steps[4].words, row.steps[4].more) == ("1 个乡镇", "最近期限剩 29 天")
    (row,) = View(province, QueryDict(""), date(2027, 4, 3)).rows
    assert row.steps[4].words == f"超期 {open_ones.count()} 件" and row.steps[4].more == "最久 3 天"
    assert row.steps[0].whole == "—"
    signed_in(client, leader_of(province))
    page = text_of(client, "/county/")
    assert "县（市、区）一行：有超期的列超期件数" in page and "最近期限剩 29 天" in page


def test_the_rows_are_ordered_as_the_address_says_and_either_way(county):
    townships_of(county, NAMES)
    assert names(view(county)) == NAMES
    assert names(view(county, "sort=name&dir=down")) == NAMES[::-1]
    by_proposals = view(county, "sort=by_residents&dir=down")
    values = [row.figures.by_residents for row in by_proposals.rows]
    assert values == sorted(values, reverse=True) and len(set(values)) > 1
    shares = [row.figures.invested_percent for row in view(county, "sort=invested_percent").rows]
    assert shares == sorted(shares)  # the least first: that is what is looked at
    assert names(view(county, "sort=nonsense&dir=sideways&year=12&only=x&part=y")) == NAMES


def test_what_has_nothing_to_tell_comes_last_either_way(county):
    townships_of(county, NAMES[:2])
    empty = create_unit(code="K99", name="空镇", kind=UnitKind.TOWNSHIP, parent=county)
    Cycle.objects.create(
        unit=empty, year=2027, opens_on=TODAY, planned_t=date(2027, 7, 1), planned_t2=date(2028, 1, 1)
    )
    assert [names(view(county, f"sort=ratings_percent&dir={d}"))[-1] for d in ("up", "down")] == [
        "空镇",
        "空镇",
    ]


def test_a_step_is_ordered_by_how_far_behind_it_is():
    behind_first = [
        Cell("overdue", 20), Cell("overdue", 2), Cell("soon", 1), Cell("running", 40), Cell("running"),
        Cell("archived", margin=-3), Cell("done", margin=2),
    ]  # fmt: skip
    assert sorted(behind_first, key=lag_of) == behind_first[::-1]
    assert lag_of(Cell("waiting")) is None and lag_of(Cell("ended")) is None


def test_the_column_of_a_step_puts_first_who_is_furthest_behind_in_it(client, county):
    built = year_of(township(name="后进镇")).building().town.unit
    Unit.objects.filter(pk=built.pk).update(parent=county, path=f"{county.path}{built.pk}/")
    townships_of(county, NAMES[:2])
    begun = create_unit(code="K99", name="空镇", kind=UnitKind.TOWNSHIP, parent=county)
    Cycle.objects.create(
        unit=begun, year=2027, opens_on=TODAY, planned_t=date(2027, 7, 1), planned_t2=date(2028, 1, 1)
    )
    arranged()
    # Overdue or with days left it is before those that are under way without a day; who has not begun comes last.
    for day in (date(2027, 5, 2), date(2027, 6, 20)):
        Deadline.objects.filter(unit=built, step=5, done_at=None).update(due_on=day)
        assert names(view(county, "sort=step5")) == ["后进镇", *NAMES[:2], "空镇"]
        assert names(view(county, "sort=step5&dir=up")) == [*NAMES[:2], "后进镇", "空镇"]
    apply(SYSTEM)
    signed_in(client, leader_of(county))
    page = text_of(client, "/county/?sort=step5")
    assert "?sort=step3&amp;dir=down#matrix" in page and "?sort=step5&amp;dir=up#matrix" in page
    assert page.count('aria-sort="descending"') == 1
    assert "按“监督”环节的进展排列。" in notes_of(view(county, "sort=step5"))[0]


def test_the_links_of_a_view_keep_the_view(client, county):
    townships_of(county, NAMES)
    apply(SYSTEM)
    signed_in(client, leader_of(county))
    page = text_of(client, "/county/?year=2027&sort=red&part=money")
    assert "?year=2027&amp;sort=invested_percent&amp;part=money&amp;dir=up#figures" in page
    assert 'href="/county/?sort=red&amp;part=money"' in page  # the tab of the latest years
    assert 'aria-sort="descending"' not in page  # the order is by a measure of another group
    assert 'aria-sort="descending"' in text_of(client, "/county/?sort=red&part=building")


def test_only_what_is_overdue(county, monkeypatch):
    apply(SYSTEM)
    year = year_of(township()).building()
    arranged()
    on = date(2027, 12, 31)
    home = year.town.unit.parent
    assert [row.figures.overdue > 0 for row in View(home, QueryDict("only=overdue"), on).rows] == [True]
    assert View(home, QueryDict("only=overdue"), date(2026, 9, 1)).rows == []
    assert len(View(home, QueryDict(""), date(2026, 9, 1)).rows) == 1


def test_what_is_overdue_of_earlier_years_is_told_beside_the_latest(client, monkeypatch):
    apply(SYSTEM)
    year = year_of(township()).building()
    arranged()
    travel(monkeypatch, "2027-12-31")
    home, on = year.town.unit.parent, date(2027, 12, 31)
    late = View(home, QueryDict(""), on).whole.overdue
    assert late > 0 and View(home, QueryDict(""), on).overdue_earlier == 0
    Cycle.objects.create(
        unit=year.town.unit, year=2028, opens_on=on, planned_t=date(2028, 1, 20), planned_t2=date(2029, 1, 18)
    )
    latest = View(home, QueryDict(""), on)
    assert (latest.whole.overdue, latest.overdue_earlier) == (0, late)
    assert View(home, QueryDict("year=2027"), on).overdue_earlier == 0
    signed_in(client, leader_of(home))
    told = rf"另有往年超期未办结 {late} 件，最久的超 (\d+) 天，不在以下各数之内。"
    longest = (
        on
        - Deadline.objects.filter(done_at=None, cancelled=False, binds_on__lt=on)
        .earliest("binds_on")
        .binds_on
    ).days
    found = re.search(rf'{told} <a class="tap" href="([^"]+)">逐件查看<', text_of(client, "/county/"))
    assert found and int(found[1]) == longest
    assert re.search(told, text_of(client, "/county/screen/")), "the wall says it too"
    apply(SYSTEM)
    listed = text_of(client, found[2].replace("&amp;", "&"))
    assert total_of(listed) == late and "往年" in listed
    assert "2027 年度" in text_of(client, "/county/?year=2027")


def test_who_has_no_year_that_is_over_did_not_hold_it(client, county):
    townships_of(county, NAMES[:1], year=2026)
    create_unit(code="K99", name="空镇", kind=UnitKind.TOWNSHIP, parent=county)
    signed_in(client, leader_of(county))
    assert "该年度未开展：空镇" in text_of(client, "/county/?year=2026")
    assert "尚未启动：空镇" in text_of(client, "/county/")


def test_the_page_costs_as_many_queries_for_forty_townships_as_for_two(client, county):
    user = leader_of(county)
    few = townships_of(county, NAMES[:2])
    signed_in(client, user)
    costs = []
    for _round in range(2):
        text_of(client, "/county/")
        with CaptureQueriesContext(connection) as seen:
            page = text_of(client, "/county/")
        costs.append(len(seen))
        apply(SYSTEM)
        if len(costs) == 1:
            other = [f"第{n}镇" for n in range(3, 41)]
            for n, name in enumerate(other, 3):
                townships_of(
                    create_unit(code=f"X{n}", name="片区", kind=UnitKind.COUNTY, parent=county), [name]
                )
    assert len(few) == 2 and page.count('scope="row"') > 40
    assert costs[0] == costs[1] <= 21


def test_a_county_sees_its_own_townships_and_another_countys_nowhere(client, county):
    townships_of(county, NAMES[:2])
    other = county_of("Z", name="邻县")
    theirs = townships_of(other, ["外县镇"])
    apply(SYSTEM)
    signed_in(client, leader_of(county))
    for path in (
        "/county/",
        "/county/?year=2027&part=money",
        "/county/list/projects/",
        "/county/list/proposals/",
    ):
        page = text_of(client, path)
        assert "青溪镇" in page and "外县镇" not in page
    assert client.get("/county/?unit=Z").status_code == 404
    assert client.get("/county/list/projects/?unit=Z").status_code == 404
    assert client.get(f"/county/list/projects/?unit={theirs[0].unit.code}").status_code == 404
    assert total_of(text_of(client, f"/county/list/projects/?unit=K01&cycle={theirs[0].pk}")) == 0
    apply(context_of(RoleGrant.objects.get(user__username="leader")))
    assert {one.unit_id for one in view(county).seen} == {row.unit.pk for row in view(county).rows}


@pytest.mark.parametrize("path", ["/county/", "/county/list/tasks/"])
def test_the_overview_is_not_for_a_township(client, county, path):
    town = township()
    signed_in(client, town.of("chair"))
    refused = client.get(path)
    assert refused.status_code == 403 and "此页供上级人大使用。" in refused.content.decode()
    apply(SYSTEM)
    signed_in(client, leader_of(county))
    assert client.get(path).status_code == 200


def test_a_list_nobody_knows_is_not_there(client, county):
    signed_in(client, leader_of(county))
    assert client.get("/county/list/nonsense/").status_code == 404
    assert client.get("/county/list/tasks/?step=99&office=x&when=y&cycle=zz&year=1").status_code == 200


# ------------------------------------------------------------------------------- the county's own weights


def weigh(user, county, **weights):
    return perform("oversight.weigh", county, actor=user, data=weights, at=at("2027-06-01"))


def test_the_countys_weights_order_its_townships_and_are_shown(client, county):
    townships_of(county, NAMES)
    user = leader_of(county)
    page = text_of(signed_in(client, user), "/county/")
    assert "本级权重得分" not in page
    apply(SYSTEM)
    weigh(user, county, invested_percent=3, done_percent=1)
    assert Weighting.objects.get().weights == {"invested_percent": 3, "done_percent": 1}
    page = text_of(client, "/county/?sort=own")
    assert "本级权重得分" in page and "投资完成率 3" in page and "完工率 1" in page
    apply(SYSTEM)
    rows = view(county, "sort=own").rows
    scores = [row.score for row in rows]
    assert scores == sorted(scores, reverse=True)
    first = rows[0].figures
    assert scores[0] == (first.invested_percent * 3 + first.done_percent) * 100 // 4
    assert rows[0].score_text in page


def test_weights_are_the_countys_own_and_say_something(county):
    user, town = leader_of(county), township()
    with pytest.raises(InvalidForm, match="大于 0"):
        weigh(user, county, invested_percent=0)
    with pytest.raises(NotYourTurn):
        weigh(town.of("chair"), county, invested_percent=3)
    weigh(user, county, invested_percent=3)


def test_a_share_above_a_hundred_counts_as_a_hundred_and_nothing_told_counts_for_nothing(county):
    cycle = townships_of(county, NAMES[:1])[0]
    figures = view(county).rows[0].figures
    assert cycle and figures.present_percent is None and "present_percent" in WEIGHED
    alone = score(figures, {"done_percent": 1}, TODAY)
    assert score(figures, {"done_percent": 1, "present_percent": 50}, TODAY) == alone
    assert score(figures, {"present_percent": 50}, TODAY) is None
    figures.amounts["invested", ""] = figures.budget * 3
    assert figures.invested_percent == 300 and score(figures, {"invested_percent": 2}, TODAY) == 10_000


def test_every_measure_has_a_list_behind_it():
    from projects.portal.county_lists import LISTS, filters_asked

    for measure in MEASURES.values():
        listing = LISTS[measure.behind]
        assert filters_asked(listing, dict(measure.filters)) == dict(measure.filters)


# ------------------------------------------------------------------------------- above the county


@pytest.fixture
def province(county):
    """A province of one city with two counties, three townships in one and one in the other."""
    top = create_unit(code="P", name="示范省", kind=UnitKind.PROVINCE)
    city = create_unit(code="S", name="示范市", kind=UnitKind.CITY, parent=top)
    for code, name, towns in (("A", "甲县", NAMES[:3]), ("B", "乙县", ["乙镇"])):
        townships_of(county_of(code, name, city), towns)
    return top


def test_above_the_county_the_rows_are_counties_with_the_sums_of_their_townships(client, province):
    page = View(province, QueryDict("sort=budget"), TODAY)
    assert page.by_county and [row.unit.name for row in page.rows] == ["甲县", "乙县"]
    one = View(province, QueryDict("unit=A"), TODAY)
    assert not one.by_county and [row.unit.name for row in one.rows] == NAMES[:3]
    assert page.rows[0].figures.budget == one.whole.budget == sum(row.figures.budget for row in one.rows)
    assert page.rows[0].townships == 3
    signed_in(client, leader_of(province))
    shown = text_of(client, "/county/")
    assert (
        "甲县" in shown and "乙县" in shown and "各县（市、区）民生实事总览" in shown and "?unit=A" in shown
    )
    below = text_of(client, "/county/?unit=A")
    assert all(name in below for name in NAMES[:3]) and "乙镇" not in below and "示范省" in below


@pytest.mark.parametrize(("code", "level"), [("P", "省级"), ("S", "市级"), ("A", "县")])
def test_each_level_is_called_by_its_own_name(client, province, code, level):
    home = Unit.objects.get(code=code)
    leader = leader_of(home)
    User.objects.filter(pk=leader.pk).update(name="赵明")
    weigh(leader, home, invested_percent=3)
    signed_in(client, leader)
    pages = [
        text_of(client, path) for path in ("/county/", "/county/words/", f"/do/oversight.weigh/{home.pk}/")
    ]
    assert all(f"{level}人大常委会" in page for page in pages)
    for page in pages:
        told = page.replace(f"{level}人大常委会", "").replace("县（市、区）", "")
        assert not re.search("县级人大|本县|全县|县人大", told)


def test_what_is_cited_keeps_its_level():
    said = in_words_of_level("市级")
    assert said("县人大常委会发出通报，由县级人大指导") == "市级人大常委会发出通报，由市级人大指导"
    for cited in ("镇平县做法：县级人大常委会每季度通报一次", "《县级人大工作办法》", "“县人大常委会”"):
        assert said(cited) == cited


def test_a_countys_numbers_open_its_townships_lists(client, province):
    signed_in(client, leader_of(province))
    page = text_of(client, "/county/?part=building")
    found = {url: text for url, text in numbers_on(page).items() if "unit=A" in url and text.isdigit()}
    assert found
    for url, text in found.items():
        assert total_of(text_of(client, url)) == int(text)


def test_a_county_of_the_province_sees_itself_alone(client, province):
    with within(SYSTEM):
        from workflow.people.models import Unit

        user = leader_of(Unit.objects.get(code="B"), "of-b")
    signed_in(client, user)
    page = text_of(client, "/county/")
    assert "乙镇" in page and not any(name in page for name in NAMES[:3])
    assert client.get("/county/?unit=A").status_code == 404


def test_a_list_costs_as_many_queries_for_many_rows_as_for_few(client, county):
    from projects.portal.county_lists import LISTS

    signed_in(client, leader_of(county))
    townships_of(county, NAMES[:1])

    def costs() -> dict[str, int]:
        found = {}
        for code in LISTS:
            text_of(client, f"/county/list/{code}/")
            with CaptureQueriesContext(connection) as seen:
                text_of(client, f"/county/list/{code}/")
            found[code] = len(seen)
        apply(SYSTEM)
        return found

    few = costs()
    townships_of(create_unit(code="KX", name="片区", kind=UnitKind.COUNTY, parent=county), NAMES)
    assert costs() == few


@pytest.mark.parametrize("provinces", [0, 2], ids=["of a province", "of a nation"])
def test_a_page_above_the_county_costs_as_many_queries_for_many_counties_and_years_as_for_few(
    client, county, provinces
):
    top = create_unit(code="TOP", name="各地", kind=UnitKind.PROVINCE)
    places = [top] if not provinces else []
    places += [
        create_unit(code=f"P{n}", name=f"第{n}省", kind=UnitKind.PROVINCE, parent=top)
        for n in range(provinces)
    ]
    signed_in(client, leader_of(top))

    def grow(counties: range, earlier: int) -> None:
        apply(SYSTEM)
        for n in counties:
            here = county_of(f"C{n}", f"第{n}县", places[n % len(places)])
            for cycle in townships_of(here, NAMES):
                for year in range(2027 - earlier, 2027):
                    days = {"opens_on": date(year - 1, 9, 1), "planned_t": date(year, 1, 20)}
                    Cycle.objects.create(
                        unit=cycle.unit, year=year, planned_t2=date(year + 1, 1, 18), state="closed", **days
                    )

    def cost() -> int:
        text_of(client, "/county/")
        with CaptureQueriesContext(connection) as seen:
            page = text_of(client, "/county/")
        assert page.count('scope="row"') >= Unit.objects.filter(code__startswith="C", kind="county").count()
        return len(seen)

    grow(range(2), 1)
    few = cost()
    grow(range(2, 8), 4)
    assert cost() == few <= 21


@pytest.mark.parametrize(
    "path",
    ["/county/screen/", "/county/map/?measure=done_percent", "/county/file/xlsx/", "/county/file/docx/",
     "/county/?only=overdue", "/county/?sort=step&dir=down", "/county/list/tasks/?unit=A", "/county/bulletins/"],
)  # fmt: skip
def test_whatever_a_county_has_a_province_has_too(client, province, path):
    say_purpose(signed_in(client, leader_of(province)))
    assert client.get(path).status_code == 200
