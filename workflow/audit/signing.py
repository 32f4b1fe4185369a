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
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey as Secret
from nacl.signing import VerifyKey

from workflow.audit.models import Cosignature, SigningKey, TreeHead
from workflow.audit.services import Act, write_down
from workflow.people.models import Unit

HEAD, COSIGN = "head", "cosign"
SECRET_BYTES, KEY_DIGITS = 32, 16
FIRST = "首次启用"
ADOPTING = 0x70_6B_00_00_00_00_00_00  # "pk"
NEVER_YET = datetime.min.replace(tzinfo=UTC)


class NoKey(Exception):
    """Nothing can be signed; `code` is stable, the text is for the operator."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Signer:
    """A key that signs. key: its name, the beginning of its public half's SHA-256; since: when it was put in use.

    What it signs never carries an earlier time than that, nor a later one than its successor's: a retired key that
    somebody got hold of is told by the time of what it signs.
    """

    key: str
    public: bytes
    secret: Secret = field(repr=False)
    since: datetime = NEVER_YET

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
    # Two processes may sign their first heads at once: one adopts, the other finds it done. And no key is put out of
    # use while what it signs is not committed.
    _lock(shared=in_use(purpose) is not None)
    used = in_use(purpose) or adopt(purpose, signer, at=at, operator="system", reason=FIRST)
    if used.key != signer.key:
        raise NoKey(
            "not_adopted",
            _("配置的签名密钥（%(key)s）没有登记，请先用 manage.py trail_keys --adopt 登记。")
            % {"key": signer.key},
        )
    return replace(signer, since=used.adopted_at)


def _lock(*, shared: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(%s)", [ADOPTING])


def in_use(purpose: str) -> SigningKey | None:
    """The key adopted last."""
    return SigningKey.objects.filter(purpose=purpose).order_by("-pk").first()


def adopt(purpose: str, signer: Signer, *, at: datetime, operator: str, reason: str) -> SigningKey:
    """Put a key in use, on record. Refused: one that is or was in use. Needs the system's context.

    It is in use from `at` on, or from what its predecessor signed last, where that carries a later time.
    """
    _lock(shared=False)
    before = in_use(purpose)
    if SigningKey.objects.filter(key=signer.key).exists():
        raise NoKey("known", _("密钥%(key)s已经登记过，停用的密钥不能再用。") % {"key": signer.key})
    adopted = SigningKey.objects.create(
        purpose=purpose,
        key=signer.key,
        public=signer.public,
        adopted_at=_adopted_at(before, at),
        reason=reason,
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


def _adopted_at(before: SigningKey | None, at: datetime) -> datetime:
    signed: Any = {HEAD: TreeHead, COSIGN: Cosignature}[before.purpose] if before else None
    last = signed.objects.filter(key=before.key).aggregate(at=Max("at"))["at"] if before else None
    return max(at, last + timedelta(microseconds=1)) if last else at


def every_key() -> QuerySet[Any]:
    """Every key there was, oldest first, with `until`: when the next one of its purpose was put in use, None for none."""
    later = SigningKey.objects.filter(purpose=OuterRef("purpose"), pk__gt=OuterRef("pk")).order_by("pk")
    return SigningKey.objects.annotate(until=Subquery(later.values("adopted_at")[:1])).order_by("pk")


def holds(purpose: str, name: str, at: datetime, statement: bytes, signature: bytes) -> bool:
    """Whether a key that was in use for this purpose at that time signed the statement."""
    key = every_key().filter(purpose=purpose, key=name, adopted_at__lte=at).first()
    if key is None or (key.until is not None and key.until <= at):
        return False
    try:
        return bool(VerifyKey(bytes(key.public)).verify(statement, signature))
    except (BadSignatureError, ValueError):
        return False


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
