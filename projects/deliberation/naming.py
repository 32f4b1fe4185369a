"""确定复票计票人: the presidium names counters beside those who have counted, so that others count again (rules.md §6.2).

Tellers are the hall's to adopt and stay as they are (`replacing`); counters are staff the presidium appoints and watches
over. The same at the desk of every vote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy

from projects.ballots import tellers
from projects.ballots.desk import Desk, file_minutes
from projects.ballots.models import Vote
from projects.cycles.selectors import cycle_of
from projects.cycles.services import presidium_decided
from projects.deliberation import selectors
from projects.deliberation.replacing import list_of, obstacles_of_kind, publish_list
from projects.deliberation.rules import counter_warnings
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.services import Outcome
from workflow.people.models import Unit, User
from workflow.people.saying import said as _
from workflow.people.wording import worded

# The projects on a vote's ballot, by title, with the unit that answers for each.
Departments = Callable[[Vote], Mapping[str, Unit]]
# What whoever is named makes possible; nobody has a task by it.
AFTER_NAMING = gettext_lazy("总监票人现在可以提出复票；监票人确认后，收回的票重新清点，由确定的计票人录入。")


def name_counters(
    desk: Desk,
    departments: Departments,
    act: Act,
    subject: Any,
    *,
    counters: list[str],
    reason: str,
    **minutes: Any,
) -> Outcome:
    """The presidium's meeting is on record, the counters are in office, the list names them.

    counters: ids of persons; minutes: of the meeting, as `presidium_decided` takes them; the form has refused one that
    did not agree. Refused: whoever is no staff (`obstacles_of_kind`), and whom `tellers.add_counters` refuses.
    """
    vote = desk.locked_to_count_again(subject)
    # Whoever keys or signs the vote meanwhile holds its row and not the year's: asked once more under the lock.
    if reasons := desk.obstacles_to_naming_counters(subject, act.at):
        raise Refused(*reasons)
    users = list(User.objects.filter(pk__in=counters).order_by("pk"))
    if reasons := [reason for user in users for reason in obstacles_of_kind(vote, "counter", user, act.on)]:
        raise Refused(*dict.fromkeys(reasons))
    meeting = presidium_decided(act, subject, tellers.NAMING, **minutes)
    document = worded(f"{vote.session or cycle_of(vote)}主席团会议确定", act.unit)
    tellers.add_counters(act, vote, users, document=document)
    file_minutes(act, vote, meeting, _("主席团会议纪要（确定复票计票人）"))
    because, of_hall = _("增加复票计票人"), _adopted_before(vote)
    publish_list(act, vote, because, step=vote.step, data=of_hall, added=users)
    told = {"vote": vote.reference, "counters": [user.username for user in users]}
    if warnings := conflicts(users, departments(vote), vote.unit, act.on):
        told["warnings"] = warnings
    return Outcome(after=told, reason=reason)


def conflicts(users: Sequence[User], departments: Mapping[str, Unit], hall: Unit, on: date) -> list[str]:
    """Who of these serves a unit that answers for a project on the ballot: nobody is refused for it (rules.md §6.2, D)."""
    grants = selectors.staff_grants(users, hall, on)
    serve = [(user.name, {grant.unit.name for grant in grants[user.pk]}) for user in users]
    return counter_warnings(serve, {project: unit.name for project, unit in departments.items()})


def _adopted_before(vote: Vote) -> dict[str, Any]:
    """The hall's own decision on the list the presidium adds to, as that list keeps it; none where there is no list."""
    before = list_of(vote)
    if before is None:
        return {}
    decided = {"on": before.made_on.isoformat()} | before.data.get("adopted", {})
    return {"adopted_before": before.data.get("adopted_before", decided)}
