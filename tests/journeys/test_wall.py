"""The county's wall in a browser: every township is shown, in as many parts as it takes, and nothing is cut off."""

from __future__ import annotations

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from tests.journeys.test_staff_pages import cookie_of
from tests.projects.oversight.county_world import county_of, leader_of, townships_of
from workflow.people.isolation import SYSTEM, within
from workflow.roles.models import RoleGrant

# Of each part: its heading, its rows, and by how much it or its table is longer or wider than the wall.
PARTS = """() => {
    const slides = [...document.querySelectorAll(".slide")];
    return slides.map(slide => {
        slides.forEach(other => { other.hidden = other !== slide; });
        const page = document.documentElement, table = slide.querySelector(".matrix-wrap");
        return {
            heading: slide.querySelector("h2").textContent,
            rows: [...slide.querySelectorAll("tbody th")].map(cell => cell.textContent.trim()),
            longer: page.scrollHeight - window.innerHeight,
            wider: Math.max(page.scrollWidth - window.innerWidth, table ? table.scrollWidth - table.clientWidth : 0),
        };
    });
}"""


@pytest.mark.parametrize("townships", [10, 25])
def test_no_township_and_no_column_is_cut_off_a_wall(served, browser: Browser, townships: int) -> None:  # type: ignore[no-untyped-def]
    names = [f"第{n}号镇" for n in range(1, townships + 1)]
    with within(SYSTEM):
        county = county_of("W")
        townships_of(county, names)
        held = RoleGrant.objects.get(user=leader_of(county))
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": cookie_of(held), "url": served.url}
    for width, height in ((1920, 1080), (1366, 768)):
        context = browser.new_context(
            base_url=served.url, locale="zh-CN", viewport={"width": width, "height": height}
        )
        context.add_cookies([cookie])
        page = context.new_page()
        page.goto("/county/screen/")
        parts = page.evaluate(PARTS)
        assert all(one["longer"] <= 0 and one["wider"] <= 0 for one in parts), (width, parts)
        matrix = [one for one in parts if one["rows"]]
        assert [name for one in matrix for name in one["rows"]] == [f"{name} 2027" for name in names]
        if len(matrix) > 1:
            assert [one["heading"] for one in matrix] == [
                f"各地六个环节的进展（第 {n}/{len(matrix)} 页）" for n in range(1, len(matrix) + 1)
            ]
        assert len(matrix) > 1 or townships == 10, "25 rows can be read from across a room in no one part"
        context.close()
