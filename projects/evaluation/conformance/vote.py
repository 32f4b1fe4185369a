"""Step 4, the vote, and what runs through the whole year."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from projects.cycles.over import CLOSE
from projects.evaluation.conformance.ways import (
    after,
    calendar,
    never,
    two_people,
    within,
    working,
)
from projects.evaluation.conformance.year import (
    Act,
    Check,
    Finding,
    Year,
    broken,
    held,
    not_applicable,
    not_yet,
)
from workflow.people.sentences import sentence as _

ORDER = (
    "cycle.open", "cycle.begin_selection", "cycle.begin_deliberation", "cycle.begin_vote", "cycle.begin_supervision",
    "cycle.begin_evaluation", "cycle.close",
)  # fmt: skip
GOVERNMENT = frozenset({"mayor", "gov_clerk", "department", "finance", "legal"})
LOOKING_ON = (
    "record.read", "record.export", "trail.export", "trail.download", "trail.cancel_export", "auth.", "personal.read",
    "archive.download",
)  # fmt: skip
KEEPING = "trail.keep"  # telling that a head is kept outside, no auditor's and no administrator's act
SESSION_BEGUN = "session.begin"
KEYED, SIGNED, DECLARED = ("vote.accept_tally",), ("vote.certify",), ("vote.declare",)
# Every kind of vote goes over the same desk: the year's own, a measurement, a change of a project.
DESKS = ("voting.", "evaluation.measure_", "supervision.change_")
BEFORE_OPENING = ("arrive",)
ON_THE_FLOOR = ("hand_paper", "turn_to_paper", "turn_confirm")
OPENED, ENDED = "open_confirm", ("close_confirm", "void_confirm")
# The presidium's decision to vote again: where more came back than was issued, and where it makes the vote void itself.
ORDERING = tuple(desk + name for desk in DESKS for name in ("revote", "void_confirm"))
# What the congress itself decides, each with its votes on record (组织法 25).
OF_THE_CONGRESS = (
    "deliberation.put_method",
    "deliberation.adopt_method",
    *(f"{desk}replace_teller" for desk in DESKS),
    "voting.resolution",
    "supervision.ratify_change",
)

# What may be carried by ballot, with the purpose of its vote.
BY_BALLOT = {"deliberation.adopt_method": "method", "voting.resolution": "resolution"}


def on_every_desk(one: str, other: str) -> tuple[tuple[str, str], ...]:
    """A pair of steps by what they are called at each desk."""
    return tuple((desk + one, desk + other) for desk in DESKS)


def in_order(year: Year) -> Finding:
    """Six steps in their order, none left out (rules.md §1.2: 三个阶段六个环节)."""
    found = [year.first(action) for action in ORDER]
    done = [act for act in found if act]
    if not done:
        return not_yet()
    reached = max(number for number, act in enumerate(found) if act)
    if any(act is None for act in found[:reached]) or [a.id for a in done] != sorted(a.id for a in done):
        return broken("环节没有依次进行", *done)
    return held(*done) if reached == len(ORDER) - 1 else not_yet("", *done)


def quorum(year: Year) -> Finding:
    """Two thirds of all deputies in office are there when a vote opens (组织法 14)."""
    opened = year.by_subject("vote.open")
    few: list[Act] = []
    enough: list[Act] = []
    for acts in opened.values():
        for act in acts:
            total = members_of(year, act)
            present = int(act.after.get("deputies_present") or act.before.get("deputies_present") or 0)
            (enough if 3 * present >= 2 * total > 0 else few).append(act)
    if year.terms.subdistrict:
        return not_applicable("街道没有人民代表大会，到会人数按本地规定")
    if few:
        return broken("到会不足全体代表的三分之二", *few)
    return held(*enough) if enough else not_yet()


def members_of(year: Year, opened: Act) -> int:
    """N of a vote that opens: as it was defined, or as its roll has changed since; 0 where neither is there."""
    said = year.last_before(opened, "vote.define", "vote.follow_roll", subject=opened.subject)
    return int(said.after.get("deputies_in_office", 0)) if said else 0


def ordered_anew(year: Year) -> Finding:
    """A vote in place of a void one opens once the presidium has decided on it (rules.md §6.2)."""
    void = year.by_subject("vote.make_void")
    decided = {act.after.get("new_vote"): act for act in year.all(*ORDERING) if act.after.get("agreed")}
    anew = {act.subject for act in year.all("vote.define") if act.after.get("follows") in void}
    opened = [act for act in year.all("vote.open") if act.subject in anew]
    bare = [act for act in opened if act.subject not in decided or decided[act.subject].id > act.id]
    if bare:
        return broken("未经主席团决定即重新投票", *bare)
    if opened:
        return held(*(act for vote in opened for act in (decided[vote.subject], vote)))
    if void or not year.first(CLOSE):
        return not_yet("", *(acts[0] for acts in void.values()))
    return not_applicable("没有重新投票")


AGREED_TO = (
    *on_every_desk("void", "void_confirm"),
    *on_every_desk("recount", "recount_confirm"),
    *on_every_desk("count_again", "count_again_confirm"),
    *on_every_desk("turn_to_paper", "turn_confirm"),
)
SIGNING = (
    *on_every_desk("certify_chief", "certify_teller"),
    ("evaluation.measure_certify", "evaluation.measure_certify_teller"),  # the chief teller's own step there
)


def voting_between(year: Year) -> Finding:
    """Who is here is settled between the roll call and the opening, and tellers are changed before it; ballots are handed
    out between opening and closing, and counters are named for a recount once they are back.
    """
    outside = [act for desk in DESKS for act in out_of_span(year, desk)]
    if outside:
        return broken("不在规定的时段办理", *sorted(outside, key=lambda act: act.id))
    opened = year.by_subject("vote.open")
    return held(*(acts[0] for acts in opened.values())) if opened else not_yet()


def out_of_span(year: Year, desk: str) -> list[Act]:
    """What was done on the floor of one kind of vote at a time it is not possible at."""

    def stage(act: Act, *stages: str) -> str:
        """Which of these the record had come to last."""
        done = (one for one in year.all(*(desk + name for name in stages)) if one.subject == act.subject)
        before = [one for one in done if one.id < act.id and one.after.get("agreed", True)]
        return before[-1].action.removeprefix(desk) if before else ""

    def under_way(act: Act) -> bool:
        return stage(act, OPENED, *ENDED) == OPENED

    late = [
        act
        for act in year.all(*(desk + name for name in BEFORE_OPENING))
        if stage(act, "attendance", OPENED) != "attendance"
    ]
    replaced = [act for act in year.all(desk + "replace_teller") if under_way(act)]
    floor = [
        act
        for act in year.all(*(desk + name for name in ON_THE_FLOOR))
        if act.after.get("agreed", True) and not under_way(act)
    ]
    named = [act for act in year.all(desk + "name_counters") if stage(act, OPENED, *ENDED) != "close_confirm"]
    return late + replaced + floor + named


def by_congress(year: Year) -> Finding:
    """What the congress decides takes more than half of all its deputies; where rules say so, of those present (25)."""
    if year.terms.subdistrict:
        return not_applicable("街道没有人民代表大会，表决按本地规定")
    few: list[Act] = []
    enough: list[Act] = []
    for act in year.all(*OF_THE_CONGRESS):
        in_office = deputies_at(year, act)
        if in_office and "votes_for" in act.after and decided_by_law(act):
            (enough if 2 * int(act.after["votes_for"]) > in_office else few).append(act)
    if few:
        return broken("赞成不过全体代表的半数", *few)
    return held(*enough) if enough else not_yet()


def decided_by_law(act: Act) -> bool:
    """Whether an act carries a decision, taken by what the law asks for and no rule of one's own."""
    carried = not act.after.get("returns_to") and act.after.get("agreed", True)
    return bool(carried) and "standard" not in act.after


def deputies_at(year: Year, act: Act) -> int:
    """How many deputies were in office when a decision was taken: as last established before it, 0 where it never was.

    What was carried by ballot was decided when its vote was held. A recount establishes nothing: its N is that of the count
    before, whoever has left or joined since.
    """
    if ballot := ballot_of(year, act):
        return members_of(year, ballot)
    known = [
        one
        for one in year.acts
        if one.id < act.id and one.after.get("deputies_in_office") and not one.after.get("is_recount")
    ]
    return int(max(known, key=lambda one: one.id).after["deputies_in_office"]) if known else 0


def ballot_of(year: Year, act: Act) -> Act | None:
    """The opening of the ballot a decision records; None where it was taken by show of hands."""
    asked = {
        one.subject
        for one in year.all("vote.define")
        if one.after.get("purpose") == BY_BALLOT.get(act.action, "")
    }
    opened = [one for one in year.all("vote.open") if one.subject in asked and one.id < act.id]
    return opened[-1] if opened else None


def counted_once(year: Year) -> Finding:
    """After the signatures no tally is accepted for that vote again: a correction is a vote of its own (复票)."""
    signed = year.by_subject(*SIGNED)
    changed = [
        act for act in year.all(*KEYED) if act.subject in signed and act.id > signed[act.subject][0].id
    ]
    if changed:
        return broken("签字后又改动计票", *changed)
    return held(*(acts[0] for acts in signed.values())) if signed else not_yet()


def declared_as_signed(year: Year) -> Finding:
    """Nothing is declared that two tellers have not signed."""
    declared, signed = year.all(*DECLARED), year.by_subject(*SIGNED)
    bare = [act for act in declared if act.subject not in signed or signed[act.subject][0].id > act.id]
    if bare:
        return broken("未经签字即宣布", *bare)
    return held(*declared) if declared else not_yet()


def resolved_in_session(year: Year) -> Finding:
    """The congress resolves on the result before the session closes (组织法 25)."""
    declared = next((a for a in year.all("voting.declare")), None) or year.first(*DECLARED)
    if declared is None:
        return not_yet()
    resolved = next((act for act in year.all("voting.resolution") if act.id > declared.id), None)
    own = {act.subject for act in year.all("session.fix") if act.after.get("use") == "vote"}
    ends = year.all("session.end")
    ended = next((act for act in ends if act.id > declared.id or act.subject in own), None)
    if resolved is None:
        return broken("闭会前没有通过决议", declared, ended) if ended else not_yet("", declared)
    return broken("闭会后才通过决议", ended, resolved) if ended and ended.id < resolved.id else held(resolved)


LEAST_GROUP = 5


def secret(year: Year) -> Finding:
    """Phones and paper were neither so few that their sums tell who voted how (integrity.md §2.6).

    Of phones the ballots cast count; of paper those issued, for among them whoever kept one back is not known. Closing
    asks the same, and for more where the rulebook does. A vote on paper alone is one group; a recount issues nothing.
    """
    closed = [act for act in year.all("vote.close") if "paper_returned" in act.after]
    few = [act for act in closed if _is_of_a_handful(year, act)]
    if few:
        return broken("用电子票、表决器表决的人数或者发出的纸质票不足五，可能推知个人意见", *few)
    if closed:
        return held(*closed)
    return not_applicable("没有使用电子票") if year.first(CLOSE) else not_yet()


def _is_of_a_handful(year: Year, closed: Act) -> bool:
    """Whether, phones and paper being counted together, there are only a few of one of them."""
    device = int(closed.after.get("returned") or 0) - int(closed.after["paper_returned"] or 0)
    issued = [
        int(act.after["paper_issued"] or 0)
        for act in year.acts
        if act.id < closed.id and act.subject == closed.subject and "paper_issued" in act.after
    ]
    return device > 0 and (device < LEAST_GROUP or 0 < (issued[-1] if issued else 0) < LEAST_GROUP)


def met_in_the_year(year: Year) -> Finding:
    """The congress met at least once in the calendar year; townships generally meet twice (组织法 14).

    Not held is said only where a session was fixed for a day of the year and none was held: the trail knows the sessions
    that vote or evaluate, and an ordinary one without such business is held outside the system.
    """
    if year.terms.subdistrict:
        return not_applicable("街道没有人民代表大会，会议次数按本地规定")
    made = year.first("cycle.create")
    if made is None:
        return not_yet()
    of = int(made.after.get("year", 0))
    openings = sorted((*year.all(SESSION_BEGUN), *year.sessions), key=lambda act: act.id)
    met = list({act.subject: act for act in openings if act.on.year == of}.values())
    if met:
        note = _("办理记录中%(year)s年举行一次会议，一般每年举行两次") % {"year": of}
        return replace(held(*met), note=note if len(met) == 1 else "")
    if year.today.year <= of:
        return not_yet()
    fixed = list({act.subject: act for act in year.all("session.fix")}.values())
    if called := [act for act in fixed if str(act.after.get("held_on", ""))[:4] == str(of)]:
        return broken(_("已定于%(year)s年举行的会议没有举行的记录") % {"year": of}, *called)
    return not_applicable("本年度没有须在系统中办理事项的会议，其他会议以会议记录为准")


def chair_in_government(year: Year) -> Finding:
    """Nobody acts as chair and in the government in one year (组织法 18)."""
    chairs: dict[str, Act] = {}
    offices: dict[str, Act] = {}
    for act in year.acts:
        if act.actor and act.office == "chair":
            chairs.setdefault(act.actor, act)
        elif act.actor and act.office in GOVERNMENT:
            offices.setdefault(act.actor, act)
    both = sorted(chairs.keys() & offices.keys())
    if both:
        return broken(
            "同一人既任主席又任政府职务", *(one for name in both for one in (chairs[name], offices[name]))
        )
    return held(*list(chairs.values())[:1]) if chairs else not_yet()


def teller_and_counter(year: Year) -> Finding:
    """Tellers watch, counters count: not one person both in one year (rules.md §6.2)."""
    by_office: dict[str, set[str]] = defaultdict(set)
    evidence: dict[str, list[Act]] = defaultdict(list)
    for act in year.acts:
        if act.actor and act.office in {"teller", "chief_teller", "counter"}:
            by_office["counter" if act.office == "counter" else "teller"].add(act.actor)
            evidence[act.actor].append(act)
    both = by_office["counter"] & by_office["teller"]
    if both:
        return broken("同一人既监票又计票", *(act for name in sorted(both) for act in evidence[name]))
    return held() if by_office["counter"] else not_yet()


def meets(year: Year) -> Finding:
    """What a body decides was decided by more than half: of all its members, or of those present where its rules say so.

    The congress by law (组织法 25); a record that does not say how many members there are is judged by the votes cast.
    """
    lost: list[Act] = []
    won: list[Act] = []
    for act in year.acts:
        if (
            "votes_for" in act.after
            and not act.action.endswith(".return")
            and not act.after.get("returns_to")
        ):
            cast = [int(act.after.get(name) or 0) for name in ("votes_for", "votes_against", "votes_abstain")]
            agreed, own = act.after.get("agreed", True), act.after.get("standard") or {}
            members = 0 if own.get("of_present") else int(act.after.get("of_members") or 0)
            (won if not agreed or 2 * cast[0] > max(members, sum(cast)) else lost).append(act)
    if lost:
        return broken("赞成不过半仍按通过办理", *lost)
    return held(*won) if won else not_yet()


def through_services(year: Year) -> Finding:
    """No record of the year was changed past its acts, by whoever can reach the database."""
    changed = year.all("row.add", "row.change", "row.remove")
    if changed:
        return broken(_("%(n)s处数据未经办理即被改动") % {"n": len(changed)}, *changed)
    return held() if year.acts else not_yet()


def of_county(_year: Year, act: Act) -> bool:
    """The county guides and samples; it decides nothing in a township (组织法 50(11))."""
    return act.office == "county" and not act.action.startswith(("oversight.", "note.", KEEPING, *LOOKING_ON))


def of_auditor(_year: Year, act: Act) -> bool:
    """An auditor reads and exports, nothing else."""
    return act.office == "auditor" and not act.action.startswith(LOOKING_ON)


def of_admin(_year: Year, act: Act) -> bool:
    """An administrator grants offices and does no business of the year."""
    return act.office == "admin" and not act.action.startswith(
        ("grant.", "person.", "people.", "units.", *LOOKING_ON)
    )


CHECKS = [
    Check("order", 0, "六个环节依次进行", "“三个阶段六个环节”", in_order),
    Check("chair", 0, "主席不兼任政府职务", "《地方组织法》第十八条", chair_in_government),
    Check("sessions", 0, "每年至少举行一次会议", "《地方组织法》第十四条", met_in_the_year),
    Check("majority", 0, "集体决定均过半数", "《地方组织法》第二十五条", meets),
    Check("past_acts", 0, "数据改动均经办理", "办理记录完整", through_services),
    Check("county", 0, "县级只指导不代办", "《地方组织法》第五十条第一款第十一项", never(of_county, note=_("县级代乡镇办理"))),
    Check("auditor", 0, "审计人员只查阅", "审计通知书", never(of_auditor, note=_("审计人员办理了事项"))),
    Check("admin", 0, "系统管理员不办业务", "“规范实施”原则（不越位）", never(of_admin, note=_("系统管理员办理了事项"))),
    Check("attendance", 4, "核定到会人数后投票", "《地方组织法》第十四条",
          after(("vote.open",), ("voting.attendance",), note=_("未核定到会人数即投票"))),
    Check("quorum", 4, "到会达三分之二以上", "《地方组织法》第十四条", quorum),
    Check("opened_by_two", 4, "两人共同开始投票", "票决办法",
          two_people(*on_every_desk("open", "open_confirm"), note=_("开始投票由一人办理"))),
    Check("span", 4, "到会变动在投票开始前，领票在开始后、截止前", "票决办法", voting_between),
    Check("secret", 4, "无记名：电子票、纸质票均不少于五张", "《地方组织法》第二十八条（参照）；本地规定（电子表决最少票数）", secret),
    Check("closed_by_two", 4, "两人共同截止投票", "票决办法",
          two_people(*on_every_desk("close", "close_confirm"), note=_("截止投票由一人办理"))),
    Check("keyed_twice", 4, "两人分别录入计票", "两次录入核对",
          two_people(*on_every_desk("key_first", "key_second"), note=_("两次录入为同一人"))),
    Check("apart", 4, "监票、计票不为同一人", "票决办法", teller_and_counter),
    Check("signed_by_two", 4, "总监票人、监票人分别签字", "票决办法",
          two_people(*SIGNING, note=_("两个签字为同一人"))),
    Check("asked_by_two", 4, "重新投票、复票、改用纸质票由两人办理", "票决办法",
          two_people(*AGREED_TO, note=_("提出和确认为同一人"), none="没有重新投票、复票和改用纸质票", open_until=(CLOSE,))),
    Check("ordered_anew", 4, "主席团决定后重新投票", "票决办法", ordered_anew),
    Check("counted_once", 4, "签字后不改计票", "复票另行记录", counted_once),
    Check("declared", 4, "签字后宣布结果", "票决办法", declared_as_signed),
    Check("resolution", 4, "闭会前通过决议", "《地方组织法》第二十五条", resolved_in_session),
    Check("congress", 4, "大会决定以全体代表的过半数通过", "《地方组织法》第二十五条", by_congress),
    Check("announced", 4, "按期公告", "本地规定（公告期限）",
          within(("voting.declare",), ("voting.announce",), lambda year: working(year.terms.announce_wd), note=_("逾期公告"))),
    Check("told", 4, "按期告知提出人结果", "璧山区工作办法",
          within(("voting.declare",), ("voting.tell_proposers",),
                 lambda year: working(year.terms.tell_wd), note=_("逾期告知"))),
    Check("filed", 4, "按期报县备案", "本地规定（备案期限）",
          within(("voting.declare",), ("voting.file_county",), lambda year: calendar(year.terms.file_days), note=_("逾期备案"))),
]  # fmt: skip
