"""票决办法 as a frozen rulebook has it: the draft the presidium starts from, and the count's rules."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from projects.ballots.figures import count_rules
from projects.ballots.rules import Mode
from projects.cycles.rulebook import Rules

QUORUMS = {Fraction(1, 2): "二分之一", Fraction(2, 3): "三分之二", Fraction(3, 4): "四分之三"}
BASES = {"in_office": "全体", "present": "出席", "valid": "参加有效投票的"}
MANNERS = {
    "select": "每张表决票所选项目不超过应选数，多选的作废",
    "each": "对每个项目表示赞成、反对或者弃权",
    "rank": (
        "按轻重缓急写明次序，所排项目不超过应选数，多排的、次序重复的作废，次序有空缺的按先后递补；"
        "排有次序的视为赞成，排第一位的得分与应选数相同，以后每位递减 1 分"
    ),
}
CAPPED = "对每个项目表示赞成、反对或者弃权，赞成的不超过应选数，多的作废"
# By what those with the majority are ranked, and what being level means then (`rules.standing`).
BY_VOTES, LEVEL = "按得票多少依次入选", "票数相等"
BY_POINTS, LEVEL_ON_POINTS = "按得分高低依次入选，得分相同的，得票多的在前", "得分、得票都相等"
TIES = {
    "runoff": "末位{level}不能确定的，就{level}的项目再次投票，{won}",
    "presidium": "末位{level}不能确定的，由主席团会议在{level}的项目中决定，提请大会以决议确定",
    "all": "末位{level}的，全部入选",
}
MOST_VOTES, MAJORITY_AGAIN = "以得票多的入选，不再要求过半数", "仍须获得{of}过半数赞成，以得票多的入选"
SHORTFALLS = {
    "vacant": "过半数的项目少于应选数的，名额空缺",
    "second_round": "过半数的项目少于应选数的，就其余项目再次投票",
    "next_session": "过半数的项目少于应选数的，余下名额留待下次会议，就其余项目另行票决",
}

# The method says what sealed ballots do not protect against: the congress adopts it knowing that (integrity.md §2).
BY_DEVICE = (
    "六、采用电子表决，电子票密封保存，由两名密钥保管人共同开箱，与纸质票合并计票；"
    "电子票或者与之并用的纸质票少于 {least} 张的，全部改用纸质票。"
    "投票当时服务器被人控制、代表受人逼迫、数据库和两名密钥保管人的口令一并失密的，系统不能保证表决秘密。"
)


BY_KEYPAD = (
    "六、采用会场表决器表决，逐项按赞成、反对、弃权；没有按键的单独列出，不计入赞成、反对、弃权。"
    "不按键的领取纸质票，与表决器合并计票；按键的或者与之并用的纸质票少于 {least} 张的，全部改用纸质票。"
)
CHANNELS = {"device": (BY_DEVICE,), "keypad": (BY_KEYPAD,)}
# What the first clause says of the ballot; a later one may speak of a second vote's places.
CANDIDATES, PLACES, SURPLUS = (
    re.compile(words) for words in (r"(\d+)\s*个候选项目", r"应选\s*(\d+)\s*个", r"差额\s*(\d+)\s*个")
)


def ballot_rules(book: Rules, mode: str) -> dict[str, Any]:
    """The rules the vote keeps; the cap of mode `each` stays behind where the congress adopted another mode."""
    return count_rules(book) | {"each_cap": book.each_cap and mode == Mode.EACH}


def method_draft(book: Rules, candidates: int, seats: int, mode: str = "") -> str:
    """The method's clauses: places, surplus, manner, how the result is found and published (陕西 规定).

    mode: another way of marking the paper than the rulebook's.
    """
    book = book.model_copy(update={"ballot_mode": mode or book.ballot_mode})
    words = book.words
    deputies = words["deputy"]
    return "\n".join(
        (
            f"一、本次会议对 {candidates} 个候选项目进行{words['vote']}，"
            f"应选 {seats} 个，差额 {max(candidates - seats, 0)} 个。",
            f"二、采用无记名方式，{_manner(book)}。{deputies}不得委托他人投票，不设流动票箱。",
            f"三、全体{deputies}的{QUORUMS[book.quorum]}以上出席，方可投票。"
            f"收回的表决票等于或少于发出的，投票有效；多于发出的，投票无效，由{words['presidium']}决定重新投票。",
            f"四、获得{_of(book)}过半数赞成的项目，{BY_POINTS if _by_points(book) else BY_VOTES}；"
            f"{_tie(book)}；{SHORTFALLS[book.shortfall]}。",
            f"五、设总监票人 1 名、监票人 {book.tellers_min} 至 {book.tellers_max} 名，"
            f"在{words['presidium']}领导下监督投票和计票。结果当场宣布，并向社会公告。",
            *(
                clause.format(least=book.device_min_ballots)
                for clause in CHANNELS.get(book.ballot_channel, ())
            ),
        )
    )


def is_drawn_up(method: str, draft: str) -> bool:
    """Whether a method is the draft as it was drawn up, perhaps for another number of candidates or places."""
    return _uncounted(method) == _uncounted(draft)


def _uncounted(method: str) -> list[str]:
    first, mark, rest = method.partition("。")
    return [re.sub(r"\d+", "#", "".join(first.split())), mark, *rest.split()]


def contradictions(method: str, *, candidates: int, seats: int, mode: str) -> list[str]:
    """Where a method that was written over says something else than what the ballot will be: its places, its manner.

    The numbers are those of its first clause.
    """
    clause = method.partition("。")[0]
    counted = (
        (CANDIDATES, candidates, _("票决办法写明 %(told)s 个候选项目，与列入票决的 %(is)s 个不一致。")),
        (PLACES, seats, _("票决办法写明应选 %(told)s 个，与所填的应选项目数 %(is)s 不一致。")),
        (SURPLUS, max(candidates - seats, 0), _("票决办法写明差额 %(told)s 个，应为 %(is)s 个。")),
    )
    found = [
        words % {"told": told, "is": right}
        for pattern, right, words in counted
        for told in sorted({int(told) for told in pattern.findall(clause)} - {right})
    ]
    return found + [
        _("票决办法写明“%(manner)s”，与所选的票决方式不一致。") % {"manner": manner}
        for other, manner in MANNERS.items()
        if other != mode and manner in method
    ]


def _of(book: Rules) -> str:
    """Of whom more than half must be in favour."""
    return f"{BASES[book.majority_base]}{book.words['deputy']}"


def _manner(book: Rules) -> str:
    return CAPPED if ballot_rules(book, book.ballot_mode)["each_cap"] else MANNERS[book.ballot_mode]


def _by_points(book: Rules) -> bool:
    return Mode(book.ballot_mode) is Mode.RANK


def _tie(book: Rules) -> str:
    """What a tie across the last place leads to; a run-off asks for what `services.continue_vote` asks for."""
    won = MAJORITY_AGAIN.format(of=_of(book)) if book.runoff_majority else MOST_VOTES
    return TIES[book.tie].format(level=LEVEL_ON_POINTS if _by_points(book) else LEVEL, won=won)
