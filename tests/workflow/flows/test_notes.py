"""留言 with files: what may go with a note, who opens it, and what the trail keeps of it."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from notifications.models import Delivery
from notifications.post import post_unit
from projects.lifecycle.intake import start_year
from tests.builders import at, do, open_task, township
from tests.files import pdf
from workflow.audit.models import Entry
from workflow.flows.models import Comment, CommentFile, Deadline, Urge
from workflow.flows.services import comment
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db

YEAR = timezone.localdate().year + 1
PLAN = {"opens_on": date(YEAR - 1, 9, 1), "planned_t": date(YEAR, 1, 20), "planned_t2": date(YEAR + 1, 1, 18)}


@pytest.fixture
def town(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    apply(SYSTEM)
    made = township()
    start_year(made.act("chair", at(f"{YEAR - 1}-08-10")), year=YEAR, **PLAN)
    return made


def noted(client, town, *files, office: str = "clerk", words: str = "附上上年方案供参考。"):
    task = open_task("collection.scheme").pk
    client.force_login(town.of(office))
    answer = client.post(
        f"/tasks/{task}/", {"op": "comment", "words": words, "attached": list(files)}, follow=True
    )
    apply(SYSTEM)
    return answer


def test_a_file_goes_with_a_note_is_opened_by_the_others_and_stands_in_the_trail(client, town):
    page = noted(client, town, pdf("上年方案.pdf")).content.decode()
    kept = CommentFile.objects.get()
    assert "上年方案.pdf" in page and "附上上年方案供参考。" in page
    entry = json.loads(Entry.objects.get(action="task.comment").body)
    stored = hashlib.sha256(kept.file.open("rb").read()).hexdigest()
    assert entry["after"]["files"] == [{"file": "上年方案.pdf", "sha256": stored}]
    address = f"/tasks/{kept.comment.task_id}/files/{kept.pk}/"
    client.force_login(town.of("chair"))
    answer = client.get(address)
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    assert b"".join(answer.streaming_content).startswith(b"%PDF-")
    apply(SYSTEM)
    client.force_login(township("T02", name="柳河镇").of("chair"))
    assert client.get(address).status_code == 404


def test_a_note_is_one_entry_without_its_words(client, town):
    noted(client, town)
    entry = Entry.objects.get(action="task.comment")
    assert json.loads(entry.body)["after"]["files"] == [] and "附上上年方案" not in entry.body


def letters_to(town, office: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    post_unit(town.unit.pk)
    told = Delivery.objects.filter(recipient=town.of(office), letter="noted")
    return list(told.values_list("channel", "title"))


def test_a_note_is_told_inside_the_site_to_whose_turn_it_is_and_the_answer_to_who_wrote_it(client, town):
    noted(client, town)
    assert letters_to(town, "chair") == [("in_app", "新留言：拟订年度实施方案")]
    assert letters_to(town, "clerk") == []
    noted(client, town, office="chair", words="收到。")
    assert len(letters_to(town, "clerk")) == 1 and len(letters_to(town, "chair")) == 1
    assert letters_to(town, "gov_clerk") == []


def test_whoever_sent_a_task_is_told_of_a_note_on_it(client, town):
    data = {"opens_on": f"{YEAR - 1}-09-01", "planned_t": f"{YEAR}-01-20", "planned_t2": f"{YEAR + 1}-01-18"}
    data |= {"leading_group": "组长、副组长和成员", "body": "按照三个阶段六个环节组织实施。"}
    do("collection.scheme", town.of("chair"), f"{YEAR - 1}-08-12", **data)
    task = Deadline.objects.get(done_at=None, key__startswith="collection.")
    comment(task.task, act=town.act("clerk", at(f"{YEAR - 1}-08-13")), words="方案已附后。")
    assert (
        town.of("chair").username
        in json.loads(Entry.objects.get(action="task.comment").body)["after"]["told"]
    )


def test_an_unread_note_is_a_sign_in_the_inbox_until_the_task_is_opened(client, town):
    task = open_task("collection.scheme").pk
    client.force_login(town.of("chair"))
    assert "有新留言" not in client.get("/inbox/").content.decode()
    noted(client, town)
    assert "有新留言" not in client.get("/inbox/started/").content.decode()
    client.force_login(town.of("chair"))
    assert "有新留言" in client.get("/inbox/").content.decode()
    client.get(f"/tasks/{task}/")
    assert "有新留言" not in client.get("/inbox/").content.decode()
    noted(client, town, words="再补一句。")
    client.force_login(town.of("chair"))
    assert "有新留言" in client.get("/inbox/").content.decode()


def test_a_file_that_is_not_what_it_says_is_refused_with_the_note(client, town):
    answer = noted(client, town, SimpleUploadedFile("方案.pdf", b"MZ not a pdf"))
    assert answer.status_code == 422 and "附上上年方案供参考。" in answer.content.decode()
    assert "内容不是 PDF 文件" in answer.content.decode()
    assert not Comment.objects.exists() and not CommentFile.objects.exists()


def test_a_file_of_one_task_is_not_found_under_another(client, town):
    noted(client, town, pdf("上年方案.pdf"))
    kept = CommentFile.objects.get()
    start_year(town.act("chair", at(f"{YEAR - 1}-08-10")), year=YEAR + 1, **PLAN)
    assert client.get(f"/tasks/{kept.comment.task_id}/files/{kept.pk}/").status_code == 200
    assert client.get(f"/tasks/{kept.comment.task_id + 1}/files/{kept.pk}/").status_code == 404


@pytest.mark.parametrize(("op", "kept"), [("comment", Comment), ("urge", Urge)])
def test_a_word_sent_twice_with_one_form_is_said_once_and_with_another_again(client, town, op, kept):
    address = f"/tasks/{open_task('collection.scheme').pk}/"
    client.force_login(town.of("clerk"))
    for times in (1, 2):
        token = re.findall(r'name="once" value="(\w+)"', client.get(address).content.decode())[0]
        sent = {"op": op, "words": "请尽快报送。", "once": token}
        first, again = (client.post(address, sent, follow=True).content.decode() for _sending in range(2))
        apply(SYSTEM)
        assert "没有重复办理" in again and "没有重复办理" not in first
        assert kept.objects.count() == Entry.objects.filter(action=f"task.{op}").count() == times
