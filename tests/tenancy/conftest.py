"""Two townships of two counties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tenancy.world import Side, looked_into, looking_in
from workflow.people.isolation import SYSTEM, apply


@pytest.fixture
def inside(db: None, settings: Any, tmp_path: Path) -> Side:
    """Whose people look in."""
    settings.MEDIA_ROOT = tmp_path
    apply(SYSTEM)
    return looking_in()


@pytest.fixture
def other(inside: Side, monkeypatch: pytest.MonkeyPatch) -> Side:
    """What they look into."""
    return looked_into(monkeypatch)
