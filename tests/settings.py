"""The product's settings under the test profile, with a folder and a server of their own."""

import os

from projects.site.env import PROJECT

os.environ["PIAOJUE_PROFILE"] = "test"
# Playwright keeps an event loop in the thread of the tests that come after it; the database is used there all the same.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
os.environ.setdefault("PIAOJUE_VAR", str(PROJECT / "var" / "test"))

from projects.site.settings import *  # noqa: F403

# The smallest flow of the library, which ours is measured against, must belong to an application.
INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench"]  # noqa: F405
