"""Uploads between two pages of one act: sent with a form that is yet to be corrected, confirmed or taken up again.

Bound to whoever sent them and to what for; a row and a file under `pending/` with a random name, neither an act nor
a record. They go when the act is done, are replaced by what is sent next, and expire after KEPT_FOR.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.forms import digest_of
from workflow.flows.models import PendingFile
from workflow.flows.uploads import Checked
from workflow.people.models import User

KEPT_FOR = timedelta(hours=24)
FOLDER = "pending"


class Held(Checked):
    """A file taken out again; number: its row."""

    def __init__(self, row: PendingFile) -> None:
        super().__init__(row.file.open("rb"), row.name, row.media_type, row.size)
        self.number = row.pk


def key_of_task(task_id: int) -> str:
    return f"task:{task_id}"


def key_of_event(event: str, reference: str) -> str:
    return f"{event}/{reference}"


def takes_files(form: type[forms.Form]) -> bool:
    """Whether anything may be kept for a form of this class."""
    return any(isinstance(field, forms.FileField) for field in form.base_fields.values())


def files_of(form: forms.Form) -> dict[str, list[Checked]]:
    """The files of a bound form's fields that passed, whatever became of its other fields."""
    found: dict[str, list[Checked]] = {}
    for name, field in form.fields.items():
        if isinstance(field, forms.FileField):
            value = getattr(form, "cleaned_data", {}).get(name)
            given = value if isinstance(value, list) else [value] if value else []
            found[name] = [file for file in given if isinstance(file, Checked)]
    return found


def hold(act: Act, key: str, files: Mapping[str, Sequence[Checked]]) -> list[PendingFile]:
    """Keep exactly these files for the person and the matter; what was kept before and is not among them goes."""
    staying = {file.number for given in files.values() for file in given if isinstance(file, Held)}
    _drop(_of(act.person, key).exclude(pk__in=staying))
    _of(act.person, key).update(expires_at=act.at + KEPT_FOR)
    for field, given in files.items():
        for file in given:
            if not isinstance(file, Held):
                _keep(act, key, field, file)
    return held(act.person, key, act.at)


def _keep(act: Act, key: str, field: str, file: Checked) -> None:
    PendingFile.objects.create(
        unit=act.unit,
        user=act.person,
        key=key,
        field=field,
        file=UploadedFile(file.file, secrets.token_hex(16), size=file.size),
        name=file.name or "",
        media_type=file.content_type or "",
        size=file.size or 0,
        sha256=digest_of(file),
        expires_at=act.at + KEPT_FOR,
    )


def held(user: User, key: str, at: datetime) -> list[PendingFile]:
    """What is kept for the person and the matter, in the order it was sent."""
    return list(_of(user, key).filter(expires_at__gt=at).order_by("pk"))


def take(user: User, key: str, numbers: Iterable[str], at: datetime) -> MultiValueDict[str, UploadedFile]:
    """The kept files of these row numbers, by field. Refused: one has expired, was replaced or has been altered."""
    wanted = {int(number) for number in numbers if number.isdecimal()}
    rows = [row for row in held(user, key, at) if row.pk in wanted] if wanted else []
    found: MultiValueDict[str, UploadedFile] = MultiValueDict()
    for row in rows:
        found.appendlist(row.field, _opened(row))
    if len(rows) < len(wanted):
        raise _gone()
    return found


def _opened(row: PendingFile) -> Held:
    try:
        file = Held(row)
    except FileNotFoundError as error:
        raise _gone() from error
    if digest_of(file) != row.sha256:
        raise _gone()
    return file


def _gone() -> Refused:
    return Refused(_("先前上传的文件已过期或已被替换，请重新选择文件后再提交。"))


def let_go(user: User, key: str) -> None:
    """The act is done: nothing is kept for it any longer."""
    _drop(_of(user, key))


def sweep(at: datetime) -> int:
    """Throw away what has expired, and files no row knows (an act that was taken back); needs the system's context."""
    dropped = _drop(PendingFile.objects.filter(expires_at__lte=at))
    known = set(PendingFile.objects.values_list("file", flat=True))
    return dropped + sum(_forget(name, at) for name in _stored() if name not in known)


def _stored() -> list[str]:
    try:
        return [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
    except FileNotFoundError:
        return []


def _forget(name: str, at: datetime) -> bool:
    """Delete a file without a row; a young one may be of a transaction still under way."""
    old = default_storage.get_modified_time(name) <= at - KEPT_FOR
    if old:
        default_storage.delete(name)
    return old


def _of(user: User, key: str) -> Any:
    return PendingFile.objects.filter(user=user, key=key)


def _drop(rows: Any) -> int:
    names = list(rows.values_list("file", flat=True))
    rows.delete()
    for name in names:
        delete: Callable[[], None] = partial(default_storage.delete, name)
        transaction.on_commit(delete, robust=True)
    return len(names)
