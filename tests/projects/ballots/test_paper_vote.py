"""The ballot engine on paper: one vote of a congress, about nothing in particular."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from projects.ballots.figures import count_rules, decided, digest_of, equations, export, field_name, sheet
from projects.ballots.models import Keying, Signature, Vote
from projects.ballots.outcomes import outcome_of
from projects.ballots.questions import is_carried
from projects.ballots.selectors import declared_votes, lines_of, quorum_needed, signatures_hold, vote_page
from projects.ballots.services import (
    close_vote,
    continue_vote,
    declare,
    define_vote,
    key_tally,
    open_vote,
    order_vote,
    record_attendance,
    recount,
    sign,
    void_vote,
)
from projects.cycles.models import Session
from projects.cycles.rulebook import Rules
from tests.builders import at
from tests.projects.ballots.conftest import met
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.machines.services import Conflict
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _system(db):
    apply(SYSTEM)


@pytest.fixture
def unit(db) -> Unit:
    apply(SYSTEM)
    county = create_unit(code="C", name="示范县", kind=UnitKind.COUNTY)
    return create_unit(code="T", name="青溪镇", kind=UnitKind.TOWNSHIP, parent=county)


def act_of(unit: Unit, name: str = "chair") -> Act:
    user, _made = User.objects.get_or_create(username=name, defaults={"name": name})
    return Act(user, name, unit, at("2027-01-20"))


def defined(
    unit: Unit,
    titles=("甲", "乙"),
    *,
    seats=1,
    in_office=50,
    mode="select",
    purpose="projects",
    **rules,
) -> Vote:
    session = Session.objects.create(unit=unit, term=19, number=2, held_on=date(2027, 1, 20))
    return define_vote(
        act_of(unit),
        session=session,
        about="cycle:1",
        purpose=purpose,
        title="表决票",
        mode=mode,
        seats=seats,
        rules=count_rules(Rules(ballot_mode=mode)) | rules,
        deputies_in_office=in_office,
        options=[(f"item:{n}", title) for n, title in enumerate(titles, 1)],
        step=4,
    )


def opened(unit: Unit, *, present=45, issued=45, **more) -> Vote:
    vote = defined(unit, **more)
    open_vote(act_of(unit), vote, present=present, on_leave=0, issued=issued)
    return vote


def collected(unit: Unit, *, returned=45, **more) -> Vote:
    vote = opened(unit, **more)
    close_vote(act_of(unit), vote, returned=returned)
    return vote


def figures_of(vote: Vote, sums: dict[str, int], *, valid=45, invalid=0) -> dict:
    marks = {}
    for option in vote.options.all():
        marks[field_name("for", option)] = sums[option.title]
        marks[field_name("abstain", option)] = valid - sums[option.title]
    return sheet(vote, valid=valid, invalid=invalid, marks=marks)


def keyed(unit: Unit, sums: dict[str, int], **more) -> Vote:
    vote = collected(unit, titles=tuple(sums), **more)
    figures = figures_of(vote, sums)
    assert key_tally(act_of(unit, "one"), vote, turn=1, figures=figures) is None
    assert key_tally(act_of(unit, "two"), vote, turn=2, figures=figures) is None
    return vote


def certified(unit: Unit, sums: dict[str, int], **more) -> Vote:
    vote = keyed(unit, sums, **more)
    sign(act_of(unit, "chief"), vote, "chief_teller")
    sign(act_of(unit, "teller"), vote, "teller")
    return vote


# Defining


def test_a_vote_keeps_its_paper_in_order_and_stands_in_the_trail(unit):
    vote = defined(unit, ("丙", "甲", "乙"), seats=2)
    assert list(vote.options.values_list("position", "title")) == [(1, "丙"), (2, "甲"), (3, "乙")]
    entry = Entry.objects.get(action="vote.define")
    assert json.loads(entry.body)["after"]["options"][0] == ["item:1", "丙"]


def test_two_options_of_one_name_are_told_apart_by_their_number(unit):
    vote = defined(unit, ("道路", "道路"))
    assert list(vote.options.values_list("title", flat=True)) == ["道路", "道路（第 2 号）"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"seats": 0}, "应选数"),
        ({"mode": "lottery"}, "mode"),
        ({"titles": ()}, "candidates"),
        ({"quorum": "3/2"}, "quorum"),
        ({"colour": "red"}, "rules.colour"),
    ],
)
def test_a_definition_that_cannot_be_counted_is_refused_by_name(unit, wrong, named):
    with pytest.raises(Refused, match=named):
        session = {"titles": ("甲",)} | wrong
        mode = session.pop("mode", "select")
        rules = {key: session.pop(key) for key in ("quorum", "colour") if key in session}
        define_vote(
            act_of(unit),
            session=None,
            about="cycle:1",
            purpose="projects",
            title="表决票",
            mode=mode,
            seats=session.get("seats", 1),
            rules=count_rules(Rules()) | rules,
            deputies_in_office=50,
            options=[("item:1", title) for title in session["titles"]],
            step=4,
        )


# Opening and closing


@pytest.mark.parametrize(("in_office", "needed"), [(45, 30), (50, 34), (64, 43), (68, 46), (103, 69)])
def test_the_vote_opens_at_the_quorum_and_not_one_below(unit, in_office, needed):
    vote = defined(unit, in_office=in_office)
    assert quorum_needed(vote) == needed
    with pytest.raises(Refused, match=rf"《地方组织法》第十四条：应到 {in_office} 人，须有 {needed} 人以上"):
        open_vote(act_of(unit), vote, present=needed - 1, on_leave=0, issued=needed - 1)
    open_vote(act_of(unit), vote, present=needed, on_leave=0, issued=needed)
    assert vote.state == "open"


def test_a_vote_that_opens_holds_its_township_as_it_is(unit):
    vote = defined(unit)
    with CaptureQueriesContext(connection) as seen:
        open_vote(act_of(unit), vote, present=45, on_leave=0, issued=45)
    assert any("FOR SHARE" in one["sql"] and "workflow_unit" in one["sql"] for one in seen)


def test_without_a_quorum_rule_any_number_may_vote(unit):
    vote = defined(unit, quorum="none")
    open_vote(act_of(unit), vote, present=1, on_leave=0, issued=1)
    assert vote.state == "open"


@pytest.mark.parametrize(
    ("figures", "named"),
    [
        ({"present": 45, "on_leave": 0, "issued": 46}, "多于实到 45 人"),
        ({"present": 51, "on_leave": 0, "issued": 50}, "多于应到 50 人"),
        ({"present": 48, "on_leave": 3, "issued": 48}, "多于应到 50 人"),
        ({"present": 45, "on_leave": 0, "issued": 0}, "没有发出"),
    ],
)
def test_figures_that_cannot_be_do_not_open_the_vote(unit, figures, named):
    vote = defined(unit)
    with pytest.raises(Refused, match=named):
        open_vote(act_of(unit), vote, **figures)
    assert Vote.objects.get().state == "defined"


def test_an_open_vote_is_not_opened_again_and_its_attendance_stands(unit):
    vote = opened(unit)
    with pytest.raises(Conflict):
        open_vote(act_of(unit), vote, present=45, on_leave=0, issued=45)
    with pytest.raises(Refused, match="到会人数不再变动"):
        record_attendance(act_of(unit), vote, present=46, on_leave=0)


def test_as_many_returned_as_issued_is_valid_and_one_more_is_void(unit):
    vote = opened(unit)
    new = close_vote(act_of(unit), vote, returned=46)
    assert (vote.state, vote.returned) == ("void", 46)
    assert (new.state, new.follows, new.deputies_present) == ("defined", vote, None)
    assert new.title == "表决票（重新投票）"
    assert list(new.options.values_list("reference", flat=True)) == ["item:1", "item:2"]
    with pytest.raises(Refused, match="须由主席团决定重新投票"):
        open_vote(act_of(unit), new, present=45, on_leave=0, issued=45)
    order_vote(new, met(unit))
    open_vote(act_of(unit), new, present=45, on_leave=0, issued=45)
    assert close_vote(act_of(unit), new, returned=45) == new
    assert new.state == "closed"


def test_a_vote_that_is_not_open_is_not_closed(unit):
    vote = defined(unit)
    with pytest.raises(Conflict):
        close_vote(act_of(unit), vote, returned=99)
    assert Vote.objects.count() == 1


# Keying


def test_two_people_keying_the_same_figures_are_accepted(unit):
    vote = keyed(unit, {"甲": 42, "乙": 3})
    assert (vote.state, vote.figures["sums"]["甲"]["for"]) == ("keyed", 42)


def test_one_keying_alone_accepts_nothing(unit):
    vote = collected(unit)
    key_tally(act_of(unit, "one"), vote, turn=1, figures=figures_of(vote, {"甲": 42, "乙": 3}))
    assert (Vote.objects.get().state, Vote.objects.get().figures) == ("closed", {})


def test_keyings_that_differ_are_named_kept_and_keyed_again(unit):
    vote = collected(unit)
    key_tally(act_of(unit, "one"), vote, turn=1, figures=figures_of(vote, {"甲": 42, "乙": 3}))
    rejected = key_tally(act_of(unit, "two"), vote, turn=2, figures=figures_of(vote, {"甲": 24, "乙": 3}))
    assert rejected.places == ["“甲”的赞成", "“甲”的弃权"]
    assert rejected.sentences[0] == "项目“甲”：赞成两次录入不一致，第一次 42，第二次 24。"
    told = json.loads(Entry.objects.get(action="vote.reject_tally").body)["after"]
    assert told == {"round": 1, "differ": ["“甲”的赞成", "“甲”的弃权"], "unbalanced": []}
    for name, turn in (("two", 1), ("one", 2)):
        again = key_tally(act_of(unit, name), vote, turn=turn, figures=figures_of(vote, {"甲": 42, "乙": 3}))
        assert again is None
    assert vote.state == "keyed"
    assert Keying.objects.filter(round=1).count() == 2


def test_the_same_person_or_the_same_turn_twice_is_refused(unit):
    vote = collected(unit)
    figures = figures_of(vote, {"甲": 42, "乙": 3})
    key_tally(act_of(unit, "one"), vote, turn=1, figures=figures)
    with pytest.raises(Refused, match="不同的人"):
        key_tally(act_of(unit, "one"), vote, turn=2, figures=figures)
    with pytest.raises(Refused, match="已经完成"):
        key_tally(act_of(unit, "two"), vote, turn=1, figures=figures)
    assert Keying.objects.count() == 1


def test_figures_of_another_paper_are_refused(unit):
    vote = collected(unit)
    figures = figures_of(vote, {"甲": 42, "乙": 3})
    del figures["sums"]["乙"]
    with pytest.raises(Refused, match="缺少此候选项目"):
        key_tally(act_of(unit, "one"), vote, turn=1, figures=figures)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("valid", 44), "收回表决票 45 张 ≠ 有效票 44 ＋ 无效票 0 ＝ 44 张。"),
        (("甲", 40), "项目“甲”：赞成 40 ＋ 反对 0 ＋ 弃权 3 ＝ 43 票 ≠ 有效票 45 张。"),
        (("乙", 30), "各项目赞成合计 72 票 ＞ 应选 1 项 × 有效票 45 张 ＝ 45 票。"),
    ],
)
def test_a_tally_that_does_not_balance_is_not_accepted_though_both_keyed_the_same(unit, change, sentence):
    vote = collected(unit)
    figures = figures_of(vote, {"甲": 42, "乙": 3})
    name, number = change
    if name == "valid":
        figures["valid"] = number
    else:
        figures["sums"][name]["for"] = number
    key_tally(act_of(unit, "one"), vote, turn=1, figures=figures)
    rejected = key_tally(act_of(unit, "two"), vote, turn=2, figures=figures)
    assert sentence in [problem.sentence for problem in rejected.problems]
    assert Vote.objects.get().state == "closed"
    assert any(not line.holds for line in equations(vote, figures))
    with pytest.raises(Refused, match="不能签字"):
        sign(act_of(unit, "chief"), vote, "chief_teller")


def test_before_the_ballots_are_in_nothing_is_keyed(unit):
    vote = opened(unit)
    with pytest.raises(Refused, match="尚未收回"):
        key_tally(act_of(unit, "one"), vote, turn=1, figures=figures_of(vote, {"甲": 42, "乙": 3}))


# Signing


def test_two_signatures_certify_the_outcome_of_the_rules(unit):
    vote = keyed(unit, {"甲": 42, "乙": 3})
    first = sign(act_of(unit, "chief"), vote, "chief_teller")
    assert (first.certified, lines_of(vote)) == (False, [])
    second = sign(act_of(unit, "teller"), vote, "teller")
    assert second.certified and first.digest == second.digest == digest_of(vote)
    assert vote.outcome["elected"] == ["甲"] == list(decided(vote).result.elected)
    assert [line.elected for line in lines_of(vote)] == [True, False]


def test_one_person_cannot_sign_twice_in_either_office(unit):
    vote = keyed(unit, {"甲": 42, "乙": 3})
    sign(act_of(unit, "chief"), vote, "chief_teller")
    with pytest.raises(Refused, match="须是两个人"):
        sign(act_of(unit, "chief"), vote, "teller")
    with pytest.raises(Refused, match="总监票人已经签字"):
        sign(act_of(unit, "teller"), vote, "chief_teller")
    assert Signature.objects.count() == 1


def test_another_office_does_not_sign(unit):
    vote = keyed(unit, {"甲": 42, "乙": 3})
    with pytest.raises(Refused, match="总监票人和监票人签字"):
        sign(act_of(unit, "chair"), vote, "chair")


def test_figures_changed_between_the_signatures_are_noticed(unit):
    vote = keyed(unit, {"甲": 42, "乙": 3})
    sign(act_of(unit, "chief"), vote, "chief_teller")
    Vote.objects.filter(pk=vote.pk).update(figures=figures_of(vote, {"甲": 2, "乙": 43}))
    with pytest.raises(Refused, match="与前一人签字时不同"):
        sign(act_of(unit, "teller"), vote, "teller")


def test_unbalanced_figures_put_into_the_record_cannot_be_signed(unit):
    vote = keyed(unit, {"甲": 42, "乙": 3})
    Vote.objects.filter(pk=vote.pk).update(figures=figures_of(vote, {"甲": 42, "乙": 3}) | {"valid": 40})
    with pytest.raises(Refused, match="收回表决票 45 张 ≠ 有效票 40"):
        sign(act_of(unit, "chief"), vote, "chief_teller")


def test_what_was_tampered_with_after_signing_no_longer_holds(unit):
    vote = certified(unit, {"甲": 42, "乙": 3})
    assert signatures_hold(vote)
    Vote.objects.filter(pk=vote.pk).update(figures=figures_of(vote, {"甲": 2, "乙": 43}))
    assert not signatures_hold(Vote.objects.get())


def reworded(monkeypatch):
    """The count's sentences put otherwise than when the vote was signed."""
    monkeypatch.setattr("projects.ballots.rules.electing.votes_phrase", lambda of: f"赞成 {of.in_favour} 票")


def test_what_was_signed_holds_and_is_announced_though_its_sentences_are_worded_anew(unit, monkeypatch):
    vote = certified(unit, {"甲": 20, "乙": 20})
    kept, digest = vote.outcome, digest_of(vote)
    reworded(monkeypatch)
    assert decided(vote).result.reasons["甲"].sentence != kept["reasons"]["甲"]
    assert digest_of(vote) == digest and signatures_hold(vote)
    declare(act_of(unit), vote)
    vote = Vote.objects.get()
    assert (vote.state, vote.outcome) == ("declared", kept)
    page = vote_page(vote)
    assert page["signatures_hold"] and page["results"][0]["reason"] == kept["reasons"]["甲"]


@pytest.mark.parametrize(
    "tampered", [{"elected": ["乙"], "not_elected": ["甲"]}, {"reasons": {"甲": "未入选。", "乙": "入选。"}}]
)
def test_an_outcome_that_was_tampered_with_is_not_what_both_signed(unit, tampered):
    vote = certified(unit, {"甲": 42, "乙": 3})
    Vote.objects.filter(pk=vote.pk).update(outcome=vote.outcome | tampered)
    vote = Vote.objects.get()
    assert not signatures_hold(vote)
    with pytest.raises(Refused, match="与总监票人、监票人签字时不一致"):
        declare(act_of(unit), vote)


def test_an_outcome_that_does_not_follow_from_the_figures_is_not_announced_whoever_has_signed_it(unit):
    vote = certified(unit, {"甲": 42, "乙": 3})
    Vote.objects.filter(pk=vote.pk).update(outcome=vote.outcome | {"elected": ["乙"], "not_elected": ["甲"]})
    vote = Vote.objects.get()
    vote.signatures.update(digest=digest_of(vote))
    assert signatures_hold(vote)
    with pytest.raises(Refused, match="与总监票人、监票人签字时不一致"):
        declare(act_of(unit), vote)


def test_a_question_said_to_be_carried_by_figures_that_do_not_carry_it_is_not_announced_whoever_has_signed_it(
    unit,
):
    vote = certified(unit, {"甲": 3}, purpose="resolution", mode="each")
    line = vote.outcome["lines"]["甲"]
    flipped = {"lines": {"甲": line | {"good": True, "word": "通过", "reason": "通过。"}}}
    Vote.objects.filter(pk=vote.pk).update(outcome=vote.outcome | flipped)
    vote = Vote.objects.get()
    vote.signatures.update(digest=digest_of(vote))
    assert signatures_hold(vote)
    with pytest.raises(Refused, match="与总监票人、监票人签字时不一致"):
        declare(act_of(unit), vote)
    assert not is_carried(Vote.objects.get())


def test_a_question_that_was_signed_is_announced_though_its_sentences_are_worded_anew(unit, monkeypatch):
    vote = certified(unit, {"甲": 42}, purpose="resolution", mode="each")
    kept = vote.outcome
    monkeypatch.setattr("projects.ballots.rules.votes_phrase", lambda of: f"赞成 {of.in_favour} 票")
    assert outcome_of(vote, decided(vote))["lines"]["甲"]["reason"] != kept["lines"]["甲"]["reason"]
    declare(act_of(unit), vote)
    vote = Vote.objects.get()
    assert is_carried(vote) and vote.outcome == kept


def test_the_digest_of_a_tied_vote_is_the_one_its_tellers_would_have_signed_at_any_time(unit):
    """It stands on reports and under signatures: a change of it, however well meant, takes the signatures' hold from all."""
    vote = Vote.objects.create(
        pk=2027001,
        unit=unit,
        about_reference="cycle:1",
        purpose="projects",
        title="青溪镇2027年度民生实事项目表决票",
        mode="select",
        seats=2,
        rules={"quorum": "2/3", "majority_base": "in_office", "tie": "runoff", "shortfall": "vacant", "each_cap": False},
        deputies_in_office=50,
        deputies_present=45,
        on_leave=3,
        issued=45,
        returned=45,
        state="certified",
        figures={
            "valid": 44,
            "invalid": 1,
            "sums": {
                "甲": {"for": 36, "against": 4, "abstain": 4},
                "乙": {"for": 26, "against": 8, "abstain": 10},
                "丙": {"for": 26, "against": 9, "abstain": 9},
            },
        },
    )  # fmt: skip
    for position, title in enumerate("甲乙丙", 1):
        vote.options.create(unit=unit, position=position, reference=f"item:{position}", title=title)
    vote.outcome = outcome_of(vote, decided(vote)) | {
        "reasons": {"甲": "入选。", "乙": "相等。", "丙": "相等。"}
    }
    assert (vote.outcome["outcome"], vote.outcome["tied"]) == ("runoff", ["乙", "丙"])
    assert digest_of(vote) == "bc3bab0a5aa4dc5e288fd82b1edc274eec56aa939267a53bad26c5e53fb3706f"


def test_the_export_rehearses_to_the_certified_outcome(unit, tmp_path):
    vote = certified(unit, {"甲": 42, "乙": 3})
    path = tmp_path / "vote.json"
    path.write_text(export(vote), encoding="utf-8")
    out = io.StringIO()
    call_command("rehearse", str(path), "--json", stdout=out)
    assert json.loads(out.getvalue()) == vote.outcome


# Declaring and after


def test_a_declared_vote_is_read_with_its_reconciliation(unit):
    vote = certified(unit, {"甲": 42, "乙": 3})
    assert vote_page(vote)["results"] == []
    declare(act_of(unit), vote)
    page = vote_page(vote)
    assert page["results"][0]["figures"][0] == ("赞成", 42) and page["signatures_hold"]
    assert all(line.holds for line in page["equations"])
    assert declared_votes("cycle:1", "projects") == [vote]
    assert continue_vote(act_of(unit), vote) is None


def test_an_uncertified_vote_is_not_declared(unit):
    vote = keyed(unit, {"甲": 42, "乙": 3})
    with pytest.raises(Conflict):
        declare(act_of(unit), vote)


def test_a_tie_is_continued_among_the_tied_alone_for_the_places_left(unit):
    sums = {"甲": 40, "乙": 30, "丙": 30, "丁": 30, "戊": 5}
    vote = certified(unit, sums, seats=3)
    declare(act_of(unit), vote)
    assert vote.outcome["outcome"] == "runoff"
    second = continue_vote(act_of(unit), vote)
    assert list(second.options.values_list("title", flat=True)) == ["乙", "丙", "丁"]
    assert (second.seats, second.purpose, second.rules["majority_base"]) == (2, "run_off", "none")
    assert second.deputies_in_office == 50


def test_the_rule_all_tied_elects_them_and_continues_nothing(unit):
    vote = certified(unit, {"甲": 30, "乙": 30, "丙": 30}, seats=2, tie="all")
    declare(act_of(unit), vote)
    assert vote.outcome["elected"] == ["甲", "乙", "丙"]
    assert continue_vote(act_of(unit), vote) is None


def test_a_recount_leaves_the_signed_record_and_takes_its_place(unit):
    vote = certified(unit, {"甲": 42, "乙": 3})
    new = recount(act_of(unit, "chief"), vote, reason="代表要求复核。")
    assert (new.state, new.issued, new.follows, new.follows_because) == ("open", 45, vote, "代表要求复核。")
    assert Vote.objects.get(pk=vote.pk).state == "certified"
    with pytest.raises(Refused, match="正在重新进行"):
        declare(act_of(unit), vote)
    with pytest.raises(Refused, match="已经重新进行"):
        recount(act_of(unit, "chief"), vote, reason="再来一次。")


def test_every_recount_of_one_vote_has_a_title_of_its_own(unit):
    chief = act_of(unit, "chief")

    def again(vote):
        close_vote(chief, new := recount(chief, vote, reason="代表要求复核。"), returned=vote.returned)
        return new

    vote = certified(unit, {"甲": 42, "乙": 3})
    third = again(second := again(first := again(vote)))
    told = [one.title.removeprefix(vote.title) for one in (first, second, third)]
    assert told == ["（复票）", "（第二次复票）", "（第三次复票）"]


def test_a_recount_bears_the_title_of_the_vote_it_counts(unit):
    vote = certified(unit, {"甲": 38, "乙": 26, "丙": 26}, seats=2, tie="runoff")
    declare(act_of(unit), vote)
    run_off = continue_vote(act_of(unit), vote)
    open_vote(act_of(unit), run_off, present=45, on_leave=0, issued=45)
    close_vote(act_of(unit), run_off, returned=45)
    new = recount(act_of(unit, "chief"), run_off, reason="代表要求复核。")
    assert new.title == f"{vote.title}（再次投票）（复票）"


def test_what_is_declared_is_not_made_void(unit):
    vote = certified(unit, {"甲": 42, "乙": 3})
    declare(act_of(unit), vote)
    with pytest.raises(Conflict):
        void_vote(act_of(unit), vote, reason="重新投票。")


def test_a_signed_vote_is_not_made_void(unit):
    vote = certified(unit, {"甲": 42, "乙": 3})
    with pytest.raises(Conflict):
        void_vote(act_of(unit), vote, reason="重新投票。")


@given(
    marks=st.lists(st.integers(0, 45), min_size=2, max_size=4),
    seats=st.integers(1, 4),
    mode=st.sampled_from(["select", "each"]),
)
@hypothesis_settings(max_examples=25, deadline=None)
def test_whatever_is_certified_is_what_the_rules_say_of_the_exported_file(marks, seats, mode):
    from django.db import transaction

    from projects.ballots.files import outcome_as_json, read_vote
    from projects.ballots.rules import decide

    with transaction.atomic():
        apply(SYSTEM)
        county = create_unit(code="HC", name="示范县", kind=UnitKind.COUNTY)
        unit = create_unit(code="HT", name="青溪镇", kind=UnitKind.TOWNSHIP, parent=county)
        sums = {f"项目{n}": votes for n, votes in enumerate(marks)}
        vote = collected(unit, titles=tuple(sums), seats=seats, mode=mode)
        figures = figures_of(vote, sums)
        key_tally(act_of(unit, "one"), vote, turn=1, figures=figures)
        rejected = key_tally(act_of(unit, "two"), vote, turn=2, figures=figures)
        again = decide(read_vote(json.dumps(json.loads(export(vote)) | figures).encode()))
        assert bool(rejected) == (again.verdict == "unbalanced")
        if not rejected:
            sign(act_of(unit, "chief"), vote, "chief_teller")
            sign(act_of(unit, "teller"), vote, "teller")
            assert vote.outcome == outcome_as_json(again)
        transaction.set_rollback(True)
