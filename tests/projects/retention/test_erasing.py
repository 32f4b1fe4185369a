"""Personal data go when their time is over, by two people of two offices; the trail stays whole and says how many."""

from __future__ import annotations

import base64
import io
import json
from datetime import date

import docx
import pytest
from axes.models import AccessLog
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications.models import Delivery
from notifications.post import post_unit
from projects.ballots.reporting import readable_papers
from projects.collection.intake import propose
from projects.collection.models import Contact, Proposal
from projects.cycles.documents.composing import document_of
from projects.cycles.documents.pdf import pdf_of
from projects.cycles.documents.sealing import seal_of
from projects.cycles.documents.word import word_of
from projects.cycles.models import Cycle, Paper
from projects.cycles.papers import make_paper
from projects.deliberation.models import Visit
from projects.demo.cast import PASSWORD
from projects.demo.play.retention import erasure as erasure_played
from projects.demo.play.stage import Beside, curtain
from projects.evaluation.models import Rating
from projects.evaluation.services import register_rating
from projects.retention import events, selectors
from projects.retention.certificates import agrees
from projects.retention.flows import ErasureFlow
from projects.retention.intake import request_erasure
from projects.retention.models import Erasure, Hold
from projects.retention.selectors import codes_due, due_lots, file_terms_of, lots_of
from projects.retention.services import tell_all_due
from projects.retention.tasks import sweep_sessions
from projects.selection.models import Notice, Objection
from projects.supervision.models import Audit, Interpellation, Project
from tests.builders import at, do, open_task, township
from tests.projects.cycles.test_documents import text_of
from tests.projects.portal.public_world import STATES, TO_ACCEPTED, cycle_of, project_of, travel
from tests.projects.retention.conftest import BEFORE, CANARY, DUE, PHONE, seal
from workflow.audit import heads
from workflow.audit.commitments import is_of
from workflow.audit.exporters.extract import extract_of
from workflow.audit.exporters.jsonl import as_jsonl
from workflow.audit.models import Entry, Salt
from workflow.audit.services import Act, write_down
from workflow.audit.verify import verify
from workflow.flows.errors import Barred, InvalidForm, NotInPerson, NotYourTurn, Obstructed, Refused, Taken
from workflow.flows.events import perform
from workflow.flows.models import Deadline, Draft
from workflow.flows.services import complete
from workflow.inbox.story import lines_of
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, apply, of_units
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db


def everywhere(words: str) -> list[str]:
    """The tables in which a text stands, as it is or as bytes; sessions are opened."""
    apply(SYSTEM)
    forms = (words, words.encode().hex(), base64.b64encode(words.encode()).decode().rstrip("="))
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT 1 FROM "{table}" t WHERE t::text LIKE ANY (%s) LIMIT 1',
                [[f"%{form}%" for form in forms]],
            )
            found += [table] if cursor.fetchone() else []
    opened = (str(session.get_decoded()) for session in Session.objects.all())
    return sorted({*found, *(["django_session"] if any(words in data for data in opened) else [])})


def kept() -> list[str]:
    """The names that are left."""
    return list(Contact.objects.exclude(name="").values_list("name", flat=True))


# ------------------------------------------------------------------------------- who and when


def test_nothing_is_erased_before_its_term_is_over(world):
    with pytest.raises((Obstructed, InvalidForm)):
        world.ask(day=BEFORE)
    lot = next(lot for lot in lots_of(world.town.unit, at(BEFORE).date()) if lot.of == "contacts")
    assert lot.due.on == date(2028, 6, 1) and "保存至2028年6月1日" in lot.reasons[0] and not lot.is_due
    world.erase()
    assert not kept()


def test_a_year_that_was_ended_falls_due_as_one_that_was_archived(world):
    ended = cycle_of(world.town, year=2029)
    proposal = propose(world.town.act("station", at("2026-09-11")), title="建桥", content="无桥。", name="乙")
    Proposal.objects.filter(pk=proposal.pk).update(cycle=ended)
    assert not [lot for lot in lots_of(world.town.unit, at(DUE).date()) if lot.cycle == ended]
    fire(ended, "end", world.town.act("clerk", at("2027-01-10")))
    lot = next(lot for lot in lots_of(world.town.unit, at(DUE).date()) if lot.cycle == ended)
    assert lot.due.on == date(2027, 4, 12) and lot.is_due and not lot.reasons and lot.rows == 1
    make_paper(world.town.act("clerk", at("2027-01-10")), ended, "minutes", "纪要")
    assert [term.papers for term in file_terms_of(world.town.unit) if term.cycle == ended] == [1]


def test_one_alone_erases_nothing_and_the_second_is_of_another_office(world):
    erasure = world.ask()
    assert kept() == [CANARY]
    with pytest.raises(NotYourTurn):
        world.answer(erasure, by=world.town.of("gov_clerk"))
    asker = world.town.of("gov_clerk")
    RoleGrant.objects.create(
        user=asker, office="chair", unit=world.town.unit, tenant=world.town.unit, since=date(2020, 1, 1)
    )
    with pytest.raises(Barred, match="须由另一人确认"):
        world.answer(erasure, by=asker)
    task = open_task("retention.confirm")
    with pytest.raises(NotInPerson):
        complete(task.pk, actor=world.town.of("chair"), data={"decision": "agree"}, at=at(DUE))
    assert kept() == [CANARY]
    world.answer(erasure)
    assert not kept()
    with pytest.raises(Taken, match=r"此事项已由.*办结"):
        world.answer(erasure)


def test_another_township_neither_asks_nor_confirms(world):
    other = township("T02", name="石坝镇")
    erasure = world.ask()
    with pytest.raises(NotYourTurn):
        world.answer(erasure, by=other.of("chair"))
    with pytest.raises(NotYourTurn):
        perform(
            "retention.ask", world.town.unit, actor=other.of("gov_clerk"), at=at(DUE), reauthenticated=True,
            data={"lot": f"contacts:{world.cycle.pk}", "confirmed": "on"},
        )  # fmt: skip
    apply(of_units((other.unit.pk,), writes=(other.unit.pk,)))
    assert not Erasure.objects.exists()
    apply(SYSTEM)
    assert kept() == [CANARY]


def test_the_second_person_may_say_no_with_a_reason_and_it_may_be_asked_again(world):
    erasure = world.ask()
    with pytest.raises(InvalidForm):
        world.answer(erasure, decision="decline", reason="")
    world.answer(erasure, decision="decline", reason="有来信要求核实，先不清除")
    assert kept() == [CANARY]
    world.erase()
    assert set(Erasure.objects.values_list("state", flat=True)) == {"declined", "done"}


def test_a_year_that_was_ended_falls_due_like_one_that_was_archived(world):
    town = township("T03", name="石坝镇")
    cycle = cycle_of(town)
    propose(town.act("station", at("2026-09-10")), title="修桥", content="危桥须改造。", name=CANARY)
    fire(cycle, "end", town.act("chair", at("2027-03-01")), reason="并入县城街道")
    assert [lot.due.on for lot in lots_of(town.unit, at("2027-03-02").date())] == [date(2027, 6, 1)]
    (lot,) = lots_of(town.unit, at("2027-06-05").date())
    assert lot.is_due and not lot.reasons
    assert file_terms_of(town.unit) == []


def test_a_contact_in_the_pool_is_kept_a_round_of_the_year_and_its_months_and_no_other_with_it(world):
    pooled = propose(
        world.town.act("station", at("2027-02-10")), title="修桥", content="危桥。", name=CANARY, phone=PHONE
    )
    young = propose(
        world.town.act("station", at("2027-09-01")), title="修渠", content="渠漏。", name=CANARY, phone=PHONE
    )
    assert pooled.cycle is None and young.cycle is None

    def due(day):
        return [lot for lot in lots_of(world.town.unit, at(day).date()) if lot.code == "contacts:"]

    assert due("2028-05-10") == []
    (lot,) = due("2028-05-11")
    assert (lot.rows, lot.reasons) == (1, []) and "项目库" in lot.title and "满 12 个月" in lot.due.term
    world.do("retention.ask", "gov_clerk", lot="contacts:", confirmed="on")
    erasure = Erasure.objects.get(state="asked")
    world.answer(erasure)
    pooled.refresh_from_db()
    young.refresh_from_db()
    assert pooled.contact_erased and not young.contact_erased and len(kept()) == 2
    erasure.refresh_from_db()
    assert "青溪镇项目库。" in erasure.paper.body and "项目库" in str(erasure)


# ------------------------------------------------------------------------------- what holds it back


def test_a_hold_keeps_what_is_due_until_it_is_lifted_and_both_are_acts(world):
    erasure = world.ask()
    world.do(
        "retention.hold", "clerk", cycle=world.cycle.pk, of="contacts", reason="县信访局〔2028〕3 号核查"
    )
    hold = Hold.objects.get()
    with pytest.raises(InvalidForm, match="县信访局〔2028〕3 号核查"):
        world.answer(erasure)
    with pytest.raises(NotYourTurn):
        world.do("retention.lift", "clerk", hold, reason="核查办结")
    lot = next(lot for lot in lots_of(world.town.unit, at(DUE).date()) if lot.of == "contacts")
    assert lot.is_due and "暂缓清除" in lot.reasons[0]
    world.do("retention.lift", "chair", hold, reason="核查办结")
    world.answer(erasure)
    assert not kept()
    acts = Entry.objects.filter(action__startswith="retention.").order_by("pk")
    assert [entry.action.partition(".")[2] for entry in acts] == ["ask", "hold", "lift", "confirm"]


@pytest.mark.parametrize(
    ("of", "year", "covers"),
    [("", None, True), ("contacts", None, True), ("ratings", None, False), ("", "other", False)],
)
def test_a_hold_covers_its_kind_and_its_year_alone(world, of, year, covers):
    hold = Hold(unit=world.town.unit, of=of, cycle=Cycle(pk=999_999) if year else None)
    assert hold.covers("contacts", world.cycle) is covers


def disputed(world, what):
    unit, cycle, project = world.town.unit, world.cycle, Project.objects.get()
    if what == "公示异议":
        notice = Notice.objects.create(
            unit=unit, cycle=cycle, from_on=date(2026, 11, 2), to_on=date(2026, 11, 9)
        )
        return Objection.objects.create(
            unit=unit, notice=notice, code="AAA-BBB-CCC", words="不妥。", raised_at=at("2026-11-03")
        )
    if what == "审计报告":
        return Audit.objects.create(
            unit=unit,
            project=project,
            number="审〔2028〕1 号",
            title="审计报告",
            received_on=date(2028, 5, 1),
        )
    return Interpellation.objects.create(
        unit=unit, cycle=cycle, session=session_of(world), words="为何停工？", state="tabled"
    )


def session_of(world):
    from projects.cycles.services import fix_session

    act = world.town.act("clerk", at("2027-01-10"))
    return fix_session(act, world.cycle, use="vote", term=18, number=2, held_on=date(2027, 1, 20))


@pytest.mark.parametrize("what", ["公示异议", "审计报告", "质询案"])
def test_what_is_still_disputed_or_audited_keeps_the_whole_year(world, what):
    made = disputed(world, what)
    with pytest.raises((Obstructed, InvalidForm)):
        world.ask()
    lots = lots_of(world.town.unit, at(DUE).date())
    assert all(what in "".join(lot.reasons) for lot in lots if lot.is_due)
    made.delete()
    world.erase()


# ------------------------------------------------------------------------------- what is gone


def test_nothing_of_a_contact_is_left_anywhere_and_the_trail_verifies(world, tmp_path):
    town = world.town
    task = Deadline.objects.get(subject=world.proposal.reference, key="collection.receive")
    Draft.objects.create(
        task_id=task.pk, unit=town.unit, user=town.of("gov_clerk"), data={"reason": f"{CANARY} {PHONE}"},
        saved_at=at("2026-09-11"),
    )  # fmt: skip
    session = SessionStore()
    session[f"propose:{town.unit.pk}"] = {"name": CANARY, "phone": PHONE}
    session.save()
    Session.objects.update(expire_date=at("2026-09-11"))
    salt = Contact.objects.get(proposal=world.proposal).salt
    assert everywhere(PHONE) == ["django_session", "projects_contact", "workflow_draft"]
    seal()
    post_unit(town.unit.pk)
    before = verify(town.unit.pk)
    world.erase()
    seal()
    post_unit(town.unit.pk)
    assert everywhere(PHONE) == [] and everywhere(salt) == []
    after = verify(town.unit.pk)
    assert after.fault is None and after.size > before.size
    assert Proposal.objects.get(pk=world.proposal.pk).content == "村口无灯。"
    assert (
        world.proposal.contact_commitment
        in Entry.objects.get(action="proposal.submit", subject=world.proposal.reference).body
    )
    exported = b"".join(as_jsonl(extract_of(town.unit))).decode()
    assert PHONE not in exported and '"erasure.carry_out"' in exported
    assert not any(PHONE in letter.body for letter in Delivery.objects.all())
    text = tmp_path / "contact.txt"
    text.write_text(f"{CANARY}|{PHONE}|")
    submitted = Entry.objects.get(action="proposal.submit", subject=world.proposal.reference)
    with pytest.raises(CommandError) as cannot_be_told:
        call_command("check_text", str(submitted.pk), "contact", str(text))
    assert cannot_be_told.value.returncode == 2


def test_what_a_resident_called_a_proposal_stands_in_no_entry_and_is_told_from_the_record(world, monkeypatch):
    title, town = f"请给{CANARY}家门口装灯", world.town
    register = {
        "title": title, "content": "村口无灯。", "place": f"{CANARY}家门口", "category": "", "proposer_kind": "resident",
        "name": CANARY, "phone": PHONE, "channel": "电话",
    }  # fmt: skip
    perform(
        "collection.propose",
        cycle_of(town, year=2029),
        actor=town.of("station"),
        data=register,
        at=at("2026-09-12"),
    )
    proposal = Proposal.objects.get(title=title)
    fire(proposal, "accept", town.act("gov_clerk", at("2026-09-14")))
    asked = request_erasure(Act(None, "resident", town.unit, at("2026-09-15")), proposal)
    seal()
    post_unit(town.unit.pk)
    told = [*Entry.objects.filter(subject=proposal.reference), *Entry.objects.filter(subject=asked.reference)]
    assert len(told) >= 3 and all(json.loads(entry.body)["label"] == "" for entry in told)
    assert not Entry.objects.filter(body__contains=CANARY).exists()
    assert {line.label for line in lines_of(told)} == {title, asked.label} and title in asked.label
    letters = Delivery.objects.filter(entry__in=told)
    assert letters and all(
        title in letter.title + letter.body for letter in letters if "受理" in letter.title
    )
    shown = page(town.of("clerk"), f"/trail/?subject={CANARY}").content.decode()
    assert "提出意见建议" in shown and title in shown
    (registered,) = Entry.objects.filter(action="collection.propose")
    assert is_of(json.loads(registered.body)["after"]["title"], "title", title, bytes(registered.salt.value))
    Proposal.objects.filter(pk=proposal.pk).update(title="灯")
    write_down(town.act("clerk", at("2026-09-16")), "proposal.note", proposal.reference)
    assert {line.label for line in lines_of(told[:1])} == {"灯"}, "the record tells it, whatever it was"


def test_every_kind_goes_with_its_salt_and_what_was_counted_stays(world, tmp_path):
    visited = Entry.objects.get(action="deliberation.visit")
    assert CANARY not in visited.body, "what a visit heard stands there by a commitment, however short"
    words = tmp_path / "words.txt"
    words.write_text(f"{CANARY}反映村口无灯。")
    call_command("check_text", str(visited.pk), "words", str(words))
    assert Salt.objects.filter(pk=visited.pk).exists()
    late = "2033-03-10"
    for of in ("ratings", "visits"):
        world.erase(of, day=late)
    assert everywhere(CANARY) == ["projects_contact"], "the contacts were not asked for"
    world.erase("contacts", day=late)
    assert everywhere(CANARY) == []
    assert not Salt.objects.filter(pk=visited.pk).exists()
    with pytest.raises(CommandError) as cannot_be_told:
        call_command("check_text", str(visited.pk), "words", str(words))
    assert cannot_be_told.value.returncode == 2
    visit, rating = Visit.objects.get(), Rating.objects.get(grade="dissatisfied")
    assert (visit.voters, visit.erased, visit.words, visit.place) == (3, "2033-2", "", "")
    assert (rating.erased, rating.words, rating.salt) == ("2033-1", "", "")
    assert Rating.objects.get(grade="satisfied").erased == ""
    seal()
    assert verify(world.town.unit.pk).fault is None


def test_the_sign_in_log_goes_line_by_line_as_its_months_are_over(world):
    other = township("T02", name="石坝镇")
    names = (world.town.of("clerk").username, other.of("clerk").username)
    lines = [
        AccessLog.objects.create(username=name, ip_address="10.0.0.1", user_agent="x", path_info="/login/")
        for name in names
        for _day in ("old", "young")
    ]
    for line, day in zip(lines, ("2027-05-01", "2028-05-01") * 2, strict=True):
        AccessLog.objects.filter(pk=line.pk).update(attempt_time=at(day))
    erasure = world.erase("sign_ins")
    assert erasure.rows == 1 and erasure.cycle is None and erasure.paper.cycle is None
    assert set(AccessLog.objects.values_list("pk", flat=True)) == {line.pk for line in lines[1:]}


def test_papers_are_listed_by_the_terms_of_archives(world):
    world.erase()
    terms = {(one.title, one.term): one for one in file_terms_of(world.town.unit)}
    certificate = terms["决议、决定、会议文件保管期限", "永久"]
    assert certificate.papers == 1 and certificate.until is None


# ------------------------------------------------------------------------------- the certificate


def test_the_certificate_says_what_its_entry_says(world):
    erasure = world.erase()
    entry, paper = Entry.objects.get(pk=erasure.entry_id), erasure.paper
    after = json.loads(entry.body)["after"]
    assert (after["number"], after["rows"], after["of"]) == ("2028-1", 1, "contacts")
    assert after["asked_by"] == world.town.of("gov_clerk").username
    assert after["confirmed_by"] == world.town.of("chair").username
    assert CANARY not in entry.body and world.town.of("chair").name not in entry.body
    for told in (
        "证明编号：2028-1。",
        "青溪镇2027年度",
        "提出人姓名、联系方式",
        "清除件数：1件",
        "3 个月",
        "《个人信息保护法》第十九条",
        "2028年6月1日起",
        f"清除提出人：{world.town.of('gov_clerk').name}",
        f"清除确认人：{world.town.of('chair').name}（人大主席",
        f"第{entry.pk}条",
    ):
        assert told in paper.body
    assert agrees(paper, erasure, entry)
    assert not agrees(Paper(body=paper.body.replace("1件", "3件"), data=paper.data), erasure, entry)
    erasure.rows = 3
    assert not agrees(paper, erasure, entry)


def test_the_certificate_promises_no_more_than_is_gone(world, settings):
    settings.BACKUP_KEPT_DAYS = 40
    contacts = world.erase().paper.body
    assert "盐已一并清除" in contacts and "不能恢复" not in contacts
    assert "最迟于2028年7月15日随备份轮换删除" in contacts  # 40 days after 5 June
    AccessLog.objects.create(
        username=world.town.of("clerk").username, ip_address="10.0.0.7", user_agent="x", path_info="/"
    )
    AccessLog.objects.update(attempt_time=at("2027-01-04"))
    sign_ins = world.erase("sign_ins").paper.body
    assert "盐" not in sign_ins and "登录、退出的姓名和时间不在清除范围" in sign_ins
    for act in (events.ASK, ErasureFlow.confirm):
        assert "随备份轮换删除" in str(act.hint) and "不能恢复" not in str(act.hint)


def test_the_certificate_is_handed_out_like_any_other_paper_with_the_head_at_its_foot(
    world, settings, tmp_path
):
    settings.TRAIL_KEY_FILE = str(tmp_path / "head")
    paper = world.erase().paper
    assert readable_papers(Paper.objects.filter(pk=paper.pk)).exists()
    file = docx.Document(io.BytesIO(word_of(document_of(paper))))
    text = "\n".join(line.text for line in file.paragraphs)
    seal()
    heads.seal(world.town.unit.pk, "minute", at(DUE))
    foot = seal_of(paper)
    assert foot is not None and "办理记录校验码" in foot.words
    printed = text_of(pdf_of(document_of(paper, seal=foot)))
    assert "清除件数：1件" in printed and "校验码" in printed
    assert "青溪镇数据清除证明" in text and "清除件数：1件" in text and "青溪镇人民政府" in text


def test_whoever_confirms_is_called_and_whoever_asked_hears_of_it(world):
    def told(title):
        seal()
        post_unit(world.town.unit.pk)
        letters = Delivery.objects.filter(title__startswith=title, channel="in_app")
        return {letter.recipient for letter in letters.select_related("recipient")}

    erasure = world.ask()
    assert world.town.of("chair") in told("请核对到期清除的个人信息")
    world.answer(erasure)
    assert {world.town.of("gov_clerk"), world.town.of("clerk")} <= told("个人信息已清除")
    assert (
        "共 1 件，清除证明第 2028-1 号"
        in Delivery.objects.filter(title__startswith="个人信息已清除").first().body
    )


def test_the_desks_are_told_each_morning_of_what_fell_due_until_somebody_asks_for_it(world):
    """Erasing what is due is the township's own duty: nobody has to look for it."""
    unit, clerk, office = world.town.unit, world.town.of("gov_clerk"), world.town.of("clerk")

    def told():
        seal()
        post_unit(unit.pk)
        letters = Delivery.objects.filter(title__startswith="个人信息保存期满", channel="in_app")
        return {letter.recipient for letter in letters.select_related("recipient")}

    def swept(day):
        done = tell_all_due(at(day))
        apply(SYSTEM)
        return done

    assert swept(BEFORE) == 0 and told() == set() and len(codes_due(unit)) == 0
    assert swept(DUE) == 1 and swept(DUE) == 0, "the same thing once a day"
    assert told() == {clerk, office}
    letter = Delivery.objects.filter(recipient=clerk, title__startswith="个人信息保存期满").first()
    lots = due_lots(unit, date.fromisoformat(DUE))
    assert f"有 {len(lots)} 项个人信息保存期满，共 {sum(lot.rows for lot in lots)} 件" in letter.body
    assert letter.link == "/retention/"
    assert len(codes_due(unit)) == len(lots) > 0
    assert swept("2028-06-08") == 0, "told, and within the week"
    link = page(clerk, "/years/").content.decode().partition('href="/retention/"')[2].partition("</a>")[0]
    assert "count-alert" in link and f">{len(lots)}<" in link
    assert (
        "count"
        not in page(world.town.of("chair"), "/years/")
        .content.decode()
        .partition('href="/retention/"')[2]
        .partition("</a>")[0]
    )
    assert swept("2028-06-13") == 1, "still there a week later"
    lots = due_lots(unit, date(2028, 6, 13))
    assert len(codes_due(unit)) == len(lots)
    erasure = world.ask(day="2028-06-13")
    assert len(codes_due(unit)) == len(lots) - 1
    world.answer(erasure, day="2028-06-14", decision="decline", reason="请先核对范围。")
    assert len(codes_due(unit)) == len(lots)
    world.do("retention.hold", "clerk", cycle="", of="", reason="县审计局进点审计", day="2028-06-15")
    assert len(codes_due(unit)) == 0 and swept("2028-07-01") == 0


def swept(unit, day):
    """What a day's sweep writes down of a township: the acts, with how many lots they name."""
    before = set(Entry.objects.values_list("pk", flat=True))
    tell_all_due(at(day))
    apply(SYSTEM)
    fresh = Entry.objects.filter(unit=unit).exclude(pk__in=before).order_by("pk")
    return [(one.action, len(json.loads(one.body)["after"]["lots"])) for one in fresh]


def test_what_is_no_longer_due_of_itself_leaves_the_count_the_next_day_without_a_letter(world):
    """A dispute over the year keeps all of it; once it is settled the desks are told again."""
    unit = world.town.unit
    ((_act, n),) = swept(unit, DUE)
    assert len(codes_due(unit)) == n
    disputed(world, "审计报告")
    kept = n - len(due_lots(unit, date(2028, 6, 3)))
    assert kept > 0 and len(codes_due(unit)) == n
    assert swept(unit, "2028-06-03") == [("retention.due_changed", n - kept)]
    assert len(codes_due(unit)) == n - kept
    assert swept(unit, "2028-06-04") == [], "said once"
    seal()
    post_unit(unit.pk)
    letters = Delivery.objects.filter(
        recipient=world.town.of("clerk"), channel="in_app", title__contains="个人信息"
    )
    assert letters.count() == 1


def test_what_falls_due_again_once_nothing_stands_in_its_way_is_counted_again_within_the_week(world):
    unit = world.town.unit
    ((_act, n),) = swept(unit, DUE)
    dispute = disputed(world, "审计报告")
    ((act, left),) = swept(unit, "2028-06-03")
    assert act == "retention.due_changed" and left < n and len(codes_due(unit)) == left
    dispute.delete()
    assert swept(unit, "2028-06-04") == [("retention.due_changed", n)]
    assert len(codes_due(unit)) == n and swept(unit, "2028-06-05") == []


def test_the_log_is_told_of_once_a_quarter_and_not_within_one_of_its_erasure(world):
    unit, clerk = world.town.unit, world.town.of("gov_clerk")
    AccessLog.objects.create(
        username=clerk.username,
        ip_address="10.0.0.1",
        path_info="/",
        user_agent="",
        attempt_time=at("2020-01-01"),
    )
    world.do("retention.hold", "clerk", cycle=str(world.cycle.pk), of="", reason="县审计局进点审计")
    assert swept(unit, DUE) == [("retention.due", 1)] and codes_due(unit) == {"sign_ins:"}
    assert swept(unit, "2028-08-01") == [] and codes_due(unit) == {"sign_ins:"}
    assert swept(unit, "2028-10-01") == [("retention.due", 1)]
    Erasure.objects.create(
        unit=unit,
        of="sign_ins",
        state="done",
        due_on=date(2028, 10, 2),
        asked_on=date(2028, 10, 2),
        done_on=date(2028, 10, 2),
        number="2028-9",
    )
    assert codes_due(unit) == set() and due_lots(unit, date(2028, 11, 1)) == []
    assert swept(unit, "2028-11-01") == [] and swept(unit, "2029-02-01") == [("retention.due", 1)]


def test_whatever_goes_wrong_in_one_township_holds_up_no_other(world, monkeypatch):
    other, real = township("T02", name="石桥镇"), selectors.due_lots

    def failing(unit, on):
        if unit == other.unit:
            raise KeyError("lots")
        return real(unit, on)

    monkeypatch.setattr(selectors, "due_lots", failing)
    assert tell_all_due(at(DUE)) == 1


def test_the_count_reads_no_trail_however_long_it_is(world):
    """The planner takes the index made for it once reading through is dear."""
    apply(SYSTEM)
    unit = world.town.unit
    told = Entry.objects.filter(unit=unit, action__in=(selectors.DUE, selectors.DUE_CHANGED)).order_by("-id")[
        :1
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "entry_told_due" in told.explain()


# ------------------------------------------------------------------------------- the page


def page(user, path="/retention/"):
    client = Client()
    client.force_login(user)
    answer = client.get(path)
    apply(SYSTEM)
    return answer


def test_the_page_names_what_is_due_what_is_held_and_what_is_gone(world, monkeypatch):
    travel(monkeypatch, DUE)
    clerk = world.town.of("gov_clerk")
    shown = page(clerk).content.decode()
    assert "到期，可以清除" in shown and "/do/retention.ask/" in shown and CANARY not in shown
    world.do("retention.hold", "clerk", cycle="", of="", reason="县审计局进点审计")
    shown = page(clerk).content.decode()
    assert "到期，暂缓" in shown and "县审计局进点审计" in shown and "/do/retention.ask/" not in shown
    world.do("retention.lift", "chair", Hold.objects.get(), reason="审计结束")
    world.erase()
    shown = page(clerk).content.decode()
    assert "第 2028-1 号" in shown and "与办理记录一致" in shown
    told = page(clerk, f"/proposals-on-file/{world.proposal.pk}/").content.decode()
    assert "联系方式已清除（清除证明第 2028-1 号）" in told
    assert page(world.town.of("mayor")).status_code == 403


def test_the_county_reads_what_was_erased_and_counts_no_contact(world, monkeypatch):
    travel(monkeypatch, DUE)
    world.erase()
    admin = world.town.of("chair")
    county = world.town.unit.parent
    leader = type(admin).objects.create(username="county@T01", name="县人大常委会")
    RoleGrant.objects.create(user=leader, office="county", unit=county, tenant=county, since=date(2020, 1, 1))
    shown = page(leader, f"/retention/?unit={world.town.unit.code}").content.decode()
    assert "第 2028-1 号" in shown and "到期情况" not in shown and "/do/retention." not in shown


# ------------------------------------------------------------------------------- on request


def asked(world, monkeypatch, day="2026-09-14"):
    """A proposer asks by the code, on the public page."""
    travel(monkeypatch, day)
    path = f"/t/T01/proposals/{world.proposal.code}/"
    answer = Client().post(f"{path}erase/", {"confirmed": "on", "website": ""})
    apply(SYSTEM)
    assert answer.status_code == 302 and answer.url == path
    return path


def read(path):
    shown = Client().get(path).content.decode()
    apply(SYSTEM)
    return shown


def test_a_proposer_has_the_own_contact_erased_and_the_proposal_stays(world, monkeypatch):
    path = asked(world, monkeypatch)
    assert "15 个工作日内在这里答复" in read(path)
    entry = do("retention.answer", world.town.of("gov_clerk"), "2026-09-16", decision="grant", reason="")
    assert '"number":"2026-1"' in entry.body
    assert everywhere(PHONE) == []
    told = read(path)
    assert "已清除，清除证明第 2026-1 号" in told and "安装路灯" in told
    erasure = Erasure.objects.get()
    assert "提出人本人（凭查询码申请）" in erasure.paper.body and "“安装路灯”一件" in erasure.paper.body
    assert agrees(erasure.paper, erasure, Entry.objects.get(pk=erasure.entry_id))
    again = Client().post(f"{path}erase/", {"confirmed": "on", "website": ""})
    apply(SYSTEM)
    assert again.status_code == 422 and "已经删除" in again.content.decode()


def test_a_refusal_has_a_reason_which_the_proposer_reads_by_the_code(world, monkeypatch):
    path = asked(world, monkeypatch)
    with pytest.raises(InvalidForm):
        do("retention.answer", world.town.of("gov_clerk"), "2026-09-16", decision="refuse", reason="")
    do(
        "retention.answer",
        world.town.of("gov_clerk"),
        "2026-09-16",
        decision="refuse",
        reason="涉诉，依法保存",
    )
    told = read(path)
    assert "不予删除的答复" in told and "涉诉，依法保存" in told and "申请删除联系方式" in told
    assert kept() == [CANARY]
    asked(world, monkeypatch)


def test_under_a_hold_a_request_is_not_granted_and_asking_twice_is_refused(world, monkeypatch):
    path = asked(world, monkeypatch)
    twice = Client().post(f"{path}erase/", {"confirmed": "on", "website": ""})
    apply(SYSTEM)
    assert twice.status_code == 422 and "正在办理" in twice.content.decode()
    world.do("retention.hold", "clerk", day="2026-09-15", cycle="", of="", reason="法院调取证据")
    with pytest.raises(Refused, match="法院调取证据"):
        do("retention.answer", world.town.of("gov_clerk"), "2026-09-16", decision="grant", reason="")
    assert kept() == [CANARY]


def test_who_left_no_contact_is_told_so_and_a_machine_is_caught(world, monkeypatch):
    travel(monkeypatch, "2026-09-14")
    path = f"/t/T01/proposals/{world.silent.code}/erase/"
    answer = Client().post(path, {"confirmed": "on", "website": ""})
    apply(SYSTEM)
    assert answer.status_code == 422 and "没有留下联系方式" in answer.content.decode()
    caught = Client().post(
        f"/t/T01/proposals/{world.proposal.code}/erase/", {"confirmed": "on", "website": "x"}
    )
    apply(SYSTEM)
    assert caught.status_code == 422 and not Deadline.objects.filter(key="retention.answer").exists()


def test_what_was_typed_and_never_sent_does_not_outlive_its_session(world, monkeypatch):
    session = SessionStore()
    session["propose:1"] = {"name": CANARY, "phone": PHONE}
    session.save()
    assert sweep_sessions() == 0 and PHONE in str(Session.objects.get().get_decoded())
    travel(monkeypatch, "2099-01-05")
    assert sweep_sessions() == 1 and not Session.objects.exists()


def test_the_demonstration_erases_a_closed_years_contacts_and_stops_at_the_curtain(world):
    for day in ("2028-06-05", "2028-06-30", "2028-06-30"):
        assert kept() == [CANARY] or day == "2028-06-30", "it is asked for on the third working day"
        beside = Beside()
        with curtain(at(day)):
            beside.add(erasure_played(world.town, world.cycle))
            beside.play_out()
    assert kept() == [] and Erasure.objects.get().done_on == date(2028, 6, 8)


def test_what_is_due_takes_as_many_queries_for_three_years_as_for_one(world):
    def cost():
        with CaptureQueriesContext(connection) as seen:
            lots = lots_of(world.town.unit, at(DUE).date())
        return len(lots), len(seen)

    one = cost()
    for year in (2031, 2033):
        cycle = cycle_of(world.town, *STATES, "close", year=year)
        project = project_of(world.town, cycle, year, "村道硬化", *TO_ACCEPTED)
        register_rating(world.town.act("station", at(DUE)), project, grade="basic", words="路面不平。")
    three = cost()
    assert three[0] == one[0] + 2 and three[1] == one[1]


def test_what_waits_for_the_chair_is_in_the_chairs_inbox_and_whoever_asked_is_told_with_whom_it_is(
    world, client, monkeypatch
):
    travel(monkeypatch, DUE)
    chair, office = world.town.of("chair"), world.town.of("gov_clerk")
    client.force_login(office)
    data = {"lot": f"contacts:{world.cycle.pk}", "confirmed": "on", "op": "confirm", "own_password": PASSWORD}
    address = f"/do/retention.ask/{world.town.unit.pk}/"
    check = client.post(address, data | {"op": "submit"}).content.decode()
    assert "确认以后" in check and "由人大主席核对范围" in check
    told = client.post(address, data, follow=True).content.decode()
    apply(SYSTEM)
    task = open_task("retention.confirm")
    assert "已提出" in told and "确认清除个人信息" in told and chair.name in told
    assert 'href="/retention/"' in told
    client.force_login(chair)
    inbox = client.get("/inbox/").content.decode()
    listed = client.get("/retention/").content.decode()
    shown = client.get(f"/tasks/{task.pk}/").content.decode()
    assert "确认清除个人信息" in inbox and f'href="/tasks/{task.pk}/"' in inbox
    assert f'href="/tasks/{task.pk}/"' in listed
    assert "提出人姓名、联系方式" in shown and CANARY not in shown and "本人登录密码" not in shown
    apply(SYSTEM)
    world.answer(Erasure.objects.get(state="asked"), decision="decline", reason="有来信要求核实，先不清除")
    client.force_login(chair)
    done = client.get(f"/tasks/{task.pk}/done/").content.decode()
    assert "<h1>不同意</h1>" in done and "confirmation-plain" in done and 'href="/retention/"' in done
    assert "<h1>已办结</h1>" not in done and "没有后续事项" not in done, "nothing was erased"
