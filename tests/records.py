"""One record of every machine, in its first state: the least that the database accepts."""

from __future__ import annotations

from datetime import date

from projects.ballots.models import Vote
from projects.collection.models import Proposal
from projects.cycles.models import Cycle, Session, Term
from projects.deliberation.models import AddedMatter, Question, Withdrawal
from projects.evaluation.models import Measurement
from projects.oversight.models import Bulletin, Note
from projects.retention.models import Erasure, ErasureRequest, Hold
from projects.selection.models import Exclusion, Item, Notice, Objection
from projects.supervision.models import Audit, Change, Finding, Inquiry, Interpellation, Project
from tests.builders import at
from workflow.machines.models import Record
from workflow.people.models import Unit, User

DAY = date(2026, 10, 9)


def one_of_every_kind(unit: Unit, county: Unit, user: User) -> dict[str, Record]:
    """Kind → a record of a year of `unit`. They hang together by their keys, not by what a year would have done."""
    session = Session.objects.create(unit=unit, term=19, number=2, held_on=date(2027, 1, 20))
    cycle = Cycle.objects.create(
        unit=unit, year=2027, opens_on=DAY, planned_t=date(2027, 1, 20), planned_t2=date(2028, 1, 18)
    )
    named = {"unit": unit, "title": "村道硬化", "content": "硬化村道两公里。", "category": "交通"}
    item = Item.objects.create(cycle=cycle, number=1, **named)
    project = Project.objects.create(cycle=cycle, item=item, number=1, finish_by=DAY, **named)
    notice = Notice.objects.create(unit=unit, cycle=cycle, from_on=DAY, to_on=DAY)
    in_session = {"unit": unit, "cycle": cycle, "session": session, "words": "为何进展缓慢？"}
    records: list[Record] = [
        Term.objects.create(unit=unit, number=19),
        session,
        cycle,
        item,
        project,
        notice,
        Proposal.objects.create(
            cycle=cycle, code="P1", proposer_kind="resident", received_at=at("2026-10-09"), **named
        ),
        Objection.objects.create(
            unit=unit, notice=notice, code="B1", words="遗漏本村。", raised_at=at("2026-10-09")
        ),
        Exclusion.objects.create(unit=unit, cycle=cycle, stage="screening", on=DAY),
        Withdrawal.objects.create(unit=unit, item=item, reason="资金未落实。"),
        AddedMatter.objects.create(unit=unit, cycle=cycle, title="路灯", content="安装路灯。"),
        Question.objects.create(department=unit, by=user, **in_session),
        Interpellation.objects.create(**in_session),
        Vote.objects.create(
            unit=unit, about_reference=cycle.reference, purpose="projects", title="表决票",
            mode="select", seats=1, deputies_in_office=50,
        ),
        Finding.objects.create(unit=unit, project=project, words="路面开裂。", raised_on=DAY),
        Audit.objects.create(unit=unit, project=project, number="审1", title="审计报告", received_on=DAY),
        Change.objects.create(unit=unit, project=project, what="cost", reason="材料涨价。", asked_on=DAY),
        Inquiry.objects.create(unit=unit, cycle=cycle, words="何时完工？", asked_on=DAY),
        Measurement.objects.create(unit=unit, cycle=cycle, project=project),
        Bulletin.objects.create(unit=unit, of="quarter", year=2027, title="通报", body="。", as_of=DAY, drafted_on=DAY, by=user),
        Hold.objects.create(unit=unit, cycle=cycle, reason="有争议", set_on=DAY, set_by=user),
        Erasure.objects.create(unit=unit, cycle=cycle, of="visits", due_on=DAY, term="五年", asked_on=DAY),
        Note.objects.create(
            unit=unit, county=county, title="进度", words="请报进度。", by=user, sent_on=DAY, reply_by=DAY
        ),
    ]  # fmt: skip
    proposal = next(record for record in records if isinstance(record, Proposal))
    records.append(ErasureRequest.objects.create(unit=unit, proposal=proposal, asked_at=at("2026-10-10")))
    return {record.kind: record for record in records}
