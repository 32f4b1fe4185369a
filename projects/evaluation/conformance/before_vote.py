"""Steps 1 to 3: collection, preliminary selection, deliberation."""

from __future__ import annotations

from datetime import date, timedelta

from projects.cycles.over import END
from projects.evaluation.conformance.ways import after, each, enough_movers, never, overdue, too_late, working
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

THIRD_QUARTER = (7, 8, 9)
RECEIVED = ("proposal.accept", "proposal.send_back", "proposal.pool")
APPRAISALS = ("selection.appraise_department", "selection.appraise_finance", "selection.appraise_legal")
BOOKS, SCREEN, DRAFT, NOTICE = (
    ("collection.close_books",), ("selection.screen",), ("selection.draft_list",), ("selection.notice",),
)  # fmt: skip
VOTE_OPENS = ("vote.open",)


def begun_in_third_quarter(year: Year) -> Finding:
    """Collection begins in the third quarter of the year before (重庆决定三, 陕西规定); of a part of a year it cannot."""
    if year.terms.part_of_year:
        return not_applicable("半年、按月等分期开展的，不要求上年第三季度启动")
    made, opened = year.first("cycle.create"), year.first("cycle.open")
    if opened is None:
        return not_yet("", made)
    of = int(made.after.get("year", 0)) if made else 0
    if opened.on.month in THIRD_QUARTER and of in (0, opened.on.year + 1):
        return held(opened)
    told = {"year": opened.on.year, "month": opened.on.month}
    return broken(_("%(year)s年%(month)s月启动，不在上年第三季度") % told, opened)


def received_in_time(year: Year) -> Finding:
    """Each proposal is accepted or returned within five working days of its receipt."""
    due = working(year.terms.receive_wd)
    late: list[Act] = []
    done: list[Act] = []
    waiting: list[Act] = []
    for subject, acts in year.by_subject("proposal.submit", "proposal.complete").items():
        decided = [act for act in year.all(*RECEIVED) if act.subject == subject]
        for sent in acts:
            answer = next((act for act in decided if act.id > sent.id), None)
            last_day = due(sent.on)
            if answer is None:
                (late if year.today > last_day else waiting).append(sent)
            else:
                (late if answer.on > last_day else done).append(answer)
    if late:
        told = {"n": len(late), "days": year.terms.receive_wd}
        return broken(_("%(n)s件超过%(days)s个工作日") % told, *late)
    if waiting or not done:
        return not_yet("", *waiting)
    return held(*done)


def notice_stood(year: Year) -> Finding:
    """The list was public for as many working days as the rulebook says before it was concluded."""
    posted = year.last(*NOTICE)
    if posted is None:
        return not_yet()
    ended = year.last("selection.conclude", "notice.close")
    over = year.last(END)
    # With a year that is ended its notice is taken down, whatever days it had left.
    if ended is None or ended.id < posted.id or (over and over.id < ended.id):
        return not_yet("", posted)
    last_day = working(year.terms.notice_wd)(posted.on)
    if ended.on <= last_day:  # the last day is the public's as well
        return broken(_("公示不足%(days)s个工作日") % {"days": year.terms.notice_wd}, posted, ended)
    return held(posted, ended)


def session_day(year: Year) -> date | None:
    """The day of the voting session: as it was opened, else as fixed, else as planned."""
    opened = year.first(*VOTE_OPENS)
    if opened:
        return opened.on
    fixed = [act for act in year.all("session.fix") if act.after.get("use") in ("vote", "voting", "T")]
    named = [str(act.after["held_on"]) for act in fixed] or [
        str(act.after["T"]) for act in year.all("cycle.create") if act.after.get("T")
    ]
    return date.fromisoformat(named[-1]) if named else None


def ahead_of_session(action: str, days: int, note: str, year: Year) -> Finding:
    """An act stood on record so many days before the session."""
    done, day = year.first(action), session_day(year)
    if day is None:
        return not_yet("", done)
    last_day = day - timedelta(days=days)
    if done is None:
        return broken(overdue(note, last_day)) if year.today > last_day else not_yet()
    if done.on > last_day:
        return broken(too_late(note, last_day, done.on), done)
    return held(done)


def method_adopted(year: Year) -> Finding:
    """The 票决办法 is settled and adopted before a ballot is out, but for the one it may be adopted by itself."""
    own = {act.subject for act in year.all("vote.define") if act.after.get("purpose") == "method"}
    opened = next((act for act in year.all(*VOTE_OPENS) if act.subject not in own), None)
    done = [year.first("deliberation.settle"), year.first("deliberation.adopt_method")]
    if opened is None:
        return not_yet("", *done)
    if any(one is None or one.id > opened.id for one in done):
        return broken(_("票决办法未通过即票决"), *done, opened)
    return held(*done, opened)


def surplus(year: Year) -> Finding:
    """More candidates than seats (陕西规定: 差额票决)."""
    votes = [act for act in year.all("vote.define") if act.after.get("purpose") == "projects"]
    first = next((act for act in votes if not act.after.get("follows")), None)
    if first is None:
        return not_yet()
    options, seats = len(first.after.get("options", ())), int(first.after.get("seats", 0))
    if options > seats:
        return held(first)
    return broken(_("候选%(n)s个、应选%(seats)s个，没有差额") % {"n": options, "seats": seats}, first)


def questions_in_session(year: Year) -> Finding:
    """Deputies ask while a session is open, and are answered before it closes (组织法 23)."""
    asked = year.by_record("deliberation.ask")
    if not asked:
        ended = year.first("session.end", "cycle.begin_supervision")
        return not_applicable("没有询问") if ended else not_yet()
    outside: list[Act] = []
    left: list[Act] = []
    waiting: list[Act] = []
    answered: list[Act] = []
    for record, (question, *_more) in asked.items():
        opened, closed = session_of(year, question)
        replies = (a for a in year.all("question.reply") if a.record == record and a.id > question.id)
        reply = next((a for a in replies if closed is None or a.id < closed.id), None)
        if opened is None:
            outside.append(question)
        else:
            (answered if reply else left if closed else waiting).append(reply or question)
    if outside:
        return broken("会议期间以外提出", *outside)
    if left:
        return broken("询问没有在会议期间答复", *left)
    return not_yet("", *waiting) if waiting else held(*answered)


def session_of(year: Year, act: Act, *, at: bool = False) -> tuple[Act | None, Act | None]:
    """The opening of the session an act was done in, and its closing where it has closed; None for outside of any.

    at: the act may be the opening itself.
    """
    closings = year.by_subject("session.end")
    for subject, (opened, *_again) in year.by_subject("session.begin").items():
        closed = next((end for end in closings.get(subject, ()) if end.id > opened.id), None)
        begun = opened.id < act.id or (at and opened.id == act.id)
        if begun and (closed is None or act.id < closed.id):
            return opened, closed
    return None, None


# A preliminary meeting opens a session: of the vote, of the evaluation, or one called besides.
PRELIMINARY = ("deliberation.preliminary", "evaluation.preliminary", "supervision.open_session")


def presidium_elected(year: Year) -> Finding:
    """Each session elected its presidium at its preliminary meeting, before anything was voted on (组织法 19)."""
    if year.terms.subdistrict:
        return not_applicable("街道没有人民代表大会，会议由人大工委召集和主持")
    meetings = year.all(*PRELIMINARY)
    elected = {str(one.after.get("session")): one for one in meetings if one.after.get("presidium")}
    without: list[Act] = [one for one in meetings if not one.after.get("presidium")]
    waiting: list[Act] = []
    for session, (begun, *_again) in year.by_subject("session.begin").items():
        meeting = elected.get(session)
        voted = [one for one in year.all(*VOTE_OPENS) if session_of(year, one)[0] == begun]
        past = next(iter(voted), None) or session_of(year, begun, at=True)[1]
        if meeting is None or (past and past.id < meeting.id):
            (without if past else waiting).append(past or begun)
    if without:
        return broken("预备会议没有选举主席团", *without)
    if waiting or not elected:
        return not_yet("", *waiting)
    return held(*elected.values())


def reasoned_return(_year: Year, act: Act) -> bool:
    """A return or refusal without its reason."""
    sent_back = act.action.endswith((".return", ".send_back")) or bool(act.after.get("returns_to"))
    return sent_back and not act.reason.strip() and not act.after.get("return_reason")


CHECKS = [
    Check(
        "scheme_agreed", 1, "年度实施方案经同级党委同意后启动", "“坚持党的领导”原则",
        after(("cycle.open",), ("collection.scheme",), ("collection.scheme_party",), note=_("方案未经党委同意即启动")),
    ),
    Check("third_quarter", 1, "上年第三季度启动征集", "重庆市决定第三条；《陕西省民生实事项目人大代表票决制规定》", begun_in_third_quarter),
    Check(
        "call", 1, "征集公告发布后汇总征集情况", "景洪市实施办法第六条",
        after(BOOKS, ("cycle.open",), ("collection.publish_call",), note=_("没有发布征集公告即汇总征集情况")),
    ),
    Check("received", 1, "意见建议按期受理或退回补正", "本地规定（受理期限）", received_in_time),
    Check(
        "reasons", 0, "退回均写明理由", "退回须有书面理由",
        never(reasoned_return, note=_("退回没有写明理由")),
    ),
    Check(
        "completed", 1, "退回补正的均有结果", "本地规定（补正期限）",
        each(
            ("proposal.send_back",), ("proposal.complete", "proposal.pool"),
            note=_("退回补正后没有结果"), none="没有退回补正的", open_until=BOOKS,
        ),
    ),
    Check("merged", 2, "汇总征集情况后归并", "归并梳理",
          after(("selection.merge",), BOOKS, note=_("未汇总征集情况即归并"))),
    Check("screened", 2, "归并后逐项筛查", "候选项目资格条件",
          after(SCREEN, ("selection.merge",), note=_("未归并即筛查"))),
    Check(
        "appraised", 2, "部门、财政、合法性三方论证后提出建议方案",
        "海南省实施意见；《陕西省民生实事项目人大代表票决制规定》（合法性审查）",
        after(DRAFT, *((one,) for one in APPRAISALS), note=_("论证不齐即提出建议方案")),
    ),
    Check("screen_first", 2, "筛查后论证", "候选项目资格条件",
          after(APPRAISALS, SCREEN, note=_("未筛查即论证"))),
    Check("presidium_opinion", 2, "主席团听取意见后公示", "城头山镇等地做法",
          after(NOTICE, ("selection.presidium_opinion",), note=_("主席团未听取即公示"))),
    Check("party_study", 2, "同级党委研究后公示", "“坚持党的领导”原则",
          after(NOTICE, ("selection.party_study",), note=_("党委未研究即公示"))),
    Check("notice", 2, "候选项目公示满期", "本地规定（公示天数）", notice_stood),
    Check(
        "objections", 2, "公示异议均有处理决定", "本地规定",
        each(("selection.object",), ("objection.dismiss", "objection.uphold"),
             note=_("异议没有处理"), none="没有异议", open_until=("cycle.begin_deliberation",)),
    ),
    Check("answered", 2, "受理的意见建议均有去向", "璧山区工作办法（征集和反馈）",
          each(("proposal.accept",), ("proposal.answer", "proposal.carry", "proposal.merge", "proposal.pool"),
               note=_("有受理的意见建议没有去向"), none="没有受理的意见建议", open_until=("cycle.begin_deliberation",))),
    Check("reported_party", 3, "会议筹备情况报告党委后召集会议", "“坚持党的领导”原则",
          after(("deliberation.convene",), ("deliberation.report_party",), ("deliberation.party_reply",),
                note=_("未报告党委即召集会议"))),
    Check("agenda", 3, "主席团决定列入议程后提出议案", "《地方组织法》第二十二条",
          after(("deliberation.bill",), ("deliberation.agenda",), note=_("主席团未决定列入议程"))),
    Check("convened", 3, "会议通知提前发布", "绩溪县乡镇人民代表大会议事规则（会前十五日）",
          lambda year: ahead_of_session("deliberation.convene", year.terms.convene_days, "会议通知发布过迟", year)),
    Check("materials", 3, "会议材料提前印发代表", "海南省实施意见；广东 1995 年规定（会前七日）",
          lambda year: ahead_of_session("deliberation.materials", year.terms.materials_days, "材料印发过迟", year)),
    Check("budget", 3, "项目资金列入预算草案后票决", "《陕西省民生实事项目人大代表票决制规定》第六条；《地方组织法》第十二条第一款第四项",
          after(VOTE_OPENS, ("deliberation.bill",), ("deliberation.budget",), note=_("议案或资金安排不齐即票决")), money=True),
    Check("roll", 3, "核定实有代表人数后票决", "《地方组织法》第十四条、第二十五条",
          after(VOTE_OPENS, ("deliberation.roll",), note=_("未核定实有代表人数即票决"))),
    Check("readiness", 3, "会前程序体检", "“规范实施”原则",
          after(VOTE_OPENS, ("deliberation.readiness",), note=_("未作程序体检即票决"))),
    Check("explained", 3, "政府负责人到会说明", "海南省实施意见",
          after(VOTE_OPENS, ("deliberation.explain",), note=_("未作说明即票决"))),
    Check("deliberated", 3, "代表团审议后确定票决名单", "海南省实施意见（必要的审议时间）",
          after(("deliberation.settle",), ("deliberation.deliberate",), note=_("未经审议即确定名单"))),
    Check("method", 3, "大会通过票决办法后票决", "《地方组织法》第二十五条；三水区、板芙镇等地做法",
          method_adopted),
    Check("surplus", 3, "实行差额票决", "《陕西省民生实事项目人大代表票决制规定》", surplus),
    Check("presidium", 3, "预备会议选举主席团", "《地方组织法》第十九条", presidium_elected),
    Check("motions", 3, "代表联名提出的项目满五人", "《地方组织法》第二十二条",
          enough_movers("matter.lodge", ("deliberation.added_matter", "deliberation.cosign"), "matter", 5,
                        note=_("联名不足五人即提交主席团"), none="没有代表联名提出的项目", open_until=VOTE_OPENS)),
    Check("motions_decided", 3, "代表联名提出的项目由主席团决定", "《地方组织法》第二十二条",
          each(("matter.lodge",), ("matter.add", "matter.make_suggestion", "matter.reserve"),
               note=_("主席团没有决定"), none="没有代表联名提出的项目", open_until=VOTE_OPENS)),
    Check("questions", 3, "询问在会议期间提出并答复", "《地方组织法》第二十三条", questions_in_session),
    Check("withdrawals", 3, "撤回候选项目经主席团同意", "《地方组织法》第二十二条（参照）",
          each(("deliberation.withdraw",), ("withdrawal.agree", "withdrawal.refuse"),
               note=_("撤回没有主席团意见"), none="没有撤回", open_until=VOTE_OPENS)),
]  # fmt: skip
