"""A subdistrict has no congress: titles, offices and bases are said in its own words (rules.md §10)."""

from __future__ import annotations

from datetime import date

import pytest

from projects.cycles.models import Session
from projects.cycles.tables import WORDS
from projects.cycles.wording import in_assembly_words
from projects.demo.cast import Township
from projects.lifecycle.seat_table import rows_of
from projects.lifecycle.services import start_year
from tests.builders import at, open_task, township
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind

CONGRESS_ALONE = ("人民代表大会", "主席团", "人大主席", "乡镇长", "票决", "同级党委")
PLAN = {
    "year": 2027,
    "opens_on": date(2026, 9, 1),
    "planned_t": date(2027, 1, 20),
    "planned_t2": date(2028, 1, 18),
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("人大主席、副主席", "人大街道工委主任、副主任"),
        ("通过票决办法", "通过票选办法"),
        ("主席团决定列入议程", "人大街道工委决定列入议程"),
        ("上级人大代表走访代表联络站", "上级人大代表走访代表联络站"),
        ("代表团审议", "议事代表团审议"),
        ("议事代表", "议事代表"),
        ("党委研究后报党工委", "党工委研究后报党工委"),
        ("《地方组织法》第十四条：会议召开", "参照《地方组织法》第十四条：会议召开"),
        ("参照《地方组织法》第二十二条", "参照《地方组织法》第二十二条"),
        ("《地方组织法》第五十九条", "《地方组织法》第五十九条"),
        ("《陕西省民生实事项目人大代表票决制规定》", "《陕西省民生实事项目人大代表票决制规定》"),
        ("发布征集公告", "发布征集公告"),
    ],
)
def test_a_text_is_put_into_the_assemblys_words_once(text, said):
    assert in_assembly_words(text) == said
    assert in_assembly_words(said) == said, "said again it stays"


def test_every_word_the_papers_change_is_changed_in_titles_too():
    for word, congress in WORDS["congress"].items():
        assert in_assembly_words(congress) == WORDS["assembly"][word]


@pytest.fixture
def halls(db) -> dict[str, Township]:
    apply(SYSTEM)
    return {
        "street": township("T13", name="青溪街道", kind=UnitKind.SUBDISTRICT),
        "town": township("T01"),
    }


def test_the_seat_table_of_a_subdistrict_names_no_congress_and_a_townships_does(halls):
    told = {}
    for name, hall in halls.items():
        rows = rows_of(hall.unit, None, date(2026, 6, 1))
        told[name] = " ".join(f"{row.title} {row.office_title} {row.body}" for row in rows)
    assert [word for word in CONGRESS_ALONE if word in told["street"]] == []
    assert "票选办法" in told["street"] and "议事代表" in told["street"]
    assert "票决办法" in told["town"] and "议事代表" not in told["town"]


@pytest.mark.parametrize(
    ("name", "office", "party", "session"),
    [
        ("street", "人大街道工委主任", "党工委研究年度实施方案", "青溪街道第十八届议事会第二次会议"),
        ("town", "人大主席", "党委研究年度实施方案", "青溪镇第十八届人民代表大会第二次会议"),
    ],
)
def test_a_task_its_page_and_the_session_are_called_by_the_halls_words(
    client, halls, name, office, party, session
):
    hall = halls[name]
    cycle = start_year(hall.act("chair", at("2026-08-03")), **PLAN)
    client.force_login(hall.of("chair"))
    page = client.get(f"/tasks/{open_task('collection.scheme').pk}/").content.decode()
    year = client.get(f"/years/{cycle.pk}/").content.decode()
    apply(SYSTEM)
    assert office in page and office in year and party in page
    assert str(Session(unit=hall.unit, term=18, number=2, held_on=date(2027, 1, 20))) == session
