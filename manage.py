#!/usr/bin/env python
"""The operator's interface: ``python manage.py help``."""

from __future__ import annotations

import gc
import os
import signal
import sys

WITHOUT_DATABASE = {
    "", "check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages",
    "startapp", "startproject", "test", "up", "version",
}  # fmt: skip
AS_OWNER = {"createcachetable", "migrate", "restore", "sqlmigrate"}
# Where 1 is an answer (a broken chain), no database at all must be told apart from it.
EXIT_WITHOUT_DATABASE = {"restore": 2, "restore_drill": 2, "verify_trail": 2}


def main(arguments: list[str]) -> None:
    """Run one command; one that needs a database finds the embedded server running."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "projects.site.settings")
    # A start makes hundreds of thousands of objects that stay; looking through them again and again is a sixth of it.
    gc.set_threshold(50_000, 20, 50)
    # Leaving by an exception gives the embedded server back; the default action would not.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    command = arguments[1] if len(arguments) > 1 else ""
    if command == "rehearse":
        rehearse(arguments)
        return
    if command in AS_OWNER:
        os.environ.setdefault("PIAOJUE_DB_ROLE", "owner")
    if command in WITHOUT_DATABASE or command.startswith("-") or {"-h", "--help"} & set(arguments):
        execute(arguments)
    else:
        execute_with_database(arguments, refused=EXIT_WITHOUT_DATABASE.get(command, 1))


def rehearse(arguments: list[str]) -> None:
    """Count a file with the rules alone: no server, no folder and no word of the environment may stand in its way."""
    from django.conf import settings

    from projects.management.commands.rehearse import Command

    settings.configure()
    Command().run_from_argv(arguments)


def execute(arguments: list[str]) -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments)


def execute_with_database(arguments: list[str], *, refused: int = 1) -> None:
    """Run with the embedded server held; refused: the exit code where it cannot be started."""
    from django.conf import settings

    from projects.site.postgres import ClusterError

    if settings.CLUSTER is None:
        execute(arguments)
        return
    try:
        settings.CLUSTER.ensure()
        execute(arguments)
    except ClusterError as wrong:
        sys.stderr.write(f"{wrong}\n")
        sys.exit(refused)
    finally:
        settings.CLUSTER.release()


if __name__ == "__main__":
    main(sys.argv)
