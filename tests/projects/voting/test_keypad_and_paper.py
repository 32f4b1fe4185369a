"""The hall's device with paper beside it: one roll, one result; too few on either way, and what does not balance, refused."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

import projects.ballots.events
import projects.voting.events  # noqa: F401  registers the events
from projects.ballots import figures as fig
from projects.ballots import keypad, printing
from projects.ballots.boxes import digest_of_roll
from projects.ballots.forms import unlike_before
from projects.ballots.models import Keying
from projects.ballots.reporting import tally_report
from projects.ballots.selectors import handed, lines_of
from projects.cycles.documents.parts import Document, Table
from projects.cycles.models import Paper, RollLine
from projects.demo.cast import PASSWORD
from projects.voting.desk import DESK
from tests.builders import at, do, open_task
from tests.projects.voting.conftest import DAY, Hall, page_of, settled
from tests.projects.voting.test_keypad_flow import as_counter, confirm, figures
from tests.projects.voting.test_voting import ask_recount
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotInPerson, NotYourTurn, Refused
from workflow.flows.events import perform
from workflow.people.isolation import SYSTEM, apply

TITLES = ["水厂改造", "村道硬化"]
# Fifteen press, five have paper, one of it spoiled: eleven of twenty are a majority, and neither way has them.
PRESSED = {"水厂改造": figures(9, 3, 2, 1), "村道硬化": figures(6, 5, 1, 3)}
ON_PAPER = {"水厂改造": figures(2, 1, 1, 0), "村道硬化": figures(1, 2, 1, 0)}
FIVE = (1, 2, 3, 4, 5)


def made() -> Hall:
    """Twenty deputies on the session's roll, all of them here; two candidates, one place."""
    found = settled(TITLES, seats=1, in_office=20, ballot_channel="keypad", ballot_mode="each")
    RollLine.objects.bulk_create(
        RollLine(
            unit=found.town.unit, session=found.session, user=found.town.of("deputy", n), name=f"代表{n}"
        )
        for n in range(1, 21)
    )
    do("voting.attendance", found.town.of("clerk"), DAY, present=20, on_leave=0, leave=[], absent=[])
    return found


@pytest.fixture
def hall(db: None) -> Hall:
    return made()


def line(hall: Hall, n: int) -> str:
    return str(RollLine.objects.get(session=hall.session, name=f"代表{n}").pk)


def entered(hall: Hall, on_paper: tuple[int, ...] = FIVE) -> None:
    do("voting.open", hall.town.of("chair"), DAY, on_paper=[line(hall, n) for n in on_paper])


def opened(hall: Hall, on_paper: tuple[int, ...] = FIVE) -> None:
    entered(hall, on_paper)
    do("voting.open_confirm", hall.town.of("chief_teller"), DAY, confirmed=True)


def closed(hall: Hall, **returned: int) -> None:
    step = "voting.count_again" if hall.vote.is_recount else "voting.close"
    do(step, hall.town.of("chief_teller"), DAY, **returned)
    do(f"{step}_confirm", hall.town.of("teller"), DAY, confirmed=True)


def collected(hall: Hall) -> None:
    opened(hall)
    closed(hall, returned=15, paper_returned=5)


def hand_paper(hall: Hall, *numbers: int, office: str = "teller", in_person: bool = True) -> Entry:
    data = {"lines": [line(hall, n) for n in numbers], "reason": "按键器失灵"}
    return perform(
        "voting.hand_paper", hall.cycle, actor=hall.town.of(office), at=at(DAY), data=data, reauthenticated=in_person
    )  # fmt: skip


def keyed(hall: Hall, pressed: Any = PRESSED, on_paper: Any = ON_PAPER, **heads: int) -> dict[str, Any]:
    data: dict[str, Any] = {"valid": 4, "invalid": 1, "spoiled_unreadable": 1} | heads
    for option in hall.vote.options.all():
        for mark, n in pressed[option.title].items():
            data[fig.PRESSED + fig.field_name(mark, option)] = n
        for mark, n in on_paper[option.title].items():
            if mark != "not_pressed":
                data[fig.field_name(mark, option)] = n
    return data


def keyed_twice(
    hall: Hall, first: dict[str, Any], second: dict[str, Any], pair: tuple[int, int] = (1, 2)
) -> None:
    for turn, counter, data in zip(("first", "second"), pair, (first, second), strict=True):
        do(f"voting.key_{turn}", hall.town.of("counter", counter), DAY, **data)


def certified(hall: Hall) -> None:
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)


def test_who_presses_and_who_has_paper_are_one_roll_one_reconciliation_and_one_result(hall):
    opened(hall)
    vote = hall.vote
    assert sorted(vote.roll.values_list("channel", flat=True)) == ["keypad"] * 15 + ["paper"] * 5
    assert vote.roll_digest == digest_of_roll(vote.roll.select_related("line"))
    assert (vote.issued, vote.paper_issued, vote.pressing) == (20, 5, 15)
    closed(hall, returned=15, paper_returned=5)
    keyed_twice(hall, keyed(hall), keyed(hall))
    certified(hall)
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)

    assert [(str(name), n) for name, n in handed(hall.vote)] == [("发出票和按键", 20), ("收回票和记录", 20)]
    water, road = lines_of(hall.vote)
    assert (water.in_favour, water.against, water.abstain, water.not_pressed) == (11, 4, 3, 1)
    assert water.reason.startswith("需 11 票（全体代表 20 人的过半数），得 11 票（另有 1 人未按），通过；")
    assert (road.in_favour, road.place) == (7, "not_elected")
    assert hall.vote.outcome["ballots"] == {
        "issued": 20, "returned": 20, "valid": 19, "invalid": 1, "problems": [],
    }  # fmt: skip
    assert [equation.text for equation in fig.equations(hall.vote)] == [
        "按键表决 15 ＋ 发出纸质票 5 ＝ 20 ≤ 实到 20 ≤ 应到 20",
        "表决器记录 15 ≤ 按键表决 15",
        "收回纸质票 5 ≤ 发出纸质票 5",
        "表决器记录 15 ＋ 有效纸质票 4 ＋ 无效纸质票 1 ＝ 收回合计 20",
        "水厂改造：赞成 11 ＋ 反对 4 ＋ 弃权 3 ＋ 未按 1 ＝ 按键表决和有效纸质票 19 票",
        "村道硬化：赞成 7 ＋ 反对 7 ＋ 弃权 2 ＋ 未按 3 ＝ 按键表决和有效纸质票 19 票",
    ]


def test_only_the_sum_of_both_is_kept_signed_and_printed(hall):
    collected(hall)
    keyed_twice(hall, keyed(hall), keyed(hall))
    assert "pressed" not in hall.vote.figures
    assert [one.figures["pressed"] for one in Keying.objects.all()] == [PRESSED, PRESSED]
    certified(hall)

    kept = [json.dumps(one.figures) for one in Keying.objects.all()]
    assert not any("sums" in figures or "pressed" in figures for figures in kept)
    report = Paper.objects.get(kind="tally_report")
    assert "按键表决 15 人，表决器记录 15 人；发出纸质票 5 张，收回 5 张，无效 1 张。" in report.body
    assert "1. 水厂改造：赞成 11 票，反对 4 票，弃权 3 票，未按 1 人。" in report.body
    assert '"pressed"' not in json.dumps(report.data)
    hall_table, sums = (
        part for part in tally_report(report, Document(title="", parts=())).parts if isinstance(part, Table)
    )
    assert dict(zip(hall_table.head, hall_table.rows[0], strict=True)) == {
        "应到": "20", "请假": "0", "实到": "20", "按键表决": "15", "表决器记录": "15",
        "发出纸质票": "5", "收回纸质票": "5", "无效": "1", "应选": "1",
    }  # fmt: skip
    assert [row[2:6] for row in sums.rows] == [("11", "4", "3", "1"), ("7", "7", "2", "3")]
    assert not any('"pressed' in body for body in Entry.objects.values_list("body", flat=True))


def test_ballots_keyed_beside_the_device_that_are_not_those_on_paper_are_refused_at_their_field(hall, client):
    collected(hall)
    page = page_of("voting.key_first", hall.town.of("counter", 1), "counter", client)
    assert "请对照表决器的结果和纸质票计票单，独立录入" in page
    with pytest.raises(InvalidForm) as refused:
        do("voting.key_first", hall.town.of("counter", 1), DAY, **keyed(hall, valid=19))
    first, *_advice = refused.value.form.errors["valid"]
    assert first == "收回纸质票 5 张 ≠ 有效票 19 ＋ 无效票 1 ＝ 20 张。"
    keyed_twice(hall, keyed(hall), keyed(hall))
    assert hall.vote.state == "keyed"


def test_how_many_voted_which_way_is_signed_for(hall):
    collected(hall)
    keyed_twice(hall, keyed(hall), keyed(hall))
    certified(hall)
    vote = hall.vote
    before = fig.digest_of(vote)
    vote.paper_issued, vote.paper_returned = 6, 6
    assert fig.digest_of(vote) != before


def send(client: Client, task: int, data: dict[str, Any], content: bytes) -> Any:
    upload = io.BytesIO(content)
    upload.name = "结果.csv"
    answer = client.post(f"/tasks/{task}/totals/", data | {"op": "preview", "file": upload})
    apply(SYSTEM)
    return answer


def on_paper_alone(hall: Hall, **more: int) -> dict[str, Any]:
    return {name: n for name, n in keyed(hall).items() if not name.startswith(fig.PRESSED)} | more


def test_the_devices_file_and_the_paper_keyed_beside_it_are_shown_as_one_sum_and_kept_as_one_keying(
    hall, client
):
    collected(hall)
    task, table = open_task("voting.key_first").pk, keypad.as_csv(keypad.as_rows(TITLES, PRESSED))
    as_counter(client, hall, 1)
    asked = client.get(f"/tasks/{task}/totals/").content.decode()
    apply(SYSTEM)
    assert "本次另有代表用纸质票投票" in asked and 'name="valid"' in asked and "pressed_" not in asked

    preview = send(client, task, on_paper_alone(hall), table)
    assert preview.status_code == 200, preview.content.decode()
    rows = preview.context["rows"]
    assert [row["figures"] for row in rows] == [[11, 4, 3, 1], [7, 7, 2, 3]]
    assert "每个项目的赞成、反对、弃权、未按合计都是 19 票" in preview.content.decode()
    assert Keying.objects.count() == 0 and confirm(client, task, preview).status_code == 302
    assert Keying.objects.get().figures["pressed"] == PRESSED

    do("voting.key_second", hall.town.of("counter", 2), DAY, **keyed(hall))
    assert hall.vote.state == "keyed"


def test_on_the_import_page_too_what_does_not_balance_is_named_by_its_side_and_kept_nowhere(hall, client):
    collected(hall)
    task = open_task("voting.key_first").pk
    as_counter(client, hall, 1)
    wrong = keypad.as_csv(keypad.as_rows(TITLES, PRESSED | {"水厂改造": figures(9, 3, 2, 0)}))
    preview = send(client, task, on_paper_alone(hall), wrong)
    told = "项目“水厂改造”：按键赞成 9 ＋ 按键反对 3 ＋ 按键弃权 2 ＝ 14 票 ≠ 表决器记录 15 人。"
    assert preview.status_code == 422 and told in preview.content.decode()
    assert confirm(client, task, preview).status_code == 422 and Keying.objects.count() == 0
    again = client.post(
        f"/tasks/{task}/totals/", {"op": "again", "payload": preview.context["payload"]}
    ).content.decode()
    apply(SYSTEM)
    assert re.search(r'name="valid" value="\d+"', again), "the paper's figures are not keyed twice"

    right = keypad.as_csv(keypad.as_rows(TITLES, PRESSED))
    spoiled = send(client, task, on_paper_alone(hall, invalid=2), right)
    assert spoiled.status_code == 422 and "与无效票 2 张不符" in spoiled.content.decode()
    missing = send(client, task, {}, right)
    assert missing.status_code == 422 and Keying.objects.count() == 0


def test_the_table_and_the_form_name_both_sides_of_every_project(hall, client):
    collected(hall)
    page = page_of("voting.key_first", hall.town.of("counter"), "counter", client)
    assert "纸质票：赞成" in page and "表决器：未按" in page and "纸质票：未按" not in page
    assert "导入表决器结果" in page


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"pressed": {"水厂改造": figures(9, 3, 2, 2)}}, "按键赞成 9 ＋ 按键反对 3 ＋ 按键弃权 2 ＋ 未按 2 ＝ 16 票 ≠ 表决器记录 15 人"),
        ({"on_paper": {"村道硬化": figures(1, 2, 2, 0)}}, "纸质票赞成 1 ＋ 纸质票反对 2 ＋ 纸质票弃权 2 ＝ 5 票 ≠ 有效纸质票 4 张"),
    ],
    ids=["on the device", "on paper"],
)  # fmt: skip
def test_what_does_not_balance_is_named_by_its_side_and_nothing_can_be_signed(hall, wrong, told):
    collected(hall)
    data = keyed(hall, PRESSED | wrong.get("pressed", {}), ON_PAPER | wrong.get("on_paper", {}))
    keyed_twice(hall, data, data)

    (sentence,) = DESK.at_keying(hall.cycle)["unbalanced"]
    assert told in sentence and hall.vote.state == "closed" and hall.vote.figures == {}
    assert open_task("voting.key_first") and open_task("voting.key_second")
    assert '"sum_differs"' in Entry.objects.get(action="vote.reject_tally").body


def test_ballots_missing_on_paper_are_not_made_up_for_by_the_device(hall):
    """Nineteen of twenty either way: the whole would balance, the paper does not."""
    collected(hall)
    short = keyed(hall, PRESSED, ON_PAPER, invalid=0, spoiled_unreadable=0)
    with pytest.raises(InvalidForm, match="收回纸质票 5 张 ≠ 有效票 4 ＋ 无效票 0 ＝ 4 张。"):
        do("voting.key_first", hall.town.of("counter", 1), DAY, **short)
    assert not Keying.objects.exists()


def test_keyings_that_differ_are_refused_and_the_place_says_on_which_side(hall):
    collected(hall)
    other = keyed(
        hall, PRESSED | {"村道硬化": figures(6, 5, 2, 2)}, ON_PAPER | {"水厂改造": figures(2, 2, 0, 0)}
    )
    keyed_twice(hall, keyed(hall), other)
    assert DESK.at_keying(hall.cycle)["differ"] == [
        "“水厂改造”的纸质票反对", "“水厂改造”的纸质票弃权", "“村道硬化”的按键弃权", "“村道硬化”的未按",
    ]  # fmt: skip


# Who votes how


@pytest.mark.parametrize(
    ("on_paper", "told"),
    [((1,), "纸质票只有 1 人，少于 5 人"), (tuple(range(1, 18)), "按键表决的只有 3 人，少于 5 人")],
)
def test_so_few_on_either_way_that_their_votes_could_be_told_are_refused(hall, on_paper, told):
    with pytest.raises(InvalidForm, match=told) as refused:
        entered(hall, on_paper)
    assert list(refused.value.form.errors) == ["on_paper"] and "更换按键器" not in str(refused.value)
    assert hall.vote.awaiting == {}


def test_who_is_not_here_takes_no_paper(hall):
    with pytest.raises(InvalidForm):
        do("voting.open", hall.town.of("chair"), DAY, on_paper=["0"])


def test_without_a_roll_nobody_can_be_said_to_vote_on_paper(db):
    made = settled(TITLES, seats=1, in_office=20, ballot_channel="keypad", ballot_mode="each")
    do("voting.attendance", made.town.of("clerk"), DAY, present=20, on_leave=0)
    do("voting.open", made.town.of("chair"), DAY, issued=20, on_paper=["1"])
    do("voting.open_confirm", made.town.of("chief_teller"), DAY, confirmed=True)
    assert (made.vote.pressing, made.vote.paper_issued) == (20, 0)
    told = ["没有代表名册，会场表决器表决时不能同时使用纸质票。"]
    assert DESK.obstacles_to_handing_paper(made.cycle, at(DAY)) == told


def test_a_deputy_whose_keypad_fails_takes_paper_while_the_vote_goes_on(hall):
    opened(hall)
    do("voting.close", hall.town.of("chief_teller"), DAY, returned=15, paper_returned=5)
    with pytest.raises(NotInPerson):
        hand_paper(hall, 6, in_person=False)
    with pytest.raises(NotYourTurn):
        hand_paper(hall, 6, office="counter")
    entry = hand_paper(hall, 6)

    vote = hall.vote
    assert (vote.issued, vote.paper_issued, vote.pressing) == (20, 6, 14)
    assert json.loads(entry.body)["after"]["paper_issued"] == 6
    assert "close" not in vote.awaiting, "what was counted before is counted again"
    with pytest.raises(InvalidForm):
        hand_paper(hall, 6)


def test_one_alone_takes_no_paper_and_fewer_than_five_are_not_left_to_press(hall):
    opened(hall, ())
    with pytest.raises(Refused, match="请为其更换按键器，或者改领纸质票的不少于 5 人"):
        hand_paper(hall, 1)
    with pytest.raises(Refused, match="请全部到会代表领取纸质票"):
        hand_paper(hall, *range(1, 18))
    assert hall.vote.pressing == 20


def test_a_device_that_fails_gives_way_to_paper_for_all_and_asks_for_no_totals(hall, client):
    opened(hall, ())
    hand_paper(hall, *range(1, 21))
    assert (hall.vote.pressing, hall.vote.paper_issued) == (0, 20)
    closed(hall, paper_returned=20)
    as_counter(client, hall, 1)
    assert client.get(f"/tasks/{open_task('voting.key_first').pk}/totals/").status_code == 404
    apply(SYSTEM)
    data: dict[str, Any] = {"valid": 20, "invalid": 0}
    for option, votes in zip(hall.vote.options.all(), (12, 8), strict=True):
        data |= {f"for_{option.pk}": votes, f"against_{option.pk}": 20 - votes, f"abstain_{option.pk}": 0}
    keyed_twice(hall, data, data)
    certified(hall)
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    assert [(one.in_favour, one.not_pressed) for one in lines_of(hall.vote)] == [(12, 0), (8, 0)]
    assert [(str(name), n) for name, n in handed(hall.vote)] == [("发出表决票", 20), ("收回表决票", 20)]
    page = reverse("township_year", args=[hall.town.unit.code, hall.cycle.year])
    assert "未按" not in client.get(page).content.decode()


# What comes back


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        ({"returned": 16, "paper_returned": 5}, "表决器记录 16 人，多于按键表决的 15 人"),
        ({"returned": 14, "paper_returned": 6}, "收回纸质票 6 张，多于发出的 5 张"),
    ],
    ids=["on the device", "on paper"],
)
def test_more_on_either_side_than_went_out_makes_the_whole_vote_void(hall, returned, reason):
    """A deputy who pressed and took paper too is one more than those who press."""
    opened(hall)
    first = hall.vote
    closed(hall, **returned)
    first.refresh_from_db()
    assert (first.state, first.void_reason) == ("void", reason)
    assert hall.vote.follows == first and hall.vote.keypad


def test_so_few_recorded_that_their_votes_could_be_told_are_not_counted_by_the_device(hall):
    opened(hall)
    with pytest.raises(InvalidForm, match="表决器只记录 4 人，少于 5 人"):
        do("voting.close", hall.town.of("chief_teller"), DAY, returned=4, paper_returned=5)
    hand_paper(hall, *range(6, 21))
    closed(hall, paper_returned=20)
    assert hall.vote.state == "closed"


def test_a_recount_says_of_either_way_whether_it_came_to_another_number_than_before(hall):
    collected(hall)
    ask_recount(hall)
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    paper = "重新清点 4 张，与前次收回的 5 张不同，请再清点一遍。"
    pressed = "表决器记录 14 人，与前次记录的 15 人不同，请再核对一遍。"
    assert unlike_before(hall.vote, {"returned": 15, "paper_returned": 5}) == []
    assert unlike_before(hall.vote, {"returned": 15, "paper_returned": 4}) == [paper]
    assert unlike_before(hall.vote, {"returned": 14, "paper_returned": 5}) == [pressed]
    assert unlike_before(hall.vote.follows, {"returned": 14, "paper_returned": 4}) == [], (
        "nothing to compare with"
    )


def test_a_recount_is_of_both_and_keyed_by_another_pair(hall):
    collected(hall)
    keyed_twice(hall, keyed(hall), keyed(hall))
    certified(hall)
    first = hall.vote
    ask_recount(hall)
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="agree")
    again = hall.vote
    assert again.is_recount and (again.pressing, again.paper_issued) == (15, 5)
    before = [("前次表决器记录的人数", 15), ("前次收回纸质票", 5)]
    assert DESK.at_desk(hall.cycle)["came_back_before"] == before
    closed(hall, returned=15, paper_returned=5)
    data = keyed(hall, PRESSED, ON_PAPER | {"水厂改造": figures(1, 2, 1, 0)})
    keyed_twice(hall, data, data, pair=(3, 4))
    certified(hall)
    report = Paper.objects.filter(kind="tally_report").latest("pk")
    assert "“水厂改造”的赞成前次 11，本次 10" in report.data["compared"]
    assert not any("sums" in one.figures for one in first.keyings.all())


def test_ballots_are_printed_before_the_vote_and_while_it_goes_on(hall):
    assert printing.obstacles_to_printing(hall.vote) == []
    opened(hall)
    assert printing.obstacles_to_printing(hall.vote) == []
    closed(hall, returned=15, paper_returned=5)
    assert "可以补印纸质票" in printing.obstacles_to_printing(hall.vote)[0]


def test_the_second_of_two_reads_who_takes_paper_and_both_numbers(hall, client):
    entered(hall)
    page = page_of("voting.open_confirm", hall.town.of("chief_teller"), "chief_teller", client)
    assert "领取纸质票的代表：代表1、代表2、代表3、代表4、代表5。其余到会代表按会场表决器。" in page
    assert DESK.at_opening(hall.cycle)["entered"]["figures"] == [
        ("实到代表", 20), ("请假", 0), ("按键表决的代表", 15), ("发出纸质票", 5),
    ]  # fmt: skip
    assert "票箱是空的；按键表决的人数、发出纸质票的张数与上列数字一致" in page
    do("voting.open_confirm", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.close", hall.town.of("chief_teller"), DAY, returned=15, paper_returned=5)
    assert DESK.at_closing(hall.cycle)["entered"]["figures"] == [("表决器记录的人数", 15), ("收回纸质票", 5)]


def test_the_counters_password_is_asked_for_as_for_every_keying(hall, client):
    collected(hall)
    task = open_task("voting.key_first").pk
    as_counter(client, hall, 1)
    preview = send(client, task, on_paper_alone(hall), keypad.as_csv(keypad.as_rows(TITLES, PRESSED)))
    assert confirm(client, task, preview, password=PASSWORD + "错").status_code == 422
    assert Keying.objects.count() == 0
