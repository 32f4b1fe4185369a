"""One thing's story (一件事的来龙去脉): from somebody's sentence to the grade, each line with the entries it rests on.

Pure: what is known of the thing and what the trail says of it become the lines of one page and one sheet. Whatever is
not in `TOLD` is not told at all, and to the public only what is marked so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from projects.supervision.rules import LIGHT_WORDS
from workflow.flows.money import wan
from workflow.people.saying import listed, said_again

LONGEST = 120
HERE = 0
NUMBERS_SHOWN = 3
# What a line weighs where a sheet has no room for all: routine goes first, what is key stays.
ROUTINE, NOTABLE, KEY = range(3)


@dataclass(frozen=True)
class Deed:
    """One entry of the trail. number: the entry's id; who: the office that acted; on: its local day."""

    number: int
    at: datetime
    on: date
    action: str
    subject: str
    who: str
    after: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Wish:
    """One of the proposals the thing was made of. kind: who proposed, never by name; outcome, words: the answer.

    own: the reader is its proposer (by the query code), who is told the own title and owed the answer's words.
    """

    reference: str
    title: str
    content: str
    kind: str
    village: str = ""
    outcome: str = ""
    words: str = ""
    own: bool = False


@dataclass(frozen=True)
class Tally:
    """One line of a declared vote. figures: the certified sums under their words; word, reason: as the count has them."""

    figures: tuple[tuple[str, int], ...]
    word: str
    reason: str
    elected: bool


@dataclass(frozen=True)
class Study:
    """One office's opinion before the list was drafted (论证)."""

    kind: str
    opinion: str
    words: str


@dataclass(frozen=True)
class Round:
    """One certified measurement of satisfaction. judgement: how it was worked out; verdict: what follows from it."""

    number: int
    satisfied: int
    basic: int
    dissatisfied: int
    judgement: str
    verdict: str = ""


@dataclass(frozen=True)
class Thing:
    """What is known of one thing. project: its reference, empty where there is none.

    votes: declared votes by their reference, nothing else of a vote; rounds: certified measurements; studies: by the
    number of the entry; findings, changes: words by reference; photos: how many were kept with an act, by its moment.
    """

    title: str
    project: str = ""
    department: str = ""
    wishes: tuple[Wish, ...] = ()
    votes: Mapping[str, Tally] = field(default_factory=dict)
    studies: Mapping[int, Study] = field(default_factory=dict)
    rounds: Mapping[str, Round] = field(default_factory=dict)
    findings: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, str] = field(default_factory=dict)
    photos: Mapping[datetime, int] = field(default_factory=dict)

    def wish(self, reference: str) -> Wish:
        return next(wish for wish in self.wishes if wish.reference == reference)

    @property
    def is_answered(self) -> bool:
        """Whether somebody behind it has been told what became of it."""
        return any(wish.outcome for wish in self.wishes)


@dataclass(frozen=True)
class Line:
    """One line of the story. numbers: the entries it rests on; note: the reason or the words in full; weight:
    what stays on the sheet where there is little room; subject: the record it was done on, of several the first."""

    step: int
    on: date
    who: str
    words: str
    note: str = ""
    numbers: tuple[int, ...] = ()
    weight: int = KEY
    subject: str = ""

    @property
    def shown_numbers(self) -> str:
        """The numbers as a narrow column holds them."""
        few = listed(map(str, self.numbers[:NUMBERS_SHOWN]))
        return _("%(few)s 等") % {"few": few} if len(self.numbers) > NUMBERS_SHOWN else few


@dataclass(frozen=True)
class Chapter:
    """The lines of one of the six steps. folded: how many lines the sheet leaves to the page."""

    step: int
    lines: tuple[Line, ...]
    folded: int = 0

    @property
    def folded_words(self) -> str:
        """What stands in the place of the lines left out."""
        return _("其间另有 %(n)s 项记录，见系统。") % {"n": self.folded} if self.folded else ""


@dataclass(frozen=True)
class Story:
    """The chapters in the order of the year."""

    title: str
    chapters: tuple[Chapter, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for chapter in self.chapters for line in chapter.lines)


@dataclass(frozen=True)
class Telling:
    """How an act is told. words: deed, thing, to the public or not → sentence and note; None leaves it untold.

    step: of the six, or HERE for what may happen at any of them: it stands where the thing had come to. public: the
    public is told at all; weight: see Line; on_list: the act is on the whole list, and told while the thing
    stands on it; elected: likewise, told once the thing was elected.
    """

    step: int
    words: Callable[[Deed, Thing, bool], tuple[str, str] | None]
    public: bool = False
    weight: int = KEY
    on_list: bool = False
    elected: bool = False


def compose(thing: Thing, deeds: Iterable[Deed], *, public: bool) -> Story:
    """The story of a thing. deeds: its entries in any order; public: for anybody, else for those in office."""
    told = list(_lines(thing, sorted(deeds, key=lambda deed: (deed.at, deed.number)), public=public))
    joined = _joined(sorted(told, key=lambda line: (line.step, line.on)))
    chapters = groupby(joined, key=lambda line: line.step)
    return Story(thing.title, tuple(Chapter(step, tuple(lines)) for step, lines in chapters))


def condensed(story: Story, most: int) -> Story:
    """The same with at most `most` lines a chapter where what is not of its key lines can be left out; of the
    others those that weigh least go first, and of these those of the middle."""
    return replace(story, chapters=tuple(_condensed(chapter, most) for chapter in story.chapters))


def _condensed(chapter: Chapter, most: int) -> Chapter:
    routine = [n for n, line in enumerate(chapter.lines) if line.weight < KEY]
    spare = max(0, len(chapter.lines) - most)
    # The middle first: how it began and where it has come to says more than what lay between.
    routine.sort(key=lambda n: (chapter.lines[n].weight, abs(2 * n - len(chapter.lines))))
    gone = set(routine[:spare])
    kept = tuple(line for n, line in enumerate(chapter.lines) if n not in gone)
    return replace(chapter, lines=kept, folded=len(gone))


def _lines(thing: Thing, deeds: Sequence[Deed], *, public: bool) -> Iterator[Line]:
    on_list = elected = False
    reached = 1
    for deed in deeds:
        on_list = _on_list(deed.action, before=on_list)
        elected = elected or (deed.subject in thing.votes and thing.votes[deed.subject].elected)
        telling = TOLD.get(deed.action)
        if telling is None or (public and not telling.public):
            continue
        if (telling.on_list and not on_list) or (telling.elected and not (elected or thing.project)):
            continue
        if sentence := telling.words(deed, thing, public):
            words, note = sentence
            reached = max(reached, telling.step)
            yield Line(
                telling.step or reached,
                deed.on,
                deed.who,
                words,
                note,
                (deed.number,),
                telling.weight,
                deed.subject,
            )


def _on_list(action: str, *, before: bool) -> bool:
    if action in ("item.draft", "item.list_candidate", "item.put_on_ballot"):
        return True
    return before and action not in ("item.leave_out", "item.withdraw", "item.block", "item.reopen")


def _joined(lines: Iterable[Line]) -> Iterator[Line]:
    """What one office did alike to several records on one day is one line with all of its entries."""
    alike: dict[tuple[int, date, str, str, str], list[Line]] = {}
    for line in lines:
        alike.setdefault((line.step, line.on, line.who, line.words, line.note), []).append(line)
    for first, *others in alike.values():
        numbers = (*first.numbers, *(number for line in others for number in line.numbers))
        yield replace(first, words=f"{first.words}{_told_times(first, others)}", numbers=numbers)


def _told_times(first: Line, others: Sequence[Line]) -> str:
    """On how many records it was done, or how many times on the same one."""
    records = {line.subject for line in (first, *others)}
    if len(records) > 1:
        return _("（%(n)s 件）") % {"n": len(records)}
    return _("（%(n)s 次）") % {"n": 1 + len(others)} if others else ""


# ------------------------------------------------------------------------------- sentences


def said(sentence: Any, *, note: Callable[[Deed, Thing, bool], str] | None = None, **places: str) -> Any:
    """Words for a telling that are the same sentence each time; places: filled from the thing's own fields."""

    def words(deed: Deed, thing: Thing, public: bool) -> tuple[str, str]:
        values = {name: getattr(thing, value) for name, value in places.items()}
        return str(sentence) % values if values else str(sentence), note(deed, thing, public) if note else ""

    return words


def reason(deed: Deed, _thing: Thing, _public: bool) -> str:
    return deed.reason


def for_staff(deed: Deed, _thing: Thing, public: bool) -> str:
    return "" if public else deed.reason


def shortened(text: str) -> str:
    """A text as one line of a table holds it."""
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else f"{flat[:LONGEST]}……"


def _proposed(deed: Deed, thing: Thing, public: bool) -> tuple[str, str]:
    wish = thing.wish(deed.subject)
    kind = "" if deed.who == wish.kind else wish.kind  # it stands before the line already
    by = _("%(kind)s（%(village)s）") % {"kind": kind, "village": wish.village} if wish.village else kind
    if public and not wish.own:  # whoever wrote the title may have named somebody in it
        return _("%(by)s提出建议") % {"by": by}, ""
    told = _("%(by)s提出“%(title)s”") % {"by": by, "title": wish.title}
    return told, "" if public else shortened(wish.content)


def _answered(deed: Deed, thing: Thing, public: bool) -> tuple[str, str]:
    wish = thing.wish(deed.subject)
    told = _("答复提出人：%(outcome)s") % {"outcome": wish.outcome} if wish.outcome else _("答复提出人")
    return told, shortened(wish.words) if wish.own or not public else ""


def _left_out(deed: Deed, thing: Thing, public: bool) -> tuple[str, str] | None:
    # Those who asked for it hear it first, by the answer each of them is owed.
    if public and not thing.is_answered:
        return None
    if deed.action == "item.block":
        return _("资格筛查不予列入"), deed.reason
    return _("未列入本年度候选项目名单"), deed.reason


def _screened(deed: Deed, thing: Thing, _public: bool) -> tuple[str, str]:
    if thing.department:
        return _("资格筛查通过，由%(department)s牵头论证") % {"department": thing.department}, ""
    return _("资格筛查通过"), ""


def _studied(deed: Deed, thing: Thing, _public: bool) -> tuple[str, str] | None:
    study = thing.studies.get(deed.number)
    if study is None:
        return None
    return _("%(kind)s论证意见：%(opinion)s") % {"kind": study.kind, "opinion": study.opinion}, study.words


def _on_ballot(deed: Deed, thing: Thing, _public: bool) -> tuple[str, str]:
    number = deed.after.get("ballot_number")
    return (_("列入表决票第 %(n)s 项，提请大会票决") % {"n": number} if number else _("提请大会票决")), ""


def _voted(deed: Deed, thing: Thing, _public: bool) -> tuple[str, str] | None:
    tally = thing.votes.get(deed.subject)
    if tally is None:
        return None
    figures = _("，").join(f"{label} {number}" for label, number in tally.figures)
    return _("票决：%(figures)s，%(word)s") % {"figures": figures, "word": tally.word}, tally.reason


def _assigned(deed: Deed, thing: Thing, _public: bool) -> tuple[str, str]:
    if thing.department:
        return _("交办，由%(department)s负责实施") % {"department": thing.department}, ""
    return _("交办"), ""


def _sum_of(title: Any) -> Callable[[Deed, Thing, bool], tuple[str, str]]:
    def words(deed: Deed, _thing: Thing, _public: bool) -> tuple[str, str]:
        fen, party = deed.after.get("amount_fen"), deed.after.get("party")
        told = str(title)
        if isinstance(party, str) and party:
            told = _("%(what)s，%(party)s") % {"what": told, "party": party}
        if isinstance(fen, int) and fen:
            told = _("%(what)s，%(sum)s") % {"what": told, "sum": wan(fen)}
        return told, deed.reason

    return words


LINES = {
    "tender": _lazy("另行登记招标采购"),
    "contract": _lazy("另行登记合同"),
    "variation": _lazy("登记合同变更"),
    "settlement": _lazy("另行登记结算审核"),
}


def _further_line(deed: Deed, thing: Thing, public: bool) -> tuple[str, str]:
    title = LINES.get(str(deed.after.get("kind")), _lazy("登记合同变更和另行的招标、合同、结算"))
    return _sum_of(title)(deed, thing, public)


def _paid(deed: Deed, thing: Thing, public: bool) -> tuple[str, str]:
    title = _lazy("登记退回、冲销") if deed.after.get("way") == "back" else _lazy("登记付款")
    return _sum_of(title)(deed, thing, public)


def _with_photos(told: str, deed: Deed, thing: Thing) -> str:
    count = thing.photos.get(deed.at, 0)
    return _("%(told)s，附照片 %(n)s 张") % {"told": told, "n": count} if count else told


def _inspected(deed: Deed, thing: Thing, _public: bool) -> tuple[str, str]:
    return _with_photos(_("代表监督小组现场视察"), deed, thing), ""


def _progressed(deed: Deed, thing: Thing, _public: bool) -> tuple[str, str] | None:
    percent, invested, funded = (deed.after.get(name) for name in ("percent", "invested_fen", "funded_fen"))
    if percent is None:  # a light that changed without a report
        return None
    told = _("形象进度 %(percent)s%%") % {"percent": percent}
    if isinstance(invested, int) and isinstance(funded, int):
        money = {"invested": wan(invested), "funded": wan(funded)}
        told = _("%(told)s，完成投资 %(invested)s，资金到位 %(funded)s") % ({"told": told} | money)
    return _with_photos(told, deed, thing), ""


def _relit(sentence: Any) -> Callable[[Deed, Thing, bool], tuple[str, str]]:
    def words(deed: Deed, _thing: Thing, _public: bool) -> tuple[str, str]:
        light = LIGHT_WORDS[str(deed.after.get("light", ""))]
        return str(sentence) % {"light": said_again(light)}, deed.reason

    return words


def _found(deed: Deed, thing: Thing, _public: bool) -> tuple[str, str]:
    return _("提出问题：%(words)s") % {"words": shortened(thing.findings.get(deed.subject, ""))}, ""


def _changed(sentence: Any) -> Callable[[Deed, Thing, bool], tuple[str, str]]:
    def words(deed: Deed, thing: Thing, public: bool) -> tuple[str, str]:
        return str(sentence) % {"what": thing.changes.get(deed.subject, "")}, "" if public else deed.reason

    return words


def _measured(deed: Deed, thing: Thing, _public: bool) -> tuple[str, str] | None:
    found = thing.rounds.get(deed.subject)
    if found is None:
        return None
    places = {"n": found.number, "a": found.satisfied, "b": found.basic, "c": found.dissatisfied}
    told = _("代表满意度测评（第 %(n)s 次）：满意 %(a)s 票，基本满意 %(b)s 票，不满意 %(c)s 票") % places
    if found.verdict:  # in the line itself: a sheet with little room has no notes
        told = _("%(told)s，结论：%(verdict)s") % {"told": told, "verdict": found.verdict}
    return told, found.judgement


# By the action its entry carries. What is missing here stays untold: drafts, tasks whose effect has its own line, reads.
TOLD: dict[str, Telling] = {
    "proposal.submit": Telling(1, _proposed, public=True, weight=NOTABLE),
    "proposal.send_back": Telling(1, said(_lazy("退回补正"), note=reason), weight=ROUTINE),
    "proposal.complete": Telling(1, said(_lazy("补充后重新受理")), weight=ROUTINE),
    "proposal.accept": Telling(1, said(_lazy("受理")), public=True, weight=NOTABLE),
    "proposal.pool": Telling(HERE, said(_lazy("列入项目库"), note=for_staff), public=True),
    "proposal.take_up": Telling(1, said(_lazy("从项目库转入本年度征集")), public=True),
    "proposal.merge": Telling(2, said(_lazy("归并为“%(title)s”"), title="title"), public=True),
    "proposal.unmerge": Telling(2, said(_lazy("从原归并项目拆出")), weight=ROUTINE),
    "item.pass_screening": Telling(2, _screened),
    "item.block": Telling(2, _left_out, public=True),
    "selection.appraise_department": Telling(2, _studied, weight=ROUTINE),
    "selection.appraise_finance": Telling(2, _studied, weight=ROUTINE),
    "selection.appraise_legal": Telling(2, _studied, weight=ROUTINE),
    "item.reopen": Telling(2, said(_lazy("名单退回，重新筛查论证"), note=reason), weight=ROUTINE),
    "item.draft": Telling(2, said(_lazy("政府研究，列入候选项目建议方案"))),
    "item.leave_out": Telling(2, _left_out, public=True),
    "selection.presidium_opinion": Telling(2, said(_lazy("主席团提出意见")), on_list=True, weight=ROUTINE),
    "selection.party_study": Telling(2, said(_lazy("党委研究")), on_list=True, weight=ROUTINE),
    "selection.notice": Telling(2, said(_lazy("候选项目公示")), public=True, on_list=True),
    "objection.uphold": Telling(2, said(_lazy("采纳对公示名单的异议")), weight=ROUTINE),
    "objection.dismiss": Telling(2, said(_lazy("不予采纳对公示名单的异议")), weight=ROUTINE),
    "item.list_candidate": Telling(2, said(_lazy("确定为候选项目")), public=True),
    "proposal.carry": Telling(2, said(_lazy("告知提出人：列为候选项目")), public=True),
    "proposal.answer": Telling(HERE, _answered, public=True, weight=NOTABLE),
    "proposal.drop": Telling(3, said(_lazy("所在候选项目未列入会议议程，另行答复提出人")), public=True),
    "item.withdraw": Telling(3, said(_lazy("经主席团同意撤回"), note=reason), public=True),
    "item.put_on_ballot": Telling(3, _on_ballot, public=True),
    "vote.declare": Telling(4, _voted, public=True),
    "item.count_again": Telling(4, said(_lazy("依规定复票，以重新宣布的结果为准")), public=True),
    "voting.settle_tie": Telling(
        4, said(_lazy("主席团决定末位入选项目")), public=True, elected=True, weight=ROUTINE
    ),
    "voting.resolution": Telling(4, said(_lazy("大会通过决议")), public=True, elected=True),
    "voting.announce": Telling(4, said(_lazy("公告票决结果")), public=True, elected=True),
    "item.substitute": Telling(4, said(_lazy("依规定替换入选"), note=reason), public=True),
    "project.assign": Telling(5, _assigned, public=True),
    "project.form_group": Telling(5, said(_lazy("组建代表监督小组")), public=True, weight=ROUTINE),
    "project.begin": Telling(5, said(_lazy("实施计划公布，开始实施")), public=True),
    "supervision.tender": Telling(5, _sum_of(_lazy("登记招标采购")), weight=ROUTINE),
    "supervision.contract": Telling(5, _sum_of(_lazy("签订合同"))),
    "supervision.settlement": Telling(5, _sum_of(_lazy("结算审核"))),
    "supervision.further_line": Telling(5, _further_line, weight=NOTABLE),
    "supervision.pay": Telling(5, _paid, weight=NOTABLE),
    "project.report": Telling(5, _progressed, public=True, weight=ROUTINE),
    "project.adjust_light": Telling(
        5, _relit(_lazy("人工调整亮灯为“%(light)s”")), public=True, weight=ROUTINE
    ),
    "project.restore_light": Telling(
        5, _relit(_lazy("撤销人工调整，恢复亮灯“%(light)s”")), public=True, weight=ROUTINE
    ),
    "supervision.inspect": Telling(5, _inspected, public=True, weight=ROUTINE),
    "finding.raise": Telling(5, _found, weight=NOTABLE),
    "finding.plan": Telling(5, said(_lazy("登记整改方案")), weight=ROUTINE),
    "finding.rectify": Telling(5, said(_lazy("报告整改情况")), weight=ROUTINE),
    "finding.reject": Telling(5, said(_lazy("复查未通过，继续整改"), note=reason), weight=ROUTINE),
    "finding.close": Telling(5, said(_lazy("复查通过，问题销号")), weight=NOTABLE),
    "change.ask": Telling(5, _changed(_lazy("申请项目调整：%(what)s")), weight=ROUTINE),
    "change.agree": Telling(5, _changed(_lazy("批准项目调整：%(what)s"))),
    "change.refuse": Telling(5, _changed(_lazy("未批准项目调整：%(what)s"))),
    "change.announce": Telling(5, _changed(_lazy("公告项目调整：%(what)s")), public=True),
    "change.ratify": Telling(5, _changed(_lazy("大会追认项目调整：%(what)s")), public=True, weight=ROUTINE),
    "change.revoke": Telling(5, _changed(_lazy("项目调整未获追认，恢复原定内容：%(what)s")), public=True),
    "audit.register": Telling(5, said(_lazy("登记审计报告"))),
    "project.finish": Telling(5, said(_lazy("责任单位报告完工")), public=True),
    "project.reopen": Telling(5, said(_lazy("验收未通过，退回整改"), note=for_staff), weight=ROUTINE),
    "project.accept": Telling(5, said(_lazy("代表监督小组确认，通过验收")), public=True),
    "project.carry_over": Telling(5, said(_lazy("主席团决定跨年续建"), note=for_staff), public=True),
    "measurement.measure": Telling(6, _measured, public=True),
    "measurement.rectify": Telling(6, said(_lazy("测评后整改，报告整改情况")), public=True, weight=ROUTINE),
    "item.reserve": Telling(HERE, said(_lazy("转入储备库")), public=True),
}
