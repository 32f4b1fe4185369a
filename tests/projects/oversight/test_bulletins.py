"""The bulletin and the annual report's paragraphs: filled from the figures, traceable, edited, sent as a circular."""

from __future__ import annotations

import io
import json
import re

import docx
import pytest

from projects.oversight.models import Bulletin, Guidance
from tests.builders import at, township
from tests.projects.oversight.county_world import county_of, leader_of, townships_of
from tests.projects.portal.public_world import text_of, travel
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotYourTurn, Refused
from workflow.flows.events import perform
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of

pytestmark = pytest.mark.django_db
NAMES = ["青溪镇", "柳河镇", "双桥镇"]
QUARTER = {"of": "quarter", "year": "2027", "quarter": "2"}


@pytest.fixture
def county(db, monkeypatch):
    apply(SYSTEM)
    travel(monkeypatch, "2027-06-01")
    found = county_of("K")
    townships_of(found, NAMES)
    return found


@pytest.fixture
def leader(county):
    return leader_of(county)


def do(key, subject, leader, **data):
    return perform(f"oversight.{key}", subject, actor=leader, data=data, at=at("2027-06-01"))


def drafted(county, leader, **data) -> Bulletin:
    do("draft_bulletin", county, leader, **(QUARTER | data))
    return Bulletin.objects.latest("pk")


def test_a_draft_is_filled_from_the_figures_and_every_figure_opens_its_list(client, county, leader):
    held = drafted(county, leader)
    assert held.title == "关于2027年度民生实事项目第二季度工作情况的通报"
    assert "截至2027年6月1日，示范县3个乡镇（街道）中，3个已启动2027年度" in held.body
    client.force_login(leader)
    page = text_of(client, f"/county/bulletins/{held.pk}/")
    links = re.findall(r'href="(/county/list/[^"]+)">(\S+) ([\d,.]+)</a>', page)
    counted = [
        (url, int(n)) for url, label, n in links if label not in ("总投资", "走访选民", "代表测评基数")
    ]
    assert len(counted) > 12
    for url, n in counted:
        total = re.search(r"data-total>(\d+)<", text_of(client, url.replace("&amp;", "&")))
        assert total and int(total[1]) == n, url


def test_every_figure_of_the_text_is_among_those_traced(county, leader):
    for of in ({"of": "quarter"}, {"of": "annual", "quarter": ""}):
        held = drafted(county, leader, **of)
        traced = {one["text"] for one in held.figures} | {
            "2027",
            "6",
            "1",
            "3",
        }  # the day, the townships there are
        for number in re.findall(r"\d[\d,.]*%?", held.body):
            assert number.rstrip(".,") in traced, number


def test_the_annual_paragraphs_are_a_text_to_take_over_and_are_not_sent(county, leader):
    held = drafted(county, leader, of="annual", quarter="")
    assert held.quarter is None and "、基本情况" not in held.body and "票决入选" in held.body
    with pytest.raises(NotYourTurn):
        do("send_bulletin", held, leader, townships=[unit.pk for unit in county.children.all()])


def test_a_draft_is_edited_and_then_sent_as_a_circular_to_those_chosen(county, leader):
    held = drafted(county, leader)
    do("edit_bulletin", held, leader, title="关于上半年工作的通报", words="改过的正文。")
    held.refresh_from_db()
    assert (held.title, held.body, held.state) == ("关于上半年工作的通报", "改过的正文。", "draft")
    chosen = list(county.children.order_by("code"))[:2]
    do("send_bulletin", held, leader, townships=[unit.pk for unit in chosen])
    assert {(g.unit, g.title, g.words) for g in Guidance.objects.all()} == {
        (unit, "通报：关于上半年工作的通报", "改过的正文。") for unit in chosen
    }
    assert Entry.objects.filter(action="oversight.circular").count() == 2
    sent = json.loads(Entry.objects.get(action="oversight.send_bulletin").body)
    assert sent["after"]["townships"] == [unit.code for unit in chosen]
    held.refresh_from_db()
    assert held.state == "sent" and held.sent_on is not None
    for key, data in (("edit_bulletin", {"title": "x", "words": "y"}), ("send_bulletin", {"townships": []})):
        with pytest.raises(NotYourTurn):
            do(key, held, leader, **data)


def test_a_year_nobody_has_and_a_quarter_left_out_are_refused(county, leader):
    with pytest.raises(Refused, match="没有乡镇启动 2031 年度"):
        do("draft_bulletin", county, leader, **(QUARTER | {"year": "2031"}))
    with pytest.raises(InvalidForm, match="哪一季度"):
        do("draft_bulletin", county, leader, **(QUARTER | {"quarter": ""}))
    assert drafted(county, leader)


def test_another_countys_figures_and_bulletins_stay_its_own(client, county, leader):
    other = county_of("Z", "邻县")
    townships_of(other, ["外县镇"])
    held = drafted(county, leader)
    assert "外县镇" not in held.body
    neighbour = leader_of(other, "neighbour")
    client.force_login(neighbour)
    assert client.get(f"/county/bulletins/{held.pk}/").status_code == 404
    assert client.get(f"/county/bulletins/{held.pk}/docx/").status_code == 404
    assert held.title not in text_of(client, "/county/bulletins/")
    apply(context_of(RoleGrant.objects.get(user=neighbour)))
    assert not Bulletin.objects.exists()
    apply(SYSTEM)
    client.force_login(leader)
    assert held.title in text_of(client, "/county/bulletins/")


def test_it_is_word_to_go_on_with(client, county, leader):
    held = drafted(county, leader)
    client.force_login(leader)
    file = docx.Document(io.BytesIO(client.get(f"/county/bulletins/{held.pk}/docx/").content))
    text = "".join(p.text for p in file.paragraphs)
    assert "一、基本情况" in text and "示范县人民代表大会常务委员会" in text and "2027年6月1日" in text


def test_bulletins_are_not_for_a_township(client, county, leader):
    held = drafted(county, leader)
    client.force_login(township().of("chair"))
    for path in ("/county/bulletins/", f"/county/bulletins/{held.pk}/"):
        assert client.get(path).status_code == 403
