"""What the county may do at a township, and what it may not."""

from __future__ import annotations

import io
import json
import re
from datetime import date

import openpyxl
import pytest
from django.db import DatabaseError, transaction
from django.http import QueryDict
from django.urls import reverse

from projects.collection.intake import propose
from projects.collection.models import Contact, Proposal
from projects.cycles.models import Cycle
from projects.lifecycle.intake import start_year
from projects.oversight.forms import CircularForm, SendForm
from projects.oversight.models import Bulletin, Guidance, Note
from projects.oversight.selectors import circulars_due
from projects.portal.county_view import View
from tests.builders import SINCE, at, do, open_task, township
from tests.projects.portal.public_world import cycle_of, travel
from tests.purpose import say_purpose
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.calendar.workdays import add_working_days
from workflow.flows.errors import InvalidForm, NotYourTurn
from workflow.flows.events import events_on, perform
from workflow.flows.models import Deadline
from workflow.flows.services import complete
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of
from workflow.roles.services import grant

pytestmark = pytest.mark.django_db
PLAN = {
    "year": 2027,
    "opens_on": date(2026, 9, 1),
    "planned_t": date(2027, 1, 20),
    "planned_t2": date(2028, 1, 18),
}
NOTE = {"title": "征集公告未发布", "words": "请说明原因并尽快发布。", "reply_by": "2026-09-30"}


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township()


@pytest.fixture
def cycle(town):
    return start_year(town.act("chair", at("2026-08-10")), **PLAN)


@pytest.fixture
def leader(town) -> User:
    """Somebody of the county's standing committee."""
    user = User.objects.create(username="county", name="县人大常委会")
    county = town.unit.parent
    admin = User.objects.get(username__startswith="admin@")
    grant(
        user=user,
        office="county",
        unit=county,
        act=Act(admin, "admin", county, at("2020-01-01")),
        since=SINCE,
    )
    return user


def as_county(leader):
    apply(context_of(RoleGrant.objects.get(user=leader)))


def test_a_note_of_the_county_is_answered_by_the_chair_before_the_day_named(town, cycle, leader):
    as_county(leader)
    perform("oversight.note", cycle, actor=leader, data=NOTE, at=at("2026-09-10"))
    apply(SYSTEM)
    assert open_task("oversight.note_reply").due_on == date(2026, 9, 30)
    do("oversight.note_reply", town.of("chair"), "2026-09-12", reply="公告已于今日发布。")
    assert Note.objects.get().state == "replied"


def test_a_note_nobody_has_replied_to_by_its_day_is_a_figure_with_its_list(
    client, town, cycle, leader, monkeypatch
):
    for data in (NOTE, NOTE | {"title": "另一件", "reply_by": "2026-10-20"}):
        perform("oversight.note", cycle, actor=leader, data=data, at=at("2026-09-10"))
    client.force_login(leader)

    def seen(day: str) -> tuple[str, int, int]:
        """On a day what the overview says, how long the list behind it is, and how many the words page shows."""
        travel(monkeypatch, day)
        client.force_login(leader)
        page, listed, words = (
            client.get(path).content.decode()
            for path in ("/county/", "/county/list/notes/?when=overdue", "/county/words/?reply=late")
        )
        apply(SYSTEM)
        said = re.search(r'/county/list/notes/\?when=overdue">(提示函逾期未回复 \d+ 件)<', page)
        return (
            said[1] if said else "",
            int(re.search(r"data-total>(\d+)<", listed)[1]),
            words.count('id="note-'),
        )

    assert seen("2026-09-30") == ("", 0, 0), "its day is not over"
    assert seen("2026-10-01") == ("提示函逾期未回复 1 件", 1, 1)
    late = View(town.unit.parent, QueryDict(""), date(2026, 10, 1)).whole
    tasks = Deadline.objects.filter(binds_on__lt=date(2026, 10, 1), done_at=None, cancelled=False)
    assert late.overdue == tasks.exclude(key="oversight.note_reply").count() == tasks.count() - 1, (
        "it is told beside what is overdue, not in it"
    )
    listed = client.get("/county/list/notes/?when=overdue").content.decode()
    page = client.get("/county/words/?reply=late").content.decode()
    say_purpose(client)
    saved = client.get(address := re.search(r'href="(/[^"]*xlsx[^"]*reply=late)"', page)[1])
    held = openpyxl.load_workbook(io.BytesIO(saved.getvalue()))
    told = "".join(str(cell.value or "") for sheet in held for row in sheet.iter_rows() for cell in row)
    assert NOTE["title"] in told and "另一件" not in told and "只列逾期未回复的工作提示函" in told, address
    first = Note.objects.earliest("pk")
    assert f'href="/county/words/?note={first.pk}#note-{first.pk}"' in listed
    assert client.get("/county/words/?reply=open").content.decode().count('id="note-') == 2
    apply(SYSTEM)
    task = Deadline.objects.get(subject=first.reference)
    complete(task.pk, actor=town.of("chair"), data={"reply": "公告已于今日发布。"}, at=at("2026-10-01"))
    assert seen("2026-10-02") == ("", 0, 0)
    assert seen("2026-10-21") == ("提示函逾期未回复 1 件", 1, 1)


def test_the_county_writes_to_a_township_from_its_words_and_from_a_task_it_looks_at(
    client, town, cycle, leader
):
    acts = [f"/do/oversight.{key}/{cycle.pk}/" for key in ("note", "guide", "sample")]
    task = f"/tasks/{open_task('collection.scheme').pk}/"
    client.force_login(leader)
    page = client.get("/county/words/").content.decode()
    assert (
        f'<option value="{town.unit.code}">' in page
        and f"/do/oversight.circulate/{town.unit.parent.pk}/" in page
    )
    for address in acts:
        chosen = client.get(f"/county/words/?to={town.unit.code}&do={address.split('/')[2]}")
        assert chosen.status_code == 302 and chosen["Location"] == address
    assert client.get(f"/county/words/?to={town.unit.code}&do=oversight.rename").status_code == 200
    assert client.get("/county/words/?to=NOWHERE&do=oversight.note").status_code == 200
    page = client.get(task).content.decode()
    named = f"{acts[0]}?task={task.split('/')[2]}"
    assert all(f'href="{address}"' in page for address in (named, *acts[1:]))
    client.force_login(town.of("clerk"))
    for path in ("/county/words/", task):
        assert "/do/oversight." not in client.get(path).content.decode()
    assert client.get(f"/county/words/?to={town.unit.code}&do=oversight.note").status_code == 200


def test_a_note_opened_from_a_task_that_is_stuck_says_which_and_how_long(
    client, monkeypatch, town, cycle, leader
):
    travel(monkeypatch, "2026-09-10")
    held = open_task("collection.scheme")
    Deadline.objects.filter(pk=held.pk).update(due_on=date(2026, 9, 1), provisional=False)
    client.force_login(leader)
    form = f"/do/oversight.note/{cycle.pk}/"
    answer = client.get(f"{form}?task={held.pk}")
    page = answer.content.decode()
    assert "关于青溪镇2027年度“拟订年度实施方案”超期未办的提示" in page
    assert "应于2026年9月1日前由青溪镇人大主席、副主席办结，截至2026年9月10日已超期9天，尚未办结。" in page
    assert answer.context["form"]["reply_by"].initial == add_working_days(date(2026, 9, 10), 10)
    apply(SYSTEM)
    Deadline.objects.filter(pk=held.pk).update(label="下溪村饮水管网")
    named = client.get(f"{form}?task={held.pk}").content.decode()
    assert "关于青溪镇2027年度“下溪村饮水管网”拟订年度实施方案超期未办的提示" in named
    for other in ("", "?task=0", "?task=x", f"?task={held.pk}0"):
        assert "超期未办" not in client.get(form + other).content.decode(), "nothing is made up"
    apply(SYSTEM)
    Deadline.objects.filter(pk=held.pk).update(due_on=date(2026, 9, 20))
    page = client.get(f"{form}?task={held.pk}").content.decode()
    assert "目前尚未办结。请按期办理" in page and "超期" not in page.partition("<form")[2]
    apply(SYSTEM)
    Deadline.objects.filter(pk=held.pk).update(done_at=at("2026-09-05"))
    page = client.get(f"{form}?task={held.pk}").content.decode()
    assert "拟订年度实施方案" not in page.partition("<form")[2], "what is done is no longer asked after"


def test_a_reply_is_told_with_its_day_and_who_gave_it_and_the_note_with_who_sent_it(
    client, town, cycle, leader
):
    perform("oversight.note", cycle, actor=leader, data=NOTE, at=at("2026-09-10"))
    apply(SYSTEM)
    task, chair = open_task("oversight.note_reply"), town.of("chair")
    client.force_login(chair)
    assert "示范县人民代表大会常务委员会" in client.get(f"/tasks/{task.pk}/").content.decode()
    apply(SYSTEM)
    complete(task.pk, actor=chair, data={"reply": "已于昨日发布。"}, at=at("2026-09-12"))
    client.force_login(leader)
    page = client.get("/county/words/").content.decode()
    assert f"2026年9月12日 · 青溪镇人大主席、副主席 · {chair.name}" in page
    apply(SYSTEM)
    say_purpose(client)
    book = openpyxl.load_workbook(io.BytesIO(client.get("/county/words/file/xlsx/").content))
    head, row = book.worksheets[0].iter_rows(values_only=True)
    told = dict(zip(head, row, strict=True))
    assert (told["回复日期"].date(), told["回复人"]) == (
        date(2026, 9, 12),
        f"{chair.name}（青溪镇人大主席、副主席）",
    )
    assert told["发出日期"].date() == date(2026, 9, 10) and told["回复期限"].date() == date(2026, 9, 30)


def test_the_countys_acts_stand_in_the_order_of_its_work(town, cycle, leader):
    as_county(leader)
    held, county = RoleGrant.objects.get(user=leader), town.unit.parent
    on_year = [one.key for one in events_on(cycle, held, at("2026-09-10"))]
    assert on_year[:3] == ["oversight.guide", "oversight.note", "oversight.sample"]
    keys = [one.key.partition(".")[2] for one in events_on(county, held, at("2026-09-10"))]
    order = [
        "draw",
        "train",
        "compose_model",
        "offer_model",
        "draft_bulletin",
        "circulate",
        "weigh",
        "rename",
    ]
    assert [key for key in keys if key in order] == order


def test_the_county_turns_the_trail_to_its_own_unit_and_a_township_to_none_but_its_own(client, town, leader):
    home = town.unit.parent
    client.force_login(leader)
    page = client.get(f"/trail/?unit={home.code}").content.decode()
    assert (
        f'<option value="{home.code}" selected>{home.name}</option>' in page and f">{town.unit.name}<" in page
    )
    assert f'<option value="{town.unit.code}" selected>' in client.get("/trail/").content.decode()
    client.force_login(town.of("clerk"))
    page = client.get(f"/trail/?unit={home.code}").content.decode()
    assert f"{town.unit.name}：" in page and f'<option value="{home.code}"' not in page


def test_the_act_stands_in_the_townships_trail(town, cycle, leader):
    as_county(leader)
    perform("oversight.note", cycle, actor=leader, data=NOTE, at=at("2026-09-10"))
    entry = Entry.objects.filter(action="oversight.note").get()
    assert (entry.unit, entry.actor) == (town.unit, leader)


def test_a_county_does_not_act_on_a_township_of_another_county(town, cycle, leader):
    apply(SYSTEM)
    other = township("Z9", name="外县镇")
    theirs = start_year(other.act("chair", at("2026-08-10")), **PLAN)
    with pytest.raises(NotYourTurn):
        perform("oversight.note", theirs, actor=leader, data=NOTE, at=at("2026-09-10"))
    perform("oversight.note", cycle, actor=leader, data=NOTE, at=at("2026-09-10"))


def test_a_township_office_is_not_offered_the_countys_acts(town, cycle, leader):
    chair = RoleGrant.objects.get(user=town.of("chair"), office="chair")
    assert "oversight.note" not in [e.key for e in events_on(cycle, chair, at("2026-09-10"))]
    county = RoleGrant.objects.get(user=leader)
    assert "oversight.note" in [e.key for e in events_on(cycle, county, at("2026-09-10"))]


def test_the_database_lets_the_county_read_a_township_and_change_nothing(town, cycle, leader):
    as_county(leader)
    assert Cycle.objects.get() == cycle
    assert Cycle.objects.update(period="改") == 0
    with pytest.raises(DatabaseError), transaction.atomic():
        Cycle.objects.create(
            unit=town.unit,
            year=2030,
            opens_on=date(2029, 9, 1),
            planned_t=date(2030, 1, 1),
            planned_t2=date(2031, 1, 1),
        )


def test_the_county_reads_a_task_and_neither_urges_nor_comments_on_it(client, town, cycle, leader):
    task = open_task("collection.scheme")
    page = f"/tasks/{task.pk}/"
    said = [{"op": "urge", "words": "请尽快办理"}, {"op": "comment", "words": "请尽快办理"}]
    client.force_login(leader)
    assert client.get(page).status_code == 200
    assert [client.post(page, data).status_code for data in said] == [403, 403]
    client.force_login(town.of("clerk"))
    assert [client.post(page, data).status_code for data in said] == [302, 302]


def test_the_export_of_the_trail_is_offered_to_those_who_may_have_it(client, town, cycle, leader):
    for user, offered in ((leader, True), (town.of("chair"), False)):
        client.force_login(user)
        page = client.get(f"/trail/?unit={town.unit.code}").content.decode()
        assert ("导出表格" in page) is offered
        links = [part.split('"')[0] for part in page.split('action="')[1:] if "format=csv" in part[:120]]
        assert (
            all(client.post(link, {"reason": "县级检查"}).status_code == 200 for link in links)
            and bool(links) is offered
        )


@pytest.mark.parametrize("page", ["/trail/", "/rulebook/", "/seat-table/", "/pool/"])
def test_a_township_that_is_not_there_is_not_answered_with_another(client, town, leader, page):
    client.force_login(leader)
    assert client.get(f"{page}?unit={town.unit.code}").status_code == 200
    assert client.get(f"{page}?unit=NOWHERE").status_code == 404
    assert client.get(page).status_code == 200


def test_an_abolished_township_leaves_the_countys_page_and_its_file_stays_readable(client, town, leader):
    client.force_login(leader)
    assert town.unit.name in client.get("/county/").content.decode()
    apply(SYSTEM)
    Unit.objects.filter(pk=town.unit.pk).update(ends_on=date(2026, 1, 1))
    assert town.unit.name not in client.get("/county/").content.decode()
    assert client.get(f"/trail/?unit={town.unit.code}").status_code == 200


def test_what_an_auditor_opens_is_on_record_and_what_the_county_opens_is_not(client, town, cycle, leader):
    auditor = User.objects.create(username="auditor", name="周正")
    admin = User.objects.get(username__startswith="admin@")
    county = town.unit.parent
    grant(
        user=auditor,
        office="auditor",
        unit=county,
        act=Act(admin, "admin", county, at("2020-01-01")),
        since=SINCE,
        until=date(2030, 1, 1),
        document="审通〔2026〕3号",
    )
    for user, read in ((leader, 0), (auditor, 1)):
        client.force_login(user)
        assert client.get(f"/years/{cycle.pk}/").status_code == 200
        apply(SYSTEM)
        assert Entry.objects.filter(action="record.read", unit=town.unit).count() == read
    body = json.loads(Entry.objects.get(action="record.read").body)
    assert (body["actor"], body["after"]) == (
        "auditor",
        {"page": "year", "pk": str(cycle.pk), "record": cycle.reference},
    )


def test_what_the_county_said_stands_on_the_years_page_with_the_reply(town, cycle, leader):
    from projects.portal.staff_selectors import county_words

    perform(
        "oversight.guide",
        cycle,
        actor=leader,
        data={"title": "意见", "words": "加强监督。"},
        at=at("2026-09-02"),
    )
    perform("oversight.note", cycle, actor=leader, data=NOTE, at=at("2026-09-03"))
    assert [(word.words, word.reply) for word in county_words(cycle)] == [
        (NOTE["words"], ""),
        ("加强监督。", ""),
    ]
    do("oversight.note_reply", town.of("chair"), "2026-09-04", reply="公告已发布。")
    assert county_words(cycle)[0].reply == "公告已发布。"


CIRCULAR = {"title": "第三季度情况", "words": "多数乡镇按期推进，个别乡镇征集滞后。"}


def second_township(town) -> Unit:
    return create_unit(code="T02", name="柳河镇", kind=UnitKind.TOWNSHIP, parent=town.unit.parent)


def circulate(leader, county, *townships, **more):
    data = CIRCULAR | {"townships": [str(unit.pk) for unit in townships]} | more
    return perform("oversight.circulate", county, actor=leader, data=data, at=at("2026-10-10"))


def test_one_circular_goes_to_every_township_chosen_with_an_entry_in_each_trail(town, cycle, leader):
    other, third = (
        second_township(town),
        create_unit(code="T03", name="白石镇", kind=UnitKind.TOWNSHIP, parent=town.unit.parent),
    )
    as_county(leader)
    entry = circulate(leader, town.unit.parent, other, town.unit)
    assert json.loads(entry.body)["after"]["townships"] == [town.unit.code, other.code]
    apply(SYSTEM)
    kept = Guidance.objects.order_by("unit")
    assert {(g.of, g.title, g.words, g.county) for g in kept} == {
        ("circular", "通报：第三季度情况", CIRCULAR["words"], town.unit.parent)
    }
    assert [g.unit for g in kept] == [town.unit, other]
    entries = Entry.objects.filter(action="oversight.circular").order_by("pk")
    assert [(e.unit, e.actor) for e in entries] == [(town.unit, leader), (other, leader)]
    assert entries[0].about == cycle.reference
    assert not Entry.objects.filter(unit=third).exists()


def test_the_county_reads_one_circular_once_with_the_townships_it_went_to(client, town, cycle, leader):
    other = second_township(town)
    as_county(leader)
    circulate(leader, town.unit.parent, other, town.unit)
    for user, told in ((leader, f"发至：{town.unit.name}、{other.name}"), (town.of("clerk"), "")):
        client.force_login(user)
        shown = client.get("/county/words/").content.decode()
        apply(SYSTEM)
        assert shown.count("通报：第三季度情况") == 1 and told in shown
        assert ("发至" in shown) is bool(told)


def test_a_circular_starts_from_all_townships_and_reaches_none_of_another_county(town, cycle, leader):
    second_township(town)
    foreign = township("Z9", name="外县镇")
    as_county(leader)
    county, act = town.unit.parent, Act(leader, "county", town.unit.parent, at("2026-10-10"))
    form = CircularForm(subject=county, act=act, node=None, seat=county)
    assert [unit.code for unit in form.fields["townships"].queryset] == [town.unit.code, "T02"]
    assert len(form.fields["townships"].initial) == 2
    with pytest.raises(InvalidForm):
        circulate(leader, county, foreign.unit)
    with pytest.raises(NotYourTurn):
        circulate(leader, town.unit, town.unit)
    circulate(leader, county, town.unit)


def test_the_countys_page_leads_to_the_circular_and_the_form_sends_it_once_it_is_checked(
    client, town, cycle, leader
):
    client.force_login(leader)
    path = reverse("event", args=["oversight.circulate", town.unit.parent.pk])
    assert path in client.get("/county/").content.decode()
    typed = CIRCULAR | {"townships": [str(town.unit.pk)]}
    assert CIRCULAR["words"] in client.post(path, typed).content.decode()
    apply(SYSTEM)
    assert not Guidance.objects.exists(), "shown to check first"
    assert client.post(path, typed | {"op": "confirm"}).status_code == 302
    apply(SYSTEM)
    assert Guidance.objects.get().unit == town.unit
    client.force_login(town.of("chair"))
    assert client.get(path).status_code in (403, 404)
    assert CIRCULAR["words"] in client.get(f"/years/{cycle.pk}/").content.decode()


def test_a_circular_is_due_by_the_townships_own_period_and_the_county_page_says_so(
    client, town, leader, monkeypatch
):
    running = cycle_of(town, county_notice_period="quarterly")
    due = {
        day: [c.cycle for c in circulars_due([running], date.fromisoformat(day))]
        for day in ("2026-11-01", "2026-12-02")
    }
    assert due == {"2026-11-01": [], "2026-12-02": [running]}
    travel(monkeypatch, "2026-12-02")
    client.force_login(leader)
    home = town.unit.parent
    address = (
        f"/do/oversight.draft_bulletin/{home.pk}/?of=quarter&year=2026&quarter=3"  # the last one that is over
    )
    page = client.get("/county/").content.decode()
    apply(SYSTEM)
    assert "以下 1 个乡镇到期应通报。" in page and "尚未通报" in page
    assert f'href="{address.replace("&", "&amp;")}"' in page and "起草 2026 年第 3 季度通报" in page
    form = client.get(address).content.decode()
    apply(SYSTEM)
    assert re.search(r'value="quarter"[^>]*checked', form)
    assert 'name="year" value="2026"' in form and 'name="quarter" value="3"' in form
    words = CIRCULAR | {"townships": [str(town.unit.pk)]}
    perform("oversight.circulate", town.unit.parent, actor=leader, data=words, at=at("2026-12-02"))
    assert "尚未通报" not in client.get("/county/").content.decode()
    apply(SYSTEM)
    assert [c.last for c in circulars_due([running], date(2027, 3, 3))] == [date(2026, 12, 2)]


def test_a_bulletin_is_made_ready_for_the_townships_whose_circular_is_due(town, leader):
    running = cycle_of(town, county_notice_period="quarterly")
    neighbour = second_township(town)
    bulletin = Bulletin.objects.create(
        unit=town.unit.parent, of="quarter", year=2026, quarter=4, title="通报", body="。",
        as_of=date(2026, 12, 1), drafted_on=date(2026, 12, 1), by=leader,
    )  # fmt: skip

    def chosen(day: str) -> tuple[list[int], str]:
        act = Act(leader, "county", town.unit.parent, at(day))
        field = SendForm(subject=bulletin, act=act, node=None, seat=town.unit.parent).fields["townships"]
        return field.initial, str(field.help_text)

    assert chosen("2026-11-01") == ([town.unit.pk, neighbour.pk], "")
    due, told = chosen("2026-12-02")
    assert due == [running.unit_id] and "已勾选到期应通报的乡镇" in told


def test_county_and_township_find_its_words_from_the_navigation(client, town, cycle, leader):
    neighbour = township("T02", name="白沙镇")
    as_county(leader)
    perform("oversight.note", cycle, actor=leader, data=NOTE, at=at("2026-09-10"))
    perform(
        "oversight.guide",
        cycle,
        actor=leader,
        data={"title": "抓早", "words": "早谋划。"},
        at=at("2026-09-10"),
    )
    apply(SYSTEM)
    do("oversight.note_reply", town.of("chair"), "2026-09-12", reply="公告已于今日发布。")
    words = ("征集公告未发布", "2026年9月30日", "公告已于今日发布。", "抓早", "早谋划。")
    for user, finds in ((leader, words), (town.of("clerk"), words), (neighbour.of("clerk"), ())):
        client.force_login(user)
        assert 'href="/county/words/"' in client.get("/years/").content.decode()
        shown = client.get("/county/words/").content.decode()
        apply(SYSTEM)
        assert [one for one in words if one in shown] == list(finds)


def test_an_address_that_names_no_year_shows_all_of_them(client, town, cycle, leader):
    client.force_login(leader)
    for path in ("/projects/", "/county/", "/rulebook/"):
        for typed in ("2027", "²", "2" * 5000):
            assert client.get(path, {"year": typed, "cycle": typed}).status_code == 200


def test_how_to_reach_a_proposer_is_not_there_for_the_county(town, cycle, leader):
    propose(
        town.act("clerk", at("2026-09-07")),
        title="修桥",
        content="修一座桥。",
        name="张三",
        phone="13800000000",
    )
    above = context_of(RoleGrant.objects.get(user=leader))
    apply(context_of(RoleGrant.objects.get(office="gov_clerk")))
    assert Contact.objects.get().phone == "13800000000"
    apply(above)
    assert Proposal.objects.count() == 1 and not Contact.objects.exists()
