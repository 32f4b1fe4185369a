"""What an installation may set about accounts."""

from __future__ import annotations

import os
import pwd

from django.conf import settings


def operator() -> str:
    """The office an act of the command line is written under; nobody can be granted it."""
    return getattr(settings, "TRAIL_OPERATOR", "operator")


def operating_user() -> str:
    """Who runs this process, as the operating system knows them; its number where that has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def keepers() -> tuple[str, ...]:
    """Offices that may give a person of their own township a new one-time password."""
    return tuple(getattr(settings, "ACCOUNT_KEEPERS", ("clerk",)))


def secret_voters() -> tuple[str, ...]:
    """Offices whose sign-ins leave no entry: on the day of a vote their order would tell the order of ballots."""
    return tuple(getattr(settings, "SECRET_VOTERS", ("deputy",)))
