"""Secrets of the channels at rest: sealed under a key of the installation's own."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

PURPOSE = b"piaojue channel addresses v1"
SHOWN = 4


class CannotOpen(Exception):
    """Sealed under another SECRET_KEY, or not by us: the address has to be entered again."""


def seal(parts: Mapping[str, str]) -> str:
    """The parts of an address as printable text nobody reads without SECRET_KEY."""
    return base64.b64encode(_box().encrypt(json.dumps(dict(parts)).encode())).decode()


def opened(sealed: str) -> dict[str, str]:
    """The parts again. Raises CannotOpen."""
    try:
        return dict(json.loads(_box().decrypt(base64.b64decode(sealed))))
    except (CryptoError, ValueError) as error:
        raise CannotOpen from error


def masked(text: str) -> str:
    """All of a secret that is ever shown again: its last four characters, none of one too short to hide the rest."""
    return f"…{text[-SHOWN:]}" if len(text) >= 2 * SHOWN else "…"


def _box() -> SecretBox:
    return SecretBox(
        hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"letters", key=PURPOSE).digest()
    )
