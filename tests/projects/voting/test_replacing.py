"""A teller leaves before the vote opens: one decision of the congress ends that office and grants the successor's."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.urls import reverse

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots import tellers
from projects.ballots.models import Signature
from projects.cycles.models import Paper, RollLine
from projects.cycles.papers import make_paper
from projects.deliberation.readiness import readiness_sheet
from projects.deliberation.rules import Level
from projects.deliberation.sitting import listed
from projects.demo.play.voting import Sheet, keyed
from projects.voting.superseding import told_superseded
from tests.builders import at, do
from tests.projects.voting.conftest import DAY, T, settled
from tests.projects.voting.test_device_flow import attend, hold, made, waiting
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotInPerson, NotYourTurn, Obstructed, Refused
from workflow.flows.events import events, perform
from workflow.flows.models import Meeting
from workflow.machines.services import fire
from workflow.roles.selectors import holders_of
from workflow.roles.services import end_offices

TITLES = ["文化礼堂", "村道硬化"]


@pytest.fixture
def hall(db):
    """Paper, 20 deputies; the congress has adopted a list of tellers and counters."""
    return with_list(settled(TITLES, seats=1, in_office=20))


@pytest.fixture
def by_device(db, monkeypatch):
    return with_list(made(monkeypatch))


def with_list(hall):
    people = {
        office: [str(user.pk) for user in hall.town.people[office]]
        for office in ("chief_teller", "teller", "counter")
    }
    title = "监票人、计票人名单"
    make_paper(hall.town.act("clerk", at(DAY)), hall.cycle, "tellers", title, body=listed(people), data=people, publish=True)  # fmt: skip
    return hall


def serving(town):
    """Whoever holds an office beside the mandate."""
    return {user for office, users in town.people.items() if office != "deputy" for user in users}


def replace(hall, office, leaving, successor, *, in_person=True, **more):
    data = {
        "leaving": f"{office}:{leaving.pk}", "successor": str(successor.pk), "reason": "因病离会",
        "held_on": DAY, "present_number": 18, "votes_for": 18, "votes_against": 0, "votes_abstain": 0,
        "minutes": "主席团提名，大会表决通过。",
    }  # fmt: skip
    return perform(
        "voting.replace_teller", hall.cycle, actor=hall.town.of("clerk"), at=at(DAY), data=data | more,
        reauthenticated=in_person,
    )  # fmt: skip


def free_deputy(hall, n=20):
    """A deputy who is neither of the presidium nor a teller."""
    return hall.town.of("deputy", n)


def lists(hall):
    """Body and what became of it, of every list of tellers in the order made."""
    papers = Paper.objects.filter(cycle=hall.cycle, kind="tellers").order_by("pk")
    told = sorted(told_superseded(papers), key=lambda paper: paper.pk)
    return [(paper.body, paper.superseded) for paper in told]


def keyed_on_paper(hall):
    do("voting.attendance", hall.town.of("clerk"), DAY, present=18, on_leave=2)
    do("voting.open", hall.town.of("chair"), DAY, issued=18)
    do("voting.open_confirm", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.close", hall.town.of("chief_teller"), DAY, returned=18)


def test_on_paper_the_successor_confirms_and_signs_and_the_predecessor_is_refused(hall):
    old, new = hall.town.people["teller"][0], free_deputy(hall)

    entry = replace(hall, "teller", old, new)

    other = hall.town.people["teller"][1]
    assert holders_of("teller", hall.town.unit, at(DAY).date()) == sorted([other, new], key=lambda u: u.pk)
    after = json.loads(entry.body)["after"]
    assert (after["left"], after["successor"], after["votes_for"]) == (old.username, new.username, 18)
    keyed_on_paper(hall)
    with pytest.raises(NotYourTurn):
        do("voting.close_confirm", old, DAY, confirmed=True)
    do("voting.close_confirm", new, DAY, confirmed=True)
    sums = keyed(hall.vote, Sheet({"文化礼堂": 12, "村道硬化": 6}))
    for n, turn in enumerate(("first", "second"), 1):
        do(f"voting.key_{turn}", hall.town.of("counter", n), DAY, **sums)
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    with pytest.raises(NotYourTurn):
        do("voting.certify_teller", old, DAY, confirmed=True)
    do("voting.certify_teller", new, DAY, confirmed=True)
    assert Signature.objects.get(office="teller").by == new


def test_the_list_is_published_anew_and_the_one_before_is_said_to_be_superseded(hall):
    old, new = hall.town.of("chief_teller"), free_deputy(hall)
    replace(hall, "chief_teller", old, new)

    (before, told), (after, nothing) = lists(hall)
    assert old.name in before and told == "已由《监票人、计票人名单（更换后）》取代"
    assert f"总监票人：{new.name}" in after and old.name not in after and nothing == ""
    met = Meeting.objects.get(title="更换监票人、计票人")
    assert (met.body, met.members, met.present, met.votes_for) == ("congress", 20, 18, 18)
    assert Paper.objects.filter(kind="minutes", title="大会纪要（更换监票人、计票人）").exists()
    ended = Entry.objects.filter(action="grant.revoke").latest("pk")
    assert "因病离会" in ended.body


def test_two_lists_of_one_day_are_told_apart_by_their_titles(hall, client):
    first, second = hall.town.people["teller"]
    replace(hall, "teller", first, free_deputy(hall, 20))
    replace(hall, "teller", second, free_deputy(hall, 19))
    replace(hall, "chief_teller", hall.town.of("chief_teller"), free_deputy(hall, 18))

    papers = list(Paper.objects.filter(cycle=hall.cycle, kind="tellers").order_by("pk"))
    titles = [
        "监票人、计票人名单",
        "监票人、计票人名单（更换后）",
        "监票人、计票人名单（第二次更换后）",
        "监票人、计票人名单（第三次更换后）",
    ]
    assert [paper.title for paper in papers] == titles
    assert [told for _body, told in lists(hall)] == [*(f"已由《{title}》取代" for title in titles[1:]), ""]
    shown = client.get(reverse("paper", args=[papers[1].pk])).content.decode()
    assert titles[1] in shown and f"已由《{titles[2]}》取代" in shown


def test_a_decision_the_congress_did_not_take_replaces_nobody(hall):
    old, new = hall.town.people["teller"][0], free_deputy(hall)
    with pytest.raises(InvalidForm, match="没有形成决定"):
        replace(hall, "teller", old, new, votes_for=10, votes_against=8)
    with pytest.raises(InvalidForm, match="三分之二"):
        replace(hall, "teller", old, new, present_number=12, votes_for=12)
    with pytest.raises(NotInPerson):
        replace(hall, "teller", old, new, in_person=False)
    assert old in holders_of("teller", hall.town.unit, at(DAY).date())


def test_who_serves_already_or_is_of_the_wrong_kind_does_not_take_the_place(hall):
    old, town = hall.town.people["teller"][0], hall.town
    for office, wrong in (
        ("teller", town.people["teller"][1]),
        ("teller", town.of("chief_teller")),
        ("counter", town.of("counter", 2)),
        ("teller", town.of("clerk")),
        ("counter", free_deputy(hall)),
    ):
        leaving = town.of("counter", 1) if office == "counter" else old
        with pytest.raises(InvalidForm):
            replace(hall, office, leaving, wrong)


def test_whoever_presides_or_is_not_here_takes_no_tellers_place(hall):
    town, (leaving, *_others) = hall.town, hall.town.people["teller"]
    absent, here = [user for user in town.deputies if user not in serving(town)][-2:]
    line = {"unit": town.unit, "session": hall.session}
    RollLine.objects.create(**line, user=absent, name=absent.name, presence="absent")
    for user in (here, town.of("chair")):
        RollLine.objects.create(**line, user=user, name=user.name, presence="present")
    act, told = town.act("clerk", at(DAY)), {"document": "大会通过", "reason": "因病离会"}
    for nobody in (town.of("chair"), absent):
        with pytest.raises(InvalidForm, match="接任的人"):
            replace(hall, "teller", leaving, nobody)
        with pytest.raises(Refused, match=f"^{nobody.name}主持会议或者没有到会，不能接任。$"):
            tellers.replace(act, hall.vote, "teller", leaving, nobody, **told)
    assert leaving in holders_of("teller", town.unit, date.fromisoformat(DAY))
    replace(hall, "teller", leaving, here)
    assert here in holders_of("teller", town.unit, date.fromisoformat(DAY))


def test_the_act_itself_refuses_whom_its_form_does_not_offer(hall):
    town, (leaving, other) = hall.town, hall.town.people["teller"]
    act, record = town.act("clerk", at(DAY)), {
        "reason": "因病离会", "held_on": T, "present_number": 18, "votes_for": 18, "votes_against": 0,
        "votes_abstain": 0, "minutes": "主席团提名，大会表决通过。",
    }  # fmt: skip
    (done,) = (event.act for event in events() if event.key == "voting.replace_teller")
    for office, left, new, why in (
        ("teller", leaving, town.of("clerk"), "监票人由代表担任"),
        ("counter", town.of("counter", 1), free_deputy(hall), "计票人由工作人员担任"),
        ("teller", leaving, other, "已是监票人或计票人"),
    ):
        with pytest.raises(Refused, match=why):
            done(act, hall.cycle, leaving=f"{office}:{left.pk}", successor=str(new.pk), **record)
    done(act, hall.cycle, leaving=f"teller:{leaving.pk}", successor=str(free_deputy(hall).pk), **record)
    assert free_deputy(hall) in holders_of("teller", town.unit, T)


def test_the_congress_replaced_nobody_before_its_session(hall):
    successor = next(user for user in hall.town.deputies if user not in serving(hall.town))
    with pytest.raises(InvalidForm, match="会议日期不能早于所议事项发生之日"):
        replace(hall, "teller", hall.town.of("teller"), successor, held_on="2027-01-19")


def test_a_counter_is_replaced_by_one_of_the_staff(hall):
    old, new = hall.town.of("counter", 1), hall.town.of("clerk")
    replace(hall, "counter", old, new)
    assert new in holders_of("counter", hall.town.unit, at(DAY).date())
    assert old not in holders_of("counter", hall.town.unit, at(DAY).date())


def test_a_place_whose_office_has_ended_already_is_filled_the_same_way(hall):
    old, new = hall.town.of("chief_teller"), free_deputy(hall)
    end_offices(
        unit=hall.town.unit,
        offices=["chief_teller"],
        act=hall.town.act("clerk", at(DAY)),
        reason="代表资格终止",
    )
    with pytest.raises(
        Obstructed, match=r"^尚未确定总监票人，由人大办提请大会通过人选后，办理“更换监票人、计票人”。$"
    ):
        do("voting.attendance", hall.town.of("clerk"), DAY, present=18, on_leave=2)

    replace(hall, "chief_teller", old, new)

    assert holders_of("chief_teller", hall.town.unit, at(DAY).date()) == [new]
    do("voting.attendance", hall.town.of("clerk"), DAY, present=18, on_leave=2)


def test_once_ballots_are_out_nobody_is_replaced(hall):
    old, new = hall.town.people["teller"][0], free_deputy(hall)
    keyed_on_paper(hall)
    with pytest.raises(Obstructed, match="投票已经开始，监票人、计票人不再更换"):
        replace(hall, "teller", old, new)


def test_outside_a_session_nobody_is_replaced(hall):
    fire(hall.session, "end", hall.town.act("chair", at(DAY)))
    with pytest.raises(Obstructed, match="会议举行期间才更换"):
        replace(hall, "teller", hall.town.people["teller"][0], free_deputy(hall))


def test_by_device_the_key_is_made_anew_and_only_the_successor_sets_the_share(by_device):
    hall = by_device
    hold(hall)
    old, new, key = hall.town.of("teller"), free_deputy(hall), hall.vote.public_key
    assert hall.vote.holders.get(office="teller").by == old

    replace(hall, "teller", old, new)

    assert hall.vote.public_key == "" and not hall.vote.holders.filter(office="teller").exists()
    assert "voting.hold_teller" in waiting() and "voting.attendance" not in waiting()
    words = {"passphrase": "新任监票人自己记得住的一句话", "repeated": "新任监票人自己记得住的一句话"}
    with pytest.raises(NotYourTurn):
        do("voting.hold_teller", old, DAY, **words)
    do("voting.hold_teller", new, DAY, **words)
    hold(hall, "chief_teller", "chair")
    assert waiting() == ["voting.attendance"] and hall.vote.public_key not in ("", key)
    assert hall.vote.holders.get(office="teller").by == new


def test_by_device_a_teller_who_holds_no_share_leaves_the_key_as_it_is(by_device):
    hall = by_device
    hold(hall)
    key = hall.vote.public_key
    replace(hall, "teller", hall.town.people["teller"][1], free_deputy(hall))
    assert hall.vote.public_key == key and waiting() == ["voting.attendance"]


def test_by_device_a_share_left_with_who_is_no_teller_any_more_opens_nothing(by_device):
    """Another teller is in office, so that nobody is missing at the desk: the key is."""
    hall, (left, other) = by_device, by_device.town.people["teller"]
    hold(hall)
    attend(hall)
    end_offices(
        unit=hall.town.unit, offices=["teller"], act=hall.town.act("clerk", at(DAY)), reason="代表资格终止", holder=left
    )  # fmt: skip
    told = f"{left.name}已不担任监票人，却仍保管开箱密钥"
    with pytest.raises(Obstructed, match=told):
        do("voting.open", hall.town.of("chair"), DAY, on_paper=[])
    (line,) = [line for line in readiness_sheet(hall.cycle, T) if line.what == "开箱口令"]
    assert (line.level, line.who) == (Level.BLOCKING, "人大主席") and told in line.note

    perform(
        "voting.release_holder", hall.cycle, actor=hall.town.of("chair"), at=at(DAY),
        data={"office": "teller", "reason": "监票人代表资格终止，主席团决定更换"}, reauthenticated=True,
    )  # fmt: skip
    words = {"passphrase": "新任监票人自己记得住的一句话", "repeated": "新任监票人自己记得住的一句话"}
    do("voting.hold_teller", other, DAY, **words)
    hold(hall, "chief_teller", "chair")
    attend(hall)
    do("voting.open", hall.town.of("chair"), DAY, on_paper=[])
    assert "open" in hall.vote.awaiting


def test_by_device_whoever_holds_another_share_does_not_take_the_place(by_device):
    hall = by_device
    hold(hall)
    # The presidium's share may be a deputy's.
    hall.vote.holders.filter(office="chair").update(by=free_deputy(hall))
    with pytest.raises(InvalidForm, match="三份密钥须由三个人分别保管"):
        replace(hall, "teller", hall.town.of("teller"), free_deputy(hall))
    act, told = hall.town.act("clerk", at(DAY)), {"document": "大会通过", "reason": "因病离会"}
    with pytest.raises(Refused, match="三份密钥须由三个人分别保管"):
        tellers.replace(act, hall.vote, "teller", hall.town.of("teller"), free_deputy(hall), **told)
