"""What a 工作提示函 on a task that is stuck begins with: whose it is, what it is, since when its day is past.

The county's to change before it goes out; the record's language, as all that is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from projects.cycles.models import Cycle
from projects.oversight.models import LONGEST_TITLE
from workflow.calendar.workdays import add_working_days
from workflow.flows.models import Deadline
from workflow.people.saying import in_the_records_language
from workflow.people.texts import in_words
from workflow.people.wording import worded
from workflow.roles import registry

DAYS_TO_REPLY = 10  # working days, filled in where the county has not said another day


@dataclass(frozen=True)
class Begun:
    """A note's 事由, 提示内容 and the day its reply is asked for, as they are filled in."""

    title: str
    words: str
    reply_by: date


def begun_on(held: Deadline, cycle: Cycle, today: date) -> Begun:
    """The note of an open task of a year; of one whose day is not past, or that has none, it says when it is due."""
    with in_the_records_language():
        task = worded(held.task.flow_task.task_title, held.unit)
        seat = registry.seat_called(held.office, held.seat)
    about = f"（{held.label}）" if held.label not in ("", cycle.label) else ""
    late = (today - held.binds_on).days if held.binds_on else 0
    term = f"应于{in_words(held.binds_on)}前" if held.binds_on else ""
    stands = f"截至{in_words(today)}已超期{late}天，尚未办结" if late > 0 else "目前尚未办结"
    told = f"{cycle.named}“{task}”{about}{term}由{seat}办结，{stands}。"
    asked = (
        "请查明原因，抓紧办理，并将办理情况书面回复。" if late > 0 else "请按期办理，并将办理情况书面回复。"
    )
    # Of two tasks of one township that are stuck the project tells which is meant.
    what = f"“{held.label}”{task}" if about else f"“{task}”"
    titled = f"关于{cycle.named}{what}{'超期未办' if late > 0 else '办理'}的提示"
    return Begun(titled[:LONGEST_TITLE], told + asked, add_working_days(today, DAYS_TO_REPLY))
