"""Reading a vote from a file, and writing its outcome."""

import csv
import json
from fractions import Fraction
from pathlib import Path

import pytest

from projects.ballots.files import Overrides, Unusable, outcome_as_json, quorum_from, read_vote, read_vote_at
from projects.ballots.rules import MajorityBase, Mode, Rules, Verdict, decide

DATA = Path(__file__).parents[2] / "data"
CASES = sorted((DATA / "count").glob("*.json"))
ELECTIONS = sorted((DATA / "pb").glob("*.pb"))

PLAIN = {
    "deputies_in_office": 4,
    "deputies_present": 4,
    "ballots_issued": 4,
    "mode": "select",
    "seats": 1,
    "candidates": ["A", "B"],
    "ballots": [["A"], ["A"], ["A"], ["B"]],
}
SUMS = {"A": {"for": 3, "against": 0, "abstain": 1}, "B": {"for": 1, "against": 0, "abstain": 3}}
TALLY = {key: value for key, value in PLAIN.items() if key != "ballots"} | {
    "sums": SUMS,
    "valid": 4,
    "invalid": 0,
}


def written(raw: object) -> bytes:
    return json.dumps(raw, ensure_ascii=False).encode()


def faults_of(content: bytes, **how) -> list[str]:
    with pytest.raises(Unusable) as refusal:
        read_vote(content, **how)
    return [str(fault) for fault in refusal.value.faults]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_worked_cases(path):
    case = json.loads(path.read_text())
    outcome = outcome_as_json(decide(read_vote(written(case["file"]))))
    assert {key: outcome[key] for key in case["expected"]} == case["expected"], case["about"]
    assert set(outcome["reasons"]) == set(case["file"]["candidates"])


def test_both_plain_files_are_read_with_the_default_rules():
    for raw in (PLAIN, TALLY):
        vote = read_vote(written(raw))
        assert vote.rules == Rules()
        assert vote.paper.mode is Mode.SELECT
        assert decide(vote).result.elected == ("A",)


def changed(raw: dict, **changes: object) -> dict:
    return raw | changes


def without(raw: dict, *keys: str) -> dict:
    return {key: value for key, value in raw.items() if key not in keys}


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ([], "文件: 最外层应为一个对象，现为 列表"),
        (without(PLAIN, "seats"), "seats: 缺少此项"),
        (without(PLAIN, "ballots"), "文件: ballots 与 sums 至少要有一项"),
        (changed(PLAIN, seat=1), "seat: 没有这个键"),
        (changed(PLAIN, seats=0), "seats: 应选数应为不小于 1 的整数，现为 0"),
        (changed(PLAIN, seats=True), "seats: 应为整数，现为 true"),
        (changed(PLAIN, deputies_present="4"), 'deputies_present: 应为整数，现为 "4"'),
        (changed(PLAIN, deputies_in_office=4.0), "deputies_in_office: 应为整数，现为 4.0"),
        (changed(PLAIN, ballots_issued=10**13), "ballots_issued: 数目过大，绝对值不能超过 1000000000000"),
        (changed(PLAIN, ballots_returned=None), "ballots_returned: 应为整数，现为 null"),
        (changed(PLAIN, mode="approval"), 'mode: 应为 select、each、rank 之一，现为 "approval"'),
        (changed(PLAIN, candidates=[]), "candidates: 至少要有一个候选项目"),
        (changed(PLAIN, candidates=["A", "B", "A"]), 'candidates[2]: "A" 重复，已见于 candidates[0]'),
        (changed(PLAIN, candidates=["A", 7]), "candidates[1]: 应为文字，现为 7"),
        (changed(PLAIN, candidates=["A", " "]), "candidates[1]: 不能为空"),
        (changed(PLAIN, candidates="AB"), 'candidates: 应为列表，现为 "AB"'),
        (changed(PLAIN, ballots={}), "ballots: 应为列表，现为 对象"),
        (changed(PLAIN, ballots=[["A"], {"A": "for"}]), "ballots[1]: 应为项目编号的列表，现为 对象"),
        (changed(PLAIN, ballots=[["A", 1]]), "ballots[0][1]: 项目编号应为文字，现为 1"),
        (changed(PLAIN, mode="each"), "ballots[3]: 应为“项目编号: 表决意见”的对象，现为 列表"),
        (changed(PLAIN, mode="each", ballots=[{"A": 1}]), "ballots[0].A: 表决意见应为文字，现为 1"),
        (changed(PLAIN, valid=4), "valid: 只能与 sums 一起给出"),
        (without(TALLY, "valid"), "valid: 有 sums 时缺少此项"),
        (without(TALLY, "invalid"), "invalid: 有 sums 时缺少此项"),
        (changed(TALLY, sums=without(SUMS, "B")), "sums.B: 缺少此候选项目"),
        (changed(TALLY, sums=SUMS | {"C": SUMS["A"]}), "sums.C: 不在 candidates 里"),
        (changed(TALLY, sums=SUMS | {"B": without(SUMS["B"], "abstain")}), "sums.B.abstain: 缺少此项"),
        (changed(TALLY, sums=SUMS | {"B": SUMS["B"] | {"blank": 1}}), "sums.B.blank: 没有这个键"),
        (changed(TALLY, sums=SUMS | {"B": SUMS["B"] | {"for": False}}), "sums.B.for: 应为整数，现为 false"),
        (
            changed(TALLY, sums=SUMS | {"B": SUMS["B"] | {"points": 5}}),
            "sums.B.points: 只有 mode 为 rank 时才有得分",
        ),
        (changed(TALLY, mode="rank"), "sums.A.points: 缺少此项"),
        (changed(TALLY, sums=[]), "sums: 应为对象，现为 列表"),
        (changed(PLAIN, rules=[]), "rules: 应为对象，现为 列表"),
        (changed(PLAIN, rules={"ties": "all"}), "rules.ties: 没有这个键"),
        (changed(PLAIN, rules={"tie": "lot"}), 'rules.tie: 应为 runoff、all 之一，现为 "lot"'),
        (changed(PLAIN, rules={"each_cap": 1}), "rules.each_cap: 应为 true 或 false，现为 1"),
        (
            changed(PLAIN, rules={"quorum": "4/3"}),
            'rules.quorum: 应为大于 0、不大于 1 的分数（写作 "2/3"）或 "none"，现为 "4/3"',
        ),
        (
            changed(PLAIN, rules={"majority_base": "all"}),
            'rules.majority_base: 应为 in_office、present、valid、none 之一，现为 "all"',
        ),
    ],
)
def test_an_unusable_file_is_refused_with_the_place_of_the_fault(raw, fault):
    assert fault in faults_of(written(raw))


def test_all_faults_are_named_at_once_one_line_each():
    raw = changed(PLAIN, seats="x", ballots=[["A"], 3, None], candidates=["A", "A\n"], rules={"tie": "a\nb"})
    faults = faults_of(written(raw))
    assert [fault.split(":")[0] for fault in faults] == ["rules.tie", "seats", "ballots[1]", "ballots[2]"]
    assert not any("\n" in fault for fault in faults)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "第 1 行第 1 列: 不是合法的 JSON"),
        (b'{"mode":\n ]', "第 2 行第 2 列: 不是合法的 JSON"),
        (b'{"seats": 1, "seats": 2}', 'JSON: 键 "seats" 在同一个对象里出现两次'),
        (b'{"seats": NaN}', "JSON: 不是合法的 JSON（数字过长、不是数字，或嵌套过深）"),
        (b"9" * 5000, "JSON: 不是合法的 JSON（数字过长、不是数字，或嵌套过深）"),
        (b"[" * 200_000, "JSON: 不是合法的 JSON（数字过长、不是数字，或嵌套过深）"),
        (b"\xff\xfe{", "字节 1: 不是 UTF-8 编码"),
    ],
)
def test_text_that_is_no_json_is_refused(content, fault):
    assert faults_of(content) == [fault]


def test_a_name_that_cannot_be_written_is_refused():
    content = written(PLAIN).replace(b'"A"', b'"\\ud800"')
    assert faults_of(content) == ["candidates[0]: 含有不成对的代理字符，不是合法文字"]


def test_a_byte_order_mark_is_read_over():
    assert read_vote(b"\xef\xbb\xbf" + written(PLAIN)) == read_vote(written(PLAIN))


def test_negative_figures_are_read_and_left_to_the_reconciliation():
    negative = changed(TALLY, sums=SUMS | {"B": {"for": -1, "against": 0, "abstain": 5}})
    assert decide(read_vote(written(TALLY))).verdict is Verdict.DECIDED
    assert decide(read_vote(written(negative))).verdict is Verdict.UNBALANCED
    assert decide(read_vote(written(changed(TALLY, invalid=-1)))).verdict is Verdict.UNBALANCED


@pytest.mark.parametrize(
    ("text", "share"), [("2/3", Fraction(2, 3)), ("1", Fraction(1)), ("0.5", Fraction(1, 2)), ("none", None)]
)
def test_a_quorum_is_an_exact_share(text, share):
    assert quorum_from(text) == share


@pytest.mark.parametrize(
    "text", ["0", "1/0", "3/2", "-1/2", "", "two thirds", "1e-3", " 2/3", "2 / 3", 1, None, True]
)
def test_a_quorum_that_is_no_share_is_refused(text):
    with pytest.raises(ValueError):
        quorum_from(text)


def test_overrides_go_before_the_file():
    vote = read_vote(written(PLAIN), overrides=Overrides("3/4", "present", "2"))
    assert (vote.rules.quorum, vote.rules.majority_base, vote.paper.seats) == (
        Fraction(3, 4),
        MajorityBase.PRESENT,
        2,
    )
    assert read_vote(written(without(PLAIN, "seats")), overrides=Overrides(seats=2)).paper.seats == 2


@pytest.mark.parametrize(
    ("overrides", "place"),
    [
        (Overrides(quorum="5/4"), "--quorum"),
        (Overrides(majority_base="half"), "--majority-base"),
        (Overrides(seats="0"), "--seats"),
        (Overrides(seats="many"), "--seats"),
    ],
)
def test_a_bad_override_is_refused_under_its_own_name(overrides, place):
    assert [fault.split(":")[0] for fault in faults_of(written(PLAIN), overrides=overrides)] == [place]


def test_an_outcome_has_the_fixed_keys_in_the_fixed_order():
    outcome = outcome_as_json(decide(read_vote(written(PLAIN))))
    assert list(outcome) == [
        "outcome", "quorum", "majority", "ballots", "sums", "elected", "tied", "not_elected", "reasons",
    ]  # fmt: skip
    assert list(outcome["ballots"]) == ["issued", "returned", "valid", "invalid", "problems"]
    assert list(outcome["sums"]["A"]) == ["for", "against", "abstain", "not_pressed", "points"]


# Pabulib


def printed_votes(path: Path) -> dict[str, int]:
    """The `votes` column of PROJECTS, read without the code under test."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    rows = list(csv.reader(lines[lines.index("PROJECTS") + 1 : lines.index("VOTES")], delimiter=";"))
    id_at, votes_at = rows[0].index("project_id"), rows[0].index("votes")
    return {row[id_at]: int(row[votes_at]) for row in rows[1:]}


@pytest.mark.parametrize("path", ELECTIONS, ids=lambda path: path.stem)
def test_the_sums_of_real_elections_are_the_printed_ones(path):
    outcome = decide(read_vote_at(str(path)))
    assert {one: of.in_favour for one, of in outcome.count.sums.items()} == printed_votes(path)
    assert (outcome.count.invalid, outcome.quorum.needed, outcome.majority.needed) == (0, 0, 1)
    assert outcome.verdict is Verdict.DECIDED


@pytest.mark.parametrize(
    ("start", "seats", "voters", "elected"),
    [
        ("France_Toulouse_2022_17", 3, 93, ("182", "183", "180")),
        ("France_Toulouse_2022_7", 3, 154, ("84", "86", "87")),
        ("France_Toulouse_2022_9", 3, 185, ("91", "94", "201")),
    ],
)
def test_the_longest_ballot_of_a_real_election_is_its_number_of_seats(start, seats, voters, elected):
    outcome = decide(read_vote_at(str(next(path for path in ELECTIONS if path.name.startswith(f"{start}_")))))
    assert (outcome.vote.paper.seats, outcome.vote.deputies_in_office) == (seats, voters)
    assert (outcome.vote.deputies_present, outcome.ballots_issued, outcome.ballots_returned) == (voters,) * 3
    assert outcome.result.elected == elected


def test_without_a_longest_ballot_all_projects_are_seats():
    path = next(path for path in ELECTIONS if path.name.startswith("Netherlands"))
    vote = read_vote_at(str(path))
    assert vote.paper.seats == len(vote.paper.candidates) == 15


def pabulib(
    *, kind: str = "approval", meta: str = "", projects: str = "1;5\n2;6\n", votes: str = 'a;"1,2"\nb;1\nc;\n'
):
    text = f"META\nkey;value\nvote_type;{kind}\n{meta}PROJECTS\nproject_id;cost\n{projects}VOTES\nvoter_id;vote\n{votes}"
    return text.encode()


def test_a_small_pabulib_file_is_counted_with_its_empty_ballot():
    vote = read_vote(pabulib())
    assert vote.ballots == (["1", "2"], ["1"], [])
    assert [of.in_favour for of in decide(vote).count.sums.values()] == [2, 1]


def test_choose_one_has_one_seat_unless_the_file_says_otherwise():
    assert read_vote(pabulib(kind="choose-1")).paper.seats == 1
    assert read_vote(pabulib(kind="choose-1", meta="max_length;2\n")).paper.seats == 2
    assert read_vote(pabulib(kind="choose-1"), overrides=Overrides(seats="2")).paper.seats == 2
    # Two marks where one may be chosen spoil the ballot.
    assert decide(read_vote(pabulib(kind="choose-1"))).count.invalid == 1


def test_quotes_a_byte_order_mark_and_windows_lines_make_no_difference():
    quoted = pabulib(meta='description;"a; ""b"""\n')
    windows = b"\xef\xbb\xbf" + quoted.replace(b"\n", b"\r\n") + b"\r\n"
    assert read_vote(windows) == read_vote(quoted) == read_vote(pabulib())


@pytest.mark.parametrize(
    "meta",
    [
        "max_length;2.0\n",
        "max_length;2.00\n",
        "MAX_LENGTH; 2 \n",
        "max_length;2\nmin_length;1.0\nmax_sum_cost;100000.0\nleftover_budget;a;b\n",
        'max_length;2\n\n;;\ncomment;"two\nlines"\nacronym;"says ""so"""\n',
    ],
)
def test_what_else_stands_in_the_head_of_a_real_file_makes_no_difference(meta):
    assert read_vote(pabulib(meta=meta)) == read_vote(pabulib(meta="max_length;2\n"))


@pytest.mark.parametrize("kind", ["Approval", "APPROVAL", " approval "])
def test_a_vote_type_in_capitals_is_the_same_vote_type(kind):
    assert read_vote(pabulib(kind=kind)) == read_vote(pabulib())


def test_ids_are_words_and_voters_may_have_one_number():
    projects = 'W-07;5;"A; b"\n007;6;C "d" e\n7;1;"F" g\n\n'
    votes = 'a;"W-07,007"\na;7\na; 007 , 7,\nb\n;W-07\n'
    vote = read_vote(pabulib(projects=projects, votes=votes))
    assert vote.paper.candidates == ("W-07", "007", "7")
    assert vote.ballots == (["W-07", "007"], ["7"], ["007", "7"], [], ["W-07"])


def test_columns_beside_the_vote_may_stand_anywhere():
    content = pabulib(votes='"1,2";a;33\n1;b;\n;c;50\n').replace(b"voter_id;vote", b"Vote;voter_id;age")
    assert read_vote(content).ballots == read_vote(pabulib()).ballots


def test_a_projects_text_of_several_lines_is_one_cell():
    content = pabulib(projects='1;"five\nand six"\n2;6\n')
    assert read_vote(content) == read_vote(pabulib())


def test_a_mark_for_an_unlisted_project_spoils_the_ballot():
    assert decide(read_vote(pabulib())).count.invalid == 0
    assert decide(read_vote(pabulib(votes="a;1,9\nb;1\n"))).count.invalid == 1


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (pabulib(kind="ordinal"), 'META.vote_type: 只能计 approval 和 choose-1，现为 "ordinal"'),
        (pabulib(kind="cumulative"), 'META.vote_type: 只能计 approval 和 choose-1，现为 "cumulative"'),
        (pabulib(meta="max_length;many\n"), 'META.max_length: 应为整数，现为 "many"'),
        (pabulib(meta="max_length;0\n"), "META.max_length: 应选数应为不小于 1 的整数，现为 0"),
        (pabulib(projects=""), "PROJECTS: 至少要有一个项目"),
        (pabulib(projects="1;5\n1;6\n"), 'PROJECTS（第 7 行）: project_id "1" 重复，已见于第 6 行'),
        (pabulib().replace(b"voter_id;vote", b"voter_id;points"), "VOTES（第 9 行）: 表头缺少 vote"),
        (pabulib().replace(b"VOTES\n", b""), "VOTES: 缺少这一节，或这一节没有表头"),
        (b"x;y\n" + pabulib(), "第 1 行: META 之前不应有内容"),
        (pabulib(meta="max_length;2.5\n"), 'META.max_length: 应为整数，现为 "2.5"'),
        (pabulib(meta="vote_type;\n"), 'META.vote_type: 只能计 approval 和 choose-1，现为 ""'),
        (pabulib(votes='a;"1\nb;1\nc;2\n'), "第 10 行: 引号没有成对，把后面的行并了进来"),
        (pabulib().replace(b"a;", "é;".encode("latin-1")), "字节 88: 不是 UTF-8 编码"),
    ],
)
def test_an_unusable_pabulib_file_is_refused_with_the_place_of_the_fault(content, fault):
    assert faults_of(content, pabulib=True) == [fault]


def test_a_path_that_cannot_be_read_is_a_fault_like_any_other(tmp_path):
    with pytest.raises(Unusable) as refusal:
        read_vote_at(str(tmp_path / "none.json"))
    assert len(refusal.value.faults) == 1
    with pytest.raises(Unusable):
        read_vote_at(str(tmp_path))
