"""A township whose people have mailboxes, and a post office that is asked by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from notifications.models import Delivery
from notifications.post import post_unit
from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.lifecycle.intake import start_year
from tests.builders import SINCE, at, township
from tests.notifications.office import PLAN, give_mailboxes, office  # noqa: F401  (a fixture)
from workflow.audit.services import Act
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, User
from workflow.roles.services import grant

SCHEME = {
    "opens_on": "2026-09-01",
    "planned_t": "2027-01-20",
    "planned_t2": "2028-01-18",
    "leading_group": "组长、副组长和成员",
    "body": "按照三个阶段六个环节组织实施。",
}
CALL = {"window_from": "2026-09-03", "window_to": "2026-10-08", "body": "现面向全镇公开征集民生实事项目。"}


def administrator(town: Township) -> User:
    """The county's administrator, in office."""
    county = Unit.objects.get(pk=town.unit.parent_id)
    admin = User.objects.get(username=f"admin@{town.unit.code}")
    act = Act(admin, "admin", county, at("2020-01-01"))
    grant(user=admin, office="admin", unit=county, act=act, since=SINCE)
    return admin


@pytest.fixture
def town(db: None) -> Township:
    apply(SYSTEM)
    made = township()
    give_mailboxes()
    return made


@pytest.fixture
def cycle(town: Township) -> Cycle:
    return start_year(town.act("chair", at("2026-08-10")), **PLAN)


@pytest.fixture
def post(town: Township) -> Callable[[], list[Delivery]]:
    """Commit's work done by hand, then the unit posted; returns the letters this made."""

    def run() -> list[Delivery]:
        before = set(Delivery.objects.values_list("pk", flat=True))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        assert post_unit(town.unit.pk)
        return list(Delivery.objects.exclude(pk__in=before).select_related("recipient").order_by("pk"))

    return run
