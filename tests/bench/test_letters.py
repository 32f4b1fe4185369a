"""How long a letter takes in normal running, by broker and channel: from the act's commit to the letter (goal p95 ≤ 5 s).

Acts are done at a steady pace with one worker at work, as in a county on an ordinary day; then a pile of them is left
to a worker that starts late, for the rate.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import pytest
from django.db.models import F

from notifications import waking
from notifications.models import Delivery
from tests.bench.report import publish
from tests.notifications.office import BROKERS, Office, office, reached, until, use_broker  # noqa: F401
from workflow.people.isolation import SYSTEM, within

ACTS, PACE_SECONDS = 200, 0.15
PILE = 500
CHANNELS = ("in_app", "email", "wecom")
GOAL_SECONDS = 5.0
_rows: list[dict[str, Any]] = []


def lags(channel: str) -> list[float]:
    """Seconds from the commit of each act to its letter: written inside the site, or handed to the channel outside."""
    reached_at = "created_at" if channel == "in_app" else "changed_at"
    with within(SYSTEM):
        told = Delivery.objects.filter(entry__action="task.urge", channel=channel, status="sent")
        pairs = list(told.order_by("pk").values_list(F(reached_at), F("entry__leaf__recorded_at")))
        # The first act waited for the worker to start.
        return [(there - here).total_seconds() for there, here in pairs[1:]]


def told() -> int:
    with within(SYSTEM):
        return Delivery.objects.filter(entry__action="task.urge", status="sent").count()


@pytest.mark.bench
@BROKERS
def test_lag_of_letters(url: str, office: Office) -> None:  # noqa: F811
    use_broker(office, reached(url))
    office.start_worker()
    office.urge("第一次催办。")
    until(lambda: told() == len(CHANNELS), office)  # the worker is up
    for n in range(ACTS):
        begun = time.monotonic()
        office.urge(f"第{n}次催办。")
        time.sleep(max(0.0, begun + PACE_SECONDS - time.monotonic()))
    until(lambda: told() == (ACTS + 1) * len(CHANNELS), office, 120)
    broker = url.partition(":")[0] or "files"
    _rows.extend({"broker": broker, "channel": channel, **_summed(lags(channel))} for channel in CHANNELS)

    office.kill_worker()
    waking._rests_until = float("inf")
    for n in range(PILE):
        office.urge(f"积压第{n}次催办。")
    waking._rests_until = 0.0
    before, begun = told(), time.monotonic()
    office.start_worker()
    office.urge("最后一次催办。")
    until(lambda: told() == before + (PILE + 1) * len(CHANNELS), office, 600)
    rate = (PILE + 1) * len(CHANNELS) / (time.monotonic() - begun)
    _rows.append(
        {"broker": broker, "channel": "a pile", "p50_s": "", "p95_s": "", "max_s": "", "per_s": round(rate)}
    )
    worst = max(row["p95_s"] for row in _rows if row["p95_s"] != "")
    notes = [
        f"{ACTS} acts, one every {PACE_SECONDS} s, one worker; worst p95 {worst} s (goal ≤ {GOAL_SECONDS} s)",
        f"a pile: {PILE} acts a worker finds when it starts, {len(CHANNELS)} letters each, its start included",
    ]
    publish("letters", _rows, notes)


def _summed(seconds: list[float]) -> dict[str, Any]:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {
        "p50_s": round(statistics.median(ordered), 2),
        "p95_s": round(p95, 2),
        "max_s": round(ordered[-1], 2),
        "per_s": "",
    }
