"""Holidays data that ends: days that rest on a later year are marked and explained wherever they are shown."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta

import openpyxl
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from projects.cycles.models import Cycle
from projects.lifecycle.intake import start_year
from projects.oversight.figures import figures_by_year
from projects.portal.staff_selectors import matrix
from tests.builders import at, open_task, township
from tests.notifications.conftest import administrator
from tests.projects.oversight.county_world import leader_of
from tests.projects.portal.public_world import text_of
from workflow.calendar.offsets import Offset, resolve
from workflow.calendar.workdays import is_published, last_published
from workflow.flows.models import Deadline
from workflow.inbox.selectors import Served, in_box, narrowed
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db
NOTE = "有的期限为暂定"
TEMPLATES = settings.BASE_DIR / "templates"


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township()


@pytest.fixture
def pages(town, client: Client):
    """The pages of a year that lies whole inside the known arrangements, and its one open task."""
    cycle = start_year(
        town.act("chair", at("2025-08-10")),
        year=2026,
        opens_on=date(2025, 9, 1),
        planned_t=date(2026, 1, 20),
        planned_t2=date(2026, 12, 18),
    )
    task = open_task("collection.scheme")
    client.force_login(town.of("chair"))
    urls = [
        reverse("inbox"),
        reverse("year", args=[cycle.pk]),
        reverse("seat_table"),
        reverse("task", args=[task.pk]),
    ]

    def get() -> list[str]:
        shown = [client.get(url).content.decode() for url in urls]
        apply(SYSTEM)
        return shown

    return get, task


def test_every_page_warns_where_a_day_rests_on_holidays_nobody_has_arranged(pages):
    get, task = pages
    inbox, year, _table, own = get()
    assert NOTE not in inbox + year + own and "超期" in inbox
    Deadline.objects.filter(pk=task.pk).update(provisional=True)
    for page in get():
        assert NOTE in page and f"到 {last_published()} 年为止" in page and "暂定" in page
    inbox = get()[0]
    assert "超期" not in inbox.partition("<tbody")[2], "nobody can have missed a provisional day"


# Why a deadline of a page needs no word of being provisional, by what stands in it.
FIRM = {"note.reply_by": "the county names the day itself"}


def test_every_template_that_shows_a_deadline_passes_on_whether_it_is_provisional():
    tags = [
        (f"{path.relative_to(TEMPLATES)}: {tag}", re.search(r':due="([^"]*)"', tag))
        for path in TEMPLATES.rglob("*.html")
        if path.parent.name != "cotton"
        for tag in re.findall(r"<c-deadline [^>]*>", path.read_text())
    ]
    assert len(tags) > 6
    named = {due[1]: tag for tag, due in tags if due}
    assert [tag for due, tag in named.items() if due not in FIRM and ":provisional=" not in tag] == []
    assert set(FIRM) <= set(named)


def test_what_falls_due_today_says_where_it_stands_that_the_day_is_provisional(pages, client):
    _get, task = pages
    today = timezone.localdate()
    places = {
        reverse("week"): "本周工作",
        reverse("calendar"): "日历",
        f"{reverse('assign')}?task={task.pk}": "批量转办",
        reverse("task", args=[task.pk]): "办理期限",
    }
    sheet = reverse("inbox_sheet", args=["todo"])

    def shown() -> tuple[list[str], str]:
        found = [client.get(url).content.decode() for url in places]
        book = openpyxl.load_workbook(io.BytesIO(client.get(sheet).content))
        apply(SYSTEM)
        header, line = book.active.values
        return found, line[header.index("办理期限")]

    Deadline.objects.filter(pk=task.pk).update(due_on=today)
    firm, day = shown()
    for page, words in zip(firm, places.values(), strict=True):
        assert words in page and "暂定" not in page
    assert day == today.isoformat()
    Deadline.objects.filter(pk=task.pk).update(provisional=True)
    unsure, day = shown()
    for page in unsure:
        assert "暂定" in page and "今日到期" not in page
    assert NOTE in unsure[0] and NOTE in unsure[1] and NOTE in unsure[3]
    assert day == f"{today.isoformat()}（暂定）"


def test_the_administrator_who_can_mend_it_is_told_how_and_the_others_whom_to_ask(pages, town, client):
    get, task = pages
    client.force_login(administrator(town))
    assert "期限为暂定" not in client.get(reverse("people")).content.decode()
    apply(SYSTEM)
    Deadline.objects.filter(pk=task.pk).update(provisional=True)
    page = client.get(reverse("people")).content.decode()
    assert "有 1 项期限为暂定" in page and f"到 {last_published()} 年为止" in page and "holidays" in page
    apply(SYSTEM)
    client.force_login(town.of("chair"))
    for page in get():
        assert "请联系系统管理员更新节假日安排" in page and "holidays 软件包" not in page
    client.force_login(town.of("clerk"))
    assert "期限为暂定" not in client.get(reverse("people")).content.decode()


def test_what_is_provisional_is_counted_as_overdue_by_no_inbox_and_no_years(pages):
    _get, task = pages
    grant = RoleGrant.objects.select_related("user", "unit", "tenant").get(office="chair")
    today, cycle = timezone.localdate(), Cycle.objects.get()
    late = {"year": None, "step": None, "due": "late", "words": ""}

    def counted() -> tuple[int, int, int]:
        rows = [one for some in in_box("todo", grant, today) for one in narrowed(some, today, **late)]
        return (
            Served([grant], None, today).figures().overdue,
            len(rows),
            matrix([cycle], today, grant)[0].overdue,
        )

    assert counted() == (1, 1, 1)
    Deadline.objects.filter(pk=task.pk).update(provisional=True)
    assert counted() == (0, 0, 0)


OVERDUE = "/county/list/tasks/?when=overdue"
LATE = "/county/list/late/"


@pytest.fixture
def county(pages, client):
    """The county's pages as its leader sees them, beside the township's one open task."""
    _get, task = pages
    client.force_login(leader_of(task.unit.parent))

    def read(url: str) -> str:
        page = text_of(client, url)
        apply(SYSTEM)
        return page

    return read, task


def cells_of(page: str) -> set[str]:
    """The states the cells of the county's matrix show."""
    return set(re.findall(r'<td class="matrix-cell matrix-(\w+)"', page))


def test_the_county_counts_no_provisional_day_as_overdue_in_its_matrix_or_its_lists(county):
    read, task = county
    assert "overdue" in cells_of(read("/county/")) and "data-total>1<" in read(OVERDUE)
    Deadline.objects.filter(pk=task.pk).update(provisional=True)
    assert cells_of(read("/county/")) == {"running", "waiting"}
    assert "data-total>0<" in read(OVERDUE)
    line = read("/county/list/tasks/")
    assert "data-total>1<" in line and "（暂定）" in line and "超期 " not in line.partition("<tbody")[2]


def test_the_county_counts_no_provisional_day_as_done_late(county):
    read, task = county
    Deadline.objects.filter(pk=task.pk).update(done_at=timezone.now())
    assert "data-total>1<" in read(LATE)
    Deadline.objects.filter(pk=task.pk).update(provisional=True)
    assert "data-total>0<" in read(LATE)


def test_the_bulletin_names_no_township_for_a_provisional_day(county):
    _read, task = county
    figures = figures_by_year([Cycle.objects.get().pk], timezone.localdate())
    assert [one.overdue for one in figures.values()] == [1]
    Deadline.objects.filter(pk=task.pk).update(provisional=True)
    figures = figures_by_year([Cycle.objects.get().pk], timezone.localdate())
    assert [(one.overdue, one.overdue_by_office()) for one in figures.values()] == [(0, {})]


def test_the_first_year_without_an_arrangement_is_the_one_after_the_last_known():
    after = date(last_published() + 1, 3, 1)
    assert is_published(last_published()) and not is_published(after.year)
    assert resolve(Offset("receipt", 5, "wd"), {"receipt": after}).provisional
    assert not resolve(Offset("receipt", 5, "wd"), {"receipt": after - timedelta(days=300)}).provisional
