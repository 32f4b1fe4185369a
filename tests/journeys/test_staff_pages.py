"""The pages of the staff, in a township that has played its year as far as the building."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils.timezone import localdate
from playwright.sync_api import Browser

from projects.ballots.models import Vote
from projects.cycles.models import Cycle, Paper
from projects.demo.play.collection import play_collection
from projects.demo.play.selection import play_selection
from projects.demo.play.voting import play_after_vote, play_voting
from projects.lifecycle.intake import start_year
from projects.portal.acts import PAGES
from projects.selection.models import Notice
from projects.supervision.models import Project
from tests.builders import NOTICE, at, township
from tests.journeys.pages import addresses_in, barriers
from tests.plays import play_deliberation, play_supervision
from workflow.audit.services import Act
from workflow.flows.models import Deadline
from workflow.machines.references import kind_in
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, User
from workflow.roles.middleware import SESSION_KEY as GRANT_KEY
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import live_grants
from workflow.roles.services import grant

T = date(2026, 1, 20)
T2 = date(2027, 1, 19)
TITLES = {"农村人居环境整治和饮水工程": 9, "民生公路": 4}
MOST = ("chair", "gov_clerk", "department", "county")


@pytest.fixture
def played(served) -> Iterator[str]:  # type: ignore[no-untyped-def]
    """The address of a site with one township whose elected project is being built, and a county above it."""
    with within(SYSTEM):
        town = township("P01", name="四屏镇", deputies=20)
        county = Unit.objects.get(code="P01-C")
        admin = User.objects.get(username="admin@P01")
        act = Act(admin, "admin", county, at("2020-01-01"))
        for office in ("county", "auditor", "admin"):
            holder = (
                admin if office == "admin" else User.objects.create(username=f"{office}@P01", name="李志强")
            )
            notice = NOTICE if office == "auditor" else {}
            grant(user=holder, office=office, unit=county, act=act, since=date(2020, 1, 1), **notice)
        plan = {"year": 2026, "opens_on": date(2025, 9, 1), "planned_t": T, "planned_t2": T2}
        cycle = start_year(town.act("chair", at("2025-08-01")), **plan)
        play_collection(town, cycle, proposals=4, titles=list(TITLES))
        play_selection(town, cycle, list(TITLES), 1)
        cycle.refresh_from_db()
        play_deliberation(town, cycle, t=T, term=2, number=4, seats=1, mode="select")
        play_voting(
            town, cycle, t=T, present=13 + 5, sums={**TITLES, "农村人居环境整治和饮水工程": 14}, on_leave=2
        )
        play_after_vote(town, cycle, t=T)
        play_supervision(town, cycle, until=T + timedelta(days=70))
    yield served.url


def cookie_of(held: RoleGrant) -> str:
    """A session of the grant's holder, acting in that office."""
    session = SessionStore()
    session[SESSION_KEY] = str(held.user_id)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = held.user.get_session_auth_hash()
    session[GRANT_KEY] = held.pk
    session.save()
    return str(session.session_key)


def signed_in(held: RoleGrant) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie_of(held)
    return client


def one_of_each_office() -> list[RoleGrant]:
    with within(SYSTEM):
        grants = live_grants(localdate()).select_related("user", "unit").order_by("pk")
        return list({held.office: held for held in reversed(grants)}.values())


def every_page_of_the_navigation_opens_with_a_year_in_it() -> None:
    """For the offices that see most of it; that every office's pages open is shown where every office signs in."""
    for held in one_of_each_office():
        if held.office in MOST:
            client = signed_in(held)
            links = addresses_in(client.get("/home/", follow=True).content.decode())
            assert len(links) > 5, held.office
            answers = {link: client.get(link, follow=True).status_code for link in sorted(links)}
            assert set(answers.values()) == {200}, (held.office, answers)


def the_pages_people_work_on_most_have_no_serious_barrier(browser: Browser, played: str) -> None:
    with within(SYSTEM):
        cycle, vote = Cycle.objects.get(), Vote.objects.get(purpose="projects")
        project = Project.objects.get()
        task = Deadline.objects.filter(done_at=None, cancelled=False).select_related("seat").first()
        assert task is not None
        worker = RoleGrant.objects.select_related("user").filter(office=task.office, unit=task.seat).first()
        chair, county = (
            RoleGrant.objects.select_related("user").get(office=office) for office in ("chair", "county")
        )
        notice, item = Notice.objects.get(), project.item
        proposal = item.sources.order_by("pk")[0].proposal
    assert worker is not None
    matters = [PAGES[kind_in(one.reference)](one) for one in (item, proposal, notice)]
    walk = {
        worker: ["/inbox/", f"/tasks/{task.pk}/"],
        chair: [
            f"/years/{cycle.pk}/",
            f"/years/{cycle.pk}/items/",
            f"/years/{cycle.pk}/proposals/",
            *matters,
            f"/projects/{project.pk}/",
            f"/votes/{vote.pk}/",
            f"/sessions/{vote.session_id}/",
        ],
        county: [
            "/county/",
            "/county/?part=money&sort=invested_percent",
            "/county/map/",
            "/county/screen/",
            "/county/list/projects/",
            "/county/bulletins/",
        ],
    }
    for held, paths in walk.items():
        context = browser.new_context(base_url=played, bypass_csp=True, locale="zh-CN")
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie_of(held), "url": played}])
        page = context.new_page()
        for path in paths:
            answer = page.goto(path)
            assert answer is not None and answer.status == 200, path
            assert [one["id"] for one in barriers(page, "serious", "critical")] == [], path
        context.close()


def a_year_a_session_a_project_a_vote_and_a_paper_lead_to_each_other() -> None:
    with within(SYSTEM):
        cycle, vote, project = (
            Cycle.objects.get(),
            Vote.objects.get(purpose="projects"),
            Project.objects.get(),
        )
        report = Paper.objects.get(kind="tally_report")
        held = RoleGrant.objects.select_related("user").get(office="chair")
    client = signed_in(held)
    year, at_session, at_project, at_vote, paper = (
        f"/years/{cycle.pk}/",
        f"/sessions/{vote.session_id}/",
        f"/projects/{project.pk}/",
        f"/votes/{vote.pk}/",
        f"/papers-on-file/{report.pk}/",
    )
    leads = {
        year: (at_project, at_vote, at_session, paper),
        at_session: (year, at_vote, paper),
        at_project: (year, at_vote),
        at_vote: (year, at_session, paper),
        paper: (year, at_vote),
    }
    for page, targets in leads.items():
        text = client.get(page).content.decode()
        assert all(f'href="{target}' in text for target in targets), page


def test_the_staff_pages_open_lead_to_each_other_and_have_no_serious_barrier(
    browser: Browser, played: str
) -> None:
    every_page_of_the_navigation_opens_with_a_year_in_it()
    a_year_a_session_a_project_a_vote_and_a_paper_lead_to_each_other()
    the_pages_people_work_on_most_have_no_serious_barrier(browser, played)
