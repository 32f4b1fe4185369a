"""Fixtures of every test: a database per worker, and a fresh one for tests that commit.

Ordinary tests (``@pytest.mark.django_db``) run as the run-time role in a transaction that is rolled back.
Tests that commit, use threads or serve pages ask for ``fresh_database`` (or ``served``) instead: the trail refuses
to be truncated, so the database is thrown away.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partialmethod
from socketserver import BaseServer
from typing import Any

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connection
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer
from whitenoise.middleware import WhiteNoiseMiddleware

from projects.site.postgres import Urls
from tests import standing
from tests.databases import Server, connected_to
from tests.long import LONG, ResultFile, examples, sized

# How long one example takes says how busy the machine is, not whether the rule holds.
hypothesis.settings.register_profile("piaojue", deadline=None)
hypothesis.settings.register_profile(
    "long", deadline=None, max_examples=examples(100), suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("long" if LONG else "piaojue")

# What is drawn is drawn in the browser's own process: there is no graphics card to keep apart.
BROWSER_FLAGS = ["--no-sandbox", "--disable-gpu", "--in-process-gpu"]


def pytest_configure(config: pytest.Config) -> None:
    if LONG:
        config.pluginmanager.register(ResultFile())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a race marked ``long(rounds=n)`` n times in make long; once says little about an order of events."""
    mark = metafunc.definition.get_closest_marker("long")
    if LONG and mark and "rounds" in mark.kwargs:
        metafunc.fixturenames.append("round_number")
        rounds = range(1, sized("rounds", 1, mark.kwargs["rounds"]) + 1)
        metafunc.parametrize("round_number", rounds, indirect=True)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Throw away the wake-ups earlier runs left: nobody listens to the broker of the tests."""
    if not hasattr(session.config, "workerinput"):
        shutil.rmtree(settings.VAR_DIR / "broker" / "messages", ignore_errors=True)
        (settings.VAR_DIR / "broker" / "messages").mkdir(parents=True, exist_ok=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark and mark.kwargs.get("transaction"):
            raise pytest.UsageError(f"{item.nodeid}: use the fixture fresh_database, not transaction=True")
    # A journey over a whole year, begun last, would keep one worker busy alone; the order is otherwise kept.
    items.sort(key=lambda item: not item.get_closest_marker("minutes"))


def pytest_collection_finish() -> None:
    """What has been built by now lives as long as the run: the collector need not go through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture
def size(record_property: Callable[[str, object], None]) -> Callable[[str, int, int], int]:
    """``sized``, with the figure kept for the result file of the long run."""

    def chosen(name: str, short: int, full: int) -> int:
        found = sized(name, short, full)
        record_property(name, found)
        return found

    return chosen


@pytest.fixture
def round_number(request: pytest.FixtureRequest) -> int:
    """Which round of a repeated race this is, from 1."""
    return int(request.param)


@pytest.fixture(scope="session")
def database_server() -> Iterator[Server]:
    """The PostgreSQL server tests use: the one the environment names, or the embedded one."""
    if settings.CLUSTER is None:
        yield Server(Urls(owner=os.environ["DATABASE_OWNER_URL"], app=os.environ["DATABASE_URL"]))
        return
    yield Server(settings.CLUSTER.ensure())
    settings.CLUSTER.release()


@pytest.fixture(scope="session")
def template_database(database_server: Server) -> str:
    """The name of a migrated database to copy."""
    return database_server.template()


@pytest.fixture(scope="session")
def django_db_setup(
    database_server: Server, template_database: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """This worker's own copy, used as the run-time role by every test marked ``django_db``."""
    name = database_server.clone(template_database)
    with standing.kept_in(name), django_db_blocker.unblock(), connected_to(name), django_db_blocker.block():
        yield
    database_server.drop(name)


@pytest.fixture
def fresh_database(
    request: pytest.FixtureRequest,
    database_server: Server,
    template_database: str,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[str]:
    """A copy for this test alone, in which commits are real; yields its name and drops it afterwards."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        raise pytest.UsageError("fresh_database replaces the mark django_db")
    name = database_server.clone(template_database)
    with django_db_blocker.unblock(), connected_to(name):
        yield name
    database_server.drop(name)


@pytest.fixture
def owner_connection(database_server: Server) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit connection of the owner to the database the test uses (tables, policies, tampering)."""
    with database_server.owner(connection.settings_dict["NAME"]) as opened:
        yield opened


@pytest.fixture
def served(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveServer]:
    """The site on a real port over a fresh database; ``served.url`` is its address."""
    # Asked to stop, it looks up when it next wakes: half a second later, unless told otherwise.
    monkeypatch.setattr(ThreadedWSGIServer, "serve_forever", partialmethod(BaseServer.serve_forever, 0.02))
    server = LiveServer("127.0.0.1", start=False)
    # Styles and scripts come from the site's own middleware, as in production; Django would put its own before it.
    server.thread.static_handler = lambda application: application
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def styles_looked_for_once() -> Iterator[None]:
    """Every client of a test sets the site up anew: what the styles and scripts are, it learns from the first one."""
    look, known = WhiteNoiseMiddleware.add_files_from_finders, {}

    def recall(site: WhiteNoiseMiddleware) -> None:
        if not known:
            look(site)
            known.update(site.files)
        site.files.update(known)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, look.__name__, recall)
        yield


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Where the browser of the page tests is: CHROMIUM, or the first one installed (as scripts/browser.sh looks)."""
    known = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    names = (os.environ.get("CHROMIUM", ""), *known)
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        raise pytest.UsageError("no Chromium or Chrome found: install one, or name it in CHROMIUM")
    return found


@pytest.fixture(scope="session")
def browser(browser_path: str) -> Iterator[Browser]:
    """One browser for the whole run: two of them in a thread would each want its event loop."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser_path, args=BROWSER_FLAGS)
        yield launched
        launched.close()
