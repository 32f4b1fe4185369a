"""The staff's pages of a year's proposals, items and notices: found from the year, complete, and cheap."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.collection.intake import propose
from projects.collection.models import Proposal
from projects.demo.play import selection as play
from projects.demo.play.collection import about
from projects.portal.acts import PAGES
from projects.selection.models import Item, Notice
from projects.supervision import rules
from projects.supervision.models import Project
from tests.builders import at, township
from tests.projects.portal.public_world import cycle_of, item_of, project_of
from tests.projects.selection.test_selection import D0, A, cycle, town, until_posted  # noqa: F401
from workflow.flows.events import events_on
from workflow.machines.references import kind_in
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db


def address_of(record):
    return PAGES[kind_in(record.reference)](record)


def page(client, user, address: str, status: int = 200) -> str:
    client.force_login(user)
    answer = client.get(address)
    apply(SYSTEM)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def test_from_the_year_to_an_item_its_sources_verdicts_opinions_and_money(client, town, cycle):  # noqa: F811
    until_posted(town, cycle)
    clerk, item, notice = town.of("gov_clerk"), Item.objects.get(title=A), Notice.objects.get()
    year = page(client, clerk, f"/years/{cycle.pk}/")
    assert f'href="/years/{cycle.pk}/items/"' in year and f'href="{address_of(notice)}"' in year
    assert f'href="{address_of(item)}"' in page(client, clerk, f"/years/{cycle.pk}/items/")
    shown = page(client, clerk, address_of(item))
    for words in (
        "资格筛查",
        "论证意见",
        "合法性审查",
        "本级财政",
        "由 2 件意见建议归并",
        about(A),
        "办理记录",
    ):
        assert words in shown, words
    merged = Proposal.objects.get(title=about(A))
    assert f'href="{address_of(merged)}"' in shown
    assert f'href="{address_of(item)}"' in page(client, clerk, address_of(merged))
    assert f'href="{address_of(item)}"' in page(client, clerk, address_of(notice))


def test_an_act_stands_on_the_items_page_while_it_is_possible(client, town, cycle):  # noqa: F811
    play.merge_all(town, cycle, D0)
    item = Item.objects.get(title=A)
    clerk, mayor = town.of("gov_clerk"), town.of("mayor")
    assert f'href="/do/selection.unmerge/{item.pk}/"' in page(client, clerk, address_of(item))
    assert "selection.unmerge" not in page(client, mayor, address_of(item))
    grant = RoleGrant.objects.get(user=clerk)
    assert "selection.unmerge" in [e.key for e in events_on(item, grant, at("2026-10-15"))]


def test_a_proposers_contact_and_code_are_not_on_the_page_of_the_proposal(client):
    apply(SYSTEM)
    hall = township()
    cycle_of(hall)
    made = propose(
        hall.act("clerk", at("2026-09-07")), title="修桥", content="危桥。", name="张某", phone="13900000000"
    )
    shown = page(client, hall.of("gov_clerk"), address_of(made))
    assert "危桥。" in shown
    assert not [secret for secret in ("张某", "13900000000", made.code) if secret in shown]


def test_another_township_does_not_find_the_pages(client):
    apply(SYSTEM)
    hall, other = township("T01"), township("T02", name="石桥镇")
    year = cycle_of(hall)
    item = item_of(hall, year, 1, "石坝村危桥改造")
    made = propose(hall.act("clerk", at("2026-09-07")), title="修桥", content="危桥。")
    notice = Notice.objects.create(
        unit=hall.unit, cycle=year, from_on=date(2026, 11, 2), to_on=date(2026, 11, 9)
    )
    addresses = [address_of(item), address_of(made), address_of(notice), f"/years/{year.pk}/items/"]
    for address in [*addresses, f"/years/{year.pk}/proposals/"]:
        page(client, hall.of("clerk"), address)
        page(client, other.of("clerk"), address, status=404)


def test_a_list_costs_the_same_for_one_row_and_for_fifty(client):
    apply(SYSTEM)
    hall = township()
    year = cycle_of(hall)
    item_of(hall, year, 1, "石坝村危桥改造")
    propose(hall.act("clerk", at("2026-09-07")), title="修桥", content="危桥。")
    addresses = (f"/years/{year.pk}/items/", f"/years/{year.pk}/proposals/")
    few = [queries(client, hall, address) for address in addresses]
    for n in range(2, 51):
        item_of(hall, year, n, f"项目{n}")
        propose(hall.act("clerk", at("2026-09-07")), title=f"建议{n}", content="内容。")
    assert [queries(client, hall, address) for address in addresses] == few
    assert "?page=2" in page(client, hall.of("clerk"), addresses[0])
    assert page(client, hall.of("clerk"), f"{addresses[0]}?state=merged").count("row-title") == 30


def queries(client, hall, address: str) -> int:
    page(client, hall.of("clerk"), address)
    with CaptureQueriesContext(connection) as seen:
        client.get(address)
    apply(SYSTEM)
    return len(seen)


def test_a_projects_light_is_called_as_the_rules_call_it_and_only_while_it_is_built(client):
    apply(SYSTEM)
    hall = township()
    project, clerk = project_of(hall, cycle_of(hall), 1, "村道硬化", "assign", "begin"), hall.of("clerk")
    for light, words in rules.LIGHT_WORDS.items():
        Project.objects.filter(pk=project.pk).update(light=light)
        assert f"</svg>{words}</span>" in page(client, clerk, address_of(project))
    fire(project, "finish", hall.act("mayor", at("2027-10-01")))
    shown = page(client, clerk, address_of(project))
    assert not [words for words in rules.LIGHT_WORDS.values() if f"</svg>{words}</span>" in shown]
