"""The broker in files: no half message is ever taken, no message twice, none lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection, Exchange, Queue

from projects.site.celery import app  # noqa: F401  # which names the transport

SENDERS, TAKERS, EACH = 2, 3, 60


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Connection]:
    (tmp_path / "messages").mkdir()
    options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"),
    }
    with Connection("filesystem://localhost", transport_options=options) as connection:
        yield connection


def test_every_message_is_taken_whole_and_once_by_workers_that_look_all_the_time(opened: Connection) -> None:
    ahead = opened.clone()
    sent = {f"{sender}-{number}" for sender in range(SENDERS) for number in range(EACH)}

    def send(sender: int) -> None:
        with opened.clone() as own:
            for number in range(EACH):
                own.default_channel._put("letters", {"body": f"{sender}-{number}", "more": "x" * 20_000})

    def take(_number: int) -> list[str]:
        found = []
        with opened.clone() as own:
            while not all_sent.done() or own.default_channel._size("letters"):
                try:
                    found.append(own.default_channel._get("letters")["body"])
                except Empty:
                    continue
        return found

    with ThreadPoolExecutor(SENDERS + TAKERS + 1) as pool:
        all_sent = pool.submit(
            lambda: [one.result() for one in [pool.submit(send, n) for n in range(SENDERS)]]
        )
        taken = [pool.submit(take, number) for number in range(TAKERS)]
        counted = Counter(one for part in taken for one in part.result())
    assert counted == Counter(sent)
    assert ahead.default_channel._size("letters") == 0


def test_whoever_declares_an_exchange_at_once_with_others_keeps_their_bindings(opened: Connection) -> None:
    def declare(number: int) -> None:
        with opened.clone() as own:
            Queue(f"queue-{number}", Exchange("news"), routing_key="news")(own.default_channel).declare()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(declare, range(12)))
    bound = {one.queue for one in opened.default_channel.get_table("news")}
    assert bound == {f"queue-{number}" for number in range(12)}


def test_nothing_half_written_is_left_behind(opened: Connection, tmp_path: Path) -> None:
    opened.default_channel._put("letters", {"body": "one"})
    assert opened.default_channel._get("letters") == {"body": "one"}
    assert list((tmp_path / "messages").iterdir()) == []
