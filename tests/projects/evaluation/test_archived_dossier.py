"""The archived dossier is handed out by the one who hands it over, to those who look on, and each time it is on record."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from projects.cycles.papers import make_paper
from projects.demo.cast import Casting
from projects.demo.play.evaluation import Figures
from projects.evaluation.addenda import build_addendum
from projects.evaluation.dossier import build_archive
from projects.evaluation.models import Addendum, Archive
from projects.supervision.models import Project
from tests.addresses import signed_in
from tests.builders import at, every_office, township
from tests.plays import play_evaluation
from workflow.administration.models import TrailExport
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.people.isolation import EVERYTHING, SYSTEM, apply
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.django_db

FOR = {"volume": "0", "reason": "县档案馆检查"}


@pytest.fixture
def archived(town, cycle) -> Archive:
    return build_archive(town.act("clerk", at("2028-06-01")), cycle)


@pytest.fixture
def added(town, archived) -> Addendum:
    """A later volume: a paper of a project that came when the year's dossier was handed over."""
    project = Project.objects.get(number=1)
    act = town.act("clerk", at("2028-09-01"))
    make_paper(
        act, archived.cycle, "acceptance", "续建验收意见", body="合格。", subject=project.reference, step=5
    )
    made = build_addendum(act, project)
    assert made
    return made


def address(archive: Archive) -> str:
    return f"/years/{archive.cycle_id}/dossier/"


def taken(grant, archive, **data):
    answer = signed_in(grant).post(address(archive), FOR | data)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    apply(SYSTEM)
    return answer.status_code, body


def downloads() -> list[dict[str, object]]:
    entries = Entry.objects.filter(action="archive.download").order_by("pk")
    return [json.loads(entry.body) for entry in entries]


@pytest.mark.parametrize("office", ["clerk", "chair", "county"])
def test_who_may_have_it_sees_which_digest_was_archived_and_takes_it_away_on_record(town, archived, office):
    grant = every_office(town)[office]
    shown = signed_in(grant).get(address(archived)).content.decode()
    apply(SYSTEM)
    assert archived.sha256 in shown and "2028年6月1日" in shown and "不能代替归档卷宗" in shown
    status, body = taken(grant, archived)
    assert (status, hashlib.sha256(body).hexdigest()) == (200, archived.sha256)
    (entry,) = downloads()
    assert entry["subject"] == f"archive:{archived.pk}" and entry["after"] == {"sha256": archived.sha256}
    assert (entry["office"], entry["actor"], entry["reason"]) == (office, grant.user.username, FOR["reason"])
    assert entry["about"] == archived.cycle.reference


def test_a_later_volume_is_taken_away_by_its_number(town, archived, added):
    grant = every_office(town)["clerk"]
    shown = signed_in(grant).get(address(archived)).content.decode()
    apply(SYSTEM)
    assert added.sha256 in shown and "补充卷宗第 1 卷" in shown
    assert hashlib.sha256(taken(grant, archived, volume="1")[1]).hexdigest() == added.sha256
    assert downloads()[0]["subject"] == f"addendum:{added.pk}"
    assert taken(grant, archived, volume="2")[0] == 422 and len(downloads()) == 1


def test_nothing_leaves_without_saying_what_for(town, archived):
    grant = every_office(town)["clerk"]
    assert taken(grant, archived, reason="")[0] == 422 and downloads() == []
    assert taken(grant, archived)[0] == 200 and len(downloads()) == 1


@pytest.mark.parametrize("office", ["gov_clerk", "mayor", "deputy", "department", "admin", "auditor"])
def test_no_other_office_has_it_nor_an_auditor_of_a_part(town, archived, office):
    grant = every_office(town)[office]
    assert signed_in(grant).get(address(archived)).status_code == 403
    apply(SYSTEM)
    assert taken(grant, archived)[0] == 403 and downloads() == []


def test_an_auditor_of_all_six_steps_has_it(town, archived):
    casting = Casting(town.act("chair", at("2020-01-01")), date(2020, 1, 1))
    notice = {"document": "审通〔2028〕3号", "until": date(2030, 1, 1), "scope": list(EVERYTHING)}
    person = casting.appoint(casting.person("whole-auditor", "陈明"), "auditor", town.unit, **notice)
    grant = RoleGrant.objects.select_related("user", "tenant").get(user=person)
    assert taken(grant, archived)[0] == 200
    assert downloads()[0]["office"] == "auditor"


def test_another_townships_clerk_finds_no_such_year(town, archived):
    other = every_office(township("T02", name="柳河镇"))["clerk"]
    assert taken(other, archived)[0] == 404 and downloads() == []
    assert taken(every_office(town)["clerk"], archived)[0] == 200


@pytest.mark.parametrize("found", [b"another file", None])
def test_a_file_that_is_not_the_archived_one_is_not_handed_out(town, archived, found):
    grant = every_office(town)["clerk"]
    assert taken(grant, archived)[0] == 200
    default_storage.delete(archived.file.name)
    if found:
        default_storage.save(archived.file.name, ContentFile(found))
    status, body = taken(grant, archived)
    assert status == 422 and ("校验值不符" if found else "已不在原处") in body.decode()
    assert len(downloads()) == 1


def test_before_the_year_is_archived_the_page_says_so(town, cycle):
    client = signed_in(every_office(town)["clerk"])
    assert "尚未归档" in client.get(f"/years/{cycle.pk}/dossier/").content.decode()
    assert "归档日期" not in client.get(f"/years/{cycle.pk}/").content.decode()


def test_the_years_page_and_the_confirmation_of_the_archive_show_it(town, cycle):
    marks = {number: [(18, 2, 0)] for number in (1, 2, 3)}
    play_evaluation(town, cycle, t2=date(2028, 1, 18), term=18, number=4, figures=Figures(marks=marks))
    archive = Archive.objects.get()
    done = Deadline.objects.get(key="evaluation.archive").task_id
    offices = every_office(town)
    for place in (f"/years/{cycle.pk}/", f"/tasks/{done}/done/"):
        shown = signed_in(offices["clerk"]).get(place).content.decode()
        apply(SYSTEM)
        assert archive.sha256 in shown and address(archive) in shown
        hidden = signed_in(offices["gov_clerk"]).get(place).content.decode()
        apply(SYSTEM)
        assert archive.sha256 not in hidden and address(archive) not in hidden


# A dossier made now


def asked(grant, **data) -> int:
    sent = {"unit": "T01", "form": "dossier", "year": "2027", "subject": "", "reason": "县档案馆检查"} | data
    status = signed_in(grant).post("/trail/exports/", sent).status_code
    apply(SYSTEM)
    return int(status)


def test_the_clerk_has_a_dossier_of_the_own_township_made_and_nothing_else(town, cycle):
    township("T02", name="柳河镇")
    offices = every_office(town)
    client = signed_in(offices["clerk"])
    shown = client.get("/trail/exports/?unit=T01&year=2027&form=dossier").content.decode()
    apply(SYSTEM)
    assert "导出年度卷宗" in shown and 'value="csv"' not in shown and "柳河镇" not in shown
    assert asked(offices["clerk"]) == 302
    assert TrailExport.objects.get().form == "dossier"
    assert asked(offices["clerk"], form="csv") == asked(offices["clerk"], unit="T02") == 422
    for office in ("chair", "gov_clerk", "deputy"):
        assert asked(offices[office]) == 403
    assert asked(offices["county"]) == 302 and TrailExport.objects.count() == 2
    assert Entry.objects.filter(action="trail.export").count() == 2


def test_the_clerk_streams_no_entries(town, cycle):
    offices = every_office(town)
    path, why = "/trail/T01/export/?format=csv", {"reason": "归档"}
    assert signed_in(offices["clerk"]).post(path, why).status_code == 403
