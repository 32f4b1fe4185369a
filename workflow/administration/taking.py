"""Files that leave the system are entries: who took what, in which format, when, narrowed to what (integrity.md §1.3).

What anybody may fetch without signing in, a published paper or a public sheet, needs none; nor does an empty form to be
filled in. Whoever votes in secret leaves none either: who was at the system at what time would help to tell ballots.

Who looks on, the county or an auditor, says what for before the first file of a day (`purpose`); a desk's own files are
its daily work.
"""

from __future__ import annotations

from typing import Any

from workflow.administration import conf
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down

EXPORTED = "record.export"


def file_taken(
    act: Act,
    subject: str,
    *,
    what: str,
    form: str,
    about: str = "",
    step: int | None = None,
    label: str = "",
    narrowed: str = "",
    rows: int | None = None,
    reason: str = "",
) -> Entry | None:
    """Write down that a file was made for somebody to take away; each time anew.

    what: which file it is, a code. form: its ending. label: its title. narrowed: the words of what it was narrowed to.
    rows: how many it lists, for a list. reason: what for (`purpose.purpose_of`).
    """
    if act.office in conf.secret_voters():
        return None
    told: dict[str, Any] = {"file": what, "form": form, "narrowed": narrowed, "rows": rows}
    return write_down(
        act,
        EXPORTED,
        subject,
        about=about,
        step=step,
        after={name: value for name, value in told.items() if value not in ("", None)},
        label=label[:200],
        reason=reason,
    )
