"""The plays of the demonstration performed in a real browser: each act by the person whose turn it is, on its page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from projects.demo.cast import PASSWORD
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User
from workflow.roles.middleware import SESSION_KEY as GRANT_KEY
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import live_grants

# What a form asks for: of every name its kind, how many boxes it has, and whether one is behind a fold.
BOXES = """form => {
  const boxes = {};
  for (const one of form.querySelectorAll("[name]:not([type=hidden])")) {
    const kind = one.tagName === "INPUT" ? one.type : one.tagName.toLowerCase();
    const box = (boxes[one.name] ??= {kind, count: 0, folded: false});
    box.count += 1;
    box.folded ||= one.closest("details:not([open])") !== null;
  }
  return boxes;
}"""
ROOMS = ("stage", "collection", "selection", "deliberation", "voting", "supervision", "evaluation")


@dataclass(kw_only=True)
class Doubles(ABC):
    """Whoever does the tasks in the players' stead, and the clock of the site; done: keys of the tasks done."""

    now: datetime | None = None
    done: list[str] = field(default_factory=list)

    @abstractmethod
    def complete(
        self, task_id: int, *, actor: User, data: Mapping[str, Any], at: datetime, **_checked: bool
    ) -> Entry:
        """Do a task the way this double does it; returns its entry."""

    @contextmanager
    def on(self) -> Iterator[None]:
        """Play with every `complete` of the plays done by this double, at the time the play names."""
        real = timezone.now
        modules = [f"projects.demo.play.{room}.complete" for room in ROOMS]
        with patch("django.utils.timezone.now", lambda: self.now or real()):
            patches = [patch(name, self.complete) for name in modules if _has(name)]
            for each in patches:
                each.start()
            try:
                yield
            finally:
                for each in patches:
                    each.stop()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let the plays' own reads, between the pages, see every row: this thread's connection, not the server's."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('piaojue.mode', 'system', false)")
        yield
        connection.close()

    def session(self, actor: User, deadline: Deadline) -> str:
        """A signed-in session in the office whose turn it is."""
        from workflow.roles import registry

        codes = [deadline.office, *registry.office(deadline.office).recorders]
        held = live_grants(timezone.localdate()).filter(user=actor, office__in=codes, unit=deadline.seat)
        return session_of(actor, held.first())


def session_of(actor: User, grant: RoleGrant | None) -> str:
    """The key of a new session of somebody in an office."""
    session = SessionStore()
    session[SESSION_KEY] = str(actor.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = actor.get_session_auth_hash()
    if grant:
        session[GRANT_KEY] = grant.pk
    session.save()
    return str(session.session_key)


@dataclass
class Stage(Doubles):
    """A browser in front of a served site. look: shown every page as it is before and after an act, with its name."""

    browser: Browser
    address: str
    look: Callable[[Page, str], None] | None = None
    _desk: Page | None = None

    def complete(
        self, task_id: int, *, actor: User, data: Mapping[str, Any], at: datetime, **_checked: bool
    ) -> Entry:
        """Do a task as a person does: sign in, open it, fill in, check, confirm, in person where asked; its entry."""
        self.now = at
        with within(SYSTEM):
            deadline = Deadline.objects.select_related("task").get(pk=task_id)
            cookie = self.session(actor, deadline)
        page = self.at_the_desk(cookie)
        page.goto(f"/tasks/{task_id}/")
        expect(page.locator("h1")).to_contain_text(str(deadline.task.flow_task.task_title))
        form = page.locator("form", has=page.locator("button[name=op][value=submit]"))
        self._fill(form, data)
        self._in_person(form)
        self.seen(page, deadline.key)
        follow(form.locator("button[name=op][value=submit]"))
        if page.locator("button[name=op][value=confirm]").count():
            self.seen(page, f"{deadline.key} check")
            self._in_person(page)
            follow(page.locator("button[name=op][value=confirm]"))
        problems = page.locator(".error-summary").all_inner_texts()
        assert not problems, f"{deadline.key}: {problems}"
        expect(page.locator("h1")).to_contain_text("已")
        self.done.append(deadline.key)
        with within(SYSTEM):
            return Entry.objects.get(pk=Deadline.objects.get(pk=task_id).entry_id)

    def _in_person(self, page: Page | Locator) -> None:
        """The own password once more, where it is asked for: with what is entered, or on the page that checks it."""
        if (own := page.locator("input[name=own_password]")).count():
            own.fill(PASSWORD)

    def at_the_desk(self, cookie: str) -> Page:
        """The one window all tasks are done in, signed in anew: what it has of styles and scripts it keeps."""
        if self._desk is None:
            self._desk = self.page()
        self._desk.context.clear_cookies()
        self._sign_in(self._desk, cookie)
        return self._desk

    def page(self, cookie: str = "", *, width: int = 1280, height: int = 900) -> Page:
        """A window of its own, signed in where a session is given."""
        # Only who looks at pages needs the policy lifted: axe injects its own script.
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", base_url=self.address,
            bypass_csp=self.look is not None,
        )  # fmt: skip
        page = context.new_page()
        if cookie:
            self._sign_in(page, cookie)
        return page

    def _sign_in(self, page: Page, cookie: str) -> None:
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.address}]
        )

    def seen(self, page: Page, name: str) -> None:
        if self.look:
            self.look(page, name)

    def _fill(self, page: Locator, data: Mapping[str, Any]) -> None:
        boxes = page.evaluate(BOXES)
        for name, value in data.items():
            values = [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]
            if name not in boxes:
                self._fill_date(page, boxes, name, values[0])
                continue
            if boxes[name]["folded"]:
                for fold in page.locator(
                    "details:not([open])", has=page.page.locator(f"[name='{name}']")
                ).all():
                    fold.locator("> summary").click()
            field, kind = page.locator(f"[name='{name}']:not([type=hidden])"), boxes[name]["kind"]
            if kind in ("radio", "checkbox"):
                self._tick(page, name, values, lone=boxes[name]["count"] == 1 and kind == "checkbox")
            elif kind == "select":
                field.select_option(values)
            else:
                field.fill(values[0])

    def _tick(self, page: Locator, name: str, values: list[str], *, lone: bool) -> None:
        if values == [""]:
            return
        if lone and values[0] in ("on", "True", "1", "yes"):
            page.locator(f"[name='{name}']").check()
            return
        for value in values:
            page.locator(f"[name='{name}'][value='{value}']").check()

    def _fill_date(self, page: Locator, boxes: Mapping[str, Any], name: str, value: str) -> None:
        """A date typed as 年, 月, 日; what the page does not ask for is left out, as a person would."""
        if f"{name}_year" not in boxes:
            return
        for part, text in zip(("year", "month", "day"), value.split("-"), strict=True):
            page.locator(f"[name='{name}_{part}']").fill(text)


def follow(control: Locator) -> None:
    """Press what leads to another page, and wait for that page: what is read next is read there."""
    with control.page.expect_navigation():
        control.click()


def _has(name: str) -> bool:
    import importlib

    module, _, attribute = name.rpartition(".")
    return hasattr(importlib.import_module(module), attribute)
