"""The shared interface: every component in a real browser, every shell page with nobody signed in."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from tests.journeys.pages import barriers

pytestmark = pytest.mark.urls("tests.site.gallery")
TARGETS_TOO_SMALL = """least => [...document.querySelectorAll(
    'a, button, summary, select, textarea, input:not([type=hidden])')].filter(element => {
  if (element.closest('p') || element.matches('.skip-link')) return false;  // in a sentence
  const label = element.id && document.querySelector(`.choice label[for="${element.id}"]`);
  const box = (label || element).getBoundingClientRect();
  return box.height && box.height < least - 0.5;
}).map(element => element.outerHTML.slice(0, 120))"""


@pytest.fixture(autouse=True)
def gallery_templates(settings: Settings) -> None:
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = [*templates[0]["DIRS"], Path(__file__).parents[1] / "templates"]
    processors = templates[0]["OPTIONS"]["context_processors"]
    # A page of components needs no account, so the database stays out of it.
    wanted = {"django.template.context_processors.request", "projects.site.context.ui"}
    templates[0]["OPTIONS"]["context_processors"] = sorted({*processors} & wanted | wanted)
    settings.TEMPLATES = templates
    settings.MIDDLEWARE = ["csp.middleware.CSPMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]


@pytest.fixture
def site(gallery_templates: None) -> Iterator[str]:
    """Address of the gallery; no page of it touches the database."""
    server = LiveServer("127.0.0.1", start=False)
    # pytest-django looks for the app by its plain name and would serve an empty STATIC_ROOT instead.
    server.thread.static_handler = StaticFilesHandler
    server.start()
    yield f"{server.url}/"
    server.stop()


def open_gallery(context: BrowserContext, site: str, size: str = "standard") -> Page:
    context.add_cookies([{"name": "text_size", "value": size, "url": site}])
    page = context.new_page()
    page.goto(site)
    return page


VIEWS = [
    (1280, "standard"),
    (1280, "xlarge"),
    (390, "standard"),
    (390, "large"),
    (320, "standard"),
    (320, "xlarge"),
]


@pytest.mark.parametrize(("width", "size"), VIEWS)
def test_every_component_is_accessible_and_fits_its_screen(
    browser: Browser, site: str, width: int, size: str
) -> None:
    # Only axe needs the policy lifted: it injects its own script.
    with browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True) as context:
        page = open_gallery(context, site, size)
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in barriers(page)] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(TARGETS_TOO_SMALL, 44 if size == "standard" else 60) == []


def test_the_content_policy_blocks_nothing_the_pages_use(browser: Browser, site: str) -> None:
    complaints: list[str] = []
    with browser.new_context() as context:
        context.on("console", lambda message: complaints.append(message.text))
        page = open_gallery(context, site)
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.site-header')).color")
            == "rgb(255, 255, 255)"
        )
    assert complaints == []


def test_the_error_summary_takes_the_focus_and_leads_to_the_first_box(browser: Browser, site: str) -> None:
    with browser.new_context() as context:
        page = open_gallery(context, site)
        assert page.evaluate("document.activeElement.className") == "error-summary"
        page.get_by_role("link", name="主席团会议日期").click()
        assert page.evaluate("document.activeElement.name") == "held_on_year"


def test_the_count_of_choices_follows_the_boxes_and_names_what_is_too_many(
    browser: Browser, site: str
) -> None:
    with browser.new_context() as context:
        page = open_gallery(context, site)
        over = page.get_by_text("多选了")
        assert over.inner_text() == "多选了 1 项"
        page.get_by_label("老旧小区加装适老扶手与电梯").uncheck()
        assert page.locator("[data-chosen]").inner_text() == "1"
        assert not over.is_visible()


def test_the_size_switch_works_without_javascript(browser: Browser, site: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = open_gallery(context, site)
        page.get_by_role("button", name="特大").click()
        expect(page.locator("html")).to_have_class("text-xlarge")


PAGES = ["base_public.html", "base_print.html", "403.html", "404.html", "500.html", "registration/login.html"]
PAGES += [
    "registration/locked.html",
    "registration/password_change_form.html",
    "registration/password_change_done.html",
]


@pytest.mark.parametrize("name", PAGES)
def test_a_shell_page_renders_for_nobody_signed_in(name: str) -> None:
    response = Client().get(f"/anonymous/{name}")
    assert response.status_code == 200
    assert 'lang="zh-Hans"' in response.text
    assert "<c-" not in response.text


def attributes_of_style(html: str) -> list[str]:
    return [part[:60] for part in html.split("style=")[1:]]


def test_no_page_carries_inline_style_or_script() -> None:
    html: Any = Client().get("/").text
    assert attributes_of_style(html) == []
    assert "<script>" not in html and "onclick=" not in html
