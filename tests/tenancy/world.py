"""Two townships of two counties: one whose people look in, and one with a record of everything an address names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone

from notifications.models import Delivery
from projects.ballots import sealing
from projects.collection.intake import propose
from projects.cycles.models import Attachment, RollLine, Term
from projects.cycles.papers import make_paper
from projects.deliberation.models import AddedMatter, Question, Withdrawal
from projects.demo.cast import Township
from projects.evaluation.models import Archive, Measurement
from projects.lifecycle.intake import start_year
from projects.oversight.models import Bulletin, Note
from projects.oversight.services import compose_model
from projects.retention.models import Erasure, ErasureRequest, Hold
from projects.selection.models import Exclusion, Notice, Objection
from projects.supervision.models import Audit, Change, Finding, Inquiry, Interpellation
from tests.builders import at, every_office, township
from tests.projects.ballots.conftest import QUICK
from tests.projects.evaluation.conftest import project_of
from tests.projects.voting.conftest import DAY, settled
from tests.projects.voting.test_device_flow import opened
from tests.standing import standing
from tests.tables import tenant_tables
from workflow.administration import exporting
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.models import Comment, CommentFile, Deadline, MeetingCall, SavedFilter, Sitting
from workflow.roles.models import RoleGrant
from workflow.roles.standing_in import name_stand_in

# What an answer to somebody else must not say: the township's name, which its records bear, and its people's.
MARKS = ("柳河", "@BB")
FILE = "attachments/tenancy.txt"


def tenants() -> dict[type[models.Model], str]:
    """Every model with a unit, by its table, and the column the unit stands in."""
    tables = set(tenant_tables())
    found = sorted(apps.get_models(), key=lambda model: model._meta.db_table)
    return {
        model: "tenant_id" if hasattr(model, "tenant_id") else "unit_id"
        for model in found
        if model._meta.db_table in tables
    }


@dataclass
class Side:
    """A township, a holder of every office in it and above it, and the records it has. one: by its kind or its use."""

    town: Township
    offices: dict[str, RoleGrant]
    one: dict[str, Any] = field(default_factory=dict)

    @property
    def units(self) -> list[int]:
        """The township and its county: what stands nowhere else may change by nobody else's act."""
        return [self.town.unit.pk, self.town.unit.parent_id or 0]


def looking_in() -> Side:
    """A township that has begun its year, so that its people have something of their own to see."""

    def build() -> Side:
        town = township("AA", name="青溪镇")
        day = date(2026, 9, 1)
        plan = {"opens_on": day, "planned_t": date(2027, 1, 20), "planned_t2": date(2028, 1, 18)}
        start_year(town.act("chair", at("2026-08-10")), year=2027, **plan)
        return Side(town, every_office(town))

    return standing("who looks in", build)


def looked_into(monkeypatch: pytest.MonkeyPatch) -> Side:
    """A township whose deputies are voting, with a record of every kind there is."""
    real = sealing.new_holder
    monkeypatch.setattr(sealing, "new_holder", lambda passphrase: real(passphrase, QUICK))
    side = standing("what is looked into", _looked_into)
    default_storage.save(FILE, ContentFile("柳河".encode()))
    return side


def _looked_into() -> Side:
    hall = settled(
        ["柳河文化礼堂", "柳河村道硬化"],
        seats=1,
        in_office=20,
        code="BB",
        name="柳河镇",
        ballot_channel="device",
    )
    town = hall.town
    RollLine.objects.bulk_create(
        RollLine(unit=town.unit, session=hall.session, user=town.of("deputy", n), name=f"代表{n}")
        for n in range(1, 21)
    )
    opened(hall)
    project = project_of(town, town.act("clerk", at(DAY)), hall.items[0])
    side = Side(town, every_office(town))
    side.one = {"cycle": hall.cycle, "session": hall.session, "vote": hall.vote, "project": project}
    side.one |= {"unit": town.unit, "item": hall.items[0]}
    side.one |= _of_the_year(side)
    side.one |= _of_the_works(side) | _of_the_house(side) | _of_the_post(side)
    # As they stand in the database: what the flow has hung on them cannot be kept.
    side.one = {name: type(one)._base_manager.get(pk=one.pk) for name, one in side.one.items()}
    return side


def _of_the_year(side: Side) -> dict[str, Any]:
    """Records of steps 1 to 4, and of the term."""
    town, cycle, session, item = (side.town, *(side.one[kind] for kind in ("cycle", "session", "item")))
    act, of_cycle = town.act("clerk", at(DAY)), {"unit": town.unit, "cycle": cycle}
    notice = Notice.objects.create(**of_cycle, from_on=date(2026, 11, 2), to_on=date(2026, 11, 9))
    notice.items.add(item)
    return {
        "proposal": propose(act, title="柳河修桥", content="危桥须改造。"),
        "notice": notice,
        "objection": Objection.objects.create(
            unit=town.unit,
            notice=notice,
            item=item,
            code="BBBB-OBJE",
            words="柳河异议",
            raised_at=at("2026-11-05"),
        ),
        "exclusion": Exclusion.objects.create(**of_cycle, stage="draft", on=date(2026, 11, 20)),
        "question": Question.objects.create(
            **of_cycle,
            session=session,
            department=town.departments[0],
            by=town.of("deputy"),
            words="柳河询问",
        ),
        "withdrawal": Withdrawal.objects.create(unit=town.unit, item=item, reason="柳河撤回"),
        "matter": AddedMatter.objects.create(**of_cycle, title="柳河路灯", content="安装路灯。"),
        "term": Term.objects.create(unit=town.unit, number=19, since=date(2026, 9, 1)),
        "paper": make_paper(act, cycle, "minutes", "柳河镇主席团会议纪要", body="略"),
    }


def _of_the_works(side: Side) -> dict[str, Any]:
    """Records of steps 5 and 6, and the county's."""
    town, project, cycle = side.town, side.one["project"], side.one["cycle"]
    of_project, on = {"unit": town.unit, "project": project}, date(2027, 5, 10)
    of_cycle, county = {"unit": town.unit, "cycle": cycle}, side.offices["county"]
    compose_model(Act(county.user, "county", county.unit, at(DAY)), county.unit, like=None, note="柳河示范")
    return {
        "audit": Audit.objects.create(
            **of_project, number="柳审〔2027〕1 号", title="柳河审计", received_on=on
        ),
        "finding": Finding.objects.create(**of_project, words="柳河裂缝", raised_on=on),
        "change": Change.objects.create(**of_project, what="place", reason="柳河征地", asked_on=on),
        "inquiry": Inquiry.objects.create(
            **of_cycle, department=town.departments[0], words="柳河进度", asked_on=on
        ),
        "interpellation": Interpellation.objects.create(
            **of_cycle, session=side.one["session"], words="柳河停工"
        ),
        "measurement": Measurement.objects.create(**of_project, cycle=cycle),
        "note": Note.objects.create(
            **of_cycle,
            county=county.unit,
            title="柳河提示",
            words="略",
            by=county.user,
            sent_on=on,
            reply_by=on,
        ),
        "archive": Archive.objects.create(
            **of_cycle, file=FILE, sha256="0" * 64, manifest=[{"title": "柳河卷宗"}], made_at=timezone.now()
        ),
        "hold": Hold.objects.create(**of_cycle, reason="柳河争议", set_on=on, set_by=county.user),
        "erasure": Erasure.objects.create(**of_cycle, of="visits", due_on=on, term="柳河", asked_on=on),
        "erasure_request": ErasureRequest.objects.create(
            unit=town.unit, proposal=side.one["proposal"], asked_at=timezone.now()
        ),
        "bulletin": Bulletin.objects.create(
            unit=county.unit,
            of="quarter",
            year=2027,
            title="柳河通报",
            body="略",
            by=county.user,
            as_of=on,
            drafted_on=on,
        ),
    }


def _of_the_house(side: Side) -> dict[str, Any]:
    """What offices keep beside the records: tasks with notes and files, filters, meetings, stand-ins, exports, locks."""
    now, unit = timezone.now(), side.town.unit
    chair, clerk, admin = (side.offices[office] for office in ("chair", "clerk", "admin"))
    tasks = Deadline.objects.filter(unit=unit).order_by("task_id")
    done, task = tasks.exclude(done_at=None)[0], tasks.filter(done_at=None)[0]
    kept = {"unit": unit, "file": FILE, "name": "柳河.txt", "size": 8, "sha256": "0" * 64}
    note = Comment.objects.create(task=task.task, unit=unit, user=clerk.user, at=now, words="柳河附注")
    return {
        "done": done,
        "task": task,
        "comment_file": CommentFile.objects.create(comment=note, media_type="text/plain", **kept),
        "attachment": Attachment.objects.create(
            subject=side.one["project"].reference, added_at=now, **kept
        ),
        "filter": SavedFilter.objects.create(
            unit=unit, user=clerk.user, box="todo", name="柳河", query="step=4"
        ),
        "sitting": Sitting.objects.create(
            unit=unit, seat=unit, body="presidium", held_on=date(2026, 12, 1), place="柳河会议室",
            presided_by="主席", members=7, recorded_by=clerk.user, at=now,
        ),
        "call": MeetingCall.objects.create(
            unit=unit, seat=unit, body="presidium", held_on=date(2026, 12, 8), hour=time(9), place="柳河会议室",
            tasks=[task.pk], called_by=clerk.user, at=now,
        ),
        "stand_in": name_stand_in(
            grant=chair, person=clerk.user, since=timezone.localdate(now), until=timezone.localdate(now),
            reason="休假", act=Act(chair.user, "chair", unit, now),
        ),
        "export": exporting.ask(
            admin, unit, form="csv", year=None, subject="", reason="柳河归档", at=now
        ),
        "entry": write_down(
            Act(chair.user, "chair", unit, now), "cycles.review_credentials", unit.reference, label="柳河镇"
        ),
        "lock": AccessAttempt.objects.create(
            username=clerk.user.username, ip_address="10.0.0.1", user_agent="", failures_since_start=9
        ),
    }  # fmt: skip


def _of_the_post(side: Side) -> dict[str, Any]:
    """A letter to the clerk, and a summary that carries it."""
    unit, now = side.town.unit, timezone.now()
    entry = Entry.objects.filter(unit=unit).latest("pk")
    of = {
        "unit": unit,
        "entry": entry,
        "recipient": side.offices["clerk"].user,
        "channel": "in_app",
        "status": "sent",
    }
    of |= {"urgency": "normal", "title": "柳河来信", "body": "略", "created_at": now, "changed_at": now}
    summary = Delivery.objects.create(**of, digest=True)
    letter = Delivery.objects.create(**of, carried_by=summary)
    return {"letter": letter, "summary": summary}
