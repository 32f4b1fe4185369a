"""The keys heads are signed with: where the secret half is kept, and which public half is in use since when.

The secret half comes from the environment or from a file of this system's own user that nobody else may read. A key
signs only after it was adopted, and adopting one is an entry in the trail of every unit at the root of the tree: so a
key cannot be put in place of another unseen, and what the old one signed stays verifiable.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from nacl.signing import SigningKey as Secret

from workflow.audit.models import SigningKey
from workflow.audit.services import Act, write_down
from workflow.people.models import Unit

HEAD, COSIGN = "head", "cosign"
SECRET_BYTES, KEY_DIGITS = 32, 16
FIRST = "首次启用"
ADOPTING = 0x70_6B_00_00_00_00_00_00  # "pk"


class NoKey(Exception):
    """Nothing can be signed; `code` is stable, the text is for the operator."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Signer:
    """A key that signs. key: its name, the beginning of its public half's SHA-256."""

    key: str
    public: bytes
    secret: Secret = field(repr=False)

    def sign(self, statement: bytes) -> bytes:
        """Ed25519, 64 bytes."""
        return bytes(self.secret.sign(statement).signature)


def key_of(public: bytes) -> str:
    """A public key's name."""
    return hashlib.sha256(public).hexdigest()[:KEY_DIGITS]


def configured(purpose: str) -> Signer | None:
    """The key this system is set up with; None where none is. NoKey: a file that cannot be used."""
    text, path = _settings_of(purpose)
    if text:
        return _signer(bytes.fromhex(text))
    return _signer(_read(Path(path))) if path else None


def signer_of(purpose: str, at: datetime) -> Signer | None:
    """The configured key, when it is the one in use; the very first is adopted on the spot. NoKey otherwise."""
    signer = configured(purpose)
    if signer is None:
        return None
    used = in_use(purpose)
    if used is None:
        # Two processes may sign their first heads at once: one adopts, the other finds it done.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADOPTING])
        used = in_use(purpose) or adopt(purpose, signer, at=at, operator="system", reason=FIRST)
    if used.key != signer.key:
        raise NoKey(
            "not_adopted",
            _("配置的签名密钥（%(key)s）没有登记，请先用 manage.py trail_keys --adopt 登记。")
            % {"key": signer.key},
        )
    return signer


def in_use(purpose: str) -> SigningKey | None:
    """The key adopted last."""
    return SigningKey.objects.filter(purpose=purpose).order_by("-pk").first()


def adopt(purpose: str, signer: Signer, *, at: datetime, operator: str, reason: str) -> SigningKey:
    """Put a key in use, on record. Refused: one that is or was in use. Needs the system's context."""
    before = in_use(purpose)
    if SigningKey.objects.filter(key=signer.key).exists():
        raise NoKey("known", _("密钥%(key)s已经登记过，停用的密钥不能再用。") % {"key": signer.key})
    adopted = SigningKey.objects.create(
        purpose=purpose, key=signer.key, public=signer.public, adopted_at=at, reason=reason
    )
    for unit in Unit.objects.filter(parent=None).order_by("pk"):
        write_down(
            Act(None, operator, unit, at),
            "trail.key",
            f"unit:{unit.pk}",
            before={"key": before.key} if before else {},
            after={
                "purpose": purpose,
                "key": signer.key,
                "algorithm": "ed25519",
                "public": signer.public.hex(),
            },
            reason=reason,
        )
    return adopted


def renew(purpose: str) -> Signer:
    """A new secret in place of the one in the file; the file changes in one step. NoKey where no file is set."""
    path = _settings_of(purpose)[1]
    if not path or _settings_of(purpose)[0]:
        raise NoKey("no_file", _("密钥由环境变量给出，请改好环境变量后用 --adopt 登记。"))
    fresh = _fresh(Path(path))
    fresh.replace(path)
    return _signer(_read(Path(path)))


def _settings_of(purpose: str) -> tuple[str, str]:
    if purpose == COSIGN:
        return settings.COUNTY_KEY, settings.COUNTY_KEY_FILE
    return settings.TRAIL_KEY, settings.TRAIL_KEY_FILE


def _signer(secret: bytes) -> Signer:
    key = Secret(secret)
    public = bytes(key.verify_key)
    return Signer(key_of(public), public, key)


def _read(path: Path) -> bytes:
    if not path.exists() and settings.SIGNING_KEYS_MADE:
        _make(path)
    try:
        # Opened once and asked what it is: another file may stand under the name a moment later.
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(opened, encoding="ascii") as file:
            found = os.fstat(opened)
            text = file.read(4 * SECRET_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NoKey("unreadable", _("签名密钥文件%(path)s无法读取。") % {"path": path}) from error
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise NoKey(
            "open",
            _("签名密钥文件%(path)s须归本系统的用户所有，且他人不可读写（权限 600）。") % {"path": path},
        )
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise NoKey("format", _("签名密钥文件%(path)s的内容应为 64 位十六进制数。") % {"path": path})
    return secret


def _fresh(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_hex(SECRET_BYTES), encoding="ascii")
    return fresh


def _make(path: Path) -> None:
    """The demonstration's own; of two processes that start at once the first one's stays."""
    fresh = _fresh(path)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
