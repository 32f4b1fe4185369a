"""A subdistrict has no congress: titles, offices and bases are said in its own words (rules.md §10)."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy

from projects.collection.forms import CallForm, SchemeForm
from projects.cycles.deadlines import TASK_TIMES
from projects.cycles.forms import ElectionForm
from projects.cycles.models import Session
from projects.cycles.papers import make_paper
from projects.cycles.rulebook import Rules
from projects.cycles.services import fix_session
from projects.cycles.tables import WORDS
from projects.cycles.terms import unseat
from projects.cycles.wording import in_assembly_words
from projects.deliberation import rules
from projects.deliberation.forms import PreliminaryForm
from projects.deliberation.sitting import assemble
from projects.demo.cast import Township
from projects.lifecycle.intake import start_year
from projects.lifecycle.seat_table import rows_of
from projects.supervision.asking import obstacles_to_interpellation
from projects.voting import readiness
from tests.builders import at, open_task, township
from tests.projects.portal.public_world import cycle_of
from workflow.flows.base import flows
from workflow.flows.errors import NotYourTurn
from workflow.flows.events import events, open_acts, perform
from workflow.flows.forms import StepForm
from workflow.flows.models import Meeting
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind
from workflow.people.saying import in_the_records_language
from workflow.roles.selectors import holders_of, live_grants

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
        ("镇人大主席团", "镇人大街道工委"),
        ("票决结果由大会主席团发布公告", "票选结果由人大街道工委发布公告"),
        ("各乡镇、街道的党委扩大会议", "各乡镇、街道的党工委扩大会议"),
    ],
)
def test_a_text_is_put_into_the_assemblys_words_once(text, said):
    assert in_assembly_words(text) == said
    assert in_assembly_words(said) == said, "said again it stays"


def test_every_word_the_papers_change_is_changed_in_titles_too():
    for word, congress in WORDS["congress"].items():
        assert in_assembly_words(congress) == WORDS["assembly"][word]


CITATION = re.compile(r"《[^》]*》|绩溪[^：；，]*议事规则|射阳县千秋镇做法：[^；]*")


def program_texts() -> set[str]:
    """Every title, basis, hint and output of the program's steps, acts, deadlines, settings and readiness points."""
    acts = [*(node for flow in flows() for node in flow.steps()), *events(), *open_acts()]
    found = {
        str(getattr(act, part, "") or "")
        for act in acts
        for part in ("task_title", "basis", "hint", "output", "outside")
    }
    points = [value for room in (rules, readiness) for value in vars(room).values()]
    found |= {text for p in points if isinstance(p, rules.Point) for text in (p.what, p.who, p.basis)}
    found |= {time.basis for time in TASK_TIMES.values()} | {row.basis for row in Rules().describe()}
    return found - {""}


def test_no_text_of_the_program_is_garbled_and_what_it_cites_stays_as_it_is_written():
    texts = program_texts()
    assert len(texts) > 200 and any("绩溪县乡镇人民代表大会议事规则" in text for text in texts)
    for text in texts:
        said = in_assembly_words(text)
        assert CITATION.findall(said) == CITATION.findall(text), text
        assert [word for word in CONGRESS_ALONE if word in CITATION.sub("", said)] == [], said
        assert not re.search("主任团|街道街道|议事议事|议事会人大|大会", CITATION.sub("", said)), said
        assert in_assembly_words(said) == said


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


def test_the_seat_table_of_a_subdistrict_elects_no_committee_and_knows_no_interpellation(halls):
    def told(hall) -> str:
        rows = rows_of(hall.unit, None, date(2026, 6, 1))
        return "\n".join(f"{r.task} {r.title} {r.basis} {r.output}" for r in rows)

    street, town = told(halls["street"]), told(halls["town"])
    for word in ("质询", "选举", "interpellat"):
        assert word in town and word not in street, word
    assert "预备会议：通过议程" in street and "会议由人大街道工委主持" in street
    assert "预备会议：选举主席团，通过议程" in town


def test_a_subdistricts_session_opens_without_electing_and_leaves_its_committee_in_office(halls):
    for name, hall in halls.items():
        cycle = cycle_of(hall)
        session = fix_session(
            hall.act("clerk", at("2026-09-07")),
            cycle,
            use="vote",
            term=19,
            number=2,
            held_on=date(2027, 1, 20),
        )
        act = hall.act("clerk", at("2027-01-20"))
        form = PreliminaryForm(subject=cycle, act=act, node=None, seat=hall.unit)
        assert ("presidium" in form.fields) == (name == "town")
        if name == "street":
            before = holders_of("presidium", hall.unit, act.on)
            meeting = Meeting(minutes="会议通过议程。")
            after = assemble(act, cycle, session, meeting=meeting, agenda="审议、票选。").after
            assert before and holders_of("presidium", hall.unit, act.on) == before
            assert after["presidium"] == [user.username for user in before]


def test_of_a_subdistrict_the_committee_keeps_its_offices_when_a_mandate_ends(halls):
    left = {}
    for name, hall in halls.items():
        chair = hall.of("chair")
        act = hall.act("clerk", at("2027-01-20"))
        unseat(act, chair, reason="代表资格终止")
        left[name] = [g.office for g in live_grants(act.on).filter(user=chair, unit=hall.unit)]
    assert "chair" in left["street"] and left["town"] == []
    assert "deputy" not in left["street"]


def test_a_subdistrict_records_whom_its_delegations_chose_and_no_committee(halls):
    offices = {}
    for name, hall in halls.items():
        form = ElectionForm(
            subject=hall.unit, act=hall.act("clerk", at("2027-01-20")), node=None, seat=hall.unit
        )
        offices[name] = [code for code, _title in form.fields["office"].choices]
    assert offices == {"street": ["delegation_lead"], "town": ["chair", "presidium", "delegation_lead"]}


def seen_text(page: str) -> str:
    """What a page shows and says to a screen reader: no scripts, addresses or class names."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    labels = re.findall(r'(?:aria-label|alt|placeholder|title)="([^"]*)"', page)
    return " ".join([re.sub(r"<[^>]+>", " ", page), *labels])


def congress_words_in(text: str) -> list[str]:
    """Where a text speaks of a congress, with what stands around it."""
    return re.findall(
        "|".join(rf".{{0,12}}{word}.{{0,12}}" for word in (*CONGRESS_ALONE, "大会", "人民政府")),
        CITATION.sub("", text),
    )


def test_the_public_pages_of_a_subdistrict_speak_of_its_assembly_and_a_townships_of_its_congress(
    client, halls
):
    for hall in halls.values():
        cycle = cycle_of(hall, "begin_selection", "begin_deliberation")
        apply(SYSTEM)
        paths = ("", "propose/", "2027/")
        told = " ".join(
            seen_text(client.get(f"/t/{hall.unit.code}/{path}").content.decode()) for path in paths
        )
        apply(SYSTEM)
        if hall is halls["street"]:
            assert congress_words_in(told) == []
            assert "由您提、议事代表票选、大家监督" in told and "候选项目由议事代表审议、票选" in told
        else:
            assert "由您提、代表票决、大家监督" in told and "候选项目由人大代表审议、票决" in told
        assert cycle.unit == hall.unit


@pytest.mark.parametrize("office", ["chair", "clerk", "gov_clerk", "mayor", "presidium", "deputy"])
def test_whoever_works_in_a_subdistrict_reads_no_word_of_a_congress(client, halls, office):
    hall = halls["street"]
    cycle = start_year(hall.act("chair", at("2026-08-03")), **PLAN)
    client.force_login(hall.of(office))
    for path in (
        "/inbox/",
        f"/years/{cycle.pk}/",
        "/years/",
        "/sessions/",
        "/votes/",
        "/projects/",
        "/pool/",
        "/seat-table/",
    ):
        page = client.get(path)
        apply(SYSTEM)
        if page.status_code == 200:
            assert congress_words_in(seen_text(page.content.decode())) == [], path


def test_a_subdistricts_papers_are_titled_in_its_words_and_a_name_in_a_title_stays(halls):
    titles = {}
    for name, hall in halls.items():
        cycle = cycle_of(hall, year=2028)
        paper = make_paper(
            hall.act("clerk", at("2027-09-05")), cycle, "minutes", "主席团会议纪要（“乡镇卫生院”跨年续建）"
        )
        titles[name] = paper.title
    assert titles == {
        "street": "人大街道工委会议纪要（“乡镇卫生院”跨年续建）",
        "town": "主席团会议纪要（“乡镇卫生院”跨年续建）",
    }


def test_a_form_asks_and_finds_fault_in_the_halls_words(halls):
    told = {}
    days = {"opens_on": "2026-09-10", "planned_t": "2027-01-20", "planned_t2": "2027-01-19"}
    for name, hall in halls.items():
        about = {
            "subject": cycle_of(hall),
            "act": hall.act("chair", at("2026-09-05")),
            "node": None,
            "seat": hall.unit,
        }
        wrong = SchemeForm(days, **about).errors["planned_t2"]
        told[name] = (str(CallForm(**about).fields["joint"].label), list(wrong))
    assert told == {
        "street": ("与人大街道工委联合发布", ["须在拟定票选会期之后。"]),
        "town": ("与人大主席团联合发布", ["须在拟定票决会期之后。"]),
    }


class Counting(StepForm):
    """A box with the words of every such form, and one that has other words here."""

    usual = forms.BooleanField(label=gettext_lazy("确认"))
    own = forms.BooleanField(label=gettext_lazy("确认"))

    def prepare(self) -> None:
        self.fields["own"].label = gettext_lazy("主席团会议纪要（决定重新投票）")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_stood_beside_a_box_is_kept_in_the_language_of_the_record_and_the_halls_words(halls, language):
    told = {}
    for name, hall in halls.items():
        given = {"subject": None, "act": hall.act("chair", at("2026-09-05")), "node": None, "seat": hall.unit}
        with translation.override(language):
            form = Counting({"usual": "on", "own": "on"}, **given)
            assert form.is_valid()
            with in_the_records_language():
                told[name] = form.for_trail()
    both = {"usual": True, "own": True}
    assert told == {
        "street": both | {"ticked": {"own": "人大街道工委会议纪要（决定重新投票）"}},
        "town": both | {"ticked": {"own": "主席团会议纪要（决定重新投票）"}},
    }


def test_a_refusal_is_told_in_the_halls_words(halls):
    told = {}
    for name, hall in halls.items():
        with pytest.raises(NotYourTurn) as refused:
            perform("lifecycle.start_year", hall.unit, actor=hall.of("clerk"), data={}, at=at("2026-08-03"))
        told[name] = (str(refused.value), list(refused.value.reasons))
    assert told == {
        "street": (
            "“启动新的年度”由人大街道工委主任、副主任办理。",
            ["“启动新的年度”由人大街道工委主任、副主任办理。"],
        ),
        "town": ("“启动新的年度”由人大主席、副主席办理。", ["“启动新的年度”由人大主席、副主席办理。"]),
    }


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


def test_an_assemblys_members_put_no_interpellation_and_a_congresss_deputies_do(halls):
    told = {}
    for name, hall in halls.items():
        cycle = cycle_of(hall, "begin_selection", "begin_deliberation", "begin_vote", "begin_supervision")
        session = Session.objects.create(unit=hall.unit, term=18, number=3, held_on=date(2027, 6, 18))
        for arrow in ("convene", "begin"):
            fire(session, arrow, hall.act("chair", at("2027-06-18")))
        told[name] = obstacles_to_interpellation(cycle, at("2027-06-18"))
    assert told == {
        "street": ["质询案是人大会议的法定职权，街道不适用；可以听取专项报告、书面询问。"],
        "town": [],
    }
