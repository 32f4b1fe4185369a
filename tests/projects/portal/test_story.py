"""One thing's story: what is told to whom, from which record one comes to it, and the sheet of it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import quote

import pypdf
import pytest
from django.core.cache import cache
from django.utils.translation import get_language
from hypothesis import given
from hypothesis import strategies as st

from projects.collection.intake import propose
from projects.cycles.models import Attachment
from projects.cycles.papers import attach
from projects.demo.play.voting import Sheet, play_ballot
from projects.portal.story import KEY, TOLD, Deed, Round, Study, Tally, Thing, Wish, compose, condensed
from projects.portal.story_selectors import story_of
from projects.selection.models import Item, Source
from projects.supervision.inspecting import raise_finding, record_inspection
from projects.supervision.models import Finding, Project
from tests.builders import at, township
from tests.files import picture
from tests.projects.portal.public_world import cycle_of, item_of, text_of, travel
from tests.projects.voting.conftest import T, settled
from tests.workflow.audit.test_export import chained
from workflow.audit.heads import seal
from workflow.audit.services import write_down
from workflow.inbox.story import title_of_action
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply

START = at("2026-09-10")
WISH = Wish("proposal:1", "村口装路灯", "联系13900001111。", "群众", "柳林村", "采纳为候选项目", "已列入。")
TALLY = Tally((("赞成", 42), ("反对", 3), ("弃权", 0)), "入选", "得票过半数。", elected=True)
THING = Thing("柳林村亮化", project="project:1", wishes=(WISH,), votes={"vote:1": TALLY}, studies={7: Study("财政", "同意", "内部意见")},
              findings={"finding:1": "灯杆歪斜。"}, changes={"change:1": "调整地点"})  # fmt: skip
SUBJECTS = {"proposal": "proposal:1", "vote": "vote:1", "finding": "finding:1", "change": "change:1"}


def deed(number: int, action: str, day: int = 0, **more) -> Deed:
    when = START + timedelta(days=day)
    subject = more.pop("subject", SUBJECTS.get(action.partition(".")[0], "item:1"))
    return Deed(number, when, when.date(), action, subject, more.pop("who", "党政办"), **more)


deeds_of_any_kind = st.lists(
    st.builds(
        lambda action, day, reason: (action, day, reason),
        st.sampled_from([*TOLD, "record.read", "collection.receive", "vote.certify", "item.elect"]),
        st.integers(0, 400),
        st.sampled_from(["", "内部理由"]),
    ),
    max_size=40,
).map(lambda rows: [deed(n, action, day, reason=reason) for n, (action, day, reason) in enumerate(rows, 1)])


def words_in(story) -> str:
    return "\n".join(f"{line.words}{line.note}" for line in story.lines)


@given(deeds=deeds_of_any_kind, public=st.booleans())
def test_nothing_of_a_vote_is_told_before_one_is_declared(deeds, public):
    told = words_in(compose(replace(THING, votes={}), deeds, public=public))
    assert (
        "赞成" not in told
        and "42" not in told
        and "入选" not in told.replace("替换入选", "").replace("末位入选项目", "")
    )


@given(deeds=deeds_of_any_kind, seed=st.randoms(use_true_random=False))
def test_the_story_does_not_depend_on_the_order_its_entries_are_read_in(deeds, seed):
    mixed = list(deeds)
    seed.shuffle(mixed)
    assert compose(THING, mixed, public=False) == compose(THING, deeds, public=False)


@given(deeds=deeds_of_any_kind)
def test_every_line_rests_on_entries_and_no_entry_is_told_twice(deeds):
    numbers = [number for line in compose(THING, deeds, public=False).lines for number in line.numbers]
    assert len(numbers) == len(set(numbers)) and set(numbers) <= {one.number for one in deeds}


@given(deeds=deeds_of_any_kind)
def test_the_public_is_told_no_opinion_no_finding_and_no_number_of_a_person(deeds):
    story = compose(THING, deeds, public=True)
    public = {one.number for one in deeds if one.action in TOLD and TOLD[one.action].public}
    assert {number for line in story.lines for number in line.numbers} <= public
    told = words_in(story)
    assert not any(words in told for words in ("内部意见", "灯杆", "1390000", "已列入。"))


@given(deeds=deeds_of_any_kind, most=st.integers(0, 12))
def test_what_is_left_off_the_sheet_is_counted_and_never_a_key_line(deeds, most):
    story = compose(THING, deeds, public=False)
    for whole, short in zip(story.chapters, condensed(story, most).chapters, strict=True):
        assert len(short.lines) + short.folded == len(whole.lines)
        assert [line for line in whole.lines if line.weight == KEY] == [
            line for line in short.lines if line.weight == KEY
        ]
        assert len(short.lines) <= max(most, sum(line.weight == KEY for line in whole.lines))


def test_every_act_that_is_told_is_one_the_trail_knows():
    assert [action for action in TOLD if title_of_action(action) == action] == []


def test_what_was_done_alike_to_several_proposals_is_one_line_with_all_entries():
    two = replace(THING, wishes=(WISH, replace(WISH, reference="proposal:2", title="装灯")))
    story = compose(
        two, [deed(1, "proposal.merge"), deed(2, "proposal.merge", subject="proposal:2")], public=True
    )
    (line,) = story.lines
    assert line.numbers == (1, 2) and line.words == "归并为“柳林村亮化”（2 件）"


def test_what_was_done_twice_to_the_same_record_was_done_twice_and_not_to_two():
    visits = [deed(n, "supervision.inspect", subject="project:1") for n in (1, 2)]
    (line,) = compose(THING, visits, public=True).lines
    assert line.numbers == (1, 2) and line.words == "代表监督小组现场视察（2 次）"


def test_payments_and_further_lines_of_the_money_are_told_in_office_alone():
    paid = deed(
        1,
        "supervision.pay",
        subject="project:1",
        after={"way": "paid", "party": "某公司", "amount_fen": 5_000_000},
    )
    back = deed(
        2,
        "supervision.pay",
        1,
        subject="project:1",
        after={"way": "back", "party": "某公司", "amount_fen": 1_000_000},
    )
    varied = deed(
        3,
        "supervision.further_line",
        2,
        subject="project:1",
        after={"kind": "variation", "amount_fen": 2_000_000},
    )
    told = [line.words for line in compose(THING, [paid, back, varied], public=False).lines]
    assert told == ["登记付款，某公司，5 万元", "登记退回、冲销，某公司，1 万元", "登记合同变更，2 万元"]
    assert compose(THING, [paid, back, varied], public=True).lines == ()


def test_photos_are_told_on_the_line_of_the_act_they_were_handed_in_with():
    visit = deed(1, "supervision.inspect", subject="project:1")
    report = deed(2, "project.report", 1, subject="project:1", after={"percent": 30})
    pay = deed(3, "supervision.pay", 2, subject="project:1")
    seen = replace(THING, photos={visit.at: 3, report.at: 1, pay.at: 2})
    told = [line.words for line in compose(seen, [visit, report, pay], public=False).lines]
    assert told == ["代表监督小组现场视察，附照片 3 张", "形象进度 30%，附照片 1 张", "登记付款"]
    assert compose(THING, [visit], public=True).lines[0].words == "代表监督小组现场视察"


def test_the_grade_stands_in_the_line_that_no_sheet_leaves_out():
    rounds = {"measurement:1": Round(1, 40, 3, 2, "满意率 95.6%。", "可以销号")}
    (chapter,) = condensed(
        compose(
            replace(THING, rounds=rounds),
            [deed(1, "measurement.measure", subject="measurement:1")],
            public=True,
        ),
        0,
    ).chapters
    (line,) = chapter.lines
    assert line.words.endswith("不满意 2 票，结论：可以销号") and line.note == "满意率 95.6%。"


def test_what_somebody_wrote_as_a_title_is_told_to_its_proposer_and_in_office_alone():
    named = replace(WISH, title="请周小梅家门口装灯")
    sent = [deed(1, "proposal.submit", who="便民服务站")]

    def told(public: bool, own: bool = False) -> str:
        wishes = (replace(named, own=own),)
        return words_in(compose(replace(THING, wishes=wishes), sent, public=public))

    assert told(public=True) == "群众（柳林村）提出建议"
    assert "周小梅家" in told(public=True, own=True) and "周小梅家" in told(public=False)


def test_a_decision_on_the_whole_list_is_told_of_what_stood_on_it():
    listed = [deed(1, "item.draft"), deed(2, "selection.notice", 3, subject="cycle:1")]
    off = [*listed[:1], deed(3, "item.leave_out", 1, reason="资金不足"), listed[1]]
    assert "公示" in words_in(compose(THING, listed, public=True))
    assert "公示" not in words_in(compose(THING, off, public=True))


def test_why_something_was_left_out_is_for_anybody_once_its_proposer_was_answered():
    off = [deed(1, "item.leave_out", reason="资金不足")]
    waiting = replace(THING, wishes=(replace(WISH, outcome=""),))
    assert "资金不足" not in words_in(compose(waiting, off, public=True))
    assert "资金不足" in words_in(compose(waiting, off, public=False))
    assert "资金不足" in words_in(compose(THING, off, public=True))


def test_an_answer_after_the_vote_stands_where_the_thing_had_come_to():
    deeds = [deed(1, "proposal.submit"), deed(2, "vote.declare", 5), deed(3, "proposal.answer", 9)]
    story = compose(THING, deeds, public=False)
    assert [(chapter.step, len(chapter.lines)) for chapter in story.chapters] == [(1, 1), (4, 2)]


# ------------------------------------------------------------------------------- on the pages


@pytest.fixture
def voted(db, monkeypatch):
    """Two candidates with their proposals, voted on and declared; the elected one is being built, with a finding."""
    apply(SYSTEM)
    cache.clear()
    hall = settled(["文化礼堂", "村道硬化"], seats=1, in_office=50)
    travel(monkeypatch, "2027-03-20")
    for number, item in enumerate(hall.items, 1):
        for n in range(2 if number == 1 else 1):
            proposed(hall, item, f"建{item.title}{n}")
    return hall


def proposed(hall, item: Item, title: str) -> None:
    station, clerk = (hall.town.act(office, at("2026-09-10")) for office in ("station", "gov_clerk"))
    proposal = propose(
        station, cycle=None, title=title, content="村口需要。", name="周小梅", phone="13900001111"
    )
    for arrow in ("take_up", "accept", "merge"):
        fire(proposal, arrow, clerk)
    fire(proposal, "carry", clerk, outcome="carried", outcome_words="已列为候选项目。", answered_at=clerk.at)
    Source.objects.create(unit=item.unit, item=item, proposal=proposal)


def declared(hall) -> Project:
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet({"文化礼堂": 42, "村道硬化": 3}))
    item = hall.item("文化礼堂")
    project = Project.objects.create(
        unit=item.unit, cycle=hall.cycle, item=item, number=1, title=item.title, content="一座。",
        category="文化体育", finish_by=date(2027, 12, 20), department=hall.town.departments[0],
    )  # fmt: skip
    mayor = hall.town.act("mayor", at("2027-02-01"))
    for arrow in ("assign", "begin"):
        fire(project, arrow, mayor)
    for percent in (10, 30):
        fire(project, "report", mayor, percent=percent, invested_fen=1_000_000, funded_fen=2_000_000)
    raise_finding(hall.town.act("senior_deputy", at("2027-03-01")), project, "围挡缺失。")
    return project


def sheet_of(answer) -> str:
    assert answer.status_code == 200 and answer["Content-Type"] == "application/pdf"
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    assert len(pages) == 1
    return pages[0].extract_text().replace("\n", "")


def test_every_record_of_a_thing_leads_to_the_same_story(client, voted):
    project, item = declared(voted), voted.item("文化礼堂")
    client.force_login(voted.town.of("clerk"))
    address = f"/stories/item/{item.pk}/"
    finding, sources = Finding.objects.get(), Source.objects.filter(item=item)
    records = [
        ("project", project.pk),
        ("finding", finding.pk),
        *(("proposal", s.proposal_id) for s in sources),
    ]
    assert len(records) == 4
    assert {client.get(f"/stories/{kind}/{pk}/").url for kind, pk in records} == {address}
    page = text_of(client, address)
    for told in (
        "建文化礼堂0",
        "建文化礼堂1",
        "归并为",
        "赞成 42",
        "入选",
        "形象进度 30%",
        "完成投资 1 万元",
        "围挡缺失",
    ):
        assert told in page, told
    assert "13900001111" not in page and "周小梅" not in page and "村道硬化" not in page
    for page_of in (f"/projects/{project.pk}/", f"/items/{item.pk}/"):
        assert "/stories/" in text_of(client, page_of)


def test_a_number_leads_to_its_entry_alone(client, voted):
    project = declared(voted)
    client.force_login(voted.town.of("clerk"))
    page = text_of(client, f"/stories/item/{project.item_id}/")
    link = page.partition("/trail/?unit=T01&amp;number=")[2].partition('"')[0]
    assert text_of(client, f"/trail/?unit=T01&number={link}").count("timeline-item") == 1


def test_before_the_vote_is_declared_its_story_knows_no_figure(client, voted):
    item = voted.items[0]
    client.force_login(voted.town.of("clerk"))
    page = text_of(client, f"/stories/item/{item.pk}/")
    assert "提请大会票决" in page and "赞成" not in page


def test_the_sheet_is_one_page_with_the_numbers_and_the_head(client, voted, settings, tmp_path):
    settings.TRAIL_KEY_FILE = str(tmp_path / "head")
    project = declared(voted)
    mayor = voted.town.act("mayor", at("2027-03-10"))
    for n in range(60):
        fire(
            project,
            "report",
            replace(mayor, at=mayor.at + timedelta(days=n)),
            percent=n,
            invested_fen=1,
            funded_fen=1,
        )
    chained()
    assert seal(voted.town.unit.pk, "minute", at("2027-03-20"))
    client.force_login(voted.town.of("clerk"))
    text = sheet_of(client.get(f"/stories/item/{project.item_id}/sheet/"))
    assert (
        "文化礼堂" in text and "赞成42" in text.replace(" ", "") and "其间另有" in text and "校验码" in text
    )


def test_photos_of_visits_are_shown_in_office_with_their_entries_and_public_ones_to_anybody(client, voted):
    project = declared(voted)
    visit, report = (
        voted.town.act("senior_deputy", at("2027-03-05")),
        voted.town.act("mayor", at("2027-03-06")),
    )
    record_inspection(
        visit, project, on=date(2027, 3, 5), place="工地", words="在建。", photos=[picture("视察.jpg")]
    )
    entry = write_down(visit, "supervision.inspect", project.reference, about=project.about, step=5)
    fire(project, "report", report, percent=40, invested_fen=1, funded_fen=1)
    attach(report, project.reference, picture("进度.jpg", (44, 20)), public=True)
    attach(voted.town.act("finance", at("2027-03-07")), project.reference, picture("合同扫描件.jpg"))
    client.force_login(voted.town.of("clerk"))
    address = f"/stories/item/{project.item_id}/"
    page, files = text_of(client, address), {one.name: one.pk for one in Attachment.objects.all()}
    shown = {name: f'src="/files-on-file/{pk}/"' in page for name, pk in files.items()}
    assert shown == {"视察.jpg": True, "进度.jpg": True, "合同扫描件.jpg": False}
    assert "现场视察，附照片 1 张" in page and "形象进度 40%" in page and f"number={entry.pk}" in page
    assert f">记录 {entry.pk}</a>" in page
    public = text_of(client, f"/t/T01/projects/{project.pk}/story/")
    assert "形象进度 40%" in public and public.count("附照片 1 张") == 1
    assert public.count('src="/files/') == 1 and "记录 " not in public
    for sheet, pictures in ((f"{address}sheet/", 2), (f"/t/T01/projects/{project.pk}/story/sheet/", 1)):
        answer = client.get(sheet)
        (one,) = pypdf.PdfReader(io.BytesIO(answer.content)).pages
        text = sheet_of(answer)
        assert len([image for image in one.images if image.image.size in ((40, 20), (44, 20))]) == pictures
        assert (f"记录{entry.pk}" in text.replace(" ", "")) == (pictures == 2)


def test_the_sheet_is_composed_in_chinese_whatever_its_readers_pages_speak(
    client, voted, monkeypatch, settings
):
    languages = []

    def told(*args, **more):
        languages.append(get_language())
        return story_of(*args, **more)

    monkeypatch.setattr("projects.portal.story_card.story_of", told)
    project = declared(voted)
    client.force_login(voted.town.of("clerk"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    address = f"/stories/item/{project.item_id}/"
    assert '<html lang="en"' in text_of(client, address)
    answer = client.get(f"{address}sheet/")
    assert "群众提出" in sheet_of(answer) and languages == ["zh-hans"]
    assert quote("（来龙去脉）.pdf") in answer["Content-Disposition"]


def test_anybody_reads_how_a_project_came_about_without_names_findings_or_numbers(client, voted):
    project = declared(voted)
    assert f"/t/T01/projects/{project.pk}/story/" in text_of(client, f"/t/T01/projects/{project.pk}/")
    page = text_of(client, f"/t/T01/projects/{project.pk}/story/")
    assert "提出建议（2 件）" in page and "赞成 42" in page and "形象进度 30%" in page
    inside = (
        "建文化礼堂",
        "围挡",
        "周小梅",
        "13900001111",
        "/trail/",
        "/stories/",
        "村口需要",
        "已列为候选项目。",
    )
    assert not any(words in page for words in inside)
    assert "围挡" not in sheet_of(client.get(f"/t/T01/projects/{project.pk}/story/sheet/"))


def test_a_proposer_reads_by_the_code_why_it_was_not_listed_and_the_answer(client, db, monkeypatch):
    apply(SYSTEM)
    cache.clear()
    travel(monkeypatch, "2026-12-20")
    town = township()
    cycle = cycle_of(town)
    item = item_of(town, cycle, 1, "柳林村亮化", "pass_screening")
    mine, other = (
        propose(town.act("station", at("2026-09-10")), title=title, content="村口无灯。", name="周小梅")
        for title in ("我要路灯", "他要路灯")
    )
    clerk, mayor = town.act("gov_clerk", at("2026-11-20")), town.act("mayor", at("2026-11-10"))
    for proposal in (mine, other):
        for arrow in ("accept", "merge"):
            fire(proposal, arrow, clerk)
        Source.objects.create(unit=town.unit, item=item, proposal=proposal)
    fire(item, "leave_out", mayor, reason="今年财力不足。", decision_reason="今年财力不足。")
    page = f"/t/T01/proposals/{mine.code}/story/"
    assert "财力不足" not in text_of(client, page) and page in text_of(
        client, f"/t/T01/proposals/{mine.code}/"
    )
    for proposal, words in ((mine, "答复我的话"), (other, "答复他的话")):
        fire(proposal, "answer", clerk, outcome="reserve", outcome_words=words, answered_at=clerk.at)
    answer = client.get(page)
    text = answer.content.decode()
    assert (
        "今年财力不足" in text
        and "答复我的话" in text
        and "列入储备库" in text
        and "no-store" in answer["Cache-Control"]
    )
    assert "答复他的话" not in text and other.code not in text
    assert "未列入" in sheet_of(client.get(f"{page}sheet/"))
    text_of(client, "/t/T01/proposals/AAA-AAA-AAA/story/", 404)
    assert client.get(f"/stories/item/{item.pk}/").status_code == 302  # to sign in
    client.force_login(town.of("clerk"))
    assert "答复他的话" in text_of(client, f"/stories/item/{item.pk}/")


def test_another_township_and_an_unknown_kind_have_no_story_here(client, voted):
    other = township("T02", name="石桥镇")
    item = voted.items[0]
    client.force_login(other.of("clerk"))
    text_of(client, f"/stories/item/{item.pk}/", 404)
    client.force_login(voted.town.of("clerk"))
    text_of(client, f"/stories/vote/{item.pk}/", 404)
    text_of(client, f"/t/T02/projects/{declared(voted).pk}/story/", 404)


def test_a_story_of_many_entries_costs_no_more_queries(client, voted, django_assert_max_num_queries):
    project = declared(voted)
    client.force_login(voted.town.of("clerk"))
    address = f"/stories/item/{project.item_id}/"
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        text_of(client, address)
    apply(SYSTEM)
    for n in range(30):
        fire(
            project,
            "report",
            voted.town.act("mayor", at("2027-03-10")),
            percent=n,
            invested_fen=1,
            funded_fen=1,
        )
    with django_assert_max_num_queries(len(few)):
        text_of(client, address)
