"""Sealed ballots without a database: keys, shares, recovery sheets, the box, and the second counter that shares no code."""

from __future__ import annotations

import base64
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from projects.ballots import offline, sealing
from projects.ballots.rules import Mode, Paper, count_ballots, read_ballot

QUICK = {"name": "argon2id", "ops": 1, "memory": 8192}
PASSPHRASES = ("一条大河波浪宽广", "风吹稻花香两岸啊", "我家就在岸上住着")


@pytest.fixture(scope="module")
def holders():
    return [sealing.new_holder(passphrase, QUICK) for passphrase in PASSPHRASES]


@pytest.fixture(scope="module")
def keys(holders):
    return sealing.make_keys([holder.public_key for holder in holders])


@pytest.fixture(scope="module")
def shares(holders, keys):
    return [
        sealing.open_share(holder, share, passphrase)
        for holder, share, passphrase in zip(holders, keys.sealed_shares, PASSPHRASES, strict=True)
    ]


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 0), (0, 2), (2, 1)])
def test_any_two_shares_make_the_private_key(one, other, keys, shares):
    private = sealing.join_shares(shares[one], shares[other], keys.public_key)

    assert bytes(private.public_key).hex() == keys.public_key


def test_one_share_twice_is_refused(keys, shares):
    with pytest.raises(sealing.CannotOpen, match="两名持有人"):
        sealing.join_shares(shares[0], shares[0], keys.public_key)


def test_a_share_of_another_vote_is_refused(holders, keys, shares):
    other = sealing.make_keys([holder.public_key for holder in holders])
    foreign = sealing.open_share(holders[1], other.sealed_shares[1], PASSPHRASES[1])

    with pytest.raises(sealing.CannotOpen, match="不属于本次投票"):
        sealing.join_shares(shares[0], foreign, keys.public_key)


def test_a_wrong_passphrase_opens_no_share(holders, keys):
    with pytest.raises(sealing.CannotOpen, match="口令不对"):
        sealing.open_share(holders[0], keys.sealed_shares[0], PASSPHRASES[1])


def test_what_is_stored_of_a_holder_holds_no_passphrase(holders):
    for holder, passphrase in zip(holders, PASSPHRASES, strict=True):
        assert passphrase not in json.dumps([holder.salt, holder.public_key], ensure_ascii=False)
        assert passphrase.encode().hex() not in holder.salt + holder.public_key


def test_two_vote_keys_are_never_the_same(holders, keys):
    assert sealing.make_keys([holder.public_key for holder in holders]).public_key != keys.public_key


def test_a_recovery_sheet_gives_its_share_back_however_it_is_typed(shares):
    text = sealing.sheet_of(shares[2])

    assert sealing.share_from_sheet(text) == shares[2]
    assert sealing.share_from_sheet(text.lower().replace(" ", "-").replace("o", "0")) == shares[2]


def test_a_misread_character_of_a_recovery_sheet_is_noticed(shares):
    text = sealing.sheet_of(shares[0])
    wrong = text[:10] + ("A" if text[10] != "A" else "B") + text[11:]

    with pytest.raises(sealing.CannotOpen, match="抄写有误"):
        sealing.share_from_sheet(wrong)


@pytest.mark.parametrize("text", ["", "你好", "AAAA", "A" * 400])
def test_what_is_no_recovery_sheet_is_refused_in_plain_words(text):
    with pytest.raises(sealing.CannotOpen, match="抄写有误"):
        sealing.share_from_sheet(text)


# The box

PAPERS = {
    mode: Paper(("水厂", "卫生室", "村道", "路灯", "校车"), mode, 3)
    for mode in (Mode.SELECT, Mode.EACH, Mode.RANK)
}


@st.composite
def ballots(draw, paper):
    if paper.mode is Mode.EACH:
        marks = st.sampled_from(["for", "against", "abstain"])
        return draw(st.dictionaries(st.sampled_from(paper.candidates), marks))
    return draw(st.lists(st.sampled_from(paper.candidates), max_size=6))


@pytest.mark.parametrize("mode", PAPERS)
@hypothesis_settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_ballot_comes_out_of_the_box_saying_what_it_said(mode, data):
    paper = PAPERS[mode]
    ballot = data.draw(ballots(paper))

    back = sealing.decode(sealing.encode(ballot, paper), paper)

    assert read_ballot(back, paper) == read_ballot(_in_order(ballot, paper), paper)


def _in_order(ballot, paper):
    """A `select` ballot says nothing by its order; `each` is read in the order of the paper."""
    if paper.mode is Mode.SELECT:
        return [one for one in paper.candidates if one in ballot]
    if paper.mode is Mode.EACH:
        return {one: ballot[one] for one in paper.candidates if one in ballot}
    return ballot


@pytest.mark.parametrize("mode", PAPERS)
def test_every_cipher_of_a_vote_has_one_length(mode, keys):
    paper = PAPERS[mode]
    empty = {} if mode is Mode.EACH else []
    full = dict.fromkeys(paper.candidates, "against") if mode is Mode.EACH else list(paper.candidates[:3])

    assert len(sealing.seal_ballot(empty, paper, keys.public_key)) == len(
        sealing.seal_ballot(full, paper, keys.public_key)
    )


def test_the_same_ballot_sealed_twice_looks_different(keys):
    paper = PAPERS[Mode.SELECT]

    assert len({sealing.seal_ballot(["水厂"], paper, keys.public_key) for _turn in range(20)}) == 20


def test_what_does_not_open_is_an_invalid_ballot(keys, shares):
    paper = PAPERS[Mode.SELECT]
    private = sealing.join_shares(shares[0], shares[1], keys.public_key)
    good = sealing.seal_ballot(["水厂"], paper, keys.public_key)

    opened = sealing.open_box([good, good[:-1] + bytes([good[-1] ^ 1]), b"junk"], private, paper)

    counted = count_ballots(opened, paper=paper)
    assert (counted.valid, counted.invalid) == (1, 2)


def test_the_digest_of_a_box_does_not_know_the_order_of_casting():
    ciphers = [bytes([n]) * 70 for n in range(30)]
    shuffled = random.sample(ciphers, len(ciphers))

    assert sealing.digest_of_box(ciphers) == sealing.digest_of_box(shuffled)
    assert sealing.digest_of_box(ciphers) != sealing.digest_of_box(ciphers[:-1])


def test_the_roll_s_mark_and_the_box_s_key_of_a_token_have_nothing_in_common():
    token = sealing.new_token()

    assert sealing.mark_on_roll(token) != sealing.key_in_box(token)
    assert token not in sealing.mark_on_roll(token) + sealing.key_in_box(token)


# The second counter


def exported(paper, keys, holders, box):
    ciphers = [sealing.seal_ballot(ballot, paper, keys.public_key) for ballot in box]
    return {
        "format": offline.FORMATS[-1],
        "title": "表决票",
        "public_key": keys.public_key,
        "mode": str(paper.mode),
        "seats": paper.seats,
        "each_cap": paper.each_cap,
        "candidates": list(paper.candidates),
        "digest": sealing.digest_of_box(ciphers),
        "marks": len(ciphers),
        "holders": [
            {
                "title": f"保管人{n}",
                "salt": holder.salt,
                "stretching": holder.stretching,
                "sealed_share": share,
            }
            for n, (holder, share) in enumerate(zip(holders, keys.sealed_shares, strict=True))
        ],
        "ballots": [base64.b64encode(cipher).decode() for cipher in ciphers],
    }


def as_sums(counted, mode):
    """As the offline tool has them: only where every line is marked by itself can one be opposed."""
    return {
        "valid": counted.valid,
        "invalid": counted.invalid,
        "sums": {
            one: {"for": of.in_favour, "abstain": of.abstain, "points": of.points}
            | ({"against": of.against} if mode is Mode.EACH else {})
            for one, of in counted.sums.items()
        },
    }


def random_box(draws, paper):
    """Ballots lawful and not, as a box may hold them."""
    box = []
    for _ballot in range(draws.randint(0, 12)):
        chosen = draws.sample(paper.candidates, draws.randint(0, len(paper.candidates)))
        if paper.mode is Mode.EACH:
            box.append({one: draws.choice(["for", "against", "abstain"]) for one in chosen})
        else:
            box.append(chosen)
    return box


@pytest.mark.long(1)
def test_rules_and_the_offline_tool_agree_on_sealed_boxes(size, holders, keys, shares):
    draws, agreed = random.Random(20270120), 0
    ours = sealing.join_shares(shares[0], shares[1], keys.public_key)
    theirs = offline.private_key(shares[2], shares[1], keys.public_key)
    for _turn in range(size("sealed_boxes", 500, 1_000)):
        names = tuple(f"项目{n}" for n in range(draws.randint(1, 8)))
        paper = Paper(names, draws.choice(list(Mode)), draws.randint(1, 8), each_cap=draws.random() < 0.3)
        box = exported(paper, keys, holders, random_box(draws, paper))
        ciphers = [base64.b64decode(one) for one in box["ballots"]]

        opened = count_ballots(sealing.open_box(ciphers, ours, paper), paper=paper)

        assert offline.count(box, theirs) == as_sums(opened, paper.mode)
        agreed += 1
    assert agreed >= 500


def test_the_offline_tool_s_shares_are_the_same_whichever_way_they_come(holders, keys, shares):
    holder = {
        "title": "总监票人",
        "salt": holders[0].salt,
        "stretching": QUICK,
        "sealed_share": keys.sealed_shares[0],
    }

    assert offline.share_from_passphrase(holder, PASSPHRASES[0]) == shares[0]
    assert offline.share_from_sheet(sealing.sheet_of(shares[0])) == shares[0]
    with pytest.raises(offline.Wrong, match="口令不对"):
        offline.share_from_passphrase(holder, PASSPHRASES[1])


def test_the_offline_tool_takes_a_recovery_sheet_from_its_own_holder_alone(
    monkeypatch, holders, keys, shares
):
    box, typed = exported(PAPERS[Mode.SELECT], keys, holders, [["水厂"]]), iter([""])
    monkeypatch.setattr(offline.getpass, "getpass", lambda _asked: "")
    monkeypatch.setattr("builtins.input", lambda: next(typed))

    typed = iter(["2", sealing.sheet_of(shares[1])])
    assert offline.ask_share(box, "第一名") == shares[1]
    typed = iter(["1", sealing.sheet_of(shares[1])])
    with pytest.raises(offline.Wrong, match="这不是保管人0的恢复单"):
        offline.ask_share(box, "第一名")
    typed = iter(["2"])
    with pytest.raises(offline.Wrong, match="同一份不能用两次"):
        offline.ask_share(box, "第二名", shares[1])
    for nobody in ("0", "9", "甲"):
        typed = iter([nobody])
        with pytest.raises(offline.Wrong, match=f"没有序号为“{nobody}”的保管人"):
            offline.ask_share(box, "第一名")


def test_the_offline_tool_stands_alone_and_refuses_a_box_that_was_touched(tmp_path, holders, keys):
    box = exported(PAPERS[Mode.SELECT], keys, holders, [["水厂"]] * 6)
    box["ballots"].pop()
    path = tmp_path / "box.json"
    path.write_text(json.dumps(box), encoding="utf-8")

    done = _offline(tmp_path, path)

    assert done.returncode == 1
    assert "与封存时不一致" in done.stderr


def test_a_box_forged_whole_does_not_agree_with_the_printed_digest(tmp_path, holders, keys):
    real, forged = (exported(PAPERS[Mode.SELECT], keys, holders, [["水厂"]] * 6) for _box in range(2))
    printed = " ".join(real["digest"][at : at + 4] for at in range(0, 64, 4)).upper()

    assert len(offline.check(real, printed)) == 6
    assert len(offline.check(forged)) == 6
    with pytest.raises(offline.Wrong, match="与报告单上的票箱摘要不一致"):
        offline.check(forged, printed)

    path = tmp_path / "box.json"
    path.write_text(json.dumps(forged), encoding="utf-8")
    done = _offline(tmp_path, path, "--digest", printed)
    assert done.returncode == 1 and "与报告单上的票箱摘要不一致" in done.stderr
    assert "只核对了文件自带的摘要" in _offline(tmp_path, path).stderr


def test_the_offline_tool_refuses_a_copied_ballot_and_a_box_that_is_not_the_roll_s(holders, keys):
    box = exported(PAPERS[Mode.SELECT], keys, holders, [["水厂"]] * 6)
    assert len(offline.check(box)) == 6
    assert len(offline.check({name: of for name, of in box.items() if name != "marks"})) == 6

    with pytest.raises(offline.Wrong, match="电子票箱 6 张 ≠ 名册划记 5 人"):
        offline.check(box | {"marks": 5})
    copied = [*box["ballots"], box["ballots"][0]]
    digest = sealing.digest_of_box(base64.b64decode(one) for one in copied)
    with pytest.raises(offline.Wrong, match="完全相同"):
        offline.check(box | {"ballots": copied, "digest": digest, "marks": 7})


def test_both_counters_name_the_ballots_nobody_can_have_cast(holders, keys, shares):
    paper = PAPERS[Mode.SELECT]
    private = sealing.join_shares(shares[0], shares[1], keys.public_key)
    good, many = (sealing.seal_ballot(list(paper.candidates[:n]), paper, keys.public_key) for n in (3, 4))
    box = exported(paper, keys, holders, []) | {
        "ballots": [base64.b64encode(one).decode() for one in (good, many, b"junk")],
        "digest": sealing.digest_of_box([good, many, b"junk"]),
        "marks": 3,
    }

    assert sealing.foreign_in([good, many, b"junk"], private, paper) == [many, b"junk"]
    named = sorted(map(sealing.tracker_of, (many, b"junk")))
    assert offline.foreign(box, private) == named
    assert offline.count(box, private)["valid"] == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "other"}'])
def test_the_offline_tool_says_what_is_no_box(tmp_path, text):
    path = tmp_path / "box.json"
    path.write_text(text, encoding="utf-8")

    done = _offline(tmp_path, path)

    assert done.returncode == 2
    assert "文件不能用" in done.stderr


def test_the_offline_tool_tells_the_projects_in_the_order_of_the_paper(holders, keys):
    box = exported(PAPERS[Mode.SELECT], keys, holders, [["水厂"]] * 6)
    sums = {name: {"for": 0, "abstain": 6, "points": 0} for name in sorted(box["candidates"], reverse=True)}
    told = offline.report(box, {"valid": 6, "invalid": 0, "sums": sums}).splitlines()
    assert [line.strip().partition("：")[0] for line in told[-len(sums) :]] == [
        f"{number}. {name}" for number, name in enumerate(box["candidates"], 1)
    ]


def test_the_offline_tool_says_what_has_to_be_installed(tmp_path):
    alone = tmp_path / "count_box.py"
    alone.write_bytes(Path(offline.__file__).read_bytes())
    bare = [sys.executable, "-I", "-S", str(alone), "box.json"]
    done = subprocess.run(bare, capture_output=True, text=True, env={"PYTHONIOENCODING": "utf-8"})
    assert done.returncode == 1 and "没有安装 PyNaCl" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("lost", ["its end", "a part", "what a part holds", "the file"])
def test_the_offline_tool_says_in_plain_words_what_is_no_whole_box(tmp_path, holders, keys, lost):
    box = exported(PAPERS[Mode.SELECT], keys, holders, [["水厂"]] * 6)
    path, whole = tmp_path / "box.json", json.dumps(box)
    left = {name: of for name, of in box.items() if name != "holders"}
    text = {
        "its end": whole[:-40],
        "a part": json.dumps(left),
        "what a part holds": json.dumps(box | {"holders": 3}),
    }
    if lost != "the file":
        path.write_text(text[lost], encoding="utf-8")

    done = _offline(tmp_path, path)

    assert done.returncode == 2
    assert "文件不能用：" in done.stderr and "Traceback" not in done.stderr
    told = done.stderr.replace(str(path), "").splitlines()[-1]
    assert not re.search("[A-Za-z]{4}", told), "in Chinese alone"


def test_the_offline_tool_counts_nothing_where_nobody_types_a_share(tmp_path, holders, keys):
    path = tmp_path / "box.json"
    path.write_text(
        json.dumps(exported(PAPERS[Mode.SELECT], keys, holders, [["水厂"]] * 6)), encoding="utf-8"
    )

    done = _offline(tmp_path, path)

    assert (done.returncode, done.stdout) == (1, "")
    assert "第一名保管人（序号）：" in done.stderr and "没有输入完，未计票" in done.stderr


def _offline(folder: Path, path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the tool as its users do: one file, copied away from the project."""
    alone = folder / "count_box.py"
    alone.write_bytes(Path(offline.__file__).read_bytes())
    return subprocess.run(
        [sys.executable, "-P", str(alone), str(path), *more],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=folder, env={"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
