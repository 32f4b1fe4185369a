#!/usr/bin/env python3
"""Count an exported box of sealed ballots on a machine of one's own, without the system that collected them.

    python count_box.py BOX.json [--digest 票箱摘要] [--json]

Needs Python 3.11 and PyNaCl (`pip install pynacl`), no network, no database, nothing else of the system: it is a second
count by other code. Two of the three holders sit at it, each with the passphrase or the printed recovery sheet. It
checks the box against the digest frozen at closing, against the number of deputies the roll has marked and against the
tally as signed: where there is paper besides, the phones' sums are a part of it and are shown with the rest. A file that
was forged whole agrees with its own digest: give --digest what the signed 计票结果报告单 has printed (or the trail, or
the published list of receipts), blanks as they come. Nothing is written to disk. Exit status: 0 counted, 1 a
passphrase, sheet, digest or ballot does not fit, 2 the file is not usable.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

try:
    import nacl.exceptions
    import nacl.pwhash
    from nacl.public import PrivateKey, SealedBox
except ModuleNotFoundError:
    sys.exit("本机没有安装 PyNaCl，不能开箱。请先安装：python -m pip install pynacl")

# The second says besides how many the roll has marked; the third the tally as signed, of phones and paper together.
FORMATS = ("piaojue-box/1", "piaojue-box/2", "piaojue-box/3")
HALF, CODE = 16, 16
IRREDUCIBLE = (1 << 128) | (1 << 7) | (1 << 2) | 2 | 1  # x^128 + x^7 + x^2 + x + 1


class Wrong(Exception):
    """What does not fit, in Chinese."""


class Unusable(Exception):
    """Why a file cannot be counted at all, in Chinese."""


# The key


def share_from_passphrase(holder: dict[str, Any], passphrase: str) -> bytes:
    """A holder's share: Argon2id of the passphrase leads to the key the share is sealed to."""
    stretching = holder["stretching"]
    seed = nacl.pwhash.argon2id.kdf(
        32, passphrase.encode(), bytes.fromhex(holder["salt"]), stretching["ops"], stretching["memory"]
    )
    try:
        return SealedBox(PrivateKey(seed)).decrypt(bytes.fromhex(holder["sealed_share"]))
    except nacl.exceptions.CryptoError:
        raise Wrong(f"{holder['title']}的口令不对。") from None


def share_from_sheet(text: str) -> bytes:
    """A share typed in from the recovery sheet: base32, the last two bytes a checksum."""
    plain = (
        "".join(text.upper().split()).replace("-", "").replace("0", "O").replace("1", "I").replace("8", "B")
    )
    try:
        read = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except ValueError:
        read = b""
    share, check = read[:33], read[33:]
    if len(share) != 33 or hashlib.sha256(b"piaojue-share" + share).digest()[:2] != check:
        raise Wrong("恢复单上的字符抄写有误，请逐组核对。")
    return share


def private_key(one: bytes, other: bytes, public_key: str) -> PrivateKey:
    """Shamir two of three over GF(2^128): the line through two points, read off at 0, for either half of the key."""
    if one[0] == other[0]:
        raise Wrong("须由两名保管人各出一份。")
    halves = [
        at_zero((one[0], one[at : at + HALF]), (other[0], other[at : at + HALF])) for at in (1, 1 + HALF)
    ]
    private = PrivateKey(b"".join(halves))
    if bytes(private.public_key).hex() != public_key:
        raise Wrong("两份密钥合不成本次投票的密钥。")
    return private


def at_zero(one: tuple[int, bytes], other: tuple[int, bytes]) -> bytes:
    (x1, y1), (x2, y2) = one, other
    slope = invert(x1 ^ x2)
    first = multiply(int.from_bytes(y1, "big"), multiply(x2, slope))
    second = multiply(int.from_bytes(y2, "big"), multiply(x1, slope))
    return (first ^ second).to_bytes(HALF, "big")


def multiply(one: int, other: int) -> int:
    """The product in GF(2^128)."""
    product = 0
    while other:
        if other & 1:
            product ^= one
        one, other = one << 1, other >> 1
        if one >> 128:
            one ^= IRREDUCIBLE
    return product


def invert(value: int) -> int:
    """The inverse in GF(2^128): value to the power 2^128 − 2."""
    result, power = 1, value
    for _bit in range(127):
        power = multiply(power, power)
        result = multiply(result, power)
    return result


# The count


def check(box: dict[str, Any], printed: str = "") -> list[bytes]:
    """The ciphers of a box that is whole: the digest made again is the one frozen at closing, one ballot per mark.

    printed: that digest as it was read off the report. Wrong where a ballot lies in it twice, or there are others than
    the roll has marked deputies who voted.
    """
    ciphers = sorted(base64.b64decode(one) for one in box["ballots"])
    digest = hashlib.sha256(b"".join(len(one).to_bytes(4, "big") + one for one in ciphers)).hexdigest()
    if digest != box["digest"]:
        raise Wrong(f"票箱与封存时不一致：封存 {box['digest']}，现为 {digest}。")
    if printed and "".join(printed.split()).lower() != digest:
        raise Wrong(f"票箱与报告单上的票箱摘要不一致，文件不是截止时封存的票箱：文件为 {digest}。")
    if len(set(ciphers)) != len(ciphers):
        raise Wrong("票箱里有完全相同的票，是复制进去的。")
    if len(ciphers) != box.get("marks", len(ciphers)):
        raise Wrong(f"电子票箱 {len(ciphers)} 张 ≠ 名册划记 {box['marks']} 人。")
    return ciphers


def tracker_of(cipher: bytes) -> str:
    """The receipt number a deputy was given, as it stands in the published list."""
    text = base64.b32encode(hashlib.sha256(cipher).digest()).decode()[:16]
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def foreign(box: dict[str, Any], private: PrivateKey) -> list[str]:
    """The receipt numbers of ballots nobody can have cast: they do not open, or not to a valid ballot."""
    opener = SealedBox(private)
    return sorted(tracker_of(cipher) for cipher in check(box) if marks_of(opener, cipher, box) is None)


def count(box: dict[str, Any], private: PrivateKey) -> dict[str, Any]:
    """valid, invalid and per candidate for, abstain, points: numbers of ballots, but for points.

    against besides, where every line is marked by itself: where lines are chosen or ranked nobody can oppose one.
    not_pressed besides, where a line left empty is counted apart (满意度测评).
    """
    opener, names = SealedBox(private), box["candidates"]
    figures = {"for": 0, "abstain": 0, **dict.fromkeys(_words(box), 0), "points": 0}
    sums = {name: dict(figures) for name in names}
    valid = invalid = 0
    for cipher in check(box):
        marks = marks_of(opener, cipher, box)
        if marks is None:
            invalid += 1
            continue
        valid += 1
        for name, mark in zip(names, marks, strict=True):
            add(sums[name], mark, box)
    return {"valid": valid, "invalid": invalid, "sums": sums}


def figures_of(box: dict[str, Any], counted: dict[str, Any]) -> dict[str, Any]:
    """What is told of a count: the tally as signed, phones and paper together; of a box without one what was counted.

    The phones' part is never told beside the whole: who votes on paper stands on the roll. Wrong where the two do not
    fit: a mark of the phones the signed tally does not have, or other than the ballots returned on paper are left over;
    or where the tally has a figure the phones cannot give: it would be the paper's alone.
    """
    if "total" not in box:
        return counted
    total = box["total"]
    if any(set(of) - set(_words(box)) for of in total["sums"].values()):
        raise Wrong("已签字的计票结果中有电子票没有的表决意见，不是电子票和纸质票的合计。")
    valid, invalid = (total[name] - counted[name] for name in ("valid", "invalid"))
    left = [n - counted["sums"][name][mark] for name, of in total["sums"].items() for mark, n in of.items()]
    on_paper = box.get("paper", 0)
    if min(valid, invalid, *left) < 0 or valid + invalid != on_paper or (not on_paper and any(left)):
        raise Wrong("票箱计出的电子票与已签字的计票结果不符：合计减去电子票，不等于收回的纸质票。")
    return {name: total[name] for name in ("valid", "invalid", "sums")}


def marks_of(opener: SealedBox, cipher: bytes, box: dict[str, Any]) -> bytes | None:
    """One byte per candidate, or None for an invalid ballot."""
    try:
        marks = opener.decrypt(cipher)[CODE:]
    except nacl.exceptions.CryptoError:
        return None
    if len(marks) != len(box["candidates"]):
        return None
    return marks if LAWFUL[box["mode"]]([mark for mark in marks if mark], box) else None


LAWFUL: dict[str, Callable[[list[int], dict[str, Any]], bool]] = {
    "select": lambda marks, box: set(marks) <= {1} and len(marks) <= box["seats"],
    "rank": lambda marks, box: sorted(marks) == list(range(1, len(marks) + 1)) and len(marks) <= box["seats"],
    "each": lambda marks, box: (
        set(marks) <= {1, 2, 3} and not (box["each_cap"] and marks.count(1) > box["seats"])
    ),
}


def add(sums: dict[str, int], mark: int, box: dict[str, Any]) -> None:
    """One mark of a valid ballot onto its candidate's sums."""
    each = box["mode"] == "each"
    if mark == 1 or (mark and not each):
        sums["for"] += 1
    elif each and mark == 2:
        sums["against"] += 1
    elif not mark and box.get("blank_apart"):
        sums["not_pressed"] += 1
    else:
        sums["abstain"] += 1
    if box["mode"] == "rank" and mark:
        sums["points"] += box["seats"] - mark + 1


# At the desk


def read_box(path: str) -> dict[str, Any]:
    """What an exported file holds; Unusable where it cannot be opened, broke off on its way, or is another kind of file."""
    try:
        box = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError:
        raise Unusable(f"打不开“{path}”，请核对文件名和所在的文件夹。") from None
    except ValueError:
        raise Unusable("内容不完整或者不是票箱文件，请从系统重新导出、重新拷贝。") from None
    if not isinstance(box, dict) or box.get("format") not in FORMATS:
        raise Unusable(f"不是 {FORMATS[-1]} 格式的票箱文件。")
    return box


def ask_share(box: dict[str, Any], which: str, other: bytes = b"") -> bytes:
    """One holder's share, asked for at the terminal. other: the share that is there already, whose holder gives no second."""
    holders = box["holders"]
    for number, holder in enumerate(holders, 1):
        print(f"  {number}. {holder['title']}", file=sys.stderr)
    asked = _typed(f"{which}保管人（序号）：").strip()
    number = int(asked) if asked.isascii() and asked.isdecimal() else 0
    if not 1 <= number <= len(holders):
        raise Wrong(f"没有序号为“{asked}”的保管人。")
    if other and other[0] == number:
        raise Wrong("须由两名保管人各出一份，同一份不能用两次。")
    holder = holders[number - 1]
    passphrase = getpass.getpass(f"{holder['title']}的口令（忘记的直接回车，改输恢复单）：")
    if passphrase:
        return share_from_passphrase(holder, passphrase)
    share = share_from_sheet(_typed("恢复单："))
    if share[0] != number:
        raise Wrong(f"这不是{holder['title']}的恢复单。")
    return share


def _typed(asked: str) -> str:
    # Not on standard output: that is the count's alone, and often goes to a file.
    print(asked, end="", file=sys.stderr, flush=True)
    return input()


MARKS = {"for": "赞成", "against": "反对", "abstain": "弃权", "points": "得分"}
GRADES = {"for": "满意", "abstain": "基本满意", "against": "不满意", "not_pressed": "未作评价"}


def report(box: dict[str, Any], counted: dict[str, Any]) -> str:
    """The sums as people read them: of phones and paper together where there is paper."""
    told = figures_of(box, counted)
    lines = [
        box["title"],
        f"封存摘要 {box['digest']}",
        *([f"电子票箱 {len(box['ballots'])} 张 ＝ 名册划记 {box['marks']} 人"] if "marks" in box else []),
        *_about_paper(box),
        f"有效 {told['valid']} 张，无效 {told['invalid']} 张",
    ]
    # In the order of the paper, as the signed report has them.
    for number, name in enumerate(box["candidates"], 1):
        of = told["sums"][name]
        marks = "，".join(f"{word} {of[mark]}" for mark, word in _words(box).items())
        lines.append(f"  {number}. {name}：{marks}")
    return "\n".join(lines)


def _words(box: dict[str, Any]) -> dict[str, str]:
    if box.get("blank_apart"):
        return GRADES
    absent = {"select": {"against", "points"}, "rank": {"against"}, "each": {"points"}}[box["mode"]]
    return {mark: word for mark, word in MARKS.items() if mark not in absent}


def _about_paper(box: dict[str, Any]) -> list[str]:
    phones = f"电子票 {len(box['ballots'])} 张"
    if "total" not in box:
        return [f"{phones}。另有纸质票的，须与纸质票合并，结果以计票结果报告单为准。"]
    if not box["paper"]:
        return [f"{phones}，没有纸质票。开箱计出的票数与已签字的计票结果一致："]
    return [f"{phones}，纸质票 {box['paper']} 张。电子票已核对，与已签字的计票结果相符。两种票合计："]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="离线开箱计票：核对封存摘要，两名保管人输入口令，得出各项目票数。"
    )
    parser.add_argument("box", help="导出的票箱文件")
    parser.add_argument("--digest", default="", help="计票结果报告单上的票箱摘要（64 位），与文件核对")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出")
    given = parser.parse_args(arguments)
    try:
        told = _counted(given)
    except Unusable as error:
        print(f"文件不能用：{error}", file=sys.stderr)
        return 2
    except Wrong as error:
        print(str(error), file=sys.stderr)
        return 1
    # Whatever people type is refused in words of its own: what is left is the file's.
    except (LookupError, TypeError, ValueError, AttributeError, nacl.exceptions.CryptoError):
        print("文件不能用：内容不全或者被改动过，请从系统重新导出。", file=sys.stderr)
        return 2
    except (EOFError, KeyboardInterrupt):
        print("\n没有输入完，未计票。", file=sys.stderr)
        return 1
    print(told)
    return 0


def _counted(given: argparse.Namespace) -> str:
    """What is told of the box named at the command line, once two holders have typed their parts."""
    box = read_box(given.box)
    check(box, given.digest)
    if not given.digest:
        print(
            "没有输入报告单上的票箱摘要，只核对了文件自带的摘要；可加 --digest 再核对一次。", file=sys.stderr
        )
    one = ask_share(box, "第一名")
    private = private_key(one, ask_share(box, "第二名", one), box["public_key"])
    if strange := foreign(box, private):
        raise Wrong(f"有 {len(strange)} 张票打不开或不合票面，不是代表投出的，回执号：{'、'.join(strange)}。")
    counted = count(box, private)
    return json.dumps(figures_of(box, counted), ensure_ascii=False) if given.json else report(box, counted)


if __name__ == "__main__":
    sys.exit(main())
