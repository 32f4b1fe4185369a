"""A vote at its desk, of every kind, for the acts that are the same at each."""

from __future__ import annotations

import pytest

from projects.ballots import sealing
from tests.projects.ballots.conftest import QUICK
from tests.projects.portal.votes_under_way import BY_TELEPHONE, UnderWay
from tests.standing import standing
from workflow.people.isolation import SYSTEM, apply


@pytest.fixture(params=sorted(BY_TELEPHONE))
def at_desk(db, request, monkeypatch, settings, tmp_path) -> UnderWay:
    """One kind of vote, by telephone, at a session that is open; nobody has set a passphrase yet."""
    apply(SYSTEM)
    settings.MEDIA_ROOT = tmp_path
    real = sealing.new_holder
    monkeypatch.setattr(sealing, "new_holder", lambda passphrase: real(passphrase, QUICK))
    return standing(f"{request.param} at its desk", BY_TELEPHONE[request.param].build)
