"""留言 with files: what may go with a note, who opens it, and what the trail keeps of it."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from projects.lifecycle.services import start_year
from tests.builders import at, open_task, township
from tests.files import pdf
from workflow.audit.models import Entry
from workflow.flows.models import Comment, CommentFile
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
    entry = json.loads(Entry.objects.get(action="task.attach").body)
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


def test_a_note_without_files_leaves_no_entry_as_ever(client, town):
    noted(client, town)
    assert Comment.objects.count() == 1 and not Entry.objects.filter(action="task.attach").exists()


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
