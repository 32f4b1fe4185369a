"""What anybody may read, and above all what nobody may read before its time."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext

from projects.cycles.models import Paper
from projects.cycles.papers import attach, make_paper
from projects.demo.play.voting import Sheet, play_ballot
from projects.evaluation.models import Measurement, Rating
from projects.evaluation.services import close_round
from projects.selection.models import Notice, Objection
from projects.supervision.models import Change, Milestone, Plan, Progress, Project
from tests.builders import at, township
from tests.projects.portal.public_world import (
    TO_ACCEPTED,
    T,
    cycle_of,
    item_of,
    project_of,
    text_of,
    travel,
)
from tests.projects.voting.conftest import settled
from workflow.machines.services import fire
from workflow.people.isolation import PUBLIC, SYSTEM, apply, within
from workflow.people.models import UnitKind
from workflow.people.services import create_unit

pytestmark = pytest.mark.django_db
BUILDING = ("begin_selection", "begin_deliberation", "begin_vote", "begin_supervision")
EVALUATING = (*BUILDING, "begin_evaluation")


@pytest.fixture(autouse=True)
def _start(db, monkeypatch):
    apply(SYSTEM)
    cache.clear()
    travel(monkeypatch, "2027-06-01")


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township()


# ------------------------------------------------------------------------------- choosing


def test_the_only_township_needs_no_choice(client, town):
    assert client.get("/").url == "/t/T01/"


def test_several_townships_are_listed_by_county_and_found_by_name(client, town):
    other = township("T02", name="石桥镇")
    create_unit(code="T03", name="城关街道", kind=UnitKind.SUBDISTRICT, parent=other.unit.parent)
    page = text_of(client, "/")
    assert all(name in page for name in ("青溪镇", "石桥镇", "城关街道"))
    found = text_of(client, "/?q=石桥")
    assert "石桥镇" in found and "青溪镇" not in found
    assert "没有找到" in text_of(client, "/?q=不存在")


def test_many_townships_are_shown_page_by_page(client, town, monkeypatch):
    monkeypatch.setattr("projects.portal.public.PLACES_PER_PAGE", 1)
    township("T02", name="石桥镇")
    first, second = text_of(client, "/"), text_of(client, "/?page=2")
    assert [("青溪镇" in page, "石桥镇" in page) for page in (first, second)] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("address", ["/?q=%00", "/t/T%0001/", "/trail/heads/?unit=%00"])
def test_an_address_no_text_can_be_leads_nowhere(client, town, address):
    assert "没有找到这个页面" in text_of(client, address, 404)


def test_staff_see_on_the_public_pages_what_residents_see(client, town):
    cycle = cycle_of(town, *BUILDING)
    make_paper(town.act("chair", at("2027-03-01")), cycle, "minutes", "党委会议纪要", body="内部")
    client.force_login(town.of("chair"), backend="django.contrib.auth.backends.ModelBackend")
    assert "党委会议纪要" not in text_of(client, "/t/T01/2027/")


# ------------------------------------------------------------------------------- not before its time


def test_a_year_in_preparation_is_invisible(client, town):
    from projects.lifecycle.intake import start_year

    plan = {"opens_on": date(2027, 9, 1), "planned_t": date(2028, 1, 20), "planned_t2": date(2029, 1, 18)}
    start_year(town.act("chair", at("2027-05-01")), year=2028, **plan)
    text_of(client, "/t/T01/2028/", 404)
    assert "2028" not in text_of(client, "/t/T01/")


def test_an_unpublished_paper_is_nowhere(client, town):
    cycle, act = cycle_of(town), town.act("gov_clerk", at("2026-09-02"))
    draft = make_paper(act, cycle, "scheme", "年度实施方案（内部）", body="方案正文")
    call = make_paper(
        act, cycle, "call", "关于公开征集的公告", body="现面向全镇征集。\n\n欢迎提出。", publish=True
    )
    text_of(client, f"/papers/{draft.pk}/", 404)
    for path in ("/t/T01/", "/t/T01/2027/"):
        assert "年度实施方案" not in text_of(client, path)
        assert "关于公开征集的公告" in text_of(client, path)
    sheet = text_of(client, f"/papers/{call.pk}/")
    assert "青溪镇人民政府" in sheet and "<p>欢迎提出。</p>" in sheet


def test_the_draft_list_shows_only_from_the_day_it_is_posted(client, town, monkeypatch):
    cycle = cycle_of(town, "begin_selection")
    shown = item_of(town, cycle, 1, "柳林村饮水管网", "pass_screening", "draft")
    item_of(town, cycle, 2, "镇政府停车场", "pass_screening", "leave_out")
    travel(monkeypatch, "2026-12-02")
    assert "柳林村饮水管网" not in text_of(client, "/t/T01/2027/")
    notice = posted(town, cycle, shown)
    page = text_of(client, "/t/T01/2027/")
    assert "柳林村饮水管网" in page and "380 万元" in page and "提出异议" in page
    assert "镇政府停车场" not in page
    travel(monkeypatch, "2026-12-20")
    assert "提出异议" not in text_of(client, "/t/T01/2027/")
    assert notice.state == "posted"


def posted(town, cycle, *items):
    notice = Notice.objects.create(
        unit=town.unit, cycle=cycle, from_on=date(2026, 12, 1), to_on=date(2026, 12, 9)
    )
    notice.items.set(items)
    return notice


def test_votes_show_only_when_the_chair_has_declared(client, monkeypatch):
    hall = settled(["文化礼堂", "村道硬化"], seats=1, in_office=50)
    travel(monkeypatch, "2027-01-20")
    assert "文化礼堂" not in text_of(client, "/t/T01/2027/")
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"文化礼堂": 42, "村道硬化": 3}))
    page = text_of(client, "/t/T01/2027/")
    assert "文化礼堂" in page and "未入选" in page and "26" in page
    assert ">42<" in page and ">3<" in page


def test_certified_figures_are_not_public_yet(client, monkeypatch):
    from projects.ballots.models import Vote

    hall = settled(["文化礼堂", "村道硬化"], seats=1, in_office=50)
    travel(monkeypatch, "2027-01-20")
    with pytest.raises(_Stop):
        _stop_before_declaring(hall, monkeypatch)
    assert Vote.objects.get().state == "certified"
    page = text_of(client, "/t/T01/2027/")
    assert "文化礼堂" not in page and "42" not in page


class _Stop(Exception):
    pass


def _stop_before_declaring(hall, monkeypatch):
    from projects.demo.play import voting as play

    real = play.do_task

    def stopping(cycle, key, *args, **kwargs):
        if key == "voting.declare":
            raise _Stop
        return real(cycle, key, *args, **kwargs)

    monkeypatch.setattr(play, "do_task", stopping)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"文化礼堂": 42, "村道硬化": 3}))


def test_a_plan_and_its_milestones_show_only_when_published(client, town):
    project = project_of(town, cycle_of(town, *BUILDING), 1, "村道硬化", "assign")
    plan = Plan.objects.create(
        unit=town.unit,
        project=project,
        target="硬化六公里",
        starts_on=date(2027, 3, 20),
        finish_by=date(2027, 11, 20),
        funds="镇级配套一百万元",
        safeguards="专班推进",
        responsible="张三",
    )
    Milestone.objects.create(
        unit=town.unit, project=project, title="完成招标", due_on=date(2027, 4, 20), percent=10
    )
    page = text_of(client, path_of(project))
    assert "镇级配套一百万元" not in page and "完成招标" not in page
    Plan.objects.filter(pk=plan.pk).update(published_at=at("2027-03-02"))
    page = text_of(client, path_of(project))
    assert "镇级配套一百万元" in page and "完成招标" in page


def test_residents_and_staff_read_one_figure_of_where_the_plan_says_it_should_be(client, town, monkeypatch):
    project = project_of(town, cycle_of(town, *BUILDING), 1, "村道硬化", "assign", "begin")
    Plan.objects.create(
        unit=town.unit, project=project, target="硬化六公里", starts_on=date(2027, 3, 1),
        finish_by=date(2027, 5, 30), funds="镇级配套", safeguards="专班推进", responsible="张三",
        published_at=at("2027-03-02"),
    )  # fmt: skip
    Milestone.objects.create(
        unit=town.unit, project=project, title="完工", due_on=date(2027, 5, 30), percent=100
    )
    Progress.objects.create(
        unit=town.unit, project=project, period="2027-03", on=date(2027, 4, 5), percent=30, expected=33,
        invested_fen=100, funded_fen=200, light="green", by=town.of("department"),
    )  # fmt: skip
    for day, planned in (("2027-04-15", "（计划 50%）"), ("2027-07-01", "（计划 100%）")):
        travel(monkeypatch, day)
        client.logout()
        assert planned in text_of(client, path_of(project))
        client.force_login(town.of("clerk"))
        assert planned in text_of(client, f"/projects/{project.pk}/")
    apply(SYSTEM)
    fire(project, "suspend", town.act("clerk", at("2027-07-01")))
    assert "（计划" not in text_of(client, f"/projects/{project.pk}/")


def path_of(project):
    return f"/t/T01/projects/{project.pk}/"


def test_a_change_shows_only_when_announced(client, town):
    project = project_of(town, cycle_of(town, *BUILDING), 1, "村道硬化", "assign", "begin")
    change = Change.objects.create(
        unit=town.unit, project=project, what="deadline", reason="连续降雨影响工期", asked_on=date(2027, 5, 1)
    )
    chair = town.act("chair", at("2027-05-20"))
    fire(change, "agree", chair)
    assert "连续降雨影响工期" not in text_of(client, path_of(project))
    fire(change, "announce", chair)
    assert "连续降雨影响工期" in text_of(client, path_of(project))


def test_projects_just_elected_are_not_said_to_be_carried_out(client, town):
    project = project_of(town, cycle_of(town, *BUILDING), 1, "村道硬化")
    going_on, waiting = "入选项目正在实施", "项目已经票决确定，待政府交办实施。"
    first = text_of(client, "/t/T01/")
    assert "已确定 1 件，待交办实施。" in first and "正在办" not in first
    for page in (first, text_of(client, "/t/T01/2027/")):
        assert waiting in page and going_on not in page
    apply(SYSTEM)
    fire(project, "assign", town.act("mayor", at("2027-03-01")))
    first = text_of(client, "/t/T01/")
    assert "正在办 1 件，已完工 0 件。" in first and "已确定" not in first
    for page in (first, text_of(client, "/t/T01/2027/")):
        assert going_on in page and waiting not in page


def test_while_a_project_is_not_accepted_supervision_goes_on_beside_the_evaluation(client, town):
    """The year comes to its evaluation with the government's report, whatever is still being built (steps.md, 5 and 6)."""
    cycle = cycle_of(town, *BUILDING, "begin_evaluation")
    finished, built = (
        project_of(town, cycle, 1, "村道硬化", *TO_ACCEPTED),
        project_of(town, cycle, 2, "卫生室", *TO_ACCEPTED[:2]),
    )
    going_on = re.compile(r'step-current" aria-current="step"><span class="step-dot" aria-hidden="true">5<')
    for path in ("/t/T01/", "/t/T01/2027/"):
        page = text_of(client, path)
        assert going_on.search(page) and "正在评估；1 个项目尚未验收，继续监督。" in page, path
    apply(SYSTEM)
    for arrow in TO_ACCEPTED[2:]:
        fire(built, arrow, town.act("clerk", at("2027-12-20")))
    for path in ("/t/T01/", "/t/T01/2027/"):
        page = text_of(client, path)
        assert not going_on.search(page) and "尚未验收" not in page and finished.title in page, path


def test_a_project_finished_late_says_by_how_many_days_wherever_it_is_listed(client, town):
    cycle = cycle_of(town, *BUILDING)
    late, due = (
        project_of(town, cycle, n, title, *TO_ACCEPTED) for n, title in ((1, "村道硬化"), (2, "修桥"))
    )
    Project.objects.filter(pk=late.pk).update(completed_on=late.finish_by + timedelta(days=9))
    Project.objects.filter(pk=due.pk).update(completed_on=due.finish_by)
    told = "逾期 9 天完工"
    client.force_login(town.of("clerk"))
    pages = (path_of(late), f"/projects/{late.pk}/", "/projects/", f"/years/{cycle.pk}/", "/t/T01/2027/")
    assert {path: text_of(client, path).count(told) for path in pages} == dict.fromkeys(pages, 1)
    assert "逾期" not in text_of(client, path_of(due)) + text_of(client, f"/projects/{due.pk}/")


def test_problems_named_in_reports_stay_inside(client, town):
    project = project_of(town, cycle_of(town, *BUILDING), 1, "村道硬化", "assign", "begin")
    Progress.objects.create(
        unit=town.unit,
        project=project,
        period="2027-04",
        on=date(2027, 5, 5),
        percent=30,
        expected=35,
        invested_fen=100,
        funded_fen=200,
        problems="施工单位与村民有纠纷",
        light="green",
        by=town.of("department"),
    )
    page = text_of(client, path_of(project))
    assert "2027年4月" in page and "纠纷" not in page


def test_a_measurement_shows_only_when_it_is_settled(client, town):
    project = project_of(town, cycle_of(town, *EVALUATING), 1, "村道硬化", *TO_ACCEPTED)
    measurement = Measurement.objects.create(
        unit=town.unit, cycle=project.cycle, project=project, satisfied=37, basic=4, dissatisfied=1, base=42
    )
    chair = town.act("chair", at("2028-01-18"))
    fire(measurement, "measure", chair, verdict="close")
    assert ">37<" not in text_of(client, "/t/T01/2027/")
    fire(measurement, "pass_measure", chair)
    page = text_of(client, "/t/T01/2027/")
    assert ">37<" in page and ">42<" in page and "97.6%" in page


def test_a_private_file_is_not_served(client, town, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    project = project_of(town, cycle_of(town, *BUILDING), 1)
    act = town.act("department", at("2027-04-01"))
    inside = attach(act, project.reference, SimpleUploadedFile("合同.pdf", b"%PDF-1"))
    photo = attach(act, project.reference, SimpleUploadedFile("site.png", b"\x89PNG"), public=True)
    sheet = attach(act, project.reference, SimpleUploadedFile("a.html", b"<script>"), public=True)
    text_of(client, f"/files/{inside.pk}/", 404)
    shown = client.get(f"/files/{photo.pk}/")
    assert shown["Content-Type"] == "image/png" and b"".join(shown.streaming_content) == b"\x89PNG"
    saved = client.get(f"/files/{sheet.pk}/")
    assert (
        saved["Content-Type"] == "application/octet-stream" and "attachment" in saved["Content-Disposition"]
    )
    assert "工地照片 1 张" in text_of(client, "/t/T01/")


def test_a_project_is_found_only_under_its_own_township(client, town):
    project = project_of(town, cycle_of(town, *BUILDING), 1)
    township("T02", name="石桥镇")
    text_of(client, f"/t/T02/projects/{project.pk}/", 404)
    text_of(client, "/t/T01/projects/999999/", 404)


def test_the_public_context_can_write_nothing(town):
    project = project_of(town, cycle_of(town, *BUILDING), 1)
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic(), within(PUBLIC):
        Rating.objects.create(unit=town.unit, project=project, grade="satisfied", on=date(2027, 6, 1))
    with within(PUBLIC):
        assert Project.objects.filter(pk=project.pk).update(title="改名") == 0


# ------------------------------------------------------------------------------- what a resident can do


def test_an_objection_gets_a_code_and_its_answer_is_read_by_it(client, town, monkeypatch):
    cycle = cycle_of(town, "begin_selection", deadlines={"selection.objection": 7})
    item = item_of(town, cycle, 1, "柳林村饮水管网", "pass_screening", "draft")
    posted(town, cycle, item)
    travel(monkeypatch, "2026-12-02")
    response = client.post("/t/T01/2027/objection/", {"item": item.pk, "words": "与上年项目重复，请核实。"})
    objection = Objection.objects.get()
    assert response.url == f"/t/T01/objections/{objection.code}/"
    assert objection.code in text_of(client, response.url)
    assert "7 个工作日内书面答复" in text_of(client, response.url), "as the year froze it"
    fire(objection, "dismiss", town.act("gov_clerk", at("2026-12-04")), answer="两个项目范围不同。")
    assert "两个项目范围不同" in text_of(client, response.url)
    assert client.post("/follow/", {"code": objection.code}).url == response.url


def test_an_objection_after_the_notice_or_without_words_is_refused(client, town, monkeypatch):
    cycle = cycle_of(town, "begin_selection")
    posted(town, cycle, item_of(town, cycle, 1, "柳林村饮水管网", "pass_screening", "draft"))
    travel(monkeypatch, "2026-12-02")
    assert client.post("/t/T01/2027/objection/", {"words": ""}).status_code == 422
    assert client.post("/t/T01/2027/objection/", {"words": "有异议的", "website": "x"}).status_code == 422
    travel(monkeypatch, "2026-12-20")
    assert client.post("/t/T01/2027/objection/", {"words": "名单有误。"}).status_code == 404
    assert not Objection.objects.exists()


def rating_town(town):
    """An accepted project while the round of ratings is open."""
    return project_of(town, cycle_of(town, *EVALUATING, resident_sample_min=2), 1, "村道硬化", *TO_ACCEPTED)


def test_a_resident_rates_a_finished_project_once(client, town):
    project = rating_town(town)
    assert "提交评价" in text_of(client, path_of(project))
    for _ in range(2):
        client.post(f"{path_of(project)}rate/", {"grade": "satisfied", "words": "路修得好，谢谢李四"})
    assert Rating.objects.count() == 1
    page = text_of(client, path_of(project))
    assert "样本不足" in page and "李四" not in page


def test_a_rate_is_shown_with_its_sample_once_that_is_large_enough(client, town):
    project = rating_town(town)
    for grade in ("satisfied", "dissatisfied"):
        Rating.objects.create(unit=town.unit, project=project, grade=grade, on=date(2027, 6, 1))
    for path in (path_of(project), "/t/T01/", "/t/T01/2027/"):
        assert "样本 2 份" in text_of(client, path) and "50%" in text_of(client, path)


def test_a_rating_without_a_grade_or_after_the_round_is_refused(client, town):
    project = rating_town(town)
    assert "提交评价" in text_of(client, path_of(project))
    assert client.post(f"{path_of(project)}rate/", {"words": "好"}).status_code == 422
    with within(SYSTEM):
        close_round(town.act("clerk", at("2027-06-01")), project.cycle, body="本年度群众评价结束。")
    assert "提交评价" not in text_of(client, path_of(project))
    assert client.post(f"{path_of(project)}rate/", {"grade": "satisfied"}).status_code == 422
    assert not Rating.objects.exists()


def test_the_sign_carries_the_address_as_a_code(client, town):
    project = project_of(town, cycle_of(town, *BUILDING), 1)
    page = text_of(client, f"{path_of(project)}sign/")
    assert "<svg" in page and f"http://testserver{path_of(project)}" in page.replace("<wbr>", "")
    assert "style=" not in page and "<script>" not in page


def test_markup_in_a_title_stays_text(client, town):
    project = project_of(town, cycle_of(town, *BUILDING), 1, '<b>"路"</b>')
    for path in (path_of(project), "/t/T01/", "/t/T01/2027/", f"{path_of(project)}sign/"):
        page = text_of(client, path)
        assert "<b>" not in page and "&amp;lt;" not in page


# ------------------------------------------------------------------------------- size


@pytest.mark.parametrize("path", ["/t/T01/", "/t/T01/2027/"])
def test_a_long_list_needs_no_more_queries_than_a_short_one(client, town, path):
    cycle = cycle_of(town, *EVALUATING)
    project_of(town, cycle, 1, "第 1 号", *TO_ACCEPTED)
    one = queries(client, path)
    for n in range(2, 21):
        project_of(town, cycle, n, f"第 {n} 号", *TO_ACCEPTED)
    page = text_of(client, path)
    assert page.count("号</a>") >= 20
    assert queries(client, path) == one


def queries(client, path):
    with CaptureQueriesContext(connection) as captured:
        text_of(client, path)
    return len(captured)


def test_the_list_of_townships_needs_no_query_per_township(client, town):
    township("T02", name="石桥镇")
    two = queries(client, "/")
    for n in range(3, 8):
        create_unit(code=f"T0{n}", name=f"第{n}镇", kind=UnitKind.TOWNSHIP, parent=town.unit.parent)
    assert queries(client, "/") == two


def test_papers_of_every_kind_have_an_issuer(town):
    from projects.cycles.documents.issuing import OF_CONGRESS, OF_PRESIDIUM, issuer_of
    from projects.cycles.papers import KINDS

    assert set(KINDS) >= OF_CONGRESS | OF_PRESIDIUM
    assert issuer_of(Paper(unit=town.unit, kind="announcement")) == "青溪镇人民代表大会主席团"
    assert issuer_of(Paper(unit=town.unit, kind="resolution")) == "青溪镇人民代表大会"
    town.unit.kind = UnitKind.SUBDISTRICT
    assert issuer_of(Paper(unit=town.unit, kind="call")) == "青溪镇办事处"
