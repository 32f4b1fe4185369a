"""A vote by the hall's own device: two counters import its totals, 未按 stays apart from opening to announcement."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from projects.ballots import keypad
from projects.ballots.models import Keying
from projects.ballots.reporting import report_data, tally_report
from projects.ballots.selectors import lines_of
from projects.ballots.services import define_vote
from projects.cycles.documents.parts import Document, Table
from projects.cycles.models import Paper
from projects.cycles.rulebook import RulebookError, Rules
from projects.demo.cast import PASSWORD
from projects.demo.play.voting import Sheet, play_ballot, play_closing, play_opening
from projects.evaluation.flows import MeasurementFlow
from projects.supervision.flows.changes import ChangeFlow
from projects.voting.desk import DESK
from projects.voting.flows import VotingFlow
from tests.builders import at, do, open_task
from tests.projects.voting.conftest import DAY, Hall, T, page_of, settled
from tests.projects.voting.test_voting_pages import checked
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, Refused
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant

TITLES = ["水厂改造", "村道硬化"]


def figures(votes_for: int, against: int, abstain: int, not_pressed: int) -> dict[str, int]:
    return {"for": votes_for, "against": against, "abstain": abstain, "not_pressed": not_pressed}


PRESSED = {"水厂改造": figures(26, 9, 6, 2), "村道硬化": figures(25, 10, 5, 3)}


@pytest.fixture
def hall(db: None) -> Hall:
    """50 deputies, 43 press; two candidates, each put to the vote, one place."""
    made = settled(TITLES, seats=1, in_office=50, ballot_channel="keypad", ballot_mode="each")
    do("voting.attendance", made.town.of("clerk"), DAY, present=43, on_leave=2)
    opened_and_closed(made)
    return made


def opened_and_closed(hall: Hall) -> None:
    """43 press, 43 are recorded: each said by one at the desk and confirmed by another."""
    play_opening(hall.town, hall.cycle, t=T, issued=43)
    play_closing(hall.town, hall.cycle, t=T, returned=43)


def fields(hall: Hall, sums: dict[str, dict[str, int]]) -> dict[str, Any]:
    return {
        f"{mark}_{option.pk}": n
        for option in hall.vote.options.all()
        for mark, n in sums[option.title].items()
    }


def as_counter(client: Client, hall: Hall, counter: int) -> None:
    apply(SYSTEM)
    user = hall.town.of("counter", counter)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    client.force_login(user)
    client.post("/office/", {"grant": RoleGrant.objects.get(user=user, office="counter").pk})
    apply(SYSTEM)


def send(client: Client, task: int, content: bytes, name: str = "结果.csv") -> Any:
    upload = io.BytesIO(content)
    upload.name = name
    answer = client.post(f"/tasks/{task}/totals/", {"op": "preview", "file": upload})
    apply(SYSTEM)
    return answer


def confirm(client: Client, task: int, preview: Any, password: str = PASSWORD) -> Any:
    data = {"op": "confirm", "payload": preview.context["payload"], "own_password": password}
    answer = client.post(f"/tasks/{task}/totals/", data)
    apply(SYSTEM)
    return answer


def imported(client: Client, hall: Hall, turn: str, counter: int, content: bytes) -> Any:
    task = open_task(f"voting.key_{turn}").pk
    as_counter(client, hall, counter)
    preview = send(client, task, content)
    assert preview.status_code == 200, preview.content.decode()
    return confirm(client, task, preview)


def table(sums: dict[str, dict[str, int]]) -> bytes:
    return keypad.as_csv(keypad.as_rows(TITLES, sums))


def certified(client: Client, hall: Hall, sums: Any = PRESSED) -> None:
    imported(client, hall, "first", 1, table(sums))
    imported(client, hall, "second", 2, keypad.as_xlsx(keypad.as_rows(TITLES, sums)))
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)


def test_two_imports_that_agree_are_counted_and_the_unpressed_help_nobody(hall, client):
    certified(client, hall)
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    water, road = lines_of(hall.vote)
    assert (water.in_favour, water.not_pressed, water.place) == (26, 2, "elected")
    assert road.reason == "需 26 票（全体代表 50 人的过半数），得 25 票（另有 3 人未按），未通过。"
    assert hall.vote.outcome["ballots"] == {
        "issued": 43, "returned": 43, "valid": 43, "invalid": 0, "problems": [],
    }  # fmt: skip


def test_where_all_press_no_page_tells_of_ballots_that_are_valid_or_not(hall, client):
    keying = page_of("voting.key_first", hall.town.of("counter", 1), "counter", client)
    assert "请对照表决器的结果，独立录入" in keying and "计票单" not in keying
    imported(client, hall, "first", 1, table(PRESSED))
    imported(client, hall, "second", 2, table(PRESSED))
    chief = hall.town.of("chief_teller")
    signing = page_of("voting.certify_chief", chief, "chief_teller", client)
    assert "表决器记录的人数" in signing and "有效票" not in signing and "无效票" not in signing
    asked = checked("voting.certify_chief", chief, "chief_teller", client, confirmed="on")
    assert "计票结果报告单：表决器记录 43 人" in asked and "有效票" not in asked
    do("voting.certify_chief", chief, DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    for address in (
        reverse("hall_board", args=[hall.vote.pk]),
        reverse("township_year", args=[hall.town.unit.code, hall.cycle.year]),
    ):
        shown = client.get(address).content.decode()
        apply(SYSTEM)
        assert "43" in shown and "有效票" not in shown and "无效票" not in shown, address
    page = client.get(f"/votes/{hall.vote.pk}/").content.decode()
    apply(SYSTEM)
    assert "逐项表决 · 会场表决器" in page and "有效票" not in page and "赞成 26" in page


def test_the_report_and_the_pages_of_the_result_have_a_column_for_the_unpressed(hall, client):
    certified(client, hall)
    paper = Paper.objects.get(kind="tally_report")
    assert "1. 水厂改造：赞成 26 票，反对 9 票，弃权 6 票，未按 2 人。" in paper.body
    assert (
        paper.data["equations"][-2] == "水厂改造：赞成 26 ＋ 反对 9 ＋ 弃权 6 ＋ 未按 2 ＝ 参加按键表决 43 人"
    )
    tables = [
        part for part in tally_report(paper, Document(title="", parts=())).parts if isinstance(part, Table)
    ]
    assert tables[1].head == ("序号", "项目名称", "赞成", "反对", "弃权", "未按", "结果")
    assert [row[2:6] for row in tables[1].rows] == [("26", "9", "6", "2"), ("25", "10", "5", "3")]
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    for address in (
        f"/votes/{hall.vote.pk}/",
        reverse("township_year", args=[hall.town.unit.code, hall.cycle.year]),
    ):
        shown = client.get(address)
        apply(SYSTEM)
        assert "未按</th>" in re.sub(r"<th[^>]*>", "", shown.content.decode()).replace(" ", ""), address


def test_a_file_is_previewed_with_its_balance_before_anything_is_kept(hall, client):
    task = open_task("voting.key_first").pk
    as_counter(client, hall, 1)
    preview = send(client, task, table(PRESSED))
    text = preview.content.decode()
    assert "每个项目的赞成、反对、弃权、未按合计都是 43 人。" in text and "确认录入" in text
    wrong = confirm(client, task, preview, password="不是这个口令")
    assert wrong.status_code == 422 and "密码不对，没有办理" in wrong.content.decode()
    assert Keying.objects.count() == 0
    assert confirm(client, task, preview).status_code == 302
    assert Keying.objects.get().figures["sums"] == PRESSED
    # No sum stands in the trail before the signatures.
    assert "26" not in Entry.objects.get(action="voting.key_first").body.partition('"form"')[2]


def test_totals_that_do_not_balance_are_named_and_cannot_be_accepted(hall, client):
    task = open_task("voting.key_first").pk
    as_counter(client, hall, 1)
    preview = send(client, task, table(PRESSED | {"水厂改造": figures(26, 9, 6, 1)}))
    text = preview.content.decode()
    assert preview.status_code == 422 and "确认录入" not in text
    assert "项目“水厂改造”：赞成 26 ＋ 反对 9 ＋ 弃权 6 ＋ 未按 1 ＝ 42 票 ≠ 参加按键表决 43 人。" in text
    assert confirm(client, task, preview).status_code == 422
    assert Keying.objects.count() == 0


def test_a_file_with_faults_names_row_and_column_on_the_page(hall, client):
    task = open_task("voting.key_first").pk
    as_counter(client, hall, 1)
    shown = send(client, task, table(PRESSED).replace(b",26,", ",廿六,".encode()))
    assert shown.status_code == 422
    assert "第 2 行“赞成”列：“廿六”不是人数。" in shown.content.decode()


def told_after(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_who_imports_is_told_whether_it_waits_agrees_or_differs(hall, client):
    apart = PRESSED | {"村道硬化": figures(25, 10, 6, 2)}
    first = imported(client, hall, "first", 1, table(PRESSED))
    assert told_after(first)[-1] == "表决器的结果已录入，等待另一名计票人导入后比对。"
    second = imported(client, hall, "second", 2, table(apart))
    assert told_after(second)[-1] == "表决器的结果已录入，但与另一名计票人录入的不一致，两人须重新导入。"
    first = imported(client, hall, "first", 1, table(PRESSED))
    assert told_after(first)[-1] == "表决器的结果已录入，等待另一名计票人导入后比对。"
    second = imported(client, hall, "second", 2, table(PRESSED))
    assert told_after(second)[-1] == "两名计票人录入的结果相符，票数平衡，计票结果成立。"


def test_those_who_tie_are_pressed_for_again_and_pressing_for_both_locks_nothing_up(hall, client):
    certified(client, hall, PRESSED | {"村道硬化": figures(26, 9, 5, 3)})
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    second = hall.vote
    assert (second.purpose, second.mode, second.seats, second.keypad) == ("run_off", "each", 1, True)
    assert second.rules["majority_base"] == "none"
    do("voting.attendance", hall.town.of("clerk"), DAY, present=43, on_leave=2)
    opened_and_closed(hall)

    # 30 + 22 in favour: nine and more have pressed 赞成 for both, on one place.
    certified(client, hall, {"水厂改造": figures(22, 11, 8, 2), "村道硬化": figures(30, 8, 3, 2)})
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)

    water, road = lines_of(hall.vote)
    assert hall.vote.outcome["outcome"] == "decided" and road.place == "elected"
    assert road.reason == (
        "以得票多的入选，不要求过半数，得 30 票（另有 2 人未按），按得票列第 1 位，在应选 1 项之内，入选。"
    )
    assert water.reason == (
        "以得票多的入选，不要求过半数，得 22 票（另有 2 人未按），按得票列第 2 位，在应选 1 项之外，未入选。"
    )
    report = Paper.objects.get(kind="tally_report", subject=second.reference)
    assert "应选 1 项，以得票多的入选，不要求过半数。" in report.body
    assert open_task("voting.resolution")


def test_imports_that_differ_are_refused_and_the_places_are_named_without_a_figure(hall, client):
    imported(client, hall, "first", 1, table(PRESSED))
    imported(client, hall, "second", 2, table(PRESSED | {"村道硬化": figures(25, 10, 6, 2)}))
    assert hall.vote.state == "closed"
    assert DESK.at_keying(hall.cycle)["differ"] == ["“村道硬化”的弃权", "“村道硬化”的未按"]
    assert open_task("voting.key_first") and open_task("voting.key_second")


def test_one_counter_cannot_import_twice_and_is_told_so_before_uploading_anything(hall, client):
    imported(client, hall, "first", 1, table(PRESSED))
    address = f"/tasks/{open_task('voting.key_second').pk}/totals/"
    for counter, status in ((2, 200), (1, 403)):
        as_counter(client, hall, counter)
        shown = client.get(address)
        apply(SYSTEM)
        assert shown.status_code == status
    assert "两次录入须由不同的人分别进行" in shown.content.decode()


def test_a_device_that_prints_no_file_is_keyed_by_hand_with_the_same_figures(hall):
    task = open_task("voting.key_first")
    form = task.task.flow_task.form
    do("voting.key_first", hall.town.of("counter", 1), DAY, **fields(hall, PRESSED))
    assert Keying.objects.get().figures["sums"] == PRESSED
    assert {"valid", "invalid"} <= set(form.base_fields)
    with pytest.raises(InvalidForm):
        do("voting.key_second", hall.town.of("counter", 2), DAY, for_1=1)


def test_the_empty_table_has_the_projects_of_the_ballot_in_both_formats(hall, client):
    task = open_task("voting.key_first").pk
    as_counter(client, hall, 1)
    for ending in ("csv", "xlsx"):
        answer = client.get(f"/tasks/{task}/totals/{ending}/")
        apply(SYSTEM)
        with pytest.raises(keypad.Unreadable, match="第 2 行“赞成”列：应填人数，现为空。"):
            keypad.read_totals(answer.content, TITLES)
    assert client.get(f"/tasks/{task}/totals/pdf/").status_code == 404
    apply(SYSTEM)


def test_nobody_but_a_counter_reaches_the_import(hall, client):
    task = open_task("voting.key_first").pk
    as_counter(client, hall, 1)
    assert client.get(f"/tasks/{task}/totals/").status_code == 200
    apply(SYSTEM)
    client.force_login(hall.town.of("clerk"))
    assert client.get(f"/tasks/{task}/totals/").status_code == 403
    apply(SYSTEM)


def test_a_paper_vote_offers_no_import(client, db):
    paper = settled(TITLES, seats=1, in_office=50)
    do("voting.attendance", paper.town.of("clerk"), DAY, present=43, on_leave=2)
    opened_and_closed(paper)
    as_counter(client, paper, 1)
    task = open_task("voting.key_first").pk
    assert "导入表决器结果" not in client.get(f"/tasks/{task}/").content.decode()
    apply(SYSTEM)
    assert client.get(f"/tasks/{task}/totals/").status_code == 404
    apply(SYSTEM)


@pytest.mark.parametrize("mode", ["rank", "select"])
def test_a_device_is_pressed_project_by_project_alone(hall, mode):
    with pytest.raises(RulebookError, match="应为逐项表决"):
        Rules().with_values({"ballot_channel": "keypad", "ballot_mode": mode})
    act = hall.town.act("chair", at(DAY))
    terms = {"session": hall.session, "about": "cycle:0", "purpose": "projects", "title": "票", "seats": 1}
    more = {"rules": {}, "deputies_in_office": 50, "options": [("item:1", "甲")], "step": 4}
    assert define_vote(act, mode="each", keypad=True, **terms, **more).keypad
    with pytest.raises(Refused, match="不能用于差额选择或者排序"):
        define_vote(act, mode=mode, keypad=True, **terms, **more)


def test_the_report_of_a_paper_vote_has_no_such_column(db):
    paper = settled(TITLES, seats=1, in_office=50)
    sums = {"水厂改造": 30, "村道硬化": 9}
    play_ballot(paper.town, paper.cycle, t=T, present=43, sheet=Sheet(sums))
    assert "not_pressed" not in report_data(paper.vote, "0" * 64)["file"]["sums"]["水厂改造"]


@pytest.mark.parametrize("flow", [VotingFlow, MeasurementFlow, ChangeFlow])
def test_a_step_every_kind_of_vote_has_is_not_called_after_paper(flow):
    """A step has one title; with keypads nothing is handed out and nothing comes back."""
    desk = ("open", "open_confirm", "close", "close_confirm", "count_again", "count_again_confirm")
    titles = [str(step.task_title) for step in flow.steps() if step.name.endswith(desk)]
    assert len(titles) >= len(desk)
    assert not [title for title in titles if re.search("表决票|测评票|张|发出|收回", title)]
