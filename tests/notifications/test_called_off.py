"""Letters of what is called off: which tasks nobody does any more, and why."""

from __future__ import annotations

import pytest

from tests.projects.voting.conftest import settled
from tests.projects.voting.test_voting import declared, recount
from tests.workflow.flows.test_sittings import posted
from workflow.people.isolation import SYSTEM, apply


@pytest.mark.django_db
def test_what_a_recount_calls_off_is_named_with_why_it_is_done_again() -> None:
    apply(SYSTEM)
    hall = settled(["文化礼堂", "村道硬化"], in_office=50, seats=1)
    declared(hall)
    posted(hall.town)
    recount(hall)
    letters = [d for d in posted(hall.town) if d.letter == "called_off"]
    assert hall.town.of("clerk") in {d.recipient for d in letters}
    assert {d.title for d in letters} == {f"事项终止：大会通过决议（{hall.cycle.label}）"}
    (body,) = {d.body for d in letters}
    assert body == (
        "监票人已结束下列未办事项，原事项不再办理：大会通过决议。\n"
        "理由：复票，有关环节重新办理。复票理由：代表要求复核票数。"
    )
