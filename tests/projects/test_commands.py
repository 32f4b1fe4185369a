"""The operator's commands: what they print, and what they refuse."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command

from projects.cycles.rulebook import Rules
from projects.cycles.services import adopt_rulebook
from projects.demo.cast import PASSWORD, Township
from projects.management.commands import cast
from tests.builders import at, township
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.roles.models import RoleGrant


def said(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    apply(SYSTEM)
    return out.getvalue()


def refused(*arguments: str) -> CommandError:
    with pytest.raises(CommandError) as error:
        call_command(*arguments)
    return error.value


@pytest.fixture
def town(db: None) -> Township:
    apply(SYSTEM)
    return township(deputies=14)


def test_the_seat_table_is_json_or_a_table(town: Township) -> None:
    rows = json.loads(said("seat_table", "--unit", "T01", "--json"))
    asked = {"step", "task", "title", "office", "unit", "holder", "deadline", "basis", "returns_to", "event"}
    assert rows and all(asked <= row.keys() for row in rows)
    table = said("seat_table", "--unit", "T01").splitlines()
    assert len(table) == len(rows) + 2 and "拟订年度实施方案" in table[2] + table[3]
    assert any(line.startswith("| 各环节 | 登记乡镇更名") for line in table)
    assert not any(line.startswith("| 六 评估 | 登记乡镇更名") for line in table)


def test_the_rulebook_shows_what_is_in_force_and_what_was_changed(town: Township) -> None:
    adopt_rulebook(town.act("chair", at("2026-01-05")), town.unit, Rules(collection_window_days=20))
    rows: list[dict[str, Any]] = json.loads(said("rulebook", "--unit", "T01", "--json"))
    window = next(row for row in rows if row["key"] == "collection_window_days")
    assert (window["value"], window["default"], window["changed"]) == (20, "30 天", True)
    text = said("rulebook", "--unit", "T01")
    assert "20 天（已改）" in text and "景洪市实施办法" in text


@pytest.mark.parametrize("command", ["seat_table", "rulebook"])
def test_an_unknown_unit_is_status_two(town: Township, command: str) -> None:
    assert refused(command, "--unit", "T99").returncode == 2


@pytest.mark.parametrize("command", ["seat_table", "rulebook"])
def test_a_unit_that_is_no_township_has_no_seat_table_and_no_rulebook(town: Township, command: str) -> None:
    assert said(command, "--unit", town.unit.code)
    for other in (town.departments[0], town.unit.parent):
        assert other is not None and refused(command, "--unit", other.code).returncode == 2


def test_a_year_the_unit_does_not_have_is_status_two(town: Township) -> None:
    assert refused("seat_table", "--unit", "T01", "--year", "1999").returncode == 2


def test_the_cast_lists_every_office_with_a_password_that_works(town: Township) -> None:
    rows = json.loads(said("cast", "--json"))
    assert len(rows) == RoleGrant.objects.filter(tenant=town.unit).count()
    clerk = next(row for row in rows if row["office"] == "clerk")
    assert clerk == {
        "office": "clerk",
        "unit": "T01",
        "username": "clerk@T01",
        "password": PASSWORD,
        "name": town.of("clerk").name,
    }
    assert check_password(clerk["password"], User.objects.get(username="clerk@T01").password)


def test_the_cast_leaves_out_who_has_a_password_of_their_own(town: Township) -> None:
    user = town.of("clerk")
    user.set_password("a-password-of-ones-own")
    user.save()
    names = {row["username"] for row in json.loads(said("cast", "--json"))}
    assert "clerk@T01" not in names and "chair@T01" in names


def test_the_cast_is_told_in_one_line_a_township_with_the_password_once(town: Township) -> None:
    lines = cast.summary()
    apply(SYSTEM)
    heading, hall = lines[0], next(line for line in lines if line.startswith("T01 青溪镇："))
    assert PASSWORD in heading and sum(PASSWORD in line for line in lines) == 1
    for words in (
        "人大主席、副主席 chair@T01",
        "代表 chair@T01、deputy1@T01 至 deputy6@T01、deputy8@T01 至 deputy14@T01（14 人）",
        "department6@T01",
    ):
        assert words in hall, words
    User.objects.update(password="")
    assert cast.summary() == []
    apply(SYSTEM)


def test_the_cast_of_a_subdistrict_is_told_in_its_own_words(town: Township) -> None:
    Unit.objects.filter(pk=town.unit.pk).update(kind=UnitKind.SUBDISTRICT)
    told = "\n".join(cast.summary())
    apply(SYSTEM)
    assert "人大街道工委主任、副主任 chair@T01" in told and "议事代表 chair@T01、deputy1@T01 至" in told
    assert "| 人大街道工委主任、副主任 | T01 | chair@T01 |" in said("cast")


def test_the_cast_is_not_for_production(town: Township, settings: Any) -> None:
    settings.PRODUCTION = True
    assert "正式环境" in str(refused("cast"))


def bootstrap(*more: str) -> tuple[str, ...]:
    return ("bootstrap", "--county", "330000", "示范县", "--admin", "admin", "--name", "韩立新", *more)


def test_bootstrap_makes_the_county_and_an_administrator_with_a_slip(db: None) -> None:
    apply(SYSTEM)
    slip = said(*bootstrap("--parent", "33", "示范市"))
    admin = User.objects.get(username="admin")
    password = next(line for line in slip.splitlines() if line.startswith("登录密码：")).partition("：")[2]
    assert admin.must_change_password and check_password(password, admin.password)
    county = Unit.objects.get(code="330000")
    assert (county.kind, county.parent.code, county.parent.kind) == (UnitKind.COUNTY, "33", UnitKind.CITY)
    assert RoleGrant.objects.get(user=admin).unit == county


def test_bootstrap_refuses_where_an_administrator_exists(db: None) -> None:
    apply(SYSTEM)
    said(*bootstrap())
    again = refused("bootstrap", "--county", "330001", "另一县", "--admin", "other", "--name", "别人")
    assert again.returncode == 2 and "已经有系统管理员" in str(again)
    apply(SYSTEM)
    assert (
        not Unit.objects.filter(code="330001").exists() and not User.objects.filter(username="other").exists()
    )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (("--county", "示范", "示范县"), "编码只能用数字、字母"),
        (("--parent", "330000", "示范市"), "已经是另一个单位"),
        (("--admin", "系统管理员"), "用户名须为"),
        (("--name", " "), "缺少“姓名”"),
    ],
)
def test_bootstrap_refuses_what_an_import_would_refuse_and_makes_nothing(
    db: None, changed: tuple[str, ...], told: str
) -> None:
    apply(SYSTEM)
    again = refused(*bootstrap(*changed))
    assert again.returncode == 2 and told in str(again)
    apply(SYSTEM)
    assert not Unit.objects.exists() and not User.objects.exists()


def test_on_a_database_without_tables_one_line_says_what_to_run_first(
    fresh_database, owner_connection
) -> None:  # type: ignore[no-untyped-def]
    owner_connection.execute("DROP TABLE workflow_unit CASCADE")
    missing = refused(*bootstrap())
    assert missing.returncode == 2 and "manage.py migrate" in str(missing)


def workbook(path: Path, *rows: list[str]) -> str:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return str(path)


UNITS = ["编码", "名称", "类别", "上级编码"]
PEOPLE = ["姓名", "用户名", "职务", "单位编码"]


def test_units_and_people_are_imported_with_slips_that_work(db: None, tmp_path: Path) -> None:
    apply(SYSTEM)
    said(*bootstrap())
    units = workbook(tmp_path / "u.xlsx", UNITS, ["T01", "青溪镇", "乡镇", "330000"])
    said("import_units", units, "--county", "330000")
    people = workbook(tmp_path / "p.xlsx", PEOPLE, ["刘芳", "liu.fang", "人大办（人大秘书）", "T01"])
    name, offices, username, password = (
        said("import_people", people, "--county", "330000").strip().split("\t")
    )
    assert (name, offices) == ("刘芳", "青溪镇 人大办（人大秘书）")
    assert check_password(password, User.objects.get(username=username).password)


def test_people_with_a_mailbox_are_written_to_and_without_a_mail_server_get_slips_too(
    db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    apply(SYSTEM)
    said(*bootstrap())
    unit = ["T01", "青溪镇", "乡镇", "330000"]
    said("import_units", workbook(tmp_path / "u.xlsx", UNITS, unit), "--county", "330000")
    for name, production in (("liu.fang", False), ("wu.gang", True)):
        settings.PRODUCTION, settings.EMAIL_CONFIGURED = production, False
        row = ["刘芳", name, "人大办（人大秘书）", "T01", f"{name}@example.org"]
        file = workbook(tmp_path / f"{name}.xlsx", [*PEOPLE, "电子邮箱"], row)
        slips, told = said("import_people", file, "--county", "330000"), capsys.readouterr().err
        apply(SYSTEM)
        assert User.objects.get(username=name).has_usable_password() is production
        assert (name in slips, "没有设置邮件服务器" in told) == (production, production)
        assert (f"已写信：刘芳\t{name}\t{name}@example.org" in told) is not production


def test_an_import_with_a_bad_row_says_which_and_changes_nothing(
    db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apply(SYSTEM)
    said(*bootstrap())
    units = workbook(
        tmp_path / "u.xlsx", UNITS, ["T01", "青溪镇", "乡镇", "330000"], ["T02", "白石镇", "乡镇", "X"]
    )
    with pytest.raises(SystemExit) as ended:
        call_command("import_units", units, "--county", "330000")
    assert ended.value.code == 1 and "第 3 行：找不到上级编码" in capsys.readouterr().out
    apply(SYSTEM)
    assert not Unit.objects.filter(code="T01").exists()


def test_a_workbook_can_be_looked_through_before_anything_is_imported(
    db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apply(SYSTEM)
    said(*bootstrap())
    good, bad = ["T01", "青溪镇", "乡镇", "330000"], ["T02", "白石镇", "乡镇", "X"]
    assert (
        said("import_units", workbook(tmp_path / "g.xlsx", UNITS, good), "--county", "330000", "--check")
        == ""
    )
    assert "1 行全部正确" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        call_command(
            "import_units", workbook(tmp_path / "b.xlsx", UNITS, bad), "--county", "330000", "--check"
        )
    assert ended.value.code == 1 and "第 2 行" in capsys.readouterr().out
    apply(SYSTEM)
    assert not Unit.objects.filter(code__startswith="T").exists()


@pytest.mark.parametrize("file", ["missing.xlsx", "pyproject.toml"])
def test_a_file_that_cannot_be_read_as_a_workbook_is_status_two(db: None, file: str) -> None:
    assert refused("import_people", file, "--county", "330000").returncode == 2
