"""The plays of the demonstration performed in a real browser: each act by the person whose turn it is, on its page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Page

from projects.collection.events import PROPOSE
from projects.collection.intake import propose
from projects.collection.models import Proposal
from projects.collection.selectors import COMPLETING
from projects.cycles.selectors import collecting_cycles
from projects.demo.cast import PASSWORD
from projects.evaluation.models import Rating
from projects.evaluation.services import rate_project
from projects.selection.models import Notice, Objection
from projects.supervision.models import Project
from tests.journeys.pages import Answer, fill, press, read
from tests.journeys.residents import Resident
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.events import event, perform
from workflow.flows.models import Deadline
from workflow.flows.money import FEN_PER_WAN
from workflow.flows.services import complete
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, User
from workflow.roles import registry
from workflow.roles.middleware import SESSION_KEY as GRANT_KEY
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import live_grants

ROOMS = ("stage", "collection", "selection", "deliberation", "voting", "supervision", "evaluation")
DOORS = ("complete", "send_back", "perform", "propose", "raise_objection", "rate_project")
FORM = "form:has(button[name=op][value=submit])"
# The own password once more, where it is asked for: with what is entered, or on the page that checks it.
OWN = {"own_password": PASSWORD}
IN_PERSON = {"op": "confirm", **OWN}


@dataclass(kw_only=True)
class Doubles(ABC):
    """Whoever acts in the players' stead, and the clock of the site; done: keys of the tasks and acts done.

    A method named as one of DOORS is called where the plays would call that service.
    """

    now: datetime | None = None
    done: list[str] = field(default_factory=list)

    @abstractmethod
    def complete(
        self, task_id: int, *, actor: User, data: Mapping[str, Any], at: datetime, **_checked: bool
    ) -> Entry:
        """Do a task the way this double does it; returns its entry."""

    @contextmanager
    def on(self) -> Iterator[None]:
        """Play with the plays' doors in this double's hands, at the time the play names."""
        real = timezone.now
        with ExitStack() as patches:
            patches.enter_context(patch("django.utils.timezone.now", lambda: self.now or real()))
            for module in [import_module(f"projects.demo.play.{room}") for room in ROOMS]:
                for door in DOORS:
                    if hasattr(module, door) and hasattr(self, door):
                        patches.enter_context(patch.object(module, door, getattr(self, door)))
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let the plays' own reads, between the pages, see every row: this thread's connection, not the server's."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('piaojue.mode', 'system', false)")
        yield
        connection.close()

    def grant_of(self, actor: User, deadline: Deadline) -> RoleGrant:
        """The office somebody does a task in: the one whose turn it is, or one that enters it for that."""
        codes = [deadline.office, *registry.office(deadline.office).recorders]
        held = live_grants(timezone.localdate()).filter(user=actor, office__in=codes, unit=deadline.seat)
        return held.select_related("user")[0]


def session_of(actor: User, grant: RoleGrant) -> str:
    """The key of a new session of somebody in an office."""
    session = SessionStore()
    session[SESSION_KEY] = str(actor.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = actor.get_session_auth_hash()
    session[GRANT_KEY] = grant.pk
    session.save()
    return str(session.session_key)


@dataclass
class Stage(Doubles):
    """A browser in front of a served site. look: shown every page as it is before and after an act, with its name.

    by_hand: how often one kind of act is done in the window; when it comes again, it goes through its service.
    rooms: the rooms whose acts are done in the window, where not all of them are.
    themselves: a resident puts right what came back, not the clerk.
    slips: task key → what is entered wrongly the first time, and has to be refused; what was said of it is in `told`.
    codes: the number each resident got, by the title of what they proposed.
    signed_in: office → who signed in for it at the door, by name and password; after that a session is laid for it.
    """

    browser: Browser
    address: str
    look: Callable[[Page, str], None] | None = None
    by_hand: int = 1
    rooms: tuple[str, ...] = ()
    themselves: bool = False
    slips: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    signed_in: dict[str, str] = field(default_factory=dict)
    _met: Counter[str] = field(default_factory=Counter)
    _desk: Page | None = None

    # Tasks

    def complete(
        self,
        task_id: int,
        *,
        actor: User,
        data: Mapping[str, Any],
        at: datetime,
        files: Mapping[str, Any] | None = None,
        **_checked: bool,
    ) -> Entry | None:
        """Do a task as a person does: sign in, open it, fill in, check, confirm, in person where asked; its entry."""
        deadline, grant = self._turn(task_id, actor, at)
        if deadline.key == COMPLETING and self.themselves:
            self._put_right(deadline, data["content"])
            return None
        if slip := self.slips.pop(deadline.key, None):
            self.told[deadline.key] = self._refused(deadline, grant, {**data, **slip})
        if not self._by_hand(deadline.key):
            return complete(task_id, actor=actor, data=data, files=files, at=at, reauthenticated=True)
        answer = self._try(deadline, grant, data, files)
        assert answer.problems == [], deadline.key
        assert answer.title in ("已办结", "已退回"), deadline.key
        self.done.append(deadline.key)
        entry = self._entry_of(task_id)
        assert answer.reference == f"{entry.unit.code}-{entry.pk}", deadline.key
        return entry

    def _by_hand(self, key: str) -> bool:
        """Whether what has just come up once more is done in the window."""
        return self._met[key] <= self.by_hand and (not self.rooms or key.partition(".")[0] in self.rooms)

    def _refused(self, deadline: Deadline, grant: RoleGrant, data: Mapping[str, Any]) -> str:
        """Try a task that may not be done so: nothing is done, and the page says why."""
        answer = self._try(deadline, grant, data)
        with within(SYSTEM):
            assert Deadline.objects.get(pk=deadline.pk).done_at is None, deadline.key
        assert answer.reference == "" and answer.problems, deadline.key
        return answer.problems[0]

    def send_back(self, task_id: int, *, actor: User, reason: str, at: datetime) -> Entry:
        """Return a matter from its page, with the reason."""
        deadline, grant = self._turn(task_id, actor, at)
        page = self._open(deadline, grant)
        page.locator("details.disclosure", has=page.locator("button[value=return]")).locator(
            "summary"
        ).click()
        fill(page, "form:has(button[value=return])", {"reason": reason})
        press(page, "button[name=op][value=return]")
        assert read(page).title == "已退回", deadline.key
        self.done.append(f"{deadline.key}.return")
        return self._entry_of(task_id)

    def _turn(self, task_id: int, actor: User, at: datetime) -> tuple[Deadline, RoleGrant]:
        self.now = at
        with within(SYSTEM):
            deadline = Deadline.objects.select_related("task", "seat").get(pk=task_id)
            self._met[deadline.key] += 1
            return deadline, self.grant_of(actor, deadline)

    def _open(self, deadline: Deadline, grant: RoleGrant) -> Page:
        """A task's page, found among what waits for the office the first time somebody signs in for it."""
        first = grant.office not in self.signed_in
        page = self.at_the_desk(grant)
        if first:
            press(page, f"a.row-title[href='/tasks/{deadline.pk}/']")
        else:
            page.goto(f"/tasks/{deadline.pk}/", wait_until="domcontentloaded")
        assert str(deadline.task.flow_task.task_title) in read(page).title
        return page

    def _try(
        self,
        deadline: Deadline,
        grant: RoleGrant,
        data: Mapping[str, Any],
        files: Mapping[str, Any] | None = None,
    ) -> Answer:
        return self._submit(self._open(deadline, grant), deadline.key, data, files)

    def _submit(
        self, page: Page, key: str, data: Mapping[str, Any], files: Mapping[str, Any] | None
    ) -> Answer:
        fill(page, FORM, {**data, **OWN}, files)
        self.seen(page, key)
        press(page, f"{FORM} button[name=op][value=submit]")
        answer = read(page)
        if answer.confirms:
            self.seen(page, f"{key} check")
            fill(page, "form:has(button[value=confirm])", OWN)
            press(page, "button[name=op][value=confirm]")
            answer = read(page)
        return answer

    def _entry_of(self, task_id: int) -> Entry:
        with within(SYSTEM):
            return Entry.objects.get(pk=Deadline.objects.get(pk=task_id).entry_id)

    # Acts without a task

    def perform(
        self,
        key: str,
        subject: Any,
        *,
        actor: User,
        data: Mapping[str, Any],
        at: datetime,
        office: str = "",
        files: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Do an act of an office on the page of that act; its entry."""
        self.now, wanted = at, event(key)
        self._met[key] += 1
        if not self._by_hand(key):
            return perform(key, subject, actor=actor, office=office, data=data, files=files, at=at)
        with within(SYSTEM):
            held = live_grants(timezone.localdate()).filter(user=actor, tenant=subject.unit)
            held = held.filter(office__in=[office] if office else wanted.offices)
            grant = next(g for g in held if wanted.offered is None or wanted.offered(subject, g))
        page = self.at_the_desk(grant)
        page.goto(f"/do/{key}/{subject.pk}/", wait_until="domcontentloaded")
        assert str(wanted.title) in read(page).title
        answer = self._submit(page, key, data, files)
        assert answer.problems == [], key
        self.done.append(key)
        with within(SYSTEM):
            entry = Entry.objects.filter(action=key, subject=subject.reference).latest("pk")
        assert answer.reference == f"{subject.unit.code}-{entry.pk}", key
        return entry

    def propose(self, act: Act, **fields: Any) -> Proposal:
        """A resident proposes on the public pages, an office on the page of that act."""
        self.now = act.at
        if act.actor is not None:
            typed = {**fields, "estimate_fen": fields["estimate_fen"] // FEN_PER_WAN}
            cycle = collecting_cycles(act.unit)[0]
            self.perform(PROPOSE.key, cycle, actor=act.actor, office=act.office, data=typed, at=act.at)
            return Proposal.objects.filter(unit=act.unit).latest("pk")
        self._met["resident"] += 1
        if not self._by_hand("resident"):
            return propose(act, **fields)
        with self.resident(act.unit) as resident:
            code = resident.propose(fields)
        self.codes[fields["title"]] = code
        return Proposal.objects.get(unit=act.unit, code=code)

    def _put_right(self, deadline: Deadline, content: str) -> None:
        proposal = Proposal.objects.get(pk=deadline.subject.partition(":")[2])
        with self.resident(proposal.unit) as resident:
            resident.put_right(proposal.code, content)
        with within(SYSTEM):
            assert Deadline.objects.get(pk=deadline.pk).cancelled

    def raise_objection(self, act: Act, notice: Notice, *, words: str, item: int) -> Objection:
        """A resident objects to the posted list."""
        self.now = act.at
        with self.resident(act.unit) as resident:
            code = resident.object(notice.cycle.year, words, item)
        return Objection.objects.get(unit=act.unit, code=code)

    def rate_project(self, act: Act, project: Project, *, grade: str) -> Rating:
        """A resident rates a finished project."""
        self.now = act.at
        self._met["rate"] += 1
        if not self._by_hand("rate"):
            return rate_project(act, project, grade=grade)
        with self.resident(act.unit) as resident:
            resident.rate(project.pk, grade)
        return Rating.objects.filter(project=project).latest("pk")

    # Windows

    @contextmanager
    def resident(self, unit: Unit) -> Iterator[Resident]:
        """Somebody at the public pages, in a browser that has not been there before."""
        page = self.page()
        yield Resident(page, unit)
        page.context.close()

    def at_the_desk(self, grant: RoleGrant) -> Page:
        """The one window all tasks are done in, with somebody signed in anew: its styles and scripts it keeps."""
        if self._desk is None:
            # A low window: what is drawn is paid for, and a form is filled in below its edge as well.
            self._desk = self.page(height=900 if self.look else 400)
        if grant.office in self.signed_in:
            with within(SYSTEM):
                self._lay_session(self._desk, session_of(grant.user, grant))
        else:
            self._sign_in(self._desk, grant)
            self.signed_in[grant.office] = grant.user.username
        return self._desk

    def _sign_in(self, page: Page, grant: RoleGrant) -> None:
        """As a person does: asked for name and password on the way to what waits, then the office chosen among one's own."""
        page.context.clear_cookies()
        page.goto("/inbox/", wait_until="domcontentloaded")
        fill(page, "form.card", {"username": grant.user.username, "password": PASSWORD})
        press(page, "form.card button.button-primary")
        mine = page.locator("button[name=grant][aria-current=true]")
        if mine.count() and mine.get_attribute("value") != str(grant.pk):
            page.locator("details.menu > summary").click()
            press(page, f"button.menu-item[name=grant][value='{grant.pk}']")
        assert page.url == f"{self.address}/inbox/", page.url

    def page(self, cookie: str = "", *, width: int = 1280, height: int = 900) -> Page:
        """A window of its own, signed in where a session is given."""
        # Only who looks at pages needs the policy lifted: axe injects its own script.
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", base_url=self.address,
            bypass_csp=self.look is not None,
        )  # fmt: skip
        page = context.new_page()
        if cookie:
            self._lay_session(page, cookie)
        return page

    def _lay_session(self, page: Page, cookie: str) -> None:
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.address}]
        )

    def seen(self, page: Page, name: str) -> None:
        if self.look:
            self.look(page, name)
