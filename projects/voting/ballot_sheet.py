"""What the ballot says of each project beside its name, on paper and on a telephone (rules.md §6.2, ballot layout)."""

from __future__ import annotations

from projects.ballots.models import Vote
from projects.ballots.printing import Ballot, Facts, ballot_of
from projects.cycles.documents.tables import month
from projects.cycles.models import Cycle
from projects.selection.models import Item
from projects.voting.selectors import items_of
from workflow.flows.money import wan


def sheet_of(vote: Vote, cycle: Cycle | None) -> Ballot:
    """The ballot of a vote; projects voted on bear their facts, anything else its name alone."""
    items = items_of(vote.options.values_list("reference", flat=True))
    facts = {reference: facts_of(item) for reference, item in items.items()}
    body = str(vote.session) if vote.session else vote.unit.name
    return ballot_of(vote, facts, presidium=f"{body}{cycle.rules.words['presidium'] if cycle else '主席团'}")


def facts_of(item: Item) -> Facts:
    """What every ballot says of a project, so that no deputy decides on less than another."""
    return Facts(
        investment=wan(item.investment_fen) if item.investment_fen else "",
        account=item.content,
        # A narrow column breaks behind the year.
        finish_by=month(item.finish_by.isoformat()).replace("年", "年\n") if item.finish_by else "",
        support=str(item.support),
    )
