"""What goes out of the house cannot be called back: it is shown to check before it is confirmed (ui.md, Check → confirm)."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.routing import ROUTES, Audience
from workflow.flows.base import flows
from workflow.flows.events import events
from workflow.inbox.views import is_checked

PUBLISHING = {
    "collection.publish_call", "collection.cosign_call", "selection.notice", "deliberation.convene",
    "deliberation.preliminary", "deliberation.put_method", "deliberation.adopt_method", "deliberation.move_session", "voting.close_confirm",
    "voting.count_again_confirm",
    "voting.declare_method", "voting.declare_resolution",
    "voting.declare", "voting.resolution", "voting.announce", "voting.replace_teller", "supervision.review_plan",
    "evaluation.measure_replace_teller", "supervision.change_replace_teller",
    "voting.name_counters", "evaluation.measure_name_counters", "supervision.change_name_counters",
    "supervision.call_session",
    "supervision.adopt_tellers", "supervision.announce_change", "supervision.announce_undo", "evaluation.convene",
    "evaluation.preliminary", "evaluation.adopt_tellers", "evaluation.second_measure", "evaluation.measure_declare",
    "evaluation.publish",
}  # fmt: skip
TELLING = {
    "selection.answer", "selection.answer_again", "selection.tell", "selection.objection", "deliberation.reply",
    "voting.tell_proposers", "oversight.note", "oversight.note_reply",
    "oversight.circulate", "oversight.send_bulletin", "oversight.train", "oversight.offer_model", "oversight.draw",
    "oversight.rename", "oversight.make_subdistrict", "oversight.merge", "lifecycle.end_year",
}  # fmt: skip
SESSIONS = {
    "deliberation.preliminary", "evaluation.preliminary", "supervision.call_session", "supervision.open_session",
    "supervision.close_session",
}  # fmt: skip
SENT_TO = (Audience.OFFICES, Audience.ABOVE)


def acts() -> dict[str, Any]:
    """Every task and every act without one, by its key."""
    return {act.key: act for act in [node for flow in flows() for node in flow.steps()] + events()}


@pytest.mark.parametrize("key", sorted(PUBLISHING | TELLING | SESSIONS))
def test_what_publishes_tells_or_begins_a_session_is_checked_first(key):
    assert is_checked(acts()[key])


def test_what_is_written_to_a_whole_office_is_checked_first():
    told = {route.pattern for route in ROUTES if route.audience in SENT_TO} & set(acts())
    assert {"voting.declare", "voting.file_county", "supervision.interpellate"} <= told
    assert [key for key in sorted(told) if not is_checked(acts()[key])] == []


def test_what_can_be_put_right_by_doing_it_again_is_done_at_once():
    assert not is_checked(acts()["voting.attendance"])
    assert not is_checked(acts()["collection.receive"])
