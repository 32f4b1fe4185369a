#!/usr/bin/env python3
"""核验办理记录 / verify an exported trail. One file, Python ≥ 3.9 alone, nothing of the system that made it.

    python3 verify.py trail.jsonl [heads.json]
    python3 verify.py proof proof.json
    python3 verify.py dossier FOLDER

The first recomputes every hash of the chain from the exported bytes, and where the heads are given: the Merkle root at every
head (RFC 6962), the Ed25519 signature of every head and every co-signature (RFC 8032, the arithmetic is below).
The second takes no trail: whether the one entry in the file is among what the head in it stands for (an inclusion
proof), and whether that head only adds to an older one (a consistency proof); both heads' signatures with it.
The third takes an unpacked dossier: every file is the one SHA256SUMS names, none is missing and none stands there besides;
then the trail and the heads inside of it as the first does.
Exit status: 0 nothing disagrees, 1 something does (the entry is named), 2 the files cannot be read.

Without heads this shows no more than that the lines follow from one another: whoever can rewrite the whole chain makes
them do so. The keys stand in the heads file and are printed: compare them with the ones you were given on paper, or
anybody could have signed. Which heads were kept outside the system before, the files do not say: compare with yours.
A head may carry time stamps (RFC 3161), which the openssl program verifies:

    python3 verify.py --stamps FOLDER heads.json
    openssl ts -verify -data FOLDER/120-open.data -in FOLDER/120-open.tsr -CAfile the-authority.pem

The layout of the bytes: a line is {"hash":…,"id":…,"index":…,"prev":…,"recorded_at":…,"unit_id":…, and then the
hashed body without its opening brace. leaf = "piaojue-leaf-v1\\n" unit_id "\\n" index "\\n" id "\\n" recorded_at "\\n" body;
hash = SHA-256( prev ‖ leaf ).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
from typing import Any, Dict, Iterable, List, Tuple  # as old Pythons spell them

LINE = re.compile(
    rb'\{"hash":"([0-9a-f]{64})","id":(\d+),"index":(\d+),"prev":"([0-9a-f]{64})",'
    rb'"recorded_at":"([^"]{27})","unit_id":(\d+),'
)
GENESIS = bytes(32)
Facts = Dict[str, Any]


def _h(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


# -- Merkle proofs (RFC 6962 §2.1; the walks are those of RFC 9162 §2.1.3.2 and §2.1.4.2)


def _sides(place: int, last: int, count: int) -> list[bool]:
    """On which side each of `count` steps of a proof stands (True: left); shorter where the proof is no such one."""
    sides: List[bool] = []
    while last and len(sides) < count:
        left = bool(place & 1) or place == last
        sides.append(left)
        if left:
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    return sides if last == 0 and len(sides) == count else []


def verify_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """Whether the leaf is number `index` (from 0) of the `size` leaves under this root."""
    if not 0 <= index < size or (size == 1 and proof):
        return False
    sides, found = _sides(index, size - 1, len(proof)), _h(b"\x00", leaf)
    if size > 1 and not sides:
        return False
    for left, step in zip(sides, proof):
        found = _h(b"\x01", step, found) if left else _h(b"\x01", found, step)
    return found == root


def verify_consistency(older: int, older_root: bytes, size: int, root: bytes, proof: list[bytes]) -> bool:
    """Whether the tree of `size` leaves begins with the tree of `older` leaves (1 or more)."""
    if not 0 < older <= size:
        return False
    if older == size:
        return older_root == root and not proof
    steps = list(proof) if older & (older - 1) else [older_root, *proof]
    place, last = older - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    sides = _sides(place, last, len(steps) - 1)
    if not sides:
        return False
    first = second = steps[0]
    for left, step in zip(sides, steps[1:]):
        if left:
            first = _h(b"\x01", step, first)
        second = _h(b"\x01", step, second) if left else _h(b"\x01", second, step)
    return first == older_root and second == root


class Tree:
    """The roots of the complete subtrees, largest first."""

    def __init__(self) -> None:
        self.size: int = 0
        self.peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        found, full = _h(b"\x00", leaf), self.size
        while full & 1:
            found, full = _h(b"\x01", self.peaks.pop(), found), full >> 1
        self.peaks.append(found)
        self.size += 1

    def root(self) -> bytes:
        found = self.peaks[-1] if self.peaks else _h()
        for left in reversed(self.peaks[:-1]):
            found = _h(b"\x01", left, found)
        return found


# -- Ed25519 (RFC 8032 §5.1, §6): verifying alone

Point = Tuple[int, int, int, int]
_P = 2**255 - 19
_Q = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)


def _recover_x(y: int, sign: int) -> int | None:
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if sign else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P:
        return None
    return _P - x if x & 1 != sign else x


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(number: int, point: Point) -> Point:
    found: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = _add(found, point)
        point, number = _add(point, point), number >> 1
    return found


def _point(encoded: bytes) -> Point | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


_BASE_X, _BASE_Y = _recover_x(4 * pow(5, _P - 2, _P) % _P, 0) or 0, 4 * pow(5, _P - 2, _P) % _P
_BASE: Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)


def verify_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the 64 bytes are the signature of a message under a public key of 32 bytes."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= _Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _Q
    left, right = _times(s, _BASE), _add(r, _times(h, key))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % _P == 0


def _signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """The same, by PyNaCl where it is at hand: a year has thousands of heads."""
    try:
        from nacl.exceptions import BadSignatureError
        from nacl.signing import VerifyKey
    except ImportError:
        return verify_signature(public, message, signature)
    try:
        VerifyKey(public).verify(message, signature)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


# -- heads


def head_statement(unit_id: int, unit: str, head: Facts) -> bytes:
    """The bytes a head's signature is over."""
    named = (head["size"], head["root"], head["hash"], head["at"], head["why"], head["key"])
    return "\n".join(map(str, ("piaojue-head-v1", unit_id, unit, *named))).encode()


def cosign_statement(statement: bytes, signature: bytes, cosigned: Facts) -> bytes:
    """The bytes a county's co-signature is over. signature: the head's own, 64 bytes."""
    digest = hashlib.sha256(statement + signature).hexdigest()
    return "\n".join(
        ("piaojue-cosign-v1", cosigned["unit"], cosigned["at"], cosigned["key"], digest)
    ).encode()


def _signer_fault(feed: Facts, purpose: str, signed: Facts, statement: bytes) -> str:
    """Whether one key of the file signed it, for this purpose and while it was in use: a retired one signs nothing new."""
    key = next((one for one in feed["keys"] if one["id"] == signed["key"]), None)
    public = base64.b64decode(key["public"]) if key else b""
    if key is None or not _signed(public, statement, base64.b64decode(signed["signature"])):
        return "签名不符"
    if hashlib.sha256(public).hexdigest()[:16] != key["id"]:
        return "签名的密钥编号与公钥不符"
    # Times are written alike, to the microsecond in UTC: they compare as they stand.
    retired = key["until"] and key["until"] <= signed["at"]
    if key["purpose"] != purpose or signed["at"] < key["since"] or retired:
        return "签名的密钥不作此用，或者当时不在使用期内"
    return ""


def head_fault(feed: Facts, head: Facts) -> str:
    """What is wrong with a head's signatures, in one sentence; empty means nothing."""
    statement = head_statement(feed["unit_id"], feed["unit"], head)
    if found := _signer_fault(feed, "head", head, statement):
        return found
    signature = base64.b64decode(head["signature"])
    for one in head["cosignatures"]:
        if found := _signer_fault(feed, "cosign", one, cosign_statement(statement, signature, one)):
            return "县级" + found
    # That the server signed this digest, and when, is for openssl to say (see above).
    digest = _h(statement, signature)
    if any(digest not in base64.b64decode(one["token"]) for one in head.get("stamps", [])):
        return "时间戳不是为这个校验值签发的"
    return ""


def write_stamps(feed: Facts, folder: str) -> int:
    """Write every time stamp and what it is over as files for openssl; how many.

    Of a file with several units (a county's) those of each, the unit's number before their names.
    """
    if "units" in feed:
        return sum(_write_stamps(one, folder, f"{int(one['unit_id'])}-") for one in feed["units"])
    return _write_stamps(feed, folder, "")


def _write_stamps(feed: Facts, folder: str, of: str) -> int:
    written = 0
    for head in feed["heads"]:
        said = head_statement(feed["unit_id"], feed["unit"], head) + base64.b64decode(head["signature"])
        for one in head.get("stamps", []):
            name = os.path.join(folder, f"{of}{int(head['size'])}-{re.sub('[^a-z]', '', head['why'])}")
            for suffix, content in (("data", said), ("tsr", base64.b64decode(one["token"]))):
                with open(f"{name}.{suffix}", "wb") as file:
                    file.write(content)
            written += 1
    return written


# -- the trail


class Line:
    """One exported line. ValueError for another layout. where: what a fault in it is called."""

    def __init__(self, line: bytes) -> None:
        found = LINE.match(line)
        if not found:
            raise ValueError("不是导出的办理记录")
        self.hash, self.prev = bytes.fromhex(found[1].decode()), bytes.fromhex(found[4].decode())
        self.entry, self.index, self.unit = int(found[2]), int(found[3]), int(found[6])
        body = b"{" + line[found.end() :].rstrip(b"\n")
        self.leaf = b"\n".join((b"piaojue-leaf-v1", found[6], found[3], found[2], found[5], body))
        self.where = f"第{self.index}条（编号{self.entry}）"


class Reader:
    """A trail being recomputed, line by line. faults name entry and index, notes say what is unproved, compared with
    how many heads.

    A trail exported in part (a year, a subject) has gaps: then each line is checked by itself and against its
    neighbour, and heads by the chain's hash alone where their entry is among the lines.
    """

    def __init__(self, feed: Facts | None = None) -> None:
        self.unit: int | None = feed["unit_id"] if feed else None
        self.heads: Dict[int, List[Facts]] = {}
        for head in feed["heads"] if feed else []:
            self.heads.setdefault(head["size"], []).append(head)
        self.signed = max(self.heads, default=0)
        self.tree, self.whole, self.prev = Tree(), True, GENESIS
        self.count = self.last = self.compared = 0
        self.faults: List[str] = []
        self.notes: List[str] = []

    def read(self, lines: Iterable[bytes]) -> Reader:
        """Take every line, then say what the end of them leaves open."""
        for line in lines:
            self._take(Line(line))
        if not self.whole:
            self.notes.append("只导出了部分记录，缺的部分未核验")
        elif self.signed > self.last:
            self.faults.append(
                f"第{self.last}条之后：最近一次签名时有{self.signed}条，此后的记录缺失（如果导出早于这次签名，请重新导出后再核验）"
            )
        return self

    def _take(self, line: Line) -> None:
        self.whole = self.whole and line.index == self.last + 1
        self.faults += [f"{line.where}：{said}" for said in self._said_of(line)]
        self.tree.add(line.leaf)
        for head in self.heads.get(line.index, []):
            self.compared += 1
            if line.hash.hex() != head["hash"] or (self.whole and self.tree.root().hex() != head["root"]):
                self.faults.append(f"{line.where}：与{head['at']}签名的校验值不符，此处或此前的记录被改动过")
        self.prev, self.last, self.count = line.hash, line.index, self.count + 1

    def _said_of(self, line: Line) -> Iterable[str]:
        if self.unit not in (None, line.unit):
            yield "不是这个单位的记录"
        if line.index <= self.last:
            yield "序号没有递增"
        if line.index == self.last + 1 and line.prev != self.prev:
            yield "没有接上前一条记录的校验值"
        if _h(line.prev, line.leaf) != line.hash:
            yield "内容与校验值不符"


def _feed(path: str, trail: str = "") -> Facts:
    """The feed in a file; of one with several units (a county's) that of the unit whose trail it is."""
    with open(path, encoding="utf-8") as file:
        feed: Facts = json.load(file)
    if "units" not in feed or not trail:
        return feed
    with open(trail, "rb") as lines:
        unit = Line(lines.readline()).unit
    found: Facts | None = next((one for one in feed["units"] if one["unit_id"] == unit), None)
    if found is None:
        raise ValueError("校验值文件里没有这个单位")
    return found


def _forged(feed: Facts) -> Iterable[str]:
    for head in feed["heads"]:
        if found := head_fault(feed, head):
            yield f"{head['at']}的校验值（{head['size']}条）：{found}"


# -- one entry, one older head


Found = Tuple[List[str], List[str]]  # what does not agree, what is proved


def _stands(feed: Facts, size: int, root: str) -> List[str]:
    if any(head["size"] == size and head["root"] == root for head in feed["heads"]):
        return []
    return [f"{size}条的校验值不在文件所附的签名之中"]


def _included(feed: Facts, proof: Facts) -> Found:
    """Whether the entry whose line stands in the proof is among what its head stands for."""
    line, size = Line(proof["line"].encode()), int(proof["size"])
    steps = [bytes.fromhex(step) for step in proof["inclusion"]]
    if line.unit != feed["unit_id"] or _h(line.prev, line.leaf) != line.hash:
        return [f"{line.where}：内容与校验值不符，或者不是这个单位的记录"], []
    if not verify_inclusion(line.leaf, line.index - 1, size, steps, bytes.fromhex(proof["root"])):
        return [f"{line.where}：不能证明在{size}条的校验值之内"], []
    return [], [f"{line.where}在{size}条的校验值之内，内容未改动。"]


def _consistent(feed: Facts, proof: Facts) -> Found:
    """Whether its head only adds to the older one."""
    older, size = int(proof["older"]), int(proof["size"])
    before, root = bytes.fromhex(proof["older_root"]), bytes.fromhex(proof["root"])
    faults = _stands(feed, older, proof["older_root"])
    steps = [bytes.fromhex(step) for step in proof["consistency"]]
    if not verify_consistency(older, before, size, root, steps):
        return [*faults, f"不能证明{size}条的校验值延续了{older}条时的记录"], []
    return faults, [f"{size}条的校验值延续了{older}条时的记录，只增加、未改动。"]


PROOFS = {"inclusion": _included, "consistency": _consistent}


def verify_proofs(feed: Facts) -> Found:
    """A file of heads with proofs. KeyError, TypeError, ValueError: it is no such file."""
    proof: Facts = feed["proof"]
    proved: List[str] = []
    faults = [*_forged(feed), *_stands(feed, int(proof["size"]), proof["root"])]
    asked = [name for name in PROOFS if name in proof]
    if not asked:
        raise ValueError("文件中没有证明")
    for name in asked:
        wrong, right = PROOFS[name](feed, proof)
        faults, proved = faults + wrong, proved + right
    return faults, proved


def _proof(path: str) -> int:
    try:
        feed = _feed(path)
        faults, proved = verify_proofs(feed)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.stderr.write(f"无法核验：{error}\n")
        return 2
    for said in faults + proved + _keys_told(feed):
        print(said)
    print("有问题。" if faults else "与所附校验值一致。请将上列公钥与另行留存的核对。")
    return 1 if faults else 0


def _stamps(folder: str, heads: str) -> int:
    try:
        print(f"写出{write_stamps(_feed(heads), folder)}个时间戳，请用 openssl ts -verify 逐个核验。")
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"无法写出：{error}\n")
        return 2
    return 0


def _keys_told(feed: Facts) -> List[str]:
    """The keys that signed what is in the file, for whoever holds them on paper."""
    used = {one["key"] for head in feed["heads"] for one in [head, *head["cosignatures"]]}
    return [f"公钥：{key['id']}（{key['public']}）" for key in feed["keys"] if key["id"] in used]


def _after_told(read: Reader) -> str:
    """How much stands after the last head, and after the last one that carries a time stamp."""
    if not read.heads:
        return ""
    stamped = max(
        (one["size"] for heads in read.heads.values() for one in heads if one.get("stamps")), default=0
    )
    told = f"，其中最近一次签名的校验值之后有{max(read.last - read.signed, 0)}条"
    if stamped:
        told += f"，最近一次带时间戳的校验值之后有{max(read.last - stamped, 0)}条（时间戳另用 openssl 核验）"
    return told


def _verdict(read: Reader, feed: Facts | None) -> str:
    """What is shown where nothing disagrees; of a chain nobody compared with anything that is little."""
    if read.compared:
        return f"与所附校验值一致（比对{read.compared}个）。请将上列公钥与另行留存的核对。"
    if read.heads:
        missing = "所附校验值都不在这些记录之内"
    elif feed is None:
        missing = "未提供校验值"
    else:
        missing = (
            "所附校验值文件里没有校验值：制作时这个单位的办理记录还没有签过，签过的就是被取走了。"
            "能证明的是各条逐条相接、内容与各自的校验值相符；不能证明的是这些记录就是当时形成的，"
            "须与留存在系统之外的校验值（县级留存的、印在文件上的、带时间戳的）核对。核对以前"
        )
    return f"链内前后一致；{missing}，不能排除整链被改写。"


# -- an unpacked dossier

SUMS = "SHA256SUMS"
TRAIL, HEADS = "办理记录/trail.jsonl", "办理记录/heads.json"
SUM = re.compile(r"([0-9a-f]{64})  (.+)")
# What systems put into every folder they show.
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


def _sums(folder: str) -> Dict[str, str]:
    """The SHA-256 of every file of a dossier, as its list has them. ValueError: it is no such list."""
    found: Dict[str, str] = {}
    with open(os.path.join(folder, SUMS), encoding="utf-8", newline="") as file:
        for line in file.read().removesuffix("\n").split("\n"):
            named = SUM.fullmatch(line)
            # A list that names a file twice, or one outside of the folder, is not the dossier's.
            if not named or named[2] in found or ".." in named[2].split("/") or os.path.isabs(named[2]):
                raise ValueError(f"{SUMS}不是卷宗的文件清单")
            found[named[2]] = named[1]
    if not found:
        raise ValueError(f"{SUMS}是空的")
    return found


def _digest(path: str) -> str:
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            found.update(chunk)
    return found.hexdigest()


def dossier_faults(folder: str) -> Tuple[int, List[str]]:
    """How many files the list of an unpacked dossier names, and what in the folder is not as it says."""
    listed, faults = _sums(folder), []
    for name in listed:
        path = os.path.join(folder, *name.split("/"))
        if not os.path.isfile(path):
            faults.append(f"缺少文件：{name}")
        elif _digest(path) != listed[name]:
            faults.append(f"内容与清单的校验值不符：{name}")
    for within, _folders, names in os.walk(folder):
        for one in sorted(set(names) - LITTER):
            name = os.path.relpath(os.path.join(within, one), folder).replace(os.sep, "/")
            if name not in listed and name != SUMS:
                faults.append(f"清单以外的文件：{name}")
    return len(listed), faults


def _dossier(folder: str) -> int:
    try:
        count, faults = dossier_faults(folder)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"无法核验：{error}\n")
        return 2
    for said in faults:
        print(said)
    print(
        f"清单所列{count}个文件，"
        + (f"有{len(faults)}处不符。" if faults else "逐个相符，没有多出的文件。")
        + "清单本身没有签名，整卷是否为归档的一卷，请与办理记录所载的归档卷宗校验值核对。"
    )
    trail, heads = (os.path.join(folder, *name.split("/")) for name in (TRAIL, HEADS))
    return _trail(trail, heads, amiss=bool(faults))


def _trail(trail: str, heads: str, *, amiss: bool = False) -> int:
    """Say what is wrong with a trail by its heads ("" for none), and last whether anything is. amiss: something else was."""
    try:
        feed = _feed(heads, trail) if heads else None
        faults = list(_forged(feed)) if feed else []
        with open(trail, "rb") as file:
            read = Reader(feed).read(file)
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"无法核验：{error}\n")
        return 2
    faults += read.faults
    for line in faults + [f"说明：{note}" for note in read.notes] + (_keys_told(feed) if feed else []):
        print(line)
    print(f"共{read.count}条，末条序号{read.last}{_after_told(read)}。")
    amiss = amiss or bool(faults)
    print("有问题。" if amiss else _verdict(read, feed))
    return 1 if amiss else 0


def main(arguments: List[str]) -> int:
    """What the terminal calls."""
    if len(arguments) == 2 and arguments[0] == "dossier":
        return _dossier(arguments[1])
    if len(arguments) == 3 and arguments[0] == "--stamps":
        return _stamps(arguments[1], arguments[2])
    if len(arguments) == 2 and arguments[0] == "proof":
        return _proof(arguments[1])
    if not 1 <= len(arguments) <= 2:
        sys.stderr.write(
            "用法：python3 verify.py trail.jsonl [heads.json]，或者 python3 verify.py proof proof.json，"
            "或者 python3 verify.py dossier 文件夹\n"
        )
        return 2
    return _trail(arguments[0], arguments[1] if len(arguments) == 2 else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
