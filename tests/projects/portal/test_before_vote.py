"""The pages before the vote: readiness, rehearsal, practice, the roll's import; who may open them and what they leave."""

from __future__ import annotations

import io
import json
from datetime import date

import openpyxl
import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from projects.ballots.models import Vote
from projects.cycles.models import Cycle, RollLine
from projects.deliberation import rolls
from projects.deliberation import services as deliberation
from projects.deliberation.rolls import read_roll
from projects.demo.play import deliberation as play
from projects.portal import before_vote
from tests.builders import at, open_task
from tests.projects.deliberation.test_deliberation import (  # noqa: F401
    SEATS,
    T,
    cycle,
    prepared,
    reported,
    town,
)
from tests.projects.voting.test_rehearsing import FILE
from workflow.administration import sheets
from workflow.audit.models import Entry
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant

pytestmark = pytest.mark.django_db


def as_office(client: Client, town, office: str, number: int = 1):  # noqa: F811
    apply(SYSTEM)
    user = town.of(office, number)
    client.force_login(user)
    client.post("/office/", {"grant": RoleGrant.objects.get(user=user, office=office).pk})
    return user


def page(client: Client, town, office: str, address: str) -> tuple[int, str]:  # noqa: F811
    as_office(client, town, office)
    answer = client.get(address)
    apply(SYSTEM)
    return answer.status_code, answer.content.decode()


# ------------------------------------------------------------------------------- readiness


def test_chair_presidium_and_clerk_open_the_sheet_and_others_do_not(town, prepared, client):  # noqa: F811
    address = f"/years/{prepared.pk}/readiness/"
    for office in ("chair", "presidium", "clerk"):
        status, text = page(client, town, office, address)
        assert status == 200 and "程序体检表" in text and "实有代表 20 人" in text
        assert town.of("clerk").name in text and "《地方组织法》第十四条" in text and "国家法律" in text
    for office in ("mayor", "gov_clerk", "deputy", "counter", "party"):
        assert page(client, town, office, address)[0] == 403, office


def test_the_county_reads_the_sheet_and_is_told_it_approves_nothing(town, prepared, client):  # noqa: F811
    county = town.unit.parent
    user = User.objects.create(username="county@C", name="县人大")
    admin = User.objects.get(username="admin@T01")
    act = town.act("clerk", at("2026-12-01"))
    grant(user=user, office="county", unit=county, act=act, since=date(2026, 1, 1))
    assert admin
    client.force_login(user)
    before = Entry.objects.count()
    answer = client.get(f"/years/{prepared.pk}/readiness/")
    apply(SYSTEM)
    assert answer.status_code == 200 and "县级人大只读查看，不审批" in answer.content.decode()
    assert (
        Entry.objects.count() == before + 1  # the look itself, and nothing else
        and Entry.objects.latest("pk").action == "oversight.look"
        and '<form method="post"' not in answer.content.decode().split("<main")[1]
    )


def test_another_townships_sheet_is_not_found(town, prepared, client):  # noqa: F811
    other = create_unit(code="T99", name="石门镇", kind=UnitKind.TOWNSHIP, parent=town.unit.parent)
    stranger = User.objects.create(username="clerk@T99", name="外镇")
    act = town.act("clerk", at("2026-12-01"))
    grant(user=stranger, office="clerk", unit=other, act=act, since=date(2026, 1, 1))
    client.force_login(stranger)
    for name in ("readiness", "rehearsal", "practice"):
        assert client.get(f"/years/{prepared.pk}/{name}/").status_code == 404
    apply(SYSTEM)


def test_the_year_and_the_vote_lead_to_the_pages_of_those_who_may_open_them(town, prepared, client):  # noqa: F811
    address = f"/years/{prepared.pk}/"
    assert f"{address}readiness/" in page(client, town, "clerk", address)[1]
    deputys = page(client, town, "deputy", address)[1]
    assert f"{address}readiness/" not in deputys and f"{address}practice/" in deputys


# ------------------------------------------------------------------------------- rehearsing


def test_drawn_ballots_say_their_seed_and_that_they_are_invented(town, prepared, client):  # noqa: F811
    address = f"/years/{prepared.pk}/rehearsal/"
    status, text = page(client, town, "clerk", f"{address}?way=drawn&seed=42")
    assert (
        status == 200
        and "仅供演练，不具效力" in text
        and "<strong>42</strong>" in text
        and "随机生成的模拟票" in text
    )
    assert "农村道路硬化" in text and "差几票" in text and "过半数" in text
    assert page(client, town, "clerk", f"{address}?way=drawn&seed=42")[1].count("得 ") == text.count("得 ")
    assert Vote.objects.count() == 0


def test_without_an_earlier_vote_the_page_says_so(town, prepared, client):  # noqa: F811
    text = page(client, town, "chair", f"/years/{prepared.pk}/rehearsal/?way=last")[1]
    assert "以前年度没有已宣布的票决" in text


def upload(client: Client, address: str, content: bytes, name: str = "votes.json", **more: str):
    answer = client.post(address, {"file": SimpleUploadedFile(name, content), **more})
    apply(SYSTEM)
    return answer.status_code, answer.content.decode()


def test_an_uploaded_file_is_counted_and_nothing_of_it_stays(town, prepared, client):  # noqa: F811
    address = f"/years/{prepared.pk}/rehearsal/"
    as_office(client, town, "chief_teller")
    before = Entry.objects.count()
    status, text = upload(client, address, json.dumps(FILE).encode())
    assert status == 200 and "需 33 票（全体代表 64 人的过半数），得 31 票，未通过。" in text
    assert "多 2 票即入选" in text
    status, text = upload(client, address, json.dumps(FILE).encode(), own_rules="on")
    assert "不要求过半数" in text and "票数和规则均取自文件" in text
    assert (Vote.objects.count(), Entry.objects.count()) == (0, before)


def test_pabulib_is_read_too(town, prepared, client):  # noqa: F811
    as_office(client, town, "clerk")
    pb = "META\nkey;value\nvote_type;approval\nmax_length;1\nPROJECTS\nproject_id;cost\n1;5\n2;5\nVOTES\nvoter_id;vote\n1;1\n2;1\n3;2\n"
    status, text = upload(client, f"/years/{prepared.pk}/rehearsal/", pb.encode(), "small.pb")
    assert status == 200 and "得 2 票" in text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "第 1 行第 2 列"),
        (json.dumps(FILE | {"seats": 0}).encode(), "seats"),
        (b"\xff\xfe", "不是 UTF-8"),
        (b"", "文件是空的"),
    ],
)
def test_a_file_that_cannot_be_counted_is_refused_with_each_place(town, prepared, client, content, told):  # noqa: F811
    as_office(client, town, "clerk")
    status, text = upload(client, f"/years/{prepared.pk}/rehearsal/", content)
    assert status == 422 and told in text


def test_a_file_named_as_pabulibs_is_told_what_is_wrong_with_it_as_one(town, prepared, client):  # noqa: F811
    as_office(client, town, "clerk")
    address = f"/years/{prepared.pk}/rehearsal/"
    status, text = upload(client, address, b"vote_type;approval", "small.pb")
    assert status == 422 and "META 之前不应有内容" in text and "不是合法的 JSON" not in text
    status, text = upload(client, address, b"vote_type;approval", "votes.json")
    assert status == 422 and "不是合法的 JSON" in text


def test_a_file_beyond_the_limit_is_refused(town, prepared, client, monkeypatch):  # noqa: F811
    monkeypatch.setattr(before_vote, "MOST_BYTES", 10)
    as_office(client, town, "clerk")
    status, text = upload(client, f"/years/{prepared.pk}/rehearsal/", json.dumps(FILE).encode())
    assert status == 422 and "文件太大" in text


def test_deputies_do_not_rehearse_but_tellers_and_counters_do(town, prepared, client):  # noqa: F811
    address = f"/years/{prepared.pk}/rehearsal/"
    assert page(client, town, "deputy", address)[0] == 403
    for office in ("chief_teller", "teller", "counter"):
        assert page(client, town, office, address)[0] == 200, office


# ------------------------------------------------------------------------------- practice

NOT_COUNTED = "试投，仅供演练"


@pytest.mark.parametrize(
    ("mode", "marks", "said"),
    [
        ("select", {"m1": "1", "m3": "1"}, "您选了 2 项"),
        ("each", {"m1": "1", "m2": "2"}, "您的表态"),
        ("rank", {"m3": "1", "m1": "2"}, "您排了 2 项"),
    ],
)
def test_every_screen_of_the_practice_says_it_counts_for_nothing(town, prepared, client, mode, marks, said):  # noqa: F811
    Cycle.objects.filter(pk=prepared.pk).update(rules_data=prepared.rules_data | {"ballot_mode": mode})
    as_office(client, town, "deputy")
    address, before = f"/years/{prepared.pk}/practice/", Entry.objects.count()
    screens = [client.get(address)]
    for op in ("check", "fill", "check", "cast"):
        screens.append(client.post(address, {"token": "practice", "op": op, **marks}))
    apply(SYSTEM)
    texts = [screen.content.decode() for screen in screens]
    assert all(screen.status_code == 200 for screen in screens)
    assert all(NOT_COUNTED in text for text in texts)
    assert all(screen["Cache-Control"].startswith("no-store") for screen in screens)
    assert said in texts[1] and "示例：村组道路硬化" in texts[0] and "没有投出任何票" in texts[-1]
    assert f'action="{address}"' in texts[0] and f'action="{address}"' in texts[1]
    assert (Vote.objects.count(), Entry.objects.count()) == (0, before)


def test_too_many_marks_are_told_as_on_the_real_ballot(town, prepared, client):  # noqa: F811
    as_office(client, town, "deputy")
    marks = {f"m{n}": "1" for n in range(1, 6)}
    answer = client.post(f"/years/{prepared.pk}/practice/", {"token": "x", "op": "cast", **marks})
    apply(SYSTEM)
    assert answer.status_code == 422 and "请去掉 1 项" in answer.content.decode()


# ------------------------------------------------------------------------------- the roll

HEAD = list(rolls.COLUMNS)


@pytest.fixture
def asked(town, reported):  # noqa: F811
    """The roll is to be fixed."""
    play.play_agenda(town, reported, t=T, seats=SEATS)
    return reported


def workbook(rows: list[list[str]], head: list[str] = HEAD) -> SimpleUploadedFile:
    return SimpleUploadedFile("roll.xlsx", sheets.write("代表名册", head, rows))


def full_roll(town) -> list[list[str]]:  # noqa: F811
    names = [unit.name for unit in town.delegations]
    return [[u.name, u.username, names[n % len(names)]] for n, u in enumerate(town.deputies)]


def send(client: Client, task_id: int, rows: list[list[str]], head: list[str] = HEAD):
    answer = client.post(f"/tasks/{task_id}/roll/", {"op": "preview", "file": workbook(rows, head)})
    apply(SYSTEM)
    return answer


def confirm(client: Client, task_id: int, preview, **more: str):
    data = {"op": "confirm", "payload": preview.context["payload"], **more}
    answer = client.post(f"/tasks/{task_id}/roll/", data)
    apply(SYSTEM)
    return answer


def test_a_sound_file_is_previewed_with_both_numbers_and_then_fixes_the_roll(town, asked, client):  # noqa: F811
    task = open_task("deliberation.roll").pk
    as_office(client, town, "clerk")
    preview = send(client, task, full_roll(town))
    assert preview.status_code == 200 and "文件 20 人，名册 20 人" in preview.content.decode()
    assert RollLine.objects.count() == 0
    assert confirm(client, task, preview, statement="资格全部有效。").status_code == 302
    lines = {line.user_id: line.delegation for line in RollLine.objects.select_related("delegation")}
    assert len(lines) == 20 and lines[town.deputies[4].pk] == town.delegations[1]
    assert Cycle.objects.get().deputies_in_office == 20
    assert Entry.objects.filter(action="deliberation.roll").count() == 1


def test_the_number_on_the_roll_is_counted_there(town, asked, client, monkeypatch):  # noqa: F811
    task = open_task("deliberation.roll").pk
    as_office(client, town, "clerk")
    preview = send(client, task, full_roll(town))
    monkeypatch.setattr(deliberation, "count_roll", lambda session: 19)

    answer = confirm(client, task, preview)

    *_before, told = map(str, get_messages(answer.wsgi_request))
    assert told == "名册已核定：文件 20 人，名册 19 人。"


def test_blanks_that_make_names_and_titles_as_wide_as_the_others_do_not_matter(town, asked, client):  # noqa: F811
    rows = full_roll(town)
    for row in rows:
        row[0] = f"{row[0][0]}　{row[0][1:]} "
    task = open_task("deliberation.roll").pk
    as_office(client, town, "clerk")
    preview = send(client, task, rows, ["姓　名", "用户名", "代 表 团"])
    assert preview.status_code == 200 and "文件 20 人，名册 20 人" in preview.content.decode()
    rows[0][0] = "无　此人"
    assert "表中写的是无此人" in send(client, task, rows).content.decode()


def test_an_empty_sheet_is_said_to_be_empty(town, asked, client):  # noqa: F811
    as_office(client, town, "clerk")
    answer = send(client, open_task("deliberation.roll").pk, [], ["", "", ""])
    assert answer.status_code == 422 and "表中没有数据。" in answer.content.decode()


def test_wrong_rows_name_their_column_and_nothing_is_imported(town, asked, client):  # noqa: F811
    rows = full_roll(town)
    rows[0][1] = "nobody@T01"
    rows[1][2] = "第九代表团"
    rows[2][0] = "无此人"
    rows[3] = list(rows[4])
    rows[5][0] = ""
    task = open_task("deliberation.roll").pk
    as_office(client, town, "clerk")
    preview = send(client, task, rows)
    text = preview.content.decode()
    assert preview.status_code == 422 and "没有导入任何内容" in text
    for told in (
        "“用户名”：nobody@T01不是今天在任的代表",
        "“代表团”：没有“第九代表团”",
        "表中写的是无此人",
        "在表中重复",
        "“姓名”：没有填写",
    ):
        assert told in text
    for n in (2, 3, 4, 6, 7):
        assert f"第 {n} 行" in text
    assert town.deputies[0].name in text and "不在文件中" in text
    assert confirm(client, task, preview).status_code == 422
    assert RollLine.objects.count() == 0 and open_task("deliberation.roll").pk == task


def test_a_file_short_of_one_deputy_is_refused_and_names_who_is_missing(town, asked, client):  # noqa: F811
    task = open_task("deliberation.roll").pk
    as_office(client, town, "clerk")
    preview = send(client, task, full_roll(town)[:-1])
    text = preview.content.decode()
    assert preview.status_code == 422 and "文件 19 人，名册 20 人" in text
    assert f"1 名在任代表不在文件中：{town.deputies[-1].name}" in text
    answer = client.post(f"/tasks/{task}/roll/", {"op": "errors", "payload": preview.context["payload"]})
    apply(SYSTEM)
    book = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert next(cell.value for cell in list(book.rows)[-1]) == town.deputies[-1].name


def test_a_sheet_without_the_column_or_of_another_kind_is_refused(town, asked, client):  # noqa: F811
    task = open_task("deliberation.roll").pk
    as_office(client, town, "clerk")
    assert "第一行缺少这些列：姓名" in send(client, task, [["a", "b"]], ["名字", "代表团"]).content.decode()
    wrong = client.post(
        f"/tasks/{task}/roll/", {"op": "preview", "file": SimpleUploadedFile("roll.xlsx", b"no workbook")}
    )
    apply(SYSTEM)
    assert wrong.status_code == 422


def test_the_template_is_todays_roll_and_imports_as_it_is(town, asked, client):  # noqa: F811
    task = open_task("deliberation.roll").pk
    as_office(client, town, "clerk")
    body = client.get(f"/tasks/{task}/roll/template/").content
    answer = client.post(
        f"/tasks/{task}/roll/", {"op": "preview", "file": SimpleUploadedFile("r.xlsx", body)}
    )
    apply(SYSTEM)
    assert answer.status_code == 200 and "文件 20 人，名册 20 人" in answer.content.decode()


def test_nobody_but_the_clerk_imports_the_roll_and_only_while_it_is_to_be_fixed(town, asked, client):  # noqa: F811
    task = open_task("deliberation.roll").pk
    for office in ("mayor", "deputy", "chair"):
        assert page(client, town, office, f"/tasks/{task}/roll/")[0] == 403, office
    as_office(client, town, "clerk")
    preview = send(client, task, full_roll(town))
    assert confirm(client, task, preview).status_code == 302
    assert confirm(client, task, preview).status_code == 403
    assert page(client, town, "clerk", f"/tasks/{task}/roll/")[0] == 403
    other = open_task("deliberation.bill").pk
    assert page(client, town, "clerk", f"/tasks/{other}/roll/")[0] == 404


def test_a_payload_of_another_task_or_a_changed_one_is_not_found(town, asked, client):  # noqa: F811
    task = open_task("deliberation.roll").pk
    as_office(client, town, "clerk")
    for payload in ("", "x:y:z"):
        answer = client.post(f"/tasks/{task}/roll/", {"op": "confirm", "payload": payload})
        apply(SYSTEM)
        assert answer.status_code == 404


def test_who_left_office_between_preview_and_confirmation_stops_the_import(town, asked, client):  # noqa: F811
    from workflow.roles.services import revoke

    task = open_task("deliberation.roll").pk
    as_office(client, town, "clerk")
    preview = send(client, task, full_roll(town))
    held = RoleGrant.objects.get(user=town.deputies[9], office="deputy")
    revoke(grant=held, act=town.act("clerk", at("2027-01-02")), reason="调离")
    answer = confirm(client, task, preview)
    assert answer.status_code == 422 and RollLine.objects.count() == 0
    assert "文件 20 人，名册 19 人" in answer.content.decode()


def test_a_name_two_deputies_have_needs_the_user_name(town, asked):  # noqa: F811
    User.objects.filter(pk=town.deputies[1].pk).update(name=town.deputies[0].name)
    raw = [{"line": "2", "姓名": town.deputies[0].name, "用户名": "", "代表团": ""}]
    read = read_roll(asked, raw, date(2027, 1, 3))
    assert "有 2 名代表叫" in read.rows[0].errors[0]
    raw[0]["用户名"] = town.deputies[0].username
    assert read_roll(asked, raw, date(2027, 1, 3)).rows[0].errors == []
