"""How a long text stands in the trail without being told by it: a commitment under a salt kept elsewhere. Pure.

    value = {"hmac-sha256": HMAC-SHA-256( salt, path "\\n" text ) in lower-case hexadecimal}

salt is 32 random bytes, one per entry; path names the value inside `after` ("minutes", "rows.0"), so that one text
in two places does not look like one. Whoever has the record's text and the salt can show what was handed in;
whoever has the trail alone can confirm no guess. Entries before salts were kept have {"sha256": …} of the bare text.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

SALTED, BARE = "hmac-sha256", "sha256"
SALT_BYTES = 32


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def commit(salt: bytes, path: str, text: str) -> dict[str, str]:
    """What stands in the trail for a text."""
    return {SALTED: hmac.new(salt, f"{path}\n{text}".encode(), hashlib.sha256).hexdigest()}


def is_of(value: Any, path: str, text: str, salt: bytes | None) -> bool:
    """Whether a value of the trail stands for this text; also one that stands there in full, or by its bare hash."""
    if isinstance(value, str):
        return value == text
    if not isinstance(value, Mapping):
        return False
    if SALTED in value:
        return salt is not None and hmac.compare_digest(str(value[SALTED]), commit(salt, path, text)[SALTED])
    return bool(value.get(BARE) == hashlib.sha256(text.encode()).hexdigest())
