"""The product's settings under the test profile, with a folder and a server of their own."""

import hashlib
import os
import shutil
from pathlib import Path

from projects.site.env import PROJECT

MEMORY = Path("/dev/shm")
ROOM = 4 << 30  # bytes: more than a run takes, beside whatever else the machine keeps there


def folder() -> Path:
    """Where the server of the tests keeps its files: in memory where there is room.

    A copy of the template is 1 300 files; a disk takes fifteen times as long to make them, hundreds of times a run.
    """
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        checkout = hashlib.sha256(bytes(PROJECT)).hexdigest()[:8]
        return MEMORY / f"piaojue-{os.getuid()}-{checkout}"
    return PROJECT / "var" / "test"


os.environ["PIAOJUE_PROFILE"] = "test"
# Playwright keeps an event loop in the thread of the tests that come after it; the database is used there all the same.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
os.environ.setdefault("PIAOJUE_VAR", str(folder()))

from projects.site.settings import *  # noqa: E402, F403

# The smallest flow of the library, which ours is measured against, must belong to an application.
INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench"]  # noqa: F405
