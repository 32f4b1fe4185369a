"""The trail as files, one module per format, all over the same extract (integrity.md §1).

The engine's own formats are here; rooms add those that need more than the trail (`add_format`): the printed one, the
dossier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from workflow.audit.exporters.csv_table import as_csv
from workflow.audit.exporters.extract import Extract
from workflow.audit.exporters.jsonl import as_jsonl
from workflow.audit.exporters.ocel import as_ocel
from workflow.audit.exporters.xes import as_xes
from workflow.audit.exporters.xlsx import as_xlsx
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down

# How long what an export is for is at the least and at the most, wherever it is asked.
SHORTEST_REASON, LONGEST_REASON = 2, 200


class NotExported(Exception):
    """This format cannot hold what was asked for; the text says why and what to do instead."""


@dataclass(frozen=True)
class Format:
    """One format. title: what it is good for; write: an extract → the file's bytes, piece by piece; raises NotExported.

    whole: it holds the unit's whole trail, whatever year or subject is asked for, and more than the entries, so an office
    limited to a part of the work cannot have it. bare: it has room for the entries alone; what else is to be said of them
    stands in a file beside it (`manifest`).
    """

    title: Any
    suffix: str
    media_type: str
    write: Callable[[Extract], Iterator[bytes]]
    whole: bool = False
    bare: bool = False


FORMATS: dict[str, Format] = {
    "csv": Format(_("CSV 表格"), "csv", "text/csv; charset=utf-8", as_csv, bare=True),
    "xlsx": Format(
        _("Excel 表格"), "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx
    ),
    "jsonl": Format(
        _("原始记录（JSON Lines，供独立核验）"), "jsonl", "application/x-ndjson", as_jsonl, bare=True
    ),
    "xes": Format(_("流程日志（XES，IEEE 1849）"), "xes", "application/xml", as_xes),
    "ocel": Format(_("对象事件日志（OCEL 2.0）"), "json", "application/json", as_ocel),
}


def add_format(code: str, added: Format) -> None:
    """Register a format of a room above."""
    FORMATS[code] = added


def count_in(form: str, extract: Extract) -> int:
    """How many entries a file of this format holds."""
    return (extract.whole() if FORMATS[form].whole else extract).total()


def record_export(
    act: Act, extract: Extract, *, form: str, reason: str = "", scope: Sequence[str] = (), user: str = ""
) -> Entry:
    """Write down that a unit's trail leaves the system, by whom and what for; committed before the first byte is out.

    scope: the parts of it that leave, where the reader sees no more. user: who runs the command, as the machine knows them;
    empty for somebody signed in, whom the act names. size: how long the trail is; entries: how many of
    it leave. outside: how many are under the last head that left the system, 0 where none has; after_head: how many
    stand after it.
    """
    said: dict[str, Any] = {
        "format": form,
        "year": extract.year,
        "size": extract.until,
        "entries": count_in(form, extract),
        "outside": extract.outside,
        "after_head": extract.after_head,
    }
    said |= {"subject": extract.subject} if extract.subject else {}
    said |= {"scope": list(scope)} if scope else {}
    said |= {"user": user} if user else {}
    return write_down(act, "trail.export", f"unit:{extract.unit.pk}", after=said, reason=reason)


def record_unmade(act: Act, entry: int, *, form: str, why: str = "") -> Entry:
    """Write down that no file came of an export of the act's unit. entry: the number of the one that says it was asked
    for; why: what went wrong, empty where whoever asked cancelled it.
    """
    action = "trail.export_failed" if why else "trail.cancel_export"
    said = {"format": form, "entry": entry}
    return write_down(act, action, f"unit:{act.unit.pk}", after=said, reason=why)
