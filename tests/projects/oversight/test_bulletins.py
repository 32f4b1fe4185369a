"""The bulletin and the annual report's paragraphs: filled from the figures, traceable, edited, sent as a circular."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from urllib.parse import urlencode

import docx
import pytest
from django.http import QueryDict
from django.template.loader import render_to_string

from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.deliberation.models import Visit
from projects.oversight import bulletins
from projects.oversight.bulletins import addressed
from projects.oversight.models import Bulletin, Guidance
from projects.oversight.tracing import traced
from projects.portal.county import list_asked
from projects.portal.county_bulletins import document_of
from projects.portal.county_lists import LISTS
from projects.selection.models import FundSource, Item
from projects.supervision.models import Project
from tests.builders import arranged, at, township
from tests.projects.oversight.county_world import county_of, leader_of, townships_of
from tests.projects.oversight.slow import rounded
from tests.projects.oversight.test_past import alter
from tests.projects.portal.public_world import text_of, travel
from tests.projects.supervision.conftest import year_of
from tests.purpose import say_purpose
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import InvalidForm, NotYourTurn, Refused
from workflow.flows.events import perform
from workflow.flows.money import FEN_PER_WAN, money
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit
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


def percent(part: int, whole: int) -> str:
    return "—" if rounded(part, whole) is None else f"{rounded(part, whole)}%"


def summed(rows, *names: str) -> int:
    return sum(getattr(row, name) or 0 for row in rows for name in names)


# What is no number of rows, worked out of the rows behind it.
OF_ROWS = {
    "完工率": lambda rows: percent(sum(p.state in ("completed", "accepted") for p in rows), len(rows)),
    "总投资": lambda rows: money(summed(rows, "budget_fen"), FEN_PER_WAN),
    "资金到位率": lambda rows: percent(summed(rows, "funded_fen"), summed(rows, "budget_fen")),
    "投资完成率": lambda rows: percent(summed(rows, "invested_fen"), summed(rows, "budget_fen")),
    **{
        label: lambda rows: money(summed(rows, "amount_fen"), FEN_PER_WAN)
        for label in ("已付款", *(f"已付款（{source.label}）" for source in FundSource))
    },
    "走访选民": lambda rows: str(summed(rows, "voters")),
    "代表测评基数": lambda rows: str(summed(rows, "base")),
    "代表测评满意率": lambda rows: percent(summed(rows, "satisfied", "basic"), summed(rows, "base")),
    "群众评价": lambda rows: str(summed(rows, "rated")),
    "群众评价满意率": lambda rows: percent(summed(rows, "satisfied", "basic"), summed(rows, "rated")),
}


def by_its_rows(county, figure) -> str:
    """A figure anew, from the rows of the list it names."""
    listing, given = LISTS[figure["list"]], QueryDict(urlencode(figure["filters"]))
    _scope, asked = list_asked(county, figure["list"], listing, given)
    rows = [asked.shown(row) for row in listing.rows(asked)]
    return OF_ROWS.get(figure["label"], lambda rows: str(len(rows)))(rows)


def assert_every_figure_is_of_its_rows(county, held: Bulletin) -> None:
    for figure in held.figures:
        assert by_its_rows(county, figure) == figure["text"], figure
    told = re.sub(r"“[^”]*”|\d+年(\d+月\d+日|度)", "", held.body)
    numbers = re.findall(r"\d[\d,.]*%?", told)
    assert numbers == [one["text"] for one in held.figures if one["text"] != "—"]


def test_a_draft_is_filled_from_the_figures_and_every_figure_opens_its_list(client, county, leader):
    held = drafted(county, leader)
    assert held.title == "关于2027年第二季度民生实事项目工作情况的通报"
    assert "截至2027年6月1日，示范县3个乡镇（街道）中，3个已启动2027年度" in held.body
    client.force_login(leader)
    page = text_of(client, f"/county/bulletins/{held.pk}/")
    links = re.findall(r'href="(/county/list/[^"]+)">([^<]+) ([\d,.]+%?|—)</a>', page)
    assert [(label, text) for _url, label, text in links] == [(o["label"], o["text"]) for o in held.figures]
    for url, label, text in links:
        listed = text_of(client, url.replace("&amp;", "&"))
        assert "按记录还原到2027年6月1日终了时的情况" in listed
        assert f'class="back-link" href="/county/bulletins/{held.pk}/"' in listed and "返回文稿" in listed
        total = re.search(r"data-total>(\d+)<", listed)
        assert total and (label in OF_ROWS.keys() - {"走访选民", "群众评价"} or total[1] == text), url


@pytest.mark.parametrize("of", [QUARTER, QUARTER | {"quarter": "1"}, {"of": "annual", "quarter": ""}])
def test_every_figure_of_the_text_is_what_its_own_rows_add_up_to(county, leader, of):
    assert_every_figure_is_of_its_rows(county, drafted(county, leader, **of))


def test_a_draft_names_the_townships_and_projects_it_reports_and_whom_it_goes_to(client, county, leader):
    held = drafted(county, leader)
    red = list(Project.objects.filter(light="red").exclude(state="stopped").order_by("unit__code", "number"))
    assert red and all(f"{one.unit.name}“{one.title}”" in held.body for one in red)
    for cycle in Cycle.objects.select_related("unit"):
        elected = Item.objects.filter(cycle=cycle, state="elected").count()
        assert f"{cycle.unit.name}{elected}个" in held.body
    assert held.trace().without == (), "the digits of a name are no figure"
    client.force_login(leader)
    assert "<p>各乡镇人大主席团：</p>" in text_of(client, f"/county/bulletins/{held.pk}/")
    document = document_of(held, str)
    assert document.addressee == "各乡镇人大主席团"
    paper = render_to_string("documents/paper.html", {"document": document})
    assert "附件：数字来源" in paper and "附件：1" not in paper, "one enclosure has no number"
    apply(SYSTEM)
    Unit.objects.filter(name="双桥镇").update(kind="subdistrict")
    assert addressed(county) == "各乡镇人大主席团、各街道人大工委"
    some = Unit.objects.filter(name__in=("柳河镇", "双桥镇"))
    assert addressed(county, some) == "柳河镇人大主席团、双桥镇人大工委"
    paragraphs = drafted(county, leader, of="annual", quarter="")
    assert document_of(paragraphs, str).addressee == "", "paragraphs go into a report"


def test_a_quarters_figures_are_those_of_its_last_day_whenever_it_is_drafted(client, monkeypatch):
    """Reports of May and a project finished in June say nothing of the first quarter."""
    apply(SYSTEM)
    year = year_of(township(), progress_period="monthly", small_project_fen=0).building()
    arranged()
    home = year.town.unit.parent
    leader = leader_of(home)
    early = bulletins.drafted(home, 2027, 1, date(2027, 3, 31))
    year.report("2027-04-08", 30, invested_fen="5000", funded_fen="8000")
    act = year.town.act("clerk", at("2027-06-10"))
    fire(year.project(), "finish", act, completed_on=date(2027, 6, 10))
    arranged()
    travel(monkeypatch, "2027-06-20")
    perform(
        "oversight.draft_bulletin", home, actor=leader, data=QUARTER | {"quarter": "1"}, at=at("2027-06-20")
    )
    held = Bulletin.objects.get()
    assert (held.as_of, held.drafted_on) == (date(2027, 3, 31), date(2027, 6, 20))
    assert held.body == early.body and "截至2027年3月31日" in held.body and "已完工0个" in held.body
    assert any(one["label"].endswith("超期未办") and "unit" in one["filters"] for one in held.figures)
    assert_every_figure_is_of_its_rows(home, held)
    client.force_login(leader)
    page = text_of(client, f"/county/bulletins/{held.pk}/")
    assert "起草后有补记或者更正" not in page and "不能按当日还原" not in page
    apply(SYSTEM)
    now = bulletins.drafted(home, 2027, 2, date(2027, 6, 20))
    assert "已完工1个" in now.body


def test_a_quarter_tells_of_every_year_under_way_in_it_and_of_none_closed_before(client, monkeypatch):
    """The last quarter of 2026: what is being collected for 2027 and built of 2026, and nothing of 2025."""
    apply(SYSTEM)
    travel(monkeypatch, "2027-01-08")
    home = county_of("K")
    townships_of(home, NAMES, year=2026)
    hall = Unit.objects.get(code="K01")
    for year, state in ((2025, "evaluating"), (2027, "collecting")):
        days = {"opens_on": date(year - 1, 9, 1), "planned_t": date(year, 1, 20)}
        Cycle.objects.create(unit=hall, year=year, planned_t2=date(year + 1, 1, 18), state=state, **days)
    leader = leader_of(home)
    fire(Cycle.objects.get(year=2025), "close", Act(leader, "clerk", hall, at("2026-02-01")))
    Proposal.objects.create(
        unit=hall, cycle=Cycle.objects.get(year=2027), code="P1", title="修桥", content="修一座桥。",
        proposer_kind="resident", received_at=at("2026-10-07"), state="received",
    )  # fmt: skip
    asked = {"of": "quarter", "year": "2026", "quarter": "4"}
    perform("oversight.draft_bulletin", home, actor=leader, data=asked, at=at("2027-01-08"))
    held = Bulletin.objects.get()
    assert held.title == "关于2026年第四季度民生实事项目工作情况的通报" and held.as_of == date(2026, 12, 31)
    assert "3个已启动2026年度、1个已启动2027年度民生实事项目工作" in held.body and "2025年度" not in held.body
    assert "2027年度共征集意见建议1件" in held.body and "2027年度尚未产生入选项目。" in held.body
    assert "2026年度实施项目" in held.body
    assert_every_figure_is_of_its_rows(home, held)
    client.force_login(leader)
    page = text_of(client, f"/county/bulletins/{held.pk}/")
    assert "2027 年度征集意见建议 1</a>" in page and "2026 年度征集意见建议" in page
    assert "起草后有补记或者更正" not in page and "正文中已找不到" not in page


def test_figures_written_over_and_numbers_written_in_are_named_before_it_goes_out(client, county, leader):
    held = drafted(county, leader)
    visits = next(f["text"] for f in held.figures if f["label"] == "走访选民")
    assert f"走访选民{visits}人次" in held.body
    client.force_login(leader)
    path, chosen = f"/do/oversight.send_bulletin/{held.pk}/", [unit.pk for unit in county.children.all()]
    page = client.post(path, {"op": "submit", "townships": chosen}).content.decode()
    apply(SYSTEM)
    assert "请核对后确认" in page and "没有来源" not in page and "已找不到" not in page
    body = held.body.replace(f"走访选民{visits}人次", "走访选民9876人次") + "\n请于3月5日前整改 41 个问题。"
    do("edit_bulletin", held, leader, title=held.title, words=body)
    page = client.post(path, {"op": "submit", "townships": chosen}).content.decode()
    apply(SYSTEM)
    assert f"正文中已找不到的起草数字：走访选民：{visits}" in page
    assert "正文中没有来源的数字：9876、41" in page
    page = text_of(client, f"/county/bulletins/{held.pk}/")
    assert page.count("正文中已找不到") == 1 and "正文中没有来源的数字：9876、41" in page
    apply(SYSTEM)
    say_purpose(client)
    file = docx.Document(io.BytesIO(client.get(f"/county/bulletins/{held.pk}/docx/").content))
    labels = [row.cells[1].text for row in file.tables[-1].rows[1:]]
    assert labels == [f["label"] for f in held.figures if f["label"] != "走访选民"]
    assert "正文中的9876、41由起草人写入，没有系统来源。" in "".join(p.text for p in file.paragraphs)


@pytest.mark.parametrize(
    ("figures", "text", "gone", "without"),
    [
        (["3", "12", "45%"], "3个乡镇，征集12件，到位45%。", set(), ()),
        (["3", "12", "45%"], "截至2027年6月1日，3个乡镇，征集13件，到位45%。", {1}, ("13",)),
        (["3", "12", "45%"], "到位45%，征集12件，3个乡镇。", set(), ()),
        (["3", "3"], "3个乡镇。", {1}, ()),
        (
            ["1,234.5", "—"],
            "总投资1,234.5万元，据示政发〔2027〕12号、第5条，于3月底前、10日内办。",
            set(),
            (),
        ),
        ([], "一、二、三\n1.抓早\n（2）抓实，共 8 项", set(), ("8",)),
    ],
)
def test_a_number_is_traced_to_its_figure_wherever_it_stands(figures, text, gone, without):
    found = traced(figures, text)
    assert (set(found.gone), found.without) == (gone, without)


def test_a_township_whose_terms_have_moved_since_is_named_and_left_out_of_what_was_overdue(
    client, monkeypatch
):
    apply(SYSTEM)
    year, other = year_of(township()).building(), township("F02", name="柳河镇")
    home, leader = year.town.unit.parent, leader_of(year.town.unit.parent)
    Unit.objects.filter(pk=other.unit.pk).update(parent=home, path=f"{home.path}{other.unit.pk}/")
    year_of(other)
    arranged()
    travel(monkeypatch, "2027-06-20")
    asked = {"actor": leader, "data": QUARTER | {"quarter": "1"}, "at": at("2027-06-20")}
    perform("oversight.draft_bulletin", home, **asked)
    alter(year, "2027-05-10", finish_by=date(2027, 12, 1))
    perform("oversight.draft_bulletin", home, **asked)
    both, one = Bulletin.objects.order_by("pk")
    labels = [[f["label"] for f in held.figures if "超期" in f["label"]] for held in (both, one)]
    assert labels == [["超期未办", "青溪镇超期未办", "柳河镇超期未办"], ["超期未办", "柳河镇超期未办"]]
    assert "青溪镇在该日以后会期、工期有过调整，或者有事项取回，当日的超期情况不能追溯，未列入。" in one.body
    assert "不能追溯" not in both.body
    assert_every_figure_is_of_its_rows(home, one)
    client.force_login(leader)
    page = text_of(client, f"/county/bulletins/{both.pk}/")
    assert "现已不能按当日还原的数字" in page and "青溪镇超期未办" in page
    listed = text_of(client, "/county/list/tasks/?when=overdue&year=2027&as_of=2027-03-31")
    assert "当日的待办不能还原，未列入：青溪镇 2027" in listed


def test_where_the_terms_of_all_have_moved_nothing_is_said_to_be_overdue_or_not(monkeypatch):
    apply(SYSTEM)
    year = year_of(township()).building()
    arranged()
    alter(year, "2027-05-10", finish_by=date(2027, 12, 1))
    draft = bulletins.drafted(year.town.unit.parent, 2027, 1, date(2027, 3, 31))
    assert draft and "不能追溯" in draft.body and "超期未办的事项" not in draft.body
    assert not any("超期" in one["label"] for one in draft.figures)


def test_a_figure_that_has_been_put_right_since_is_told_beside_what_was_written(client, county, leader):
    held = drafted(county, leader)
    one = next(f for f in held.figures if f["label"] == "代表走访")
    Visit.objects.all().delete()
    client.force_login(leader)
    page = text_of(client, f"/county/bulletins/{held.pk}/")
    assert f"代表走访 {one['text']}</a>" in page and "现按当日记录为 0" in page


def test_a_quarter_that_has_not_begun_is_refused(county, leader):
    with pytest.raises(Refused, match="第 3 季度还没有开始"):
        do("draft_bulletin", county, leader, **(QUARTER | {"quarter": "3"}))
    assert drafted(county, leader).as_of == date(2027, 6, 1), "one that is going on is as of the day"


def test_a_list_is_of_no_day_to_come_and_of_none_it_cannot_be_told_of(client, county, leader):
    client.force_login(leader)
    say_purpose(client)
    found = "/county/list/projects/?which=live&as_of=2027-05-01"
    assert client.get(found).status_code == 200
    assert client.get(found.replace("/?", "/file/xlsx/?")).status_code == 200
    for path in (
        found.replace("2027-05-01", "2027-06-02"),
        found.replace("2027-05-01", "yesterday"),
        "/county/list/projects/?which=building&as_of=2027-05-01",
        "/county/list/ended/?as_of=2027-05-01",
    ):
        assert client.get(path).status_code == 404, path


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
        (unit, "关于上半年工作的通报", "改过的正文。") for unit in chosen
    }
    assert Entry.objects.filter(action="oversight.circular").count() == 2
    sent = json.loads(Entry.objects.get(action="oversight.send_bulletin").body)
    assert sent["after"]["townships"] == [unit.code for unit in chosen]
    held.refresh_from_db()
    assert held.state == "sent" and held.sent_on is not None
    for key, data in (("edit_bulletin", {"title": "x", "words": "y"}), ("send_bulletin", {"townships": []})):
        with pytest.raises(NotYourTurn):
            do(key, held, leader, **data)


@pytest.mark.parametrize(
    ("left_out", "addressee"), [(None, "各乡镇人大主席团"), ("双桥镇", "青溪镇人大主席团、柳河镇人大主席团")]
)
def test_whom_it_went_to_stays_as_it_was_when_townships_are_merged_or_become_subdistricts(
    client, county, leader, left_out, addressee
):
    held, draft = drafted(county, leader), drafted(county, leader)
    chosen = county.children.exclude(name=left_out) if left_out else county.children.all()
    do("send_bulletin", held, leader, townships=[unit.pk for unit in chosen])
    apply(SYSTEM)
    Unit.objects.filter(name="青溪镇").update(kind="subdistrict")
    Unit.objects.filter(name="双桥镇").update(ends_on=date(2027, 5, 1))
    for one, told in ((held, addressee), (draft, "各乡镇人大主席团、各街道人大工委")):
        one.refresh_from_db()
        client.force_login(leader)
        assert f"<p>{told}：</p>" in text_of(client, f"/county/bulletins/{one.pk}/")
        assert document_of(one, str).addressee == told
        apply(SYSTEM)


def test_two_of_the_same_words_sent_on_one_day_name_each_its_own_townships(county, leader):
    one, other = drafted(county, leader), drafted(county, leader)
    for held, name in ((one, "青溪镇"), (other, "柳河镇")):
        do("send_bulletin", held, leader, townships=[county.children.get(name=name).pk])
        held.refresh_from_db()
    assert [document_of(held, str).addressee for held in (one, other)] == [
        "青溪镇人大主席团",
        "柳河镇人大主席团",
    ]


def test_a_year_nobody_has_and_a_quarter_left_out_are_refused(county, leader):
    with pytest.raises(Refused, match="2025 年第 2 季度各乡镇没有在办的年度"):
        do("draft_bulletin", county, leader, **(QUARTER | {"year": "2025"}))
    with pytest.raises(Refused, match="没有乡镇启动 2025 年度"):
        do("draft_bulletin", county, leader, of="annual", year="2025", quarter="")
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
    say_purpose(client)
    file = docx.Document(io.BytesIO(client.get(f"/county/bulletins/{held.pk}/docx/").content))
    text = "".join(p.text for p in file.paragraphs)
    assert "一、基本情况" in text and "示范县人民代表大会常务委员会" in text and "2027年6月1日" in text
    assert text.index("人民代表大会常务委员会2027年") < text.index("附件 数字来源"), (
        "what is attached follows the signature"
    )
    sources = [[cell.text for cell in row.cells] for row in file.tables[-1].rows]
    assert [row[1:3] for row in sources[1:]] == [[one["label"], one["text"]] for one in held.figures]
    assert all(
        row[4].startswith("http://testserver/county/list/") and "as_of=2027-06-01" in row[4]
        for row in sources[1:]
    )


def test_bulletins_are_not_for_a_township(client, county, leader):
    held = drafted(county, leader)
    client.force_login(township().of("chair"))
    for path in ("/county/bulletins/", f"/county/bulletins/{held.pk}/"):
        assert client.get(path).status_code == 403
