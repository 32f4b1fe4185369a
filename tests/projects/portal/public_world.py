"""A township as residents meet it, and the day it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from projects.cycles.services import create_cycle
from projects.demo.cast import Township
from projects.selection.models import Item
from projects.supervision.models import Project
from tests.builders import at
from workflow.machines.services import fire

T = date(2027, 1, 20)
WINDOW = {"window_from": date(2026, 9, 3), "window_to": date(2026, 10, 8)}
STATES = ("begin_selection", "begin_deliberation", "begin_vote", "begin_supervision", "begin_evaluation")


def travel(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    """Make it nine o'clock of a day for everything that asks Django for the time."""
    monkeypatch.setattr(timezone, "now", lambda: at(day))


def cycle_of(town: Township, *arrows: str, year: int = 2027, period: str = "", **rules: Any) -> Cycle:
    """A year with its window set, moved along `arrows` after its opening."""
    act = town.act("chair", at("2026-09-01"))
    cycle = create_cycle(
        act,
        year=year,
        period=period,
        opens_on=date(year - 1, 9, 1),
        planned_t=date(year, 1, 20),
        planned_t2=date(year + 1, 1, 18),
    )
    fire(cycle, "open", act, rules_data=Rules(**rules).frozen_json(), **WINDOW)
    for arrow in arrows:
        fire(cycle, arrow, act)
    return cycle


def item_of(town: Township, cycle: Cycle, number: int, title: str, *arrows: str) -> Item:
    """An item moved along `arrows`."""
    item = Item.objects.create(
        unit=town.unit,
        cycle=cycle,
        number=number,
        title=title,
        content="建设内容和规模。",
        category="交通出行",
        department=town.departments[0],
        investment_fen=380_000_000,
    )
    for arrow in arrows:
        fire(item, arrow, town.act("chair", at("2026-12-01")))
    return item


TO_THE_BALLOT = ("pass_screening", "draft", "list_candidate", "put_on_ballot")


def project_of(town: Township, cycle: Cycle, number: int, title: str = "村道硬化", *arrows: str) -> Project:
    """An elected item's project, moved along `arrows`."""
    item = item_of(town, cycle, number, title, *TO_THE_BALLOT, "elect")
    project = Project.objects.create(
        unit=town.unit,
        cycle=cycle,
        item=item,
        number=number,
        title=title,
        content="硬化村道 6 公里。",
        category="交通出行",
        budget_fen=380_000_000,
        finish_by=date(2027, 12, 20),
        department=town.departments[0],
    )
    for arrow in arrows:
        fire(project, arrow, town.act("mayor", at("2027-03-01")))
    return project


TO_ACCEPTED = ("assign", "begin", "finish", "accept")


def text_of(client: Client, path: str, status: int = 200) -> str:
    """A page's text; fails the test when its status is another one."""
    response = client.get(path)
    assert response.status_code == status, (path, response.status_code)
    return response.content.decode()


Maker = Callable[..., Any]
