"""A process of its own that builds a part of the county. Imports nothing that wants Django set up: that is done here."""

from __future__ import annotations

import multiprocessing
import os
import threading

import django


def start_worker() -> None:
    """Make this process ready to build, and have it end with the process that builds the county.

    A builder that was killed must leave nobody behind who goes on writing into what is built next.
    """
    django.setup()
    threading.Thread(target=_end_with_the_builder, daemon=True).start()


def _end_with_the_builder() -> None:
    builder = multiprocessing.parent_process()
    if builder:
        builder.join()
        os._exit(1)
