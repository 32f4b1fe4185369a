"""Imports: every row is checked, and one bad row stops all of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.workflow.people.conftest import World, workbook
from workflow.administration import imports, sheets
from workflow.administration.imports import checked, parse_day
from workflow.audit.models import Entry
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, User
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of

PEOPLE = ["姓名", "用户名", "电子邮箱", "职务", "单位编码", "起", "止", "依据文号"]
UNITS = ["编码", "名称", "类别", "上级编码"]
SignedIn = Callable[[User], Client]


@pytest.fixture
def admin(world: World, signed_in: SignedIn) -> Client:
    return signed_in(world.admin)


def upload(client: Client, path: str, header: list[str], *rows: list[Any]) -> Any:
    return client.post(path, {"file": workbook([header, *rows]), "op": "preview"})


def confirm(client: Client, path: str, preview: Any) -> Any:
    return client.post(path, {"payload": preview.context["payload"], "op": "confirm"})


def errors_of(preview: Any) -> dict[int, str]:
    return {row.line: "；".join(row.errors) for row, _cells in preview.context["rows"] if row.errors}


def person(username: str, office: str, unit: str = "T01", name: str = "刘芳") -> list[Any]:
    return [name, username, "", office, unit, "2026-01-01", "", ""]


def test_people_with_two_offices_become_one_account_with_one_slip(world: World, admin: Client) -> None:
    rows = [
        person("liu.fang", "财政所"),
        person("liu.fang", "司法所"),
        person("wu.gang", "代表", name="吴刚"),
    ]
    preview = upload(admin, "/people/import/", PEOPLE, *rows)
    assert preview.status_code == 200 and not User.objects.filter(username="liu.fang").exists()
    slips = confirm(admin, "/people/import/", preview)
    assert [s.user.username for s in slips.context["slips"]] == ["liu.fang", "wu.gang"]
    apply(SYSTEM)
    assert RoleGrant.objects.filter(user__username="liu.fang").count() == 2
    assert Entry.objects.filter(action="people.import", unit=world.county).count() == 1


def test_a_bad_row_changes_nothing(world: World, admin: Client) -> None:
    before = (User.objects.count(), Entry.objects.count())
    preview = upload(
        admin, "/people/import/", PEOPLE, person("liu.fang", "财政所"), person("wu.gang", "没有的职务")
    )
    assert preview.status_code == 422 and "没有“没有的职务”这一职务" in errors_of(preview)[3]
    forced = confirm(admin, "/people/import/", preview)
    assert forced.status_code == 422
    apply(SYSTEM)
    assert (User.objects.count(), Entry.objects.count()) == before


def test_chair_and_government_in_one_import_are_refused_naming_the_article(
    world: World, admin: Client
) -> None:
    rows = [
        person("liu.fang", "代表"),
        person("liu.fang", "人大主席、副主席"),
        person("liu.fang", "乡镇长"),
    ]
    preview = upload(admin, "/people/import/", PEOPLE, *rows)
    (fault,) = errors_of(preview).values()
    assert "不得担任国家行政机关的职务（《地方组织法》第十八条）" in fault
    confirm(admin, "/people/import/", preview)
    assert not User.objects.filter(username="liu.fang").exists()


def test_a_row_in_conflict_with_an_office_already_held_is_refused(world: World, admin: Client) -> None:
    chair = world.near.of("chair")
    preview = upload(admin, "/people/import/", PEOPLE, person(chair.username, "财政所", name=chair.name))
    assert "《地方组织法》第十八条" in errors_of(preview)[2]


def test_a_teller_who_is_no_deputy_is_a_fault_of_the_row(world: World, admin: Client) -> None:
    nobody = [person("liu.fang", "监票人")]
    assert "须是本级在任代表" in errors_of(upload(admin, "/people/import/", PEOPLE, *nobody))[2]
    later = [person("liu.fang", "监票人"), [*person("liu.fang", "代表")[:5], "2026-02-01", "", ""]]
    assert list(errors_of(upload(admin, "/people/import/", PEOPLE, *later))) == [2]


@pytest.mark.parametrize(
    ("office", "code"), [("监票人", "teller"), ("人大主席、副主席", "chair"), ("chair", "chair")]
)
@pytest.mark.parametrize("order", [1, -1])
def test_the_office_and_the_mandate_it_rests_on_stand_in_one_sheet_in_any_order(
    world: World, admin: Client, office: str, code: str, order: int
) -> None:
    rows = [person("liu.fang", "代表"), person("liu.fang", office)][::order]
    preview = upload(admin, "/people/import/", PEOPLE, *rows)
    assert preview.status_code == 200
    slips = confirm(admin, "/people/import/", preview).context["slips"]
    titles = {"teller": "监票人", "chair": "人大主席、副主席"}
    told = ["青溪镇 代表", f"青溪镇 {titles[code]}"][::order]
    assert [(s.user.username, list(s.offices)) for s in slips] == [("liu.fang", told)]
    held = RoleGrant.objects.filter(user__username="liu.fang").order_by("pk")
    assert [one.office for one in held] == ["deputy", code]


def test_a_chair_who_is_no_deputy_there_is_a_fault_of_the_row(world: World, admin: Client) -> None:
    rows = [person("liu.fang", "代表", "T02"), person("liu.fang", "人大主席、副主席")]
    faults = errors_of(upload(admin, "/people/import/", PEOPLE, *rows))
    assert list(faults) == [3] and "须是本级在任代表（《地方组织法》第十八条）" in faults[3]


def test_a_third_vice_chair_is_a_fault_of_the_row_whoever_stands_above(world: World, admin: Client) -> None:
    """One holds the office already; the sheet brings three more."""
    names = ["liu.fang", "wu.gang", "he.jing"]
    rows = [person(name, office, name=name) for name in names for office in ("人大主席、副主席", "代表")]
    faults = errors_of(upload(admin, "/people/import/", PEOPLE, *rows))
    assert list(faults) == [6] and "副主席一人至二人" in faults[6] and "第十八条" in faults[6]
    preview = upload(admin, "/people/import/", PEOPLE, *rows[:4])
    assert preview.status_code == 200 and confirm(admin, "/people/import/", preview).status_code == 200
    assert len(holders_of("chair", world.near.unit, date(2026, 6, 1))) == 3


def test_one_person_is_chair_once(world: World, admin: Client) -> None:
    chair = world.near.of("chair")
    rows = [person(chair.username, "人大主席、副主席", name=chair.name)]
    assert "已担任这一职务" in errors_of(upload(admin, "/people/import/", PEOPLE, *rows))[2]


def test_a_deputy_who_is_to_count_is_a_fault_of_the_row(world: World, admin: Client) -> None:
    both = [person("liu.fang", "代表"), person("liu.fang", "计票人")]
    assert "计票人由工作人员担任" in errors_of(upload(admin, "/people/import/", PEOPLE, *both))[3]
    apart = [person("liu.fang", "代表"), person("wu.gang", "计票人", name="吴刚")]
    assert upload(admin, "/people/import/", PEOPLE, *apart).status_code == 200


def test_each_fault_of_a_row_is_named(world: World, admin: Client) -> None:
    legal = world.near.of("legal")
    rows = [
        person("liu fang", "财政所"),
        person("liu.fang", "财政所", "X99"),
        person("liu.fang", "责任单位", "T01"),
        person(legal.username, "财政所"),
        person(legal.username, "司法所", name=legal.name),
        ["刘芳", "liu.fang", "not-an-address", "财政所", "T01", "2026-02-30", "", ""],
        ["刘芳", "liu.fang", "", "审计", "T01", "", "", ""],
        ["", "liu.fang", "", "财政所", "T01", "", "", ""],
        ["刘芳", "liu.fang", f"liu@{'long.' * 50}example.org", "财政所", "T01", "", "", ""],
    ]
    found = errors_of(upload(admin, "/people/import/", PEOPLE, *rows))
    for line, words in {
        2: "用户名须为",
        3: "没有编码为“X99”的单位",
        4: "不能设在青溪镇",
        5: "属于另一人",
        6: "已担任这一职务",
        7: "日期写成",
        8: "依据文号和止日",
        9: "缺少“姓名”",
    }.items():
        assert words in found[line], (line, found[line])
    assert "电子邮箱的格式不对" in found[7] and "电子邮箱的格式不对" in found[10]


def test_units_may_stand_on_units_of_the_same_sheet(world: World, admin: Client) -> None:
    rows = [
        ["T03", "南坪镇", "乡镇", "C1"],
        ["T03-D1", "经济办", "责任单位", "T03"],
        [330001, "北街", "街道", "C1"],
    ]
    preview = upload(admin, "/people/units/import/", UNITS, *rows)
    assert preview.status_code == 200
    assert confirm(admin, "/people/units/import/", preview).status_code == 302
    inner = Unit.objects.get(code="T03-D1")
    assert inner.tenant.code == "T03" and inner.path.startswith(world.county.path)
    assert Unit.objects.get(code="330001").kind == "subdistrict"


def test_a_municipality_has_counties_of_its_own_and_a_city_may_have_townships(world: World) -> None:
    province = create_unit(code="P9", name="示范省", kind="province")
    raw = [
        ("2", "CQ1", "巴南区", "县", province.code),
        ("3", "ZS", "中山市", "市", province.code),
        ("4", "ZS1", "板芙镇", "乡镇", "ZS"),
        ("5", "ZS2", "石岐街道", "街道", "ZS"),
        ("6", "BAD", "直属镇", "乡镇", province.code),
    ]
    rows = checked(
        imports.UNITS,
        [dict(zip(["line", *UNITS], row, strict=True)) for row in raw],
        province,
        date(2026, 9, 1),
    )
    assert [row.errors for row in rows] == [[], [], [], [], ["乡镇的上级须为：县、市。"]]


def test_a_bad_unit_row_changes_nothing(world: World, admin: Client) -> None:
    rows = [
        ["T03", "南坪镇", "乡镇", "C1"],
        ["T03-D1", "经济办", "责任单位", "C1"],
        ["T01", "重复镇", "乡镇", "C1"],
        ["T04", "无上级镇", "乡镇", "C9"],
        ["T05", "怪类", "部落", "C1"],
    ]
    preview = upload(admin, "/people/units/import/", UNITS, *rows)
    found = errors_of(preview)
    assert "责任单位的上级须为：乡镇、街道" in found[3]
    assert "已经存在或重复" in found[4] and "找不到上级编码" in found[5] and "类别须为" in found[6]
    confirm(admin, "/people/units/import/", preview)
    assert not Unit.objects.filter(code="T03").exists()


def test_a_unit_outside_the_county_cannot_be_added_to(world: World, admin: Client) -> None:
    from workflow.people.services import create_unit

    create_unit(code="C2", name="邻县", kind="county")
    preview = upload(admin, "/people/units/import/", UNITS, ["X01", "邻镇", "乡镇", "C2"])
    assert "不在您管理的范围内" in errors_of(preview)[2]


def test_the_sheet_comes_back_with_an_error_column_and_runs_no_formula(world: World, admin: Client) -> None:
    preview = upload(admin, "/people/import/", PEOPLE, person("liu.fang", "没有", name="'=1+1"))
    answer = admin.post("/people/import/", {"payload": preview.context["payload"], "op": "errors"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][-1] == "错误" and "没有“没有”这一职务" in rows[1][-1]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_the_template_is_accepted_by_the_reader(world: World, admin: Client) -> None:
    answer = admin.get("/people/import/template/")
    rows = sheets.read(io.BytesIO(answer.content), PEOPLE, required=PEOPLE[:2])
    assert rows[0]["姓名"] == "示例姓名"


def test_what_was_previewed_cannot_be_altered_before_it_is_confirmed(world: World, admin: Client) -> None:
    preview = upload(admin, "/people/import/", PEOPLE, person("liu.fang", "财政所"))
    payload = preview.context["payload"]
    altered = payload[:20] + ("A" if payload[20] != "A" else "B") + payload[21:]
    assert admin.post("/people/import/", {"payload": altered, "op": "confirm"}).status_code == 404
    units = admin.post("/people/units/import/", {"payload": payload, "op": "confirm"})
    assert units.status_code == 404, "a sheet of people is no sheet of units"


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x03\x04broken"])
def test_a_file_that_is_no_workbook_is_refused_in_words(world: World, admin: Client, content: bytes) -> None:
    file = SimpleUploadedFile("import.xlsx", content)
    answer = admin.post("/people/import/", {"file": file, "op": "preview"})
    assert answer.status_code == 422 and answer.context["form"].errors["file"]


def test_a_missing_column_and_an_empty_table_are_named(world: World, admin: Client) -> None:
    missing = upload(admin, "/people/import/", ["姓名"], ["刘芳"])
    assert "第一行缺少这些列：用户名" in str(missing.context["form"].errors["file"])
    empty = upload(admin, "/people/import/", PEOPLE)
    assert "没有数据" in str(empty.context["form"].errors["file"])


def test_only_the_administrator_imports(world: World, signed_in: SignedIn) -> None:
    for user in (world.near.of("clerk"), world.county_clerk, world.auditor):
        assert signed_in(user).get("/people/import/").status_code == 403
    assert Client().get("/people/import/").status_code == 302


@pytest.mark.parametrize("text", ["2026-01-31", "2026/1/31", "2026年1月31日", "2026.1.31"])
def test_days_are_read_as_people_write_them(text: str) -> None:
    assert parse_day(text).isoformat() == "2026-01-31"  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["2026-02-30", "26-1-1", "明天", "2026-13-01"])
def test_days_that_are_none_are_not_read(text: str) -> None:
    assert parse_day(text) is None


def test_a_workbook_that_misstates_its_own_size_is_read_whole() -> None:
    """As programs that write it in one stream do: the size stands first, and nobody knows it yet."""
    whole, told = io.BytesIO(), io.BytesIO()
    book = openpyxl.Workbook()
    for row in (UNITS, ["T09", "石桥镇", "乡镇", "C1"]):
        book.active.append(row)
    book.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(told, "w") as target:
        for name in source.namelist():
            target.writestr(
                name, source.read(name).replace(b'<dimension ref="A1:D2"', b'<dimension ref="A1"')
            )
    told.seek(0)
    assert [list(row) for row in sheets.sheet_rows(told)] == [UNITS, ["T09", "石桥镇", "乡镇", "C1"]]
