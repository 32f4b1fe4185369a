"""How often tasks are reminded of and to whom they are reported, by the rulebook of their year."""

from __future__ import annotations

from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import rules_for
from workflow.machines.references import number_in
from workflow.reminders.rules import Cadence, Policy

ABOVE = "county"
# To whom an office answers within its township: the government's to the mayor, the congress's to the chair, who asks
# the mayor on the presidium's behalf (督办, 组织法 19). The chair and the Party committee answer to nobody in it.
NEXT_OFFICE = {
    "clerk": "chair",
    "presidium": "chair",
    "delegation_lead": "chair",
    "deputy": "chair",
    "inspector": "chair",
    "chief_teller": "chair",
    "teller": "chief_teller",
    "counter": "chief_teller",
    "station": "gov_clerk",
    "gov_clerk": "mayor",
    "department": "mayor",
    "finance": "mayor",
    "legal": "mayor",
    "mayor": "chair",
}
FIRST_DAYS = (1, 3)


def policy_by_rules(rules: Rules) -> Policy:
    """What a rulebook says about reminders and reports."""
    before, again = rules.remind_before_days, rules.remind_again_days
    return Policy(
        cadence=Cadence(
            before=(before,) if before else (),
            after=(*(day for day in FIRST_DAYS if day < again), again),
            again=again,
        ),
        next_after=rules.escalate_days,
        above_after=rules.escalate_county_days,
        next_office=NEXT_OFFICE,
        above=ABOVE,
    )


def policy_of_year(about: str) -> Policy:
    """The policy of a year by its reference; of what belongs to no year, by the usual rules."""
    number = number_in(about, Cycle)
    cycle = Cycle.objects.select_related("unit").filter(pk=number).first() if number else None
    return policy_by_rules(rules_for(cycle) if cycle else Rules())
