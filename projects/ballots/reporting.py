"""计票结果报告单 as a document: its figures, table of sums, reconciliation, short code and places to sign (rules.md §6.2).

Everything on the sheet was put into the paper when both tellers had signed; nothing is counted again here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Exists, OuterRef, QuerySet

from projects.ballots import boxes
from projects.ballots import figures as fig
from projects.ballots.models import Vote, VoteState
from projects.ballots.outcomes import lines_told
from projects.ballots.rules import Majority, MajorityBase, Mode, majority_phrase
from projects.ballots.selectors import PROJECTS, STANDING, compared_with_first, corrected_by, then_of
from projects.cycles.documents.composing import lay_out
from projects.cycles.documents.parts import Document, Equations, Paragraph, Part, Table, ToSign
from projects.cycles.models import Attachment, Cycle, Paper
from projects.cycles.papers import attach, make_paper
from workflow.audit.services import Act
from workflow.flows.services import Outcome
from workflow.people.saying import said as _
from workflow.people.texts import in_words
from workflow.people.wording import worded

SIGNERS = {"chief_teller": "总监票人", "teller": "监票人"}
PLACES = {"elected": "入选", "tied": "票数相等", "not_elected": "未入选"}
HOLDERS = SIGNERS | {"chair": "主席团保管人"}
TO_SIGN = ("总监票人（签名）", "监票人（签名）", "计票人（签名）", "日期")


def report_data(vote: Vote, digest: str) -> dict[str, Any]:
    """What the paper of a signed tally keeps: the vote's file, the outcome, and what the printed sheet says besides."""
    return {
        "digest": digest,
        "sealed": _sealed(vote),
        "opened": _opened(vote),
        "file": fig.file_of(vote),
        "outcome": vote.outcome,
        "on_leave": vote.on_leave,
        "spoiled": vote.figures.get("spoiled", {}),
        "figures": [[word, mark] for word, mark in zip(_words(vote), fig.marks_of(vote), strict=True)],
        "words": {line["title"]: line["word"] for line in lines_told(vote, vote.outcome)},
        "elects": vote.purpose in PROJECTS,
        "asks": vote.is_question,
        "keypad": fig.is_pressed(vote),
        "on_paper": _beside_the_device(vote),
        "equations": [equation.text for equation in fig.equations(vote)],
        "why_held": _why_held(vote),
        "compared": compared.sentence if (compared := compared_with_first(vote)) else "",
        "then": then_of(vote),
        "signed": [
            {"office": signature.office, "name": signature.by.name}
            for signature in vote.signatures.select_related("by").order_by("at")
        ],
    }


def _beside_the_device(vote: Vote) -> dict[str, int | None]:
    """The ballots on paper beside a hall's device; empty where there is one way to vote."""
    if not fig.is_mixed(vote):
        return {}
    return {"issued": vote.paper_issued, "returned": vote.paper_returned}


def _sealed(vote: Vote) -> list[list[str]]:
    """What was frozen of a vote, each with its SHA-256 in full: who has the sheet can check the exported box by it."""
    frozen = (("票箱摘要", vote.box_digest), ("名册摘要", vote.roll_digest))
    return [[title, digest] for title, digest in frozen if digest]


def _opened(vote: Vote) -> str:
    """Who opened the box, and why the same two did so again; empty where there was none to open."""
    pair = "、".join(HOLDERS[office] for office in vote.figures.get("opened_by", ()))
    if not pair:
        return ""
    because = vote.figures.get("same_pair_because", "")
    told = f"电子票箱由{pair}共同开箱。"
    return f"{told}与前次计票由相同的两人开箱，理由：{because}" if because else told


def _why_held(vote: Vote) -> str:
    """Why it was held after another vote, or its ballots counted again, and on which report; empty for a first count.

    Two reports of one vote may have one title: the digest and the day tell them apart.
    """
    before = vote.follows
    if before is None:
        return ""
    reason = vote.follows_because.rstrip("。")
    if before.state == VoteState.VOID:
        void = "复票" if before.is_recount else "原投票"
        corrected = corrected_by(vote)
        takes_place = _see_report(corrected, instead=True) if corrected else ""
        return f"重新投票理由：{reason}。{void}“{before.title}”无效，没有计票结果。{takes_place}"
    what = "复票理由" if vote.is_recount else "本次投票理由"
    return f"{what}：{reason}。{_see_report(before, instead=vote.is_recount)}"


def _see_report(counted: Vote, *, instead: bool) -> str:
    """Where the report of an earlier count is found. instead: this report takes that one's place."""
    report = Paper.objects.filter(kind="tally_report", subject=counted.reference).order_by("-pk").first()
    if report is None:
        return f"前次计票“{counted.title}”没有签字，未形成计票结果报告单。"
    told = f"数字摘要 {short_code(report.data['digest'])}，{in_words(report.made_on)}签字"
    kept = "，前次报告单保留备查，以本报告单为准" if instead else ""
    return f"前次计票见《{report.title}》（{told}）{kept}。"


def _words(vote: Vote) -> list[str]:
    return [getattr(fig.words_of(vote), figure) for figure in fig.figures_of(vote)]


def make_report(act: Act, cycle: Cycle, vote: Vote, digest: str) -> Paper:
    """计票结果报告单 of a vote both tellers have signed, kept with the year's papers."""
    return make_paper(
        act,
        cycle,
        "tally_report",
        f"{vote.title}计票结果报告单",
        body=report_text(vote),
        data=report_data(vote, digest),
        subject=vote.reference,
        step=vote.step_number,
    )


def publish_trackers(act: Act, cycle: Cycle, vote: Vote) -> None:
    """Every tracker, sorted: a deputy finds the own one and sees that the ballot was counted, nobody sees a choice."""
    trackers = boxes.trackers_of(vote)
    if not trackers:
        return
    make_paper(
        act,
        cycle,
        "trackers",
        f"{vote.title}电子票回执清单",
        body="\n".join(trackers),
        data={"trackers": trackers, "box_digest": vote.box_digest},
        subject=vote.reference,
        step=vote.step_number,
        publish=True,
    )


def report_text(vote: Vote) -> str:
    """The teller's report in words (rules.md §6.2, wording)."""
    outcome = vote.outcome
    asked = f"应选 {vote.seats} 项，{_majority(outcome, vote.mode)}。" if vote.purpose in PROJECTS else ""
    head = (
        f"应到代表 {vote.deputies_in_office} 人，请假 {vote.on_leave} 人，实到 {vote.deputies_present} 人。"
        f"{fig.handed_told(vote)}{asked}"
    )
    lines = [
        f"{line['position']}. {line['title']}：{_told(vote, outcome['sums'][line['title']])}。{worded(line['reason'], vote.unit)}"
        for line in lines_told(vote, outcome)
    ]
    told = (worded(then_of(vote), vote.unit), _why_held(vote))
    return "\n".join([worded(head, vote.unit), *lines, *filter(None, told)])


def _told(vote: Vote, sums: dict[str, int]) -> str:
    units = {"得分": "分", "未按": "人"}
    return "，".join(f"{word} {n} {units.get(word, '票')}" for word, n in fig.told(vote, sums))


def _majority(outcome: dict[str, Any], mode: str) -> str:
    told = outcome["majority"]
    majority = Majority(MajorityBase(told["base"]), told["of"], told["needed"])
    return majority_phrase(majority, Mode(mode))


READERS = ("chief_teller", "teller", "chair")  # those who sign it and who reads it out


def undeclared() -> list[str]:
    """The signed votes whose result the chair has not announced, nor that of a later vote on the same matter."""
    later = Vote.objects.filter(
        about_reference=OuterRef("about_reference"), pk__gt=OuterRef("pk"), state=VoteState.DECLARED
    )
    signed = Vote.objects.filter(~Exists(later), state=VoteState.CERTIFIED)
    return [f"{Vote.kind}:{number}" for number in signed.values_list("pk", flat=True)]


def readable_papers(papers: QuerySet[Paper], office: str = "") -> QuerySet[Paper]:
    """Papers without the reports of votes that are signed and not announced; the tellers' own desk reads those too."""
    if office in READERS:
        return papers
    return papers.exclude(kind="tally_report", subject__in=undeclared())


def readable_files(files: QuerySet[Attachment], office: str = "") -> QuerySet[Attachment]:
    """Files on record without the scans of such reports."""
    return files if office in READERS else files.exclude(subject__in=undeclared())


def obstacles_to_scan(vote: Vote) -> list[str]:
    """Why no scan can be kept: the report has not been signed by both, so what was scanned is not it."""
    if vote.state in STANDING:
        return []
    return [_("计票结果报告单尚未由总监票人和监票人签字，签字后再上传扫描件。")]


def keep_scan(act: Act, vote: Vote, *, scan: UploadedFile) -> Outcome:
    """Keep the report as it was signed by hand; a second scan stands beside the first. Its digest is in the trail."""
    kept = attach(act, vote.reference, scan)
    return Outcome(after={"attachment": kept.pk, "sha256": kept.sha256})


def short_code(digest: str) -> str:
    """The first sixteen digits of a digest, in fours, as they are read out and compared."""
    return " ".join(digest[at : at + 4] for at in range(0, 16, 4))


@lay_out("tally_report")
def tally_report(paper: Paper, common: Document) -> Document:
    """The report's own sheet; a paper kept without its figures stays as it was written."""
    if "file" not in paper.data or "outcome" not in paper.data:
        return common
    decision = Paper.objects.filter(kind="vote_decision", subject=paper.subject).order_by("-pk").first()
    parts = _parts(paper.data, decision.body if decision else "")
    return replace(common, parts=tuple(parts), signature="", day="")


def _parts(data: dict[str, Any], decision: str = "") -> Iterator[Part]:
    """What is signed stays with the places to sign: a sheet that runs over takes the last sums along."""
    yield _hall(data)
    if told := _spoiled(data.get("spoiled", {})) + _needed(data):
        yield Paragraph(told, small=True)
    yield _sums(data)
    for told in filter(None, (data.get("then", ""), decision)):
        yield Paragraph(told, kept=True)
    if equations := data.get("equations"):
        yield Equations("票数核对", tuple(equations))
    # Kept as "recount" until votes held for another reason told theirs too: what was signed then is printed as it was.
    for told in filter(None, (data.get("why_held", data.get("recount")), data.get("compared"))):
        yield Paragraph(told, kept=True)
    if opened := data.get("opened"):
        yield Paragraph(opened, small=True, kept=True)
    for title, digest in data.get("sealed", ()):
        yield Paragraph(f"{title}（SHA-256）{digest}", fine=True, kept=True)
    digest = f"数字摘要 {short_code(data['digest'])}（SHA-256 前 16 位）。{_signed(data)}"
    yield Paragraph(digest, small=True, kept=True)
    yield ToSign(TO_SIGN)


def _hall(data: dict[str, Any]) -> Table:
    file, leave = data["file"], data.get("on_leave")
    people = {
        "应到": file["deputies_in_office"],
        "请假": "—" if leave is None else leave,
        "实到": file["deputies_present"],
    }
    if data.get("keypad"):
        paper = data.get("on_paper") or {"issued": 0, "returned": 0}
        ballots = {
            "按键表决": file["ballots_issued"] - paper["issued"],
            "表决器记录": file["ballots_returned"] - paper["returned"],
        }
        if data.get("on_paper"):
            told = {"发出纸质票": paper["issued"], "收回纸质票": paper["returned"], "无效": file["invalid"]}
            ballots |= told
    else:
        ballots = {
            "发出": file["ballots_issued"],
            "收回": file["ballots_returned"],
            "有效": file["valid"],
            "无效": file["invalid"],
        }
    seats = {"应选": file["seats"]} if data.get("elects", True) else {}
    cells = people | ballots | seats
    return Table(
        head=tuple(cells),
        rows=(tuple(map(str, cells.values())),),
        widths=(1,) * len(cells),
        centred=frozenset(range(len(cells))),
        tight=True,
    )


def _signed(data: dict[str, Any]) -> str:
    names = "、".join(f"{SIGNERS.get(one['office'], '')} {one['name']}" for one in data.get("signed", []))
    return f"{names} 已在系统中核对并签字，所签数字与此摘要一致。" if names else ""


def _spoiled(spoiled: dict[str, int]) -> str:
    told = "，".join(f"{title} {spoiled[why]} 张" for why, title in fig.SPOILED.items() if spoiled.get(why))
    return f"无效票分原因：{told}。" if told else ""


def _needed(data: dict[str, Any]) -> str:
    if not data.get("elects", True):
        return ""
    return f"入选标准：{_majority(data['outcome'], data['file']['mode'])}。"


def _figures(data: dict[str, Any]) -> list[tuple[str, str]]:
    """The figures a line of this paper has: word and name; reports kept before they were told have the usual ones."""
    if "figures" in data:
        return [(word, mark) for word, mark in data["figures"]]
    points = [("得分", "points")] if data["file"]["mode"] == "rank" else []
    return [("赞成", "for"), ("反对", "against"), ("弃权", "abstain"), *points]


def _sums(data: dict[str, Any]) -> Table:
    outcome, figures = data["outcome"], _figures(data)
    words = data.get("words") or {title: word for place, word in PLACES.items() for title in outcome[place]}
    rows = tuple(
        (
            str(number),
            title,
            *(str(outcome["sums"][title][mark]) for _word, mark in figures),
            words[title],
        )
        for number, title in enumerate(data["file"]["candidates"], 1)
    )
    return Table(
        head=(
            "序号",
            "表决事项" if data.get("asks") else "项目名称",
            *(word for word, _mark in figures),
            "结果",
        ),
        rows=rows,
        widths=(8, 44, *(11,) * len(figures), 15),
        centred=frozenset({0, *range(2, 3 + len(figures))}),
        tight=True,
        kept=True,
    )
