"""``manage.py demo``: built once, kept, built anew where it was broken off; any other data is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from projects.demo import mark
from projects.demo.county import TODAY, Builder
from projects.demo.mark import Found, Stands, found
from projects.demo.programme import COUNTY, PROGRAMME, Play
from projects.management.commands import demo
from projects.site.env import PROJECT
from projects.site.management.commands import up
from tests.databases import Server, connected_to
from workflow.audit.models import Entry
from workflow.inbox.story import title_of_action
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit

# The one township whose year has not begun: a county that is built in a second.
FEW = [play for play in PROGRAMME if play.code == "SF13"]
CLEARING = pytest.mark.skipif(
    settings.CLUSTER is None, reason="an outside database is cleared by its administrator"
)


class BrokenOff(Exception):
    """What ends a building before its time."""


class InTheTownships(Builder):
    def township(self, play: Play) -> str:
        raise BrokenOff


class BeforeTheLastWord(Builder):
    def finish(self) -> None:
        raise BrokenOff


@pytest.fixture(autouse=True)
def small(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    building(monkeypatch, Builder)


def building(monkeypatch: pytest.MonkeyPatch, builder: type[Builder]) -> None:
    monkeypatch.setattr(demo, "Builder", partial(builder, programme=FEW))


def run(*arguments: str) -> tuple[str, str]:
    """What the command says on its two outputs."""
    out, err = StringIO(), StringIO()
    call_command("demo", *arguments, jobs=1, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as error:
        run(*arguments)
    assert error.value.returncode == 1
    return str(error.value)


def test_nobody_builds_with_no_process_at_all() -> None:
    with pytest.raises(CommandError, match="--jobs"):
        call_command("demo", "--jobs", "0")


def break_off(monkeypatch: pytest.MonkeyPatch, builder: type[Builder] = InTheTownships) -> None:
    building(monkeypatch, builder)
    with pytest.raises(BrokenOff):
        run()
    building(monkeypatch, Builder)


def everything() -> list[tuple[Any, ...]]:
    """Every entry of every trail, to see that nothing was written and nothing made anew."""
    with within(SYSTEM):
        return list(Entry.objects.order_by("id").values_list("id", "body"))


def codes() -> set[str]:
    with within(SYSTEM):
        return set(Unit.objects.filter(parent__code=COUNTY).values_list("code", flat=True))


def test_it_is_built_once_and_a_second_time_says_so_and_keeps_the_data() -> None:
    assert found() == Found(Stands.NOTHING)
    assert "演示县已建成：1 个乡镇" in run("--seed", "3")[0]
    assert found() == Found(Stands.WHOLE, TODAY, 3) and codes() == {"SF13"}
    stood = everything()
    out, err = run("--today", "2027-03-01")
    assert "已经建好" in out and str(TODAY) in out and "种子 3" in out and "--reset" in out and err == ""
    assert everything() == stood


def test_the_countys_own_trail_says_when_a_building_began_and_that_it_is_whole() -> None:
    run()
    with within(SYSTEM):
        said = Entry.objects.filter(unit__code=COUNTY, action__startswith="demo.").order_by("id")
        assert [title_of_action(entry.action) for entry in said] == ["开始建立演示县", "演示县建成"]
        assert not Entry.objects.filter(id__gt=said[1].id).exists()


@CLEARING
@pytest.mark.parametrize("builder", [InTheTownships, BeforeTheLastWord])
def test_what_was_broken_off_is_built_anew(builder: type[Builder], monkeypatch: pytest.MonkeyPatch) -> None:
    break_off(monkeypatch, builder)
    assert found() == Found(Stands.UNFINISHED, TODAY, 1) and "演示县没有建完" in "".join(up._cast())
    out, err = run("--today", "2026-12-01")
    assert "没有完成" in err and "演示县已建成" in out
    assert found() == Found(Stands.WHOLE, date(2026, 12, 1), 1) and codes() == {"SF13"}
    assert "全部名单" in up._cast()[-1]


def test_a_building_that_broke_off_before_the_county_was_there_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise BrokenOff

    with monkeypatch.context() as patch, pytest.raises(BrokenOff):
        patch.setattr(mark, "begin", broken)
        run()
    assert found() == Found(Stands.NOTHING)
    assert "演示县已建成" in run()[0]


@CLEARING
def test_reset_builds_anew_what_is_whole() -> None:
    run()
    out, err = run("--reset", "--seed", "2")
    assert "正在清空" in err and "演示县已建成" in out
    assert found() == Found(Stands.WHOLE, TODAY, 2)
    assert "已经建好" in run()[0]


def a_unit() -> str:
    create_unit(code="330185", name="临安区", kind=UnitKind.COUNTY)
    return "临安区"


def a_unit_below() -> str:
    create_unit(code="330185", name="临安镇", kind=UnitKind.TOWNSHIP, parent=Unit.objects.get(code=COUNTY))
    return "临安镇"


def a_person() -> str:
    User.objects.create(username="han.lixin", name="韩立新")
    return "han.lixin"


@pytest.mark.parametrize("add", [a_unit, a_unit_below, a_person])
def test_half_a_county_with_anything_in_it_that_is_not_invented_is_not_cleared(
    add: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    break_off(monkeypatch)
    with within(SYSTEM):
        name = add()
    stood = everything()
    assert f"“{name}”" in refused() and everything() == stood


def test_half_a_county_in_an_outside_database_is_left_to_its_administrator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    break_off(monkeypatch)
    stood = everything()
    monkeypatch.setattr(settings, "CLUSTER", None)
    assert "外接数据库请由管理员清空" in refused() and everything() == stood


@pytest.mark.parametrize("arguments", [(), ("--reset",)])
def test_a_real_countys_database_is_refused_even_to_be_cleared(arguments: tuple[str, ...]) -> None:
    call_command(
        "bootstrap", "--county", "330000", "青川县", "--admin", "admin", "--name", "韩立新", stdout=StringIO()
    )
    stood = everything()
    assert found().stands is Stands.OTHER
    assert "演示以外的数据" in refused(*arguments)
    assert everything() == stood


def test_a_database_without_tables_asks_for_them(database_server: Server, fresh_database: str) -> None:
    bare = database_server.clone("template1")
    try:
        with connected_to(bare):
            assert "manage.py migrate" in refused()
    finally:
        database_server.drop(bare)


def test_nobody_builds_while_another_process_does() -> None:
    with mark.alone():
        assert "另一个进程" in refused() and "另一个进程" in refused("--reset")
    assert "演示县已建成" in run()[0]


def test_it_is_not_for_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PRODUCTION", True)
    assert "正式环境" in refused() and found() == Found(Stands.NOTHING)


BUILDER = """
import multiprocessing, os, time
from projects.demo.worker import start_worker

if __name__ == "__main__":
    pool = multiprocessing.get_context("spawn").Pool(1, start_worker)
    print(pool.apply(os.getpid), flush=True)
    time.sleep(60)
"""


def test_a_builder_that_is_killed_leaves_no_worker_behind(tmp_path: Path) -> None:
    script = tmp_path / "builder.py"
    script.write_text(BUILDER)
    builder = subprocess.Popen(
        [sys.executable, str(script)], cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with builder:
        assert builder.stdout is not None
        worker = psutil.Process(int(builder.stdout.readline()))
        builder.kill()
        builder.wait()
        gone, alive = psutil.wait_procs([worker], timeout=10)
    assert gone and not alive
