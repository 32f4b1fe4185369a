"""A county with many townships under way, cheaply: units, years and a few records of each, no cast."""

from __future__ import annotations

from datetime import date

from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.deliberation.models import Visit
from projects.evaluation.models import Measurement, Rating
from projects.selection.models import Item
from projects.supervision.models import Finding, Inspection, Project
from tests.builders import SINCE, at
from workflow.audit.services import Act
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.services import grant


def county_of(code: str, name: str = "示范县", parent: Unit | None = None) -> Unit:
    return create_unit(code=code, name=name, kind=UnitKind.COUNTY, parent=parent)


def leader_of(unit: Unit, username: str = "leader") -> User:
    """Somebody of the standing committee of a county, a city or a province."""
    user = User.objects.create(username=username, name="县人大常委会")
    admin, _made = User.objects.get_or_create(username="admin@world", defaults={"name": "系统管理员"})
    grant(user=user, office="county", unit=unit, act=Act(admin, "admin", unit, at("2020-01-01")), since=SINCE)
    return user


def townships_of(county: Unit, names: list[str], *, year: int = 2027) -> list[Cycle]:
    return [a_year(county, f"{county.code}{n:02d}", name, n, year) for n, name in enumerate(names, 1)]


def a_year(county: Unit, code: str, name: str, n: int, year: int) -> Cycle:
    """A township's year in step 5. n: how much there is of everything, so that no two are alike."""
    unit = create_unit(code=code, name=name, kind=UnitKind.TOWNSHIP, parent=county)
    who, _made = User.objects.get_or_create(username="deputy@world", defaults={"name": "代表"})
    cycle = Cycle.objects.create(
        unit=unit, year=year, opens_on=date(year - 1, 9, 1), planned_t=date(year, 1, 20),
        planned_t2=date(year + 1, 1, 18), state="supervising",
    )  # fmt: skip
    kinds = ("resident", "deputy", "department")
    for k in range(n % 5 + 1):
        Proposal.objects.create(
            unit=unit, cycle=cycle, code=f"{code}-{k}", title=f"建议{k}", content="内容。",
            proposer_kind=kinds[k % 3], received_at=at("2026-09-10"), state=("accepted", "received")[k % 2],
        )  # fmt: skip
    for k in range(1, n % 4 + 2):
        item = Item.objects.create(
            unit=unit, cycle=cycle, number=k, title=f"项目{k}", content="内容。", category="交通出行",
            funding={"own": k * 1_000_000, "upper": 2_000_000}, state="elected",
        )  # fmt: skip
        project = Project.objects.create(
            unit=unit, cycle=cycle, item=item, number=k, title=f"项目{k}", content="内容。", category="交通出行",
            budget_fen=10_000_000, invested_fen=k * n * 10_000, funded_fen=k * 100_000, finish_by=date(year, 12, 1),
            light=("red", "green")[k % 2], state=("building", "completed", "accepted", "stopped")[k % 4],
        )  # fmt: skip
        Rating.objects.create(
            unit=unit, project=project, grade=("basic", "dissatisfied")[n % 2], on=date(year, 10, 1)
        )
        Finding.objects.create(
            unit=unit,
            project=project,
            words="裂缝",
            raised_on=date(year, 5, k),
            state=("open", "closed")[k % 2],
        )
        Inspection.objects.create(
            unit=unit, project=project, on=date(year, 5, 1), place="村", words="看了。", by=who
        )
        Measurement.objects.create(
            unit=unit, cycle=cycle, project=project, satisfied=10 + n % 7, basic=2, dissatisfied=1, base=20,
            state=("closed", "rectifying")[k % 2],
        )  # fmt: skip
    Visit.objects.create(
        unit=unit, cycle=cycle, by=who, on=date(year, 1, 5), place="村", voters=n, words="看了。"
    )
    return cycle
