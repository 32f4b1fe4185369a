"""The broker in files, for one machine without Redis or RabbitMQ: kombu's, but every file changes hands at once.

kombu opens a message's file under its final name and then writes it: a worker that looks in between takes an empty
message and falls over it. It also takes a message by moving it to the machine's temporary folder, which on another
disk is a copy, so two workers may both take it. Here a message, and the table of an exchange, get their names once
they are whole, and a message is taken by a change of name in its folder.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **_more: Any) -> None:  # type: ignore[override]  # its two bases disagree
        # The part before the first dot is the order of taking, what stands after it the queue.
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        try:
            with _whole(folder, dumps(payload)) as written:
                written.rename(folder / name)
        except OSError as error:
            raise ChannelError(f"Cannot add {name} to {folder}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(one.name for one in folder.iterdir()):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f".{name}.taken"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:  # another worker was quicker
                continue
            payload = taken.read_text(encoding="utf-8")
            taken.unlink()
            return loads(payload)
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        file = self._exchange_file(exchange)
        self.control_folder.mkdir(exist_ok=True)
        # Whoever comes second keeps the table of whoever came first; the rest is done under the file's lock.
        with _whole(self.control_folder, "[]") as written, contextlib.suppress(FileExistsError):
            os.link(written, file)
        super()._queue_bind(exchange, routing_key, pattern, queue)


@contextlib.contextmanager
def _whole(folder: Path, text: str) -> Iterator[Path]:
    """A file of this text under a name no queue takes; gone at the end if it still has that name."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


class Transport(filesystem.Transport):
    Channel = Channel
