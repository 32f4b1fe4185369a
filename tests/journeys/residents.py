"""What residents do in a browser without an account: propose, follow a number, put right, object, rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.pages import fill, follow
from workflow.people.models import Unit


@dataclass(frozen=True)
class Resident:
    """Somebody with a window of their own, at a township's public pages."""

    page: Page
    unit: Unit

    def propose(self, wish: Mapping[str, Any]) -> str:
        """One question per page, checked, sent; the query code."""
        self.page.goto(f"/t/{self.unit.code}/")
        follow(self.page.locator(f"main a[href='/t/{self.unit.code}/propose/']").first)
        for _question in ("what", "where", "who"):
            fill(self.page, "form.card", wish)
            follow(self.page.get_by_role("button", name="下一步"))
        expect(self.page.locator(".summary-list")).to_contain_text(str(wish["title"]))
        follow(self.page.get_by_role("button", name="提交", exact=True))
        expect(self.page.locator("h1")).to_have_text("已提交")
        return self.page.locator(".confirmation-reference").inner_text()

    def look_up(self, code: str) -> str:
        """By its number, whatever the case it is typed in; what the page says of it."""
        self.page.goto("/follow/")
        self.page.locator("[name=code]").press_sequentially(code.lower())
        follow(self.page.get_by_role("button", name="查询"))
        expect(self.page.locator("main")).to_contain_text(code)
        return self.page.locator("main").inner_text()

    def put_right(self, code: str, content: str) -> None:
        """What came back is completed where it is followed."""
        assert "请补充后再提交" in self.look_up(code)
        self.page.locator("[name=content]").fill(content)
        follow(self.page.get_by_role("button", name="提交补充"))
        expect(self.page.locator("main")).to_contain_text("已收到您的补充，将重新受理。")

    def object(self, year: int, words: str, item: int) -> str:
        """To the list that is posted, from the page of the year; the query code."""
        self.page.goto(f"/t/{self.unit.code}/{year}/")
        follow(self.page.locator(f"a[href*='/{year}/objection/']").first)
        fill(self.page, "form.card", {"item": item, "words": words})
        follow(self.page.get_by_role("button", name="提交异议"))
        expect(self.page.locator("h1")).to_have_text("异议已提交")
        return self.page.locator(".confirmation-reference").inner_text()

    def rate(self, project: int, grade: str) -> None:
        """A finished project, once per browser: a second time is refused."""
        self._mark(project, grade)
        expect(self.page.locator("main")).to_contain_text("谢谢，您的评价已经收到。")
        self._mark(project, grade)
        expect(self.page.locator("main")).to_contain_text("您已经评价过这个项目，谢谢。")

    def _mark(self, project: int, grade: str) -> None:
        self.page.goto(f"/t/{self.unit.code}/projects/{project}/")
        fill(self.page, "#rate form", {"grade": grade})
        follow(self.page.get_by_role("button", name="提交评价"))
