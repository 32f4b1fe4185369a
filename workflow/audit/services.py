"""The only writer of the trail."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from workflow.audit.chain import canonical, stamp
from workflow.audit.hooks import tell_after_commit
from workflow.audit.models import Entry
from workflow.people.models import Unit, User


@dataclass(frozen=True)
class Act:
    """Who does something, in which office, at which unit, when; handed to every service.

    actor: None for the system itself and for residents without an account. office: the role code held. unit: the
    tenant in whose trail the act is written. at: the act's time (aware). task: "room.task/number" when a task is done,
    the key alone of what is done without one. request_id: the one-time token of the form it was sent with (`done_with`).
    stands_for: the user name of the holder the actor stands in for (代办); empty for an office of one's own.
    """

    actor: User | None
    office: str
    unit: Unit
    at: datetime
    task: str = ""
    request_id: str = ""
    stands_for: str = ""

    @property
    def on(self) -> date:
        """The act's calendar day in local time."""
        from django.utils.timezone import localdate

        return localdate(self.at)

    @property
    def of_own_accord(self) -> bool:
        """Whether somebody with an account does it without a task that asked them to."""
        return self.actor is not None and "/" not in self.task

    @property
    def person(self) -> User:
        """Who acts, for a record that names a person; LookupError for an act nobody with an account does."""
        if self.actor is None:
            raise LookupError("This act has no person.")
        return self.actor


def done_with(action: str, subjects: Iterable[str], actor: User | None, request_id: str) -> Entry | None:
    """What somebody has done so on one of these records ("kind:id") with the form of this token; None for no token.

    actor: None for somebody without an account.
    """
    if not request_id:
        return None
    # The trail's canonical JSON has no spaces, and a quotation mark inside a text is escaped there.
    done = Entry.objects.filter(subject__in=list(subjects), action=action, actor=actor)
    return done.filter(body__contains=f'"request":{json.dumps(request_id)}').first()


_unnamed: set[str] = set()


def chain_now() -> None:
    """Have the leaves of what this transaction has written so far made now, where they would come at its end.

    For whoever reads the chain in the same transaction, or must know that nothing is left that could fail.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS entry_leaf IMMEDIATE")
        cursor.execute("SET CONSTRAINTS entry_leaf DEFERRED")


def leave_unnamed(*kinds: str) -> None:
    """Have entries on records of these kinds carry no label: people outside wrote it, and may have put a name into it.

    The trail keeps what it is told for ever; a label is read from the record, as long as that has it (`is_unnamed`).
    """
    _unnamed.update(kinds)


def is_unnamed(subject: str) -> bool:
    """Whether entries on this record ("kind:id") carry no label."""
    return subject.partition(":")[0] in _unnamed


def write_down(
    act: Act,
    action: str,
    subject: str,
    *,
    about: str = "",
    step: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    label: str = "",
) -> Entry:
    """Append one entry in the act's own transaction.

    subject: "kind:id" of the record the act is on; about: "kind:id" of the whole it belongs to (the year's cycle),
    step: 1–6 of the six steps or None. before, after: what changed, JSON values only. Personal data stays out:
    ids, not names or telephone numbers (integrity.md §1.6). label: what people call the record; left out where nobody in
    office gave it that name (`leave_unnamed`).
    """
    body = canonical(
        {
            "about": about,
            "action": action,
            "actor": act.actor.username if act.actor else "",
            "after": dict(after or {}),
            "at": stamp(act.at),
            "before": dict(before or {}),
            "label": "" if is_unnamed(subject) else label,
            "office": act.office,
            "reason": reason,
            "request": act.request_id,
            "step": step,
            "subject": subject,
            "task": act.task,
            "unit": act.unit.code,
        }
        # Named only where there is one: every other entry keeps the bytes it always had.
        | ({"stands_for": act.stands_for} if act.stands_for else {})
    )
    entry = Entry.objects.create(unit=act.unit, at=act.at, actor=act.actor, body=body)
    tell_after_commit(act.unit.pk, action)
    return entry
