"""Who an act is done by."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from workflow.audit.services import Act
from workflow.people.models import Unit, User


def test_an_act_names_the_person_who_does_it() -> None:
    clerk = User(username="clerk")
    assert Act(clerk, "clerk", Unit(), now()).person is clerk


def test_a_residents_act_has_no_person_to_name() -> None:
    with pytest.raises(LookupError):
        _ = Act(None, "resident", Unit(), now()).person
