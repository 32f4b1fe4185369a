"""The county's money against plan by source: what was planned, what was paid, the payments behind it, and files of them."""

from __future__ import annotations

import io
import re
from datetime import date

import openpyxl
import pytest

from projects.oversight.bulletins import drafted
from projects.oversight.past import Past
from projects.selection.models import Item
from projects.supervision.models import Payment, Project
from tests.builders import township
from tests.projects.oversight.county_world import leader_of
from tests.projects.portal.public_world import travel
from tests.projects.supervision.conftest import Year, year_of
from tests.projects.supervision.test_payments import BACK, PAID
from tests.projects.supervision.test_supervision import contracted
from tests.purpose import say_purpose
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def year(db, monkeypatch) -> Year:
    apply(SYSTEM)
    made = year_of(township())
    contracted(made)
    planned = {"own": 200_000_000, "upper": 180_000_000, "social": 0}
    Item.objects.filter(pk=made.project().item_id).update(funding=planned)
    for day, more in (
        ("2027-03-25", PAID | {"paid_on": "2027-03-24"}),
        ("2027-06-02", PAID | {"source": "upper", "amount_fen": "45"}),
        ("2027-06-03", BACK),
    ):
        made.event("pay", made.town.of("finance"), day, **more)
    travel(monkeypatch, "2027-07-01")
    return made


@pytest.fixture
def leader(year) -> User:
    return leader_of(year.town.unit.parent)


@pytest.fixture
def client(client, leader):
    client.force_login(leader)
    return client


def shown(client, year: Year, path: str) -> str:
    page = client.get(path).content.decode()
    apply(SYSTEM)
    return page


def cells(page: str) -> list[list[str]]:
    """The table of the sources, as it is read."""
    table = re.search(r"<caption[^>]*>资金来源</caption>.*?</table>", page, re.DOTALL)
    assert table
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table[0], re.DOTALL)[1:]
    found = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]
    return [[" ".join(re.sub("<[^>]+>", "", cell).split()) for cell in row] for row in found]


def summed(page: str) -> list[str]:
    """The sums under a list, none under an empty one."""
    foot = re.search(r"<tfoot[^>]*>(.*?)</tfoot>", page, re.DOTALL)
    found = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", foot[1], re.DOTALL) if foot else []
    return [text for cell in found if (text := re.sub("<[^>]+>", "", cell).strip()) and text != "合计"]


def test_each_source_tells_what_was_planned_and_what_was_paid_of_it(client, year):
    page = shown(client, year, "/county/?part=money")
    assert cells(page)[:2] == [
        ["本级财政", "200 万元", "53%", "100 万元", "50%"],
        ["上级补助", "180 万元", "47%", "45 万元", "25%"],
    ]
    assert cells(page)[2] == ["社会资金", "0 万元", "0%", "0 万元", "—"]


def test_the_number_opens_the_payments_it_is_the_sum_of(client, year):
    page = shown(client, year, "/county/?part=money")
    links = re.findall(r'href="(/county/list/payments/[^"]*)"[^>]*>([^<%]*)<', page)
    sums = {}
    for url, text in links:
        listed = shown(client, year, url.replace("&amp;", "&"))
        assert (summed(listed) or ["0 万元"])[-1] == text.strip(), url
        sums[text.strip()] = int(re.search(r"data-total>(\d+)<", listed)[1])
    assert sums == {"145 万元": 3, "100 万元": 2, "45 万元": 1, "0 万元": 0}


def test_what_was_planned_of_a_source_opens_the_projects_it_is_the_sum_of(client, year):
    page = shown(client, year, "/county/?part=money")
    links = re.findall(r'href="(/county/list/sources/[^"]*)"[^>]*>([^<%]*万元)<', page)
    sums = {}
    for url, text in links:
        listed = shown(client, year, url.replace("&amp;", "&"))
        assert (summed(listed) or ["0 万元"])[-1] == text.strip(), url
        sums[text.strip()] = int(re.search(r"data-total>(\d+)<", listed)[1])
    assert sums == {"200 万元": 1, "180 万元": 1, "0 万元": 0, "380 万元": 1}
    assert "逐个项目查看资金来源" in page
    assert summed(shown(client, year, "/county/list/sources/"))[-1] == "380 万元"


def test_another_county_sees_none_of_them(client, year):
    other = township("T09", name="柳河镇")
    client.force_login(leader_of(other.unit.parent, "another_leader"))
    listed = client.get("/county/list/payments/").content.decode()
    assert "data-total>0<" in listed and "恒立" not in listed


def test_the_list_and_the_view_are_saved_with_their_sums(client, year):
    say_purpose(client)
    book = openpyxl.load_workbook(io.BytesIO(client.get("/county/list/payments/file/xlsx/").content))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    apply(SYSTEM)
    assert [row[-1] for row in rows if row[0] == "合计"] == [145]
    assert sum(row[0] == year.project().title for row in rows) == Payment.objects.count()
    view = openpyxl.load_workbook(io.BytesIO(client.get("/county/file/xlsx/").content))
    sheet = [[cell.value for cell in row] for row in view["入选项目资金来源"].iter_rows()]
    assert [row[3] for row in sheet if row[0] == "本级财政"] == [100]


def test_a_bulletin_tells_what_was_paid_by_its_quarters_last_day(year):
    county, spring = year.town.unit.parent, date(2027, 3, 31)
    told = drafted(county, 2027, 1, spring)
    assert told and "已付款120万元（其中本级财政120万元）" in told.body
    later = drafted(county, 2027, 2, date(2027, 6, 30))
    assert later and "已付款145万元（其中本级财政100万元、上级补助45万元）" in later.body
    past = Past((year.cycle.pk,), spring)
    assert past.ids("paid") == [Payment.objects.order_by("pk")[0].pk]
    assert past.ids("paid", ["upper"]) == []


def test_what_was_paid_for_a_stopped_project_stays_counted(client, year):
    Project.objects.filter(pk=year.project().pk).update(state="stopped")
    page = shown(client, year, "/county/?part=money")
    assert cells(page)[0][3] == "100 万元"
