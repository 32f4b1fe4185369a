"""Step 2's acts: merge, screen, appraise, draft the list, hear the opinions, post it, answer everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.utils.formats import date_format
from django.utils.timezone import localdate

from projects.collection.models import Outcome as Fate
from projects.collection.models import Proposal, ProposalState
from projects.collection.services import new_code
from projects.cycles.models import Cycle, CycleState
from projects.cycles.papers import make_paper
from projects.selection import rules
from projects.selection.answering import take_back
from projects.selection.models import (
    Appraisal,
    AppraisalReturn,
    FundSource,
    Item,
    ItemState,
    Notice,
    NoticeState,
    Objection,
    Score,
    Screening,
    Source,
    Verdict,
)
from projects.selection.selectors import (
    APPRAISABLE,
    active_checks,
    appraisable_of,
    candidate_rows,
    drafted_of,
    is_agreed,
    is_list_changed,
    items_of,
    last_notice,
    left_over,
    mergeable_of,
    open_objections,
    open_returns,
    shortcoming,
    told_items,
    unanswered,
    with_everything,
)
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.models import Unit
from workflow.people.saying import said as _
from workflow.people.sentences import in_a_row
from workflow.roles.selectors import seats_of

Rows = Mapping[int, Mapping[str, Any]]

# ------------------------------------------------------------------------------------------- merge


def merge(act: Act, cycle: Cycle, *, rows: Rows, **_typed: Any) -> Outcome:
    """归并: one item for every number entered; every source is kept (rules.md §4).

    rows: proposal id → number and, where the proposal has none, category. A second merging keeps an item whose
    sources stay together under the same number, moves what was given another one, and removes what was left empty.
    """
    proposals = {p.pk: p for p in mergeable_of(cycle).select_for_update(of=("self",))}
    if set(proposals) != set(rows):
        raise Refused(_("意见建议的情况已有变化，请重新打开后再归并。"))
    kept = {
        i.number: i for i in items_of(cycle).filter(state=ItemState.MERGED).select_for_update(of=("self",))
    }
    moving = [p for p in proposals.values() if _moves(p, rows[p.pk]["number"])]
    loose = [p for p in proposals.values() if _is_loose(p)]
    was = {str(p.pk): p.source.item.number for p in moving} | {str(p.pk): None for p in loose}
    take_apart(act, moving)
    numbers = {pk: row["number"] for pk, row in rows.items() if _is_loose(proposals[pk])}
    groups = [[proposals[pk] for pk in group] for group in rules.groups_of(numbers)]
    new = [group for group in groups if rows[group[0].pk]["number"] not in kept]
    made = _new_items(act, cycle, new, rows)
    homes = kept | {rows[group[0].pk]["number"]: item for group, item in zip(new, made, strict=True)}
    for group in groups:
        put_in(act, homes[rows[group[0].pk]["number"]], group)
    remove_empty(act, cycle)
    recount(cycle)
    return Outcome(after={"was": was})


def _is_loose(proposal: Proposal) -> bool:
    return proposal.state == ProposalState.ACCEPTED


def _moves(proposal: Proposal, number: int) -> bool:
    source = getattr(proposal, "source", None)
    return source is not None and source.item.number != number


def take_apart(act: Act, proposals: Iterable[Proposal]) -> None:
    """Each proposal leaves its item and may be merged again."""
    for proposal in proposals:
        fire(proposal, "unmerge", act)
        Source.objects.filter(proposal=proposal).delete()


def _new_items(act: Act, cycle: Cycle, groups: Sequence[Sequence[Proposal]], rows: Rows) -> list[Item]:
    """One item per group, named after the first proposal in it. Entered numbers become a row without gaps."""
    last = max((i.number for i in items_of(cycle)), default=0)
    return Item.objects.bulk_create(
        _item_of(act, cycle, last + n, group, rows) for n, group in enumerate(groups, 1)
    )


def _item_of(act: Act, cycle: Cycle, number: int, group: Sequence[Proposal], rows: Rows) -> Item:
    first = group[0]
    category = first.category or rows.get(first.pk, {}).get("category") or ""
    return Item(
        unit=act.unit,
        cycle=cycle,
        number=number,
        title=first.title,
        content=first.content,
        category=category,
        place=first.place,
        investment_fen=first.estimate_fen,
    )


def put_in(act: Act, item: Item, proposals: Sequence[Proposal]) -> None:
    """The proposals join the item."""
    for proposal in proposals:
        fire(proposal, "merge", act)
    Source.objects.bulk_create(Source(unit=act.unit, item=item, proposal=p) for p in proposals)


def remove_empty(act: Act, cycle: Cycle) -> None:
    """An item all of whose proposals were moved is no item any more; the trail keeps that it was one."""
    for item in items_of(cycle).filter(sources=None, state=ItemState.MERGED, added_in_session=False):
        write_down(act, "item.dissolve", item.reference, about=item.about, step=2, label=item.label)
        item.delete()


def recount(cycle: Cycle) -> None:
    """民意: how many proposals stand behind each item."""
    sources = Source.objects.filter(item=OuterRef("pk")).order_by().values("item").annotate(n=Count("pk"))
    Item.objects.filter(cycle=cycle, added_in_session=False).update(support=Subquery(sources.values("n")))


def unmerge(act: Act, item: Item, *, proposals: Sequence[int]) -> Outcome:
    """拆分: each chosen proposal becomes an item of its own, to be screened; the rest stay together."""
    taken = list(
        Proposal.objects.select_for_update(of=("self",))
        .filter(pk__in=proposals, source__item=item)
        .select_related("source__item")
        .order_by("pk")
    )
    if len(taken) == item.sources.count():
        raise Refused(_("至少须留下一件。"))
    take_apart(act, taken)
    made = _new_items(act, item.cycle, [[p] for p in taken], {})
    for proposal, own in zip(taken, made, strict=True):
        put_in(act, own, [proposal])
    recount(item.cycle)
    return Outcome(after={"into": [own.reference for own in made]})


def obstacles_to_unmerging(item: Item, at: datetime) -> list[str]:
    """Why an item may no longer be taken apart: its list has been decided or posted."""
    if item.cycle.state != "selecting":
        return [_("本年度初定已结束，不能再拆分。")]
    if item.state == ItemState.DRAFTED:
        return [_("“%(title)s”已列入建议方案，须由乡镇长退回归并后再拆分。") % {"title": item.title}]
    if item.state not in (*APPRAISABLE, ItemState.MERGED, ItemState.BLOCKED):
        return [_("名单已确定，不能再拆分。")]
    if (notice := last_notice(item.cycle)) is not None:
        return [_("名单已于%(day)s公示，不能再拆分。") % {"day": date_format(notice.from_on)}]
    if item.sources.count() < 2:
        return [_("“%(title)s”只有一件意见建议，无须拆分。") % {"title": item.title}]
    return []


def obstacles_to_merging(cycle: Cycle, at: datetime) -> list[str]:
    """Nothing to merge: nothing was accepted."""
    if not mergeable_of(cycle).exists():
        return [_("本年度没有已受理的意见建议，请党政办先从项目库提出或另行征集。")]
    return []


def edit_item(act: Act, item: Item, **words: str) -> None:
    """The item's own words are put right; the trail has the act with the new words."""
    Item.objects.filter(pk=item.pk).update(**words)


def obstacles_to_editing(item: Item, at: datetime) -> list[str]:
    """Why an item's words stand: its list has been posted."""
    if item.cycle.state != "selecting" or last_notice(item.cycle) is not None:
        return [_("名单已公示或初定已结束，项目内容不能再改。")]
    return []


# ------------------------------------------------------------------------------------------ screen


def screen(act: Act, cycle: Cycle, *, rows: Rows, **_typed: Any) -> Outcome:
    """资格筛查: every rule's verdict on every item; one blocking rule blocks the item with its reason (rules.md §4)."""
    items = items_of(cycle).filter(state=ItemState.MERGED).select_for_update(of=("self",))
    held = {item.pk: item for item in items}
    if set(held) != set(rows):
        raise Refused(_("项目的情况已有变化，请重新打开后再筛查。"))
    severities = active_checks(cycle.rules)
    Screening.objects.filter(item__in=held).delete()
    lines = [line for pk, item in held.items() for line in _screened(act, item, rows[pk], severities)]
    Screening.objects.bulk_create(lines)
    units = seats_of("department", cycle.unit, act.on).in_bulk()
    for pk, item in held.items():
        department = units.get(rows[pk].get("department"))
        _pass_or_block(act, item, [line for line in lines if line.item_id == pk], department)
    open_returns(cycle).update(settled_on=act.on)
    return Outcome(after={"blocked": sum(item.state == ItemState.BLOCKED for item in held.values())})


def _screened(act: Act, item: Item, row: Mapping[str, Any], severities: Mapping[str, str]) -> list[Screening]:
    unmet = set(row.get("unmet") or ())
    return [
        Screening(
            unit=act.unit,
            item=item,
            rule=code,
            verdict=rules.verdict_of(severity, met=code not in unmet),
            evidence=row.get(f"evidence_{code}") or "",
        )
        for code, severity in severities.items()
    ]


def _pass_or_block(act: Act, item: Item, lines: Sequence[Screening], department: Unit | None) -> None:
    if rules.is_blocked(line.verdict for line in lines):
        reason = _reason_of([line for line in lines if line.verdict == Verdict.BLOCK])
        fire(item, "block", act, reason=reason, decision_reason=reason[:1000])
    else:
        fire(item, "pass_screening", act, department=department)


def _reason_of(lines: Sequence[Screening]) -> str:
    found = "；".join(f"{shortcoming(line.rule)}（{line.evidence.rstrip('。')}）" for line in lines)
    return _("资格筛查不予列入：%(found)s。") % {"found": found}


def reopen(act: Act, cycle: Cycle, *, to: str, reason: str) -> None:
    """The list goes back to be merged or screened again: every item that has not been answered starts anew."""
    if to == "appraise":
        return
    states = (*APPRAISABLE, ItemState.BLOCKED)
    again = list(items_of(cycle).filter(state__in=states).exclude(pk__in=told_items(cycle)))
    for item in again:
        fire(item, "reopen", act, reason=reason)
    take_back(act, again)


# ---------------------------------------------------------------------------------------- appraise


def appraise_department(
    act: Act, cycle: Cycle, *, rows: Rows, item: Mapping[str, int] | None = None, **_typed: Any
) -> Outcome:
    """部门论证: opinion, estimate, money, finish and target of each of the department's items."""
    held = _appraised(cycle, rows)
    replaced = {pk: _set_figures(act, held[pk], row) for pk, row in rows.items()}
    return _write_opinions(act, cycle, Appraisal.Kind.DEPARTMENT, held, rows, replaced)


def appraise_finance(act: Act, cycle: Cycle, *, rows: Rows, **_typed: Any) -> Outcome:
    """财政论证."""
    return _write_opinions(act, cycle, Appraisal.Kind.FINANCE, _appraised(cycle, rows), rows)


def appraise_legal(act: Act, cycle: Cycle, *, rows: Rows, **_typed: Any) -> Outcome:
    """合法性审查."""
    return _write_opinions(act, cycle, Appraisal.Kind.LEGAL, _appraised(cycle, rows), rows)


def _appraised(cycle: Cycle, rows: Rows) -> dict[int, Item]:
    held = {i.pk: i for i in appraisable_of(cycle).filter(pk__in=rows).select_for_update(of=("self",))}
    if set(held) != set(rows):
        raise Refused(_("项目的情况已有变化，请重新打开后再论证。"))
    return held


MONEY = "public_money"  # the screening's rule that a department's figures may decide
FIGURES = (
    "funding", "investment_fen", "finish_by", "target", "multi_year", "milestone", "beneficiaries", "leader",
)  # fmt: skip


def _figures_of(item: Item) -> dict[str, Any]:
    """An item's figures as they stand, and what was said of its money, as JSON has it."""
    values = {name: getattr(item, name) for name in FIGURES}
    day = values["finish_by"]
    money = Screening.objects.filter(item=item, rule=MONEY).values("verdict", "evidence").first()
    return {**values, "finish_by": day.isoformat() if day else None, "money": money}


def _set_figures(act: Act, item: Item, row: Mapping[str, Any]) -> dict[str, Any]:
    """Put in a department's figures; what they take the place of."""
    before = _figures_of(item)
    item.funding = {name: row[name] for name in FundSource.values}
    item.investment_fen = sum(item.funding.values())
    item.finish_by, item.target = row["finish"], row["target"]
    item.multi_year = rules.takes_more_than_the_year(row["finish"], item.cycle.year)
    item.milestone = row.get("milestone") or ""
    item.beneficiaries, item.leader = row.get("beneficiaries") or "", row.get("leader") or ""
    item.save(update_fields=FIGURES)
    _check_money(act, item)
    return before


def return_appraisal(
    act: Act, cycle: Cycle, *, kind: str, to: str, reason: str, item: Mapping[str, int] | None = None
) -> None:
    """退回: one appraiser sends the list back; the others appraise to the end (steps.md, step 2).

    item: the branch's department, for the kind department. The reason is kept with the file.
    """
    made = AppraisalReturn.objects.create(
        unit=act.unit,
        cycle=cycle,
        kind=kind,
        department=Unit.objects.get(pk=item["department"]) if item else None,
        reason=reason,
        by=act.person,
        on=act.on,
    )
    title = _("论证退回意见（%(office)s）") % {"office": made.office}
    make_paper(act, cycle, "appraisal", title, body=reason, data={"kind": kind, "returned": True})


def reopen_returned(act: Act, cycle: Cycle) -> None:
    """Where all appraisers have met: one return is enough, and the list is to be screened again."""
    if made := list(open_returns(cycle)):
        reopen(act, cycle, to="screen", reason="；".join(f"{r.office}：{r.reason}" for r in made))


def _check_money(act: Act, item: Item) -> None:
    """The figures show what the screening could not: whether the money is mainly public (rules.md §1.4)."""
    severity = item.cycle.rules.eligibility[MONEY]
    if severity == "off" or not rules.is_mainly_social(item.funding):
        return
    evidence = _("部门论证：社会资金超过总投资的一半。")
    Screening.objects.update_or_create(
        item=item,
        rule=MONEY,
        defaults={
            "unit": act.unit,
            "verdict": rules.verdict_of(severity, met=False),
            "evidence": evidence,
        },
    )
    if severity == "block" and item.state == ItemState.ELIGIBLE:
        fire(item, "block", act, reason=evidence, decision_reason=evidence)


def _write_opinions(
    act: Act,
    cycle: Cycle,
    kind: str,
    held: Mapping[int, Item],
    rows: Rows,
    replaced: Mapping[int, dict[str, Any]] | None = None,
) -> Outcome:
    """The opinions of one office, and its paper; an earlier opinion of the same office is replaced.

    replaced: of each item, as `Appraisal` keeps it. The entry names the items, by which the act is taken back.
    """
    Appraisal.objects.filter(item__in=rows, kind=kind).delete()
    opinions = Appraisal.objects.bulk_create(
        Appraisal(
            unit=act.unit,
            item_id=pk,
            kind=kind,
            opinion=row["opinion"],
            words=row["words"],
            by=act.actor,
            on=act.on,
            replaced=(replaced or {}).get(pk, {}),
        )
        for pk, row in rows.items()
    )
    label = Appraisal.Kind(kind).label
    make_paper(
        act,
        cycle,
        "appraisal",
        _("候选项目论证意见（%(office)s）") % {"office": label},
        body="\n".join(
            f"{held[o.item_id].number}. {held[o.item_id].title}：{o.get_opinion_display()}。{o.words}"
            for o in opinions
        ),
        data={"kind": kind, "items": list(rows)},
    )
    return Outcome(after={"items": [held[pk].reference for pk in rows]})


def score(act: Act, item: Item, **marks: int) -> None:
    """One scorer's marks; a second sheet of the same person replaces the first until the list is drafted."""
    Score.objects.update_or_create(
        item=item, by=act.actor, defaults={"unit": act.unit, "marks": marks, "on": act.on}
    )


def obstacles_to_scoring(item: Item, at: datetime) -> list[str]:
    """Why an item cannot be scored: the sheet is off, or the list is drafted or not screened yet."""
    if not item.cycle.rules.score_sheet:
        return [_("本年度规则不使用评分表。")]
    if item.state != ItemState.ELIGIBLE:
        return [_("只有筛查通过、尚未拟定建议方案的项目可以评分。")]
    return []


# --------------------------------------------------------------------------------------- draft list


def draft_list(
    act: Act,
    cycle: Cycle,
    *,
    items: Sequence[int],
    seats: int,
    accept_small_surplus: bool,
    left_reason: str,
    held_on: date,
    minutes: str,
    body: str,
) -> Outcome:
    """候选项目建议方案: the government chooses the items and the number to elect (rules.md §5)."""
    held = list(appraisable_of(cycle).select_for_update(of=("self",)))
    was = {
        "seats": cycle.seats,
        "items": {str(i.pk): {"state": i.state, "reason": i.decision_reason} for i in held},
        "excluded": sorted(i.pk for i in held if i.excluded_by_id),
    }
    chosen = set(items)
    if not chosen <= {item.pk for item in held}:
        raise Refused(_("项目的情况已有变化，请重新打开后再提出。"))
    for item in held:
        _draft_or_leave(act, item, chosen=item.pk in chosen, reason=left_reason)
    take_back(act, [item for item in held if item.pk in chosen])
    Cycle.objects.filter(pk=cycle.pk).update(seats=seats)
    cycle.seats = seats
    make_paper(
        act,
        cycle,
        "minutes",
        _("政府办公会议纪要（候选项目建议方案）"),
        body=minutes,
        data={"held_on": str(held_on)},
    )
    make_paper(
        act,
        cycle,
        "draft_list",
        f"{cycle.candidates}建议方案",
        body=body,
        data={
            "seats": seats,
            "items": candidate_rows(drafted_of(cycle)),
            "small_surplus": accept_small_surplus,
        },
    )
    return Outcome(after={"was": was})


def _draft_or_leave(act: Act, item: Item, *, chosen: bool, reason: str) -> None:
    if chosen and item.state != ItemState.DRAFTED:
        fire(item, "draft", act, decision_reason="")
    if not chosen and item.state != ItemState.LEFT_OUT:
        fire(item, "leave_out", act, reason=reason, decision_reason=reason)


def obstacles_to_drafting(cycle: Cycle, at: datetime) -> list[str]:
    """Items nobody has screened or appraised yet, and with whom they are."""
    found = []
    if loose := items_of(cycle).filter(state=ItemState.MERGED).count():
        found.append(_("还有 %(n)s 个项目未筛查，请退回党政办资格筛查。") % {"n": loose})
    items = list(with_everything(appraisable_of(cycle)))
    for kind, label in Appraisal.Kind.choices:
        titles = [i.title for i in items if kind not in {a.kind for a in i.appraisals.all()}]
        if titles:
            found.append(
                _("%(kind)s尚未论证：%(titles)s。请退回论证。")
                % {"kind": label, "titles": in_a_row(titles[:5])}
            )
    return [*found, *_too_few_scores(cycle, items)]


def _too_few_scores(cycle: Cycle, items: Sequence[Item]) -> list[str]:
    book = cycle.rules
    if not book.score_sheet:
        return []
    scored = [i for i in items if i.state == ItemState.ELIGIBLE]
    titles = [i.title for i in scored if len(i.scores.all()) < book.scorers_min]
    if not titles:
        return []
    return [
        _("评分不足 %(n)s 人：%(titles)s。请有关单位先评分。")
        % {"n": book.scorers_min, "titles": in_a_row(titles[:5])}
    ]


# ---------------------------------------------------------------------------------------- opinions


def give_presidium_opinion(act: Act, cycle: Cycle, *, meeting: Meeting, return_reason: str) -> Outcome:
    """The presidium agrees to the draft list or says why not; the flow moves when the Party has met too."""
    return _opinion(act, cycle, meeting, _("主席团会议纪要（候选项目建议方案）"), return_reason)


def study_by_party(act: Act, cycle: Cycle, *, meeting: Meeting, return_reason: str) -> Outcome:
    """同级党委研究: agrees or returns (rules.md §1.3)."""
    return _opinion(act, cycle, meeting, _("党委会议纪要（候选项目建议方案）"), return_reason)


def _opinion(act: Act, cycle: Cycle, meeting: Meeting, title: str, return_reason: str) -> Outcome:
    reason = "" if meeting.agreed else return_reason
    data = {"matter": "draft_list", "body": meeting.body, "agreed": meeting.agreed, "reason": reason}
    make_paper(act, cycle, "minutes", title, body=meeting.minutes, data=data)
    back = "" if meeting.agreed else "draft_list"
    return Outcome(returns_to=back, reason=reason, after={"agreed": meeting.agreed})


# ------------------------------------------------------------------------------------------ notice


def post_notice(act: Act, cycle: Cycle, *, to_on: date, number: str, body: str) -> Outcome:
    """公示: the list is fixed and posted; posting it again after a change is the next round."""
    before = last_notice(cycle)
    notice = Notice.objects.create(
        unit=act.unit, cycle=cycle, round=before.round + 1 if before else 1, from_on=act.on, to_on=to_on
    )
    notice.items.set(drafted_of(cycle))
    data = {
        "round": notice.round,
        "from": str(act.on),
        "to": str(to_on),
        "seats": cycle.seats,
        "items": candidate_rows(drafted_of(cycle)),
    }
    title = f"关于{cycle.candidates}的公示" + ("" if notice.round == 1 else f"（第 {notice.round} 次）")
    make_paper(
        act,
        cycle,
        "public_notice",
        title,
        body=body,
        number=number,
        data=data,
        subject=notice.reference,
        publish=True,
    )
    return Outcome(after={"notice": notice.reference, "round": notice.round})


def obstacles_to_posting(cycle: Cycle, at: datetime) -> list[str]:
    """The list is posted only when both bodies have agreed to it."""
    if not is_agreed(cycle):
        return [_("主席团或者党委尚未同意候选项目建议方案，不能公示。")]
    return []


def lodge(act: Act, notice: Notice, *, words: str, item: int | None = None) -> Objection:
    """Keep an objection to the posted list; refused once the notice is over."""
    if reasons := obstacles_to_objecting(notice, act.at):
        raise Refused(*reasons)
    return Objection.objects.create(
        unit=notice.unit,
        notice=notice,
        item=notice.items.filter(pk=item).first() if item else None,
        code=new_code(),
        words=words,
        raised_at=act.at,
    )


def obstacles_to_objecting(notice: Notice, at: datetime) -> list[str]:
    """Why a list can no longer be objected to: its year was ended, or its days are over."""
    if notice.cycle.state == CycleState.ENDED:
        return [_("本年度工作已经终止，不再受理异议。")]
    if notice.state != NoticeState.POSTED or localdate(at) > notice.to_on:
        return [_("公示已于%(day)s结束，不再受理异议。") % {"day": date_format(notice.to_on)}]
    return []


def answer_objection(
    act: Act,
    objection: Objection,
    *,
    decision: str,
    answer: str,
    takes_out: int | None,
    puts_in: int | None,
) -> Outcome:
    """答复异议: upheld or dismissed in writing; an upheld one may take an item off the list or put one on."""
    changes = bool(takes_out or puts_in)
    if decision == "dismiss":
        fire(objection, "dismiss", act, answer=answer)
        return Outcome()
    fire(objection, "uphold", act, answer=answer, changes_list=changes)
    reason = _("异议成立：%(answer)s") % {"answer": answer}
    if takes_out:
        fire(Item.objects.get(pk=takes_out), "leave_out", act, reason=reason, decision_reason=reason[:1000])
    if puts_in:
        item = Item.objects.get(pk=puts_in)
        fire(item, "draft", act, reason=reason, decision_reason="")
        take_back(act, [item])
    return Outcome(after={"changes_list": changes})


# ---------------------------------------------------------------------------------------- conclude


def conclude(act: Act, cycle: Cycle) -> Outcome | None:
    """The notice is over: its list becomes the list of candidates.

    Where an upheld objection has changed the list, the Party studies it again instead. Refused while anybody is left
    unanswered: step 3 cannot begin then (steps.md, step 2).
    """
    notice = Notice.objects.select_for_update().get(pk=last_notice(cycle).pk)  # type: ignore[union-attr]
    fire(notice, "close", act)
    if is_list_changed(notice):
        return Outcome(returns_to="party_study", reason=_("异议成立，名单有变，重新送党委研究。"))
    _carry(act, cycle)
    if reasons := obstacles_to_deliberation(cycle, act.at):
        raise Refused(*reasons)
    return None


def _carry(act: Act, cycle: Cycle) -> None:
    """The drafted items are candidates now, and so are the proposals behind them."""
    for item in drafted_of(cycle).prefetch_related("sources__proposal"):
        fire(item, "list_candidate", act)
        proposals = sorted((s.proposal for s in item.sources.all()), key=lambda p: p.pk)
        for proposal in (p for p in proposals if p.state == ProposalState.MERGED):
            first = proposal.pk == proposals[0].pk
            words = _("已列为候选项目“%(title)s”。") if first else _("已并入候选项目“%(title)s”。")
            fire(
                proposal,
                "carry",
                act,
                outcome=Fate.CARRIED if first else Fate.MERGED,
                outcome_words=words % {"title": item.title},
                answered_at=act.at,
            )


def obstacles_to_concluding(cycle: Cycle, at: datetime) -> list[str]:
    """What the last task waits for: the notice, its objections, and everybody's answer unless the list changes again."""
    found = obstacles_of_the_notice(cycle, at)
    notice = last_notice(cycle)
    if notice and not is_list_changed(notice) and (count := left_over(cycle).count()):
        found.append(_unanswered(count))
    return found


def _unanswered(count: int) -> str:
    return _("还有 %(n)s 件意见建议未答复提出人（含待代表签名的），请党政办先答复。") % {"n": count}


def obstacles_of_the_notice(cycle: Cycle, at: datetime) -> list[str]:
    """Why the notice is not over: its days, or an objection without an answer."""
    notice = last_notice(cycle)
    if notice is None:
        return [_("候选项目尚未公示，请党政办发布公示。")]
    found = []
    if localdate(at) <= notice.to_on:
        found.append(_("公示到%(day)s止，尚未结束。") % {"day": date_format(notice.to_on)})
    if count := open_objections(cycle).count():
        found.append(_("还有 %(n)s 件异议未答复，请党政办先答复。") % {"n": count})
    return found


def obstacles_to_deliberation(cycle: Cycle, at: datetime) -> list[str]:
    """Why step 3 cannot begin: the notice, an objection, or one proposer without an answer (steps.md, step 2)."""
    found = obstacles_of_the_notice(cycle, at)
    if count := unanswered(cycle).count():
        found.append(_unanswered(count))
    if not items_of(cycle).filter(state=ItemState.CANDIDATE).exists():
        found.append(_("还没有候选项目。"))
    return found
