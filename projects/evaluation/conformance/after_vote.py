"""Steps 5 and 6: supervision and evaluation."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from projects.cycles.over import CLOSE
from projects.evaluation.conformance.before_vote import session_of
from projects.evaluation.conformance.vote import deputies_at
from projects.evaluation.conformance.ways import (
    after,
    calendar,
    counterpart,
    each,
    enough_movers,
    never,
    overdue,
    too_late,
    within,
    working,
)
from projects.evaluation.conformance.year import (
    PARTED,
    Act,
    Check,
    Finding,
    Year,
    broken,
    held,
    not_applicable,
    not_yet,
)
from workflow.people.sentences import in_a_row
from workflow.people.sentences import sentence as _

DECLARED, EVALUATION, CLOSED = ("voting.declare",), ("cycle.begin_evaluation",), (CLOSE,)
FOUNDED = ("project.found",)
MEASURED_BAD = ("measurement.fail",)


def planned_in_time(year: Year) -> Finding:
    """Each project's plan is confirmed within the rulebook's days (陕西规定 17)."""
    founded = year.by_subject(*FOUNDED)
    late: list[Act] = []
    done: list[Act] = []
    waiting: list[Act] = []
    if not founded:
        return not_yet()
    for subject, acts in founded.items():
        last_day = calendar(year.terms.plan_days)(acts[0].on)
        plan = next(
            (a for a in year.all("supervision.confirm_plan") if a.subject == subject and a.id > acts[0].id),
            None,
        )
        if plan is None and _dropped(year, subject):
            continue
        if plan is None:
            (late if year.today > last_day else waiting).append(acts[0])
        else:
            (late if plan.on > last_day else done).append(plan)
    if late:
        return broken(_("%(n)s个项目逾期确定实施计划") % {"n": len(late)}, *late)
    return not_yet("", *waiting) if waiting else held(*done)


def _dropped(year: Year, subject: str) -> bool:
    """Stopped by a decision, so nothing more is owed."""
    return any(act.subject == subject for act in year.all("project.stop", "project.suspend"))


def inspected(year: Year) -> Finding:
    """Each project that was built was visited by deputies at least once (组织法 19)."""
    visits = {act.subject: act for act in year.all("supervision.inspect")}
    return _of_each(year, visits, "没有代表视察", year.first(*EVALUATION))


def reported(year: Year) -> Finding:
    """Each project that was built reported its progress."""
    reports = {act.subject: act for act in year.all("supervision.progress", "project.report")}
    return _of_each(year, reports, "没有进度报告", year.first(*EVALUATION))


def _of_each(year: Year, found: dict[str, Act], note: str, closing: Act | None) -> Finding:
    built = year.by_subject("project.begin", "project.assign")
    if not built:
        return not_yet()
    missing = [
        acts[0] for subject, acts in built.items() if subject not in found and not _dropped(year, subject)
    ]
    if missing:
        told = _("%(n)s个项目%(note)s") % {"n": len(missing), "note": note}
        return broken(told, *missing) if closing else not_yet("", *missing)
    return held(*found.values())


def decided(year: Year, act: Act) -> bool:
    """Whether a change of the project was agreed to before this act on it."""
    projects = {asked.subject: asked.after.get("project") for asked in year.all("change.ask")}
    return any(
        one.id < act.id and projects.get(one.subject) == act.subject for one in year.all("change.agree")
    )


def changes_decided(year: Year) -> Finding:
    """No project is changed without a decision on that change and its notice (陕西规定 18)."""
    effects = year.all("project.alter", "project.alter_planning", "project.stop", "project.suspend")
    agreed = year.by_subject("change.agree")
    if not effects and not agreed:
        return not_applicable("没有项目调整") if year.first(*EVALUATION) else not_yet()
    if bare := [act for act in effects if not decided(year, act)]:
        return broken("没有决定即调整", *bare)
    told = year.by_subject("change.announce")
    untold = [acts[-1] for one, acts in agreed.items() if one not in told or told[one][-1].id < acts[-1].id]
    if untold:
        return broken("决定后没有公告", *untold) if year.first(*EVALUATION) else not_yet("", *untold)
    return held(*(act for acts in (*agreed.values(), *told.values()) for act in acts))


def accepted_with_inspectors(year: Year) -> Finding:
    """No project is accepted before the supervision group agreed, and not by the same person (steps.md, step 5)."""
    done = year.by_subject("project.accept")
    bare: list[Act] = []
    good: list[Act] = []
    for subject, acts in done.items():
        for act in acts:
            # The group's own agreement accepts the project: its entry follows the arrow's, at the very same moment.
            agreed = [
                a
                for a in year.all("supervision.agree_acceptance")
                if a.subject == subject and (a.id < act.id or a.at == act.at)
            ]
            asked = [a for a in year.all("supervision.accept") if a.subject == subject]
            same = {a.actor for a in agreed} & {a.actor for a in asked}
            (good if agreed and not same else bare).append(act)
    if bare:
        return broken("监督小组没有同意即验收", *bare)
    return held(*good) if good else not_yet()


def rechecked_by_others(year: Year) -> Finding:
    """Who puts a finding right is not who closes it (steps.md, step 5)."""
    closed = year.all("finding.close")
    same = [
        (done, check)
        for check in closed
        if (done := counterpart(year, check, ("supervision.rectify", "finding.rectify"), check.subject))
        and done.actor == check.actor
    ]
    if same:
        return broken("整改人自行销号", *(act for pair in same for act in pair))
    return held(*closed) if closed else not_applicable("没有销号的问题") if year.first(*CLOSED) else not_yet()


def groups_large_enough(year: Year) -> Finding:
    """Each supervision group has as many deputies as the rulebook asks (组织法 43)."""
    formed = year.all("project.form_group")
    if small := [act for act in formed if int(act.after.get("members") or 0) < year.terms.least_group]:
        return broken(_("监督小组不足%(n)s人") % {"n": year.terms.least_group}, *small)
    return held(*formed) if formed else not_yet()


def called_by_one_fifth(year: Year) -> Finding:
    """Where deputies have an extra session called, they are one fifth of all or more (组织法 14)."""
    asked = [act for act in year.all("supervision.call_session") if act.after.get("called_by") == "one_fifth"]
    if not asked:
        return not_applicable("没有代表提议召集临时会议") if year.first(*CLOSED) else not_yet()
    few = [act for act in asked if 5 * len(act.after.get("proposers", ())) < deputies_at(year, act)]
    return broken("提议代表不足五分之一", *few) if few else held(*asked)


def interpellations_answered(year: Year) -> Finding:
    """Put while a session is open; the presidium decides how it is answered, and whoever is questioned answers before the
    session closes, in writing before the year does (组织法 24).
    """
    if year.terms.subdistrict:
        return not_applicable("街道没有人民代表大会，不提质询案")
    lodged = year.all("interpellation.lodge")
    if not lodged:
        return not_applicable("没有质询案") if year.first(*CLOSED) else not_yet()
    faults: dict[str, list[Act]] = defaultdict(list)
    waiting: list[Act] = []
    answered: list[Act] = []
    for one in lodged:
        fault, act = _interpellation(year, one)
        (faults[fault] if fault else waiting if act is one else answered).append(act)
    if faults:
        return broken(in_a_row([*faults], PARTED), *(act for acts in faults.values() for act in acts))
    return not_yet("", *waiting) if waiting else held(*answered)


def _interpellation(year: Year, lodged: Act) -> tuple[str, Act]:
    """What is wrong with one of them and the act that shows it; nothing, and its answer or, while it waits, itself."""
    opened, closed = session_of(year, lodged)
    if opened is None:
        return "会议期间以外提出质询案", lodged
    admitted = _next_on(year, lodged, "interpellation.admit")
    if admitted is None or (closed and admitted.id > closed.id):
        return ("主席团没有决定质询案的答复形式", lodged) if closed else ("", lodged)
    answer = _next_on(year, admitted, "interpellation.answer_given")
    limit = year.first(*CLOSED) if admitted.after.get("form") == "written" else closed
    if answer is None or (limit and answer.id > limit.id):
        return ("质询案没有按期答复", admitted) if limit else ("", lodged)
    questioned = "department" if admitted.after.get("department") else "mayor"
    return ("", answer) if answer.office == questioned else ("答复质询案的不是受质询机关", answer)


def _next_on(year: Year, act: Act, action: str) -> Act | None:
    return next((one for one in year.all(action) if one.subject == act.subject and one.id > act.id), None)


def account_public(year: Year) -> Finding:
    """The account of results is published before the year closes (明白账)."""
    published, closed = year.first("evaluation.publish"), year.first(*CLOSED)
    if published is None or (closed and closed.id < published.id):
        return broken("没有公布明白账即结束年度", closed) if closed else not_yet()
    return held(published)


def archived_in_time(year: Year) -> Finding:
    """The dossier is made by the day the task of handing it over is due."""
    published, made = year.first("evaluation.publish"), year.first("archive.make", "evaluation.archive")
    if published is None:
        return not_yet("", made)
    return _by(year, year.terms.archive_by, published, made, note=_("逾期归档"))


def looked_back(year: Year) -> Finding:
    """The presidium looks back by the third quarter of the year after closing (江门: 翌年回头看)."""
    closed = year.first(*CLOSED)
    done = year.first("evaluation.look_back")
    if closed is None:
        return not_yet()
    return _by(year, year.terms.look_back_by, closed, done, note=_("逾期回头看"))


def _by(year: Year, last_day: date | None, begun: Act, done: Act | None, *, note: str) -> Finding:
    """Done by a day of the calendar, where the year has one for it; overdue without it is not held."""
    late = last_day is not None and (done.on if done else year.today) > last_day
    if last_day is None or not late:
        return held(begun, done) if done else not_yet("", begun)
    if done is None:
        return broken(overdue(note, last_day), begun)
    return broken(too_late(note, last_day, done.on), done)


def bare_stop(year: Year, act: Act) -> bool:
    """A project stopped before that was decided."""
    return act.action == "project.stop" and not decided(year, act)


CHECKS = [
    Check("handed_over", 5, "按期交办", "敬安镇等地做法；本地规定（交办期限）",
          within(DECLARED, ("supervision.hand_over",), lambda year: working(year.terms.hand_over_wd), note=_("逾期交办"))),
    Check("planned", 5, "实施计划按期确定", "《陕西省民生实事项目人大代表票决制规定》第十七条", planned_in_time),
    Check("groups", 5, "按期组成监督小组", "《地方组织法》第十九条、第四十三条",
          within(DECLARED, ("supervision.groups",), lambda year: calendar(year.terms.groups_days), note=_("逾期组成监督小组"))),
    Check("group_size", 5, "监督小组达到规定人数", "《地方组织法》第四十三条；本地规定（小组人数）", groups_large_enough),
    Check("reported", 5, "项目均报告进度", "《陕西省民生实事项目人大代表票决制规定》第二十条", reported),
    Check("inspected", 5, "项目均有代表视察", "《地方组织法》第十九条", inspected),
    Check("findings", 5, "问题均已整改销号", "张甸镇等地做法；本地规定（整改期限）",
          each(("finding.raise",), ("finding.close",), note=_("问题没有销号"), none="没有发现问题", open_until=CLOSED)),
    Check("recheck", 5, "问题由他人复查销号", "本地规定（谁提出、谁复查）", rechecked_by_others),
    Check("special_report", 5, "听取专项工作报告", "《地方组织法》第十九条",
          after(EVALUATION, ("supervision.special_report",), note=_("评估前没有听取专项报告"))),
    Check("inquiries", 5, "书面询问均有答复", "《地方组织法》第十九条、第二十三条",
          each(("inquiry.ask",), ("inquiry.reply",), note=_("询问没有答复"), none="没有书面询问", open_until=CLOSED)),
    Check("one_fifth", 5, "代表提议召集临时会议的满五分之一", "《地方组织法》第十四条", called_by_one_fifth),
    Check("interpellation_movers", 5, "质询案十名以上代表联名", "《地方组织法》第二十四条",
          enough_movers("interpellation.lodge", ("interpellation.table", "supervision.cosign"), "interpellation", 10,
                        note=_("联名不足十人即提交主席团"), none="没有质询案", open_until=CLOSED)),
    Check("interpellations", 5, "质询案由主席团决定、受质询机关按期答复", "《地方组织法》第二十四条", interpellations_answered),
    Check("changes", 5, "项目调整有决定有公告", "《陕西省民生实事项目人大代表票决制规定》第十八条", changes_decided),
    Check("stops", 5, "终止项目先有决定", "《陕西省民生实事项目人大代表票决制规定》第十八条", never(bare_stop, note=_("没有决定即终止"))),
    Check("accepted", 5, "监督小组同意后验收", "本地规定（代表监督小组确认验收）", accepted_with_inspectors),
    Check("completion", 6, "政府报告完成情况后测评", "《陕西省民生实事项目人大代表票决制规定》第十九条",
          after(("evaluation.measure_open",), ("evaluation.completion_report",), note=_("未报告完成情况即测评"))),
    Check("residents", 6, "测评前征集群众评价", "华泾镇、镇海区等地做法",
          after(("evaluation.measure_open",), ("evaluation.residents",), note=_("没有群众评价即测评"))),
    Check("presidium_report", 6, "主席团报告监督情况", "《地方组织法》第十二条第一款第九项、第十九条",
          after(("evaluation.publish",), ("evaluation.presidium_report",), note=_("主席团没有报告"))),
    Check("second", 6, "不达标的整改后再次测评", "本地规定（满意度达标线）",
          each(MEASURED_BAD, ("measurement.supersede",),
               note=_("不达标的项目没有整改后再次测评"), none="没有测评不达标的项目", open_until=CLOSED)),
    Check("account", 6, "公布明白账", "“效果清”（明白账）",
          account_public),
    Check("archive", 6, "按期归档", "天全县等地做法（档案检查）；本地规定（归档期限）", archived_in_time),
    Check("look_back", 6, "翌年回头看", "江门等地做法", looked_back),
]  # fmt: skip
